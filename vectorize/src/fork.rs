//! Forks: no lock of a ufunc may be held by another thread while the process is copied, since nobody would open it in the child.
//!
//! Owns one lock that every thread shares while it makes loops, and that [`hold_for_fork`] has alone. What compiles takes it before any lock of a ufunc; it names no Python object, so it ends
//! without the interpreter's help.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static JOBS: RwLock<()> = RwLock::new(());

/// Held while loops are made.
pub(crate) fn job() -> RwLockReadGuard<'static, ()> {
    JOBS.read().unwrap_or_else(|e| e.into_inner())
}

/// Waits for loops being made and holds off new ones.
pub fn hold_for_fork() -> Held {
    Held(JOBS.write().unwrap_or_else(|e| e.into_inner()))
}

/// See [`hold_for_fork`]; dropped in parent and child.
#[derive(Debug)]
#[expect(dead_code, reason = "held, not read")]
pub struct Held(RwLockWriteGuard<'static, ()>);
