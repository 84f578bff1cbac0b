//! Blocks over cores.
//!
//! Runs the compiled code of a kernel over all blocks of a launch: handed out in ascending linear order from one counter, in chunks, to the calling thread and to
//! workers. The caller has checked the launch, compiled the code for its arguments and packed them. Knows nothing of Python text or types.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use verdigris_compiler::abi::{BlocksFn, Failure, Launch, LaunchState, Memory};
use verdigris_device::{float_env, pool};

use crate::arena;
use crate::launch::Config;

/// Asked by the launching thread every 50 ms or so: whether to stop.
pub type Watch = fn() -> bool;

/// A launch expected to take less runs on the calling thread alone: waking a worker would cost as much.
pub(crate) const ALONE_NS: u64 = 15_000;
/// Chunks each thread should get, so that uneven blocks even out.
const CHUNKS_A_THREAD: u64 = 32;
/// A chunk should take at least this long, or the counter is all that threads do.
const CHUNK_NS: u64 = 2_000;

/// What earlier launches of the same code took, in nanoseconds for 1,024 blocks; 0 before the first.
#[derive(Debug, Default)]
pub struct Cost(AtomicU64);

/// How a launch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All blocks ran.
    Done,
    /// The watch said stop; some blocks did not run, or not to their end.
    Stopped,
    /// A thread failed; all others ran.
    Failed(Failure),
}

/// What one launch shares with its workers and the ticker.
struct Shared {
    /// The launching thread's, with its stop word.
    state: LaunchState,
    /// The workers' stop word: only ever 0 or 2, since it is the launching thread that asks the watch.
    workers_stop: AtomicU32,
}

/// A launch under way.
pub(crate) struct Run {
    shared: Arc<Shared>,
    _registration: Option<pool::Registration>,
}

const GO: u32 = 0;
const ASK: u32 = 1;
const STOP: u32 = 2;

impl pool::Tick for Shared {
    fn tick(&self) {
        let _ = self.state.stop.compare_exchange(GO, ASK, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Run {
    pub(crate) fn begin(watch: Option<Watch>) -> Run {
        let state = LaunchState::new(move |stop| {
            if watch.is_some_and(|watch| watch()) {
                stop.store(STOP, Ordering::Relaxed);
            }
            stop.compare_exchange(ASK, GO, Ordering::Relaxed, Ordering::Relaxed) == Err(STOP)
        });
        let shared = Arc::new(Shared { state, workers_stop: AtomicU32::new(GO) });
        // Without a watch nobody would answer the ticks.
        let registration = watch.map(|_| pool::register(shared.clone()));
        Run { shared, _registration: registration }
    }

    pub(crate) fn state(&self) -> &LaunchState {
        &self.shared.state
    }

    pub(crate) fn stopped(&self) -> bool {
        self.state().stop.load(Ordering::Relaxed) == STOP
    }

    /// Calls `work` on the calling thread, and with more than one part on workers too, once for each part.
    pub(crate) fn share(&self, parts: usize, work: &(dyn Fn(Worker<'_>) + Sync)) {
        let launcher = std::thread::current().id();
        let part = |_part: usize| {
            let _environment = float_env::enter();
            let _active = self.state().enter();
            let launching = std::thread::current().id() == launcher;
            work(Worker { run: self, stop: if launching { &self.state().stop } else { &self.shared.workers_stop } });
        };
        if parts <= 1 {
            return part(0);
        }
        pool::run_polled(parts, &part, &mut || {
            if self.state().poll() {
                self.shared.workers_stop.store(STOP, Ordering::Relaxed);
            }
        });
    }

    /// How it ended.
    pub(crate) fn ended(&self) -> Ended {
        if self.stopped() && !self.state().is_dead() {
            return Ended::Stopped;
        }
        self.state().failure().map_or(Ended::Done, Ended::Failed)
    }
}

/// A thread that works for a launch.
#[derive(Clone, Copy)]
pub(crate) struct Worker<'r> {
    run: &'r Run,
    /// The word that its compiled code looks at.
    pub(crate) stop: &'r AtomicU32,
}

impl Worker<'_> {
    /// Whether to begin nothing more.
    pub(crate) fn stopped(&self) -> bool {
        let stopped = self.run.stopped();
        if stopped {
            self.run.shared.workers_stop.store(STOP, Ordering::Relaxed);
        }
        stopped
    }
}

/// Runs all blocks of a launch.
///
/// # Safety
/// `entry` is code for a kernel that needs this `memory`, whose parameters, packed as [`verdigris_compiler::abi`] says, are `params`; the memory they point to is valid for it, and nobody else writes it
/// until this returns.
pub unsafe fn run(entry: BlocksFn, memory: Memory, params: &[u64], config: &Config, cost: &Cost, watch: Option<Watch>) -> Ended {
    let run = Run::begin(watch);
    let total = config.blocks();
    let begun = Instant::now();
    let (lent, frames_at) = arena::size(&memory, config.threads(), config.shared().into());
    let blocks = |stop: &AtomicU32, lent: *mut u8, first: u64, last: u64| {
        let launch = Launch {
            shared: lent,
            frames: lent.wrapping_add(frames_at as usize),
            frame_size: memory.frame,
            dynamic_shared: config.shared().into(),
            ..Launch::new(config.grid(), config.block(), stop, run.state())
        };
        // SAFETY: the caller vouches for code and parameters; first..last are blocks of the grid; launch and state outlive the call.
        unsafe { entry(params.as_ptr(), &launch, first, last) };
    };
    let threads = pool::threads() as u64;
    let known = cost.0.load(Ordering::Relaxed);
    let alone = total == 1 || threads == 1 || (known > 0 && known.saturating_mul(total) / 1024 < ALONE_NS);
    let chunk = if alone {
        total
    } else {
        let even = total / (threads * CHUNKS_A_THREAD);
        let worthwhile = (CHUNK_NS * 1024).checked_div(known).unwrap_or(1);
        even.max(worthwhile.min(total / threads)).max(1)
    };
    let next = AtomicU64::new(0);
    let parts = usize::try_from(threads.min(total.div_ceil(chunk))).unwrap_or(1);
    run.share(parts, &|worker| {
        arena::with(lent, |lent| {
            loop {
                let first = next.fetch_add(chunk, Ordering::Relaxed);
                if first >= total {
                    return;
                }
                blocks(worker.stop, lent, first, total.min(first.saturating_add(chunk)));
                if worker.stopped() {
                    return;
                }
            }
        });
    });
    let ended = run.ended();
    if ended != Ended::Stopped {
        let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_mul(if alone { 1 } else { threads });
        cost.0.store((u128::from(nanoseconds) * 1024 / u128::from(total)).clamp(1, u128::from(u64::MAX)) as u64, Ordering::Relaxed);
    }
    ended
}
