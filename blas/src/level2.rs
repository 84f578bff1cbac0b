//! Level 2: a matrix and vectors.
//!
//! Owns the checked calls and the free functions over them. Matrices stand in the mathematical view; a band is stored as LAPACK does, element (i, j) in row `ku + i - j` of a
//! matrix with a column for each of its own, and a packed triangle column after column. Outputs share no memory with inputs.

use crate::backend::Backend;
use crate::check::{Judge, coefficient};
use crate::error::Error;
use crate::operand::{Diag, Form, FormMut, Op, Stored, StoredMut, Trans, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef, VecMut, VecRef};

/// `y ← α op(A) x + βy`.
pub struct Gemv<'a, T> {
    pub(crate) alpha: T,
    pub(crate) a: Op<'a, T>,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) beta: T,
    pub(crate) y: VecMut<'a, T>,
}

/// `y ← α op(A) x + βy`, A of `rows` rows and a column for each of `ab`, in a band.
pub struct Gbmv<'a, T> {
    pub(crate) trans: Trans,
    pub(crate) rows: usize,
    pub(crate) kl: usize,
    pub(crate) ku: usize,
    pub(crate) alpha: T,
    pub(crate) ab: MatRef<'a, T>,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) beta: T,
    pub(crate) y: VecMut<'a, T>,
}

/// `y ← αAx + βy`, A symmetric or Hermitian.
pub struct SelfMv<'a, T> {
    pub(crate) hermitian: bool,
    pub(crate) alpha: T,
    pub(crate) a: Stored<'a, T>,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) beta: T,
    pub(crate) y: VecMut<'a, T>,
}

/// `x ← op(A) x` or `x ← op(A)⁻¹ x`, A triangular.
pub struct TriVec<'a, T> {
    pub(crate) a: Stored<'a, T>,
    pub(crate) trans: Trans,
    pub(crate) unit: bool,
    pub(crate) x: VecMut<'a, T>,
}

/// `A ← α x yᵀ + A`, y conjugated if so.
pub struct Ger<'a, T> {
    pub(crate) alpha: T,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) y: VecRef<'a, T>,
    pub(crate) conj: bool,
    pub(crate) a: MatMut<'a, T>,
}

/// `A ← α x xᵀ + A`, or with the conjugate transpose and real α; one triangle.
pub struct SelfRank1<'a, T> {
    pub(crate) hermitian: bool,
    pub(crate) alpha: T,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) a: StoredMut<'a, T>,
}

/// `A ← α x yᵀ + α y xᵀ + A`, or `α x yᴴ + conj(α) y xᴴ + A`; one triangle.
pub struct SelfRank2<'a, T> {
    pub(crate) hermitian: bool,
    pub(crate) alpha: T,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) y: VecRef<'a, T>,
    pub(crate) a: StoredMut<'a, T>,
}

impl<T: Scalar> Stored<'_, T> {
    fn place(&self) -> crate::overlap::Place {
        match self.form {
            Form::Full(a) | Form::Band(a, _) => a.place(),
            Form::Packed(a, _) => a.place(),
        }
    }
}

impl<T: Scalar> StoredMut<'_, T> {
    fn place(&self) -> crate::overlap::Place {
        match &self.form {
            FormMut::Full(a) => a.rb().place(),
            FormMut::Packed(a, _) => a.rb().place(),
        }
    }
}

fn full<'a, T: Scalar>(judge: Judge, uplo: Uplo, a: MatRef<'a, T>) -> Result<Stored<'a, T>, Error> {
    judge.square("a", a.shape())?;
    Ok(Stored { form: Form::Full(a), uplo })
}

fn band<'a, T: Scalar>(judge: Judge, uplo: Uplo, k: usize, ab: MatRef<'a, T>) -> Result<Stored<'a, T>, Error> {
    if ab.rows() == 0 || ab.rows() - 1 != k {
        judge.shape("ab", ab.shape(), (k.saturating_add(1), ab.cols()))?;
    }
    Ok(Stored { form: Form::Band(ab, k), uplo })
}

/// A packed triangle; its size is what the vectors say.
fn packed<'a, T: Scalar>(judge: Judge, uplo: Uplo, n: usize, ap: VecRef<'a, T>) -> Result<Stored<'a, T>, Error> {
    judge.packed(ap.len(), n)?;
    Ok(Stored { form: Form::Packed(ap, n), uplo })
}

fn full_mut<'a, T: Scalar>(judge: Judge, uplo: Uplo, a: MatMut<'a, T>) -> Result<StoredMut<'a, T>, Error> {
    judge.square("a", a.shape())?;
    Ok(StoredMut { form: FormMut::Full(a), uplo })
}

fn packed_mut<'a, T: Scalar>(judge: Judge, uplo: Uplo, n: usize, ap: VecMut<'a, T>) -> Result<StoredMut<'a, T>, Error> {
    judge.packed(ap.len(), n)?;
    Ok(StoredMut { form: FormMut::Packed(ap, n), uplo })
}

impl<'a, T: Scalar> Gemv<'a, T> {
    /// # Errors
    /// Shapes do not fit, or y shares memory with A or x.
    pub fn new(alpha: T, a: Op<'a, T>, x: VecRef<'a, T>, beta: T, y: VecMut<'a, T>) -> Result<Self, Error> {
        let judge = Judge("gemv");
        judge.len("x", x.len(), a.cols())?;
        judge.len("y", y.len(), a.rows())?;
        judge.apart("y", &y.rb().place(), &[("a", a.mat.place()), ("x", x.place())])?;
        Ok(Gemv { alpha, a, x, beta, y })
    }
}

impl<'a, T: Scalar> SelfMv<'a, T> {
    fn new(judge: Judge, hermitian: bool, alpha: T, a: Stored<'a, T>, x: VecRef<'a, T>, beta: T, y: VecMut<'a, T>) -> Result<Self, Error> {
        judge.len("x", x.len(), a.n())?;
        judge.len("y", y.len(), a.n())?;
        judge.apart("y", &y.rb().place(), &[("a", a.place()), ("x", x.place())])?;
        Ok(SelfMv { hermitian: hermitian && T::COMPLEX, alpha, a, x, beta, y })
    }
}

impl<'a, T: Scalar> TriVec<'a, T> {
    fn new(judge: Judge, a: Stored<'a, T>, trans: Trans, diag: Diag, x: VecMut<'a, T>) -> Result<Self, Error> {
        judge.len("x", x.len(), a.n())?;
        judge.apart("x", &x.rb().place(), &[("a", a.place())])?;
        Ok(TriVec { a, trans, unit: diag == Diag::Unit, x })
    }
}

impl<'a, T: Scalar> Ger<'a, T> {
    /// # Errors
    /// Shapes do not fit, or A shares memory with x or y.
    pub fn new(alpha: T, x: VecRef<'a, T>, y: VecRef<'a, T>, conj: bool, a: MatMut<'a, T>) -> Result<Self, Error> {
        let judge = Judge("ger");
        judge.shape("a", a.shape(), (x.len(), y.len()))?;
        judge.apart("a", &a.rb().place(), &[("x", x.place()), ("y", y.place())])?;
        Ok(Ger { alpha, x, y, conj: conj && T::COMPLEX, a })
    }
}

impl<'a, T: Scalar> SelfRank1<'a, T> {
    fn new(judge: Judge, hermitian: bool, alpha: T, x: VecRef<'a, T>, a: StoredMut<'a, T>) -> Result<Self, Error> {
        judge.len("x", x.len(), a.n())?;
        judge.apart("a", &a.place(), &[("x", x.place())])?;
        Ok(SelfRank1 { hermitian: hermitian && T::COMPLEX, alpha, x, a })
    }
}

impl<'a, T: Scalar> SelfRank2<'a, T> {
    fn new(judge: Judge, hermitian: bool, alpha: T, x: VecRef<'a, T>, y: VecRef<'a, T>, a: StoredMut<'a, T>) -> Result<Self, Error> {
        judge.len("x", x.len(), a.n())?;
        judge.len("y", y.len(), a.n())?;
        judge.apart("a", &a.place(), &[("x", x.place()), ("y", y.place())])?;
        Ok(SelfRank2 { hermitian: hermitian && T::COMPLEX, alpha, x, y, a })
    }
}

/// `y ← α op(A) x + βy`. With β = 0 the old y is not read; with α = 0 neither A nor x.
///
/// # Errors
/// As [`Gemv::new`], and the backend's.
pub fn gemv<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    alpha: T,
    a: impl Into<Op<'a, T>>,
    x: VecRef<'a, T>,
    beta: T,
    y: VecMut<'a, T>,
) -> Result<(), Error> {
    on.gemv(Gemv::new(alpha, a.into(), x, beta, y)?)
}

/// `y ← α op(A) x + βy` with A, of `rows` rows, in a band of `kl` diagonals below and `ku` above.
///
/// # Errors
/// Shapes do not fit, or y shares memory with the band or x; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn gbmv<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    trans: Trans,
    rows: usize,
    kl: usize,
    ku: usize,
    alpha: T,
    ab: MatRef<'_, T>,
    x: VecRef<'_, T>,
    beta: T,
    y: VecMut<'_, T>,
) -> Result<(), Error> {
    let judge = Judge("gbmv");
    if ab.rows() == 0 || kl.checked_add(ku) != Some(ab.rows() - 1) {
        judge.shape("ab", ab.shape(), (kl.saturating_add(ku).saturating_add(1), ab.cols()))?;
    }
    let (out, inner) = if trans == Trans::No { (rows, ab.cols()) } else { (ab.cols(), rows) };
    judge.len("x", x.len(), inner)?;
    judge.len("y", y.len(), out)?;
    judge.apart("y", &y.rb().place(), &[("ab", ab.place()), ("x", x.place())])?;
    on.gbmv(Gbmv { trans, rows, kl, ku, alpha, ab, x, beta, y })
}

macro_rules! self_mv {
    ($($(#[$doc:meta])* $name:ident($hermitian:literal, $form:ident, $a:ident: $ty:ident $(, $k:ident)?);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, or y shares memory with A or x; the backend's.
        #[allow(clippy::too_many_arguments, reason = "BLAS's own")]
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), uplo: Uplo, $($k: usize,)? alpha: T, $a: $ty<'_, T>, x: VecRef<'_, T>, beta: T, y: VecMut<'_, T>,
        ) -> Result<(), Error> {
            let judge = Judge(stringify!($name));
            let a = self_mv!(@form $form, judge, uplo, $a, x $(, $k)?);
            on.self_mv(SelfMv::new(judge, $hermitian, alpha, a, x, beta, y)?)
        }
    )*};
    (@form full, $judge:ident, $uplo:ident, $a:ident, $x:ident) => { full($judge, $uplo, $a)? };
    (@form band, $judge:ident, $uplo:ident, $a:ident, $x:ident, $k:ident) => { band($judge, $uplo, $k, $a)? };
    (@form packed, $judge:ident, $uplo:ident, $a:ident, $x:ident) => { packed($judge, $uplo, $x.len(), $a)? };
}

self_mv! {
    /// `y ← αAx + βy`, A symmetric.
    symv(false, full, a: MatRef);
    /// `y ← αAx + βy`, A Hermitian; imaginary parts on the diagonal are not read.
    hemv(true, full, a: MatRef);
    /// `y ← αAx + βy`, A symmetric in a band of `k` off-diagonals.
    sbmv(false, band, ab: MatRef, k);
    /// `y ← αAx + βy`, A Hermitian in a band of `k` off-diagonals.
    hbmv(true, band, ab: MatRef, k);
    /// `y ← αAx + βy`, A symmetric and packed.
    spmv(false, packed, ap: VecRef);
    /// `y ← αAx + βy`, A Hermitian and packed.
    hpmv(true, packed, ap: VecRef);
}

macro_rules! tri_vec {
    ($($(#[$doc:meta])* $name:ident($method:ident, $form:ident, $a:ident: $ty:ident $(, $k:ident)?);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, or x shares memory with A; the backend's.
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), uplo: Uplo, trans: Trans, diag: Diag, $($k: usize,)? $a: $ty<'_, T>, x: VecMut<'_, T>,
        ) -> Result<(), Error> {
            let judge = Judge(stringify!($name));
            let a = self_mv!(@form $form, judge, uplo, $a, x $(, $k)?);
            on.$method(TriVec::new(judge, a, trans, diag, x)?)
        }
    )*};
}

tri_vec! {
    /// `x ← op(A) x`, A triangular.
    trmv(tri_mv, full, a: MatRef);
    /// `x ← op(A) x`, A triangular in a band of `k` off-diagonals.
    tbmv(tri_mv, band, ab: MatRef, k);
    /// `x ← op(A) x`, A triangular and packed.
    tpmv(tri_mv, packed, ap: VecRef);
    /// `x ← op(A)⁻¹ x`, A triangular. A zero on the diagonal makes infinities, as in every BLAS.
    trsv(tri_sv, full, a: MatRef);
    /// `x ← op(A)⁻¹ x`, A triangular in a band of `k` off-diagonals.
    tbsv(tri_sv, band, ab: MatRef, k);
    /// `x ← op(A)⁻¹ x`, A triangular and packed.
    tpsv(tri_sv, packed, ap: VecRef);
}

/// `A ← α x yᵀ + A` (cuBLAS's `ger` and `geru`).
///
/// # Errors
/// As [`Ger::new`], and the backend's.
pub fn ger<T: Scalar>(on: &(impl Backend<T> + ?Sized), alpha: T, x: VecRef<'_, T>, y: VecRef<'_, T>, a: MatMut<'_, T>) -> Result<(), Error> {
    on.ger(Ger::new(alpha, x, y, false, a)?)
}

/// `A ← α x yᴴ + A`.
///
/// # Errors
/// As [`Ger::new`], and the backend's.
pub fn gerc<T: Scalar>(on: &(impl Backend<T> + ?Sized), alpha: T, x: VecRef<'_, T>, y: VecRef<'_, T>, a: MatMut<'_, T>) -> Result<(), Error> {
    on.ger(Ger::new(alpha, x, y, true, a)?)
}

macro_rules! self_rank {
    ($($(#[$doc:meta])* $name:ident($method:ident: $call:ident, $hermitian:literal, $alpha:ident, $form:ident, [$x:ident $(, $y:ident)?], $a:ident: $ty:ident);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes do not fit, or A shares memory with a vector; the backend's.
        pub fn $name<T: Scalar>(
            on: &(impl Backend<T> + ?Sized), uplo: Uplo, alpha: coefficient!($alpha), $x: VecRef<'_, T>, $($y: VecRef<'_, T>,)? $a: $ty<'_, T>,
        ) -> Result<(), Error> {
            let judge = Judge(stringify!($name));
            let a = self_rank!(@form $form, judge, uplo, $x, $a);
            on.$method($call::new(judge, $hermitian, coefficient!($alpha alpha), $x, $($y,)? a)?)
        }
    )*};
    (@form full, $judge:ident, $uplo:ident, $x:ident, $a:ident) => { full_mut($judge, $uplo, $a)? };
    (@form packed, $judge:ident, $uplo:ident, $x:ident, $a:ident) => { packed_mut($judge, $uplo, $x.len(), $a)? };
}

self_rank! {
    /// `A ← α x xᵀ + A`, one triangle.
    syr(self_rank1: SelfRank1, false, any, full, [x], a: MatMut);
    /// `A ← α x xᴴ + A`, one triangle; the diagonal becomes real.
    her(self_rank1: SelfRank1, true, real, full, [x], a: MatMut);
    /// `A ← α x xᵀ + A`, one triangle, packed.
    spr(self_rank1: SelfRank1, false, any, packed, [x], ap: VecMut);
    /// `A ← α x xᴴ + A`, one triangle, packed.
    hpr(self_rank1: SelfRank1, true, real, packed, [x], ap: VecMut);
    /// `A ← α x yᵀ + α y xᵀ + A`, one triangle.
    syr2(self_rank2: SelfRank2, false, any, full, [x, y], a: MatMut);
    /// `A ← α x yᴴ + conj(α) y xᴴ + A`, one triangle.
    her2(self_rank2: SelfRank2, true, any, full, [x, y], a: MatMut);
    /// `A ← α x yᵀ + α y xᵀ + A`, one triangle, packed.
    spr2(self_rank2: SelfRank2, false, any, packed, [x, y], ap: VecMut);
    /// `A ← α x yᴴ + conj(α) y xᴴ + A`, one triangle, packed.
    hpr2(self_rank2: SelfRank2, true, any, packed, [x, y], ap: VecMut);
}
