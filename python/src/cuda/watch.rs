//! Signals during a launch.

use std::cell::RefCell;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

thread_local! {
    static PENDING: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Runs Python's signal handlers; says to stop if one raised, and keeps what it raised for [`interrupted`]. A `verdigris_cuda_jit::schedule::Watch`.
pub(crate) fn signals() -> bool {
    // No interpreter to attach to: it is going down, and nobody waits for the launch.
    Python::try_attach(check).unwrap_or(true)
}

/// [`signals`] for who is attached.
pub(crate) fn check(py: Python<'_>) -> bool {
    match py.check_signals() {
        Ok(()) => false,
        Err(error) => {
            PENDING.set(Some(error));
            true
        }
    }
}

/// The exception of a launch that [`signals`] stopped: what the signal's handler raised.
pub(crate) fn interrupted() -> PyErr {
    PENDING.take().unwrap_or_else(|| PyKeyboardInterrupt::new_err(()))
}
