//! First use of the device.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::machine;

static READY: AtomicBool = AtomicBool::new(false);

/// Chooses the device, if that has not been done; everything that touches device memory or launches comes through here.
///
/// # Errors
/// `DeviceError`: the device asked for cannot be had.
pub(super) fn ensure(py: Python<'_>) -> PyResult<()> {
    if !READY.load(Ordering::Relaxed) {
        machine::device(py)?;
        READY.store(true, Ordering::Relaxed);
    }
    Ok(())
}
