//! NVIDIA GPUs: the driver's objects as owned Rust values.
//!
//! Owns everything that is said to the driver: contexts, streams, events, memory, copies, modules, launches. Which device a process uses is decided in
//! [`crate::choice`]; where the driver's library is found, in `crate::loader`. Tests hand [`Driver::start`] a stand-in. Knows no kernel language, no NumPy, no Python.
//!
//! Every call enters its device's primary context on the calling thread and leaves the thread as it was. What fails where nobody can be told (a free in a drop) is kept, and the next
//! call on that device returns it.

mod context;
mod driver;
mod event;
mod launch;
mod memory;
mod module;
mod pool;
mod probe;
mod status;
mod stream;
mod sys;
mod transfer;

pub use context::Context;
pub use driver::{Driver, Unusable, end_of_process};
pub use event::Event;
pub use launch::{Launch, Occupancy};
pub use memory::{Host, HostKind, Memory};
pub use module::{Cubin, Function, FunctionFacts, JitOptions, Module, link};
pub use pool::Statistics;
pub use status::Status;
pub use stream::{Queue, Stream};
pub use sys::Lookup;
pub use transfer::{copy_between, copy_from_host, copy_to_host, fill};

pub use cudarc::driver::sys::CUdevice_attribute as Attribute;
