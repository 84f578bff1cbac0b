//! Level 1 on this machine.
//!
//! Owns the split over threads and the way of strided vectors; the loops over neighbours are [`super::simd`]'s. Long sums are split at fixed places whatever the number of threads.

use super::share;
use super::simd;
use super::sys::parts;
use crate::level1::{Axpy, Copy, Dot, Rot, Rotm, Swap};
use crate::scalar::{Real, Scalar};
use crate::view::{VecMut, VecRef};

/// The most and the least elements of a part of a long vector.
const PART: usize = 1 << 15;
const LEAST: usize = 1 << 13;
/// Elements from which a vector is shared over threads.
const SHARED: usize = 1 << 16;

/// Elements of a part, by the length alone: an even number of about equal parts while they are small.
fn part_of(len: usize) -> usize {
    if len < SHARED { PART } else { len.div_ceil(12).next_multiple_of(64).clamp(LEAST, PART) }
}

fn in_parts<'a, T: Scalar>(mut y: VecMut<'a, T>) -> Vec<VecMut<'a, T>> {
    let size = part_of(y.len());
    let mut parts = Vec::with_capacity(y.len() / size + 1);
    while y.len() > size {
        let (first, rest) = y.split(size);
        parts.push(first);
        y = rest;
    }
    parts.push(y);
    parts
}

/// Runs `f` on the parts of `y`, each with its start.
fn over<T: Scalar>(y: VecMut<'_, T>, f: impl Fn(usize, VecMut<'_, T>) + Sync) {
    if y.len() < SHARED {
        f(0, y);
    } else {
        let size = part_of(y.len());
        share::each(in_parts(y), |i, part| f(i * size, part));
    }
}

pub(super) fn axpy<T: Scalar>(call: Axpy<'_, T>) {
    let Axpy { alpha, x, y } = call;
    if alpha == T::ZERO {
        return;
    }
    over(y, |start, mut y| {
        let x = x.part(start..start + y.len());
        if let (Some(x), Some(y)) = (x.as_slice(), y.as_mut_slice()) {
            simd::axpy(alpha, x, false, y);
        } else {
            y.map(|i, old| alpha * x.get(i) + old);
        }
    });
}

pub(super) fn copy<T: Scalar>(call: Copy<'_, T>) {
    let Copy { x, y } = call;
    over(y, |start, mut y| {
        let x = x.part(start..start + y.len());
        if let (Some(x), Some(y)) = (x.as_slice(), y.as_mut_slice()) {
            y.copy_from_slice(x);
        } else {
            y.fill_with(|i| x.get(i));
        }
    });
}

/// Runs `f` on like parts of two vectors.
fn over_both<T: Scalar>(x: VecMut<'_, T>, y: VecMut<'_, T>, f: impl Fn(VecMut<'_, T>, VecMut<'_, T>) + Sync) {
    if x.len() < SHARED {
        f(x, y);
    } else {
        share::each(in_parts(x).into_iter().zip(in_parts(y)).collect(), |_, (x, y)| f(x, y));
    }
}

fn exchange<T: Scalar>(x: &mut VecMut<'_, T>, y: &mut VecMut<'_, T>, mut f: impl FnMut(T, T) -> (T, T)) {
    for i in 0..x.len() {
        let (a, b) = f(x.get(i), y.get(i));
        x.set(i, a);
        y.set(i, b);
    }
}

pub(super) fn swap<T: Scalar>(call: Swap<'_, T>) {
    over_both(call.x, call.y, |mut x, mut y| match (x.as_mut_slice(), y.as_mut_slice()) {
        (Some(x), Some(y)) => x.swap_with_slice(y),
        _ => exchange(&mut x, &mut y, |a, b| (b, a)),
    });
}

pub(super) fn scal<T: Scalar>(alpha: T, x: VecMut<'_, T>) {
    over(x, |_, mut x| {
        if alpha == T::ZERO {
            x.fill_with(|_| T::ZERO);
        } else if alpha != T::ONE {
            match x.as_mut_slice() {
                Some(x) => simd::scal(alpha, x),
                None => x.map(|_, old| alpha * old),
            }
        }
    });
}

pub(super) fn rot<T: Scalar>(call: Rot<'_, T>) {
    let (c, s) = (call.c, call.s);
    over_both(call.x, call.y, |mut x, mut y| match (x.as_mut_slice(), y.as_mut_slice()) {
        (Some(x), Some(y)) => simd::rot(x, y, c, s),
        _ => exchange(&mut x, &mut y, |a, b| (a.scale(c) + s * b, b.scale(c) - s.conj() * a)),
    });
}

pub(super) fn rotm<T: Scalar>(call: Rotm<'_, T>) {
    let Some([h11, h21, h12, h22]) = call.h else { return };
    over_both(call.x, call.y, |mut x, mut y| {
        exchange(&mut x, &mut y, |a, b| (h11 * a + h12 * b, h21 * a + h22 * b));
    });
}

/// A sum over fixed parts of contiguous slices, or of strided ones through copies.
fn sum<S: Send>(len: usize, part: impl Fn(std::ops::Range<usize>) -> S + Sync, add: impl Fn(S, S) -> S) -> Option<S> {
    share::map(len, part_of(len), len >= SHARED, part).into_iter().reduce(add)
}

fn with_slice<T: Scalar, R>(x: VecRef<'_, T>, f: impl FnOnce(&[T]) -> R) -> R {
    match x.as_slice() {
        Some(slice) => f(slice),
        None => f(&x.to_vec()),
    }
}

pub(super) fn dot<T: Scalar>(call: &Dot<'_, T>) -> T {
    let Dot { x, y, conj } = *call;
    if let (Some(x), Some(y)) = (x.as_slice(), y.as_slice())
        && x.len() <= PART
    {
        return simd::dot(x, conj, y);
    }
    let part = |range: std::ops::Range<usize>| with_slice(x.part(range.clone()), |x| with_slice(y.part(range), |y| simd::dot(x, conj, y)));
    sum(x.len(), part, |a, b| a + b).unwrap_or(T::ZERO)
}

pub(super) fn asum<T: Scalar>(x: VecRef<'_, T>) -> T::Real {
    let part = |range| with_slice(x.part(range), |x| simd::asum(parts(x)));
    sum(x.len(), part, |a, b| a + b).unwrap_or(T::Real::ZERO)
}

/// The sum of squares as it is where that neither overflows nor loses digits to underflow; else of numbers scaled by the largest one's power of two.
pub(super) fn nrm2<T: Scalar>(x: VecRef<'_, T>) -> T::Real {
    let (zero, one) = (T::Real::ZERO, T::Real::ONE);
    let squares = |scale| {
        let part = |range| with_slice(x.part(range), |x| simd::squares(parts(x), scale));
        sum(x.len(), part, |a, b| a + b).unwrap_or(zero)
    };
    let plain = squares(one);
    if plain.is_nan() || (plain.is_finite() && plain > T::Real::TINY / (T::Real::EPSILON * T::Real::EPSILON)) {
        return plain.sqrt();
    }
    let (largest, _) = extreme(x, simd::largest, |a, b| b > a).unwrap_or((zero, false));
    if largest == zero || !largest.is_finite() && x_has_infinity(x) {
        return largest;
    }
    // |re| + |im| may be infinite where both are finite.
    let unit = if largest.is_finite() { largest.binade() } else { T::Real::HUGE.binade() };
    // The inverse of the largest powers of two is subnormal, that of subnormal numbers infinite: halves keep both normal.
    let half = T::Real::from_f64(0.5);
    let inverse = if unit <= T::Real::TINY { one / (unit * T::Real::from_f64(4.0)) } else { half / unit };
    squares(inverse).sqrt() / inverse
}

fn x_has_infinity<T: Scalar>(x: VecRef<'_, T>) -> bool {
    (0..x.len()).any(|i| {
        let value = x.get(i);
        !value.re().is_finite() || !value.im().is_finite()
    })
}

/// The extreme size and whether there is a NaN; `None` of no element.
fn extreme<T: Scalar>(
    x: VecRef<'_, T>,
    kernel: impl Fn(&[T]) -> (T::Real, bool) + Sync,
    better: impl Fn(T::Real, T::Real) -> bool,
) -> Option<(T::Real, bool)> {
    let part = |range| with_slice(x.part(range), &kernel);
    sum(x.len(), part, |a, b| (if better(a.0, b.0) { b.0 } else { a.0 }, a.1 || b.1))
}

/// The first place of the extreme, or of a NaN.
fn place<T: Scalar>(x: VecRef<'_, T>, found: Option<(T::Real, bool)>) -> Option<usize> {
    let (best, nan) = found?;
    (0..x.len()).find(|&i| {
        let size = x.get(i).abs1();
        if nan { size.is_nan() } else { size == best }
    })
}

pub(super) fn amax<T: Scalar>(x: VecRef<'_, T>) -> Option<usize> {
    place(x, extreme(x, simd::largest, |a, b| b > a))
}

pub(super) fn amin<T: Scalar>(x: VecRef<'_, T>) -> Option<usize> {
    place(x, extreme(x, simd::smallest, |a, b| b < a))
}
