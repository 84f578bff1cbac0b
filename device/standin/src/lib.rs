//! A stand-in of NVIDIA's driver, for tests on machines without a GPU.
//!
//! It exports the driver's functions under their C names, so that it can be called in a Rust test (through [`lookup`]) and, as a shared library named `libcuda.so.1`, by a whole Python process. Device memory
//! is host memory at addresses that no host can use; every call is recorded with its arguments; any call can be made to fail.
//!
//! It is as unhelpful as the real thing may be: work on a stream is done only when somebody waits for it, and only as much as is waited for, so that an order that was not asked for is not there;
//! pinned host memory is read and written at that time, not when the copy was ordered; freed memory is gone, and touching it ends the context. Kernels are not run: what a launch would have been
//! given is recorded by its PTX's own parameter list, and handed to a function of the test's, which may act in the kernel's place.
//!
//! Written from the driver API's documentation alone, it shares no declaration with what it tests.
#![allow(unsafe_code, unreachable_pub, missing_docs, clippy::missing_safety_doc, clippy::too_many_arguments, non_snake_case)]

mod control;
mod exports;
mod memory;
mod ptx;
mod state;
mod work;

pub use control::{Seen, Session, calls, fail, live, on_launch, pending, read, session, write};
pub use exports::lookup;
