//! Sums and products of contiguous numbers in registers: what [`super::simd`] runs where the processor has AVX2 or AVX-512.
//!
//! Owns the loops, which count the registers that LLVM's own vectors of plain loops would put into memory. Numbers are real, or complex ones as pairs of parts. Lengths are in parts and were
//! compared by the callers. Knows no strides and no threads.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop, reason = "the numbers of registers must be known where they are used")]

use super::lanes::{Lanes, prefetch};
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
    let mut lanes = [<V::Part as Scalar>::ZERO; MOST];
    // SAFETY: no register has more lanes.
    unsafe { sums[0].store(lanes.as_mut_ptr()) };
    let mut width = V::N;
    while width > 2 {
        width /= 2;
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
    }
    [lanes[0], lanes[1]]
}

/// # Safety
/// The vectors have `n` parts, an even number if complex; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn dots<V: Lanes, const K: usize, const U: usize, const C: bool>(x: [*const V::Part; K], y: *const V::Part, n: usize) -> [Sums<V::Part>; K] {
    let zero = <V::Part as Scalar>::ZERO;
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), n * size_of::<V::Part>() > FAR);
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
        while i + V::N <= n {
            let right = V::load(y.add(i));
            let other = if C { right.swapped() } else { right };
            for k in 0..K {
                let left = V::load(x[k].add(i));
                like[k][0] = left.fma(right, like[k][0]);
                if C {
                    unlike[k][0] = left.fma(other, unlike[k][0]);
                }
            }
            i += V::N;
        }
        let mut out = [[[zero; 2]; 2]; K];
        for k in 0..K {
            out[k] = [fold(like[k]), if C { fold(unlike[k]) } else { [zero; 2] }];
        }
        while i < n {
            for (x, out) in x.iter().zip(&mut out) {
                out[0][i & 1] = (*x.add(i)).mul_add(*y.add(i), out[0][i & 1]);
                if C {
                    out[1][i & 1] = (*x.add(i)).mul_add(*y.add(i ^ 1), out[1][i & 1]);
                }
            }
            i += 1;
        }
        out
    }
}

/// # Safety
/// The vectors have a part at that place, and the other one of its number if complex.
#[inline(always)]
unsafe fn add_part<R: Real, const K: usize, const C: bool>(own: &[[R; 2]; K], other: &[[R; 2]; K], x: [*const R; K], y: *mut R, at: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sum = *y.add(at);
        for k in 0..K {
            if C {
                sum = (*x[k].add(at ^ 1)).mul_add(other[k][at & 1], sum);
            }
            sum = (*x[k].add(at)).mul_add(own[k][at & 1], sum);
        }
        *y.add(at) = sum;
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
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), n * size_of::<V::Part>() > FAR);
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
        let mut i = 0;
        while i < head {
            add_part::<V::Part, K, C>(&own, &other, x, y, i);
            i += 1;
        }
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
        while i < n {
            add_part::<V::Part, K, C>(&own, &other, x, y, i);
            i += 1;
        }
    }
}

/// The sum of what `term` adds of each part.
///
/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn sums<V: Lanes, const U: usize>(
    x: *const V::Part,
    n: usize,
    term: impl Fn(V, V) -> V,
    last: impl Fn(V::Part, V::Part) -> V::Part,
) -> V::Part {
    let (ahead, far) = (AHEAD / size_of::<V::Part>(), n * size_of::<V::Part>() > FAR);
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
        while i + V::N <= n {
            sums[0] = term(V::load(x.add(i)), sums[0]);
            i += V::N;
        }
        let [even, odd] = fold(sums);
        let mut total = even + odd;
        while i < n {
            total = last(*x.add(i), total);
            i += 1;
        }
        total
    }
}

/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn sizes<V: Lanes>(x: *const V::Part, n: usize) -> V::Part {
    // SAFETY: the caller's promise.
    unsafe { sums::<V, 8>(x, n, |x, sum| sum.add(x.abs()), |x, sum| sum + Real::abs(x)) }
}

/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn squares<V: Lanes>(x: *const V::Part, n: usize, scale: V::Part) -> V::Part {
    let last = |x: V::Part, sum: V::Part| (x * scale).mul_add(x * scale, sum);
    // SAFETY: the caller's promise.
    unsafe {
        if scale == <V::Part as Scalar>::ONE {
            return sums::<V, 8>(x, n, |x, sum| x.fma(x, sum), last);
        }
        let by = V::splat(scale);
        sums::<V, 8>(
            x,
            n,
            |x, sum| {
                let x = x.mul(by);
                x.fma(x, sum)
            },
            last,
        )
    }
}

#[cfg(target_arch = "x86_64")]
mod versions {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use super::super::lanes::Lanes;
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

    versions!(wide, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma");
    versions!(narrow, "avx2,fma");

    macro_rules! loops {
        ($($name:ident: $part:ty, $room:ident, $v:ty, $complex:literal;)*) => {$(
            pub(super) static $name: Loops<$part> = Loops {
                dot: $room::dots::<$v, 1, { if $complex { 4 } else { 8 } }, $complex>,
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
        S_512: f32, wide, __m512, false;
        D_512: f64, wide, __m512d, false;
        C_512: f32, wide, __m512, true;
        Z_512: f64, wide, __m512d, true;
        S_256: f32, narrow, __m256, false;
        D_256: f64, narrow, __m256d, false;
        C_256: f32, narrow, __m256, true;
        Z_256: f64, narrow, __m256d, true;
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
