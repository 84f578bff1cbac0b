//! A backend that runs nothing.
//!
//! For callers that want a call judged before they prepare its operands. Answers are zeros.

use crate::backend::Backend;
use crate::batch::{GemmBatch, TriBatch};
use crate::error::Error;
use crate::extension::{Dgmm, Geam, Pack, Unpack};
use crate::factor::{Gels, Geqrf, Getrf, Getri, Getrs};
use crate::level1::{Axpy, Copy, Dot, Rot, Rotm, Swap};
use crate::level2::{Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec};
use crate::level3::{Gemm, RankK, SelfMm, TriMat};
use crate::scalar::Scalar;
use crate::view::{VecMut, VecRef};

/// Judges calls and runs none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dry;

macro_rules! nothing {
    ($($method:ident($call:ident);)*) => {$(
        fn $method(&self, _: $call<'_, T>) -> Result<(), Error> {
            Ok(())
        }
    )*};
}

impl<T: Scalar> Backend<T> for Dry {
    nothing! {
        axpy(Axpy); copy(Copy); swap(Swap); rot(Rot); rotm(Rotm);
        gemv(Gemv); gbmv(Gbmv); self_mv(SelfMv); tri_mv(TriVec); tri_sv(TriVec); ger(Ger); self_rank1(SelfRank1); self_rank2(SelfRank2);
        gemm(Gemm); gemm3m(Gemm); self_mm(SelfMm); rank_k(RankK); tri_mm(TriMat); tri_sm(TriMat);
        geam(Geam); dgmm(Dgmm); pack(Pack); unpack(Unpack);
        gemm_batch(GemmBatch); tri_sm_batch(TriBatch); getrf(Getrf); getrs(Getrs); getri(Getri); geqrf(Geqrf); gels(Gels);
    }

    fn scal(&self, _: T, _: VecMut<'_, T>) -> Result<(), Error> {
        Ok(())
    }
    fn dot(&self, _: Dot<'_, T>) -> Result<T, Error> {
        Ok(T::ZERO)
    }
    fn nrm2(&self, _: VecRef<'_, T>) -> Result<T::Real, Error> {
        Ok(T::Real::ZERO)
    }
    fn asum(&self, _: VecRef<'_, T>) -> Result<T::Real, Error> {
        Ok(T::Real::ZERO)
    }
    fn amax(&self, _: VecRef<'_, T>) -> Result<Option<usize>, Error> {
        Ok(None)
    }
    fn amin(&self, _: VecRef<'_, T>) -> Result<Option<usize>, Error> {
        Ok(None)
    }
}
