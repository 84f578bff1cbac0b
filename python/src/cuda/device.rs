//! First use of the device, and which GPU this thread uses.

use std::cell::Cell;
use std::sync::OnceLock;

use pyo3::prelude::*;
use verdigris_device::cuda::Context;

use crate::error::IntoPyErr;
use crate::{gate, machine};

/// The context of the process's device: `None` is the CPU.
static CHOSEN: OnceLock<Option<&'static Context>> = OnceLock::new();

thread_local! {
    /// The GPU that `select_device` chose on this thread.
    static SELECTED: Cell<Option<&'static Context>> = const { Cell::new(None) };
}

/// The GPU that this thread uses; `None` where the device is the CPU. Chooses the device, if that has not been done: everything that touches device memory or launches comes through here.
///
/// # Errors
/// `DeviceError`: the device asked for cannot be had.
pub(crate) fn gpu(py: Python<'_>) -> PyResult<Option<&'static Context>> {
    let chosen = match CHOSEN.get() {
        Some(chosen) => *chosen,
        None => {
            let choice = machine::device(py)?;
            let context = gate::detached(py, || choice.context())?;
            if context.is_some() && CHOSEN.get().is_none() {
                super::gpu::at_exit(py)?;
            }
            *CHOSEN.get_or_init(|| context)
        }
    };
    Ok(chosen.map(|first| SELECTED.get().unwrap_or(first)))
}

/// Has this thread use the GPU of that number.
///
/// # Errors
/// `DeviceError`: there is none, or the device is the CPU.
pub(super) fn select(py: Python<'_>, ordinal: u32) -> PyResult<Option<&'static Context>> {
    let Some(current) = gpu(py)? else { return Ok(None) };
    let context = current.driver().context(ordinal).map_err(|error| error.into_py_err(py))?;
    SELECTED.set(Some(context));
    Ok(Some(context))
}
