//! Workers that stay awake for a moment.
//!
//! To wake a sleeping thread takes tens of microseconds, on a virtual machine more: as long as a transform of 65,536 elements. So a worker that has run out of work looks out for
//! more, for [`LINGER`] at most, before it goes back to sleep; whoever shares work claims such workers first. A claimed worker surely comes. Not used where the pool has more threads than the
//! process has processors: there a thread that spins is in another's way.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a worker without work stays awake.
pub(super) const LINGER: Duration = Duration::from_micros(100);
/// Looks between two glances at the clock.
const LOOKS: usize = 32;

/// Where one worker is met: null while it does not look out for work, [`free`] while it does, else the work it has been given. One cache line, so that to hand work over moves no other.
#[repr(align(64))]
struct Seat<T>(AtomicPtr<T>);

/// Where awake workers of one pool and those with work to share meet.
pub(super) struct Board<T> {
    spins: bool,
    /// A seat for each worker.
    seats: Box<[Seat<T>]>,
    /// Counts requests for workers by other ways than this; lingering ends when it changes.
    wanted: AtomicUsize,
}

/// What a seat holds whose worker looks out for work; no value has this address.
fn free<T>() -> *mut T {
    ptr::without_provenance_mut(1)
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

impl<T: Send + Sync> Board<T> {
    /// The board of so many workers; nobody lingers unless `spins`.
    pub(super) fn new(workers: usize, spins: bool) -> Board<T> {
        let seats = (0..workers).map(|_| Seat(AtomicPtr::new(ptr::null_mut()))).collect();
        Board { spins, seats, wanted: AtomicUsize::new(0) }
    }

    /// Whether its pool's threads may spin.
    pub(super) fn spins(&self) -> bool {
        self.spins
    }

    /// Hands the work to as many awake workers as there are, `most` at most, the same ones first each time; to how many.
    pub(super) fn hand_out(&self, most: usize, work: &Arc<T>) -> usize {
        let mut given = 0;
        for Seat(seat) in &self.seats {
            if given == most {
                break;
            }
            if seat.load(Ordering::Relaxed) != free() {
                continue;
            }
            let copy = Arc::into_raw(work.clone()).cast_mut();
            // Release: who takes the pointer sees what it points to.
            match seat.compare_exchange(free(), copy, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => given += 1,
                // SAFETY: from `into_raw` above, and not stored.
                Err(_) => drop(unsafe { Arc::from_raw(copy) }),
            }
        }
        given
    }

    /// Takes back what nobody has come for: a worker that the system keeps waiting is free for the next work then.
    pub(super) fn take_back(&self, work: &Arc<T>) {
        let own = Arc::as_ptr(work).cast_mut();
        for Seat(seat) in &self.seats {
            if seat.load(Ordering::Relaxed) == own
                && let Ok(found) = seat.compare_exchange(own, free(), Ordering::Relaxed, Ordering::Relaxed)
            {
                // SAFETY: `hand_out` made the pointer by `into_raw`, and the exchange has made it this thread's.
                drop(unsafe { Arc::from_raw(found) });
            }
        }
    }

    /// Sends those that linger back to their pool.
    pub(super) fn dismiss(&self) {
        self.wanted.fetch_add(1, Ordering::Relaxed);
    }

    /// Does the work as the given worker, and then what is handed out, as long as the next comes in time and nobody is sent back. `run` does a piece of work and calls what it is given
    /// when only to report the end is left: from then on the worker is free, so that whoever hears the report finds it so.
    pub(super) fn attend(&self, worker: usize, mut work: Arc<T>, run: impl Fn(&T, &dyn Fn())) {
        let dismissals = self.wanted.load(Ordering::Relaxed);
        let Some(Seat(seat)) = self.seats.get(worker).filter(|_| self.spins) else { return run(&work, &|| {}) };
        loop {
            run(&work, &|| seat.store(free(), Ordering::Relaxed));
            drop(work);
            spin(LINGER, || seat.load(Ordering::Relaxed) != free() || self.wanted.load(Ordering::Relaxed) != dismissals);
            let found = seat.swap(ptr::null_mut(), Ordering::Acquire);
            if found == free() || found.is_null() {
                return;
            }
            // SAFETY: anything else is a pointer that `hand_out` made by `into_raw`, and the exchange has made it this worker's.
            work = unsafe { Arc::from_raw(found) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    fn wait(done: impl FnMut() -> bool) {
        assert!(spin(Duration::from_secs(60), done), "nothing happened for a minute");
    }

    #[test]
    fn nothing_is_handed_to_workers_that_do_not_look_out() {
        let board = Board::new(3, true);
        let work = Arc::new(1);
        assert_eq!(board.hand_out(3, &work), 0);
        board.take_back(&work);
        assert_eq!(Arc::strong_count(&work), 1);
    }

    #[test]
    fn a_board_whose_workers_do_not_spin_lets_them_go_at_once() {
        let board = Board::new(1, false);
        let runs = AtomicUsize::new(0);
        board.attend(0, Arc::new(1), |_, _| _ = runs.fetch_add(1, Ordering::Relaxed));
        assert_eq!(runs.into_inner(), 1);
    }

    #[test]
    fn what_is_handed_to_a_worker_on_its_way_can_be_taken_back_and_handed_out_again() {
        let board = Board::new(2, true);
        let (told, go, seen) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                board.attend(1, Arc::new(1), |&work, nothing_left| {
                    nothing_left();
                    // It is free, and has not come to its seat yet.
                    if work == 1 {
                        told.store(true, Ordering::Release);
                        wait(|| go.load(Ordering::Acquire));
                    }
                    seen.fetch_add(work, Ordering::Relaxed);
                });
            });
            wait(|| told.load(Ordering::Acquire));
            let (second, third) = (Arc::new(10), Arc::new(100));
            assert_eq!(board.hand_out(2, &second), 1);
            assert_eq!(board.hand_out(2, &third), 0, "the worker has its next work");
            board.take_back(&third);
            assert_eq!(Arc::strong_count(&second), 2);
            board.take_back(&second);
            assert_eq!(Arc::strong_count(&second), 1);
            assert_eq!(board.hand_out(2, &third), 1);
            go.store(true, Ordering::Release);
        });
        assert_eq!(seen.into_inner(), 101);
    }

    #[test]
    fn a_worker_that_is_dismissed_does_first_what_it_was_given() {
        let board = Board::new(1, true);
        let seen = AtomicUsize::new(0);
        let given = Arc::new(10);
        board.attend(0, Arc::new(1), |&work, nothing_left| {
            nothing_left();
            if work == 1 {
                assert_eq!(board.hand_out(1, &given), 1);
                board.dismiss();
            }
            seen.fetch_add(work, Ordering::Relaxed);
        });
        assert_eq!(seen.into_inner(), 11);
        assert_eq!(Arc::strong_count(&given), 1);
        assert_eq!(board.hand_out(1, &given), 0);
    }
}
