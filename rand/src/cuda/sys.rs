//! cuRAND's functions, as its header declares them.
//!
//! Owns the declarations of what we call, and the library of this process. Handles are addresses, enums C's ints, results numbers. Must not know what is called when.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint, c_ulonglong};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use verdigris_device::cuda::Lookup;
use verdigris_device::library::{self, Missing, Name};

/// `curandStatus_t`.
const STATUSES: &[(c_int, &str)] = &[
    (100, "CURAND_STATUS_VERSION_MISMATCH"),
    (101, "CURAND_STATUS_NOT_INITIALIZED"),
    (102, "CURAND_STATUS_ALLOCATION_FAILED"),
    (103, "CURAND_STATUS_TYPE_ERROR"),
    (104, "CURAND_STATUS_OUT_OF_RANGE"),
    (105, "CURAND_STATUS_LENGTH_NOT_MULTIPLE"),
    (106, "CURAND_STATUS_DOUBLE_PRECISION_REQUIRED"),
    (201, "CURAND_STATUS_LAUNCH_FAILURE"),
    (202, "CURAND_STATUS_PREEXISTING_FAILURE"),
    (203, "CURAND_STATUS_INITIALIZATION_FAILED"),
    (204, "CURAND_STATUS_ARCH_MISMATCH"),
    (999, "CURAND_STATUS_INTERNAL_ERROR"),
];

verdigris_device::library_functions! {
    /// cuRAND's functions.
    struct Library, statuses STATUSES;
    fn curandCreateGenerator(generator: *mut usize, kind: c_int);
    fn curandDestroyGenerator(generator: usize);
    fn curandSetStream(generator: usize, stream: usize);
    fn curandSetPseudoRandomGeneratorSeed(generator: usize, seed: c_ulonglong);
    fn curandSetGeneratorOffset(generator: usize, offset: c_ulonglong);
    fn curandSetGeneratorOrdering(generator: usize, ordering: c_int);
    fn curandSetQuasiRandomGeneratorDimensions(generator: usize, dims: c_uint);
    fn curandGenerate(generator: usize, out: *mut c_uint, n: usize);
    fn curandGenerateLongLong(generator: usize, out: *mut c_ulonglong, n: usize);
    fn curandGenerateUniform(generator: usize, out: *mut f32, n: usize);
    fn curandGenerateUniformDouble(generator: usize, out: *mut f64, n: usize);
    fn curandGenerateNormal(generator: usize, out: *mut f32, n: usize, mean: f32, sigma: f32);
    fn curandGenerateNormalDouble(generator: usize, out: *mut f64, n: usize, mean: f64, sigma: f64);
    fn curandGenerateLogNormal(generator: usize, out: *mut f32, n: usize, mean: f32, sigma: f32);
    fn curandGenerateLogNormalDouble(generator: usize, out: *mut f64, n: usize, mean: f64, sigma: f64);
    fn curandGeneratePoisson(generator: usize, out: *mut c_uint, n: usize, lambda: f64);
}

impl Library {
    /// This process's, if there is one. Looked for until it is found.
    pub(super) fn of_process() -> Option<&'static Library> {
        static FOUND: OnceLock<Library> = OnceLock::new();
        if FOUND.get().is_none() {
            let opened = library::open(Name::Curand).ok()?;
            // SAFETY: the functions of the library of that name, which stays open.
            let found = unsafe { Library::find(&|name| opened.find(name), Missing::new(Name::Curand, opened.path())) };
            let _ = FOUND.set(found);
        }
        FOUND.get()
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
            let found = unsafe { Library::find(find, Missing::new(Name::Curand, Path::new("the library that was given"))) };
            Box::leak(Box::new(found))
        })
    }
}
