//! Level 2 on this machine.
//!
//! Owns the column-wise algorithms. A full matrix is first turned so that its columns are the near neighbours (for a triangle that flips it), vectors are copied where they are not
//! contiguous, and then every routine is sums of columns or products with columns. Shared over threads: `gemv` and `ger`, whose outputs are split.

use std::borrow::Cow;

use verdigris_device::pool;

use super::share;
use super::simd;
use super::vector;
use crate::level2::{Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec};
use crate::operand::{Op, Stored, StoredMut, Trans, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatRef, VecMut, VecRef};

/// Elements of a matrix from which the work is shared over threads.
const SHARED: usize = 1 << 17;
/// Rows of a strip: its part of y stays in the first cache while columns pass by.
const STRIP: usize = 2048;

fn contiguous<T: Scalar>(x: VecRef<'_, T>) -> Cow<'_, [T]> {
    match x.as_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(x.to_vec()),
    }
}

/// Runs `f` on y as a slice: its own memory, or a copy that is written back.
fn on_slice<T: Scalar>(mut y: VecMut<'_, T>, f: impl FnOnce(&mut [T])) {
    if let Some(slice) = y.as_mut_slice() {
        return f(slice);
    }
    let mut copy = y.rb().to_vec();
    f(&mut copy);
    y.fill_with(|i| copy[i]);
}

/// Whether columns, rather than rows, are the near neighbours.
fn by_columns<T: Copy>(a: MatRef<'_, T>) -> bool {
    a.rows() <= 1 || a.row_stride() == 1 || (a.col_stride() != 1 && a.row_stride().abs() <= a.col_stride().abs())
}

pub(super) fn gemv<T: Scalar>(call: Gemv<'_, T>) {
    let Gemv { alpha, a, x, beta, mut y } = call;
    vector::scal(beta, y.rb_mut());
    if alpha == T::ZERO || x.is_empty() || y.is_empty() {
        return;
    }
    let x = contiguous(x);
    let shared = a.rows() * a.cols() >= SHARED;
    on_slice(y, |y| {
        if by_columns(a.mat) {
            // Parts of y by rows: an element's sum is the same in any.
            let size = if shared { a.rows().div_ceil(2 * pool::threads()).clamp(64, STRIP).next_multiple_of(64) } else { STRIP };
            let run = |i: usize, y: &mut [T]| add_columns(alpha, a.part(i * size..i * size + y.len(), 0..a.cols()), &x, y);
            if shared {
                share::each(y.chunks_mut(size).collect(), run);
            } else {
                y.chunks_mut(size).enumerate().for_each(|(i, y)| run(i, y));
            }
        } else {
            let size = (a.rows() / 16).max(8).next_multiple_of(8);
            let run = |i: usize, y: &mut [T]| add_products(alpha, a.part(i * size..i * size + y.len(), 0..a.cols()), &x, y);
            if shared {
                share::each(y.chunks_mut(size).collect(), run);
            } else {
                run(0, y);
            }
        }
    });
}

/// `y += alpha A x`, A read by columns.
fn add_columns<T: Scalar>(alpha: T, a: Op<'_, T>, x: &[T], y: &mut [T]) {
    let whole = x.len() / 4 * 4;
    if a.mat.row_stride() == 1 || a.rows() == 1 {
        let eights = x.len() / 8 * 8;
        for j in (0..eights).step_by(8) {
            let eight: [usize; 8] = std::array::from_fn(|k| j + k);
            simd::axpy8(eight.map(|j| alpha * x[j]), eight.map(|j| a.mat.col(j).as_slice().unwrap_or(&[])), a.conj, y);
        }
        for j in (eights..whole).step_by(4) {
            let four = [j, j + 1, j + 2, j + 3];
            simd::axpy4(four.map(|j| alpha * x[j]), four.map(|j| a.mat.col(j).as_slice().unwrap_or(&[])), a.conj, y);
        }
        for (j, &x) in x.iter().enumerate().skip(whole) {
            simd::axpy(alpha * x, a.mat.col(j).as_slice().unwrap_or(&[]), a.conj, y);
        }
    } else {
        for (j, &x) in x.iter().enumerate() {
            simd::axpy(alpha * x, &a.mat.col(j).to_vec(), a.conj, y);
        }
    }
}

/// `y += alpha A x`, A read by rows.
fn add_products<T: Scalar>(alpha: T, a: Op<'_, T>, x: &[T], y: &mut [T]) {
    let whole = y.len() / 4 * 4;
    if a.mat.col_stride() == 1 || a.cols() == 1 {
        let eights = y.len() / 8 * 8;
        for i in (0..eights).step_by(8) {
            let rows: [&[T]; 8] = std::array::from_fn(|k| a.mat.row(i + k).as_slice().unwrap_or(&[]));
            for (y, dot) in y[i..].iter_mut().zip(simd::dot8(rows, a.conj, x)) {
                *y += alpha * dot;
            }
        }
        for i in (eights..whole).step_by(4) {
            let rows = [i, i + 1, i + 2, i + 3].map(|i| a.mat.row(i).as_slice().unwrap_or(&[]));
            for (y, dot) in y[i..].iter_mut().zip(simd::dot4(rows, a.conj, x)) {
                *y += alpha * dot;
            }
        }
        for (i, y) in y.iter_mut().enumerate().skip(whole) {
            *y += alpha * simd::dot(a.mat.row(i).as_slice().unwrap_or(&[]), a.conj, x);
        }
    } else {
        for (i, y) in y.iter_mut().enumerate() {
            *y += alpha * simd::dot(&a.mat.row(i).to_vec(), a.conj, x);
        }
    }
}

pub(super) fn gbmv<T: Scalar>(call: Gbmv<'_, T>) {
    let Gbmv { trans, rows, kl, ku, alpha, ab, x, beta, mut y } = call;
    vector::scal(beta, y.rb_mut());
    if alpha == T::ZERO || x.is_empty() || y.is_empty() {
        return;
    }
    let x = contiguous(x);
    on_slice(y, |y| {
        for j in 0..ab.cols() {
            let (first, last) = (j.saturating_sub(ku), rows.min(j + kl + 1));
            if first >= last {
                continue;
            }
            // Row `first` of the column is row ku + first - j of the band.
            let start = ku + first - j;
            let column = contiguous(ab.col(j).part(start..start + (last - first)));
            if trans == Trans::No {
                simd::axpy(alpha * x[j], &column, false, &mut y[first..last]);
            } else {
                y[j] += alpha * simd::dot(&column, trans == Trans::Conj, &x[first..last]);
            }
        }
    });
}

/// Turns a full triangle so that its columns are contiguous; whether it was turned.
fn turned<T: Scalar>(a: Stored<'_, T>) -> (Stored<'_, T>, bool) {
    if let crate::operand::Form::Full(mat) = a.form
        && !by_columns(mat)
        && let Some(flipped) = a.flipped()
    {
        return (flipped, true);
    }
    (a, false)
}

/// A column of a triangle: where its off-diagonal part begins, that part, and the diagonal element.
fn column<'a, T: Scalar>(a: &Stored<'a, T>, j: usize) -> (usize, Cow<'a, [T]>, T) {
    let (first, all) = a.column(j);
    match a.uplo {
        Uplo::Upper => (first, contiguous(all.part(0..all.len() - 1)), all.get(all.len() - 1)),
        Uplo::Lower => (j + 1, contiguous(all.part(1..all.len())), all.get(0)),
    }
}

pub(super) fn self_mv<T: Scalar>(call: SelfMv<'_, T>) {
    let SelfMv { hermitian, alpha, a, x, beta, mut y } = call;
    vector::scal(beta, y.rb_mut());
    if alpha == T::ZERO {
        return;
    }
    // The other triangle of the transpose holds the conjugates of a Hermitian matrix's elements.
    let (a, conj) = match turned(a) {
        (a, true) => (a, hermitian),
        (a, false) => (a, false),
    };
    let x = contiguous(x);
    on_slice(y, |y| {
        for j in 0..a.n() {
            let (first, column, diagonal) = column(&a, j);
            let diagonal = if hermitian { T::from_real(diagonal.re()) } else { diagonal };
            let rows = first..first + column.len();
            simd::axpy(alpha * x[j], &column, conj, &mut y[rows.clone()]);
            y[j] += alpha * (simd::dot(&column, hermitian != conj, &x[rows]) + diagonal * x[j]);
        }
    });
}

/// How a triangular operand is walked after turning.
struct Walk<'a, T> {
    a: Stored<'a, T>,
    /// Products with columns instead of sums of columns.
    across: bool,
    conj: bool,
    unit: bool,
}

impl<'a, T: Scalar> Walk<'a, T> {
    fn new(a: Stored<'a, T>, trans: Trans, unit: bool) -> Walk<'a, T> {
        let (a, flipped) = turned(a);
        Walk { a, across: (trans != Trans::No) != flipped, conj: T::COMPLEX && trans == Trans::Conj, unit }
    }

    /// Columns in the order in which each is needed before those it changes: `solve` takes a solution's order, which is the reverse of a product's.
    fn columns(&self, solve: bool) -> Box<dyn Iterator<Item = usize>> {
        let n = self.a.n();
        // Sums of an upper triangle's columns: a product goes up from 0, a solution down from the last.
        let ascending = ((self.a.uplo == Uplo::Upper) != self.across) != solve;
        if ascending { Box::new(0..n) } else { Box::new((0..n).rev()) }
    }
}

pub(super) fn tri_mv<T: Scalar>(call: TriVec<'_, T>) {
    let walk = Walk::new(call.a, call.trans, call.unit);
    on_slice(call.x, |x| {
        for j in walk.columns(false) {
            let (first, column, diagonal) = column(&walk.a, j);
            let rows = first..first + column.len();
            let own = if walk.unit { x[j] } else { diagonal.conj_if(walk.conj) * x[j] };
            if walk.across {
                x[j] = own + simd::dot(&column, walk.conj, &x[rows]);
            } else {
                let factor = x[j];
                x[j] = own;
                simd::axpy(factor, &column, walk.conj, &mut x[rows]);
            }
        }
    });
}

pub(super) fn tri_sv<T: Scalar>(call: TriVec<'_, T>) {
    let walk = Walk::new(call.a, call.trans, call.unit);
    on_slice(call.x, |x| {
        for j in walk.columns(true) {
            let (first, column, diagonal) = column(&walk.a, j);
            let rows = first..first + column.len();
            let divided = |value: T| if walk.unit { value } else { value.over(diagonal.conj_if(walk.conj)) };
            if walk.across {
                let known = simd::dot(&column, walk.conj, &x[rows]);
                x[j] = divided(x[j] - known);
            } else {
                x[j] = divided(x[j]);
                let factor = -x[j];
                simd::axpy(factor, &column, walk.conj, &mut x[rows]);
            }
        }
    });
}

pub(super) fn ger<T: Scalar>(call: Ger<'_, T>) {
    let Ger { alpha, x, y, conj, a } = call;
    if alpha == T::ZERO || x.is_empty() || y.is_empty() {
        return;
    }
    let shared = x.len() * y.len() >= SHARED;
    // Along the columns of A; a row-major A is its transpose's columns, the vectors' parts exchanged.
    let swapped = !by_columns(a.rb());
    let (a, x, y) = if swapped { (a.transposed(), y, x) } else { (a, x, y) };
    let along: Cow<'_, [T]> = if swapped && conj { x.to_vec().into_iter().map(T::conj).collect() } else { contiguous(x) };
    let across: Vec<T> = y.to_vec().into_iter().map(|y| alpha * y.conj_if(conj && !swapped)).collect();
    let update = |start: usize, mut a: crate::view::MatMut<'_, T>| {
        for j in 0..a.cols() {
            let mut column = a.rb_mut().col(j);
            match column.as_mut_slice() {
                Some(column) => simd::axpy(across[start + j], &along, false, column),
                None => column.map(|i, old| across[start + j] * along[i] + old),
            }
        }
    };
    if shared {
        let cuts = share::cuts(a.cols(), 16, 4);
        let starts: Vec<usize> = std::iter::once(0).chain(cuts.iter().copied()).collect();
        share::each(a.tiles(&[], &cuts), |i, tile| update(starts[i], tile));
    } else {
        update(0, a);
    }
}

/// Turns a full triangle to write so that its columns are contiguous; whether it was turned.
fn turned_mut<T: Scalar>(a: StoredMut<'_, T>) -> (StoredMut<'_, T>, bool) {
    match a.form {
        crate::operand::FormMut::Full(mat) if !by_columns(mat.rb()) => {
            (StoredMut { form: crate::operand::FormMut::Full(mat.transposed()), uplo: a.uplo.flipped() }, true)
        }
        form => (StoredMut { form, uplo: a.uplo }, false),
    }
}

/// Adds `factor * x[rows]` to the stored part of column `j`, on either side of the diagonal and on it.
fn add_to_column<T: Scalar>(a: &mut StoredMut<'_, T>, j: usize, factor: T, x: &[T]) {
    let (first, mut column) = a.column(j);
    let x = &x[first..first + column.len()];
    match column.as_mut_slice() {
        Some(column) => simd::axpy(factor, x, false, column),
        None => column.map(|i, old| factor * x[i] + old),
    }
}

fn make_diagonal_real<T: Scalar>(a: &mut StoredMut<'_, T>, j: usize) {
    let uplo = a.uplo;
    let (_, mut column) = a.column(j);
    let at = if uplo == Uplo::Upper { column.len() - 1 } else { 0 };
    let value = T::from_real(column.get(at).re());
    column.set(at, value);
}

pub(super) fn self_rank1<T: Scalar>(call: SelfRank1<'_, T>) {
    let SelfRank1 { hermitian, alpha, x, a } = call;
    if alpha == T::ZERO {
        return;
    }
    let (mut a, flipped) = turned_mut(a);
    // The transpose of x xᴴ is conj(x) xᵀ: the vector conjugated.
    let x: Vec<T> = x.to_vec().into_iter().map(|x| x.conj_if(hermitian && flipped)).collect();
    for j in 0..x.len() {
        add_to_column(&mut a, j, alpha * x[j].conj_if(hermitian), &x);
        if hermitian {
            make_diagonal_real(&mut a, j);
        }
    }
}

pub(super) fn self_rank2<T: Scalar>(call: SelfRank2<'_, T>) {
    let SelfRank2 { hermitian, alpha, x, y, a } = call;
    if alpha == T::ZERO {
        return;
    }
    let (mut a, flipped) = turned_mut(a);
    let turn = hermitian && flipped;
    let vector = |v: VecRef<'_, T>| v.to_vec().into_iter().map(|v| v.conj_if(turn)).collect::<Vec<T>>();
    let (x, y, alpha) = (vector(x), vector(y), alpha.conj_if(turn));
    for j in 0..x.len() {
        add_to_column(&mut a, j, alpha * y[j].conj_if(hermitian), &x);
        add_to_column(&mut a, j, alpha.conj_if(hermitian) * x[j].conj_if(hermitian), &y);
        if hermitian {
            make_diagonal_real(&mut a, j);
        }
    }
}
