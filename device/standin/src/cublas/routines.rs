//! The functions of one type each: names with the letters of their types, what C passes, and the call that it means.

use std::ffi::{c_int, c_void};

use super::element::Form;
use super::level3::Update;
use super::{Call, NOT_SUPPORTED, batch, level1, level2, level3};

macro_rules! routine {
    ($name:ident $letter:literal ($call:ident, $($argument:ident: $ty:ty),*) $body:expr) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(handle: usize, $($argument: $ty),*) -> i32 {
            let arguments = || {
                let list: Vec<String> = vec![format!("handle={handle}"), $(format!(concat!(stringify!($argument), "={:?}"), $argument)),*];
                list.join(", ")
            };
            let $call = Call { letter: $letter, handle };
            $crate::call::call(stringify!($name), arguments, || $body)
        }
    };
}

macro_rules! routines {
    ($($($name:ident $letter:literal)*: $arguments:tt => $body:expr;)*) => {
        $($(routine! { $name $letter $arguments $body })*)*

        /// A function of these by its name.
        pub(super) fn lookup(name: &str) -> Option<*const c_void> {
            match name {
                $($(stringify!($name) => Some($name as *const c_void),)*)*
                _ => None,
            }
        }
    };
}

routines! {
    // Level 1.
    cublasSaxpy_v2_64 'S' cublasDaxpy_v2_64 'D' cublasCaxpy_v2_64 'C' cublasZaxpy_v2_64 'Z':
        (call, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64) => level1::axpy(call, n, alpha, (x, incx), (y, incy));
    cublasScopy_v2_64 'S' cublasDcopy_v2_64 'D' cublasCcopy_v2_64 'C' cublasZcopy_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64) => level1::copy(call, n, (x, incx), (y, incy));
    cublasSswap_v2_64 'S' cublasDswap_v2_64 'D' cublasCswap_v2_64 'C' cublasZswap_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64) => level1::swap(call, n, (x, incx), (y, incy));
    cublasSscal_v2_64 'S' cublasDscal_v2_64 'D' cublasCscal_v2_64 'C' cublasZscal_v2_64 'Z':
        (call, n: i64, alpha: usize, x: u64, incx: i64) => level1::scal(call, n, alpha, (x, incx));
    cublasSdot_v2_64 'S' cublasDdot_v2_64 'D' cublasCdotu_v2_64 'C' cublasZdotu_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) => level1::dot(call, n, (x, incx), false, (y, incy), result);
    cublasCdotc_v2_64 'C' cublasZdotc_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) => level1::dot(call, n, (x, incx), true, (y, incy), result);
    cublasSnrm2_v2_64 'S' cublasDnrm2_v2_64 'D' cublasScnrm2_v2_64 'C' cublasDznrm2_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, result: usize) => level1::size(call, n, (x, incx), level1::norm, result);
    cublasSasum_v2_64 'S' cublasDasum_v2_64 'D' cublasScasum_v2_64 'C' cublasDzasum_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, result: usize) => level1::size(call, n, (x, incx), level1::sum, result);
    cublasIsamax_v2_64 'S' cublasIdamax_v2_64 'D' cublasIcamax_v2_64 'C' cublasIzamax_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, result: *mut i64) => level1::extreme(call, n, (x, incx), |size, best| size > best, result);
    cublasIsamin_v2_64 'S' cublasIdamin_v2_64 'D' cublasIcamin_v2_64 'C' cublasIzamin_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, result: *mut i64) => level1::extreme(call, n, (x, incx), |size, best| size < best, result);
    cublasSrot_v2_64 'S' cublasDrot_v2_64 'D' cublasCrot_v2_64 'C' cublasZrot_v2_64 'Z':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64, c: usize, s: usize) => level1::rot(call, n, (x, incx), (y, incy), c, s);
    cublasSrotm_v2_64 'S' cublasDrotm_v2_64 'D':
        (call, n: i64, x: u64, incx: i64, y: u64, incy: i64, param: usize) => level1::rotm(call, n, (x, incx), (y, incy), param);

    // Level 2.
    cublasSgemv_v2_64 'S' cublasDgemv_v2_64 'D' cublasCgemv_v2_64 'C' cublasZgemv_v2_64 'Z':
        (call, trans: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::gemv(call, trans, (m, n), alpha, (a, lda), (x, incx), beta, (y, incy));
    cublasSgbmv_v2_64 'S' cublasDgbmv_v2_64 'D' cublasCgbmv_v2_64 'C' cublasZgbmv_v2_64 'Z':
        (call, trans: c_int, m: i64, n: i64, kl: i64, ku: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::gbmv(call, trans, (m, n), (kl, ku), alpha, (a, lda), (x, incx), beta, (y, incy));
    cublasSsymv_v2_64 'S' cublasDsymv_v2_64 'D' cublasCsymv_v2_64 'C' cublasZsymv_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, false), n, alpha, Form::Full((a, lda)), (x, incx), beta, (y, incy));
    cublasChemv_v2_64 'C' cublasZhemv_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, true), n, alpha, Form::Full((a, lda)), (x, incx), beta, (y, incy));
    cublasSsbmv_v2_64 'S' cublasDsbmv_v2_64 'D':
        (call, uplo: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, false), n, alpha, Form::Band((a, lda), k), (x, incx), beta, (y, incy));
    cublasChbmv_v2_64 'C' cublasZhbmv_v2_64 'Z':
        (call, uplo: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, true), n, alpha, Form::Band((a, lda), k), (x, incx), beta, (y, incy));
    cublasSspmv_v2_64 'S' cublasDspmv_v2_64 'D':
        (call, uplo: c_int, n: i64, alpha: usize, ap: u64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, false), n, alpha, Form::Packed(ap), (x, incx), beta, (y, incy));
    cublasChpmv_v2_64 'C' cublasZhpmv_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, ap: u64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) =>
            level2::self_mv(call, (uplo, true), n, alpha, Form::Packed(ap), (x, incx), beta, (y, incy));
    cublasStrmv_v2_64 'S' cublasDtrmv_v2_64 'D' cublasCtrmv_v2_64 'C' cublasZtrmv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, a: u64, lda: i64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Full((a, lda)), false, (x, incx));
    cublasStrsv_v2_64 'S' cublasDtrsv_v2_64 'D' cublasCtrsv_v2_64 'C' cublasZtrsv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, a: u64, lda: i64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Full((a, lda)), true, (x, incx));
    cublasStbmv_v2_64 'S' cublasDtbmv_v2_64 'D' cublasCtbmv_v2_64 'C' cublasZtbmv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Band((a, lda), k), false, (x, incx));
    cublasStbsv_v2_64 'S' cublasDtbsv_v2_64 'D' cublasCtbsv_v2_64 'C' cublasZtbsv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Band((a, lda), k), true, (x, incx));
    cublasStpmv_v2_64 'S' cublasDtpmv_v2_64 'D' cublasCtpmv_v2_64 'C' cublasZtpmv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: u64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Packed(ap), false, (x, incx));
    cublasStpsv_v2_64 'S' cublasDtpsv_v2_64 'D' cublasCtpsv_v2_64 'C' cublasZtpsv_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: u64, x: u64, incx: i64) =>
            level2::triangular(call, (uplo, trans, diag), n, Form::Packed(ap), true, (x, incx));
    cublasSger_v2_64 'S' cublasDger_v2_64 'D' cublasCgeru_v2_64 'C' cublasZgeru_v2_64 'Z':
        (call, m: i64, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) =>
            level2::outer(call, (m, n), alpha, (x, incx), false, (y, incy), (a, lda));
    cublasCgerc_v2_64 'C' cublasZgerc_v2_64 'Z':
        (call, m: i64, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) =>
            level2::outer(call, (m, n), alpha, (x, incx), true, (y, incy), (a, lda));
    cublasSsyr_v2_64 'S' cublasDsyr_v2_64 'D' cublasCsyr_v2_64 'C' cublasZsyr_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) =>
            level2::update(call, (uplo, false), n, call.scalar(alpha), (x, incx), None, Form::Full((a, lda)));
    cublasCher_v2_64 'C' cublasZher_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) =>
            level2::update(call, (uplo, true), n, call.real(alpha), (x, incx), None, Form::Full((a, lda)));
    cublasSspr_v2_64 'S' cublasDspr_v2_64 'D':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) =>
            level2::update(call, (uplo, false), n, call.scalar(alpha), (x, incx), None, Form::Packed(ap));
    cublasChpr_v2_64 'C' cublasZhpr_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) =>
            level2::update(call, (uplo, true), n, call.real(alpha), (x, incx), None, Form::Packed(ap));
    cublasSsyr2_v2_64 'S' cublasDsyr2_v2_64 'D' cublasCsyr2_v2_64 'C' cublasZsyr2_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) =>
            level2::update(call, (uplo, false), n, call.scalar(alpha), (x, incx), Some((y, incy)), Form::Full((a, lda)));
    cublasCher2_v2_64 'C' cublasZher2_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) =>
            level2::update(call, (uplo, true), n, call.scalar(alpha), (x, incx), Some((y, incy)), Form::Full((a, lda)));
    cublasSspr2_v2_64 'S' cublasDspr2_v2_64 'D':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) =>
            level2::update(call, (uplo, false), n, call.scalar(alpha), (x, incx), Some((y, incy)), Form::Packed(ap));
    cublasChpr2_v2_64 'C' cublasZhpr2_v2_64 'Z':
        (call, uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) =>
            level2::update(call, (uplo, true), n, call.scalar(alpha), (x, incx), Some((y, incy)), Form::Packed(ap));

    // Level 3 and extensions.
    cublasSgemm_v2_64 'S' cublasDgemm_v2_64 'D' cublasCgemm_v2_64 'C' cublasZgemm_v2_64 'Z' cublasCgemm3m_64 'C' cublasZgemm3m_64 'Z':
        (call, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64,
         ldc: i64) =>
            level3::gemm(call, (transa, transb), (m, n, k), alpha, (a, lda), (b, ldb), beta, (c, ldc));
    cublasSsymm_v2_64 'S' cublasDsymm_v2_64 'D' cublasCsymm_v2_64 'C' cublasZsymm_v2_64 'Z':
        (call, side: c_int, uplo: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::self_mm(call, (side, uplo, false), (m, n), alpha, (a, lda), (b, ldb), beta, (c, ldc));
    cublasChemm_v2_64 'C' cublasZhemm_v2_64 'Z':
        (call, side: c_int, uplo: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::self_mm(call, (side, uplo, true), (m, n), alpha, (a, lda), (b, ldb), beta, (c, ldc));
    cublasSsyrk_v2_64 'S' cublasDsyrk_v2_64 'D' cublasCsyrk_v2_64 'C' cublasZsyrk_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::One, (uplo, trans, false), (n, k), call.scalar(alpha), (a, lda), (a, lda), call.scalar(beta), (c, ldc));
    cublasCherk_v2_64 'C' cublasZherk_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::One, (uplo, trans, true), (n, k), call.real(alpha), (a, lda), (a, lda), call.real(beta), (c, ldc));
    cublasSsyr2k_v2_64 'S' cublasDsyr2k_v2_64 'D' cublasCsyr2k_v2_64 'C' cublasZsyr2k_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::Both, (uplo, trans, false), (n, k), call.scalar(alpha), (a, lda), (b, ldb), call.scalar(beta), (c, ldc));
    cublasCher2k_v2_64 'C' cublasZher2k_v2_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::Both, (uplo, trans, true), (n, k), call.scalar(alpha), (a, lda), (b, ldb), call.real(beta), (c, ldc));
    cublasSsyrkx_64 'S' cublasDsyrkx_64 'D' cublasCsyrkx_64 'C' cublasZsyrkx_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::Product, (uplo, trans, false), (n, k), call.scalar(alpha), (a, lda), (b, ldb), call.scalar(beta), (c, ldc));
    cublasCherkx_64 'C' cublasZherkx_64 'Z':
        (call, uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) =>
            level3::update(call, Update::Product, (uplo, trans, true), (n, k), call.scalar(alpha), (a, lda), (b, ldb), call.real(beta), (c, ldc));
    cublasStrmm_v2_64 'S' cublasDtrmm_v2_64 'D' cublasCtrmm_v2_64 'C' cublasZtrmm_v2_64 'Z':
        (call, side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, c: u64,
         ldc: i64) =>
            level3::beside(call, (side, uplo, trans, diag), (m, n), alpha, (a, lda), false, (b, ldb), (c, ldc));
    cublasStrsm_v2_64 'S' cublasDtrsm_v2_64 'D' cublasCtrsm_v2_64 'C' cublasZtrsm_v2_64 'Z':
        (call, side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64) =>
            level3::beside(call, (side, uplo, trans, diag), (m, n), alpha, (a, lda), true, (b, ldb), (b, ldb));
    cublasSgeam_64 'S' cublasDgeam_64 'D' cublasCgeam_64 'C' cublasZgeam_64 'Z':
        (call, transa: c_int, transb: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, beta: usize, b: u64, ldb: i64, c: u64, ldc: i64) =>
            level3::geam(call, (transa, transb), (m, n), alpha, (a, lda), beta, (b, ldb), (c, ldc));
    cublasSdgmm_64 'S' cublasDdgmm_64 'D' cublasCdgmm_64 'C' cublasZdgmm_64 'Z':
        (call, side: c_int, m: i64, n: i64, a: u64, lda: i64, x: u64, incx: i64, c: u64, ldc: i64) =>
            level3::dgmm(call, side, (m, n), (a, lda), (x, incx), (c, ldc));
    cublasStpttr 'S' cublasDtpttr 'D' cublasCtpttr 'C' cublasZtpttr 'Z':
        (call, uplo: c_int, n: c_int, ap: u64, a: u64, lda: c_int) => level3::restore(call, uplo, n, Form::Packed(ap), Form::Full((a, lda.into())));
    cublasStrttp 'S' cublasDtrttp 'D' cublasCtrttp 'C' cublasZtrttp 'Z':
        (call, uplo: c_int, n: c_int, a: u64, lda: c_int, ap: u64) => level3::restore(call, uplo, n, Form::Full((a, lda.into())), Form::Packed(ap));

    // Batches; addresses of the matrices are in device memory.
    cublasSgemmBatched_64 'S' cublasDgemmBatched_64 'D' cublasCgemmBatched_64 'C' cublasZgemmBatched_64 'Z':
        (call, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64,
         count: i64) =>
            batch::gemm(call, (transa, transb), (m, n, k), alpha, (a, lda), (b, ldb), beta, (c, ldc), count);
    cublasSgemmStridedBatched_64 'S' cublasDgemmStridedBatched_64 'D' cublasCgemmStridedBatched_64 'C' cublasZgemmStridedBatched_64 'Z':
        (call, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, stepa: i64, b: u64, ldb: i64, stepb: i64,
         beta: usize, c: u64, ldc: i64, stepc: i64, count: i64) =>
            batch::gemm_strided(call, (transa, transb), (m, n, k), alpha, (a, lda, stepa), (b, ldb, stepb), beta, (c, ldc, stepc), count);
    cublasStrsmBatched_64 'S' cublasDtrsmBatched_64 'D' cublasCtrsmBatched_64 'C' cublasZtrsmBatched_64 'Z':
        (call, side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, count: i64) =>
            batch::trsm(call, (side, uplo, trans, diag), (m, n), alpha, (a, lda), (b, ldb), count);
    cublasSgetrfBatched 'S' cublasDgetrfBatched 'D' cublasCgetrfBatched 'C' cublasZgetrfBatched 'Z':
        (call, n: c_int, a: u64, lda: c_int, pivots: u64, info: u64, count: c_int) => batch::getrf(call, n, (a, lda), pivots, info, count);
    cublasSgetrsBatched 'S' cublasDgetrsBatched 'D' cublasCgetrsBatched 'C' cublasZgetrsBatched 'Z':
        (call, trans: c_int, n: c_int, nrhs: c_int, a: u64, lda: c_int, pivots: u64, b: u64, ldb: c_int, info: *mut c_int, count: c_int) =>
            batch::getrs(call, trans, (n, nrhs), (a, lda), pivots, (b, ldb), info, count);
    cublasSgetriBatched 'S' cublasDgetriBatched 'D' cublasCgetriBatched 'C' cublasZgetriBatched 'Z':
        (call, n: c_int, a: u64, lda: c_int, pivots: u64, c: u64, ldc: c_int, info: u64, count: c_int) =>
            batch::getri(call, n, (a, lda), pivots, (c, ldc), info, count);
    // Recorded, and refused: no test looks at their numbers.
    cublasSgeqrfBatched 'S' cublasDgeqrfBatched 'D' cublasCgeqrfBatched 'C' cublasZgeqrfBatched 'Z':
        (_call, m: c_int, n: c_int, a: u64, lda: c_int, tau: u64, info: *mut c_int, count: c_int) => Err(NOT_SUPPORTED);
    cublasSgelsBatched 'S' cublasDgelsBatched 'D' cublasCgelsBatched 'C' cublasZgelsBatched 'Z':
        (_call, trans: c_int, m: c_int, n: c_int, nrhs: c_int, a: u64, lda: c_int, c: u64, ldc: c_int, info: *mut c_int, infos: u64, count: c_int) =>
            Err(NOT_SUPPORTED);
}
