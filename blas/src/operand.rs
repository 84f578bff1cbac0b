//! Matrices as BLAS's routines take them: transposed, stored by a triangle, a band, or packed.
//!
//! Owns the flags and what they say of where an element lies. A stored matrix is read column by column: [`Stored::column`] is the one place that knows the three
//! forms. Knows no routine.

use std::ops::Range;

use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef, VecMut, VecRef};

/// What stands for the matrix: itself, its transpose, or its conjugate transpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trans {
    /// Itself.
    No,
    /// Its transpose.
    Yes,
    /// Its conjugate transpose.
    Conj,
}

/// Which triangle is read or written; the other is not touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uplo {
    /// The upper.
    Upper,
    /// The lower.
    Lower,
}

/// On which side of the other operand the special matrix stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// Whether a triangular matrix has ones on its diagonal, which is then not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diag {
    /// The diagonal is as stored.
    NonUnit,
    /// The diagonal is ones.
    Unit,
}

impl Uplo {
    /// The other triangle.
    pub fn flipped(self) -> Uplo {
        match self {
            Uplo::Upper => Uplo::Lower,
            Uplo::Lower => Uplo::Upper,
        }
    }
}

/// A matrix, perhaps transposed (a view is), perhaps conjugated.
#[derive(Clone, Copy, Debug)]
pub struct Op<'a, T> {
    pub(crate) mat: MatRef<'a, T>,
    pub(crate) conj: bool,
}

impl<'a, T: Scalar> MatRef<'a, T> {
    /// The matrix itself as an operand.
    pub fn n(self) -> Op<'a, T> {
        Op { mat: self, conj: false }
    }

    /// Its transpose as an operand.
    pub fn t(self) -> Op<'a, T> {
        Op { mat: self.transposed(), conj: false }
    }

    /// Its conjugate transpose as an operand.
    pub fn c(self) -> Op<'a, T> {
        Op { mat: self.transposed(), conj: T::COMPLEX }
    }

    /// What a flag says.
    pub fn op(self, trans: Trans) -> Op<'a, T> {
        match trans {
            Trans::No => self.n(),
            Trans::Yes => self.t(),
            Trans::Conj => self.c(),
        }
    }
}

impl<'a, T: Scalar> From<MatRef<'a, T>> for Op<'a, T> {
    fn from(mat: MatRef<'a, T>) -> Self {
        mat.n()
    }
}

impl<'a, T: Scalar> Op<'a, T> {
    /// The transpose of this operand.
    pub fn transposed(self) -> Op<'a, T> {
        Op { mat: self.mat.transposed(), conj: self.conj }
    }

    /// The conjugate transpose of this operand.
    pub fn adjoint(self) -> Op<'a, T> {
        Op { mat: self.mat.transposed(), conj: T::COMPLEX && !self.conj }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.mat.rows()
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.mat.cols()
    }

    /// An element.
    ///
    /// # Panics
    /// There is none.
    pub fn get(&self, row: usize, col: usize) -> T {
        self.mat.get(row, col).conj_if(self.conj)
    }

    pub(crate) fn part(self, rows: Range<usize>, cols: Range<usize>) -> Op<'a, T> {
        Op { mat: self.mat.part(rows, cols), conj: self.conj }
    }
}

/// How the stored triangle lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a, T> {
    /// As a matrix, of which one triangle is read.
    Full(MatRef<'a, T>),
    /// `k` off-diagonals as rows of a matrix: element (i, j) in row `k + i - j` if upper, `i - j` if lower.
    Band(MatRef<'a, T>, usize),
    /// The triangle's columns one after the other.
    Packed(VecRef<'a, T>, usize),
}

/// A square matrix of which one triangle is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a, T> {
    pub(crate) form: Form<'a, T>,
    pub(crate) uplo: Uplo,
}

impl<'a, T: Scalar> Stored<'a, T> {
    /// Number of rows, which is that of columns.
    pub fn n(&self) -> usize {
        match self.form {
            Form::Full(a) | Form::Band(a, _) => a.cols(),
            Form::Packed(_, n) => n,
        }
    }

    /// The stored part of column `j`, and the row it begins at. It ends on the diagonal if upper, begins there if lower.
    pub(crate) fn column(&self, j: usize) -> (usize, VecRef<'a, T>) {
        let n = self.n();
        match (self.form, self.uplo) {
            (Form::Full(a), Uplo::Upper) => (0, a.col(j).part(0..j + 1)),
            (Form::Full(a), Uplo::Lower) => (j, a.col(j).part(j..n)),
            (Form::Band(a, k), Uplo::Upper) => (j.saturating_sub(k), a.col(j).part(k.saturating_sub(j)..k + 1)),
            (Form::Band(a, k), Uplo::Lower) => (j, a.col(j).part(0..(k + 1).min(n - j))),
            (Form::Packed(a, _), Uplo::Upper) => (0, a.part(j * (j + 1) / 2..(j + 1) * (j + 2) / 2)),
            (Form::Packed(a, _), Uplo::Lower) => (j, a.part(packed_start(n, j)..packed_start(n, j + 1))),
        }
    }

    /// The triangle the other way round: the same numbers as the other triangle of the transpose. Only a full matrix has that at no cost.
    pub(crate) fn flipped(self) -> Option<Stored<'a, T>> {
        match self.form {
            Form::Full(a) => Some(Stored { form: Form::Full(a.transposed()), uplo: self.uplo.flipped() }),
            Form::Band(..) | Form::Packed(..) => None,
        }
    }
}

/// Where column `j` of a packed lower triangle begins.
pub(crate) fn packed_start(n: usize, j: usize) -> usize {
    // j * n - j (j - 1) / 2, written so that nothing goes below zero.
    j * (2 * n + 1 - j) / 2
}

/// Elements of a packed triangle; more than there are addresses if that does not fit.
pub(crate) fn packed_len(n: usize) -> usize {
    n.checked_add(1).and_then(|m| n.checked_mul(m)).map_or(usize::MAX, |twice| twice / 2)
}

/// As [`Stored`], to write.
#[derive(Debug)]
pub(crate) enum FormMut<'a, T> {
    Full(MatMut<'a, T>),
    Packed(VecMut<'a, T>, usize),
}

/// A square matrix of which one triangle is stored, to write.
#[derive(Debug)]
pub struct StoredMut<'a, T> {
    pub(crate) form: FormMut<'a, T>,
    pub(crate) uplo: Uplo,
}

impl<T: Scalar> StoredMut<'_, T> {
    /// Number of rows, which is that of columns.
    pub fn n(&self) -> usize {
        match &self.form {
            FormMut::Full(a) => a.cols(),
            FormMut::Packed(_, n) => *n,
        }
    }

    /// As [`Stored::column`].
    pub(crate) fn column(&mut self, j: usize) -> (usize, VecMut<'_, T>) {
        let n = self.n();
        match (&mut self.form, self.uplo) {
            (FormMut::Full(a), Uplo::Upper) => (0, a.rb_mut().col(j).part(0..j + 1)),
            (FormMut::Full(a), Uplo::Lower) => (j, a.rb_mut().col(j).part(j..n)),
            (FormMut::Packed(a, _), Uplo::Upper) => (0, a.rb_mut().part(j * (j + 1) / 2..(j + 1) * (j + 2) / 2)),
            (FormMut::Packed(a, _), Uplo::Lower) => (j, a.rb_mut().part(packed_start(n, j)..packed_start(n, j + 1))),
        }
    }
}
