//! cuBLAS's extensions on this machine: element by element, in tiles so that transposed operands are read a cache line at a time.

use super::share;
use crate::extension::{Dgmm, Geam, Pack, Unpack};
use crate::operand::{Side, Uplo, packed_start};
use crate::scalar::Scalar;
use crate::view::MatMut;

/// Elements from which the work is shared over threads.
const SHARED: usize = 1 << 16;
/// Side of a tile.
const TILE: usize = 64;

/// Sets every element of C, tile by tile.
fn fill<T: Scalar>(mut c: MatMut<'_, T>, value: impl Fn(usize, usize) -> T + Sync) {
    if c.rows() * c.cols() < SHARED {
        return c.fill_with(value);
    }
    let (rows, cols) = (share::cuts(c.rows(), c.rows() / TILE, 8), share::cuts(c.cols(), c.cols() / TILE, 8));
    let starts = |cuts: &[usize]| std::iter::once(0).chain(cuts.iter().copied()).collect::<Vec<_>>();
    let (top, left) = (starts(&rows), starts(&cols));
    share::each(c.tiles(&rows, &cols), |i, mut tile| {
        let (row, col) = (top[i % top.len()], left[i / top.len()]);
        tile.fill_with(|i, j| value(row + i, col + j));
    });
}

pub(super) fn geam<T: Scalar>(call: Geam<'_, T>) {
    let Geam { alpha, a, beta, b, c } = call;
    match (alpha == T::ZERO, beta == T::ZERO) {
        (true, true) => fill(c, |_, _| T::ZERO),
        (true, false) => fill(c, |i, j| beta * b.get(i, j)),
        (false, true) => fill(c, |i, j| alpha * a.get(i, j)),
        (false, false) => fill(c, |i, j| alpha * a.get(i, j) + beta * b.get(i, j)),
    }
}

pub(super) fn dgmm<T: Scalar>(call: Dgmm<'_, T>) {
    let Dgmm { side, a, x, c } = call;
    match side {
        Side::Left => fill(c, |i, j| x.get(i) * a.get(i, j)),
        Side::Right => fill(c, |i, j| a.get(i, j) * x.get(j)),
    }
}

/// The rows of column `j` in a triangle, and where they begin when packed.
fn column(uplo: Uplo, n: usize, j: usize) -> (std::ops::Range<usize>, usize) {
    match uplo {
        Uplo::Upper => (0..j + 1, j * (j + 1) / 2),
        Uplo::Lower => (j..n, packed_start(n, j)),
    }
}

pub(super) fn pack<T: Scalar>(call: Pack<'_, T>) {
    let Pack { uplo, a, mut ap } = call;
    for j in 0..a.cols() {
        let (rows, start) = column(uplo, a.rows(), j);
        let from = a.col(j).part(rows.clone());
        ap.rb_mut().part(start..start + rows.len()).fill_with(|i| from.get(i));
    }
}

pub(super) fn unpack<T: Scalar>(call: Unpack<'_, T>) {
    let Unpack { uplo, ap, mut a } = call;
    for j in 0..a.cols() {
        let (rows, start) = column(uplo, a.rows(), j);
        let from = ap.part(start..start + rows.len());
        a.rb_mut().col(j).part(rows).fill_with(|i| from.get(i));
    }
}
