//! cuBLAS's functions, as its header declares them.
//!
//! Owns the declarations of what we call. A routine is one [family](Library) of up to four functions, one a type, whose signatures differ in what pointers are to alone: pointers are addresses here, device ones numbers,
//! so that one declaration holds for all four. Sizes are 64 bits wide (the `_64` functions of CUDA 12 and later) where cuBLAS has that. Must not know what is called when.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use verdigris_device::DeviceError;
use verdigris_device::cuda::Lookup;
use verdigris_device::library::{self, Missing, Name, checked};

use crate::scalar::Scalar;

/// `cublasStatus_t`.
const STATUSES: &[(c_int, &str)] = &[
    (1, "CUBLAS_STATUS_NOT_INITIALIZED"),
    (3, "CUBLAS_STATUS_ALLOC_FAILED"),
    (7, "CUBLAS_STATUS_INVALID_VALUE"),
    (8, "CUBLAS_STATUS_ARCH_MISMATCH"),
    (11, "CUBLAS_STATUS_MAPPING_ERROR"),
    (13, "CUBLAS_STATUS_EXECUTION_FAILED"),
    (14, "CUBLAS_STATUS_INTERNAL_ERROR"),
    (15, "CUBLAS_STATUS_NOT_SUPPORTED"),
    (16, "CUBLAS_STATUS_LICENSE_ERROR"),
];

/// An address on the device.
pub(super) type At = u64;
/// A number in host memory.
pub(super) type Number = *const c_void;

verdigris_device::library_functions! {
    /// Functions that are of no type.
    struct Core, statuses STATUSES;
    fn cublasCreate_v2(handle: *mut usize);
    fn cublasSetStream_v2(handle: usize, stream: usize);
    fn cublasSetPointerMode_v2(handle: usize, mode: c_int);
    fn cublasGemmEx_64(handle: usize, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: Number, a: At, atype: c_int, lda: i64, b: At, btype: c_int, ldb: i64,
        beta: Number, c: At, ctype: c_int, ldc: i64, compute: c_int, algorithm: c_int);
}

macro_rules! families {
    ($(fn $family:ident($($argument:ident: $ty:ty),*) = $s:literal $d:literal $c:literal $z:literal;)*) => {
        /// cuBLAS's functions.
        #[derive(Debug)]
        pub struct Library {
            pub(super) core: Core,
            missing: Missing,
            $($family: [Option<unsafe extern "C" fn(usize, $($ty),*) -> c_int>; 4],)*
        }

        impl Library {
            /// The names that are looked for.
            pub fn names() -> Vec<&'static str> {
                let families = [$([$s, $d, $c, $z]),*];
                Core::NAMES.iter().copied().chain(families.into_iter().flatten().filter(|name| !name.is_empty())).collect()
            }

            /// Fills the table.
            ///
            /// # Safety
            /// What `lookup` gives for a name is that function of cuBLAS, or behaves as it, and stays for good.
            unsafe fn find(lookup: Lookup<'_>, missing: Missing) -> Library {
                let symbol = |name: &str| {
                    let text = format!("{name}\0");
                    CStr::from_bytes_with_nul(text.as_bytes()).ok().filter(|_| !name.is_empty()).and_then(lookup).filter(|found| !found.is_null())
                };
                Library {
                    // SAFETY: the caller's promise.
                    core: unsafe { Core::find(lookup, missing.clone()) },
                    missing,
                    $($family: [$s, $d, $c, $z].map(|name| {
                        // SAFETY: the address is that of the function of this name, whose signature this is, pointers being addresses.
                        symbol(name).map(|found| unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn(usize, $($ty),*) -> c_int>(found) })
                    }),)*
                }
            }

            $(
                /// The function of this family for `T`.
                ///
                /// # Safety
                /// As cuBLAS's documentation says.
                #[allow(clippy::too_many_arguments, reason = "cuBLAS's own")]
                pub(super) unsafe fn $family<T: Scalar>(&self, handle: usize, $($argument: $ty),*) -> Result<(), DeviceError> {
                    let which = match T::LETTER { 'S' => 0, 'D' => 1, 'C' => 2, _ => 3 };
                    let name = [$s, $d, $c, $z][which];
                    let function = self.$family[which].ok_or_else(|| self.missing.error(name))?;
                    // SAFETY: the caller's promise.
                    checked(name, unsafe { function(handle, $($argument),*) }, STATUSES)
                }
            )*
        }
    };
}

families! {
    // Level 1.
    fn axpy(n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64) = "cublasSaxpy_v2_64" "cublasDaxpy_v2_64" "cublasCaxpy_v2_64" "cublasZaxpy_v2_64";
    fn copy(n: i64, x: At, incx: i64, y: At, incy: i64) = "cublasScopy_v2_64" "cublasDcopy_v2_64" "cublasCcopy_v2_64" "cublasZcopy_v2_64";
    fn swap(n: i64, x: At, incx: i64, y: At, incy: i64) = "cublasSswap_v2_64" "cublasDswap_v2_64" "cublasCswap_v2_64" "cublasZswap_v2_64";
    fn scal(n: i64, alpha: Number, x: At, incx: i64) = "cublasSscal_v2_64" "cublasDscal_v2_64" "cublasCscal_v2_64" "cublasZscal_v2_64";
    fn dot(n: i64, x: At, incx: i64, y: At, incy: i64, result: *mut c_void) = "cublasSdot_v2_64" "cublasDdot_v2_64" "cublasCdotu_v2_64" "cublasZdotu_v2_64";
    fn dotc(n: i64, x: At, incx: i64, y: At, incy: i64, result: *mut c_void) = "" "" "cublasCdotc_v2_64" "cublasZdotc_v2_64";
    fn nrm2(n: i64, x: At, incx: i64, result: *mut c_void) = "cublasSnrm2_v2_64" "cublasDnrm2_v2_64" "cublasScnrm2_v2_64" "cublasDznrm2_v2_64";
    fn asum(n: i64, x: At, incx: i64, result: *mut c_void) = "cublasSasum_v2_64" "cublasDasum_v2_64" "cublasScasum_v2_64" "cublasDzasum_v2_64";
    fn amax(n: i64, x: At, incx: i64, result: *mut i64) = "cublasIsamax_v2_64" "cublasIdamax_v2_64" "cublasIcamax_v2_64" "cublasIzamax_v2_64";
    fn amin(n: i64, x: At, incx: i64, result: *mut i64) = "cublasIsamin_v2_64" "cublasIdamin_v2_64" "cublasIcamin_v2_64" "cublasIzamin_v2_64";
    fn rot(n: i64, x: At, incx: i64, y: At, incy: i64, c: Number, s: Number) = "cublasSrot_v2_64" "cublasDrot_v2_64" "cublasCrot_v2_64" "cublasZrot_v2_64";
    fn rotm(n: i64, x: At, incx: i64, y: At, incy: i64, param: Number) = "cublasSrotm_v2_64" "cublasDrotm_v2_64" "" "";
    // Level 2.
    fn gemv(trans: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "cublasSgemv_v2_64" "cublasDgemv_v2_64" "cublasCgemv_v2_64" "cublasZgemv_v2_64";
    fn gbmv(trans: c_int, m: i64, n: i64, kl: i64, ku: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "cublasSgbmv_v2_64" "cublasDgbmv_v2_64" "cublasCgbmv_v2_64" "cublasZgbmv_v2_64";
    fn symv(uplo: c_int, n: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "cublasSsymv_v2_64" "cublasDsymv_v2_64" "cublasCsymv_v2_64" "cublasZsymv_v2_64";
    fn hemv(uplo: c_int, n: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "" "" "cublasChemv_v2_64" "cublasZhemv_v2_64";
    fn sbmv(uplo: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "cublasSsbmv_v2_64" "cublasDsbmv_v2_64" "" "";
    fn hbmv(uplo: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, x: At, incx: i64, beta: Number, y: At, incy: i64) = "" "" "cublasChbmv_v2_64" "cublasZhbmv_v2_64";
    fn spmv(uplo: c_int, n: i64, alpha: Number, ap: At, x: At, incx: i64, beta: Number, y: At, incy: i64) = "cublasSspmv_v2_64" "cublasDspmv_v2_64" "" "";
    fn hpmv(uplo: c_int, n: i64, alpha: Number, ap: At, x: At, incx: i64, beta: Number, y: At, incy: i64) = "" "" "cublasChpmv_v2_64" "cublasZhpmv_v2_64";
    fn trmv(uplo: c_int, trans: c_int, diag: c_int, n: i64, a: At, lda: i64, x: At, incx: i64) = "cublasStrmv_v2_64" "cublasDtrmv_v2_64" "cublasCtrmv_v2_64" "cublasZtrmv_v2_64";
    fn trsv(uplo: c_int, trans: c_int, diag: c_int, n: i64, a: At, lda: i64, x: At, incx: i64) = "cublasStrsv_v2_64" "cublasDtrsv_v2_64" "cublasCtrsv_v2_64" "cublasZtrsv_v2_64";
    fn tbmv(uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: At, lda: i64, x: At, incx: i64) = "cublasStbmv_v2_64" "cublasDtbmv_v2_64" "cublasCtbmv_v2_64" "cublasZtbmv_v2_64";
    fn tbsv(uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: At, lda: i64, x: At, incx: i64) = "cublasStbsv_v2_64" "cublasDtbsv_v2_64" "cublasCtbsv_v2_64" "cublasZtbsv_v2_64";
    fn tpmv(uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: At, x: At, incx: i64) = "cublasStpmv_v2_64" "cublasDtpmv_v2_64" "cublasCtpmv_v2_64" "cublasZtpmv_v2_64";
    fn tpsv(uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: At, x: At, incx: i64) = "cublasStpsv_v2_64" "cublasDtpsv_v2_64" "cublasCtpsv_v2_64" "cublasZtpsv_v2_64";
    fn ger(m: i64, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, a: At, lda: i64) = "cublasSger_v2_64" "cublasDger_v2_64" "cublasCgeru_v2_64" "cublasZgeru_v2_64";
    fn gerc(m: i64, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, a: At, lda: i64) = "" "" "cublasCgerc_v2_64" "cublasZgerc_v2_64";
    fn syr(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, a: At, lda: i64) = "cublasSsyr_v2_64" "cublasDsyr_v2_64" "cublasCsyr_v2_64" "cublasZsyr_v2_64";
    fn her(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, a: At, lda: i64) = "" "" "cublasCher_v2_64" "cublasZher_v2_64";
    fn spr(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, ap: At) = "cublasSspr_v2_64" "cublasDspr_v2_64" "" "";
    fn hpr(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, ap: At) = "" "" "cublasChpr_v2_64" "cublasZhpr_v2_64";
    fn syr2(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, a: At, lda: i64) = "cublasSsyr2_v2_64" "cublasDsyr2_v2_64" "cublasCsyr2_v2_64" "cublasZsyr2_v2_64";
    fn her2(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, a: At, lda: i64) = "" "" "cublasCher2_v2_64" "cublasZher2_v2_64";
    fn spr2(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, ap: At) = "cublasSspr2_v2_64" "cublasDspr2_v2_64" "" "";
    fn hpr2(uplo: c_int, n: i64, alpha: Number, x: At, incx: i64, y: At, incy: i64, ap: At) = "" "" "cublasChpr2_v2_64" "cublasZhpr2_v2_64";
    // Level 3.
    fn gemm(transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "cublasSgemm_v2_64" "cublasDgemm_v2_64" "cublasCgemm_v2_64" "cublasZgemm_v2_64";
    fn gemm3m(transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "" "" "cublasCgemm3m_64" "cublasZgemm3m_64";
    fn symm(side: c_int, uplo: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "cublasSsymm_v2_64" "cublasDsymm_v2_64" "cublasCsymm_v2_64" "cublasZsymm_v2_64";
    fn hemm(side: c_int, uplo: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "" "" "cublasChemm_v2_64" "cublasZhemm_v2_64";
    fn syrk(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, beta: Number, c: At, ldc: i64) = "cublasSsyrk_v2_64" "cublasDsyrk_v2_64" "cublasCsyrk_v2_64" "cublasZsyrk_v2_64";
    fn herk(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, beta: Number, c: At, ldc: i64) = "" "" "cublasCherk_v2_64" "cublasZherk_v2_64";
    fn syr2k(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "cublasSsyr2k_v2_64" "cublasDsyr2k_v2_64" "cublasCsyr2k_v2_64" "cublasZsyr2k_v2_64";
    fn her2k(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "" "" "cublasCher2k_v2_64" "cublasZher2k_v2_64";
    fn syrkx(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "cublasSsyrkx_64" "cublasDsyrkx_64" "cublasCsyrkx_64" "cublasZsyrkx_64";
    fn herkx(uplo: c_int, trans: c_int, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64) = "" "" "cublasCherkx_64" "cublasZherkx_64";
    fn trmm(side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, c: At, ldc: i64) = "cublasStrmm_v2_64" "cublasDtrmm_v2_64" "cublasCtrmm_v2_64" "cublasZtrmm_v2_64";
    fn trsm(side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64) = "cublasStrsm_v2_64" "cublasDtrsm_v2_64" "cublasCtrsm_v2_64" "cublasZtrsm_v2_64";
    // Extensions.
    fn geam(transa: c_int, transb: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, beta: Number, b: At, ldb: i64, c: At, ldc: i64) = "cublasSgeam_64" "cublasDgeam_64" "cublasCgeam_64" "cublasZgeam_64";
    fn dgmm(side: c_int, m: i64, n: i64, a: At, lda: i64, x: At, incx: i64, c: At, ldc: i64) = "cublasSdgmm_64" "cublasDdgmm_64" "cublasCdgmm_64" "cublasZdgmm_64";
    fn tpttr(uplo: c_int, n: c_int, ap: At, a: At, lda: c_int) = "cublasStpttr" "cublasDtpttr" "cublasCtpttr" "cublasZtpttr";
    fn trttp(uplo: c_int, n: c_int, a: At, lda: c_int, ap: At) = "cublasStrttp" "cublasDtrttp" "cublasCtrttp" "cublasZtrttp";
    // Batches; arrays of addresses are on the device.
    fn gemm_batched(transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, beta: Number, c: At, ldc: i64, count: i64) = "cublasSgemmBatched_64" "cublasDgemmBatched_64" "cublasCgemmBatched_64" "cublasZgemmBatched_64";
    fn gemm_strided(transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: Number, a: At, lda: i64, stepa: i64, b: At, ldb: i64, stepb: i64, beta: Number, c: At, ldc: i64, stepc: i64, count: i64) = "cublasSgemmStridedBatched_64" "cublasDgemmStridedBatched_64" "cublasCgemmStridedBatched_64" "cublasZgemmStridedBatched_64";
    fn trsm_batched(side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: Number, a: At, lda: i64, b: At, ldb: i64, count: i64) = "cublasStrsmBatched_64" "cublasDtrsmBatched_64" "cublasCtrsmBatched_64" "cublasZtrsmBatched_64";
    fn getrf(n: c_int, a: At, lda: c_int, pivots: At, info: At, count: c_int) = "cublasSgetrfBatched" "cublasDgetrfBatched" "cublasCgetrfBatched" "cublasZgetrfBatched";
    fn getrs(trans: c_int, n: c_int, nrhs: c_int, a: At, lda: c_int, pivots: At, b: At, ldb: c_int, info: *mut c_int, count: c_int) = "cublasSgetrsBatched" "cublasDgetrsBatched" "cublasCgetrsBatched" "cublasZgetrsBatched";
    fn getri(n: c_int, a: At, lda: c_int, pivots: At, c: At, ldc: c_int, info: At, count: c_int) = "cublasSgetriBatched" "cublasDgetriBatched" "cublasCgetriBatched" "cublasZgetriBatched";
    fn geqrf(m: c_int, n: c_int, a: At, lda: c_int, tau: At, info: *mut c_int, count: c_int) = "cublasSgeqrfBatched" "cublasDgeqrfBatched" "cublasCgeqrfBatched" "cublasZgeqrfBatched";
    fn gels(trans: c_int, m: c_int, n: c_int, nrhs: c_int, a: At, lda: c_int, c: At, ldc: c_int, info: *mut c_int, infos: At, count: c_int) = "cublasSgelsBatched" "cublasDgelsBatched" "cublasCgelsBatched" "cublasZgelsBatched";
}

impl Library {
    /// This process's.
    ///
    /// # Errors
    /// There is none: what was tried.
    pub(super) fn of_process() -> Result<&'static Library, DeviceError> {
        static FOUND: OnceLock<Library> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found);
        }
        let opened = library::open(Name::Cublas)?;
        // SAFETY: the functions of the library of that name, which stays open.
        Ok(FOUND.get_or_init(|| unsafe { Library::find(&|name| opened.find(name), Missing::new(Name::Cublas, opened.path())) }))
    }

    /// The library whose functions `find` gives: the one made at the first call, whatever later ones name.
    ///
    /// # Safety
    /// As [`Library::find`].
    pub(super) unsafe fn leaked(find: Lookup<'_>) -> &'static Library {
        static GIVEN: Mutex<Option<&'static Library>> = Mutex::new(None);
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        given.get_or_insert_with(|| {
            // SAFETY: the caller's promise.
            let found = unsafe { Library::find(find, Missing::new(Name::Cublas, Path::new("the library that was given"))) };
            Box::leak(Box::new(found))
        })
    }
}
