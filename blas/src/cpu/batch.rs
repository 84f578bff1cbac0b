//! Batches on this machine: the matrices are shared over threads, each is worked on by one.

use super::factor;
use super::matmat;
use super::share;
use super::small;
use crate::batch::{GemmBatch, TriBatch};
use crate::factor::{Gels, Geqrf, Getrf, Getri, Getrs};
use crate::operand::{Op, Side, Trans};
use crate::scalar::Scalar;
use crate::view::MatMut;

/// Operations from which a batch is shared, and about how many make a part.
const SHARED: usize = 1 << 18;

/// Matrices of a part, by the operations that one takes.
fn part(count: usize, each: usize) -> usize {
    if count.saturating_mul(each) < SHARED { count.max(1) } else { (SHARED / each.max(1)).clamp(1, count.div_ceil(8)) }
}

pub(super) fn gemm<T: Scalar>(call: GemmBatch<'_, T>) {
    let GemmBatch { alpha, a, conj_a, b, conj_b, beta, c } = call;
    let (m, n) = c.shape();
    let each = m.saturating_mul(n).saturating_mul(a.shape().1.max(1));
    let count = c.count();
    let run = |start: usize, c: &mut crate::stack::StackMut<'_, T>, alone: bool| {
        let mut way: Option<small::Way<T>> = None;
        for i in 0..c.count() {
            let a = Op { mat: a.at(start + i), conj: conj_a };
            let b = Op { mat: b.at(start + i), conj: conj_b };
            let mut c = c.at(i);
            if way.as_ref().is_some_and(|way| way.run(a, b, &mut c)) {
                continue;
            }
            if alpha != T::ZERO && each > 0 && a.cols() > 0 {
                // The first, or one of another form.
                way = small::Way::new(alpha, a, b, beta, c.rb());
            }
            match &way {
                Some(way) => assert!(way.run(a, b, &mut c), "a product is like itself"),
                None if alone => matmat::multiply_here(alpha, a, b, beta, c),
                None => matmat::multiply(alpha, a, b, beta, c),
            }
        }
    };
    if count < 4 {
        // Few and perhaps large: the threads share each.
        return run(0, &mut { c }, false);
    }
    share::each(c.chunks(part(count, each)), |_, (start, mut c)| run(start, &mut c, true));
}

pub(super) fn tri_sm<T: Scalar>(call: TriBatch<'_, T>) {
    let TriBatch { side, uplo, trans, unit, alpha, a, b } = call;
    let n = a.shape().0;
    let each = n.saturating_mul(b.shape().0.saturating_mul(b.shape().1).max(1));
    let size = part(b.count(), each);
    share::each(b.chunks(size), |_, (start, mut b)| {
        for i in 0..b.count() {
            let triangle = matmat::Triangle::new(a.at(start + i), uplo, trans, unit);
            let b = b.at(i);
            if alpha == T::ZERO || n == 0 {
                matmat::scale(alpha, b);
                continue;
            }
            match side {
                Side::Left => matmat::tri_solve(triangle, alpha, b),
                Side::Right => matmat::tri_solve(triangle.transposed(), alpha, b.transposed()),
            }
        }
    });
}

/// Parts of `size` of a list with `each` entries a matrix; an empty list has parts too.
fn lists<I>(list: &mut [I], count: usize, size: usize, each: usize) -> Vec<&mut [I]> {
    let mut parts = Vec::new();
    let mut rest = list;
    for start in (0..count).step_by(size) {
        let (part, after) = rest.split_at_mut(size.min(count - start) * each);
        parts.push(part);
        rest = after;
    }
    parts
}

pub(super) fn getrf<T: Scalar>(call: Getrf<'_, T>) {
    let Getrf { a, pivots, info } = call;
    let (n, count) = (a.shape().0, a.count());
    let size = part(count, n.saturating_mul(n).saturating_mul(n));
    let pivoted = pivots.is_some();
    let mut none = Vec::new();
    let pivots = lists(pivots.unwrap_or(&mut none), count, size, if pivoted { n } else { 0 });
    let parts: Vec<_> = a.chunks(size).into_iter().zip(pivots).zip(lists(info, count, size, 1)).collect();
    share::each(parts, |_, (((_, mut a), pivots), info)| {
        for i in 0..a.count() {
            info[i] = factor::lu(a.at(i), if pivoted { Some(&mut pivots[i * n..(i + 1) * n]) } else { None });
        }
    });
}

fn pivots_of(pivots: Option<&[i32]>, n: usize, i: usize) -> Option<&[i32]> {
    pivots.map(|pivots| &pivots[i * n..(i + 1) * n])
}

pub(super) fn getrs<T: Scalar>(call: Getrs<'_, T>) {
    let Getrs { trans, lu, pivots, b } = call;
    let n = lu.shape().0;
    let size = part(b.count(), n.saturating_mul(n).saturating_mul(b.shape().1));
    share::each(b.chunks(size), |_, (start, mut b)| {
        for i in 0..b.count() {
            factor::solve(trans, lu.at(start + i), pivots_of(pivots, n, start + i), b.at(i));
        }
    });
}

pub(super) fn getri<T: Scalar>(call: Getri<'_, T>) {
    let Getri { lu, pivots, c, info } = call;
    let (n, count) = (lu.shape().0, c.count());
    let size = part(count, n.saturating_mul(n).saturating_mul(n));
    let parts: Vec<_> = c.chunks(size).into_iter().zip(lists(info, count, size, 1)).collect();
    share::each(parts, |_, ((start, mut c), info)| {
        for (i, info) in info.iter_mut().enumerate() {
            let lu = lu.at(start + i);
            let zero = (0..n).find(|&j| lu.get(j, j) == T::ZERO);
            *info = zero.map_or(0, |j| j as i32 + 1);
            let mut c: MatMut<'_, T> = c.at(i);
            c.fill_with(|i, j| if i == j { T::ONE } else { T::ZERO });
            if zero.is_none() {
                factor::solve(Trans::No, lu, pivots_of(pivots, n, start + i), c);
            }
        }
    });
}

pub(super) fn geqrf<T: Scalar>(call: Geqrf<'_, T>) {
    let Geqrf { a, tau } = call;
    let ((m, n), count) = (a.shape(), a.count());
    let size = part(count, m.saturating_mul(n).saturating_mul(m.min(n)));
    let parts: Vec<_> = a.chunks(size).into_iter().zip(lists(tau, count, size, m.min(n))).collect();
    share::each(parts, |_, ((_, mut a), tau)| {
        for i in 0..a.count() {
            let r = m.min(n);
            factor::qr(a.at(i), &mut tau[i * r..(i + 1) * r]);
        }
    });
}

pub(super) fn gels<T: Scalar>(call: Gels<'_, T>) {
    let Gels { a, b, info } = call;
    let ((m, n), count) = (a.shape(), a.count());
    let size = part(count, m.saturating_mul(n).saturating_mul(n + b.shape().1));
    let parts: Vec<_> = a.chunks(size).into_iter().zip(b.chunks(size)).zip(lists(info, count, size, 1)).collect();
    share::each(parts, |_, (((_, mut a), (_, mut b)), info)| {
        for (i, info) in info.iter_mut().enumerate() {
            *info = factor::least_squares(a.at(i), b.at(i));
        }
    });
}
