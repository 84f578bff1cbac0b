//! Compiled functions on NVIDIA GPUs: from PTX to launches, and what threads leave behind.
//!
//! [`Code`] is a function of `verdigris_compiler::llvm::ptx` on one device: compiled by the driver (or read from the cubins kept on disk), with what the device allows a launch of it. A launch is handed
//! the words that its PTX asks for, but the last, which is the status block's and ours. What threads leave there, failures and printed lines, is told by [`collect`] when somebody has waited.
//!
//! Kernels (`verdigris-cuda-jit`) and ufuncs (`verdigris-vectorize`) both stand on this; neither words' meaning nor argument types are known here.

mod board;
mod code;
mod frames;

pub use board::{Failed, Place, Waited, collect, finish};
pub use code::{Code, arch};

use verdigris_compiler::llvm::ptx;
use verdigris_device::DeviceError;

/// Why a function could not be loaded or launched, or did not run to its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no PTX.
    Ptx(ptx::Error),
    /// The device, or its driver.
    Device(DeviceError),
    /// The device does not allow a launch.
    Limit(Limit),
    /// A thread failed.
    Failed(Box<Failed>),
}

/// A limit of a device that a launch does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Threads of a block: more than the function's registers leave room for, or than it was made for.
    Threads {
        /// Asked for.
        threads: u32,
        /// The most there may be.
        limit: u32,
    },
    /// Bytes of dynamic shared memory of a block.
    SharedMemory {
        /// Asked for.
        bytes: u32,
        /// The most there may be.
        limit: u32,
    },
    /// Blocks of a launch whose grid waits as a whole.
    Together {
        /// Asked for.
        blocks: u64,
        /// The most there may be.
        limit: u64,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Ptx(error) => error.fmt(f),
            Error::Device(error) => error.fmt(f),
            Error::Limit(limit) => limit.fmt(f),
            Error::Failed(failed) => failed.fmt(f),
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Threads { threads, limit } => {
                write!(
                    f,
                    "a block of {threads} threads: the GPU runs this function with at most {limit} threads a block (its registers, or its `launch_bounds`)"
                )
            }
            Limit::SharedMemory { bytes, limit } => write!(f, "{bytes} bytes of dynamic shared memory: a block has 0 to {limit}"),
            Limit::Together { blocks, limit } => write!(
                f,
                "a grid of {blocks} blocks that waits as a whole (`grid.sync()`): the GPU runs {limit} blocks of this size at once\n  = help: give each thread several elements"
            ),
        }
    }
}

impl std::error::Error for Error {}
impl std::error::Error for Limit {}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        Error::Device(error)
    }
}

impl From<ptx::Error> for Error {
    fn from(error: ptx::Error) -> Error {
        Error::Ptx(error)
    }
}
