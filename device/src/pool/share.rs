//! Work shared between the calling thread and the pool.
//!
//! The parts are cut into stretches, one for each thread, who helps with the others' when its own is done. The calling thread takes part, so nothing waits for a sleeping worker to wake: one
//! that comes too late finds no part left. Workers still awake from other work are asked first ([`super::linger`]).
#![allow(unsafe_code)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::linger;

/// How often a caller that waits for workers is asked to poll.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// A run of neighbouring parts, from which threads take the next; alone in its cache line.
#[repr(align(64))]
struct Stretch {
    next: AtomicUsize,
    end: usize,
}

/// Set in the count of unfinished parts while the caller sleeps, who is then to be woken at the last.
const ASLEEP: usize = 1 << (usize::BITS - 1);

/// One call's parts and how far they are.
pub(super) struct Shared {
    stretches: Vec<Stretch>,
    unfinished: AtomicUsize,
    task: Task,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    finished: Condvar,
}

/// The caller's closure with its lifetime taken off.
struct Task(*const (dyn Fn(usize) + Sync));

// SAFETY: what it points to is `Sync`, and `Shared::work` only reads through it while the caller keeps it alive.
unsafe impl Send for Task {}
// SAFETY: as above.
unsafe impl Sync for Task {}

impl Shared {
    /// Works as the given worker of the pool. The first stretch is the caller's.
    fn help(&self, worker: usize, nothing_left: &dyn Fn()) {
        self.work(1 + worker % (self.stretches.len() - 1), nothing_left);
    }

    /// Takes parts until none is left, first those of one stretch, then what the others have not come to; says so, and then counts its parts as finished.
    fn work(&self, own: usize, nothing_left: &dyn Fn()) {
        let (before, after) = self.stretches.split_at(own);
        let done: usize = after.iter().chain(before).map(|stretch| self.work_through(stretch)).sum();
        nothing_left();
        // Release: what these parts wrote is seen by the caller, who reads the counter with Acquire.
        if done > 0 && self.unfinished.fetch_sub(done, Ordering::AcqRel) - done == ASLEEP {
            let _held = self.panic.lock().unwrap_or_else(|e| e.into_inner());
            self.finished.notify_all();
        }
    }

    /// Does the parts left of a stretch; how many it did.
    fn work_through(&self, stretch: &Stretch) -> usize {
        let mut done = 0;
        // To look first leaves the line of an empty stretch where it is.
        while stretch.next.load(Ordering::Relaxed) < stretch.end {
            let part = stretch.next.fetch_add(1, Ordering::Relaxed);
            if part >= stretch.end {
                break;
            }
            // SAFETY: this part has not been counted as finished, and the caller, who owns the closure, returns only when all parts are.
            let task = unsafe { &*self.task.0 };
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(part))) {
                self.panic.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(payload);
            }
            done += 1;
        }
        done
    }
}

/// Runs `task(0)`, …, `task(parts - 1)`, each once, on the calling thread and up to [`super::threads`]` - 1` workers, and returns when all have ended. A thread begins with the same
/// parts call after call, whose elements its caches may still hold; no order can be relied on.
///
/// # Panics
/// Where a task panics, after all have ended.
pub fn run(parts: usize, task: &(dyn Fn(usize) + Sync)) {
    run_polled(parts, task, &mut || {});
}

/// As [`run`]; while the calling thread waits for workers it calls `poll` every 50 ms. (During a part of its own it does not: that is the task's affair.)
///
/// # Panics
/// Where a task panics, after all have ended.
pub fn run_polled(parts: usize, task: &(dyn Fn(usize) + Sync), poll: &mut dyn FnMut()) {
    let threads = super::threads().min(parts);
    if threads <= 1 {
        (0..parts).for_each(task);
        return;
    }
    // SAFETY: only the lifetime changes. No part is entered after the last has finished, and this function does not return (nor unwind) before that.
    let task: *const (dyn Fn(usize) + Sync + 'static) = unsafe { std::mem::transmute(task as *const (dyn Fn(usize) + Sync)) };
    let shared = Arc::new(Shared {
        stretches: (0..threads).map(|i| Stretch { next: AtomicUsize::new(parts * i / threads), end: parts * (i + 1) / threads }).collect(),
        unfinished: AtomicUsize::new(parts),
        task: Task(task),
        panic: Mutex::new(None),
        finished: Condvar::new(),
    });
    let team = super::team_of(super::threads());
    if let Some(team) = &team {
        for _ in team.board.hand_out(threads - 1, &shared)..threads - 1 {
            let (board, shared) = (team.board.clone(), shared.clone());
            team.pool.spawn(move || {
                let worker = rayon::current_thread_index().unwrap_or(0);
                board.attend(worker, shared, |shared, nothing_left| shared.help(worker, nothing_left));
            });
        }
    }
    shared.work(0, &|| {});
    if let Some(team) = team.filter(|team| team.board.spins()) {
        // The last parts of the workers mostly end soon after the caller's.
        linger::spin(linger::LINGER, || shared.unfinished.load(Ordering::Acquire) == 0);
        team.board.take_back(&shared);
    }
    let mut held = shared.panic.lock().unwrap_or_else(|e| e.into_inner());
    while shared.unfinished.fetch_or(ASLEEP, Ordering::AcqRel) & !ASLEEP > 0 {
        let (again, timeout) = shared.finished.wait_timeout(held, POLL_EVERY).unwrap_or_else(|e| e.into_inner());
        held = again;
        if timeout.timed_out() {
            drop(held);
            // A panic here must wait for the workers too.
            let polled = catch_unwind(AssertUnwindSafe(&mut *poll));
            held = shared.panic.lock().unwrap_or_else(|e| e.into_inner());
            if let Err(payload) = polled {
                held.get_or_insert(payload);
            }
        }
    }
    let panic = held.take();
    drop(held);
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}
