//! Level 3: matrices.
//!
//! Owns the checked calls and the free functions over them. Outputs share no memory with inputs; where β = 0 the old output is not read; the triangle that a routine does
//! not name is neither read nor written.

use crate::backend::Backend;
use crate::check::Judge;
use crate::error::Error;
use crate::operand::{Diag, Op, Side, Trans, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// `C ← α op(A) op(B) + βC`.
pub struct Gemm<'a, T> {
    pub(crate) alpha: T,
    pub(crate) a: Op<'a, T>,
    pub(crate) b: Op<'a, T>,
    pub(crate) beta: T,
    pub(crate) c: MatMut<'a, T>,
    /// Side of the tiles in which a CPU may take it; 0 for its own choice.
    pub(crate) tile: usize,
}

/// `C ← αAB + βC` or `C ← αBA + βC`, A symmetric or Hermitian.
pub struct SelfMm<'a, T> {
    pub(crate) side: Side,
    pub(crate) uplo: Uplo,
    pub(crate) hermitian: bool,
    pub(crate) alpha: T,
    pub(crate) a: MatRef<'a, T>,
    pub(crate) b: MatRef<'a, T>,
    pub(crate) beta: T,
    pub(crate) c: MatMut<'a, T>,
}

/// `C ← α op(A) op(B)ᵀ + βC` (or ᴴ), one triangle; with B = A the rank-k update.
pub struct RankK<'a, T> {
    pub(crate) uplo: Uplo,
    pub(crate) hermitian: bool,
    pub(crate) alpha: T,
    pub(crate) a: Op<'a, T>,
    pub(crate) b: Op<'a, T>,
    pub(crate) beta: T,
    pub(crate) c: MatMut<'a, T>,
    /// Which of the routines it is, for backends that have one for each.
    pub(crate) kind: Rank,
}

/// The rank updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// `syrk`, `herk`: B is A.
    K,
    /// `syr2k`, `her2k`: the other product is added.
    TwoK,
    /// `syrkx`, `herkx`: the caller says that the product is symmetric.
    Kx,
}

/// `B ← α op(A) B` or `B ← αB op(A)`, or with the inverse; A triangular.
pub struct TriMat<'a, T> {
    pub(crate) side: Side,
    pub(crate) uplo: Uplo,
    pub(crate) trans: Trans,
    pub(crate) unit: bool,
    pub(crate) alpha: T,
    pub(crate) a: MatRef<'a, T>,
    pub(crate) b: MatMut<'a, T>,
}

impl<'a, T: Scalar> Gemm<'a, T> {
    /// # Errors
    /// Shapes do not fit, or C shares memory with A or B.
    pub fn new(alpha: T, a: Op<'a, T>, b: Op<'a, T>, beta: T, c: MatMut<'a, T>) -> Result<Self, Error> {
        Gemm::judged("gemm", alpha, a, b, beta, c)
    }

    #[inline]
    pub(crate) fn judged(routine: &'static str, alpha: T, a: Op<'a, T>, b: Op<'a, T>, beta: T, c: MatMut<'a, T>) -> Result<Self, Error> {
        let judge = Judge(routine);
        judge.shape("b", b.mat.shape(), (a.cols(), b.cols()))?;
        judge.shape("c", c.shape(), (a.rows(), b.cols()))?;
        judge.apart("c", &c.rb().place(), &[("a", a.mat.place()), ("b", b.mat.place())])?;
        Ok(Gemm { alpha, a, b, beta, c, tile: 0 })
    }

    /// A hint for backends that work in tiles: about `side` squared, or their own choice if that is 0. It never changes the result.
    pub fn tiled(self, side: usize) -> Self {
        Gemm { tile: side, ..self }
    }
}

impl<'a, T: Scalar> SelfMm<'a, T> {
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    fn new(hermitian: bool, side: Side, uplo: Uplo, alpha: T, a: MatRef<'a, T>, b: MatRef<'a, T>, beta: T, c: MatMut<'a, T>) -> Result<Self, Error> {
        let judge = Judge(if hermitian { "hemm" } else { "symm" });
        let n = judge.square("a", a.shape())?;
        judge.shape("b", b.shape(), if side == Side::Left { (n, b.cols()) } else { (b.rows(), n) })?;
        judge.shape("c", c.shape(), b.shape())?;
        judge.apart("c", &c.rb().place(), &[("a", a.place()), ("b", b.place())])?;
        Ok(SelfMm { side, uplo, hermitian: hermitian && T::COMPLEX, alpha, a, b, beta, c })
    }
}

impl<'a, T: Scalar> RankK<'a, T> {
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    fn new(
        routine: &'static str,
        kind: Rank,
        hermitian: bool,
        uplo: Uplo,
        trans: Trans,
        alpha: T,
        a: MatRef<'a, T>,
        b: MatRef<'a, T>,
        beta: T,
        c: MatMut<'a, T>,
    ) -> Result<Self, Error> {
        let judge = Judge(routine);
        // The conjugate transpose of a symmetric update, and the plain one of a Hermitian, are no BLAS.
        if T::COMPLEX && hermitian && trans == Trans::Yes {
            return judge.value("trans", "T", "N or C for a Hermitian update");
        }
        if T::COMPLEX && !hermitian && trans == Trans::Conj {
            return judge.value("trans", "C", "N or T for a symmetric update");
        }
        let (oa, ob) = (a.op(trans), b.op(trans));
        judge.shape("b", b.shape(), a.shape())?;
        judge.shape("c", c.shape(), (oa.rows(), oa.rows()))?;
        let mut inputs = vec![("a", a.place())];
        if kind != Rank::K {
            inputs.push(("b", b.place()));
        }
        judge.apart("c", &c.rb().place(), &inputs)?;
        Ok(RankK { uplo, hermitian: hermitian && T::COMPLEX, alpha, a: oa, b: ob, beta, c, kind })
    }
}

impl<'a, T: Scalar> TriMat<'a, T> {
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    pub(crate) fn new(
        routine: &'static str,
        side: Side,
        uplo: Uplo,
        trans: Trans,
        diag: Diag,
        alpha: T,
        a: MatRef<'a, T>,
        b: MatMut<'a, T>,
    ) -> Result<Self, Error> {
        let judge = Judge(routine);
        let n = judge.square("a", a.shape())?;
        judge.shape("b", b.shape(), if side == Side::Left { (n, b.cols()) } else { (b.rows(), n) })?;
        judge.apart("b", &b.rb().place(), &[("a", a.place())])?;
        Ok(TriMat { side, uplo, trans, unit: diag == Diag::Unit, alpha, a, b })
    }
}

/// `C ← α op(A) op(B) + βC`: `gemm(&Cpu, 1.0, a.t(), b.n(), 0.0, c)`.
///
/// # Errors
/// As [`Gemm::new`], and the backend's.
pub fn gemm<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    alpha: T,
    a: impl Into<Op<'a, T>>,
    b: impl Into<Op<'a, T>>,
    beta: T,
    c: MatMut<'a, T>,
) -> Result<(), Error> {
    on.gemm(Gemm::new(alpha, a.into(), b.into(), beta, c)?)
}

/// As [`gemm`]; a backend may take three real products for a complex one, which is faster and exact normwise only.
///
/// # Errors
/// As [`Gemm::new`], and the backend's.
pub fn gemm3m<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    alpha: T,
    a: impl Into<Op<'a, T>>,
    b: impl Into<Op<'a, T>>,
    beta: T,
    c: MatMut<'a, T>,
) -> Result<(), Error> {
    on.gemm3m(Gemm::judged("gemm3m", alpha, a.into(), b.into(), beta, c)?)
}

/// `C ← αAB + βC` (left) or `C ← αBA + βC` (right), A symmetric.
///
/// # Errors
/// Shapes do not fit, or C shares memory with A or B; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn symm<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    side: Side,
    uplo: Uplo,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.self_mm(SelfMm::new(false, side, uplo, alpha, a, b, beta, c)?)
}

/// `C ← αAB + βC` (left) or `C ← αBA + βC` (right), A Hermitian; imaginary parts on its diagonal are not read.
///
/// # Errors
/// Shapes do not fit, or C shares memory with A or B; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn hemm<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    side: Side,
    uplo: Uplo,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.self_mm(SelfMm::new(true, side, uplo, alpha, a, b, beta, c)?)
}

/// `C ← α op(A) op(A)ᵀ + βC`, one triangle.
///
/// # Errors
/// Shapes do not fit, C shares memory with A, or a conjugate transpose is asked for; the backend's.
pub fn syrk<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T,
    a: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("syrk", Rank::K, false, uplo, trans, alpha, a, a, beta, c)?)
}

/// `C ← α op(A) op(A)ᴴ + βC`, one triangle; the diagonal becomes real.
///
/// # Errors
/// Shapes do not fit, C shares memory with A, or a plain transpose of complex numbers is asked for; the backend's.
pub fn herk<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T::Real,
    a: MatRef<'_, T>,
    beta: T::Real,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("herk", Rank::K, true, uplo, trans, T::from_real(alpha), a, a, T::from_real(beta), c)?)
}

/// `C ← α op(A) op(B)ᵀ + α op(B) op(A)ᵀ + βC`, one triangle.
///
/// # Errors
/// As [`syrk`], with B too.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn syr2k<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("syr2k", Rank::TwoK, false, uplo, trans, alpha, a, b, beta, c)?)
}

/// `C ← α op(A) op(B)ᴴ + conj(α) op(B) op(A)ᴴ + βC`, one triangle; the diagonal becomes real.
///
/// # Errors
/// As [`herk`], with B too.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn her2k<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T::Real,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("her2k", Rank::TwoK, true, uplo, trans, alpha, a, b, T::from_real(beta), c)?)
}

/// `C ← α op(A) op(B)ᵀ + βC`, one triangle of a product that the caller knows to be symmetric.
///
/// # Errors
/// As [`syrk`], with B too.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn syrkx<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("syrkx", Rank::Kx, false, uplo, trans, alpha, a, b, beta, c)?)
}

/// `C ← α op(A) op(B)ᴴ + βC`, one triangle of a product that the caller knows to be Hermitian; the diagonal becomes real.
///
/// # Errors
/// As [`herk`], with B too.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn herkx<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    uplo: Uplo,
    trans: Trans,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T::Real,
    c: MatMut<'_, T>,
) -> Result<(), Error> {
    on.rank_k(RankK::new("herkx", Rank::Kx, true, uplo, trans, alpha, a, b, T::from_real(beta), c)?)
}

/// `B ← α op(A) B` (left) or `B ← αB op(A)` (right), A triangular. For cuBLAS's form with a third matrix, copy first.
///
/// # Errors
/// Shapes do not fit, or B shares memory with A; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn trmm<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    side: Side,
    uplo: Uplo,
    trans: Trans,
    diag: Diag,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatMut<'_, T>,
) -> Result<(), Error> {
    on.tri_mm(TriMat::new("trmm", side, uplo, trans, diag, alpha, a, b)?)
}

/// `B ← α op(A)⁻¹ B` (left) or `B ← αB op(A)⁻¹` (right), A triangular. A zero on the diagonal makes infinities, as in every BLAS.
///
/// # Errors
/// Shapes do not fit, or B shares memory with A; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn trsm<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    side: Side,
    uplo: Uplo,
    trans: Trans,
    diag: Diag,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatMut<'_, T>,
) -> Result<(), Error> {
    on.tri_sm(TriMat::new("trsm", side, uplo, trans, diag, alpha, a, b)?)
}
