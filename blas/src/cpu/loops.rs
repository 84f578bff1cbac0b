//! Sums and products of contiguous numbers in registers: what [`super::simd`] runs where the processor has AVX2 or AVX-512.
//!
//! Owns the loops, which count the registers that LLVM's own vectors of plain loops would put into memory. Numbers are real, or complex ones as pairs of parts. Lengths are in parts and were
//! compared by the callers. Knows no strides and no threads.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop, reason = "the numbers of registers must be known where they are used")]

use super::lanes::{Joins, Lanes, prefetch};
use crate::scalar::{Real, Scalar};

/// Sums of products of like parts and of unlike ones, each of even and of odd places.
pub(super) type Sums<R> = [[R; 2]; 2];
/// Each vector's products with the last one, of so many parts.
type Dots<R, const K: usize> = unsafe fn([*const R; K], *const R, usize) -> [Sums<R>; K];
/// Adds each vector times its coefficient (for a part itself, and for the other part of its number) to the last one.
type Adds<R, const K: usize> = unsafe fn([[R; 2]; K], [[R; 2]; K], [*const R; K], *mut R, usize);

/// The loops of a type.
pub(super) struct Loops<R> {
    pub(super) dot: Dots<R, 1>,
    pub(super) dot4: Dots<R, 4>,
    pub(super) dot8: Dots<R, 8>,
    pub(super) add: Adds<R, 1>,
    pub(super) add4: Adds<R, 4>,
    pub(super) add8: Adds<R, 8>,
    /// The sum of the parts' sizes.
    pub(super) sizes: unsafe fn(*const R, usize) -> R,
    /// The sum of their squares, each times the number first.
    pub(super) squares: unsafe fn(*const R, usize, R) -> R,
}

/// How far ahead of their use parts are asked for, in bytes, and the length of vectors from which that pays.
const AHEAD: usize = 1024;
const FAR: usize = 24 << 10;
/// Whether parts of vectors of so many bytes are asked for before their use.
#[inline(always)]
fn is_far(bytes: usize) -> bool {
    bytes > FAR && super::level::asks_ahead()
}

/// The most lanes of a register.
const MOST: usize = 16;

/// The lanes' sums, even and odd ones apart, in a fixed tree.
#[inline(always)]
unsafe fn fold<V: Lanes, const U: usize>(mut sums: [V; U]) -> [V::Part; 2] {
    let mut left = U;
    while left > 1 {
        left /= 2;
        for u in 0..left {
            // SAFETY: the caller's instructions.
            sums[u] = unsafe { sums[u].add(sums[u + left]) };
        }
    }
    // SAFETY: as above.
    unsafe { sums[0].fold() }
}

/// # Safety
/// The vectors have `n` parts, an even number if complex; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn dots<V: Lanes, const K: usize, const U: usize, const C: bool>(x: [*const V::Part; K], y: *const V::Part, n: usize) -> [Sums<V::Part>; K] {
    let zero = <V::Part as Scalar>::ZERO;
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), is_far(n * size_of::<V::Part>()));
    // SAFETY: as the caller promises.
    unsafe {
        let mut like = [[V::splat(zero); U]; K];
        let mut unlike = like;
        let mut i = 0;
        while i + U * V::N <= n {
            for u in 0..U {
                let at = i + u * V::N;
                let right = V::load(y.add(at));
                let other = if C { right.swapped() } else { right };
                if far {
                    prefetch(y.wrapping_add(at + ahead));
                }
                for k in 0..K {
                    let left = V::load(x[k].add(at));
                    if far {
                        prefetch(x[k].wrapping_add(at + ahead));
                    }
                    like[k][u] = left.fma(right, like[k][u]);
                    if C {
                        unlike[k][u] = left.fma(other, unlike[k][u]);
                    }
                }
            }
            i += U * V::N;
        }
        finish::<V, K, U, C>(x, y, (i, n), like, unlike)
    }
}

/// The sums with what is left, from `i` on: fewer than `U` registers, or one more, and a part of one.
///
/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn finish<V: Lanes, const K: usize, const U: usize, const C: bool>(
    x: [*const V::Part; K],
    y: *const V::Part,
    (mut i, n): (usize, usize),
    mut like: [[V; U]; K],
    mut unlike: [[V; U]; K],
) -> [Sums<V::Part>; K] {
    let zero = <V::Part as Scalar>::ZERO;
    // SAFETY: as the caller promises.
    unsafe {
        for u in 0..U {
            if i + V::N > n {
                break;
            }
            let right = V::load(y.add(i));
            let other = if C { right.swapped() } else { right };
            for k in 0..K {
                let left = V::load(x[k].add(i));
                like[k][u] = left.fma(right, like[k][u]);
                if C {
                    unlike[k][u] = left.fma(other, unlike[k][u]);
                }
            }
            i += V::N;
        }
        if i < n {
            let some = V::first(n - i);
            let right = V::load_some(y.add(i), some);
            let other = if C { right.swapped() } else { right };
            for k in 0..K {
                let left = V::load_some(x[k].add(i), some);
                like[k][U - 1] = left.fma(right, like[k][U - 1]);
                if C {
                    unlike[k][U - 1] = left.fma(other, unlike[k][U - 1]);
                }
            }
        }
        let mut out = [[[zero; 2]; 2]; K];
        for k in 0..K {
            out[k] = [fold(like[k]), if C { fold(unlike[k]) } else { [zero; 2] }];
        }
        out
    }
}

/// As [`dots`] of two vectors, the same bits, where registers of theirs lie across lines of the cache: lines are loaded, and the registers put together from neighbours.
///
/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn dot_by_lines<V: Joins, const U: usize, const C: bool>(x: [*const V::Part; 1], y: *const V::Part, n: usize) -> [Sums<V::Part>; 1] {
    let (part, line) = (size_of::<V::Part>(), V::N * size_of::<V::Part>());
    let [x] = x;
    let into = |at: *const V::Part| at.addr() % line / part;
    let (x_into, y_into) = (into(x), into(y));
    // SAFETY: as the caller promises; lines are loaded from the one after the first element's to the last that is whole.
    unsafe {
        if x_into + y_into == 0 || n < (U + 1) * V::N || !x.addr().is_multiple_of(part) || !y.addr().is_multiple_of(part) {
            return dots::<V, 1, U, C>([x], y, n);
        }
        let (ahead, far) = (AHEAD / part, is_far(n * part));
        let zero = V::splat(<V::Part as Scalar>::ZERO);
        let (mut like, mut unlike) = ([zero; U], [zero; U]);
        let (x_window, y_window) = (V::window(x_into), V::window(y_into));
        // The first elements where their line has them.
        let first = |at: *const V::Part, into: usize| {
            let all = V::load(at);
            all.joined(all, V::window((V::N - into) % V::N))
        };
        let (mut x_line, mut y_line) = (first(x, x_into), first(y, y_into));
        let (x_next, y_next) = (x.add(V::N - x_into), y.add(V::N - y_into));
        let mut i = 0;
        while i + (U + 1) * V::N <= n {
            for u in 0..U {
                let at = i + u * V::N;
                if far {
                    prefetch(x.wrapping_add(at + ahead));
                    prefetch(y.wrapping_add(at + ahead));
                }
                let (x_after, y_after) = (V::load(x_next.add(at)), V::load(y_next.add(at)));
                let (left, right) = (x_line.joined(x_after, x_window), y_line.joined(y_after, y_window));
                (x_line, y_line) = (x_after, y_after);
                like[u] = left.fma(right, like[u]);
                if C {
                    unlike[u] = left.fma(right.swapped(), unlike[u]);
                }
            }
            i += U * V::N;
        }
        finish::<V, 1, U, C>([x], y, (i, n), [like], [unlike])
    }
}

/// # Safety
/// The vectors have a register's parts at that place; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn add_register<V: Lanes, const K: usize, const C: bool>(owns: &[V; K], others: &[V; K], x: [*const V::Part; K], y: *mut V::Part, at: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sum = V::load(y.add(at).cast_const());
        for k in 0..K {
            let left = V::load(x[k].add(at));
            if C {
                sum = left.swapped().fma(others[k], sum);
            }
            sum = left.fma(owns[k], sum);
        }
        sum.store(y.add(at));
    }
}

/// As [`add_register`], of `W` parts.
///
/// # Safety
/// The vectors have those parts at that place, which is an even one if complex.
#[inline(always)]
unsafe fn add_parts<R: Real, const K: usize, const C: bool, const W: usize>(
    own: &[[R; 2]; K],
    other: &[[R; 2]; K],
    x: [*const R; K],
    y: *mut R,
    at: usize,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums: [R; W] = std::array::from_fn(|l| *y.add(at + l));
        for k in 0..K {
            let parts: [R; W] = std::array::from_fn(|l| *x[k].add(at + l));
            for l in 0..W {
                if C {
                    sums[l] = parts[l ^ 1].mul_add(other[k][l & 1], sums[l]);
                }
                sums[l] = parts[l].mul_add(own[k][l & 1], sums[l]);
            }
        }
        for l in 0..W {
            *y.add(at + l) = sums[l];
        }
    }
}

/// As [`add_register`], of fewer parts than a register has. (Stores with a mask would hold up the loads that follow them.)
///
/// # Safety
/// As [`add_parts`], of so many parts, an even number if complex.
#[inline(always)]
unsafe fn add_few<R: Real, const K: usize, const C: bool>(
    own: &[[R; 2]; K],
    other: &[[R; 2]; K],
    x: [*const R; K],
    y: *mut R,
    from: usize,
    count: usize,
) {
    let mut at = from;
    // SAFETY: as the caller promises.
    unsafe {
        if count & 8 > 0 {
            add_parts::<R, K, C, 8>(own, other, x, y, at);
            at += 8;
        }
        if count & 4 > 0 {
            add_parts::<R, K, C, 4>(own, other, x, y, at);
            at += 4;
        }
        if count & 2 > 0 {
            add_parts::<R, K, C, 2>(own, other, x, y, at);
            at += 2;
        }
        if !C && count & 1 > 0 {
            add_parts::<R, K, false, 1>(own, other, x, y, at);
        }
    }
}

/// # Safety
/// As [`dots`]; `y` is written.
#[inline(always)]
unsafe fn adds<V: Lanes, const K: usize, const U: usize, const C: bool>(
    own: [[V::Part; 2]; K],
    other: [[V::Part; 2]; K],
    x: [*const V::Part; K],
    y: *mut V::Part,
    n: usize,
) {
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), is_far(n * size_of::<V::Part>()));
    // SAFETY: as the caller promises.
    unsafe {
        let pairs = |pair: [V::Part; 2]| {
            let lanes: [V::Part; MOST] = std::array::from_fn(|l| pair[l & 1]);
            V::load(lanes.as_ptr())
        };
        let (mut owns, mut others) = ([V::splat(own[0][0]); K], [V::splat(other[0][0]); K]);
        for k in 0..K {
            owns[k] = if C { pairs(own[k]) } else { V::splat(own[k][0]) };
            others[k] = if C { pairs(other[k]) } else { owns[k] };
        }
        // To where registers of y do not lie across lines of the cache. A number's two parts stay together.
        let (part, line) = (size_of::<V::Part>(), V::N * size_of::<V::Part>());
        let whole = y.addr().is_multiple_of(part * (1 + usize::from(C)));
        let head = if whole && n > 4 * V::N { (line - y.addr() % line) % line / part } else { 0 };
        if head > 0 {
            add_few::<V::Part, K, C>(&own, &other, x, y, 0, head);
        }
        let mut i = head;
        while i + U * V::N <= n {
            for u in 0..U {
                let at = i + u * V::N;
                if far {
                    prefetch(y.wrapping_add(at + ahead).cast_const());
                    for x in x {
                        prefetch(x.wrapping_add(at + ahead));
                    }
                }
                add_register::<V, K, C>(&owns, &others, x, y, at);
            }
            i += U * V::N;
        }
        while i + V::N <= n {
            add_register::<V, K, C>(&owns, &others, x, y, i);
            i += V::N;
        }
        if i < n {
            add_few::<V::Part, K, C>(&own, &other, x, y, i, n - i);
        }
    }
}

/// The sum of what `term` adds of each part.
///
/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn sums<V: Lanes, const U: usize>(x: *const V::Part, n: usize, term: impl Fn(V, V) -> V) -> V::Part {
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), is_far(n * size_of::<V::Part>()));
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [V::splat(<V::Part as Scalar>::ZERO); U];
        let mut i = 0;
        while i + U * V::N <= n {
            for (u, sum) in sums.iter_mut().enumerate() {
                let at = i + u * V::N;
                if far {
                    prefetch(x.wrapping_add(at + ahead));
                }
                *sum = term(V::load(x.add(at)), *sum);
            }
            i += U * V::N;
        }
        for sum in &mut sums[..U - 1] {
            if i + V::N > n {
                break;
            }
            *sum = term(V::load(x.add(i)), *sum);
            i += V::N;
        }
        if i < n {
            // Zeros add nothing.
            sums[U - 1] = term(V::load_some(x.add(i), V::first(n - i)), sums[U - 1]);
        }
        let [even, odd] = fold(sums);
        even + odd
    }
}

/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn sizes<V: Lanes>(x: *const V::Part, n: usize) -> V::Part {
    // SAFETY: the caller's promise.
    unsafe { sums::<V, 8>(x, n, |x, sum| sum.add(x.abs())) }
}

/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn squares<V: Lanes>(x: *const V::Part, n: usize, scale: V::Part) -> V::Part {
    // SAFETY: the caller's promise.
    unsafe {
        if scale == <V::Part as Scalar>::ONE {
            return sums::<V, 8>(x, n, |x, sum| x.fma(x, sum));
        }
        let by = V::splat(scale);
        sums::<V, 8>(x, n, |x, sum| {
            let x = x.mul(by);
            x.fma(x, sum)
        })
    }
}

#[cfg(target_arch = "x86_64")]
mod versions {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use super::super::lanes::{Joins, Lanes};
    use super::{Loops, Sums};

    macro_rules! versions {
        ($room:ident, $features:literal) => {
            pub(super) mod $room {
                use super::{Lanes, Sums};

                /// # Safety
                /// As the body; the processor has the features.
                #[target_feature(enable = $features)]
                pub(in super::super) unsafe fn dots<V: Lanes, const K: usize, const U: usize, const C: bool>(
                    x: [*const V::Part; K],
                    y: *const V::Part,
                    n: usize,
                ) -> [Sums<V::Part>; K] {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::dots::<V, K, U, C>(x, y, n) }
                }

                /// # Safety
                /// As the body; the processor has the features.
                #[target_feature(enable = $features)]
                pub(in super::super) unsafe fn adds<V: Lanes, const K: usize, const U: usize, const C: bool>(
                    own: [[V::Part; 2]; K],
                    other: [[V::Part; 2]; K],
                    x: [*const V::Part; K],
                    y: *mut V::Part,
                    n: usize,
                ) {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::adds::<V, K, U, C>(own, other, x, y, n) }
                }

                /// # Safety
                /// As the body; the processor has the features.
                #[target_feature(enable = $features)]
                pub(in super::super) unsafe fn sizes<V: Lanes>(x: *const V::Part, n: usize) -> V::Part {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::sizes::<V>(x, n) }
                }

                /// # Safety
                /// As the body; the processor has the features.
                #[target_feature(enable = $features)]
                pub(in super::super) unsafe fn squares<V: Lanes>(x: *const V::Part, n: usize, scale: V::Part) -> V::Part {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::squares::<V>(x, n, scale) }
                }
            }
        };
    }

    /// # Safety
    /// As the body; the processor has the features.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
    unsafe fn dot_by_lines<V: Joins, const U: usize, const C: bool>(x: [*const V::Part; 1], y: *const V::Part, n: usize) -> [Sums<V::Part>; 1] {
        // SAFETY: the caller's promise.
        unsafe { super::dot_by_lines::<V, U, C>(x, y, n) }
    }

    versions!(wide, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma");
    versions!(narrow, "avx2,fma");

    macro_rules! loops {
        ($($name:ident: $part:ty, $room:ident, $v:ty, $complex:literal, $dot:expr;)*) => {$(
            pub(super) static $name: Loops<$part> = Loops {
                dot: $dot,
                dot4: $room::dots::<$v, 4, { if $complex { 1 } else { 2 } }, $complex>,
                dot8: $room::dots::<$v, 8, 1, $complex>,
                add: $room::adds::<$v, 1, 4, $complex>,
                add4: $room::adds::<$v, 4, 2, $complex>,
                add8: $room::adds::<$v, 8, 1, $complex>,
                sizes: $room::sizes::<$v>,
                squares: $room::squares::<$v>,
            };
        )*};
    }

    loops! {
        S_512: f32, wide, __m512, false, dot_by_lines::<__m512, 8, false>;
        D_512: f64, wide, __m512d, false, dot_by_lines::<__m512d, 8, false>;
        C_512: f32, wide, __m512, true, dot_by_lines::<__m512, 4, true>;
        Z_512: f64, wide, __m512d, true, dot_by_lines::<__m512d, 4, true>;
        S_256: f32, narrow, __m256, false, narrow::dots::<__m256, 1, 8, false>;
        D_256: f64, narrow, __m256d, false, narrow::dots::<__m256d, 1, 8, false>;
        C_256: f32, narrow, __m256, true, narrow::dots::<__m256, 1, 4, true>;
        Z_256: f64, narrow, __m256d, true, narrow::dots::<__m256d, 1, 4, true>;
    }
}

/// The loops of a type with parts `R` on this processor, if it has any.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn loops<R: Real>(is_complex: bool) -> Option<&'static Loops<R>> {
    use versions::{C_256, C_512, D_256, D_512, S_256, S_512, Z_256, Z_512};
    super::level::width().version::<R, _>(is_complex, [&S_512, &D_512, &C_512, &Z_512, &S_256, &D_256, &C_256, &Z_256])
}

/// No processor of this architecture has any.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn loops<R: Real>(_is_complex: bool) -> Option<&'static Loops<R>> {
    None
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::super::simd;
    use crate::scalar::{Real, Scalar};

    /// Sums of products and sums of columns of all short lengths, wherever the vectors begin: near plain sums, the same bits, and nothing written beside.
    fn lengths<T: Scalar>() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            T::Real::from_f64((state >> 40) as f64 / (1 << 23) as f64 - 1.0)
        };
        let (x, y): (Vec<T>, Vec<T>) = (0..400).map(|_| (T::from_parts(next(), next()), T::from_parts(next(), next()))).unzip();
        let (alpha, sentinel) = (y[0], T::from_real(T::Real::from_f64(1e6)));
        let near = |found: T, wanted: T, n: usize| {
            (found - wanted).modulus().to_f64() <= 8.0 * (n + 2) as f64 * T::Real::EPSILON.to_f64() * (2.0 + n as f64)
        };
        let (mut moved_x, mut moved_y) = (vec![sentinel; 440], vec![sentinel; 440]);
        for n in (0..90).chain([127, 128, 143, 144, 145, 255, 257, 320, 399]) {
            let plain = (0..n).fold(T::ZERO, |sum, i| sum + x[i] * y[i]);
            let dot = simd::dot(&x[..n], false, &y[..n]);
            assert!(near(dot, plain, n), "dot of {n}");
            let mut added = y[..n].to_vec();
            simd::axpy(alpha, &x[..n], false, &mut added);
            for (x_at, y_at) in [(0, 1), (1, 0), (2, 2), (3, 7), (5, 5), (6, 15), (15, 8)] {
                moved_x[x_at..x_at + n].copy_from_slice(&x[..n]);
                moved_y[y_at..y_at + n].copy_from_slice(&y[..n]);
                assert!(simd::dot(&moved_x[x_at..x_at + n], false, &moved_y[y_at..y_at + n]) == dot, "dot of {n} at {x_at} and {y_at}");
                simd::axpy(alpha, &moved_x[x_at..x_at + n], false, &mut moved_y[y_at..y_at + n]);
                for i in 0..n {
                    assert!(moved_y[y_at + i] == added[i] && near(added[i], y[i] + alpha * x[i], 1), "axpy of {n} at {x_at} and {y_at}: element {i}");
                }
                for place in x_at..x_at + n {
                    moved_x[place] = sentinel;
                }
                for place in y_at..y_at + n {
                    moved_y[place] = sentinel;
                }
                assert!(moved_y.iter().all(|&y| y == sentinel), "axpy of {n} at {y_at} wrote beside y");
            }
            let size = x[..n].iter().fold(0.0, |sum, x| sum + x.re().to_f64().abs() + x.im().to_f64().abs());
            let found = simd::asum(super::super::sys::parts(&x[..n])).to_f64();
            assert!((found - size).abs() <= 8.0 * (n + 2) as f64 * T::Real::EPSILON.to_f64() * (1.0 + size), "asum of {n}: {found} for {size}");
        }
    }

    #[test]
    fn all_short_lengths_wherever_they_begin() {
        lengths::<f32>();
        lengths::<f64>();
        lengths::<Complex<f32>>();
        lengths::<Complex<f64>>();
    }
}
