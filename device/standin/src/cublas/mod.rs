//! cuBLAS's functions under their C names, for all four types.
//!
//! Computed plainly, in float64, from and to device memory, element by element, when the stream comes to them; what lies outside its block, or in the triangle that is not to be read, is found by that. What cuBLAS
//! refuses (a leading dimension that is too small, a step of 0) is refused. Numbers come from host memory and are read at the call.

mod batch;
mod element;
mod level1;
mod level2;
mod level3;
mod routines;

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
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

/// A call of a routine: the letter of its type, and its handle.
#[derive(Clone, Copy)]
struct Call {
    letter: char,
    handle: usize,
}

impl Call {
    /// Has work done on the handle's stream.
    fn later(self, work: impl FnOnce(&mut Elements<'_>) -> Outcome + Send + 'static) -> Outcome {
        let stream = stream_of(self.handle)?;
        let act = move |memory: &mut Memory| work(&mut Elements { memory, letter: self.letter });
        order(&mut lock(), stream, Work::Act(Box::new(act))).map(drop).map_err(|_| EXECUTION_FAILED)
    }

    /// Has work done on the handle's stream, and waits for it.
    fn now<R: Send + 'static>(self, work: impl FnOnce(&mut Elements<'_>) -> Outcome<R> + Send + 'static) -> Outcome<R> {
        let stream = stream_of(self.handle)?;
        let result = Arc::new(Mutex::new(None));
        let to = Arc::clone(&result);
        let act = move |memory: &mut Memory| {
            let made = work(&mut Elements { memory, letter: self.letter })?;
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
    fn scalar(self, at: usize) -> Z {
        told(self.letter, at)
    }

    /// A real coefficient of a complex routine.
    fn real(self, at: usize) -> Z {
        told(self.real_letter(), at)
    }

    /// The letter of the real type of the same precision.
    fn real_letter(self) -> char {
        if matches!(self.letter, 'S' | 'C') { 'S' } else { 'D' }
    }
}

fn told(letter: char, at: usize) -> Z {
    let value = element::host(letter, at);
    note(format!(" {value:?}"));
    value
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
    fn cublasGemmEx_64(handle: usize, transa: c_int, transb: c_int, m: i64, n: i64, k: i64, alpha: usize, a: u64, atype: c_int, lda: i64, b: u64,
                       btype: c_int, ldb: i64, beta: usize, c: u64, ctype: c_int, ldc: i64, compute: c_int, algorithm: c_int) {
        let places = [(a, atype, lda), (b, btype, ldb), (c, ctype, ldc)];
        level3::gemm_ex(handle, (transa, transb), (m, n, k), (alpha, beta), places, compute, algorithm)
    }
    fn cublasSetPointerMode_v2(handle: usize, mode: c_int) {
        stream_of(handle)?;
        // Numbers on the device are not read here.
        if mode == 0 { Ok(()) } else { Err(NOT_SUPPORTED) }
    }
}

/// A function of cuBLAS's by its name.
pub(crate) fn library(name: &str) -> Option<*const c_void> {
    core(name).or_else(|| routines::lookup(name))
}
