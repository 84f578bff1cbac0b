//! Workers that stay awake for a moment.
//!
//! To wake a sleeping thread takes tens of microseconds, on a virtual machine more: as long as a transform of 65,536 elements. So a worker that has run out of work looks out for
//! more, for [`LINGER`] at most, before it goes back to sleep; whoever shares work claims such workers first. A claimed worker surely comes. Not used where the pool has more threads than the
//! process has processors: there a thread that spins is in another's way.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a worker without work stays awake.
pub(super) const LINGER: Duration = Duration::from_micros(100);
/// Looks between two glances at the clock.
const LOOKS: usize = 32;

/// Where awake workers of one pool and those with work to share meet.
///
/// The workers that linger are those `free` plus those claimed, and for each of the latter work is posted or about to be.
pub(super) struct Board<W> {
    spins: bool,
    /// Awake workers that nobody has claimed.
    free: AtomicUsize,
    /// Pieces of work posted and not yet taken.
    posted: AtomicUsize,
    work: Mutex<VecDeque<W>>,
    /// Counts requests for workers by other ways than this; lingering ends when it changes.
    wanted: AtomicUsize,
}

/// Spins until `done`, at most for `time`; gives whether it was.
pub(super) fn spin(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let mut end = None;
    loop {
        for _ in 0..LOOKS {
            if done() {
                return true;
            }
            std::hint::spin_loop();
        }
        let now = Instant::now();
        if now >= *end.get_or_insert_with(|| now + time) {
            return done();
        }
    }
}

impl<W> Board<W> {
    /// An empty board; nobody lingers unless `spins`.
    pub(super) fn new(spins: bool) -> Board<W> {
        Board { spins, free: AtomicUsize::new(0), posted: AtomicUsize::new(0), work: Mutex::new(VecDeque::new()), wanted: AtomicUsize::new(0) }
    }

    /// Whether its pool's threads may spin.
    pub(super) fn spins(&self) -> bool {
        self.spins
    }

    /// Hands the work to an awake worker, if there is one; it comes back if not.
    pub(super) fn post(&self, work: W) -> Result<(), W> {
        if self.free.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |free| free.checked_sub(1)).is_err() {
            return Err(work);
        }
        self.work.lock().unwrap_or_else(|e| e.into_inner()).push_back(work);
        self.posted.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Sends those that linger back to their pool.
    pub(super) fn dismiss(&self) {
        self.wanted.fetch_add(1, Ordering::Relaxed);
    }

    /// How often they have been sent.
    pub(super) fn dismissals(&self) -> usize {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Takes what is posted, as long as the next comes in time and nobody is sent back after the dismissals counted.
    pub(super) fn linger(&self, dismissals: usize, mut run: impl FnMut(W)) {
        if !self.spins {
            return;
        }
        loop {
            self.free.fetch_add(1, Ordering::AcqRel);
            let mut taken = None;
            let look = || {
                if self.posted.load(Ordering::Acquire) > 0 {
                    taken = self.take();
                }
                taken.is_some() || self.dismissals() != dismissals
            };
            spin(LINGER, look);
            // Who is free may go; who is not has been claimed, and the work is on its way.
            while taken.is_none() {
                if self.free.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok() {
                    return;
                }
                taken = self.take();
                if taken.is_none() {
                    std::thread::yield_now();
                }
            }
            if let Some(work) = taken {
                run(work);
            }
        }
    }

    fn take(&self) -> Option<W> {
        let work = self.work.lock().unwrap_or_else(|e| e.into_inner()).pop_front()?;
        self.posted.fetch_sub(1, Ordering::Relaxed);
        Some(work)
    }
}
