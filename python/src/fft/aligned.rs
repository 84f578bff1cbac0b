//! Large new NumPy arrays that begin at a cache line.
//!
//! Owns the allocator that NumPy is lent while it makes one (its `PyDataMem_SetHandler`, NEP 49). What NumPy's own gives begins 16 bytes into a line, so that every register as wide as a line that is
//! stored crosses into the next. The array keeps the allocator for when it is resized or freed. Knows no transform.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::fork;

/// Bytes from which an array is worth the exchange of allocators.
const WORTH: usize = 32 << 10;
const LINE: usize = 64;
/// Bytes from which NumPy, too, asks for huge pages.
#[cfg(target_os = "linux")]
const HUGE_FROM: usize = 4 << 20;

/// NumPy's `PyDataMem_Handler`.
#[repr(C)]
struct Handler {
    name: [c_char; 127],
    version: u8,
    context: *mut c_void,
    malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

// SAFETY: never written; the context is null.
unsafe impl Sync for Handler {}

static HANDLER: Handler = Handler { name: name(), version: 1, context: std::ptr::null_mut(), malloc, calloc, realloc, free };

const fn name() -> [c_char; 127] {
    let (text, mut name, mut at) = (b"verdigris", [0; 127], 0);
    while at < text.len() {
        name[at] = text[at] as c_char;
        at += 1;
    }
    name
}

mod system {
    use std::ffi::{c_int, c_void};

    unsafe extern "C" {
        pub(super) fn posix_memalign(to: *mut *mut c_void, alignment: usize, bytes: usize) -> c_int;
        pub(super) fn calloc(count: usize, bytes: usize) -> *mut c_void;
        pub(super) fn realloc(at: *mut c_void, bytes: usize) -> *mut c_void;
        pub(super) fn free(at: *mut c_void);
        #[cfg(target_os = "linux")]
        pub(super) fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    }
}

/// # Safety
/// None.
unsafe extern "C" fn malloc(_: *mut c_void, bytes: usize) -> *mut c_void {
    let mut at = std::ptr::null_mut();
    // SAFETY: a place for the address, and an alignment that is a power of two and a multiple of a pointer's size.
    if unsafe { system::posix_memalign(&raw mut at, LINE, bytes.max(1)) } != 0 {
        return std::ptr::null_mut();
    }
    #[cfg(target_os = "linux")]
    if bytes >= HUGE_FROM {
        const PAGE: usize = 4096;
        const MADV_HUGEPAGE: c_int = 14;
        let before = at.addr().next_multiple_of(PAGE) - at.addr();
        // SAFETY: advice changes no contents; the range is the block's own, which is longer than a page.
        unsafe { system::madvise(at.wrapping_byte_add(before), bytes - before, MADV_HUGEPAGE) };
    }
    at
}

/// # Safety
/// None.
unsafe extern "C" fn calloc(_: *mut c_void, count: usize, bytes: usize) -> *mut c_void {
    // SAFETY: any sizes are.
    unsafe { system::calloc(count, bytes) }
}

/// # Safety
/// `at` is one of these functions' blocks, or null.
unsafe extern "C" fn realloc(_: *mut c_void, at: *mut c_void, bytes: usize) -> *mut c_void {
    // SAFETY: the caller's promise; all blocks are the system's `malloc`'s.
    unsafe { system::realloc(at, bytes) }
}

/// # Safety
/// As [`realloc`], and the block is not used again.
unsafe extern "C" fn free(_: *mut c_void, at: *mut c_void, _: usize) {
    // SAFETY: the caller's promise.
    unsafe { system::free(at) }
}

/// NumPy's function and our allocator as it takes it.
struct Exchange {
    set: unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject,
    ours: Py<PyAny>,
}

impl Exchange {
    fn new(py: Python<'_>) -> PyResult<Exchange> {
        // Place of the function in NumPy's table, which never changes.
        const SET_HANDLER: usize = 304;
        const NAME: &CStr = c"mem_handler";
        let table = py.import("numpy._core._multiarray_umath")?.getattr("_ARRAY_API")?;
        // SAFETY: the capsule holds NumPy's table of functions and lives as long as NumPy; from version 1.22 on it has this one, and we ask for 2.0. The new capsule is over memory that lives for ever,
        // which NumPy reads only.
        unsafe {
            let functions = ffi::PyCapsule_GetPointer(table.as_ptr(), std::ptr::null()).cast::<*const c_void>();
            if functions.is_null() {
                return Err(PyErr::fetch(py));
            }
            let set = std::mem::transmute::<*const c_void, unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject>(
                functions.add(SET_HANDLER).read(),
            );
            let capsule = ffi::PyCapsule_New((&raw const HANDLER).cast_mut().cast(), NAME.as_ptr(), None);
            Ok(Exchange { set, ours: Bound::from_owned_ptr_or_err(py, capsule)?.unbind() })
        }
    }

    /// Makes an allocator the one of this context; gives the one before.
    fn set<'py>(&self, py: Python<'py>, handler: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: NumPy's function; the capsule is one of its handlers, which it keeps for itself; it gives a reference.
        unsafe { Bound::from_owned_ptr_or_err(py, (self.set)(handler.as_ptr())) }
    }
}

/// Calls `make`, which makes a new array of so many bytes; with our allocator, if it is large.
///
/// # Errors
/// Those of `make`; Python's, of memory.
pub(super) fn making<'py, R>(py: Python<'py>, bytes: usize, make: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    static EXCHANGE: PyOnceLock<Exchange> = PyOnceLock::new();
    if bytes < WORTH {
        return make();
    }
    let exchange = fork::once(py, &EXCHANGE, || Exchange::new(py))?;
    let before = exchange.set(py, exchange.ours.bind(py))?;
    let made = make();
    exchange.set(py, &before)?;
    made
}
