//! Looks for NVIDIA's driver: the only place that opens it.
//!
//! Called at first use of a device, never at import; what it finds is kept for the life of the process.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::OnceLock;

use libloading::Library;

use crate::cuda::{self, Unusable};

/// What there is of a GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// No driver library; what was tried, and the system's answer.
    Missing(String),
    /// `CUDA_VISIBLE_DEVICES` is empty: GPUs are switched off.
    Hidden,
    /// The library is there but does not work.
    Unusable(String),
    /// It works and has no device.
    NoDevice,
    /// It works.
    Usable(&'static cuda::Driver),
}

const NAMES: &[&str] = if cfg!(windows) { &["nvcuda.dll"] } else { &["libcuda.so.1", "libcuda.so"] };

/// The driver of this process.
pub(crate) fn driver() -> &'static Driver {
    static FOUND: OnceLock<Driver> = OnceLock::new();
    FOUND.get_or_init(|| look(std::env::var("CUDA_VISIBLE_DEVICES").ok().as_deref(), NAMES))
}

fn look(visible: Option<&str>, names: &[&str]) -> Driver {
    if visible.is_some_and(|list| list.trim().is_empty()) {
        return Driver::Hidden;
    }
    let mut tried = Vec::new();
    for name in names {
        // SAFETY: the driver's initialisers are what any CUDA program runs.
        match unsafe { Library::new(*name) } {
            Ok(library) => return ask(library, name).unwrap_or_else(Driver::Unusable),
            // The system's words, which name the file, are the error's source.
            Err(error) => tried.push(match std::error::Error::source(&error) {
                Some(reason) => reason.to_string(),
                None => format!("{name}: {error}"),
            }),
        }
    }
    Driver::Missing(tried.join("; "))
}

fn ask(library: Library, name: &str) -> Result<Driver, String> {
    // SAFETY: only addresses are taken here; what they are is the promise below.
    let find = |function: &CStr| unsafe { library.get::<*const std::ffi::c_void>(function.to_bytes_with_nul()) }.ok().map(|symbol| *symbol);
    // SAFETY: a library of this name has the driver's functions under the driver's names, and it stays loaded: see below.
    let started = unsafe { cuda::Driver::start(&find) };
    // The driver starts threads and exit handlers: once initialised it stays loaded.
    std::mem::forget(library);
    match started {
        Ok(driver) => Ok(Driver::Usable(driver)),
        Err(Unusable::NoDevice) => Ok(Driver::NoDevice),
        Err(why) => Err(format!("{name} {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_of_visible_devices_hides_the_gpu() {
        assert_eq!(look(Some(" "), NAMES), Driver::Hidden);
    }

    #[test]
    fn a_missing_library_is_named_with_the_systems_reason() {
        let Driver::Missing(tried) = look(None, &["libverdigris-not-there.so.1"]) else { panic!("found a library that is not there") };
        assert!(tried.starts_with("libverdigris-not-there.so.1: "), "{tried}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_that_is_no_driver_is_unusable_not_fatal() {
        assert_eq!(look(Some("0"), &["libc.so.6"]), Driver::Unusable("libc.so.6 has no cuInit".into()));
    }
}
