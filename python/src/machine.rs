//! The device and the threads of this process, as Python sets and asks them.
//!
//! Owns the choice's one warning and the facts that `verdigris.info()` prints. What is chosen and why is `verdigris-device`'s; nothing here runs anything.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Once;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use verdigris_compiler::{cache, llvm};
use verdigris_device::choice::{self, Choice, Request};
use verdigris_device::library;
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

/// Looks for a library of NVIDIA's (`cudart`, `cublasLt`, `cublas`, `cufft`, `curand`): in `directories` only, or where this process looks. Gives its version and where it is.
#[pyfunction]
#[pyo3(signature = (name, directories=None, cuda=0))]
pub(crate) fn find_library(py: Python<'_>, name: &str, directories: Option<Vec<PathBuf>>, cuda: u32) -> PyResult<((i32, i32, i32), PathBuf)> {
    let Some(name) = library::Name::ALL.into_iter().find(|known| known.stem() == name) else {
        return Err(PyValueError::new_err(format!("{name:?} is no library of NVIDIA's that verdigris knows")));
    };
    gate::detached(py, || {
        let version = |found: &library::Library| found.version().map(|[major, minor, patch]| ((major, minor, patch), found.path().to_owned()));
        match directories {
            None => version(library::open(name)?),
            Some(directories) => {
                let places = library::Places { directories, cuda, ..library::Places::default() };
                version(&library::open_in(name, &places)?)
            }
        }
    })
}

/// Says where NVIDIA's packages have their libraries.
#[pyfunction]
pub(crate) fn set_library_directories(directories: Vec<PathBuf>) {
    library::set_directories(directories);
}

/// Has NVIDIA's packages looked at when one of NVIDIA's libraries is next opened; does so once a process.
///
/// # Errors
/// Python's, of the import.
pub(crate) fn announce_libraries(py: Python<'_>) -> PyResult<()> {
    static DONE: PyOnceLock<()> = PyOnceLock::new();
    crate::fork::once(py, &DONE, || py.import("verdigris._libraries")?.getattr("announce")?.call0().map(drop)).copied()
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
    let libraries = PyDict::new(py);
    // Where no GPU is used nothing of NVIDIA's is loaded to be asked.
    if facts.get_item("device")?.is_some_and(|device| device.str().is_ok_and(|text| text.to_string_lossy().starts_with("cuda"))) {
        for name in library::Name::ALL {
            let found =
                gate::detached(py, || Ok::<_, DeviceError>(library::open(name).and_then(|found| Ok((found.version()?, found.path().to_owned())))))?;
            let told = match found {
                Ok(([major, minor, patch], path)) => format!("{major}.{minor}.{patch} at {}", path.display()),
                Err(error) => error.to_string(),
            };
            libraries.set_item(name.to_string(), told)?;
        }
    }
    facts.set_item("libraries", libraries)?;
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
