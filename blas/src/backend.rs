//! What a machine must be able to do to run the routines.
//!
//! Owns the trait between the checked calls and the machines. A call value was judged by its constructor; a backend re-checks nothing and fails only for reasons of its
//! machine. No method has a default body: a new routine is a compile error in each backend until that backend has it. Must not know which backends exist.

use crate::batch::{GemmBatch, TriBatch};
use crate::error::Error;
use crate::extension::{Dgmm, Geam, Pack, Unpack};
use crate::factor::{Gels, Geqrf, Getrf, Getri, Getrs};
use crate::level1::{Axpy, Copy, Dot, Rot, Rotm, Swap};
use crate::level2::{Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec};
use crate::level3::{Gemm, RankK, SelfMm, TriMat};
use crate::scalar::Scalar;
use crate::view::{VecMut, VecRef};

/// A machine for elements of type `T`.
#[allow(missing_docs, reason = "each method runs the call it takes, which says what that is")]
pub trait Backend<T: Scalar>: Send + Sync {
    // Level 1.
    fn axpy(&self, call: Axpy<'_, T>) -> Result<(), Error>;
    fn copy(&self, call: Copy<'_, T>) -> Result<(), Error>;
    fn swap(&self, call: Swap<'_, T>) -> Result<(), Error>;
    fn scal(&self, alpha: T, x: VecMut<'_, T>) -> Result<(), Error>;
    fn dot(&self, call: Dot<'_, T>) -> Result<T, Error>;
    fn nrm2(&self, x: VecRef<'_, T>) -> Result<T::Real, Error>;
    fn asum(&self, x: VecRef<'_, T>) -> Result<T::Real, Error>;
    fn amax(&self, x: VecRef<'_, T>) -> Result<Option<usize>, Error>;
    fn amin(&self, x: VecRef<'_, T>) -> Result<Option<usize>, Error>;
    fn rot(&self, call: Rot<'_, T>) -> Result<(), Error>;
    fn rotm(&self, call: Rotm<'_, T>) -> Result<(), Error>;
    // Level 2.
    fn gemv(&self, call: Gemv<'_, T>) -> Result<(), Error>;
    fn gbmv(&self, call: Gbmv<'_, T>) -> Result<(), Error>;
    fn self_mv(&self, call: SelfMv<'_, T>) -> Result<(), Error>;
    fn tri_mv(&self, call: TriVec<'_, T>) -> Result<(), Error>;
    fn tri_sv(&self, call: TriVec<'_, T>) -> Result<(), Error>;
    fn ger(&self, call: Ger<'_, T>) -> Result<(), Error>;
    fn self_rank1(&self, call: SelfRank1<'_, T>) -> Result<(), Error>;
    fn self_rank2(&self, call: SelfRank2<'_, T>) -> Result<(), Error>;
    // Level 3.
    fn gemm(&self, call: Gemm<'_, T>) -> Result<(), Error>;
    fn gemm3m(&self, call: Gemm<'_, T>) -> Result<(), Error>;
    fn self_mm(&self, call: SelfMm<'_, T>) -> Result<(), Error>;
    fn rank_k(&self, call: RankK<'_, T>) -> Result<(), Error>;
    fn tri_mm(&self, call: TriMat<'_, T>) -> Result<(), Error>;
    fn tri_sm(&self, call: TriMat<'_, T>) -> Result<(), Error>;
    // Extensions.
    fn geam(&self, call: Geam<'_, T>) -> Result<(), Error>;
    fn dgmm(&self, call: Dgmm<'_, T>) -> Result<(), Error>;
    fn pack(&self, call: Pack<'_, T>) -> Result<(), Error>;
    fn unpack(&self, call: Unpack<'_, T>) -> Result<(), Error>;
    // Batches.
    fn gemm_batch(&self, call: GemmBatch<'_, T>) -> Result<(), Error>;
    fn tri_sm_batch(&self, call: TriBatch<'_, T>) -> Result<(), Error>;
    fn getrf(&self, call: Getrf<'_, T>) -> Result<(), Error>;
    fn getrs(&self, call: Getrs<'_, T>) -> Result<(), Error>;
    fn getri(&self, call: Getri<'_, T>) -> Result<(), Error>;
    fn geqrf(&self, call: Geqrf<'_, T>) -> Result<(), Error>;
    fn gels(&self, call: Gels<'_, T>) -> Result<(), Error>;
}
