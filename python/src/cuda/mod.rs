//! `verdigris.cuda`: kernels, device arrays, streams.
//!
//! Owns the Python objects and what they take apart: launch configurations, arguments, indexes. What a kernel is and how it runs is `verdigris-cuda-jit`'s affair,
//! memory is `verdigris-device`'s. Decorators, and all that needs no speed, are Python (`verdigris/cuda`).

mod arguments;
mod array;
mod device;
mod function;
mod gpu;
mod host;
mod index;
mod interop;
mod kernel;
mod printing;
mod ptx;
pub(crate) mod stream;
pub(crate) mod watch;

pub(crate) use array::{DeviceNDArray, device_array, to_device};
pub(crate) use function::DeviceFunction;
pub(crate) use gpu::{Gpu, HostMemory, Pinned, current_gpu, external_stream, gpus, select_gpu};
pub(crate) use host::{gpu_to_host, host_to_gpu, record_type, scalar_type};
pub(crate) use interop::{from_cuda_array_interface, from_dlpack};
pub(crate) use kernel::{Kernel, Launcher, Overload};
pub(crate) use printing::print_to_stdout;
pub(crate) use ptx::{arch, compile_ptx};
pub(crate) use stream::order;
pub(crate) use stream::{Event, Stream};
pub(crate) use watch::interrupted;
