//! Loops over contiguous numbers: the bottom of levels 1 and 2.
//!
//! Owns the kernels. Complex numbers are pairs of parts here: a product with a scalar is two products of parts, the second with neighbours exchanged, so one loop serves both. Slices of
//! one kernel have one length, which the callers see to. Where the processor has AVX2, sums and products go to [`super::loops`]. Knows no strides and no threads.
#![allow(unsafe_code)]

use super::level::{Kernel, run};
use super::loops::loops;
use super::sys::{parts, parts_mut};
use crate::scalar::{Real, Scalar};

#[inline(always)]
fn fma<R: Real, const FMA: bool>(a: R, b: R, c: R) -> R {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Parts that are worked on at a time where neighbours are exchanged.
const STRIP: usize = 16;

/// The coefficients of a product with `alpha`: of a number's own part, and of the other one.
fn coefficients<T: Scalar>(alpha: T, conj: bool) -> ([T::Real; 2], [T::Real; 2]) {
    let (re, im) = (alpha.re(), alpha.im());
    // alpha x = (re xr - im xi, re xi + im xr); alpha conj(x) = (re xr + im xi, im xr - re xi).
    if T::COMPLEX && conj { ([re, -re], [im, im]) } else { ([re, re], [-im, im]) }
}

struct Axpy<'a, R, const C: bool> {
    own: [R; 2],
    other: [R; 2],
    x: &'a [R],
    y: &'a mut [R],
}

impl<R: Real, const C: bool> Kernel for Axpy<'_, R, C> {
    type Out = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        if !C {
            for (y, &x) in self.y.iter_mut().zip(self.x) {
                *y = fma::<R, FMA>(self.own[0], x, *y);
            }
            return;
        }
        let ((xs, x_rest), (ys, y_rest)) = (self.x.as_chunks::<STRIP>(), self.y.as_chunks_mut::<STRIP>());
        for (y, x) in ys.iter_mut().zip(xs) {
            for l in 0..STRIP {
                y[l] = fma::<R, FMA>(self.own[l & 1], x[l], fma::<R, FMA>(self.other[l & 1], x[l ^ 1], y[l]));
            }
        }
        for (y, x) in y_rest.as_chunks_mut::<2>().0.iter_mut().zip(x_rest.as_chunks::<2>().0) {
            for l in 0..2 {
                y[l] = fma::<R, FMA>(self.own[l], x[l], fma::<R, FMA>(self.other[l], x[l ^ 1], y[l]));
            }
        }
    }
}

/// `y += alpha x`, x conjugated if so.
pub(super) fn axpy<T: Scalar>(alpha: T, x: &[T], conj: bool, y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    let (own, other) = coefficients(alpha, conj);
    let (x, y) = (parts(x), parts_mut(y));
    if let Some(loops) = loops::<T::Real>(T::COMPLEX) {
        let n = y.len().min(x.len());
        // SAFETY: both slices have `n` parts, pairs of them if complex; the loops are this processor's.
        return unsafe { (loops.add)([own], [other], [x.as_ptr()], y.as_mut_ptr(), n) };
    }
    if T::COMPLEX { run(Axpy::<_, true> { own, other, x, y }) } else { run(Axpy::<_, false> { own, other, x, y }) }
}

struct Axpy4<'a, R, const C: bool> {
    own: [[R; 2]; 4],
    other: [[R; 2]; 4],
    x: [&'a [R]; 4],
    y: &'a mut [R],
}

impl<R: Real, const C: bool> Kernel for Axpy4<'_, R, C> {
    type Out = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let n = self.y.len();
        let [a, b, c, d] = [&self.x[0][..n], &self.x[1][..n], &self.x[2][..n], &self.x[3][..n]];
        if !C {
            let [ca, cb, cc, cd] = [self.own[0][0], self.own[1][0], self.own[2][0], self.own[3][0]];
            for i in 0..n {
                let ab = fma::<R, FMA>(ca, a[i], fma::<R, FMA>(cb, b[i], self.y[i]));
                self.y[i] = fma::<R, FMA>(cc, c[i], fma::<R, FMA>(cd, d[i], ab));
            }
            return;
        }
        let mut step = |at: usize, width: usize| {
            let mut strip = [R::ZERO; STRIP];
            strip[..width].copy_from_slice(&self.y[at..at + width]);
            for (k, x) in [a, b, c, d].into_iter().enumerate() {
                let x = &x[at..at + width];
                for l in 0..width {
                    strip[l] = fma::<R, FMA>(self.own[k][l & 1], x[l], fma::<R, FMA>(self.other[k][l & 1], x[l ^ 1], strip[l]));
                }
            }
            self.y[at..at + width].copy_from_slice(&strip[..width]);
        };
        let whole = n / STRIP * STRIP;
        (0..whole).step_by(STRIP).for_each(|at| step(at, STRIP));
        (whole..n).step_by(2).for_each(|at| step(at, 2));
    }
}

/// `y += Σ alpha[k] x[k]` over four columns.
pub(super) fn axpy4<T: Scalar>(alpha: [T; 4], x: [&[T]; 4], conj: bool, y: &mut [T]) {
    let pairs = alpha.map(|alpha| coefficients(alpha, conj));
    let (own, other, x, y) = (pairs.map(|p| p.0), pairs.map(|p| p.1), x.map(parts), parts_mut(y));
    if let Some(loops) = loops::<T::Real>(T::COMPLEX) {
        let n = y.len();
        assert!(x.iter().all(|x| x.len() >= n), "columns shorter than {n}");
        // SAFETY: as in `axpy`, for each.
        return unsafe { (loops.add4)(own, other, x.map(<[T::Real]>::as_ptr), y.as_mut_ptr(), n) };
    }
    if T::COMPLEX { run(Axpy4::<_, true> { own, other, x, y }) } else { run(Axpy4::<_, false> { own, other, x, y }) }
}

/// `y += Σ alpha[k] x[k]` over eight columns.
pub(super) fn axpy8<T: Scalar>(alpha: [T; 8], x: [&[T]; 8], conj: bool, y: &mut [T]) {
    let Some(loops) = loops::<T::Real>(T::COMPLEX) else {
        let ([a, b, c, d, ..], [p, q, r, s, ..]) = (alpha, x);
        axpy4([a, b, c, d], [p, q, r, s], conj, y);
        let ([.., a, b, c, d], [.., p, q, r, s]) = (alpha, x);
        return axpy4([a, b, c, d], [p, q, r, s], conj, y);
    };
    let pairs = alpha.map(|alpha| coefficients(alpha, conj));
    let (own, other, x, y) = (pairs.map(|p| p.0), pairs.map(|p| p.1), x.map(parts), parts_mut(y));
    let n = y.len();
    assert!(x.iter().all(|x| x.len() >= n), "columns shorter than {n}");
    // SAFETY: as in `axpy`, for each.
    unsafe { (loops.add8)(own, other, x.map(<[T::Real]>::as_ptr), y.as_mut_ptr(), n) }
}

/// Sums of `L` lanes in a fixed tree, even and odd lanes apart.
#[inline(always)]
fn fold<R: Real, const L: usize>(mut lanes: [R; L]) -> [R; 2] {
    let mut width = L;
    while width > 2 {
        width /= 2;
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
    }
    [lanes[0], lanes[1]]
}

struct Dots<'a, R, const C: bool, const L: usize, const K: usize> {
    x: [&'a [R]; K],
    y: &'a [R],
}

impl<R: Real, const C: bool, const L: usize, const K: usize> Kernel for Dots<'_, R, C, L, K> {
    /// For each vector: products of like parts and of unlike ones, even and odd places apart.
    type Out = [[[R; 2]; 2]; K];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Out {
        let n = self.y.len();
        let x = self.x.map(|x| &x[..n]);
        let (mut like, mut unlike) = ([[R::ZERO; L]; K], [[R::ZERO; L]; K]);
        let mut at = 0;
        while at + L <= n {
            let Some(y) = self.y[at..].first_chunk::<L>() else { break };
            for k in 0..K {
                let Some(x) = x[k][at..].first_chunk::<L>() else { break };
                for l in 0..L {
                    like[k][l] = fma::<R, FMA>(x[l], y[l], like[k][l]);
                }
                if C {
                    for l in 0..L {
                        unlike[k][l] = fma::<R, FMA>(x[l], y[l ^ 1], unlike[k][l]);
                    }
                }
            }
            at += L;
        }
        let mut out = [[[R::ZERO; 2]; 2]; K];
        for k in 0..K {
            out[k] = [fold(like[k]), if C { fold(unlike[k]) } else { [R::ZERO; 2] }];
            if C {
                for at in (at..n).step_by(2) {
                    for l in 0..2 {
                        out[k][0][l] = fma::<R, FMA>(x[k][at + l], self.y[at + l], out[k][0][l]);
                        out[k][1][l] = fma::<R, FMA>(x[k][at + l], self.y[at + (l ^ 1)], out[k][1][l]);
                    }
                }
            } else {
                for (&x, &y) in x[k][at..].iter().zip(&self.y[at..]) {
                    out[k][0][0] = fma::<R, FMA>(x, y, out[k][0][0]);
                }
            }
        }
        out
    }
}

/// The number that sums of products of parts stand for.
fn assemble<T: Scalar>(sums: [[T::Real; 2]; 2], conj: bool) -> T {
    let [[even, odd], [first, second]] = sums;
    if !T::COMPLEX {
        return T::from_real(even + odd);
    }
    // x y = (xr yr - xi yi, xr yi + xi yr); conj(x) y = (xr yr + xi yi, xr yi - xi yr).
    if conj { T::from_parts(even + odd, first - second) } else { T::from_parts(even - odd, first + second) }
}

/// `Σ x y`, x conjugated if so.
pub(super) fn dot<T: Scalar>(x: &[T], conj: bool, y: &[T]) -> T {
    debug_assert_eq!(x.len(), y.len());
    let (x, y) = ([parts(x)], parts(y));
    if let Some(loops) = loops::<T::Real>(T::COMPLEX) {
        let n = y.len().min(x[0].len());
        // SAFETY: both slices have `n` parts, pairs of them if complex; the loops are this processor's.
        let [sums] = unsafe { (loops.dot)([x[0].as_ptr()], y.as_ptr(), n) };
        return assemble(sums, conj);
    }
    let sums = match (T::COMPLEX, size_of::<T::Real>()) {
        (false, 4) => run(Dots::<_, false, 64, 1> { x, y }),
        (false, _) => run(Dots::<_, false, 32, 1> { x, y }),
        (true, 4) => run(Dots::<_, true, 32, 1> { x, y }),
        (true, _) => run(Dots::<_, true, 16, 1> { x, y }),
    };
    assemble(sums[0], conj)
}

/// The dots of four columns with one vector.
pub(super) fn dot4<T: Scalar>(x: [&[T]; 4], conj: bool, y: &[T]) -> [T; 4] {
    let (x, y) = (x.map(parts), parts(y));
    if let Some(loops) = loops::<T::Real>(T::COMPLEX) {
        let n = y.len();
        assert!(x.iter().all(|x| x.len() >= n), "columns shorter than {n}");
        // SAFETY: as in `dot`, for each.
        return unsafe { (loops.dot4)(x.map(<[T::Real]>::as_ptr), y.as_ptr(), n) }.map(|sums| assemble(sums, conj));
    }
    let sums = match (T::COMPLEX, size_of::<T::Real>()) {
        (false, 4) => run(Dots::<_, false, 32, 4> { x, y }),
        (false, _) => run(Dots::<_, false, 16, 4> { x, y }),
        (true, 4) => run(Dots::<_, true, 32, 4> { x, y }),
        (true, _) => run(Dots::<_, true, 16, 4> { x, y }),
    };
    sums.map(|sums| assemble(sums, conj))
}

/// The dots of eight columns with one vector.
pub(super) fn dot8<T: Scalar>(x: [&[T]; 8], conj: bool, y: &[T]) -> [T; 8] {
    let Some(loops) = loops::<T::Real>(T::COMPLEX) else {
        let ([a, b, c, d, ..], [.., p, q, r, s]) = (x, x);
        let ([a, b, c, d], [p, q, r, s]) = (dot4([a, b, c, d], conj, y), dot4([p, q, r, s], conj, y));
        return [a, b, c, d, p, q, r, s];
    };
    let (x, y) = (x.map(parts), parts(y));
    let n = y.len();
    assert!(x.iter().all(|x| x.len() >= n), "columns shorter than {n}");
    // SAFETY: as in `dot`, for each.
    unsafe { (loops.dot8)(x.map(<[T::Real]>::as_ptr), y.as_ptr(), n) }.map(|sums| assemble(sums, conj))
}

struct SumOf<'a, R, F, const L: usize> {
    x: &'a [R],
    term: F,
}

/// What is summed of each part.
trait Term<R>: Copy {
    fn of<const FMA: bool>(self, x: R, sum: R) -> R;
}

#[derive(Clone, Copy)]
struct Size;
#[derive(Clone, Copy)]
struct Square<R>(R);

impl<R: Real> Term<R> for Size {
    #[inline(always)]
    fn of<const FMA: bool>(self, x: R, sum: R) -> R {
        sum + Real::abs(x)
    }
}

impl<R: Real> Term<R> for Square<R> {
    #[inline(always)]
    fn of<const FMA: bool>(self, x: R, sum: R) -> R {
        let scaled = x * self.0;
        fma::<R, FMA>(scaled, scaled, sum)
    }
}

impl<R: Real, F: Term<R>, const L: usize> Kernel for SumOf<'_, R, F, L> {
    type Out = R;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> R {
        let (strips, rest) = self.x.as_chunks::<L>();
        let mut lanes = [R::ZERO; L];
        for strip in strips {
            for l in 0..L {
                lanes[l] = self.term.of::<FMA>(strip[l], lanes[l]);
            }
        }
        let [even, odd] = fold(lanes);
        rest.iter().fold(even + odd, |sum, &x| self.term.of::<FMA>(x, sum))
    }
}

/// The sum of the parts' sizes.
pub(super) fn asum<R: Real>(x: &[R]) -> R {
    if let Some(loops) = loops::<R>(false) {
        // SAFETY: the slice's own length; the loops are this processor's.
        return unsafe { (loops.sizes)(x.as_ptr(), x.len()) };
    }
    if size_of::<R>() == 4 { run(SumOf::<_, _, 64> { x, term: Size }) } else { run(SumOf::<_, _, 32> { x, term: Size }) }
}

/// The sum of the squares of the parts times `scale`.
pub(super) fn squares<R: Real>(x: &[R], scale: R) -> R {
    if let Some(loops) = loops::<R>(false) {
        // SAFETY: as in `asum`.
        return unsafe { (loops.squares)(x.as_ptr(), x.len(), scale) };
    }
    let term = Square(scale);
    if size_of::<R>() == 4 { run(SumOf::<_, _, 64> { x, term }) } else { run(SumOf::<_, _, 32> { x, term }) }
}

struct Extreme<'a, R, const C: bool, const MAX: bool> {
    x: &'a [R],
}

impl<R: Real, const C: bool, const MAX: bool> Kernel for Extreme<'_, R, C, MAX> {
    /// The extreme size, and whether there was a NaN.
    type Out = (R, bool);

    #[inline(always)]
    fn run<const FMA: bool>(self) -> (R, bool) {
        let start = if MAX { -R::ONE } else { R::HUGE / R::EPSILON };
        let better = |a: R, b: R| if MAX == (a > b) { a } else { b };
        let size = |x: &[R], l: usize| if C { Real::abs(x[2 * l]) + Real::abs(x[2 * l + 1]) } else { Real::abs(x[l]) };
        let (mut lanes, mut nan) = ([start; STRIP], [R::ZERO; STRIP]);
        let width = if C { 2 * STRIP } else { STRIP };
        let whole = self.x.len() / width * width;
        for strip in self.x[..whole].chunks_exact(width) {
            for l in 0..STRIP {
                let size = size(strip, l);
                lanes[l] = better(size, lanes[l]);
                nan[l] += if size.is_nan() { R::ONE } else { R::ZERO };
            }
        }
        let (mut best, mut found) = (start, false);
        for l in 0..STRIP {
            best = better(lanes[l], best);
            found |= nan[l] > R::ZERO;
        }
        for rest in self.x[whole..].chunks_exact(if C { 2 } else { 1 }) {
            let size = size(rest, 0);
            best = better(size, best);
            found |= size.is_nan();
        }
        (best, found)
    }
}

/// The largest `|re| + |im|`, and whether there was a NaN.
pub(super) fn largest<T: Scalar>(x: &[T]) -> (T::Real, bool) {
    if T::COMPLEX { run(Extreme::<_, true, true> { x: parts(x) }) } else { run(Extreme::<_, false, true> { x: parts(x) }) }
}

/// The smallest `|re| + |im|`, and whether there was a NaN.
pub(super) fn smallest<T: Scalar>(x: &[T]) -> (T::Real, bool) {
    if T::COMPLEX { run(Extreme::<_, true, false> { x: parts(x) }) } else { run(Extreme::<_, false, false> { x: parts(x) }) }
}

struct Rot<'a, R, const C: bool> {
    x: &'a mut [R],
    y: &'a mut [R],
    c: R,
    s: [[R; 2]; 2],
    t: [[R; 2]; 2],
}

impl<R: Real, const C: bool> Kernel for Rot<'_, R, C> {
    type Out = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (s, t) = (self.s, self.t);
        if !C {
            for (x, y) in self.x.iter_mut().zip(self.y.iter_mut()) {
                let (a, b) = (*x, *y);
                *x = fma::<R, FMA>(self.c, a, s[0][0] * b);
                *y = fma::<R, FMA>(self.c, b, t[0][0] * a);
            }
            return;
        }
        for (x, y) in self.x.as_chunks_mut::<2>().0.iter_mut().zip(self.y.as_chunks_mut::<2>().0) {
            let (a, b) = (*x, *y);
            for l in 0..2 {
                x[l] = fma::<R, FMA>(self.c, a[l], fma::<R, FMA>(s[0][l], b[l], s[1][l] * b[l ^ 1]));
                y[l] = fma::<R, FMA>(self.c, b[l], fma::<R, FMA>(t[0][l], a[l], t[1][l] * a[l ^ 1]));
            }
        }
    }
}

/// `(x, y) ← (cx + sy, cy - conj(s)x)`.
pub(super) fn rot<T: Scalar>(x: &mut [T], y: &mut [T], c: T::Real, s: T) {
    let (own, other) = coefficients(s, false);
    let (own_t, other_t) = coefficients(-s.conj(), false);
    let (x, y) = (parts_mut(x), parts_mut(y));
    let (s, t) = ([own, other], [own_t, other_t]);
    if T::COMPLEX { run(Rot::<_, true> { x, y, c, s, t }) } else { run(Rot::<_, false> { x, y, c, s, t }) }
}

struct Scal<'a, R, const C: bool> {
    own: [R; 2],
    other: [R; 2],
    x: &'a mut [R],
}

impl<R: Real, const C: bool> Kernel for Scal<'_, R, C> {
    type Out = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        if !C {
            self.x.iter_mut().for_each(|x| *x = self.own[0] * *x);
            return;
        }
        for x in self.x.as_chunks_mut::<2>().0 {
            let old = *x;
            for l in 0..2 {
                x[l] = fma::<R, FMA>(self.own[l], old[l], self.other[l] * old[l ^ 1]);
            }
        }
    }
}

/// `x ← alpha x`.
pub(super) fn scal<T: Scalar>(alpha: T, x: &mut [T]) {
    let (own, other) = coefficients(alpha, false);
    let x = parts_mut(x);
    if T::COMPLEX { run(Scal::<_, true> { own, other, x }) } else { run(Scal::<_, false> { own, other, x }) }
}

#[cfg(test)]
mod tests {
    use super::super::level::each;
    use super::*;

    #[test]
    fn versions_agree() {
        let x: Vec<f64> = (0..103).map(|i| (i as f64 * 0.37).sin()).collect();
        let y: Vec<f64> = (0..103).map(|i| (i as f64 * 0.71).cos()).collect();
        let exact: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
        each(|| Dots::<f64, false, 32, 1> { x: [&x], y: &y }, |sums| assert!((sums[0][0][0] + sums[0][0][1] - exact).abs() < 1e-13));
        each(|| SumOf::<f64, _, 32> { x: &x, term: Size }, |sum| assert!((sum - x.iter().map(|v| v.abs()).sum::<f64>()).abs() < 1e-12));
        each(|| Extreme::<f64, false, true> { x: &x }, |best| assert_eq!(best.0, x.iter().fold(0.0, |m: f64, v| m.max(v.abs()))));
    }
}
