//! The CPU backend.
//!
//! Owns [`Cpu`] and the list of which module runs which call. Everything is compiled here for the four types, so that users of the crate need not.

mod batch;
mod blocked;
mod cblas;
mod elementwise;
mod factor;
mod lanes;
mod level;
mod loops;
mod matmat;
mod matvec;
mod micro;
mod pack;
mod share;
mod simd;
mod small;
mod solve;
mod sys;
mod vector;

use num_complex::Complex;

use crate::backend::Backend;
use crate::batch::{GemmBatch, TriBatch};
use crate::error::Error;
use crate::extension::{Dgmm, Geam, Pack, Unpack};
use crate::factor::{Gels, Geqrf, Getrf, Getri, Getrs};
use crate::level1::{Axpy, Copy, Dot, Rot, Rotm, Swap};
use crate::level2::{Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec};
use crate::level3::{Gemm, RankK, SelfMm, TriMat};
use crate::view::{MatRef, VecMut, VecRef};

/// This machine's processor. Large calls are shared over the process's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu;

macro_rules! backend {
    ($t:ty) => {
        impl Backend<$t> for Cpu {
            backend! { $t:
                axpy(Axpy) => vector::axpy; copy(Copy) => vector::copy; swap(Swap) => vector::swap;
                rot(Rot) => vector::rot; rotm(Rotm) => vector::rotm;
                gemv(Gemv) => matvec::gemv; gbmv(Gbmv) => matvec::gbmv; self_mv(SelfMv) => matvec::self_mv;
                tri_mv(TriVec) => matvec::tri_mv; tri_sv(TriVec) => matvec::tri_sv; ger(Ger) => matvec::ger;
                self_rank1(SelfRank1) => matvec::self_rank1; self_rank2(SelfRank2) => matvec::self_rank2;
                self_mm(SelfMm) => matmat::self_mm; tri_mm(TriMat) => matmat::tri_mm;
                geam(Geam) => elementwise::geam; dgmm(Dgmm) => elementwise::dgmm;
                pack(Pack) => elementwise::pack; unpack(Unpack) => elementwise::unpack;
                gemm_batch(GemmBatch) => batch::gemm; tri_sm_batch(TriBatch) => batch::tri_sm;
                getrf(Getrf) => batch::getrf; getrs(Getrs) => batch::getrs; getri(Getri) => batch::getri;
                geqrf(Geqrf) => batch::geqrf; gels(Gels) => batch::gels;
            }

            fn scal(&self, alpha: $t, x: VecMut<'_, $t>) -> Result<(), Error> {
                vector::scal(alpha, x);
                Ok(())
            }
            fn dot(&self, call: Dot<'_, $t>) -> Result<$t, Error> {
                Ok(vector::dot(&call))
            }
            fn nrm2(&self, x: VecRef<'_, $t>) -> Result<<$t as crate::Scalar>::Real, Error> {
                Ok(vector::nrm2(x))
            }
            fn asum(&self, x: VecRef<'_, $t>) -> Result<<$t as crate::Scalar>::Real, Error> {
                Ok(vector::asum(x))
            }
            fn amax(&self, x: VecRef<'_, $t>) -> Result<Option<usize>, Error> {
                Ok(vector::amax(x))
            }
            fn amin(&self, x: VecRef<'_, $t>) -> Result<Option<usize>, Error> {
                Ok(vector::amin(x))
            }
            fn gemm(&self, call: Gemm<'_, $t>) -> Result<(), Error> {
                matmat::gemm(call)
            }
            fn gemm3m(&self, call: Gemm<'_, $t>) -> Result<(), Error> {
                matmat::gemm3m(call)
            }
            fn rank_k(&self, call: RankK<'_, $t>) -> Result<(), Error> {
                matmat::rank_k(call)
            }
            fn tri_sm(&self, call: TriMat<'_, $t>) -> Result<(), Error> {
                matmat::tri_sm(call)
            }
        }
    };
    ($t:ty: $($method:ident($call:ident) => $room:ident::$function:ident;)*) => {$(
        fn $method(&self, call: $call<'_, $t>) -> Result<(), Error> {
            $room::$function(call);
            Ok(())
        }
    )*};
}

backend!(f32);
backend!(f64);
backend!(Complex<f32>);
backend!(Complex<f64>);

pub(crate) type Wide = matmat::Temp<f32>;

/// The products of `depth` columns of A with as many rows of B at a time, in float32.
pub(crate) fn wide_product<I: crate::mixed::Low>(depth: usize, a: MatRef<'_, I>, b: MatRef<'_, I>) -> Result<Vec<Wide>, Error> {
    let widened = |m: MatRef<'_, I>| -> Result<Wide, Error> {
        let mut wide = Wide::large("gemm", m.rows(), m.cols())?;
        wide.view_mut().fill_with(|i, j| m.get(i, j).widen());
        Ok(wide)
    };
    let (left, right, k) = (widened(a)?, widened(b)?, a.cols());
    let mut parts = Vec::new();
    for start in (0..k).step_by(depth.max(1)) {
        let range = start..(start + depth).min(k);
        let mut part = Wide::large("gemm", a.rows(), b.cols())?;
        let (left, right) = (left.view().part(0..a.rows(), range.clone()), right.view().part(range, 0..b.cols()));
        matmat::multiply(1.0, left.n(), right.n(), 0.0, part.view_mut());
        parts.push(part);
    }
    Ok(parts)
}
