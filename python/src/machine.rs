//! The device and the threads of this process, as Python sets and asks them.
//!
//! Owns the choice's one warning and the facts that `verdigris.info()` prints. What is chosen and why is `verdigris-device`'s; nothing here runs anything.

use std::num::NonZeroUsize;
use std::sync::Once;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use verdigris_compiler::{cache, llvm};
use verdigris_device::choice::{self, Choice, Request};
use verdigris_device::{DeviceError, pool};

use crate::config;
use crate::gate;

/// The device of this process, chosen now if it was not before; warns once where a GPU is there but does not work.
///
/// # Errors
/// `DeviceError` if `VERDIGRIS_DEVICE` asks for what is not there.
pub(crate) fn device(py: Python<'_>) -> PyResult<Choice> {
    static WARNED: Once = Once::new();
    let choice = gate::detached(py, choice::chosen)?;
    if let Some(text) = &choice.warning {
        let mut first = false;
        WARNED.call_once(|| first = true);
        if first {
            let class = py.import("verdigris.errors")?.getattr("DeviceWarning")?;
            py.import("warnings")?.getattr("warn")?.call1((text, class))?;
        }
    }
    Ok(choice)
}

/// Says which device to use.
#[pyfunction]
pub(crate) fn set_device(py: Python<'_>, name: &str) -> PyResult<()> {
    gate::detached(py, || name.parse::<Request>().and_then(choice::set))
}

/// Sets the size of the pool.
#[pyfunction]
pub(crate) fn set_num_threads(threads: NonZeroUsize) {
    pool::set_num_threads(threads);
}

/// Limits what the calling thread starts; gives the limit before.
#[pyfunction]
#[pyo3(signature = (threads))]
pub(crate) fn set_thread_limit(threads: Option<NonZeroUsize>) -> Option<NonZeroUsize> {
    pool::set_limit(threads)
}

/// Threads that work started here may use.
#[pyfunction]
pub(crate) fn get_num_threads() -> usize {
    pool::threads()
}

/// Removes all compiled code kept in files; gives how many objects there were.
#[pyfunction]
pub(crate) fn clear_cache() -> usize {
    cache::clear()
}

/// What `verdigris.info()` shows of this machine. Starts no thread; a fact that cannot be had is replaced by the reason.
#[pyfunction]
pub(crate) fn facts(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let facts = PyDict::new(py);
    match gate::detached(py, || Ok::<_, DeviceError>(choice::chosen())) {
        Ok(Ok(choice)) => {
            facts.set_item("device", choice.device.to_string())?;
            facts.set_item("device_reason", choice.reason)?;
        }
        Ok(Err(error)) => {
            facts.set_item("device", "none")?;
            facts.set_item("device_reason", error.to_string())?;
        }
        Err(error) => return Err(error),
    }
    facts.set_item("gpu", gate::detached(py, || Ok::<_, DeviceError>(choice::looked_for()))?)?;
    let size = pool::size();
    facts.set_item("threads", size.threads)?;
    facts.set_item("threads_reason", size.reason)?;
    match config::cpu(py) {
        Ok(cpu) => {
            facts.set_item("cpu", cpu.name())?;
            facts.set_item("simd_bits", cpu.simd_bits())?;
        }
        Err(error) => {
            facts.set_item("cpu", error.to_string())?;
            facts.set_item("simd_bits", 0)?;
        }
    }
    facts.set_item("llvm", llvm::version())?;
    facts.set_item("cache", cache::status())?;
    facts.set_item("variables", config::VARIABLES.to_vec())?;
    Ok(facts)
}
