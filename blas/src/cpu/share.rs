//! Work shared over the pool.
//!
//! Owns how parts are handed to threads. Whoever makes the parts makes them by sizes alone where sums are split, so that results do not depend on the number of threads.

use std::sync::{Mutex, PoisonError};

use verdigris_device::pool;

/// Runs `f` on every part, on several threads if there are several parts.
pub(super) fn each<P: Send>(parts: Vec<P>, f: impl Fn(usize, P) + Sync) {
    if parts.len() <= 1 || pool::threads() == 1 {
        parts.into_iter().enumerate().for_each(|(i, part)| f(i, part));
        return;
    }
    let slots: Vec<Mutex<Option<P>>> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
    pool::run(slots.len(), &|i| {
        let part = slots[i].lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(part) = part {
            f(i, part);
        }
    });
}

/// Runs `f` on `0..count`, in parts of `size`, and gives the results in order.
pub(super) fn map<R: Send>(count: usize, size: usize, shared: bool, f: impl Fn(std::ops::Range<usize>) -> R + Sync) -> Vec<R> {
    let range = |i: usize| i * size..((i + 1) * size).min(count);
    let parts = count.div_ceil(size);
    if !shared || parts <= 1 || pool::threads() == 1 {
        return (0..parts).map(|i| f(range(i))).collect();
    }
    let results: Vec<Mutex<Option<R>>> = (0..parts).map(|_| Mutex::new(None)).collect();
    pool::run(parts, &|i| {
        let result = f(range(i));
        *results[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    results.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// Cuts `extent` into about `parts` nearly equal pieces whose borders are multiples of `grain`; the inner borders.
pub(super) fn cuts(extent: usize, parts: usize, grain: usize) -> Vec<usize> {
    let grains = extent.div_ceil(grain).max(1);
    let parts = parts.clamp(1, grains);
    (1..parts).map(|i| grains * i / parts * grain).collect()
}
