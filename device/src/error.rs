//! What can go wrong with a device.

use std::fmt;

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
            DeviceError::Shape(text) => f.write_str(text),
            DeviceError::Index { axis, index, extent } => write!(f, "index {index} is out of bounds for axis {axis} with size {extent}"),
            DeviceError::NotRecorded => f.write_str("the event has not been recorded"),
        }
    }
}

impl std::error::Error for DeviceError {}
