//! cuBLAS's extensions: sums and scalings of matrices, triangles packed and unpacked.
//!
//! Owns the checked calls and the free functions over them.

use crate::backend::Backend;
use crate::check::Judge;
use crate::error::Error;
use crate::operand::{Op, Side, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef, VecMut, VecRef};

/// `C ← α op(A) + β op(B)`.
pub struct Geam<'a, T> {
    pub(crate) alpha: T,
    pub(crate) a: Op<'a, T>,
    pub(crate) beta: T,
    pub(crate) b: Op<'a, T>,
    pub(crate) c: MatMut<'a, T>,
}

/// `C ← diag(x) A` or `C ← A diag(x)`.
pub struct Dgmm<'a, T> {
    pub(crate) side: Side,
    pub(crate) a: MatRef<'a, T>,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) c: MatMut<'a, T>,
}

/// A triangle of `a`, column after column, to `ap`.
pub struct Pack<'a, T> {
    pub(crate) uplo: Uplo,
    pub(crate) a: MatRef<'a, T>,
    pub(crate) ap: VecMut<'a, T>,
}

/// `ap` to a triangle of `a`.
pub struct Unpack<'a, T> {
    pub(crate) uplo: Uplo,
    pub(crate) ap: VecRef<'a, T>,
    pub(crate) a: MatMut<'a, T>,
}

/// `C ← α op(A) + β op(B)`. With α or β = 0 that matrix is not read.
///
/// # Errors
/// Shapes do not fit, or C shares memory with A or B; the backend's.
pub fn geam<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    alpha: T,
    a: impl Into<Op<'a, T>>,
    beta: T,
    b: impl Into<Op<'a, T>>,
    c: MatMut<'a, T>,
) -> Result<(), Error> {
    let (a, b, judge) = (a.into(), b.into(), Judge("geam"));
    judge.shape("b", b.mat.shape(), a.mat.shape())?;
    judge.shape("c", c.shape(), a.mat.shape())?;
    judge.apart("c", &c.rb().place(), &[("a", a.mat.place()), ("b", b.mat.place())])?;
    on.geam(Geam { alpha, a, beta, b, c })
}

/// `C ← diag(x) A` (left) or `C ← A diag(x)` (right).
///
/// # Errors
/// Shapes do not fit, or C shares memory with A or x; the backend's.
pub fn dgmm<T: Scalar>(on: &(impl Backend<T> + ?Sized), side: Side, a: MatRef<'_, T>, x: VecRef<'_, T>, c: MatMut<'_, T>) -> Result<(), Error> {
    let judge = Judge("dgmm");
    judge.len("x", x.len(), if side == Side::Left { a.rows() } else { a.cols() })?;
    judge.shape("c", c.shape(), a.shape())?;
    judge.apart("c", &c.rb().place(), &[("a", a.place()), ("x", x.place())])?;
    on.dgmm(Dgmm { side, a, x, c })
}

/// Packs a triangle of A.
///
/// # Errors
/// Shapes do not fit, or the operands share memory; the backend's.
pub fn trttp<T: Scalar>(on: &(impl Backend<T> + ?Sized), uplo: Uplo, a: MatRef<'_, T>, ap: VecMut<'_, T>) -> Result<(), Error> {
    let judge = Judge("trttp");
    let n = judge.square("a", a.shape())?;
    judge.packed(ap.len(), n)?;
    judge.apart("ap", &ap.rb().place(), &[("a", a.place())])?;
    on.pack(Pack { uplo, a, ap })
}

/// Unpacks a triangle into A; the other triangle is not touched.
///
/// # Errors
/// Shapes do not fit, or the operands share memory; the backend's.
pub fn tpttr<T: Scalar>(on: &(impl Backend<T> + ?Sized), uplo: Uplo, ap: VecRef<'_, T>, a: MatMut<'_, T>) -> Result<(), Error> {
    let judge = Judge("tpttr");
    let n = judge.square("a", a.shape())?;
    judge.packed(ap.len(), n)?;
    judge.apart("a", &a.rb().place(), &[("ap", ap.place())])?;
    on.unpack(Unpack { uplo, ap, a })
}
