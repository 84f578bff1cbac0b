//! What can go wrong in making or launching a kernel, as data. Owns no rendering beyond a few lines each.

use std::fmt;

use verdigris_compiler::abi::{Failure, Site, SiteKind};
use verdigris_compiler::diagnostic::Diagnostic;
use verdigris_compiler::llvm;
use verdigris_compiler::types::Type;
use verdigris_device::DeviceError;

/// Why a kernel could not be made or did not run to its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong with the kernel's text for these argument types.
    Diagnostic(Box<Diagnostic>),
    /// The compiler gave no code.
    Compiler(llvm::Error),
    /// A signature that does not parse.
    Signature {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A launch with the wrong number of arguments.
    ArgumentCount {
        /// The kernel.
        kernel: String,
        /// Its parameters.
        parameters: Vec<String>,
        /// How many of them have defaults.
        defaulted: usize,
        /// Arguments given.
        given: usize,
    },
    /// An argument that cannot be passed.
    Argument {
        /// The kernel.
        kernel: String,
        /// The parameter's name.
        parameter: String,
        /// What was given, and why that cannot be.
        reason: String,
    },
    /// The kernel was declared for certain types, and these are others.
    NoOverload {
        /// The kernel.
        kernel: String,
        /// Types given.
        given: Vec<Type>,
        /// Types declared.
        declared: Vec<Vec<Type>>,
    },
    /// A grid or block that cannot be.
    Launch(LaunchError),
    /// The host asked to stop.
    Interrupted,
    /// A thread failed.
    Thread(Box<ThreadError>),
    /// The device failed.
    Device(DeviceError),
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        Error::Device(error)
    }
}

/// An axis of a grid or a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The fastest.
    X,
    /// The middle.
    Y,
    /// The slowest.
    Z,
}

/// A limit of a launch that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchError {
    /// The grid has less than one block along an axis.
    GridEmpty {
        /// The axis.
        axis: Axis,
        /// Blocks asked for.
        blocks: i64,
    },
    /// The grid has too many blocks along an axis.
    GridTooLarge {
        /// The axis.
        axis: Axis,
        /// Blocks asked for.
        blocks: i64,
        /// The most there may be.
        limit: i64,
    },
    /// The block has less than one thread along an axis.
    BlockEmpty {
        /// The axis.
        axis: Axis,
        /// Threads asked for.
        threads: i64,
    },
    /// The block has too many threads along an axis.
    BlockAxisTooLarge {
        /// The axis.
        axis: Axis,
        /// Threads asked for.
        threads: i64,
        /// The most there may be.
        limit: i64,
    },
    /// Dynamic shared memory of a negative size, or too much of it.
    SharedMemory {
        /// Bytes asked for.
        bytes: i64,
        /// The most there may be.
        limit: i64,
    },
    /// A block needs more memory of its own than there may be.
    Memory {
        /// Bytes needed.
        bytes: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The grid waits as a whole, and has more blocks than can be alive together.
    Cooperative {
        /// Blocks asked for.
        blocks: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The grid waits as a whole, and has more blocks than a GPU runs at once.
    CooperativeOnGpu {
        /// Blocks asked for.
        blocks: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The block has more threads than the kernel's registers on a GPU leave room for, or than it was declared for.
    BlockOnGpu {
        /// Threads of the block.
        threads: u32,
        /// The most there may be.
        limit: u32,
    },
    /// An array is longer along an axis than compiled code takes.
    AxisTooLong {
        /// Its elements there.
        elements: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The block has too many threads in all.
    BlockTooLarge {
        /// Threads along each axis.
        block: [i64; 3],
        /// The most there may be.
        limit: i64,
    },
}

/// A thread that failed; of all that did, the one of the lowest block and thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadError {
    /// What the compiled code recorded.
    pub failure: Failure,
    /// The place in the user's function.
    pub site: Site,
    /// For a barrier that not all threads came to: the one at which others were.
    pub other: Option<Site>,
    /// Blocks of the launch.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
}

impl ThreadError {
    /// `blockIdx` of the thread.
    pub fn block_index(&self) -> [u64; 3] {
        coordinates(self.failure.block, self.grid)
    }

    /// `threadIdx` of the thread.
    pub fn thread_index(&self) -> [u64; 3] {
        coordinates(self.failure.thread, self.block)
    }
}

fn coordinates(linear: u64, extents: [u32; 3]) -> [u64; 3] {
    let [x, y, _] = extents.map(u64::from);
    [linear % x, linear / x % y, linear / (x * y)]
}

impl From<Box<Diagnostic>> for Error {
    fn from(diagnostic: Box<Diagnostic>) -> Error {
        Error::Diagnostic(diagnostic)
    }
}

impl From<LaunchError> for Error {
    fn from(error: LaunchError) -> Error {
        Error::Launch(error)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Axis::X => "x",
            Axis::Y => "y",
            Axis::Z => "z",
        })
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaunchError::GridEmpty { axis, blocks } => write!(f, "gridDim.{axis} is {blocks}: a grid has at least one block along each axis"),
            LaunchError::GridTooLarge { axis, blocks, limit } => write!(f, "gridDim.{axis} is {blocks}: the limit is {limit} blocks along {axis}"),
            LaunchError::BlockEmpty { axis, threads } => write!(f, "blockDim.{axis} is {threads}: a block has at least one thread along each axis"),
            LaunchError::BlockAxisTooLarge { axis, threads, limit } => {
                write!(f, "blockDim.{axis} is {threads}: the limit is {limit} threads along {axis}")
            }
            LaunchError::SharedMemory { bytes, limit } => {
                write!(f, "{bytes} bytes of dynamic shared memory: a block has 0 to {limit}")
            }
            LaunchError::Memory { bytes, limit } => {
                write!(f, "a block of this size needs {bytes} bytes for its shared and local arrays: the limit is {limit}")
            }
            LaunchError::Cooperative { blocks, limit } => write!(
                f,
                "a grid of {blocks} blocks that waits as a whole (`grid.sync()`): the limit for blocks of this size is {limit}, whose memory is kept together\n  = help: give each \
                 thread several elements, or set VERDIGRIS_GRID_SYNC_MEMORY (in MiB) higher"
            ),
            LaunchError::CooperativeOnGpu { blocks, limit } => write!(
                f,
                "a grid of {blocks} blocks that waits as a whole (`grid.sync()`): the GPU runs {limit} blocks of this size at once\n  = help: give each thread several elements"
            ),
            LaunchError::BlockOnGpu { threads, limit } => {
                write!(
                    f,
                    "a block of {threads} threads: the GPU runs this kernel with at most {limit} threads a block (its registers, or its `launch_bounds`)"
                )
            }
            LaunchError::AxisTooLong { elements, limit } => write!(f, "an array of {elements} elements along an axis: the limit is {limit}"),
            LaunchError::BlockTooLarge { block: [x, y, z], limit } => {
                write!(
                    f,
                    "a block of ({x}, {y}, {z}) has {} threads: the limit is {limit} threads a block",
                    i128::from(*x) * i128::from(*y) * i128::from(*z)
                )
            }
        }
    }
}

/// `a, b and c`, or `nothing`.
pub(crate) fn listed(items: impl IntoIterator<Item = impl fmt::Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Diagnostic(diagnostic) => f.write_str(&diagnostic.render()),
            Error::Compiler(error) => write!(f, "{error:?}"),
            Error::Signature { text, reason } => write!(f, "{text:?} is no signature of a kernel: {reason}"),
            Error::ArgumentCount { kernel, parameters, defaulted, given } => {
                let most = parameters.len();
                let takes = if *defaulted == 0 { most.to_string() } else { format!("{} to {most}", most - defaulted) };
                let plural = if most == 1 { "" } else { "s" };
                write!(
                    f,
                    "{kernel}() takes {takes} argument{plural} ({}), but {given} {} given",
                    listed(parameters),
                    if *given == 1 { "was" } else { "were" }
                )
            }
            Error::Argument { kernel, parameter, reason } => write!(f, "argument `{parameter}` of {kernel}(): {reason}"),
            Error::NoOverload { kernel, given, declared } => {
                write!(f, "{kernel}() was declared for ")?;
                for (i, types) in declared.iter().enumerate() {
                    write!(f, "{}({})", if i > 0 { " and " } else { "" }, listed(types))?;
                }
                write!(f, ", and these arguments are ({})", listed(given))
            }
            Error::Launch(error) => error.fmt(f),
            Error::Interrupted => f.write_str("the launch was interrupted"),
            Error::Device(error) => error.fmt(f),
            Error::Thread(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for ThreadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.site.kind, self.failure.index) {
            (SiteKind::Index { array }, Some((axis, index, extent))) => {
                write!(f, "index {index} is out of bounds for axis {axis} of `{array}`, which has size {extent}")?
            }
            (SiteKind::Index { array }, None) => write!(f, "an index into `{array}` is out of bounds")?,
            (SiteKind::ZeroStep, _) => f.write_str("range() step must not be zero")?,
            (SiteKind::Unassigned(name), _) => write!(f, "`{name}` is read before it is assigned")?,
            (SiteKind::TupleIndex, _) => f.write_str("tuple index out of range")?,
            (SiteKind::Recursion(name), _) => write!(f, "the calls of `{name}` by itself are too deep for the stack")?,
            (SiteKind::Value(complaint), _) => f.write_str(complaint.text())?,
            (SiteKind::Raise(raise), _) => write!(f, "{}{}", raise.class, raise.args.replace(",)", ")"))?,
            (SiteKind::Barrier, _) => f.write_str(&diverged(self.other.as_ref()))?,
            (SiteKind::Wait, _) => f.write_str(&deadlocked(self.other.as_ref()))?,
        }
        let (place, [bx, by, bz], [tx, ty, tz]) = (&self.site.location, self.block_index(), self.thread_index());
        write!(f, "\n  --> {}:{}:{}, block ({bx}, {by}, {bz}), thread ({tx}, {ty}, {tz})", place.file, place.line, place.column)
    }
}

/// What to say of a thread that missed a barrier.
pub fn diverged(other: Option<&Site>) -> String {
    let there = match other {
        Some(site) => format!("{}:{}", site.location.file, site.location.line),
        None => "another place".to_owned(),
    };
    format!(
        "this thread waits at a barrier that not all threads of its block come to: others met at {there} without it\n  = help: let every thread of the block \
         run each `syncthreads()`, or let those that do not return before the first"
    )
}

/// What to say of a launch in which nobody goes on.
pub fn deadlocked(other: Option<&Site>) -> String {
    let there = match other {
        Some(site) => format!("; another waits at {}:{}", site.location.file, site.location.line),
        None => String::new(),
    };
    format!(
        "this thread waits in a loop for another one, and no thread of the launch goes on{there}\n  = note: here the threads of a block go on at barriers only, and a block runs when all \
         before it have begun\n  = help: release a lock in the loop that takes it, wait for threads of the block with `syncthreads()`, and for other blocks only if they are lower"
    )
}

impl std::error::Error for Error {}
impl std::error::Error for LaunchError {}
impl std::error::Error for ThreadError {}
