//! The one way from Python into work that takes time.
//!
//! Owns what happens at that border: the GIL is released while the work runs, a panic becomes `InternalError` instead of unwinding into the interpreter, and a Rust
//! error becomes the Python exception that [`crate::error`] gives for it. Whoever calls has taken all it needs out of Python objects before; the work
//! names no Python object. Locks of ours are taken inside the work, never around it, so that no thread waits for the GIL while it holds one.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

use pyo3::prelude::*;

use crate::error::{Bug, IntoPyErr};

/// Runs `work` with the GIL released.
///
/// # Errors
/// The work's own error as a Python exception, or `InternalError` if it panicked.
pub(crate) fn detached<T, E>(py: Python<'_>, work: impl FnOnce() -> Result<T, E> + Send) -> PyResult<T>
where
    T: Send,
    E: IntoPyErr + Send,
{
    match py.detach(|| guarded(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.into_py_err(py)),
        Err(bug) => Err(bug.into_py_err(py)),
    }
}

/// Runs `work` with the GIL held: for work so short that releasing it would cost more, with the same care for panics and errors.
///
/// # Errors
/// As [`detached`].
pub(crate) fn attached<T, E: IntoPyErr>(py: Python<'_>, work: impl FnOnce() -> Result<T, E>) -> PyResult<T> {
    match guarded(work) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.into_py_err(py)),
        Err(bug) => Err(bug.into_py_err(py)),
    }
}

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls `work` and turns a panic into a [`Bug`] with its message and place.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Bug> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let place = PLACE.with(|p| p.borrow_mut().take());
        Bug::Panic { message: message(&*payload), place }
    })
}

/// Has the panic hook keep the place of a panic for the exception. The standard hook still prints: a worker's panic is carried to the caller by rayon without
/// its place, and the printed line is then all that tells it.
pub(crate) fn remember_places() {
    let standard = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|l| format!("{}:{}:{}", l.file(), l.line(), l.column()));
        // The thread may be ending, its locals gone.
        let _ = PLACE.try_with(|p| *p.borrow_mut() = place);
        standard(info);
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    }
}
