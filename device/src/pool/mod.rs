//! The one thread pool of the process.
//!
//! Everything of ours that uses several cores runs here: rayon code through [`install`], hand-scheduled loops through [`run`]. The pool is made at first use
//! and, in a process that has forked, made anew: the parent's threads do not exist there, so its pool is left alone and never joined. Idle workers sleep, after a
//! moment in which they look out for more work.
//! Results must never depend on the number of threads. Knows nothing of what is run.
#![allow(unsafe_code)]

mod linger;
mod share;
mod size;
mod ticker;

pub use share::{run, run_polled};
pub use size::{Size, size};
pub use ticker::{Registration, Tick, register};

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use linger::Board;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Stack of a worker.
pub const STACK_BYTES: usize = 16 << 20;

thread_local! {
    /// Size of the pool this thread works for; 0 elsewhere.
    static WORKER_OF: Cell<usize> = const { Cell::new(0) };
    static LIMIT: Cell<Option<NonZeroUsize>> = const { Cell::new(None) };
}

/// The workers of one pool, asleep or awake.
#[derive(Clone)]
struct Team {
    pool: Arc<ThreadPool>,
    board: Arc<Board<share::Shared>>,
}

/// The threads of one process: the pool of the set size and those of limits in use, and the ticker.
struct Process {
    pid: u32,
    pools: Mutex<Vec<(usize, Team)>>,
    ticker: ticker::Ticker,
}

static PROCESS: AtomicPtr<Process> = AtomicPtr::new(std::ptr::null_mut());

fn process() -> &'static Process {
    let pid = std::process::id();
    let found = PROCESS.load(Ordering::Acquire);
    // SAFETY: the pointer is null or came from `Box::into_raw` below, and what it points to is never freed once stored.
    if let Some(process) = unsafe { found.as_ref() }
        && process.pid == pid
    {
        return process;
    }
    // First use, or first use after a fork. What the parent had is leaked on purpose: its lock may be held and its threads are gone.
    let fresh = Box::into_raw(Box::new(Process { pid, pools: Mutex::new(Vec::new()), ticker: ticker::Ticker::default() }));
    match PROCESS.compare_exchange(found, fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just made, and stored for good.
        Ok(_) => unsafe { &*fresh },
        Err(winner) => {
            // SAFETY: `fresh` was not stored, so this is its only owner; `winner` was stored by another thread of this process and is never freed.
            unsafe {
                drop(Box::from_raw(fresh));
                &*winner
            }
        }
    }
}

/// The pool of `threads` workers; `None` where the system starts no thread at all.
fn team_of(threads: usize) -> Option<Team> {
    let mut pools = process().pools.lock().unwrap_or_else(|e| e.into_inner());
    if let Some((_, team)) = pools.iter().find(|(size, _)| *size == threads) {
        return Some(team.clone());
    }
    let mut size = threads;
    while size > 0 {
        let built = ThreadPoolBuilder::new()
            .num_threads(size)
            .stack_size(STACK_BYTES)
            .thread_name(|i| format!("verdigris-{i}"))
            .start_handler(move |_| WORKER_OF.set(size))
            .build();
        match built {
            Ok(pool) => {
                let team = Team { pool: Arc::new(pool), board: Arc::new(Board::new(size, size <= size::available())) };
                pools.push((threads, team.clone()));
                return Some(team);
            }
            // The system refused a thread: make do with fewer.
            Err(_) => size /= 2,
        }
    }
    None
}

/// Number of threads that work started here may use.
pub fn threads() -> usize {
    let worker_of = WORKER_OF.get();
    if worker_of > 0 {
        return worker_of;
    }
    let all = size::threads();
    LIMIT.get().map_or(all, |limit| limit.get().min(all))
}

/// Whether this thread is a worker of the pool.
pub fn in_worker() -> bool {
    WORKER_OF.get() > 0
}

/// Runs `f` inside the pool, so that rayon's operations in it use the pool's threads. A call made by a worker runs there at once.
///
/// # Panics
/// Where `f` does.
pub fn install<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    if in_worker() {
        return f();
    }
    match team_of(threads()) {
        Some(team) => {
            team.board.dismiss();
            team.pool.install(f)
        }
        // No thread to be had: a pool of the calling thread alone, kept for this call only.
        None => match ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() {
            Ok(pool) => pool.install(f),
            Err(_) => f(),
        },
    }
}

/// Sets the size of the pool from now on; work in flight ends on the threads it has.
pub fn set_num_threads(threads: NonZeroUsize) {
    size::set(threads);
    process().pools.lock().unwrap_or_else(|e| e.into_inner()).clear();
}

/// Limits what the calling thread starts, until changed, to at most that many threads; gives the limit before.
pub fn set_limit(limit: Option<NonZeroUsize>) -> Option<NonZeroUsize> {
    LIMIT.replace(limit)
}

/// Runs `f` with the calling thread's limit set.
pub fn limited<R>(limit: NonZeroUsize, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<NonZeroUsize>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(set_limit(Some(limit)));
    f()
}
