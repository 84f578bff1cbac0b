//! cuBLAS's functions under their C names, for all four types.
//!
//! Computed plainly, in float64, from and to device memory, element by element, when the stream comes to them; what lies outside its block, or in the triangle that is not to be read, is found by that. What cuBLAS
//! refuses (a leading dimension that is too small, a step of 0) is refused. Numbers come from host memory and are read at the call.

mod batch;
mod element;
mod level1;
mod level2;
mod level3;

use std::collections::HashMap;
use std::ffi::c_int;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::{functions, note, put};
use crate::memory::Memory;
use crate::state::{Outcome, current, lock};
use crate::work::{Work, key, order, run};

use element::{Elements, Z};

const NOT_INITIALIZED: i32 = 1;
const INVALID_VALUE: i32 = 7;
const EXECUTION_FAILED: i32 = 13;
const NOT_SUPPORTED: i32 = 15;

struct Handle {
    context: usize,
    stream: usize,
}

static HANDLES: Mutex<Option<HashMap<usize, Handle>>> = Mutex::new(None);

fn handles() -> MutexGuard<'static, Option<HashMap<usize, Handle>>> {
    HANDLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of a handle, whose context has to be current.
fn stream_of(handle: usize) -> Outcome<usize> {
    let all = handles();
    let handle = all.as_ref().and_then(|all| all.get(&handle)).ok_or(NOT_INITIALIZED)?;
    if current().map_err(|_| NOT_INITIALIZED)? == handle.context { Ok(handle.stream) } else { Err(EXECUTION_FAILED) }
}

/// Has work done on a handle's stream.
fn later(handle: usize, letter: char, work: impl FnOnce(&mut Elements<'_>) -> Outcome + Send + 'static) -> Outcome {
    let stream = stream_of(handle)?;
    let act = move |memory: &mut Memory| work(&mut Elements { memory, letter });
    order(&mut lock(), stream, Work::Act(Box::new(act))).map(drop).map_err(|_| EXECUTION_FAILED)
}

/// Has work done on a handle's stream, and waits for it.
fn now<R: Send + 'static>(handle: usize, letter: char, work: impl FnOnce(&mut Elements<'_>) -> Outcome<R> + Send + 'static) -> Outcome<R> {
    let stream = stream_of(handle)?;
    let result = Arc::new(Mutex::new(None));
    let to = Arc::clone(&result);
    let act = move |memory: &mut Memory| {
        let made = work(&mut Elements { memory, letter })?;
        *to.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    };
    let (key, ticket) = {
        let mut state = lock();
        let ticket = order(&mut state, stream, Work::Act(Box::new(act))).map_err(|_| EXECUTION_FAILED)?;
        (key(&mut state, stream)?, ticket)
    };
    run(key, ticket).map_err(|_| EXECUTION_FAILED)?;
    result.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(EXECUTION_FAILED)
}

/// A coefficient in host memory, told in the record.
fn scalar(letter: char, at: usize) -> Z {
    let value = element::host(letter, at);
    note(format!(" {value:?}"));
    value
}

/// A real coefficient of a complex routine.
fn real(letter: char, at: usize) -> Z {
    scalar(if matches!(letter, 'S' | 'C') { 'S' } else { 'D' }, at)
}

fn need(holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(INVALID_VALUE) }
}

fn flags(uplo: c_int, trans: c_int, diag: c_int) -> Outcome {
    need((0..=1).contains(&uplo) && (0..=2).contains(&trans) && (0..=1).contains(&diag))
}

/// Whether a leading dimension is one of a matrix of so many rows.
fn leading(ld: i64, rows: i64) -> Outcome {
    need(rows >= 0 && ld >= rows.max(1))
}

functions! {
    lookup core;
    fn cublasGetProperty(which: c_int, value: *mut c_int) { put(value, [13, 1, 0][which as usize]) }
    fn cublasLtGetProperty(which: c_int, value: *mut c_int) { put(value, [13, 1, 0][which as usize]) }
    fn cublasCreate_v2(handle: *mut usize) {
        let context = current().map_err(|_| NOT_INITIALIZED)?;
        let made = lock().handle();
        handles().get_or_insert_default().insert(made, Handle { context, stream: 0 });
        put(handle, made)
    }
    fn cublasDestroy_v2(handle: usize) { handles().get_or_insert_default().remove(&handle).map(drop).ok_or(NOT_INITIALIZED) }
    fn cublasSetStream_v2(handle: usize, stream: usize) {
        handles().get_or_insert_default().get_mut(&handle).ok_or(NOT_INITIALIZED)?.stream = stream;
        Ok(())
    }
    fn cublasGemmEx_64(handle: usize, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, atype: c_int, lda: i64, b: u64, btype: c_int, ldb: i64, beta: usize, c: u64, ctype: c_int, ldc: i64, compute: c_int, algorithm: c_int) {
        level3::gemm_ex(handle, (transa, transb), (m, n, k), (alpha, beta), [(a, atype, lda), (b, btype, ldb), (c, ctype, ldc)], compute, algorithm)
    }
    fn cublasSetPointerMode_v2(handle: usize, mode: c_int) {
        stream_of(handle)?;
        // Numbers on the device are not read here.
        if mode == 0 { Ok(()) } else { Err(NOT_SUPPORTED) }
    }
}

macro_rules! one {
    ($name:ident $letter:literal $family:path, ($($argument:ident: $ty:ty),*)) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(handle: usize, $($argument: $ty),*) -> i32 {
            let arguments = || {
                let list: Vec<String> = vec![format!("handle={handle}"), $(format!(concat!(stringify!($argument), "={:?}"), $argument)),*];
                list.join(", ")
            };
            $crate::call::call(stringify!($name), arguments, || $family($letter, handle, $($argument),*))
        }
    };
}

macro_rules! families {
    ($($family:path, $arguments:tt = $($name:ident $letter:literal)*;)*) => {
        $($(one! { $name $letter $family, $arguments })*)*

        fn typed(name: &str) -> Option<*const std::ffi::c_void> {
            match name {
                $($(stringify!($name) => Some($name as *const std::ffi::c_void),)*)*
                _ => None,
            }
        }
    };
}

/// A function of cuBLAS's by its name.
pub(crate) fn library(name: &str) -> Option<*const std::ffi::c_void> {
    core(name).or_else(|| typed(name))
}

families! {
    level1::axpy, (n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64) = cublasSaxpy_v2_64 'S' cublasDaxpy_v2_64 'D' cublasCaxpy_v2_64 'C' cublasZaxpy_v2_64 'Z';
    level1::copy, (n: i64, x: u64, incx: i64, y: u64, incy: i64) = cublasScopy_v2_64 'S' cublasDcopy_v2_64 'D' cublasCcopy_v2_64 'C' cublasZcopy_v2_64 'Z';
    level1::swap, (n: i64, x: u64, incx: i64, y: u64, incy: i64) = cublasSswap_v2_64 'S' cublasDswap_v2_64 'D' cublasCswap_v2_64 'C' cublasZswap_v2_64 'Z';
    level1::scal, (n: i64, alpha: usize, x: u64, incx: i64) = cublasSscal_v2_64 'S' cublasDscal_v2_64 'D' cublasCscal_v2_64 'C' cublasZscal_v2_64 'Z';
    level1::dot, (n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) = cublasSdot_v2_64 'S' cublasDdot_v2_64 'D' cublasCdotu_v2_64 'C' cublasZdotu_v2_64 'Z';
    level1::dotc, (n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) = cublasCdotc_v2_64 'C' cublasZdotc_v2_64 'Z';
    level1::nrm2, (n: i64, x: u64, incx: i64, result: usize) = cublasSnrm2_v2_64 'S' cublasDnrm2_v2_64 'D' cublasScnrm2_v2_64 'C' cublasDznrm2_v2_64 'Z';
    level1::asum, (n: i64, x: u64, incx: i64, result: usize) = cublasSasum_v2_64 'S' cublasDasum_v2_64 'D' cublasScasum_v2_64 'C' cublasDzasum_v2_64 'Z';
    level1::amax, (n: i64, x: u64, incx: i64, result: *mut i64) = cublasIsamax_v2_64 'S' cublasIdamax_v2_64 'D' cublasIcamax_v2_64 'C' cublasIzamax_v2_64 'Z';
    level1::amin, (n: i64, x: u64, incx: i64, result: *mut i64) = cublasIsamin_v2_64 'S' cublasIdamin_v2_64 'D' cublasIcamin_v2_64 'C' cublasIzamin_v2_64 'Z';
    level1::rot, (n: i64, x: u64, incx: i64, y: u64, incy: i64, c: usize, s: usize) = cublasSrot_v2_64 'S' cublasDrot_v2_64 'D' cublasCrot_v2_64 'C' cublasZrot_v2_64 'Z';
    level1::rotm, (n: i64, x: u64, incx: i64, y: u64, incy: i64, param: usize) = cublasSrotm_v2_64 'S' cublasDrotm_v2_64 'D';
    level2::gemv, (trans: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasSgemv_v2_64 'S' cublasDgemv_v2_64 'D' cublasCgemv_v2_64 'C' cublasZgemv_v2_64 'Z';
    level2::gbmv, (trans: c_int, m: i64, n: i64, kl: i64, ku: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasSgbmv_v2_64 'S' cublasDgbmv_v2_64 'D' cublasCgbmv_v2_64 'C' cublasZgbmv_v2_64 'Z';
    level2::symv, (uplo: c_int, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasSsymv_v2_64 'S' cublasDsymv_v2_64 'D' cublasCsymv_v2_64 'C' cublasZsymv_v2_64 'Z';
    level2::hemv, (uplo: c_int, n: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasChemv_v2_64 'C' cublasZhemv_v2_64 'Z';
    level2::sbmv, (uplo: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasSsbmv_v2_64 'S' cublasDsbmv_v2_64 'D';
    level2::hbmv, (uplo: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasChbmv_v2_64 'C' cublasZhbmv_v2_64 'Z';
    level2::spmv, (uplo: c_int, n: i64, alpha: usize, ap: u64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasSspmv_v2_64 'S' cublasDspmv_v2_64 'D';
    level2::hpmv, (uplo: c_int, n: i64, alpha: usize, ap: u64, x: u64, incx: i64, beta: usize, y: u64, incy: i64) = cublasChpmv_v2_64 'C' cublasZhpmv_v2_64 'Z';
    level2::trmv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, a: u64, lda: i64, x: u64, incx: i64) = cublasStrmv_v2_64 'S' cublasDtrmv_v2_64 'D' cublasCtrmv_v2_64 'C' cublasZtrmv_v2_64 'Z';
    level2::trsv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, a: u64, lda: i64, x: u64, incx: i64) = cublasStrsv_v2_64 'S' cublasDtrsv_v2_64 'D' cublasCtrsv_v2_64 'C' cublasZtrsv_v2_64 'Z';
    level2::tbmv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) = cublasStbmv_v2_64 'S' cublasDtbmv_v2_64 'D' cublasCtbmv_v2_64 'C' cublasZtbmv_v2_64 'Z';
    level2::tbsv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) = cublasStbsv_v2_64 'S' cublasDtbsv_v2_64 'D' cublasCtbsv_v2_64 'C' cublasZtbsv_v2_64 'Z';
    level2::tpmv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: u64, x: u64, incx: i64) = cublasStpmv_v2_64 'S' cublasDtpmv_v2_64 'D' cublasCtpmv_v2_64 'C' cublasZtpmv_v2_64 'Z';
    level2::tpsv, (uplo: c_int, trans: c_int, diag: c_int, n: i64, ap: u64, x: u64, incx: i64) = cublasStpsv_v2_64 'S' cublasDtpsv_v2_64 'D' cublasCtpsv_v2_64 'C' cublasZtpsv_v2_64 'Z';
    level2::ger, (m: i64, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) = cublasSger_v2_64 'S' cublasDger_v2_64 'D' cublasCgeru_v2_64 'C' cublasZgeru_v2_64 'Z';
    level2::gerc, (m: i64, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) = cublasCgerc_v2_64 'C' cublasZgerc_v2_64 'Z';
    level2::syr, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) = cublasSsyr_v2_64 'S' cublasDsyr_v2_64 'D' cublasCsyr_v2_64 'C' cublasZsyr_v2_64 'Z';
    level2::her, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) = cublasCher_v2_64 'C' cublasZher_v2_64 'Z';
    level2::spr, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) = cublasSspr_v2_64 'S' cublasDspr_v2_64 'D';
    level2::hpr, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) = cublasChpr_v2_64 'C' cublasZhpr_v2_64 'Z';
    level2::syr2, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) = cublasSsyr2_v2_64 'S' cublasDsyr2_v2_64 'D' cublasCsyr2_v2_64 'C' cublasZsyr2_v2_64 'Z';
    level2::her2, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) = cublasCher2_v2_64 'C' cublasZher2_v2_64 'Z';
    level2::spr2, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) = cublasSspr2_v2_64 'S' cublasDspr2_v2_64 'D';
    level2::hpr2, (uplo: c_int, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) = cublasChpr2_v2_64 'C' cublasZhpr2_v2_64 'Z';
    level3::gemm, (transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasSgemm_v2_64 'S' cublasDgemm_v2_64 'D' cublasCgemm_v2_64 'C' cublasZgemm_v2_64 'Z' cublasCgemm3m_64 'C' cublasZgemm3m_64 'Z';
    level3::symm, (side: c_int, uplo: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasSsymm_v2_64 'S' cublasDsymm_v2_64 'D' cublasCsymm_v2_64 'C' cublasZsymm_v2_64 'Z';
    level3::hemm, (side: c_int, uplo: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasChemm_v2_64 'C' cublasZhemm_v2_64 'Z';
    level3::syrk, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, beta: usize, c: u64, ldc: i64) = cublasSsyrk_v2_64 'S' cublasDsyrk_v2_64 'D' cublasCsyrk_v2_64 'C' cublasZsyrk_v2_64 'Z';
    level3::herk, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, beta: usize, c: u64, ldc: i64) = cublasCherk_v2_64 'C' cublasZherk_v2_64 'Z';
    level3::syr2k, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasSsyr2k_v2_64 'S' cublasDsyr2k_v2_64 'D' cublasCsyr2k_v2_64 'C' cublasZsyr2k_v2_64 'Z';
    level3::her2k, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasCher2k_v2_64 'C' cublasZher2k_v2_64 'Z';
    level3::syrkx, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasSsyrkx_64 'S' cublasDsyrkx_64 'D' cublasCsyrkx_64 'C' cublasZsyrkx_64 'Z';
    level3::herkx, (uplo: c_int, trans: c_int, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64) = cublasCherkx_64 'C' cublasZherkx_64 'Z';
    level3::trmm, (side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, c: u64, ldc: i64) = cublasStrmm_v2_64 'S' cublasDtrmm_v2_64 'D' cublasCtrmm_v2_64 'C' cublasZtrmm_v2_64 'Z';
    level3::trsm, (side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64) = cublasStrsm_v2_64 'S' cublasDtrsm_v2_64 'D' cublasCtrsm_v2_64 'C' cublasZtrsm_v2_64 'Z';
    level3::geam, (transa: c_int, transb: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, beta: usize, b: u64, ldb: i64, c: u64, ldc: i64) = cublasSgeam_64 'S' cublasDgeam_64 'D' cublasCgeam_64 'C' cublasZgeam_64 'Z';
    level3::dgmm, (side: c_int, m: i64, n: i64, a: u64, lda: i64, x: u64, incx: i64, c: u64, ldc: i64) = cublasSdgmm_64 'S' cublasDdgmm_64 'D' cublasCdgmm_64 'C' cublasZdgmm_64 'Z';
    level3::tpttr, (uplo: c_int, n: c_int, ap: u64, a: u64, lda: c_int) = cublasStpttr 'S' cublasDtpttr 'D' cublasCtpttr 'C' cublasZtpttr 'Z';
    level3::trttp, (uplo: c_int, n: c_int, a: u64, lda: c_int, ap: u64) = cublasStrttp 'S' cublasDtrttp 'D' cublasCtrttp 'C' cublasZtrttp 'Z';
    batch::gemm, (transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, beta: usize, c: u64, ldc: i64, count: i64) = cublasSgemmBatched_64 'S' cublasDgemmBatched_64 'D' cublasCgemmBatched_64 'C' cublasZgemmBatched_64 'Z';
    batch::gemm_strided, (transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, lda: i64, stepa: i64, b: u64, ldb: i64, stepb: i64, beta: usize, c: u64, ldc: i64, stepc: i64, count: i64) = cublasSgemmStridedBatched_64 'S' cublasDgemmStridedBatched_64 'D' cublasCgemmStridedBatched_64 'C' cublasZgemmStridedBatched_64 'Z';
    batch::trsm, (side: c_int, uplo: c_int, trans: c_int, diag: c_int, m: i64, n: i64, alpha: usize, a: u64, lda: i64, b: u64, ldb: i64, count: i64) = cublasStrsmBatched_64 'S' cublasDtrsmBatched_64 'D' cublasCtrsmBatched_64 'C' cublasZtrsmBatched_64 'Z';
    batch::getrf, (n: c_int, a: u64, lda: c_int, pivots: u64, info: u64, count: c_int) = cublasSgetrfBatched 'S' cublasDgetrfBatched 'D' cublasCgetrfBatched 'C' cublasZgetrfBatched 'Z';
    batch::getrs, (trans: c_int, n: c_int, nrhs: c_int, a: u64, lda: c_int, pivots: u64, b: u64, ldb: c_int, info: *mut c_int, count: c_int) = cublasSgetrsBatched 'S' cublasDgetrsBatched 'D' cublasCgetrsBatched 'C' cublasZgetrsBatched 'Z';
    batch::getri, (n: c_int, a: u64, lda: c_int, pivots: u64, c: u64, ldc: c_int, info: u64, count: c_int) = cublasSgetriBatched 'S' cublasDgetriBatched 'D' cublasCgetriBatched 'C' cublasZgetriBatched 'Z';
    batch::geqrf, (m: c_int, n: c_int, a: u64, lda: c_int, tau: u64, info: *mut c_int, count: c_int) = cublasSgeqrfBatched 'S' cublasDgeqrfBatched 'D' cublasCgeqrfBatched 'C' cublasZgeqrfBatched 'Z';
    batch::gels, (trans: c_int, m: c_int, n: c_int, nrhs: c_int, a: u64, lda: c_int, c: u64, ldc: c_int, info: *mut c_int, infos: u64, count: c_int) = cublasSgelsBatched 'S' cublasDgelsBatched 'D' cublasCgelsBatched 'C' cublasZgelsBatched 'Z';
}
