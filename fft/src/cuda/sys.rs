//! cuFFT's functions, as its header declares them.
//!
//! Owns the declarations of what we call, and the library of this process. A plan's handle is an int of C's, types and directions are, results are numbers. Must not know what is called when.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_longlong};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use verdigris_device::DeviceError;
use verdigris_device::cuda::Lookup;
use verdigris_device::library::{self, Missing, Name};

/// `cufftResult_t`, of cuFFT 11 and of 12, which give some numbers other meanings.
const STATUSES: &[(c_int, &str)] = &[
    (1, "CUFFT_INVALID_PLAN"),
    (2, "CUFFT_ALLOC_FAILED"),
    (3, "CUFFT_INVALID_TYPE"),
    (4, "CUFFT_INVALID_VALUE"),
    (5, "CUFFT_INTERNAL_ERROR"),
    (6, "CUFFT_EXEC_FAILED"),
    (7, "CUFFT_SETUP_FAILED"),
    (8, "CUFFT_INVALID_SIZE"),
    (9, "CUFFT_UNALIGNED_DATA"),
    (10, "CUFFT_INCOMPLETE_PARAMETER_LIST"),
    (11, "CUFFT_INVALID_DEVICE"),
    (12, "CUFFT_PARSE_ERROR"),
    (13, "CUFFT_NO_WORKSPACE"),
    (14, "CUFFT_NOT_IMPLEMENTED"),
    (15, "CUFFT_LICENSE_ERROR"),
    (16, "CUFFT_NOT_SUPPORTED"),
    (17, "CUFFT_MISSING_DEPENDENCY"),
    (18, "CUFFT_NVRTC_FAILURE"),
    (19, "CUFFT_NVJITLINK_FAILURE"),
    (20, "CUFFT_NVSHMEM_FAILURE"),
];

verdigris_device::library_functions! {
    /// cuFFT's functions.
    struct Library, statuses STATUSES;
    fn cufftCreate(plan: *mut c_int);
    fn cufftDestroy(plan: c_int);
    fn cufftSetAutoAllocation(plan: c_int, yes: c_int);
    fn cufftMakePlanMany64(plan: c_int, rank: c_int, n: *mut c_longlong, inembed: *mut c_longlong, istride: c_longlong, idist: c_longlong, onembed: *mut c_longlong, ostride: c_longlong,
        odist: c_longlong, kind: c_int, batch: c_longlong, work: *mut usize);
    fn cufftSetStream(plan: c_int, stream: usize);
    fn cufftSetWorkArea(plan: c_int, work: u64);
    fn cufftExecC2C(plan: c_int, from: u64, to: u64, direction: c_int);
    fn cufftExecR2C(plan: c_int, from: u64, to: u64);
    fn cufftExecC2R(plan: c_int, from: u64, to: u64);
    fn cufftExecZ2Z(plan: c_int, from: u64, to: u64, direction: c_int);
    fn cufftExecD2Z(plan: c_int, from: u64, to: u64);
    fn cufftExecZ2D(plan: c_int, from: u64, to: u64);
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
        let opened = library::open(Name::Cufft)?;
        // SAFETY: the functions of the library of that name, which stays open.
        Ok(FOUND.get_or_init(|| unsafe { Library::find(&|name| opened.find(name), Missing::new(Name::Cufft, opened.path())) }))
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
            let found = unsafe { Library::find(find, Missing::new(Name::Cufft, Path::new("the library that was given"))) };
            Box::leak(Box::new(found))
        })
    }
}
