//! The cache of plans: process-wide, bounded, shared by all threads.
//!
//! Owns lookup, the bounds and what is dropped for them (least recently used first). Plans are made outside the lock, so a long planning holds nobody up; of two threads that
//! plan the same, the first to finish is kept. Knows nothing of what a plan is.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::cpu::Key;

/// Plans kept unless set otherwise.
const PLANS: usize = 256;
/// Bytes kept unless set otherwise.
const BYTES: usize = 256 << 20;

/// What the cache holds and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Lookups that found a plan.
    pub hits: u64,
    /// Lookups that had to plan.
    pub misses: u64,
    /// Plans held.
    pub plans: usize,
    /// Bytes they hold, about.
    pub bytes: usize,
    /// Most plans that are held.
    pub max_plans: usize,
    /// Most bytes that are held.
    pub max_bytes: usize,
}

struct Entry {
    plan: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct State {
    entries: HashMap<(TypeId, Key), Entry>,
    clock: u64,
    info: CacheInfo,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// The lock, with the state made at first use.
struct Locked(MutexGuard<'static, Option<State>>);

impl Locked {
    fn new() -> Locked {
        Locked(STATE.lock().unwrap_or_else(|e| e.into_inner()))
    }

    fn state(&mut self) -> &mut State {
        self.0.get_or_insert_with(|| State { info: CacheInfo { max_plans: PLANS, max_bytes: BYTES, ..Default::default() }, ..Default::default() })
    }
}

impl State {
    /// Drops what is least recently used until the bounds hold; gives it back to be freed outside the lock.
    fn shrink(&mut self) -> Vec<Entry> {
        let mut dropped = Vec::new();
        while self.entries.len() > self.info.max_plans || self.info.bytes > self.info.max_bytes {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key) else { break };
            dropped.extend(self.entries.remove(&oldest).inspect(|entry| self.info.bytes -= entry.bytes));
        }
        self.info.plans = self.entries.len();
        dropped
    }
}

/// The plan of that type and key, made by `make` if it is not held. `make` also says how many bytes it keeps.
///
/// # Errors
/// What `make` gives.
pub(crate) fn get<P: Send + Sync + 'static, E>(key: Key, make: impl FnOnce() -> Result<(P, usize), E>) -> Result<Arc<P>, E> {
    let full_key = (TypeId::of::<P>(), key);
    {
        let mut locked = Locked::new();
        let state = locked.state();
        state.clock += 1;
        if let Some(entry) = state.entries.get_mut(&full_key)
            && let Ok(plan) = entry.plan.clone().downcast::<P>()
        {
            entry.used = state.clock;
            state.info.hits += 1;
            return Ok(plan);
        }
        state.info.misses += 1;
    }
    let (plan, bytes) = make()?;
    let plan = Arc::new(plan);
    let mut locked = Locked::new();
    let state = locked.state();
    state.clock += 1;
    if !state.entries.contains_key(&full_key) && state.info.max_plans > 0 && bytes <= state.info.max_bytes {
        let used = state.clock;
        state.info.bytes += bytes;
        state.entries.insert(full_key, Entry { plan: plan.clone(), bytes, used });
    }
    let dropped = state.shrink();
    drop(locked);
    drop(dropped);
    Ok(plan)
}

/// What the cache holds and has done.
pub fn cache_info() -> CacheInfo {
    Locked::new().state().info
}

/// Drops all plans and sets the counts to 0. Plans in use live until their last user is done.
pub fn clear_cache() {
    let mut locked = Locked::new();
    let state = locked.state();
    let entries = std::mem::take(&mut state.entries);
    state.info = CacheInfo { max_plans: state.info.max_plans, max_bytes: state.info.max_bytes, ..Default::default() };
    drop(locked);
    drop(entries);
    crate::cuda::clear();
}

/// Sets how many plans and how many bytes are held at most; `None` leaves a bound as it is. 0 plans turns the cache off.
pub fn limit_cache(max_plans: Option<usize>, max_bytes: Option<usize>) {
    let mut locked = Locked::new();
    let state = locked.state();
    state.info.max_plans = max_plans.unwrap_or(state.info.max_plans);
    state.info.max_bytes = max_bytes.unwrap_or(state.info.max_bytes);
    let dropped = state.shrink();
    drop(locked);
    drop(dropped);
}

/// The cache's lock, held by a thread that forks the process.
pub struct Held(#[allow(dead_code, reason = "held for its lock")] MutexGuard<'static, Option<State>>);

/// Waits for the cache and holds it, so that a fork finds it whole.
pub fn hold_for_fork() -> Held {
    Held(Locked::new().0)
}
