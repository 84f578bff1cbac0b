//! Scheduling, tested with kernels written by hand against the ABI: every block once, in order, over cores; stopping; failures; the floating-point environment.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use verdigris_compiler::abi::{Failure, Launch, Memory};
use verdigris_cuda_jit::Config;
use verdigris_cuda_jit::schedule::{Cost, Ended, run};
use verdigris_device::pool;

/// The pool's size is the process's, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn with_threads(threads: usize, f: impl FnOnce()) {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    pool::set_num_threads(NonZeroUsize::new(threads).unwrap());
    f();
}

/// What the tests' kernels get as their first parameter.
struct Seen {
    ran: Vec<AtomicU32>,
}

impl Seen {
    fn new(blocks: u64) -> Seen {
        Seen { ran: (0..blocks).map(|_| AtomicU32::new(0)).collect() }
    }
}

/// Safety, for each kernel here: `params[0]` is the address of a [`Seen`] (or what the kernel's own comment says).
unsafe extern "C" fn count(params: *const u64, launch: *const Launch, first: u64, last: u64) {
    // SAFETY: the tests pass a `Seen` that outlives the launch.
    let (seen, launch) = unsafe { (&*(*params as *const Seen), &*launch) };
    assert_eq!(launch.block, [32, 2, 1]);
    for block in first..last {
        seen.ran[block as usize].fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn every_block_runs_once_alone_and_over_cores() {
    for threads in [1, 2, 4] {
        with_threads(threads, || {
            for grid in [(1, 1, 1), (2, 1, 1), (7, 3, 2), (1000, 1, 1), (50, 40, 5)] {
                let config = Config::new(grid, (32, 2)).unwrap();
                let cost = Cost::default();
                // The first launch knows nothing of the cost, later ones do.
                for _ in 0..4 {
                    let seen = Seen::new(config.blocks());
                    // SAFETY: see `count`.
                    let ended = unsafe { run(count, Memory::default(), &[&raw const seen as u64], &config, &cost, None) };
                    assert_eq!(ended, Ended::Done);
                    assert!(seen.ran.iter().all(|n| n.load(Ordering::Relaxed) == 1));
                }
            }
        });
    }
}

/// `params[0]` is the address of an `AtomicU64`: block b waits until it is b, then makes it b + 1.
unsafe extern "C" fn look_back(params: *const u64, _launch: *const Launch, first: u64, last: u64) {
    // SAFETY: as said.
    let done = unsafe { &*(*params as *const AtomicU64) };
    for block in first..last {
        while done.load(Ordering::Acquire) != block {
            std::thread::yield_now();
        }
        done.store(block + 1, Ordering::Release);
    }
}

#[test]
fn a_block_may_wait_for_all_lower_ones() {
    with_threads(3, || {
        let (config, done) = (Config::new(10_000, 1).unwrap(), AtomicU64::new(0));
        // SAFETY: see `look_back`.
        let ended = unsafe { run(look_back, Memory::default(), &[&raw const done as u64], &config, &Cost::default(), None) };
        assert_eq!((ended, done.load(Ordering::Relaxed)), (Ended::Done, 10_000));
    });
}

/// Fails in every seventh block from 5.
unsafe extern "C" fn fail(_params: *const u64, launch: *const Launch, first: u64, last: u64) {
    // SAFETY: the launch and its state live through the call.
    let state = unsafe { &*(*launch).state };
    for block in (first..last).filter(|b| b % 7 == 5) {
        for thread in [9, 3] {
            state.record(Failure { block, thread, site: block as u32, index: None, other: None });
        }
    }
}

#[test]
fn the_first_failure_is_told() {
    with_threads(3, || {
        let config = Config::new(500, 32).unwrap();
        // SAFETY: `fail` reads no parameter.
        let ended = unsafe { run(fail, Memory::default(), &[], &config, &Cost::default(), None) };
        assert_eq!(ended, Ended::Failed(Failure { block: 5, thread: 3, site: 5, index: None, other: None }));
    });
}

/// Never ends but for the stop word.
unsafe extern "C" fn spin(_params: *const u64, launch: *const Launch, _first: u64, _last: u64) {
    // SAFETY: the launch, its stop word and its state live through the call.
    let (stop, state) = unsafe { (&*(*launch).stop, &*(*launch).state) };
    while stop.load(Ordering::Relaxed) == 0 || !state.poll() {}
}

/// Only block 1 spins; block 0 ends at once.
unsafe extern "C" fn spin_in_second(params: *const u64, launch: *const Launch, first: u64, last: u64) {
    // `params[0]` is the address of an `AtomicU32` that block 0 waits for, so that another thread has taken block 1.
    // SAFETY: as said.
    let taken = unsafe { &*(*params as *const AtomicU32) };
    for block in first..last {
        if block == 1 {
            taken.store(1, Ordering::Release);
            // SAFETY: as for `spin`.
            unsafe { spin(params, launch, 1, 2) };
        } else {
            while taken.load(Ordering::Acquire) == 0 {
                std::hint::spin_loop();
            }
        }
    }
}

static ASKED: AtomicU32 = AtomicU32::new(0);

fn stop_at_third() -> bool {
    ASKED.fetch_add(1, Ordering::Relaxed) == 2
}

#[test]
fn endless_launches_stop_when_the_watch_says_so() {
    for (threads, blocks) in [(1, 1), (1, 5), (3, 1), (3, 100)] {
        with_threads(threads, || {
            ASKED.store(0, Ordering::Relaxed);
            let (config, begun) = (Config::new(blocks, 32).unwrap(), Instant::now());
            // SAFETY: `spin` reads no parameter.
            let ended = unsafe { run(spin, Memory::default(), &[], &config, &Cost::default(), Some(stop_at_third)) };
            assert_eq!(ended, Ended::Stopped);
            assert!(ASKED.load(Ordering::Relaxed) == 3, "the watch was asked until it said stop");
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        });
    }
    with_threads(2, || {
        ASKED.store(0, Ordering::Relaxed);
        let (config, taken) = (Config::new(2, 32).unwrap(), AtomicU32::new(0));
        // SAFETY: see `spin_in_second`.
        let ended = unsafe { run(spin_in_second, Memory::default(), &[&raw const taken as u64], &config, &Cost::default(), Some(stop_at_third)) };
        assert_eq!(ended, Ended::Stopped, "also while the launching thread only waits");
    });
}

/// `params[0]` is the address of the f64 1e-308, `params[1]` that of a counter: of blocks where 1e-308 / 16 is flushed to zero.
unsafe extern "C" fn subnormal(params: *const u64, _launch: *const Launch, first: u64, last: u64) {
    // SAFETY: as said.
    let (small, flushed) = unsafe { (*(*params as *const f64), &*(*params.add(1) as *const AtomicU32)) };
    for _ in first..last {
        if std::hint::black_box(std::hint::black_box(small) / 16.0) == 0.0 {
            flushed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn flush_to_zero_of_the_caller_changes_nothing() {
    with_threads(2, || {
        let mut before = 0u32;
        // SAFETY: reads and sets MXCSR: flush to zero and denormals are zero.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut before);
            std::arch::asm!("ldmxcsr [{}]", in(reg) &(before | 0x8040));
        }
        let (small, flushed) = (1e-308f64, AtomicU32::new(0));
        // SAFETY: see `subnormal`.
        let ended = unsafe {
            run(
                subnormal,
                Memory::default(),
                &[&raw const small as u64, &raw const flushed as u64],
                &Config::new(100, 1).unwrap(),
                &Cost::default(),
                None,
            )
        };
        let mut after = 0u32;
        // SAFETY: reads MXCSR, and sets what it was.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut after);
            std::arch::asm!("ldmxcsr [{}]", in(reg) &before);
        }
        assert_eq!((ended, flushed.load(Ordering::Relaxed), after & 0x8040), (Ended::Done, 0, 0x8040));
    });
}

#[test]
fn sixteen_threads_launch_at_once() {
    with_threads(3, || {
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let cost = Cost::default();
                    for _ in 0..50 {
                        let config = Config::new(37, (32, 2)).unwrap();
                        let seen = Seen::new(config.blocks());
                        // SAFETY: see `count`.
                        let ended = unsafe { run(count, Memory::default(), &[&raw const seen as u64], &config, &cost, Some(|| false)) };
                        assert_eq!(ended, Ended::Done);
                        assert!(seen.ran.iter().all(|n| n.load(Ordering::Relaxed) == 1));
                    }
                });
            }
        });
    });
}
