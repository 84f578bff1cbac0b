//! Streams and events.
//!
//! On the CPU a launch or a copy has ended when it returns, so a stream is a name that counts what was ordered on it, and an event is a moment. Knows
//! nothing of what is launched.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::error::DeviceError;

#[derive(Debug)]
struct Inner {
    id: u64,
    ordered: AtomicU64,
}

/// A queue of work.
#[derive(Clone, Debug)]
pub struct Stream(Arc<Inner>);

impl Stream {
    /// A stream of its own.
    #[expect(clippy::new_without_default, reason = "a default stream is something else in CUDA")]
    pub fn new() -> Stream {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Stream(Arc::new(Inner { id: NEXT.fetch_add(1, Ordering::Relaxed), ordered: AtomicU64::new(0) }))
    }

    /// Its number, unlike that of any other in this process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Counts one piece of work; gives its place in the order, from 1.
    pub fn order(&self) -> u64 {
        self.0.ordered.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Pieces of work ordered so far, all of which have ended.
    pub fn ordered(&self) -> u64 {
        self.0.ordered.load(Ordering::Relaxed)
    }

    /// Waits for the work ordered so far. It has ended already.
    pub fn synchronize(&self) {}
}

/// A mark between pieces of work.
#[derive(Debug, Default)]
pub struct Event(Mutex<Option<Instant>>);

impl Event {
    /// An event not yet recorded.
    pub fn new() -> Event {
        Event::default()
    }

    fn at(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Marks this moment.
    pub fn record(&self) {
        *self.0.lock().unwrap_or_else(|e| e.into_inner()) = Some(Instant::now());
    }

    /// Whether the work before it has ended; always, on the CPU.
    pub fn query(&self) -> bool {
        true
    }

    /// Milliseconds from this event to a later one (negative if it was earlier).
    ///
    /// # Errors
    /// One of them has not been recorded.
    pub fn elapsed_ms(&self, later: &Event) -> Result<f64, DeviceError> {
        let (from, to) = (self.at().ok_or(DeviceError::NotRecorded)?, later.at().ok_or(DeviceError::NotRecorded)?);
        let ms = |a: Instant, b: Instant| b.duration_since(a).as_secs_f64() * 1e3;
        Ok(if to >= from { ms(from, to) } else { -ms(to, from) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_measure_time_and_refuse_when_never_recorded() {
        let (a, b) = (Event::new(), Event::new());
        assert_eq!(a.elapsed_ms(&b), Err(DeviceError::NotRecorded));
        a.record();
        std::thread::sleep(std::time::Duration::from_millis(2));
        b.record();
        let ms = a.elapsed_ms(&b).unwrap();
        assert!((2.0..2000.0).contains(&ms), "{ms}");
        assert_eq!(b.elapsed_ms(&a), Ok(-ms));
    }

    #[test]
    fn streams_count_their_own_work() {
        let (a, b) = (Stream::new(), Stream::new());
        assert_ne!(a.id(), b.id());
        assert_eq!((a.order(), a.order(), b.order(), a.ordered()), (1, 2, 1, 2));
    }
}
