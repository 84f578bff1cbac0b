//! The driver of a process, and its devices.
//!
//! Made once from a library (or a stand-in) whose functions were found by name. Never given back: the driver's threads and exit handlers live as long as the process.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::context::Context;
use super::status::Status;
use super::sys::{Api, Lookup};
use crate::error::DeviceError;

/// A driver that works.
pub struct Driver {
    pub(super) api: Api,
    version: u32,
    process: u32,
    contexts: OnceLock<Vec<Mutex<Option<&'static Context>>>>,
}

/// Why a library cannot serve as the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusable {
    /// It lacks a function.
    Symbol(String),
    /// It has no device.
    NoDevice,
    /// A function failed at the start.
    Failed {
        /// Which.
        function: &'static str,
        /// What it answered.
        status: Status,
    },
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unusable::Symbol(name) => write!(f, "has no {name}"),
            Unusable::NoDevice => f.write_str("finds no GPU"),
            Unusable::Failed { function, status } => {
                write!(f, "is there, but {function} answers {} ({})", status.0, status.name())?;
                if status.hint().is_empty() { Ok(()) } else { write!(f, ": {}", status.hint()) }
            }
        }
    }
}

static ENDING: AtomicBool = AtomicBool::new(false);

/// Says that the process is ending: from now on nothing is given back to the driver, which may be gone already.
pub fn end_of_process() {
    ENDING.store(true, Ordering::Relaxed);
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Driver(CUDA {}.{}, {} devices)", self.version / 1000, self.version % 1000 / 10, self.count())
    }
}

impl PartialEq for Driver {
    fn eq(&self, other: &Driver) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Driver {}

impl Driver {
    /// Initialises the driver whose functions `find` gives, and counts its devices.
    ///
    /// # Safety
    /// What `find` gives for a name is that function of NVIDIA's driver, or behaves as it, and stays for good.
    ///
    /// # Errors
    /// A function is missing, fails, or there is no device.
    pub unsafe fn start(find: Lookup<'_>) -> Result<&'static Driver, Unusable> {
        // SAFETY: the caller's promise.
        let api = unsafe { Api::find(find) }.map_err(Unusable::Symbol)?;
        let (mut version, mut count): (c_int, c_int) = (0, 0);
        let asked = |function: &'static str, status: Status| match status {
            Status::SUCCESS => Ok(()),
            Status::NO_DEVICE => Err(Unusable::NoDevice),
            status => Err(Unusable::Failed { function, status }),
        };
        // SAFETY: `cuInit` comes first; the pointers are to live locals.
        unsafe {
            asked("cuInit", (api.cuInit)(0))?;
            asked("cuDriverGetVersion", (api.cuDriverGetVersion)(&mut version))?;
            asked("cuDeviceGetCount", (api.cuDeviceGetCount)(&mut count))?;
        }
        if count <= 0 {
            return Err(Unusable::NoDevice);
        }
        let driver = Driver { api, version: version as u32, process: std::process::id(), contexts: OnceLock::new() };
        let driver: &'static Driver = Box::leak(Box::new(driver));
        driver.contexts.get_or_init(|| (0..count).map(|_| Mutex::new(None)).collect());
        Ok(driver)
    }

    /// Its version as the driver gives it: 13010 is CUDA 13.1.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Number of devices.
    pub fn count(&self) -> u32 {
        self.contexts.get().map_or(0, |all| all.len() as u32)
    }

    /// The primary context of a device, retained now if it was not before.
    ///
    /// # Errors
    /// No such device, a fork since the start, or the driver's own.
    pub fn context(&'static self, ordinal: u32) -> Result<&'static Context, DeviceError> {
        self.here()?;
        let missing = || DeviceError::NoSuchDevice { ordinal, devices: self.count() };
        let slot = self.contexts.get().and_then(|all| all.get(ordinal as usize)).ok_or_else(missing)?;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = *slot {
            return Ok(context);
        }
        let context: &'static Context = Box::leak(Box::new(Context::retain(self, ordinal)?));
        *slot = Some(context);
        Ok(context)
    }

    /// That this is the process which started the driver.
    ///
    /// # Errors
    /// It was forked from it: CUDA does not work here.
    pub fn here(&self) -> Result<(), DeviceError> {
        if std::process::id() == self.process { Ok(()) } else { Err(DeviceError::Forked) }
    }

    /// Whether what is dropped now is to be given back: neither in a forked child nor at the end of the process.
    pub(super) fn alive(&self) -> bool {
        !ENDING.load(Ordering::Relaxed) && self.here().is_ok()
    }
}
