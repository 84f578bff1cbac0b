//! The contract between compiled code and whoever runs it.
//!
//! Owns the memory layout of what compiled code is handed and the record of what went wrong in it. `llvm/` emits code against these definitions; `vectorize` and
//! `cuda-jit` call it. Nothing here knows LLVM.
//!
//! # Kernels
//! [`BlocksFn`] runs the linear blocks `first..last` of a launch, each block's threads included. `params` points to 64-bit words, in the order of
//! [`crate::ir::Function::params`]: a scalar is one word (its bits, zero-extended); an array of n axes is 1 + 2n words: data pointer, n extents (elements), n strides
//! (bytes, signed). Linear block b is `(b % gx, b / gx % gy, b / (gx*gy))`; linear thread ids likewise.
//!
//! # Kernels whose grid waits
//! A call runs its blocks to the next barrier of the grid, and the next call for the same blocks goes on from there: everything that has to last lies in the memory of [`Launch::group`],
//! [`Launch::words`], [`Launch::shared`] and [`Launch::frames`], of which each block has its own, `stride` bytes apart. The first 32-bit word of the group says where the blocks are: 0 before
//! the first call, [`GRID_DONE`] after the last, else at a barrier, whose [`Site`] the second word names. All groups of a launch are called in turn, each once, until all are done.
//!
//! # Bodies of generalized ufuncs
//! [`BlocksFn`] again, with elements `first..last` for blocks: element e of something lies `e` steps behind its base. `params` points to, for each parameter of the IR, base and step (bytes,
//! signed), for an array followed by n extents and n strides of its core axes; then base and step of each result. Scalars and results are in memory, a complex one in two
//! parts. The body runs for one element after another, each seeing what those before it wrote; a failed element ends the call, and is the `block` of its failure.
//!
//! # Scalar functions
//! [`LoopFn`] applies the function to `count` elements. `operands` has one pointer for each input and then each output, in the order of the
//! [`crate::llvm::Signature`]: contiguous, aligned to the element type, complex interleaved; an operand marked uniform points to one element. Outputs may
//! be the same memory as an input element for element, but must not overlap it otherwise. Code of one lane computes elements strictly in order, each loaded
//! after all before it are stored: there an output may overlap an input in any way (a left fold writes what the next element reads).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crate::source::Location;

/// Runs blocks of a kernel. Safety: see the module head; all arrays must be as their [`crate::types::ArrayType`] says.
pub type BlocksFn = unsafe extern "C" fn(params: *const u64, launch: *const Launch, first: u64, last: u64);

/// Applies a scalar function to contiguous elements. Safety: see the module head.
pub type LoopFn = unsafe extern "C" fn(operands: *const *mut u8, count: u64, launch: *const Launch);

/// What compiled code reads of a launch.
#[repr(C)]
#[derive(Debug)]
pub struct Launch {
    /// Blocks along x, y, z; each at least 1.
    pub grid: [u32; 3],
    /// Threads of a block along x, y, z; each at least 1.
    pub block: [u32; 3],
    /// Compiled code looks at this word now and then (each block, each lap of an unbounded loop); when it is not 0 it calls [`LaunchState::poll`].
    pub stop: *const AtomicU32,
    /// Everything the compiled code does not touch itself.
    pub state: *const LaunchState,
    /// Shared memory of one block at a time, aligned to 64: [`Memory::shared`] bytes, then `dynamic_shared`.
    pub shared: *mut u8,
    /// Frames, aligned to 64: as many as [`Memory::frames`] says.
    pub frames: *mut u8,
    /// [`Memory::frame`].
    pub frame_size: u64,
    /// Bytes of dynamic shared memory.
    pub dynamic_shared: u64,
    /// Of a kernel whose grid waits: what the blocks of this call keep together, [`Memory::group`] bytes aligned to 64.
    pub group: *mut u8,
    /// The same of the first block alone, [`Memory::block`] bytes aligned to 64.
    pub words: *mut u8,
    /// Bytes from a block's `words`, `shared` and `frames` to those of the next.
    pub stride: u64,
}

impl Launch {
    /// A launch of code that needs no [`Memory`].
    pub fn new(grid: [u32; 3], block: [u32; 3], stop: *const AtomicU32, state: *const LaunchState) -> Launch {
        let null = std::ptr::null_mut();
        Launch { grid, block, stop, state, shared: null, frames: null, frame_size: 0, dynamic_shared: 0, group: null, words: null, stride: 0 }
    }
}

/// The state of a group whose blocks have ended.
pub const GRID_DONE: u32 = u32::MAX;

/// Memory that whoever runs a kernel lends it for each thread of the host that runs blocks. Its contents do not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of static shared memory, a multiple of 64.
    pub shared: u64,
    /// Bytes of a frame, a multiple of 64: a warp's local arrays, and what it keeps across barriers.
    pub frame: u64,
    /// Threads that share a frame, if each warp of a block has one of its own; else 0, and one frame serves all in turn.
    pub threads_a_frame: u32,
    /// Of a kernel whose grid waits, else 0: bytes that the blocks of one call share, a multiple of 64.
    pub group: u64,
    /// The same for each block.
    pub block: u64,
}

impl Memory {
    /// Frames that a block of so many threads needs.
    pub fn frames(&self, threads: u32) -> u64 {
        match self.threads_a_frame {
            0 => 1,
            n => u64::from(threads.div_ceil(n)),
        }
    }
}

/// One fault of a running thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Linear block (for a scalar function: always 0).
    pub block: u64,
    /// Linear thread in the block (for a scalar function: element index).
    pub thread: u64,
    /// Index into the code's [`Site`]s.
    pub site: u32,
    /// For an index error: the axis, the index and the extent.
    pub index: Option<(u8, i64, i64)>,
    /// For a barrier that threads did not all come to: the site of the barrier at which others were. For a loop that waits: another one in which a thread waits.
    pub other: Option<u32>,
}

/// A place in the code that may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where in the user's file.
    pub location: Location,
    /// What fails there.
    pub kind: SiteKind,
}

/// What a site reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// An index out of bounds: IndexError, with the array's name.
    Index {
        /// Name of the array.
        array: String,
    },
    /// `range()` step of zero: ValueError.
    ZeroStep,
    /// Variable read before assignment, with its name: UnboundLocalError.
    Unassigned(String),
    /// A tuple index out of range: IndexError.
    TupleIndex,
    /// A value that does not fit: ValueError.
    Value(crate::ir::Complaint),
    /// A barrier: DivergentBarrier.
    Barrier,
    /// A loop that waits for another thread: DeadlockError.
    Wait,
    /// A call too deep for the stack, with the name of the function: RecursionError.
    Recursion(String),
    /// `raise`: the exception.
    Raise(Box<crate::ir::Raise>),
}

/// The host's side of a launch, shared by all its workers.
pub struct LaunchState {
    /// The word [`Launch::stop`] points to: 0 go on, 1 call `poll`, 2 stop.
    pub stop: AtomicU32,
    poll: Box<dyn Fn(&AtomicU32) -> bool + Send + Sync>,
    failure: Mutex<Option<Failure>>,
    /// What `print()` wrote and nobody has seen yet.
    output: Mutex<String>,
    waiting: Mutex<Waiting>,
}

/// The threads of the host that run the launch, and which of them are in loops that wait for other threads of the launch.
#[derive(Debug)]
struct Waiting {
    /// How many run it.
    active: usize,
    /// Since when the same ones wait.
    since: Option<Instant>,
    /// For each that waits: how often it has said so since then, and where it is.
    those: HashMap<ThreadId, (u32, Failure)>,
    /// Nobody goes on any more.
    dead: bool,
}

/// A thread of the host that runs a launch, until it is dropped.
#[derive(Debug)]
pub struct Active<'s> {
    state: &'s LaunchState,
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        let mut waiting = self.state.waiting.lock().unwrap_or_else(|e| e.into_inner());
        waiting.active -= 1;
        waiting.those.clear();
    }
}

/// For so long all threads of the host must have waited before that is called a deadlock.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where what kernels print goes.
type Printer = Box<dyn Fn(&str) + Send + Sync>;

static PRINTER: OnceLock<Printer> = OnceLock::new();

/// Says where what kernels print goes from now on, once a process; without that, to the standard output. It is called from any thread.
pub fn set_printer(printer: impl Fn(&str) + Send + Sync + 'static) {
    let _ = PRINTER.set(Box::new(printer));
}

/// Shows a text that a kernel printed.
pub fn show(text: &str) {
    match PRINTER.get() {
        _ if text.is_empty() => {}
        Some(printer) => printer(text),
        None => print!("{text}"),
    }
}

/// Text is held back until the launch ends, or until there is so much of it, in bytes.
const HELD_BACK: usize = 1 << 20;

impl LaunchState {
    /// A state whose `poll` is called by a worker that found the stop word set; it may reset the word, and says whether to stop.
    pub fn new(poll: impl Fn(&AtomicU32) -> bool + Send + Sync + 'static) -> LaunchState {
        let waiting = Waiting { active: 0, since: None, those: HashMap::new(), dead: false };
        LaunchState {
            stop: AtomicU32::new(0),
            poll: Box::new(poll),
            failure: Mutex::new(None),
            output: Mutex::default(),
            waiting: Mutex::new(waiting),
        }
    }

    /// Says that the calling thread runs the launch.
    pub fn enter(&self) -> Active<'_> {
        let mut waiting = self.waiting.lock().unwrap_or_else(|e| e.into_inner());
        waiting.active += 1;
        waiting.those.clear();
        Active { state: self }
    }

    /// Called by a loop that waits for other threads, every thousand laps or so, `fresh` the first time since it was entered. Says whether to stop: somebody said so, or all threads
    /// that run the launch wait. That is known when each has gone through its loop again, and found nothing changed, after the last of them had begun to wait: such loops change
    /// nothing themselves.
    pub fn wait(&self, place: Failure, fresh: bool) -> bool {
        if self.stop.load(Ordering::Relaxed) == 2 {
            return true;
        }
        std::thread::yield_now();
        let mut guard = self.waiting.lock().unwrap_or_else(|e| e.into_inner());
        let waiting = &mut *guard;
        if waiting.dead {
            return true;
        }
        let me = std::thread::current().id();
        if fresh || waiting.those.get(&me).is_none_or(|(_, known)| *known != place) {
            waiting.since = Some(Instant::now());
            waiting.those.values_mut().for_each(|(times, _)| *times = 0);
            waiting.those.insert(me, (0, place));
            return false;
        }
        if let Some((times, _)) = waiting.those.get_mut(&me) {
            *times = times.saturating_add(1);
        }
        let all = waiting.those.len() >= waiting.active && waiting.those.values().all(|(times, _)| *times >= 2);
        if !all || waiting.since.is_none_or(|since| since.elapsed() < PATIENCE) {
            return false;
        }
        waiting.dead = true;
        let mut places: Vec<Failure> = waiting.those.values().map(|(_, place)| place.clone()).collect();
        drop(guard);
        places.sort_by_key(|p| (p.block, p.thread));
        let other = places.iter().map(|p| p.site).find(|site| *site != places[0].site);
        self.record(Failure { other, ..places.swap_remove(0) });
        self.stop.store(2, Ordering::Relaxed);
        true
    }

    /// Whether all threads came to wait for each other; then [`LaunchState::failure`] says where.
    pub fn is_dead(&self) -> bool {
        self.waiting.lock().unwrap_or_else(|e| e.into_inner()).dead
    }

    /// Prints a text. Texts of one thread keep their order; it is shown when the launch ends.
    pub fn print(&self, text: &str) {
        let full = {
            let mut output = self.output.lock().unwrap_or_else(|e| e.into_inner());
            output.push_str(text);
            output.len() >= HELD_BACK
        };
        if full {
            self.show();
        }
    }

    /// Shows what was printed so far.
    pub fn show(&self) {
        let text = std::mem::take(&mut *self.output.lock().unwrap_or_else(|e| e.into_inner()));
        show(&text);
    }

    /// Asks whether to stop.
    pub fn poll(&self) -> bool {
        self.stop.load(Ordering::Relaxed) == 2 || (self.poll)(&self.stop)
    }

    /// Records a failure; the one of the lowest block and thread is kept.
    pub fn record(&self, failure: Failure) {
        let mut kept = self.failure.lock().unwrap_or_else(|e| e.into_inner());
        let earlier = |a: &Failure, b: &Failure| (a.block, a.thread) < (b.block, b.thread);
        if kept.as_ref().is_none_or(|k| earlier(&failure, k)) {
            *kept = Some(failure);
        }
    }

    /// The failure kept, if any.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

impl Drop for LaunchState {
    fn drop(&mut self) {
        self.show();
    }
}

impl Default for LaunchState {
    /// Never stops.
    fn default() -> Self {
        LaunchState::new(|_| false)
    }
}

impl std::fmt::Debug for LaunchState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaunchState").field("stop", &self.stop).field("failure", &self.failure).finish_non_exhaustive()
    }
}
