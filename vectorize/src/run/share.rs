//! Work over the cores of the pool: whether it pays, in how large parts, and what came of them.
//!
//! Given numbered units of work that may be done in any order on any thread; what a unit is, its caller knows.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use verdigris_device::float_env::Flags;
use verdigris_device::pool;

use super::compiled::Watched;
use crate::error::Error;

/// Work worth giving to another core.
const WORTH_SHARING: Duration = Duration::from_micros(20);
/// Parts for each core, so that one that is slowed down does not keep all waiting.
const PARTS_A_CORE: usize = 32;

/// Does `units` units by `work(units, whether on the calling thread)`: the flags raised, or the error of the first element that failed. How long the first units take says whether and how to
/// share the rest.
pub(super) fn spread(
    units: usize,
    watched: Option<&Arc<Watched>>,
    work: impl Fn(Range<usize>, bool) -> Result<Flags, Error> + Sync,
) -> Result<Flags, Error> {
    let begin = Instant::now();
    let mut done = 0;
    let mut flags = Flags::default();
    while done == 0 || (done < units && begin.elapsed() < WORTH_SHARING) {
        let next = (2 * done).clamp(1, units);
        flags = flags | work(done..next, true)?;
        done = next;
    }
    let left = units - done;
    let each = begin.elapsed().as_nanos().max(1) as f64 / done as f64;
    let worth = WORTH_SHARING.as_nanos() as f64;
    if (left as f64) * each < worth {
        return Ok(flags | work(done..units, true)?);
    }
    let threads = pool::threads();
    let grain = ((worth / each) as usize).max(left / (threads * PARTS_A_CORE)).clamp(1, left.div_ceil(threads));
    let caller = thread::current().id();
    let outcome = Mutex::new((flags, None::<Error>));
    let share = |part: usize| {
        let first = done + part * grain;
        let result = work(first..units.min(first + grain), thread::current().id() == caller);
        let mut outcome = outcome.lock().unwrap_or_else(|e| e.into_inner());
        match result {
            Ok(flags) => outcome.0 = outcome.0 | flags,
            Err(error) => {
                let at = |e: &Error| if let Error::Failed { failure, .. } = e { failure.thread } else { 0 };
                if outcome.1.as_ref().is_none_or(|kept| at(&error) < at(kept)) {
                    outcome.1 = Some(error);
                }
            }
        }
    };
    pool::run_polled(left.div_ceil(grain), &share, &mut || {
        if let Some(watched) = watched {
            watched.ask();
        }
    });
    match outcome.into_inner().unwrap_or_else(|e| e.into_inner()) {
        (_, Some(error)) => Err(error),
        (flags, None) => Ok(flags),
    }
}
