//! What can go wrong with a device.

use std::fmt;

use crate::cuda::Status;
use crate::library::LibraryError;

/// A fault of the machine, or of what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceError {
    /// `VERDIGRIS_DEVICE` (or the text given instead) names no device.
    UnknownDevice(String),
    /// A GPU was asked for and cannot be had: what is missing, and what was looked for.
    NoGpu {
        /// The request, as written.
        request: String,
        /// What is missing.
        missing: String,
    },
    /// The process has already run something on its device.
    AlreadyChosen {
        /// The device in use.
        device: String,
    },
    /// Memory could not be had.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// An array larger than the address space.
    TooLarge,
    /// Shapes or sizes that do not go together.
    Shape(String),
    /// An index outside its axis.
    Index {
        /// The axis.
        axis: usize,
        /// The index.
        index: isize,
        /// The axis's extent.
        extent: usize,
    },
    /// An event that was never recorded.
    NotRecorded,
    /// A function of NVIDIA's driver failed.
    Cuda {
        /// Its number.
        status: i32,
        /// CUDA's name of the number.
        name: String,
        /// What was being done.
        doing: String,
        /// What the driver's compiler wrote; empty elsewhere.
        log: String,
    },
    /// A GPU of that number is not there.
    NoSuchDevice {
        /// The number.
        ordinal: u32,
        /// How many there are.
        devices: u32,
    },
    /// The process was forked after the GPU was used, and the child uses it.
    Forked,
    /// More memory than the pool's limit allows.
    MemoryLimit {
        /// Bytes asked for.
        bytes: usize,
        /// Bytes in use.
        used: usize,
        /// The limit.
        limit: usize,
    },
    /// A thing of one device, where one of another is needed.
    OtherDevice {
        /// The thing.
        what: &'static str,
        /// Where it is.
        on: u32,
        /// Where it would have to be.
        needed: u32,
    },
    /// Memory of a GPU, where the host has to reach it.
    NotOnHost,
    /// What this device is not, has not or cannot do, as a sentence.
    Unfit(String),
    /// One of NVIDIA's other libraries cannot be used.
    NoLibrary(LibraryError),
    /// A function of one of them failed.
    Library {
        /// Which.
        function: &'static str,
        /// Its number.
        status: i32,
        /// The library's name of the number.
        name: &'static str,
    },
}

impl From<LibraryError> for DeviceError {
    fn from(error: LibraryError) -> DeviceError {
        DeviceError::NoLibrary(error)
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceError::UnknownDevice(text) => write!(f, "{text:?} names no device: use auto, cpu, cuda or cuda:N"),
            DeviceError::NoGpu { request, missing } => write!(f, "{request} asks for a GPU: {missing}"),
            DeviceError::AlreadyChosen { device } => {
                write!(f, "the device can be set only before its first use; this process already runs on {device}")
            }
            DeviceError::OutOfMemory { bytes } => write!(f, "no memory for an array of {bytes} bytes"),
            DeviceError::TooLarge => f.write_str("the array is larger than the address space"),
            DeviceError::Shape(text) | DeviceError::Unfit(text) => f.write_str(text),
            DeviceError::Index { axis, index, extent } => write!(f, "index {index} is out of bounds for axis {axis} with size {extent}"),
            DeviceError::NotRecorded => f.write_str("the event has not been recorded"),
            DeviceError::Cuda { status, name, doing, log } => {
                write!(f, "{doing}: {name} ({status})")?;
                let hint = Status(*status).hint();
                if !hint.is_empty() {
                    write!(f, ": {hint}")?;
                }
                if log.is_empty() { Ok(()) } else { write!(f, "\n{log}") }
            }
            DeviceError::NoSuchDevice { ordinal, devices } => {
                write!(f, "there is no GPU {ordinal}: this machine has {devices}, numbered from 0")
            }
            DeviceError::Forked => f.write_str(
                "this process was forked after its parent used the GPU, which CUDA does not allow: start processes with the method \"spawn\" instead",
            ),
            DeviceError::MemoryLimit { bytes, used, limit } => {
                write!(f, "no memory for an array of {bytes} bytes: {used} of the {limit} bytes that the pool is limited to are in use")
            }
            DeviceError::OtherDevice { what, on, needed } => write!(f, "a {what} of GPU {on} where one of GPU {needed} is needed"),
            DeviceError::NoLibrary(error) => error.fmt(f),
            DeviceError::Library { function, status, name } => write!(f, "{function}: {name} ({status})"),
            DeviceError::NotOnHost => f.write_str("the array is in a GPU's memory, which the host cannot reach: copy it to the host"),
        }
    }
}

impl std::error::Error for DeviceError {}
