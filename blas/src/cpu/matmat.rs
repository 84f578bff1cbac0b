//! Level 3 on this machine: everything is products of blocks.
//!
//! Owns the choice of who makes a product and the block algorithms of the other routines. Small products are [`super::small`]'s, all others [`super::blocked`]'s; on processors without kernels of
//! ours they are the `gemm` crate's, in tiles cut by sizes alone, so that results do not depend on the number of threads.

use verdigris_device::pool;

use super::blocked::{self, Keep};
use super::cblas;
use super::share;
use super::simd;
use super::small;
use super::solve;
use super::sys;
use super::vector;
use crate::error::Error;
use crate::level2::Gemv;
use crate::level3::{Gemm, Rank, RankK, SelfMm, TriMat};
use crate::operand::{Op, Side, Trans, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// A temporary matrix, column after column.
pub(crate) struct Temp<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
}

impl<T: Scalar> Temp<T> {
    pub(super) fn new(rows: usize, cols: usize) -> Temp<T> {
        Temp { data: vec![T::ZERO; rows * cols], rows, cols }
    }

    /// One that may be too large for the machine.
    pub(super) fn large(routine: &'static str, rows: usize, cols: usize) -> Result<Temp<T>, Error> {
        let bytes = rows.saturating_mul(cols).saturating_mul(size_of::<T>());
        let mut data = Vec::new();
        let len = rows.checked_mul(cols).ok_or(Error::OutOfMemory { routine, bytes })?;
        data.try_reserve_exact(len).map_err(|_| Error::OutOfMemory { routine, bytes })?;
        data.resize(len, T::ZERO);
        Ok(Temp { data, rows, cols })
    }

    pub(crate) fn view(&self) -> MatRef<'_, T> {
        MatRef::col_major(&self.data, self.rows, self.cols).expect("a temporary holds its own matrix")
    }

    pub(super) fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::col_major(&mut self.data, self.rows, self.cols).expect("a temporary holds its own matrix")
    }
}

/// `C ← βC`.
pub(super) fn scale<T: Scalar>(beta: T, mut c: MatMut<'_, T>) {
    if beta == T::ONE {
        return;
    }
    if c.rb().col_stride().abs() < c.rb().row_stride().abs() {
        c = c.transposed();
    }
    for j in 0..c.cols() {
        vector::scal(beta, c.rb_mut().col(j));
    }
}

/// Multiplications from which a product is shared over threads.
const SHARED: usize = 1 << 20;
/// Multiplications from which a product is split into tiles.
const TILED: usize = 1 << 20;
/// No tile is narrower: narrower ones are summed in another order by the `gemm` crate.
const NARROWEST: usize = 96;

/// The cuts of an `m` x `n` result into tiles of about `side` squared (0: as many as suit the work).
pub(super) fn grid(m: usize, n: usize, k: usize, side: usize) -> (Vec<usize>, Vec<usize>) {
    let work = m.saturating_mul(n).saturating_mul(k);
    if work < TILED {
        return (Vec::new(), Vec::new());
    }
    let along = |extent: usize, side: usize| (extent / side.max(NARROWEST)).max(1);
    let (rows, cols) = if side > 0 {
        (along(m, side), along(n, side))
    } else {
        // Two tiles at first, sixteen for large products, the longer side cut first.
        let tiles = (work / TILED).clamp(2, 16).next_power_of_two();
        let (mut rows, mut cols) = (1, 1);
        while rows * cols < tiles {
            let (height, width) = (m / rows, n / cols);
            if width >= height && width >= 2 * NARROWEST.min(64) {
                cols *= 2;
            } else if height >= 2 * NARROWEST.min(64) {
                rows *= 2;
            } else {
                break;
            }
        }
        (rows, cols)
    };
    (share::cuts(m, rows, 16), share::cuts(n, cols, 16))
}

/// `C ← α op(A) op(B) + βC`, on all threads.
pub(super) fn gemm<T: Scalar>(mut call: Gemm<'_, T>) -> Result<(), Error> {
    if cblas::is_wanted() && cblas::gemm(&mut call)? {
        return Ok(());
    }
    let Gemm { alpha, a, b, beta, c, tile } = call;
    product(alpha, a, b, beta, c, tile);
    Ok(())
}

/// `C ← αAB + βC`, on all threads.
pub(super) fn multiply<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: MatMut<'_, T>) {
    product(alpha, a, b, beta, c, 0);
}

/// `C ← αAB + βC`, on this thread.
pub(super) fn multiply_here<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    if c.rows() == 0 || c.cols() == 0 {
        return;
    }
    if alpha == T::ZERO || a.cols() == 0 {
        return scale(beta, c);
    }
    if !small::gemm(alpha, a, b, beta, &mut c) && blocked::gemm(alpha, a, b, beta, c.rb_mut(), Keep::All, (1, 0)).is_none() {
        sys::gemm_here(alpha, a, b, beta, c);
    }
}

fn product<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, mut c: MatMut<'_, T>, side: usize) {
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    let work = m.saturating_mul(n).saturating_mul(k);
    if work < TILED / 4 || alpha == T::ZERO {
        return multiply_here(alpha, a, b, beta, c);
    }
    // Products with one column or row are level 2's, which reads at the speed of memory.
    if n == 1 && !b.conj {
        return super::matvec::gemv(Gemv { alpha, a, x: b.mat.col(0), beta, y: c.col(0) });
    }
    if m == 1 && !a.conj {
        return super::matvec::gemv(Gemv { alpha, a: b.transposed(), x: a.mat.row(0), beta, y: c.transposed().col(0) });
    }
    if k >= 4096 && k >= 16 * m.max(n) {
        return deep(alpha, a, b, beta, c);
    }
    let threads = if work < SHARED { 1 } else { pool::threads() };
    if blocked::gemm(alpha, a, b, beta, c.rb_mut(), Keep::All, (threads, side)).is_some() {
        return;
    }
    let (rows, cols) = grid(m, n, k, side);
    let starts = |cuts: &[usize]| std::iter::once(0).chain(cuts.iter().copied()).collect::<Vec<_>>();
    let (top, left) = (starts(&rows), starts(&cols));
    share::each(c.tiles(&rows, &cols), |i, tile| {
        let (row, col) = (top[i % top.len()], left[i / top.len()]);
        multiply_here(alpha, a.part(row..row + tile.rows(), 0..k), b.part(0..k, col..col + tile.cols()), beta, tile);
    });
}

/// A product of long rows with long columns: eight sums over parts of them, added in order.
fn deep<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    let sums = share::map(k, k.div_ceil(8).next_multiple_of(64), true, |range| {
        let mut sum = Temp::new(m, n);
        multiply_here(alpha, a.part(0..m, range.clone()), b.part(range, 0..n), T::ZERO, sum.view_mut());
        sum
    });
    let total = |i: usize, j: usize| sums.iter().map(|sum| sum.view().get(i, j)).fold(T::ZERO, |a, b| a + b);
    if beta == T::ZERO {
        c.fill_with(total);
    } else {
        c.map(|i, j, old| beta * old + total(i, j));
    }
}

/// Three real products for a complex one.
pub(super) fn gemm3m<T: Scalar>(call: Gemm<'_, T>) -> Result<(), Error> {
    let (m, n, k) = (call.c.rows(), call.c.cols(), call.a.cols());
    if !T::COMPLEX || call.alpha == T::ZERO || m.min(n).min(k) < 64 {
        return gemm(call);
    }
    let Gemm { alpha, a, b, beta, mut c, .. } = call;
    let (one, zero) = (T::Real::ONE, T::Real::ZERO);
    let sum = |op: Op<'_, T>| -> Result<Temp<T::Real>, Error> {
        let mut sum = Temp::large("gemm3m", op.rows(), op.cols())?;
        sum.view_mut().fill_with(|i, j| {
            let value = op.get(i, j);
            value.re() + value.im()
        });
        Ok(sum)
    };
    let (sum_a, sum_b) = (sum(a)?, sum(b)?);
    let mut products = [Temp::large("gemm3m", m, n)?, Temp::large("gemm3m", m, n)?, Temp::large("gemm3m", m, n)?];
    // The sign of a conjugated imaginary part goes into the product's coefficient.
    let sign = if a.conj != b.conj { -one } else { one };
    multiply(one, sys::part_of(a.mat, false).n(), sys::part_of(b.mat, false).n(), zero, products[0].view_mut());
    multiply(sign, sys::part_of(a.mat, true).n(), sys::part_of(b.mat, true).n(), zero, products[1].view_mut());
    multiply(one, sum_a.view().n(), sum_b.view().n(), zero, products[2].view_mut());
    let [like, unlike, both] = [products[0].view(), products[1].view(), products[2].view()];
    let value = |i: usize, j: usize| {
        let (p, q) = (like.get(i, j), unlike.get(i, j));
        alpha * T::from_parts(p - q, both.get(i, j) - p - q)
    };
    if beta == T::ZERO {
        c.fill_with(value);
    } else {
        c.map(|i, j, old| beta * old + value(i, j));
    }
    Ok(())
}

/// Rows of a triangle that is made dense.
const LEAF: usize = 64;

fn half(n: usize) -> usize {
    (n / 2).next_multiple_of(16)
}

/// The whole of a matrix of which a triangle is stored.
fn dense<T: Scalar>(a: MatRef<'_, T>, uplo: Uplo, hermitian: bool) -> Temp<T> {
    let mut whole = Temp::new(a.rows(), a.cols());
    whole.view_mut().fill_with(|i, j| match (i == j, (i < j) == (uplo == Uplo::Upper)) {
        (true, _) if hermitian => T::from_real(a.get(i, i).re()),
        (true, _) | (false, true) => a.get(i, j),
        (false, false) => a.get(j, i).conj_if(hermitian),
    });
    whole
}

pub(super) fn self_mm<T: Scalar>(call: SelfMm<'_, T>) {
    let SelfMm { side, uplo, hermitian, alpha, a, b, beta, c } = call;
    if alpha == T::ZERO {
        return scale(beta, c);
    }
    match side {
        Side::Left => self_left(hermitian, uplo, alpha, a, b, beta, c),
        // (BA)ᵀ = AᵀBᵀ, and the transpose of A is symmetric or Hermitian as A is.
        Side::Right => self_left(hermitian, uplo.flipped(), alpha, a.transposed(), b.transposed(), beta, c.transposed()),
    }
}

fn self_left<'a, T: Scalar>(hermitian: bool, uplo: Uplo, alpha: T, a: MatRef<'a, T>, b: MatRef<'_, T>, beta: T, c: MatMut<'_, T>) {
    let (n, cols) = (a.rows(), b.cols());
    if n <= 2 * LEAF {
        return multiply(alpha, dense(a, uplo, hermitian).view().n(), b.n(), beta, c);
    }
    let h = half(n);
    let (mut above, mut below) = c.split_rows(h);
    let (b1, b2) = (b.part(0..h, 0..cols), b.part(h..n, 0..cols));
    self_left(hermitian, uplo, alpha, a.part(0..h, 0..h), b1, beta, above.rb_mut());
    self_left(hermitian, uplo, alpha, a.part(h..n, h..n), b2, beta, below.rb_mut());
    let turn = |op: Op<'a, T>| if hermitian { op.adjoint() } else { op.transposed() };
    let (right, left) = match uplo {
        Uplo::Upper => (a.part(0..h, h..n).n(), turn(a.part(0..h, h..n).n())),
        Uplo::Lower => (turn(a.part(h..n, 0..h).n()), a.part(h..n, 0..h).n()),
    };
    multiply(alpha, right, b2.n(), T::ONE, above);
    multiply(alpha, left, b1.n(), T::ONE, below);
}

pub(super) fn rank_k<T: Scalar>(mut call: RankK<'_, T>) -> Result<(), Error> {
    if cblas::is_wanted() && cblas::rank_k(&mut call)? {
        return Ok(());
    }
    let RankK { uplo, hermitian, alpha, a, b, beta, mut c, kind } = call;
    let n = c.rows();
    let update = Update { uplo, hermitian, alpha, beta, kind };
    if n == 0 || ((alpha == T::ZERO || a.cols() == 0) && beta == T::ONE) {
        return Ok(());
    }
    if alpha != T::ZERO && a.cols() > 0 {
        match update.at_once(a, b, c) {
            None => return Ok(()),
            Some(given_back) => c = given_back,
        }
    }
    let side = if n <= 512 { (n / 4).max(LEAF) } else { (n / 8).clamp(192, 384) };
    let cuts = share::cuts(n, n / side, 16);
    let starts: Vec<usize> = std::iter::once(0).chain(cuts.iter().copied()).collect();
    let blocks = starts.len();
    let tiles = c.tiles(&cuts, &cuts).into_iter().enumerate();
    let wanted: Vec<_> = tiles.filter(|(i, _)| update.holds(i % blocks, i / blocks)).collect();
    let run = |(i, tile): (usize, MatMut<'_, T>)| {
        let (row, col) = (starts[i % blocks], starts[i / blocks]);
        update.tile((a, b), (row, col), tile);
    };
    if n.saturating_mul(n).saturating_mul(a.cols()) < TILED {
        wanted.into_iter().for_each(run);
    } else {
        share::each(wanted, |_, tile| run(tile));
    }
    Ok(())
}

/// What a rank update does to each tile.
#[derive(Clone, Copy)]
struct Update<T> {
    uplo: Uplo,
    hermitian: bool,
    alpha: T,
    beta: T,
    kind: Rank,
}

impl<T: Scalar> Update<T> {
    /// Whether the tile in that block row and column has a part in the triangle.
    fn holds(&self, row: usize, col: usize) -> bool {
        row == col || (row < col) == (self.uplo == Uplo::Upper)
    }

    fn turn<'a>(&self, op: Op<'a, T>) -> Op<'a, T> {
        if self.hermitian { op.adjoint() } else { op.transposed() }
    }

    /// The whole triangle as one product, on all threads; C, as it was, if this processor cannot.
    fn at_once<'c>(&self, a: Op<'_, T>, b: Op<'_, T>, mut c: MatMut<'c, T>) -> Option<MatMut<'c, T>> {
        let (n, keep) = (c.rows(), Keep::Triangle(self.uplo));
        let threads = if n.saturating_mul(n).saturating_mul(a.cols()) / 2 < SHARED { 1 } else { pool::threads() };
        if blocked::gemm(self.alpha, a, self.turn(b), self.beta, c.rb_mut(), keep, (threads, 0)).is_none() {
            return Some(c);
        }
        if self.kind == Rank::TwoK {
            let alpha = self.alpha.conj_if(self.hermitian);
            if blocked::gemm(alpha, b, self.turn(a), T::ONE, c.rb_mut(), keep, (threads, 0)).is_none() {
                // No memory now, where there was some a moment ago: tile by tile.
                let (cols, uplo) = (a.cols(), self.uplo);
                for j in 0..n {
                    let rows = if uplo == Uplo::Upper { 0..j + 1 } else { j..n };
                    let column = c.rb_mut().part(rows.clone(), j..j + 1);
                    sys::gemm_here(alpha, b.part(rows, 0..cols), self.turn(a.part(j..j + 1, 0..cols)), T::ONE, column);
                }
            }
        }
        if self.hermitian {
            for j in 0..n {
                let value = T::from_real(c.get(j, j).re());
                c.set(j, j, value);
            }
        }
        None
    }

    /// `C ← α A Bᵀ (+ α B Aᵀ) + βC` for a tile beside the diagonal.
    fn whole(&self, (a, b): (Op<'_, T>, Op<'_, T>), (row, col): (usize, usize), beta: T, mut c: MatMut<'_, T>) {
        let k = a.cols();
        let (rows, cols) = (row..row + c.rows(), col..col + c.cols());
        multiply_here(self.alpha, a.part(rows.clone(), 0..k), self.turn(b.part(cols.clone(), 0..k)), beta, c.rb_mut());
        if self.kind == Rank::TwoK {
            multiply_here(self.alpha.conj_if(self.hermitian), b.part(rows, 0..k), self.turn(a.part(cols, 0..k)), T::ONE, c);
        }
    }

    /// The tile at that place of C; on the diagonal only its triangle.
    fn tile(&self, operands: (Op<'_, T>, Op<'_, T>), (row, col): (usize, usize), mut c: MatMut<'_, T>) {
        if row != col {
            return self.whole(operands, (row, col), self.beta, c);
        }
        let n = c.rows();
        if n > LEAF {
            let h = half(n);
            let mut quarters = c.tiles(&[h], &[h]).into_iter();
            let (Some(first), Some(lower), Some(upper), Some(last)) = (quarters.next(), quarters.next(), quarters.next(), quarters.next()) else {
                return;
            };
            self.tile(operands, (row, col), first);
            self.tile(operands, (row + h, col + h), last);
            return match self.uplo {
                Uplo::Upper => self.whole(operands, (row, col + h), self.beta, upper),
                Uplo::Lower => self.whole(operands, (row + h, col), self.beta, lower),
            };
        }
        let mut product = Temp::new(n, n);
        self.whole(operands, (row, col), T::ZERO, product.view_mut());
        let product = product.view();
        for j in 0..n {
            let rows = if self.uplo == Uplo::Upper { 0..j + 1 } else { j..n };
            let mut column = c.rb_mut().col(j).part(rows.clone());
            let new = |i: usize| product.get(rows.start + i, j);
            if self.beta == T::ZERO {
                column.fill_with(new);
            } else {
                column.map(|i, old| self.beta * old + new(i));
            }
            if self.hermitian {
                let diagonal = j - rows.start;
                let value = T::from_real(column.get(diagonal).re());
                column.set(diagonal, value);
            }
        }
    }
}

/// A triangular operand as it multiplies from the left.
#[derive(Clone, Copy)]
pub(super) struct Triangle<'a, T> {
    op: Op<'a, T>,
    uplo: Uplo,
    unit: bool,
}

impl<'a, T: Scalar> Triangle<'a, T> {
    pub(super) fn new(a: MatRef<'a, T>, uplo: Uplo, trans: Trans, unit: bool) -> Triangle<'a, T> {
        Triangle { op: a.op(trans), uplo: if trans == Trans::No { uplo } else { uplo.flipped() }, unit }
    }

    pub(super) fn transposed(self) -> Triangle<'a, T> {
        Triangle { op: self.op.transposed(), uplo: self.uplo.flipped(), unit: self.unit }
    }

    fn n(&self) -> usize {
        self.op.rows()
    }

    /// The triangles at the ends of the diagonal and the block beside it.
    fn split(self, h: usize) -> (Triangle<'a, T>, Op<'a, T>, Triangle<'a, T>) {
        let n = self.n();
        let part = |range: std::ops::Range<usize>| Triangle { op: self.op.part(range.clone(), range), ..self };
        let beside = match self.uplo {
            Uplo::Upper => self.op.part(0..h, h..n),
            Uplo::Lower => self.op.part(h..n, 0..h),
        };
        (part(0..h), beside, part(h..n))
    }
}

/// The call as a triangle at the left, if there is anything left to do.
fn from_left<T: Scalar>(call: TriMat<'_, T>) -> Option<(Triangle<'_, T>, T, MatMut<'_, T>)> {
    let TriMat { side, uplo, trans, unit, alpha, a, b } = call;
    if alpha == T::ZERO {
        scale(alpha, b);
        return None;
    }
    let triangle = Triangle::new(a, uplo, trans, unit);
    if triangle.n() == 0 {
        return None;
    }
    Some(if side == Side::Left { (triangle, alpha, b) } else { (triangle.transposed(), alpha, b.transposed()) })
}

/// Runs `f` on bands of columns of B, over threads where that pays. Each band reads all of the triangle, so there are no more than threads; where a column's result might depend on the band
/// that it is in, they are cut by sizes alone.
fn by_bands<T: Scalar>(n: usize, b: MatMut<'_, T>, f: impl Fn(MatMut<'_, T>) + Sync) {
    let work = n.saturating_mul(n).saturating_mul(b.cols());
    let (most, grain) = if blocked::is_here::<T>() { (pool::threads(), 16) } else { (8, 48) };
    let bands = if work < TILED { 1 } else { (b.cols() / 48).clamp(1, most) };
    let cuts = share::cuts(b.cols(), bands, grain);
    share::each(b.tiles(&[], &cuts), |_, band| f(band));
}

pub(super) fn tri_mm<T: Scalar>(call: TriMat<'_, T>) {
    if let Some((triangle, alpha, b)) = from_left(call) {
        by_bands(triangle.n(), b, |band| tri_times(triangle, alpha, band));
    }
}

fn tri_times<T: Scalar>(t: Triangle<'_, T>, alpha: T, mut b: MatMut<'_, T>) {
    let n = t.n();
    if n <= LEAF {
        let mut whole = Temp::new(n, n);
        whole.view_mut().fill_with(|i, j| match (i == j, (i < j) == (t.uplo == Uplo::Upper)) {
            (true, _) if t.unit => T::ONE,
            (true, _) | (false, true) => t.op.get(i, j),
            (false, false) => T::ZERO,
        });
        let mut old = Temp::new(n, b.cols());
        old.view_mut().fill_with(|i, j| b.get(i, j));
        return multiply_here(alpha, whole.view().n(), old.view().n(), T::ZERO, b.rb_mut());
    }
    let h = half(n);
    let (first, beside, last) = t.split(h);
    let (mut above, mut below) = b.split_rows(h);
    match t.uplo {
        Uplo::Upper => {
            tri_times(first, alpha, above.rb_mut());
            multiply_here(alpha, beside, below.rb().n(), T::ONE, above);
            tri_times(last, alpha, below);
        }
        Uplo::Lower => {
            tri_times(last, alpha, below.rb_mut());
            multiply_here(alpha, beside, above.rb().n(), T::ONE, below);
            tri_times(first, alpha, above);
        }
    }
}

pub(super) fn tri_sm<T: Scalar>(mut call: TriMat<'_, T>) -> Result<(), Error> {
    if cblas::is_wanted() && cblas::tri_sm(&mut call)? {
        return Ok(());
    }
    if let Some((triangle, alpha, b)) = from_left(call) {
        by_bands(triangle.n(), b, |band| tri_solve(triangle, alpha, band));
    }
    Ok(())
}

/// Rows of a triangle that is solved by substitution.
const SUBSTITUTED: usize = 32;
/// Columns that a substitution takes at a time.
const ABREAST: usize = 64;

/// `B ← αT⁻¹B`, on this thread. α is not 0.
pub(super) fn tri_solve<T: Scalar>(t: Triangle<'_, T>, alpha: T, mut b: MatMut<'_, T>) {
    let n = t.n();
    if solve::solve(t.op, t.uplo == Uplo::Lower, t.unit, alpha, &mut b) {
        return;
    }
    if n <= SUBSTITUTED {
        scale(alpha, b.rb_mut());
        let (rows, mut from) = (b.rows(), 0);
        while from < b.cols() {
            let width = ABREAST.min(b.cols() - from);
            substitute(t, b.rb_mut().part(0..rows, from..from + width));
            from += width;
        }
        return;
    }
    let h = half(n);
    let (first, beside, last) = t.split(h);
    let (mut above, mut below) = b.split_rows(h);
    match t.uplo {
        Uplo::Upper => {
            tri_solve(last, alpha, below.rb_mut());
            multiply_here(-T::ONE, beside, below.rb().n(), alpha, above.rb_mut());
            tri_solve(first, T::ONE, above);
        }
        Uplo::Lower => {
            tri_solve(first, alpha, above.rb_mut());
            multiply_here(-T::ONE, beside, above.rb().n(), alpha, below.rb_mut());
            tri_solve(last, T::ONE, below);
        }
    }
}

/// Substitution on rows of B, one after the other in a buffer.
fn substitute<T: Scalar>(t: Triangle<'_, T>, mut b: MatMut<'_, T>) {
    let (n, width) = (t.n(), b.cols());
    let mut rows = vec![T::ZERO; n * width];
    // Rows in the order of their solution, so that those known stand before.
    let row = |step: usize| if t.uplo == Uplo::Lower { step } else { n - 1 - step };
    for j in 0..width {
        let column = b.rb().col(j).to_vec();
        (0..n).for_each(|step| rows[step * width + j] = column[row(step)]);
    }
    for step in 0..n {
        let (known, open) = rows.split_at_mut(step * width);
        let here = &mut open[..width];
        let factor = |p: usize| -t.op.get(row(step), row(p));
        let strip = |p: usize| &known[p * width..(p + 1) * width];
        let fours = step / 4 * 4;
        for p in (0..fours).step_by(4) {
            let four = [p, p + 1, p + 2, p + 3];
            simd::axpy4(four.map(factor), four.map(strip), false, here);
        }
        (fours..step).for_each(|p| simd::axpy(factor(p), strip(p), false, here));
        if !t.unit {
            let diagonal = t.op.get(row(step), row(step));
            here.iter_mut().for_each(|x| *x = x.over(diagonal));
        }
    }
    for j in 0..width {
        b.rb_mut().col(j).fill_with(|i| rows[row(i) * width + j]);
    }
}
