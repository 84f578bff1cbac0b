//! A stand-in of NVIDIA's driver, for tests on machines without a GPU.
//!
//! It exports the driver's functions under their C names, so that it can be called in a Rust test (through [`lookup`]) and, as a shared library named `libcuda.so.1`, by a whole Python process. Device memory
//! is host memory at addresses that no host can use; every call is recorded with its arguments; any call can be made to fail.
//!
//! It is as unhelpful as the real thing may be: work on a stream is done only when somebody waits for it, and only as much as is waited for, so that an order that was not asked for is not there;
//! pinned host memory is read and written at that time, not when the copy was ordered; freed memory is gone, and touching it ends the context. Kernels are run by an interpreter of their PTX (`ptx/`),
//! or handed to a function of the test's, which then acts in their place.
//!
//! The functions of cuBLAS, cuFFT and cuRAND are here too, in the same shared library, so that one file under several names is a whole installation: its memory and its streams are the driver's. Their numbers are computed when they are
//! asked for, and arrive in memory when the stream comes to it.
//!
//! Written from the documentation of the driver's and the libraries' interfaces alone, it shares no declaration with what it tests.
#![allow(unsafe_code, unreachable_pub, missing_docs, clippy::missing_safety_doc, clippy::too_many_arguments, non_snake_case)]

mod call;
mod control;
mod cublas;
mod cufft;
mod curand;
mod exports;
mod memory;
mod ptx;
mod state;
mod work;

pub use control::{Seen, Session, calls, fail, faults, live, on_launch, pending, read, session, write};

pub use ptx::interpret;

/// A function of the stand-ins by its name in the driver or in one of the libraries.
pub fn lookup(name: &std::ffi::CStr) -> Option<*const std::ffi::c_void> {
    let name = name.to_str().ok()?;
    exports::driver(name).or_else(|| curand::library(name)).or_else(|| cublas::library(name)).or_else(|| cufft::library(name))
}
