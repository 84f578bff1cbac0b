//! Batched level 3: many small products or solutions in one call.
//!
//! Owns the checked calls and the free functions over them. A batched `gemv` is a batched product with one column. All matrices of a batch have one shape; a grouped call is
//! several batches.

use crate::backend::Backend;
use crate::check::Judge;
use crate::error::Error;
use crate::operand::{Diag, Side, Trans, Uplo};
use crate::overlap::Sorted;
use crate::scalar::Scalar;
use crate::stack::{StackMut, StackRef};

/// `Cᵢ ← α op(Aᵢ) op(Bᵢ) + βCᵢ`.
pub struct GemmBatch<'a, T> {
    pub(crate) alpha: T,
    pub(crate) a: StackRef<'a, T>,
    pub(crate) conj_a: bool,
    pub(crate) b: StackRef<'a, T>,
    pub(crate) conj_b: bool,
    pub(crate) beta: T,
    pub(crate) c: StackMut<'a, T>,
}

/// `Bᵢ ← α op(Aᵢ)⁻¹ Bᵢ` or the inverse at the right; A triangular.
pub struct TriBatch<'a, T> {
    pub(crate) side: Side,
    pub(crate) uplo: Uplo,
    pub(crate) trans: Trans,
    pub(crate) unit: bool,
    pub(crate) alpha: T,
    pub(crate) a: StackRef<'a, T>,
    pub(crate) b: StackMut<'a, T>,
}

pub(crate) fn apart<T: Copy>(
    judge: Judge,
    operand: &'static str,
    output: &StackMut<'_, T>,
    inputs: &[(&'static str, &StackRef<'_, T>)],
) -> Result<(), Error> {
    let outputs = Sorted::new(output.places());
    for (name, input) in inputs {
        for place in input.places() {
            if outputs.meet(&place) {
                return Err(Error::Aliasing { routine: judge.0, operand, with: name });
            }
        }
    }
    Ok(())
}

fn trans<T: Scalar>(stack: StackRef<'_, T>, trans: Trans) -> (StackRef<'_, T>, bool) {
    match trans {
        Trans::No => (stack, false),
        Trans::Yes => (stack.transposed(), false),
        Trans::Conj => (stack.transposed(), T::COMPLEX),
    }
}

impl<'a, T: Scalar> GemmBatch<'a, T> {
    /// # Errors
    /// Shapes or counts do not fit, or C shares memory with A or B.
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    pub fn new(
        routine: &'static str,
        transa: Trans,
        transb: Trans,
        alpha: T,
        a: StackRef<'a, T>,
        b: StackRef<'a, T>,
        beta: T,
        c: StackMut<'a, T>,
    ) -> Result<Self, Error> {
        let judge = Judge(routine);
        judge.alike("a", a.odd_one(), a.shape())?;
        judge.alike("b", b.odd_one(), b.shape())?;
        judge.alike("c", c.odd_one(), c.shape())?;
        apart(judge, "c", &c, &[("a", &a), ("b", &b)])?;
        let ((a, conj_a), (b, conj_b)) = (trans(a, transa), trans(b, transb));
        judge.len("b", b.count(), a.count())?;
        judge.len("c", c.count(), a.count())?;
        judge.product(a.shape(), b.shape(), c.shape())?;
        Ok(GemmBatch { alpha, a, conj_a, b, conj_b, beta, c })
    }
}

/// `Cᵢ ← α op(Aᵢ) op(Bᵢ) + βCᵢ` for every matrix of the batch.
///
/// # Errors
/// As [`GemmBatch::new`], and the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn gemm_batched<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    transa: Trans,
    transb: Trans,
    alpha: T,
    a: StackRef<'_, T>,
    b: StackRef<'_, T>,
    beta: T,
    c: StackMut<'_, T>,
) -> Result<(), Error> {
    on.gemm_batch(GemmBatch::new("gemm_batched", transa, transb, alpha, a, b, beta, c)?)
}

/// Several batches, each of its own shape, judged before the first runs.
///
/// # Errors
/// The backend's.
pub fn gemm_grouped<T: Scalar>(on: &(impl Backend<T> + ?Sized), groups: Vec<GemmBatch<'_, T>>) -> Result<(), Error> {
    groups.into_iter().try_for_each(|group| on.gemm_batch(group))
}

/// `Bᵢ ← α op(Aᵢ)⁻¹ Bᵢ` (left) or `Bᵢ ← αBᵢ op(Aᵢ)⁻¹` (right), A triangular.
///
/// # Errors
/// Shapes or counts do not fit, or B shares memory with A; the backend's.
#[expect(clippy::too_many_arguments, reason = "BLAS's own")]
pub fn trsm_batched<T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    side: Side,
    uplo: Uplo,
    trans: Trans,
    diag: Diag,
    alpha: T,
    a: StackRef<'_, T>,
    b: StackMut<'_, T>,
) -> Result<(), Error> {
    let judge = Judge("trsm_batched");
    judge.alike("a", a.odd_one(), a.shape())?;
    judge.alike("b", b.odd_one(), b.shape())?;
    judge.len("b", b.count(), a.count())?;
    judge.beside(side, a.shape(), b.shape())?;
    apart(judge, "b", &b, &[("a", &a)])?;
    on.tri_sm_batch(TriBatch { side, uplo, trans, unit: diag == Diag::Unit, alpha, a, b })
}
