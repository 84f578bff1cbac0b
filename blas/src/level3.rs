//! Level 3: matrices.
//!
//! Owns the checked calls and the free functions over them. Outputs share no memory with inputs; where β = 0 the old output is not read; the triangle that a routine does
//! not name is neither read nor written.

use crate::backend::Backend;
use crate::check::{Judge, coefficient};
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
        judge.product((a.rows(), a.cols()), (b.rows(), b.cols()), c.shape())?;
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
        judge.beside(side, a.shape(), b.shape())?;
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
        judge.beside(side, a.shape(), b.shape())?;
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

/// As [`gemm()`]; a backend may take three real products for a complex one, which is faster and exact normwise only.
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

macro_rules! self_mm {
    ($($(#[$doc:meta])* $name:ident($hermitian:literal);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, or C shares memory with A or B; the backend's.
        #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), side: Side, uplo: Uplo, alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, c: MatMut<'_, T>,
        ) -> Result<(), Error> {
            on.self_mm(SelfMm::new($hermitian, side, uplo, alpha, a, b, beta, c)?)
        }
    )*};
}

self_mm! {
    /// `C ← αAB + βC` (left) or `C ← αBA + βC` (right), A symmetric.
    symm(false);
    /// `C ← αAB + βC` (left) or `C ← αBA + βC` (right), A Hermitian; imaginary parts on its diagonal are not read.
    hemm(true);
}

macro_rules! rank_k {
    ($($(#[$doc:meta])* $name:ident($kind:ident, $hermitian:literal, alpha: $alpha:ident, beta: $beta:ident, $($b:ident)?);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, C shares memory with another operand, or `trans` is the conjugate transpose in a symmetric update of complex numbers, the plain one in a
        /// Hermitian; the backend's.
        #[allow(clippy::too_many_arguments, reason = "BLAS's own")]
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), uplo: Uplo, trans: Trans, alpha: coefficient!($alpha), a: MatRef<'_, T>, $($b: MatRef<'_, T>,)?
            beta: coefficient!($beta), c: MatMut<'_, T>,
        ) -> Result<(), Error> {
            let (alpha, beta) = (coefficient!($alpha alpha), coefficient!($beta beta));
            on.rank_k(RankK::new(stringify!($name), Rank::$kind, $hermitian, uplo, trans, alpha, a, rank_k!(@second a $($b)?), beta, c)?)
        }
    )*};
    (@second $a:ident) => { $a };
    (@second $a:ident $b:ident) => { $b };
}

rank_k! {
    /// `C ← α op(A) op(A)ᵀ + βC`, one triangle.
    syrk(K, false, alpha: any, beta: any,);
    /// `C ← α op(A) op(A)ᴴ + βC`, one triangle; the diagonal becomes real.
    herk(K, true, alpha: real, beta: real,);
    /// `C ← α op(A) op(B)ᵀ + α op(B) op(A)ᵀ + βC`, one triangle.
    syr2k(TwoK, false, alpha: any, beta: any, b);
    /// `C ← α op(A) op(B)ᴴ + conj(α) op(B) op(A)ᴴ + βC`, one triangle; the diagonal becomes real.
    her2k(TwoK, true, alpha: any, beta: real, b);
    /// `C ← α op(A) op(B)ᵀ + βC`, one triangle of a product that the caller knows to be symmetric.
    syrkx(Kx, false, alpha: any, beta: any, b);
    /// `C ← α op(A) op(B)ᴴ + βC`, one triangle of a product that the caller knows to be Hermitian; the diagonal becomes real.
    herkx(Kx, true, alpha: any, beta: real, b);
}

macro_rules! tri_mat {
    ($($(#[$doc:meta])* $name:ident($method:ident);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, or B shares memory with A; the backend's.
        #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), side: Side, uplo: Uplo, trans: Trans, diag: Diag, alpha: T, a: MatRef<'_, T>, b: MatMut<'_, T>,
        ) -> Result<(), Error> {
            on.$method(TriMat::new(stringify!($name), side, uplo, trans, diag, alpha, a, b)?)
        }
    )*};
}

tri_mat! {
    /// `B ← α op(A) B` (left) or `B ← αB op(A)` (right), A triangular. For cuBLAS's form with a third matrix, copy first.
    trmm(tri_mm);
    /// `B ← α op(A)⁻¹ B` (left) or `B ← αB op(A)⁻¹` (right), A triangular. A zero on the diagonal makes infinities, as in every BLAS.
    trsm(tri_sm);
}
