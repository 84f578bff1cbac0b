//! Looks for NVIDIA's driver: the only place that opens a library.
//!
//! Called at first use of a device, never at import; what it finds is kept for the life of the process.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::OnceLock;

use libloading::Library;

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
    Usable {
        /// Devices.
        devices: u32,
        /// Driver version as the driver gives it (13010 is 13.1).
        version: u32,
    },
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
    // SAFETY: the three functions have had these signatures since CUDA 2.0; each symbol is looked up before it is called, with pointers to live locals.
    let answer = unsafe {
        let symbol = |function: &str| format!("{name} has no {function}");
        let init = library.get::<unsafe extern "C" fn(u32) -> c_int>(b"cuInit\0").map_err(|_| symbol("cuInit"))?;
        let count = library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>(b"cuDeviceGetCount\0").map_err(|_| symbol("cuDeviceGetCount"))?;
        let version = library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>(b"cuDriverGetVersion\0").map_err(|_| symbol("cuDriverGetVersion"))?;
        match init(0) {
            0 => {}
            100 => return Ok(Driver::NoDevice),
            status => return Err(format!("{name} is there, but cuInit answers {status}{}", meaning(status))),
        }
        let (mut devices, mut release) = (0, 0);
        match (count(&mut devices), version(&mut release)) {
            (0, 0) => Ok(if devices > 0 { Driver::Usable { devices: devices as u32, version: release as u32 } } else { Driver::NoDevice }),
            (a, b) => Err(format!("{name} is there, but cuDeviceGetCount answers {a} and cuDriverGetVersion {b}")),
        }
    };
    // The driver starts threads and exit handlers: once initialised it stays loaded.
    std::mem::forget(library);
    answer
}

fn meaning(status: c_int) -> &'static str {
    match status {
        3 => " (not initialised; was the process forked after the driver was used?)",
        34 => " (only the toolkit's stub library is installed)",
        802 => " (the system is not ready)",
        803 => " (the driver and the display driver are of different versions)",
        804 => " (forward compatibility is not supported on this device)",
        999 => " (unknown error; is the kernel module loaded?)",
        _ => "",
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
