//! The ticker: tells running work, every 50 ms, that time has passed.
//!
//! One thread, made at first use, asleep while nothing runs. Whoever runs something that may take long registers it; the tick is a hint to look up (at signals, say), so it
//! may come late or not at all. Knows nothing of what runs.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Something that wants to be told.
pub trait Tick: Send + Sync {
    /// Called on the ticker's thread with its lock held: set a word and return.
    fn tick(&self);
}

const EVERY: Duration = Duration::from_millis(50);
/// Rounds with nothing registered after which the thread sleeps until woken: waking it costs a launch more than half a second of empty rounds.
const IDLE_ROUNDS: u32 = 10;
const STACK_BYTES: usize = 128 << 10;

/// Ends the ticks when dropped.
#[derive(Debug)]
pub struct Registration {
    id: u64,
    ticker: &'static Ticker,
}

#[derive(Default)]
struct State {
    next: u64,
    entries: Vec<(u64, Arc<dyn Tick>)>,
    running: bool,
    asleep: bool,
}

/// The ticker of one process.
#[derive(Default)]
pub(super) struct Ticker {
    state: Mutex<State>,
    wake: Condvar,
}

impl std::fmt::Debug for Ticker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticker")
    }
}

/// Has `target` told until the registration is dropped.
pub fn register(target: Arc<dyn Tick>) -> Registration {
    super::process().ticker.register(target)
}

impl Ticker {
    fn register(&'static self, target: Arc<dyn Tick>) -> Registration {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        let id = state.next;
        state.next += 1;
        state.entries.push((id, target));
        if !state.running {
            let builder = std::thread::Builder::new().name("verdigris-ticker".to_owned()).stack_size(STACK_BYTES);
            // If the system gives no thread the work still runs, only deaf to ticks; the next registration tries again.
            state.running = builder.spawn(|| self.serve()).is_ok();
        } else if state.asleep {
            state.asleep = false;
            self.wake.notify_one();
        }
        Registration { id, ticker: self }
    }

    fn serve(&self) {
        let mut idle = 0;
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        loop {
            if idle < IDLE_ROUNDS {
                state = self.wake.wait_timeout(state, EVERY).unwrap_or_else(|e| e.into_inner()).0;
            } else {
                state.asleep = true;
                while state.asleep {
                    state = self.wake.wait(state).unwrap_or_else(|e| e.into_inner());
                }
                idle = 0;
                continue;
            }
            idle = if state.entries.is_empty() { idle + 1 } else { 0 };
            state.entries.iter().for_each(|(_, target)| target.tick());
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.ticker.state.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(at) = state.entries.iter().position(|(id, _)| *id == self.id) {
            let entry = state.entries.swap_remove(at);
            drop(state);
            // What it owns is freed outside the lock.
            drop(entry);
        }
    }
}
