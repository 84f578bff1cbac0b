//! CUDA kernels compiled from Python text, run on this CPU.

pub mod args;
mod error;
mod kernel;
pub mod launch;
pub mod schedule;
pub mod signature;

pub use args::Args;
pub use error::{Axis, Error, LaunchError, ThreadError};
pub use kernel::{Held, Kernel, Options, Overload, hold_for_fork};
pub use launch::{Config, Extents};
pub use verdigris_compiler as compiler;
