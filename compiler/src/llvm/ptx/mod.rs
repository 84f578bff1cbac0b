//! Verified IR to PTX: the text that an NVIDIA driver compiles and runs.
//!
//! Owns what a PTX module is to its host ([`Module`]): the text, the name of its entry, what the host passes, and what comes back. The IR has been verified; the code is the
//! emitter's for one lane, so that every result has the bits that a CPU gives. Not known here: drivers, memory, launches.
//!
//! # How a host calls an entry
//! Every entry has **one parameter**: a struct of [`Module::words`] 64-bit words, passed by value. `cuLaunchKernel`'s `kernelParams` is one pointer, to an array of those words (or pass them as
//! `CU_LAUNCH_PARAM_BUFFER_POINTER`). What each is, [`Word`] says, and their order is that of [`crate::abi`]'s words of a CPU call, then those that only a GPU needs:
//!
//! - a **kernel** ([`Entry::Kernel`]): for each parameter of [`crate::ir::Function::params`], a scalar's bits, zero-extended; or an array's device address, its n extents (elements) and its n
//!   strides (bytes, signed). Then [`Word::Status`]. These are the words that `BlocksFn` is handed, with device addresses. Complex numbers, tuples and records have been split by the front end.
//! - a **scalar function over elements** ([`Entry::Elements`]): for each operand, inputs first (a complex one is one operand, its parts interleaved), its address and its step in bytes along each of
//!   the `axes` (0: broadcast; the last axis is fastest). Then the extents of the axes, their product [`Word::Count`], then [`Word::Status`]. Any grid of one axis does: threads stride over elements.
//! - the **body of a generalized ufunc** ([`Entry::Cores`]): for each parameter its address and its step in bytes along each of the `axes`, an array's followed by the n extents and n strides of its core
//!   axes; then address and steps of each result. Then extents, count and status as above. One thread runs one set of core arrays.
//!
//! Every array's elements are aligned as on the CPU: to their size (an `A` array's to 1: fields of packed records).
//!
//! # The status block
//! [`Word::Status`] is the device address of a [`Status`] (aligned to 8): zeroed by the host before each launch, but for where printed lines go. A thread that fails leaves a record there and
//! ends alone; of several, that of the lowest block and thread stays, as on the CPU (where the fault of a warp ends its other threads too). [`Status::failure`] reads it as [`crate::abi::Failure`], of which
//! `site` is an index into [`Module::sites`]. Output of `print()` is kept as records behind [`Status::print`], and told as text by [`Module::printed`].

mod arch;
mod status;

pub use arch::{Arch, UnknownArch};
pub use status::{Printed, Status};

use crate::abi::Site;
use crate::diagnostic::Diagnostic;
use crate::llvm::Signature;
use crate::types::ScalarType;

/// What to make of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A kernel, of IR of [`crate::ir::Kind::Kernel`].
    Kernel,
    /// One thread an element (or several), of IR of [`crate::ir::Kind::Scalar`].
    Elements {
        /// Operand types, before complex ones were split.
        signature: Signature,
        /// Axes over which operands are stepped, 1 to [`Entry::MOST_AXES`].
        axes: u8,
    },
    /// One thread a set of core arrays, of IR of [`crate::ir::Kind::Core`].
    Cores {
        /// Types of the parameters that are no arrays, and of the results.
        scalars: Signature,
        /// As of elements.
        axes: u8,
    },
}

impl Entry {
    /// Axes of a loop at most, as many as NumPy's arrays have.
    pub const MOST_AXES: u8 = 64;
}

/// How to make it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Options {
    /// Check indexes; else they only wrap, and the host vouches for them. On by default.
    pub check_bounds: bool,
    /// Tell the driver's tools which line of the user's file each instruction came from. Off by default.
    pub line_info: bool,
    /// Run the optimiser. On by default.
    pub optimise: bool,
    /// Threads of a block at most (`.maxntid`), which lets the driver give each more registers.
    pub most_threads: Option<u32>,
    /// Blocks that a multiprocessor should hold at least (`.minnctapersm`).
    pub least_blocks: Option<u32>,
    /// Registers of a thread at most (`.maxnreg`).
    pub most_registers: Option<u32>,
}

impl Default for Options {
    fn default() -> Options {
        Options { check_bounds: true, line_info: false, optimise: true, most_threads: None, least_blocks: None, most_registers: None }
    }
}

/// What one 64-bit word of an entry's parameter is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// Bits of scalar parameter `param` (by its number in [`crate::ir::Function::params`]), zero-extended.
    Scalar {
        /// The parameter.
        param: u32,
        /// Its type.
        ty: ScalarType,
    },
    /// Device address of the first element of array parameter `param`; of what a loop steps over, of the first thread's.
    Address {
        /// The parameter; for [`Entry::Elements`] the operand, counted through inputs and outputs; for a result of [`Entry::Cores`], counted on behind the parameters.
        param: u32,
    },
    /// Elements along an axis of an array parameter.
    Extent {
        /// The parameter.
        param: u32,
        /// The axis.
        axis: u8,
    },
    /// Bytes from one element to the next along an axis of an array parameter, signed.
    Stride {
        /// The parameter.
        param: u32,
        /// The axis.
        axis: u8,
    },
    /// Bytes from what one thread works on to what the next does, along an axis of the loop.
    Step {
        /// As of [`Word::Address`].
        param: u32,
        /// The axis of the loop.
        axis: u8,
    },
    /// Extent of an axis of the loop.
    Loop {
        /// The axis.
        axis: u8,
    },
    /// The product of the loop's extents.
    Count,
    /// Device address of the [`Status`].
    Status,
}

/// A function in PTX.
#[derive(Debug)]
#[non_exhaustive]
pub struct Module {
    /// The text, without a NUL at its end.
    pub text: String,
    /// Name of the entry in it.
    pub entry: String,
    /// What it was made for.
    pub arch: Arch,
    /// What the words of its one parameter are.
    pub words: Vec<Word>,
    /// Bytes of static shared memory.
    pub shared: u32,
    /// Whether it looks at dynamic shared memory.
    pub dynamic_shared: bool,
    /// Whether the grid waits as a whole, so that it must be launched cooperatively.
    pub cooperative: bool,
    /// Calls inside each other at most, if functions call themselves: the stack of the context must suffice for them (`CU_LIMIT_STACK_SIZE`). A call too deep is a RecursionError.
    pub deepest: Option<u32>,
    /// Whether a launch may leave a failure in its [`Status`].
    pub fails: bool,
    /// Whether it prints.
    pub prints: bool,
    /// Places that may fail, by the index in [`crate::abi::Failure::site`].
    pub sites: Vec<Site>,
    /// The lines that it prints, as [`crate::print::encode`] has them, by their number in a record.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Module {
    /// Bytes of the entry's one parameter.
    pub fn param_bytes(&self) -> usize {
        self.words.len() * 8
    }

    /// The text of what threads printed: `status` as it stands after the launch, `records` the first [`Status::print_used`] bytes (at most [`Status::print_size`]) of the memory behind [`Status::print`].
    /// Texts stand in the order of blocks and threads, those of one thread in the order in which it wrote them.
    pub fn printed(&self, status: &Status, records: &[u8]) -> Printed {
        status::printed(status, records, &self.lines)
    }
}

/// Why there is no PTX.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The function asks for something that a GPU does not have, where the diagnostic says.
    Unsupported(Box<Diagnostic>),
    /// A fault of the compiler itself.
    Bug(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Unsupported(diagnostic) => f.write_str(&diagnostic.render()),
            Error::Bug(what) => write!(f, "fault in the compiler, please report: {what}"),
        }
    }
}

impl std::error::Error for Error {}
