//! `os.fork`: no compilation, no choice of a device and none of our own lazy imports may be half done while the process is copied.
//!
//! Owns the hooks that Python calls around a fork, and how a thread waits for a forking one: without the GIL, which that one needs to go on. The locks are the crates' own; whoever takes
//! those of plans and of the choice has released the GIL before. The thread pool needs none: `verdigris-device` makes another where the process id has changed.
#![allow(unsafe_code)]

use std::cell::RefCell;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use verdigris_device::choice;

type Held = (verdigris_compiler::fork::Held, verdigris_fft::Held, choice::Held);

thread_local! {
    /// What this thread holds while it forks: all at first, nothing more if a hook of another package forks in turn.
    static HELD: RefCell<Vec<Option<Held>>> = const { RefCell::new(Vec::new()) };
}

/// Waits for compilations and choices under way and holds off new ones.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    let first = HELD.with_borrow(Vec::is_empty);
    // Who compiles may have to take the GIL before it is done.
    py.detach(|| {
        let held = first.then(|| (verdigris_compiler::fork::hold(), verdigris_fft::hold_for_fork(), choice::hold_for_fork()));
        HELD.with_borrow_mut(|all| all.push(held));
    });
}

/// Lets them go on, in parent and child.
#[pyfunction]
pub(crate) fn after_fork() {
    HELD.with_borrow_mut(|all| drop(all.pop()));
}

/// What a cell holds, made now if need be. Never in the middle of a fork: making imports modules, which lets go of the GIL, and the child would wait for a thread that it has not.
///
/// # Errors
/// Those of `make`; the next call tries again.
pub(crate) fn once<'c, T>(py: Python<'_>, cell: &'c PyOnceLock<T>, make: impl FnOnce() -> PyResult<T>) -> PyResult<&'c T> {
    if let Some(made) = cell.get(py) {
        return Ok(made);
    }
    let _job = verdigris_compiler::fork::job();
    cell.get_or_try_init(py, make)
}

/// Calls `work`, which waits, without the GIL. Whether this thread has it PyO3 does not know: NumPy releases it around loops.
fn released(work: &mut dyn FnMut()) {
    // SAFETY: a thread with a state of Python's may ask for the GIL, whoever holds it now, and let go of it; both are undone in turn. `work` does not panic and knows nothing of Python.
    unsafe {
        if ffi::PyGILState_GetThisThreadState().is_null() {
            return work();
        }
        let state = ffi::PyGILState_Ensure();
        let thread = ffi::PyEval_SaveThread();
        work();
        ffi::PyEval_RestoreThread(thread);
        ffi::PyGILState_Release(state);
    }
}

/// Has Python call the hooks of `module`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    verdigris_compiler::fork::wait_by(released);
    let hooks = PyDict::new(module.py());
    let after = module.getattr("after_fork")?;
    hooks.set_item("before", module.getattr("before_fork")?)?;
    hooks.set_item("after_in_parent", &after)?;
    hooks.set_item("after_in_child", &after)?;
    module.py().import("os")?.getattr("register_at_fork")?.call((), Some(&hooks))?;
    Ok(())
}
