//! How many threads the pool has, and why.
//!
//! The environment is read once, at first use, with no lock: a process forked meanwhile reads it again. Knows nothing of the pool itself.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::{OnceBox, OnceNonZeroUsize};

/// No pool is larger: a slip in an environment variable must not start a million threads.
const LARGEST: usize = 1024;

/// Size of the pool, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Size {
    /// Threads.
    pub threads: usize,
    /// Where the number comes from, for people.
    pub reason: String,
}

/// The number `set_num_threads` gave; 0 before.
static SET: AtomicUsize = AtomicUsize::new(0);

pub(super) fn set(threads: NonZeroUsize) {
    SET.store(threads.get().min(LARGEST), Ordering::Relaxed);
}

pub(super) fn threads() -> usize {
    match SET.load(Ordering::Relaxed) {
        0 => found().threads,
        set => set,
    }
}

/// Size of the pool and where it comes from. Starts no thread.
pub fn size() -> Size {
    match SET.load(Ordering::Relaxed) {
        0 => found().clone(),
        threads => Size { threads, reason: "set by set_num_threads".to_owned() },
    }
}

fn found() -> &'static Size {
    static FOUND: OnceBox<Size> = OnceBox::new();
    FOUND.get_or_init(|| Box::new(choose(|name| std::env::var(name).ok(), available())))
}

/// Processors this process may use, as found at first use.
pub(super) fn available() -> usize {
    static FOUND: OnceNonZeroUsize = OnceNonZeroUsize::new();
    FOUND.get_or_init(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)).get()
}

fn choose(variable: impl Fn(&str) -> Option<String>, available: usize) -> Size {
    let mut ignored = String::new();
    for name in ["VERDIGRIS_NUM_THREADS", "OMP_NUM_THREADS"] {
        let Some(text) = variable(name) else { continue };
        // OpenMP allows a list, one entry a nesting level: the first is ours.
        let first = text.split(',').next().unwrap_or("").trim();
        match first.parse::<usize>() {
            Ok(n) if n >= LARGEST => {
                return Size { threads: LARGEST, reason: format!("{name}={text}, of which {LARGEST} is the most used{ignored}") };
            }
            Ok(n) if n > 0 => return Size { threads: n, reason: format!("{name}={text}{ignored}") },
            _ if text.trim().is_empty() => {}
            _ => ignored.push_str(&format!("; {name}={text} is not a positive number and was ignored")),
        }
    }
    let threads = available.clamp(1, LARGEST);
    Size { threads, reason: format!("processors this process may use{ignored}") }
}

#[cfg(test)]
mod tests {
    use super::choose;

    fn with(pairs: &[(&str, &str)]) -> (usize, String) {
        let size = choose(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()), 6);
        (size.threads, size.reason)
    }

    #[test]
    fn our_variable_comes_before_openmp_and_both_before_the_machine() {
        assert_eq!(with(&[("VERDIGRIS_NUM_THREADS", "3"), ("OMP_NUM_THREADS", "5")]), (3, "VERDIGRIS_NUM_THREADS=3".into()));
        assert_eq!(with(&[("OMP_NUM_THREADS", "5,2")]), (5, "OMP_NUM_THREADS=5,2".into()));
        assert_eq!(with(&[]), (6, "processors this process may use".into()));
        assert_eq!(with(&[("VERDIGRIS_NUM_THREADS", "")]), (6, "processors this process may use".into()));
    }

    #[test]
    fn nonsense_is_ignored_and_told() {
        for bad in ["0", "-2", "many", "1.5"] {
            let (threads, reason) = with(&[("VERDIGRIS_NUM_THREADS", bad)]);
            assert_eq!(threads, 6, "{bad}");
            assert!(reason.contains(&format!("VERDIGRIS_NUM_THREADS={bad} is not a positive number")), "{reason}");
        }
        assert_eq!(with(&[("VERDIGRIS_NUM_THREADS", "99999999")]).0, 1024);
    }
}
