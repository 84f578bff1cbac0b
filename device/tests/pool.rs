//! The thread pool: sharing, limits, panics, forks.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use verdigris_device::pool;

/// The size of the pool is the process's, so tests that set it take turns.
static TURN: Mutex<()> = Mutex::new(());

fn with_threads(n: usize, f: impl FnOnce()) {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    pool::set_num_threads(NonZeroUsize::new(n).unwrap());
    f();
}

#[test]
fn install_runs_on_named_workers_and_nests() {
    with_threads(3, || {
        let (name, width, nested) = pool::install(|| {
            let name = std::thread::current().name().unwrap_or("").to_owned();
            let here = std::thread::current().id();
            (name, rayon::current_num_threads(), pool::install(|| std::thread::current().id()) == here)
        });
        assert!(name.starts_with("verdigris-"), "{name}");
        assert_eq!(width, 3);
        assert!(nested, "a call made inside a worker runs there");
        assert!(!pool::in_worker());
    });
}

#[test]
fn every_part_runs_once_whatever_the_number_of_threads() {
    for threads in [1, 2, 5] {
        with_threads(threads, || {
            for parts in [0, 1, 2, 7, 1000] {
                let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                pool::run(parts, &|i| {
                    counts[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
            }
        });
    }
}

#[test]
fn parts_of_a_thread_that_is_held_up_are_done_by_others() {
    with_threads(2, || {
        let done = AtomicUsize::new(0);
        // The caller's first part waits for all the rest of its own, and for the worker's.
        pool::run(20, &|i| {
            while i == 0 && done.load(Ordering::Acquire) < 19 {
                std::thread::yield_now();
            }
            done.fetch_add(1, Ordering::Release);
        });
    });
}

#[test]
fn threads_begin_with_the_same_parts_each_time() {
    with_threads(2, || {
        let caller = std::thread::current().id();
        for _ in 0..100 {
            let first = std::sync::Barrier::new(2);
            pool::run(10, &|i| {
                if i % 5 == 0 {
                    // Neither thread helps the other before both have begun.
                    first.wait();
                    assert_eq!(std::thread::current().id() == caller, i == 0);
                }
            });
        }
    });
}

#[test]
fn workers_take_part() {
    with_threads(2, || {
        let met = std::sync::Barrier::new(2);
        // Each part waits for the other: one thread alone could not finish.
        pool::run(2, &|_| {
            met.wait();
        });
    });
}

#[test]
fn workers_take_part_in_each_of_many_calls_by_many_callers() {
    // Of the last size, more than the machine's processors, no worker stays awake.
    let more = std::thread::available_parallelism().map_or(1, NonZeroUsize::get) + 2;
    for threads in [2, 3, more] {
        with_threads(threads, || {
            std::thread::scope(|scope| {
                for caller in 0..4 {
                    scope.spawn(move || {
                        let few = NonZeroUsize::new(2).unwrap();
                        for call in 0..200 {
                            let met = std::sync::Barrier::new(2);
                            // As above; some calls come while workers are awake, some when they have gone to sleep.
                            pool::run(2, &|_| {
                                met.wait();
                            });
                            let sum = AtomicUsize::new(0);
                            pool::limited(few, || {
                                pool::run(7, &|i| {
                                    sum.fetch_add(i, Ordering::Relaxed);
                                });
                            });
                            assert_eq!(sum.into_inner(), 21);
                            if call % 50 == caller {
                                assert_eq!(pool::limited(few, || pool::install(|| 5)), 5);
                                std::thread::sleep(Duration::from_millis(1));
                            }
                        }
                    });
                }
            });
        });
    }
}

#[test]
fn a_waiting_caller_polls() {
    with_threads(2, || {
        let polls = AtomicUsize::new(0);
        let caller = std::thread::current().id();
        let begun = std::sync::Barrier::new(2);
        pool::run_polled(
            2,
            &|_| {
                begun.wait();
                if std::thread::current().id() != caller {
                    let start = Instant::now();
                    while polls.load(Ordering::Relaxed) == 0 && start.elapsed() < Duration::from_secs(10) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
            },
            &mut || {
                polls.fetch_add(1, Ordering::Relaxed);
            },
        );
        assert!(polls.load(Ordering::Relaxed) > 0);
    });
}

#[test]
fn a_panic_reaches_the_caller_after_all_parts_have_ended() {
    with_threads(2, || {
        let ended = AtomicUsize::new(0);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool::run(50, &|i| {
                ended.fetch_add(1, Ordering::Relaxed);
                assert!(i != 3, "part three");
            });
        }));
        assert!(caught.is_err());
        assert_eq!(ended.load(Ordering::Relaxed), 50);
        pool::run(4, &|_| {});
    });
}

#[test]
fn limits_hold_for_the_thread_and_end() {
    with_threads(4, || {
        let two = NonZeroUsize::new(2).unwrap();
        pool::limited(two, || {
            assert_eq!(pool::threads(), 2);
            assert_eq!(pool::install(rayon::current_num_threads), 2);
            assert_eq!(std::thread::spawn(pool::threads).join().unwrap(), 4);
        });
        assert_eq!(pool::threads(), 4);
        assert_eq!(pool::size().reason, "set by set_num_threads");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_forked_child_has_a_pool_of_its_own() {
    unsafe extern "C" {
        fn fork() -> i32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        fn _exit(status: i32) -> !;
    }
    with_threads(3, || {
        assert_eq!(pool::install(rayon::current_num_threads), 3);
        // SAFETY: the child calls only the pool, which is what is tested, and leaves by `_exit`.
        let pid = unsafe { fork() };
        if pid == 0 {
            let sum = AtomicUsize::new(0);
            pool::run(100, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            let good = sum.load(Ordering::Relaxed) == 4950 && pool::install(rayon::current_num_threads) == 3;
            // SAFETY: ends the child at once.
            unsafe { _exit(if good { 0 } else { 1 }) };
        }
        let start = Instant::now();
        let mut status = -1;
        // SAFETY: `pid` is our child; WNOHANG (1) makes it a poll.
        while unsafe { waitpid(pid, &mut status, 1) } == 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "the child hangs");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(status, 0);
    });
}

#[test]
fn registered_work_is_told_that_time_passes_until_it_ends() {
    struct Count(AtomicUsize);
    impl pool::Tick for Count {
        fn tick(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = std::sync::Arc::new(Count(AtomicUsize::new(0)));
    let wait_for = |ticks: usize| {
        let start = Instant::now();
        while count.0.load(Ordering::Relaxed) < ticks {
            assert!(start.elapsed() < Duration::from_secs(10), "no ticks");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let registration = pool::register(count.clone());
    wait_for(2);
    drop(registration);
    let seen = count.0.load(Ordering::Relaxed);
    // Long enough for the ticker to fall asleep; the next registration must wake it.
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(count.0.load(Ordering::Relaxed), seen);
    let _registration = pool::register(count.clone());
    wait_for(seen + 1);
}
