//! A GPU: cuBLAS.
//!
//! Owns the [`Backend`] over NVIDIA's library. Calls were judged by their constructors, whose views have addresses of the GPU's memory here; nothing reads through them on the host. cuBLAS knows matrices column after
//! column: a view that lies so is handed over as it is, one that lies row after row as the transpose of such a one, where the routine's flags or its other form can say that, and any other is copied on the GPU first
//! (`memory`). Results go where the view says, are ordered on the stream, and not waited for; those that are numbers are. Which flags a routine takes for which layouts is in the file of its level. Has not been
//! compared with anything on the host: whoever makes a view vouches that it is on the stream's GPU.

mod batch;
mod handle;
mod level1;
mod level2;
mod level3;
mod memory;
mod mixed;
mod sys;

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Lookup, Stream};

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

use memory::Run;
pub use sys::Library;

/// cuBLAS on a stream of a GPU's.
///
/// The views of a call are made by their unsafe constructors (`MatRef::from_raw` …) over the GPU's memory, at addresses of the stream's device, and must not be handed to [`crate::Cpu`]. The memory has to be given back
/// behind the stream's work, as that of an [`Array`](verdigris_device::array::Array) is after its `ordered_on`.
#[derive(Clone, Debug)]
pub struct Cuda {
    library: &'static Library,
    stream: Stream,
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        Error::Device(error)
    }
}

impl Cuda {
    /// The process's cuBLAS on a stream.
    ///
    /// # Errors
    /// There is no cuBLAS: what was tried.
    pub fn new(stream: Stream) -> Result<Cuda, Error> {
        Ok(Cuda { library: Library::of_process()?, stream })
    }

    /// The cuBLAS whose functions `find` gives.
    ///
    /// # Safety
    /// What `find` gives for a name is that function of cuBLAS, or behaves as it, and stays for good. All calls name the same.
    #[allow(unsafe_code, reason = "the caller's promise is handed on")]
    pub unsafe fn from_functions(find: Lookup<'_>, stream: Stream) -> Cuda {
        // SAFETY: the caller's promise.
        Cuda { library: unsafe { Library::leaked(find) }, stream }
    }

    /// The stream.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    fn run<'a>(&'a self, routine: &'static str) -> Result<Run<'a>, Error> {
        Run::new(self.library, &self.stream, routine)
    }
}

macro_rules! by_run {
    ($($method:ident($call:ident) $routine:literal;)*) => {$(
        fn $method(&self, call: $call<'_, T>) -> Result<(), Error> {
            self.run($routine)?.$method(call)
        }
    )*};
}

impl<T: Scalar> Backend<T> for Cuda {
    by_run! {
        axpy(Axpy) "axpy"; copy(Copy) "copy"; swap(Swap) "swap"; rot(Rot) "rot"; rotm(Rotm) "rotm";
        gemv(Gemv) "gemv"; gbmv(Gbmv) "gbmv"; self_mv(SelfMv) "symv"; tri_mv(TriVec) "trmv"; tri_sv(TriVec) "trsv"; ger(Ger) "ger";
        self_rank1(SelfRank1) "syr"; self_rank2(SelfRank2) "syr2";
        gemm(Gemm) "gemm"; gemm3m(Gemm) "gemm3m"; self_mm(SelfMm) "symm"; rank_k(RankK) "syrk"; tri_mm(TriMat) "trmm"; tri_sm(TriMat) "trsm";
        geam(Geam) "geam"; dgmm(Dgmm) "dgmm"; pack(Pack) "trttp"; unpack(Unpack) "tpttr";
        gemm_batch(GemmBatch) "gemm_batched"; tri_sm_batch(TriBatch) "trsm_batched"; getrf(Getrf) "getrf_batched"; getrs(Getrs) "getrs_batched";
        getri(Getri) "getri_batched"; geqrf(Geqrf) "geqrf_batched"; gels(Gels) "gels_batched";
    }

    fn scal(&self, alpha: T, x: VecMut<'_, T>) -> Result<(), Error> {
        self.run("scal")?.scal(alpha, x)
    }
    fn dot(&self, call: Dot<'_, T>) -> Result<T, Error> {
        self.run("dot")?.dot(call)
    }
    fn nrm2(&self, x: VecRef<'_, T>) -> Result<T::Real, Error> {
        self.run("nrm2")?.nrm2(x)
    }
    fn asum(&self, x: VecRef<'_, T>) -> Result<T::Real, Error> {
        self.run("asum")?.asum(x)
    }
    fn amax(&self, x: VecRef<'_, T>) -> Result<Option<usize>, Error> {
        self.run("amax")?.extreme(x, true)
    }
    fn amin(&self, x: VecRef<'_, T>) -> Result<Option<usize>, Error> {
        self.run("amin")?.extreme(x, false)
    }
}
