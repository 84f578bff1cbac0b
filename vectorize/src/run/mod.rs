//! Compiled loops over memory.
//!
//! The only part of the crate with `unsafe`: moving elements (`memory`), calling a loop (`compiled`), and the ways to visit operands (`elementwise` for
//! calls, `arrays` for those of Rust, `strip` for one axis as NumPy's own machinery hands it over, `fold` for reductions, `cores` for generalized ufuncs; `share` gives work to other cores; `gpu` orders it on one). What the operands' memory is was promised by
//! whoever made them; shapes, types and overlaps have been judged by [`crate::broadcast`] and the caller. Knows no Python and no signatures' text.
#![allow(unsafe_code)]

mod arrays;
mod compiled;
mod core_arrays;
mod cores;
mod elementwise;
mod fold;
mod gpu;
mod job;
mod memory;
mod share;
mod strip;

pub use arrays::{Input, Output, Scalar};
pub use compiled::{Control, Entry, Loop, Provider, Variant};
pub use cores::{CoreLoop, CoreOperand, run_cores};
pub use elementwise::run;
pub use gpu::OnDevice;
pub use job::run_short;
pub use memory::Operand;
pub use strip::{Strip, run_strips};

use verdigris_device::float_env::Flags;

/// How a loop is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Flags somebody will look at: only these are made exact.
    pub interest: Flags,
    /// Whether the pool may help.
    pub parallel: bool,
    /// Whether outputs may be the very elements of an input (then the elements are computed once only, exactly).
    pub in_place: bool,
    /// Asked now and then by the calling thread during what may be long: whether to stop.
    pub watch: Option<fn() -> bool>,
}

/// Every flag.
pub const ALL_FLAGS: Flags = Flags { invalid: true, divide: true, overflow: true, underflow: true };

impl Options {
    /// One core, every flag exact.
    pub const SERIAL: Options = Options { interest: ALL_FLAGS, parallel: false, in_place: false, watch: None };
}
