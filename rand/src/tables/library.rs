//! Scrambled Sobol's tables out of a libcurand.
//!
//! Owns the four functions that are called and the opening of the library, after the CUDA runtime beside it that some versions want. The tables
//! are the library's static data; they are copied. Must not know which libraries to try.
#![allow(unsafe_code)]

use std::ffi::{OsStr, c_int};
use std::path::Path;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};

use super::{DIMENSIONS, Scrambled};

/// `CURAND_SCRAMBLED_DIRECTION_VECTORS_32_JOEKUO6`.
const SCRAMBLED_32: c_int = 102;
/// `CURAND_SCRAMBLED_DIRECTION_VECTORS_64_JOEKUO6`.
const SCRAMBLED_64: c_int = 104;

type GetVectors<W> = unsafe extern "C" fn(*mut *const W, c_int) -> c_int;
type GetConstants<W> = unsafe extern "C" fn(*mut *const W) -> c_int;

fn open(path: &Path) -> Option<Library> {
    let keep = |path: &OsStr| {
        // SAFETY: NVIDIA's libraries run nothing but their own set-up when they are opened.
        unsafe { Library::open(Some(path), RTLD_LAZY | RTLD_GLOBAL) }.ok()
    };
    for runtime in ["libcudart.so.13", "libcudart.so.12"] {
        let beside = path.parent()?.join(runtime);
        if path.is_absolute()
            && beside.exists()
            && let Some(library) = keep(beside.as_os_str())
        {
            // Other code may have loaded it too: it is never closed.
            std::mem::forget(library);
        }
    }
    keep(path.as_os_str())
}

fn table<W: Copy>(path: &Path, set: c_int, vectors: &str, constants: &str) -> Option<Scrambled<W>> {
    let library = open(path)?;
    let bits = 8 * size_of::<W>();
    let (mut first_vector, mut first_constant) = (std::ptr::null::<W>(), std::ptr::null::<W>());
    // SAFETY: these are the C signatures of the two functions (curand.h): an out pointer to static data, and a status.
    let found = unsafe {
        let vectors = library.get::<GetVectors<W>>(vectors.as_bytes()).ok()?;
        let constants = library.get::<GetConstants<W>>(constants.as_bytes()).ok()?;
        vectors(&mut first_vector, set) == 0 && constants(&mut first_constant) == 0
    };
    if !found || first_vector.is_null() || first_constant.is_null() {
        return None;
    }
    // SAFETY: the library's tables have 20000 dimensions (curand.h), a word for each bit in each, and one constant each; it is open
    // until the end of this function, and never closed.
    let table = unsafe {
        Scrambled {
            vectors: std::slice::from_raw_parts(first_vector, DIMENSIONS * bits).to_vec(),
            constants: std::slice::from_raw_parts(first_constant, DIMENSIONS).to_vec(),
        }
    };
    std::mem::forget(library);
    Some(table)
}

pub(super) fn scrambled_32(path: &Path) -> Option<Scrambled<u32>> {
    table(path, SCRAMBLED_32, "curandGetDirectionVectors32", "curandGetScrambleConstants32")
}

pub(super) fn scrambled_64(path: &Path) -> Option<Scrambled<u64>> {
    table(path, SCRAMBLED_64, "curandGetDirectionVectors64", "curandGetScrambleConstants64")
}
