//! Devices as owned Rust values.
//!
//! Layer 1: nothing of ours below it. It owns the process's thread pool ([`pool`]), the floating-point environment that compiled code runs in
//! ([`float_env`]), the choice of the device ([`choice`]), device memory and arrays in it ([`memory`], [`layout`], [`mod@array`]), streams and events
//! ([`stream`]), NVIDIA's driver ([`cuda`]) and its other
//! libraries ([`library`]). It must not know kernels, compilers, NumPy or Python.
//!
//! ```
//! use verdigris_device::array::Array;
//! use verdigris_device::layout::{Layout, Order};
//!
//! let array = Array::zeroed(Layout::contiguous(&[4, 6], 1, Order::C).unwrap()).unwrap();
//! array.copy_from_slice(&[7; 24]).unwrap();
//! let column = array.view().index(1, 2).unwrap();
//! let mut host = [0; 4];
//! column.copy_to_slice(&mut host).unwrap();
//! assert_eq!(host, [7; 4]);
//! ```

pub mod array;
pub mod choice;
mod copy;
pub mod cuda;
mod error;
pub mod float_env;
pub mod layout;
pub mod library;
mod loader;
pub mod memory;
pub mod pool;
pub mod stream;

pub use copy::copy_strided;
pub use error::DeviceError;
