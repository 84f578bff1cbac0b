//! The reference interpreter: what a function means, one thread after another.
//!
//! Owns the execution of verified IR without any machine code: a scalar function on one set of arguments ([`run_scalar`]), a kernel over its whole grid
//! ([`run_kernel`]). Threads run in ascending linear order (x fastest), block after block, each to its end, its fault or a barrier;
//! when every thread of the block that still runs waits at the same barrier in the same laps of its loops, all go on. Lanes of a warp run its operations together, those
//! that come first in the program first. Where threads of the whole grid wait for each other, all blocks are alive and come to the grid's barrier one after another. A fault ends its thread alone, and the one
//! of the lowest block and thread is reported, after all others have run. Every backend is compared with this.
//!
//! The IR is proven by [`Verified`]; launch arguments are checked here ([`Error::Arguments`]). A thread is data (an explicit stack of open blocks), so it can be stopped
//! between any two instructions. Arrays are windows into buffers that the caller lends, so windows may overlap as NumPy's do. Nothing here knows LLVM or
//! pointers.

mod meeting;
mod memory;
mod thread;

pub use memory::View;

use std::fmt;

use crate::abi::Site;
use crate::ir::{Function, Kind, Param, Verified};
use crate::types::Scalar;
use memory::Memory;
use thread::{Place, Status, Thread};

/// An argument of a kernel, one for each of [`Function::params`].
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A scalar of exactly the parameter's type.
    Scalar(Scalar),
    /// An array.
    Array(View),
}

/// Bounds on a run.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Instructions that may be executed, over all threads.
    pub steps: u64,
    /// Asked now and then whether to stop.
    pub stop: &'a dyn Fn() -> bool,
    /// Takes what is printed.
    pub print: &'a dyn Fn(&str),
    /// Bytes of dynamic shared memory that a block has.
    pub dynamic_shared: usize,
}

impl Default for Limits<'_> {
    /// No bounds.
    fn default() -> Self {
        Limits { steps: u64::MAX, stop: &|| false, print: &|_| {}, dynamic_shared: 0 }
    }
}

impl fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// A fault of a running thread: [`crate::abi::Failure`] with the place spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Linear block (0 for a scalar function).
    pub block: u64,
    /// Linear thread in the block (0 for a scalar function).
    pub thread: u64,
    /// What failed, and where.
    pub site: Site,
    /// For an index error: the axis, the index and the extent.
    pub index: Option<(u8, i64, i64)>,
    /// For a barrier that not all threads came to: the barrier at which others were.
    pub other: Option<Box<Site>>,
}

/// Why a run gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The arguments do not fit the function.
    Arguments(String),
    /// A thread failed; for a kernel, all others ran to their ends.
    Fault(Fault),
    /// [`Limits::steps`] were not enough.
    Steps,
    /// [`Limits::stop`] said so.
    Stopped,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Arguments(what) => f.write_str(what),
            Error::Fault(fault) => write!(f, "block {}, thread {}: {:?} {:?}", fault.block, fault.thread, fault.site, fault.index),
            Error::Steps => f.write_str("the step limit was reached"),
            Error::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Error {}

/// Runs a scalar function on one set of arguments and gives its results.
///
/// # Errors
/// Any [`Error`].
pub fn run_scalar(function: &Verified, args: &[Scalar], limits: &Limits<'_>) -> Result<Vec<Scalar>, Error> {
    if function.kind != Kind::Scalar {
        return Err(Error::Arguments("a kernel is run over a grid".into()));
    }
    let args: Vec<Argument> = args.iter().map(|a| Argument::Scalar(*a)).collect();
    let scalars = scalars(function, &args)?;
    let mut memory = Memory::bind(function, &args, &mut [], 0).map_err(Error::Arguments)?;
    let mut thread = Thread::new(function, &scalars);
    let mut steps = limits.steps;
    thread.start(Place::default());
    finish(&mut thread, &mut memory, &mut steps, limits)?.map_or_else(|| Ok(thread.results()), |fault| Err(Error::Fault(fault)))
}

/// Runs a kernel over a grid of blocks of threads. Array arguments are views of `buffers`.
///
/// # Errors
/// Any [`Error`]; after [`Error::Fault`], which is the first of [`kernel_faults`], everything the other threads wrote is in the buffers.
pub fn run_kernel(
    function: &Verified,
    args: &[Argument],
    buffers: &mut [&mut [u8]],
    grid: [u32; 3],
    block: [u32; 3],
    limits: &Limits<'_>,
) -> Result<(), Error> {
    let faults = kernel_faults(function, args, buffers, grid, block, limits)?;
    faults.into_iter().next().map_or(Ok(()), |fault| Err(Error::Fault(fault)))
}

/// Runs a kernel as [`run_kernel`] does and gives the faults of all threads, in ascending order of block and thread.
///
/// # Errors
/// Any [`Error`] but [`Error::Fault`].
pub fn kernel_faults(
    function: &Verified,
    args: &[Argument],
    buffers: &mut [&mut [u8]],
    grid: [u32; 3],
    block: [u32; 3],
    limits: &Limits<'_>,
) -> Result<Vec<Fault>, Error> {
    if function.kind != Kind::Kernel {
        return Err(Error::Arguments("a scalar function is run on its arguments".into()));
    }
    if grid.contains(&0) || block.contains(&0) {
        return Err(Error::Arguments(format!("empty launch: grid {grid:?}, block {block:?}")));
    }
    let scalars = scalars(function, args)?;
    let mut memory = Memory::bind(function, args, buffers, limits.dynamic_shared).map_err(Error::Arguments)?;
    let mut steps = limits.steps;
    let mut faults = Vec::new();
    if function.has_barrier() || function.has_warp_ops() {
        let place =
            |number, block_index, thread_number, thread_index| Place { grid, block, block_index, thread_index, block_number: number, thread_number };
        return meeting::launch(function, &scalars, &mut memory, (coordinates(grid), || coordinates(block)), &place, &mut steps, limits);
    }
    let mut thread = Thread::new(function, &scalars);
    for (number, block_index) in coordinates(grid) {
        for (linear, thread_index) in coordinates(block) {
            thread.start(Place { grid, block, block_index, thread_index, block_number: number, thread_number: linear });
            faults.extend(finish(&mut thread, &mut memory, &mut steps, limits)?);
        }
    }
    Ok(faults)
}

/// Linear number and coordinates of everything in a box, x fastest.
fn coordinates([nx, ny, nz]: [u32; 3]) -> impl Iterator<Item = (u64, [u32; 3])> {
    let all = (0..nz).flat_map(move |z| (0..ny).flat_map(move |y| (0..nx).map(move |x| [x, y, z])));
    all.enumerate().map(|(i, place)| (i as u64, place))
}

/// Runs a started thread to its end or fault.
fn finish(thread: &mut Thread<'_>, memory: &mut Memory<'_, '_>, steps: &mut u64, limits: &Limits<'_>) -> Result<Option<Fault>, Error> {
    const LAP: u64 = 1 << 16;
    loop {
        let mut lap = LAP.min(*steps);
        let before = lap;
        let status = thread.run(memory, &mut lap, limits.print);
        *steps -= before - lap;
        match status {
            Status::Done => return Ok(thread.reported.take()),
            Status::Failed(fault) => return Ok(Some(fault)),
            Status::Waiting => return Ok(None),
            Status::Paused if *steps == 0 => return Err(Error::Steps),
            Status::Paused if (limits.stop)() => return Err(Error::Stopped),
            Status::Paused => {}
        }
    }
}

/// The scalar arguments by parameter; arrays hold a place that nothing reads.
fn scalars(function: &Function, args: &[Argument]) -> Result<Vec<Scalar>, Error> {
    if args.len() != function.params.len() {
        return Err(Error::Arguments(format!("{} arguments for {} parameters", args.len(), function.params.len())));
    }
    let one = |(i, (param, arg)): (usize, (&Param, &Argument))| match (param, arg) {
        (Param::Scalar { ty, .. }, Argument::Scalar(value)) if value.ty() == *ty => Ok(*value),
        (Param::Scalar { ty, .. }, Argument::Scalar(value)) => Err(Error::Arguments(format!("argument {i} is {}, not {ty}", value.ty()))),
        (Param::Array { .. }, Argument::Array(_)) => Ok(Scalar::bool(false)),
        (Param::Scalar { .. }, _) => Err(Error::Arguments(format!("argument {i} is an array, not a scalar"))),
        (Param::Array { .. }, _) => Err(Error::Arguments(format!("argument {i} is a scalar, not an array"))),
    };
    function.params.iter().zip(args).enumerate().map(one).collect()
}

#[cfg(test)]
mod tests;
