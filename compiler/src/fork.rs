//! Forks: no lock of a compilation may be held by another thread while the process is copied, since nobody would open it in the child.
//!
//! Owns one lock. Whoever compiles, or takes a lock under which something is compiled, has a share of it ([`job`]), taken before any other lock; whoever forks has it alone ([`hold`]). A host
//! with a lock of its own, which a forking thread needs, says how to wait without it ([`wait_by`]): then no thread waits here while it keeps that one. Knows nothing of what is compiled.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

static JOBS: RwLock<()> = RwLock::new(());
static WAIT: OnceLock<Wait> = OnceLock::new();

thread_local! {
    /// Shares and holds of this thread. Only the first takes the lock: a second share behind a thread that waits to fork would never come.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Calls what it is given, having let go of the host's own lock if the thread has it.
pub type Wait = fn(&mut dyn FnMut());

/// Says how threads of this process wait; the first to say so is heard.
pub fn wait_by(how: Wait) {
    let _ = WAIT.set(how);
}

/// Held while something is compiled.
#[derive(Debug)]
pub struct Job {
    _share: Option<RwLockReadGuard<'static, ()>>,
    _thread: PhantomData<*const ()>,
}

/// Begins a compilation, or joins the one that this thread is at.
pub fn job() -> Job {
    try_job().unwrap_or_else(|| {
        let mut share = None;
        let mut take = || share = Some(JOBS.read().unwrap_or_else(|e| e.into_inner()));
        match WAIT.get() {
            Some(wait) => wait(&mut take),
            None => take(),
        }
        Job::new(share)
    })
}

/// As [`job`], but `None` where that would have to wait.
pub fn try_job() -> Option<Job> {
    if DEPTH.get() > 0 {
        return Some(Job::new(None));
    }
    match JOBS.try_read() {
        Ok(share) => Some(Job::new(Some(share))),
        Err(TryLockError::Poisoned(share)) => Some(Job::new(Some(share.into_inner()))),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Job {
    fn new(share: Option<RwLockReadGuard<'static, ()>>) -> Job {
        DEPTH.set(DEPTH.get() + 1);
        Job { _share: share, _thread: PhantomData }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Waits for compilations under way and holds off new ones, those of other threads, until dropped in parent and child.
pub fn hold() -> Held {
    let alone = if DEPTH.get() > 0 { None } else { Some(JOBS.write().unwrap_or_else(|e| e.into_inner())) };
    DEPTH.set(DEPTH.get() + 1);
    Held { _alone: alone }
}

/// See [`hold`].
#[derive(Debug)]
pub struct Held {
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, Mutex, mpsc};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    use super::*;

    /// Who waited by [`wait_by`]: other tests compile meanwhile, and wait too.
    static WAITED: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

    /// One test, since the lock is the process's.
    #[test]
    fn jobs_and_holds_wait_for_each_other_and_never_for_themselves() {
        wait_by(|take| {
            WAITED.lock().unwrap().push(thread::current().id());
            take();
        });
        let begun = Barrier::new(2);
        let (order, happened) = mpsc::channel();
        thread::scope(|scope| {
            let first = order.clone();
            let begun = &begun;
            scope.spawn(move || {
                let _job = job();
                begun.wait();
                // The holder waits by now; this thread's own jobs go on.
                thread::sleep(Duration::from_millis(50));
                drop(job());
                drop(try_job().expect("this thread is at a job"));
                first.send("job").unwrap();
            });
            begun.wait();
            let held = hold();
            order.send("held").unwrap();
            let again = hold();
            drop(job());
            drop(again);
            let later = order.clone();
            let waiting = scope.spawn(move || {
                assert!(try_job().is_none());
                let _job = job();
                later.send("later").unwrap();
            });
            while !WAITED.lock().unwrap().contains(&waiting.thread().id()) && !waiting.is_finished() {
                thread::yield_now();
            }
            order.send("let go").unwrap();
            drop(held);
            waiting.join().unwrap();
        });
        assert_eq!(happened.try_iter().collect::<Vec<_>>(), ["job", "held", "let go", "later"]);
    }
}
