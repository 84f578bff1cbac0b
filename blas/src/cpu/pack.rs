//! Operands copied into the order in which kernels read them.
//!
//! Owns the layouts of packed panels: for each product of the sums, the panel's elements one after the other, zeros where the matrix has ended. Elements are real, or complex ones as
//! pairs of parts, or (of a left operand) as a plane of real parts before one of imaginary parts. Conjugation happens here.
#![allow(unsafe_code)]

use super::lanes::prefetch;
use crate::scalar::Real;

/// Where a panel's elements are. Steps are in parts.
#[derive(Clone, Copy)]
pub(super) struct Source<R> {
    /// The first element.
    pub(super) at: *const R,
    /// From one product of a sum to the next.
    pub(super) along: isize,
    /// From one element of the panel to the next.
    pub(super) across: isize,
    pub(super) conj: bool,
}

impl<R> Source<R> {
    /// The source that begins `across` elements and `along` products on.
    pub(super) fn from(self, across: usize, along: usize) -> Source<R> {
        Source { at: self.at.wrapping_offset(across as isize * self.across + along as isize * self.along), ..self }
    }
}

/// Products that are copied at a time where the panel's elements are far apart.
const STRIP: usize = 8;

/// Copies `depth` times `count` elements to a panel of that width; what is left of the width is zeros.
///
/// # Safety
/// The source has them; `to` has room for `depth` times `width` elements, of two parts if `C`; `count` is at most `width`; the processor has AVX2, where it could have.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
pub(super) unsafe fn panel<R: Real, const C: bool, const PLANES: bool>(from: Source<R>, depth: usize, count: usize, width: usize, to: *mut R) {
    // SAFETY: as the caller promises; zeros are numbers.
    unsafe {
        if count < width {
            to.write_bytes(0, depth * width * (1 + usize::from(C)));
        }
        elements::<R, C, PLANES>(from, depth, count, width, to);
    }
}

/// As [`panel`], leaving what lies between the elements: `width` is how far apart rows are.
///
/// # Safety
/// As [`panel`], but only the elements need room.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
pub(super) unsafe fn elements<R: Real, const C: bool, const PLANES: bool>(from: Source<R>, depth: usize, count: usize, width: usize, to: *mut R) {
    let item = 1 + usize::from(C);
    let parts = width * item;
    // SAFETY: as the caller promises.
    unsafe {
        if !C && from.across == 1 {
            return rows::<R, false>(from, depth, count, width, to);
        }
        if !C && from.across == -1 {
            return rows::<R, true>(from, depth, count, width, to);
        }
        let sign = if from.conj { -R::ONE } else { R::ONE };
        let put = |p: usize, i: usize, at: *const R| {
            let place = p * parts;
            if !C {
                *to.add(place + i) = *at;
            } else if PLANES {
                *to.add(place + i) = *at;
                *to.add(place + width + i) = sign * *at.add(1);
            } else {
                *to.add(place + 2 * i) = *at;
                *to.add(place + 2 * i + 1) = sign * *at.add(1);
            }
        };
        if from.across == item as isize {
            for p in 0..depth {
                let at = from.at.offset(p as isize * from.along);
                for i in 0..count {
                    put(p, i, at.add(i * item));
                }
            }
            return;
        }
        // Squares of neighbours along the sums, in either order, are turned in registers; what they leave is copied one by one.
        let side = if from.along.unsigned_abs() == item && !(C && (PLANES || from.conj)) { turned_side::<R>(item) } else { 0 };
        let whole = |n: usize| n.checked_div(side).map_or(0, |squares| squares * side);
        let (square_depth, square_count) = (whole(depth), whole(count));
        // The last of a square's sums comes first in memory where they go backwards.
        let (last, step) = if from.along < 0 { (side.saturating_sub(1), -(parts as isize)) } else { (0, parts as isize) };
        let square = |p: usize, i: usize| {
            let at = from.at.offset(i as isize * from.across + (p + last) as isize * from.along);
            if i == 0 && p.is_multiple_of(64 / (size_of::<R>() * item)) {
                // The panel beside this one will be wanted next.
                (0..side).for_each(|q| prefetch(at.wrapping_offset((square_count + q) as isize * from.across)));
            }
            turn(at, from.across, to.add(((p + last) * width + i) * item), step, item, side);
        };
        let along = |i: usize| (0..square_depth).step_by(side.max(1)).for_each(|p| square(p, i));
        let across = |p: usize| (0..square_count).step_by(side.max(1)).for_each(|i| square(p, i));
        if side * size_of::<R>() * item == 64 {
            // A line of each column is read at once, and those of a few columns after another: of many that lie a power of two apart, a cache would lose lines before all is read.
            (0..square_count).step_by(side).for_each(along);
        } else {
            (0..square_depth).step_by(side.max(1)).for_each(across);
        }
        let mut p = 0;
        while p < depth {
            let end = depth.min(p + STRIP);
            for i in if p < square_depth { square_count..count } else { 0..count } {
                let at = from.at.offset(i as isize * from.across);
                if end == p + STRIP && from.along == item as isize {
                    let at = at.add(p * item);
                    for q in 0..STRIP {
                        put(p + q, i, at.add(q * item));
                    }
                } else {
                    for q in p..end {
                        put(q, i, at.offset(q as isize * from.along));
                    }
                }
            }
            // A strip that the squares fill in part begins anew where they end.
            p = if p < square_depth { end.min(square_depth) } else { end };
        }
    }
}

/// Rows of neighbours, copied as they are or, where the elements go `BACK` in memory, turned round.
///
/// # Safety
/// As [`panel`].
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
unsafe fn rows<R: Real, const BACK: bool>(from: Source<R>, depth: usize, count: usize, width: usize, to: *mut R) {
    for p in 0..depth {
        // SAFETY: as the caller promises.
        unsafe {
            let (at, to) = (from.at.offset(p as isize * from.along), to.add(p * width));
            let eights = count / 8 * 8;
            for i in (0..eights).step_by(8) {
                *to.add(i).cast::<[R; 8]>() = if BACK {
                    let mut eight = *at.sub(i + 7).cast::<[R; 8]>();
                    eight.reverse();
                    eight
                } else {
                    *at.add(i).cast::<[R; 8]>()
                };
            }
            for i in eights..count {
                *to.add(i) = if BACK { *at.sub(i) } else { *at.add(i) };
            }
        }
    }
}

/// Side of the squares that [`turn`] turns, 0 if it turns none: numbers of 4 bytes by eights, of 8 bytes (a pair of 4, too) by fours or, with AVX-512, eights.
fn turned_side<R>(item: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    return match size_of::<R>() * item {
        4 => 8,
        8 if super::level::width() == super::level::Width::Avx512 => 8,
        8 => 4,
        _ => 0,
    };
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = item;
        0
    }
}

/// Turns a square of eight by eight numbers of 8 bytes.
///
/// # Safety
/// As [`turn`], and the processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn turn_eight<R>(from: *const R, across: isize, to: *mut R, step: isize) {
    use std::arch::x86_64::*;
    // Quarters of four registers turned: result q has quarter q of each.
    let quarters = |[a, b, c, d]: [__m512d; 4]| {
        let (even, odd) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
        let (even_too, odd_too) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
        [
            _mm512_shuffle_f64x2::<0x88>(even, even_too),
            _mm512_shuffle_f64x2::<0x88>(odd, odd_too),
            _mm512_shuffle_f64x2::<0xdd>(even, even_too),
            _mm512_shuffle_f64x2::<0xdd>(odd, odd_too),
        ]
    };
    // SAFETY: as the caller promises.
    unsafe {
        let columns: [__m512d; 8] = std::array::from_fn(|i| _mm512_loadu_pd(from.offset(i as isize * across).cast()));
        let low = quarters(std::array::from_fn(|i| _mm512_unpacklo_pd(columns[2 * i], columns[2 * i + 1])));
        let high = quarters(std::array::from_fn(|i| _mm512_unpackhi_pd(columns[2 * i], columns[2 * i + 1])));
        for (q, (low, high)) in low.into_iter().zip(high).enumerate() {
            _mm512_storeu_pd(to.offset(2 * q as isize * step).cast(), low);
            _mm512_storeu_pd(to.offset((2 * q as isize + 1) * step).cast(), high);
        }
    }
}

/// Turns a square of numbers, of the side that [`turned_side`] says: `from` has its columns `across` parts apart, `to` its rows `step` parts apart.
///
/// # Safety
/// Both have the square; the processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn turn<R>(from: *const R, across: isize, to: *mut R, step: isize, item: usize, side: usize) {
    use std::arch::x86_64::*;
    // SAFETY: as the caller promises; the side is eight for numbers of 8 bytes where the processor has AVX-512.
    unsafe {
        if size_of::<R>() * item == 8 && side == 8 {
            return turn_eight(from, across, to, step);
        }
        if size_of::<R>() * item == 8 {
            let column = |i: isize| _mm256_loadu_pd(from.offset(i * across).cast());
            let (a, b, c, d) = (column(0), column(1), column(2), column(3));
            let (ab, ba) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (cd, dc) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            let rows = [
                _mm256_permute2f128_pd::<0x20>(ab, cd),
                _mm256_permute2f128_pd::<0x20>(ba, dc),
                _mm256_permute2f128_pd::<0x31>(ab, cd),
                _mm256_permute2f128_pd::<0x31>(ba, dc),
            ];
            for (p, row) in rows.into_iter().enumerate() {
                _mm256_storeu_pd(to.offset(p as isize * step).cast(), row);
            }
            return;
        }
        let column = |i: isize| _mm256_loadu_ps(from.offset(i * across).cast());
        // Pairs, then pairs of pairs, then halves.
        let pairs = |i: isize| {
            let (a, b, c, d) = (column(i), column(i + 1), column(i + 2), column(i + 3));
            let (ab, ba) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd, dc) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            [
                _mm256_shuffle_ps::<0x44>(ab, cd),
                _mm256_shuffle_ps::<0xee>(ab, cd),
                _mm256_shuffle_ps::<0x44>(ba, dc),
                _mm256_shuffle_ps::<0xee>(ba, dc),
            ]
        };
        let (left, right) = (pairs(0), pairs(4));
        for p in 0..4 {
            _mm256_storeu_ps(to.offset(p as isize * step).cast(), _mm256_permute2f128_ps::<0x20>(left[p], right[p]));
            _mm256_storeu_ps(to.offset((p as isize + 4) * step).cast(), _mm256_permute2f128_ps::<0x31>(left[p], right[p]));
        }
    }
}

/// Never called: [`turned_side`] is 0.
///
/// # Safety
/// None.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn turn<R>(_from: *const R, _across: isize, _to: *mut R, _step: isize, _item: usize, _side: usize) {}
