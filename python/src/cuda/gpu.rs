//! GPUs as Python sees them: facts, memory, the pool; host memory that they reach.
//!
//! Owns the thin classes behind `verdigris.cuda`'s devices and contexts, none of which exist where the device is the CPU. What they do is `verdigris-device`'s.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use verdigris_device::cuda::{self, Context};
use verdigris_gpu as gpu;

use super::{device, stream};
use crate::error::{Class, Exception, IntoPyErr};
use crate::gate;

/// One GPU.
#[pyclass(frozen, module = "verdigris._verdigris")]
pub(crate) struct Gpu(&'static Context);

/// All GPUs where the device is one; `None` where it is the CPU.
#[pyfunction]
pub(crate) fn gpus(py: Python<'_>) -> PyResult<Option<Vec<Gpu>>> {
    let Some(current) = device::gpu(py)? else { return Ok(None) };
    let driver = current.driver();
    let all = (0..driver.count()).map(|ordinal| driver.context(ordinal).map(Gpu));
    all.collect::<Result<Vec<_>, _>>().map(Some).map_err(|error| error.into_py_err(py))
}

/// The number of the GPU that this thread uses; `None` on the CPU.
#[pyfunction]
pub(crate) fn current_gpu(py: Python<'_>) -> PyResult<Option<u32>> {
    Ok(device::gpu(py)?.map(Context::ordinal))
}

/// Has this thread use the GPU of that number.
#[pyfunction]
pub(crate) fn select_gpu(py: Python<'_>, ordinal: u32) -> PyResult<()> {
    device::select(py, ordinal).map(drop)
}

/// A stream that another library made, by the driver's handle of it.
#[pyfunction]
#[allow(unsafe_code)]
pub(crate) fn external_stream(py: Python<'_>, handle: usize) -> PyResult<stream::Stream> {
    let Some(context) = device::gpu(py)? else {
        let text = "cuda.external_stream: the device is the CPU, which has no streams of other libraries: use cuda.stream()";
        return Err(Exception::new(py, Class::Unsupported, text).with("code", "unsupported-on-device").build());
    };
    // SAFETY: not ours to give: that the number is a stream of this device, which outlives its use, is what the caller says by calling this.
    Ok(stream::Stream::gpu(unsafe { cuda::Stream::external(context, handle) }))
}

/// For the end of the process: tells what launches that nobody waited for left behind; after it nothing is given back to a driver that may be gone.
///
/// # Errors
/// A thread of such a launch failed, or the driver's.
#[pyfunction]
fn end_of_process(py: Python<'_>) -> PyResult<()> {
    let told = gate::detached(py, gpu::finish);
    cuda::end_of_process();
    told
}

/// Has Python call [`end_of_process`].
pub(super) fn at_exit(py: Python<'_>) -> PyResult<()> {
    py.import("atexit")?.call_method1("register", (wrap_pyfunction!(end_of_process, py)?,)).map(drop)
}

#[pymethods]
impl Gpu {
    /// Its number.
    #[getter]
    fn id(&self) -> u32 {
        self.0.ordinal()
    }

    /// Its name.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<String> {
        gate::attached(py, || self.0.name())
    }

    /// Its identity, as nvidia-smi prints it.
    #[getter]
    fn uuid(&self, py: Python<'_>) -> PyResult<String> {
        gate::attached(py, || self.0.uuid())
    }

    /// Where it is on the PCI bus.
    #[getter]
    fn bus(&self, py: Python<'_>) -> PyResult<String> {
        gate::attached(py, || self.0.bus())
    }

    /// Compute capability.
    #[getter]
    fn compute_capability(&self, py: Python<'_>) -> PyResult<(u32, u32)> {
        gate::attached(py, || self.0.compute_capability())
    }

    /// A number that CUDA has of it, by the name in `CUdevice_attribute` without its prefix.
    fn attribute(&self, py: Python<'_>, name: &str) -> PyResult<i32> {
        let Some(attribute) = attribute(name) else {
            return Err(PyValueError::new_err(format!("{name} is no attribute of devices that verdigris knows")));
        };
        gate::attached(py, || self.0.attribute(attribute))
    }

    /// The driver's handle of the primary context.
    #[getter]
    fn handle(&self) -> usize {
        self.0.raw()
    }

    /// Bytes free, and in all.
    fn memory_info(&self, py: Python<'_>) -> PyResult<(usize, usize)> {
        gate::attached(py, || self.0.memory_info())
    }

    /// Waits for all work on it.
    fn synchronize(&self, py: Python<'_>) -> PyResult<()> {
        gate::detached(py, || self.0.synchronize())?;
        stream::told(py, self.0, verdigris_gpu::Waited::Device)
    }

    /// What its pool has done, in bytes.
    fn pool<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.0.pool().statistics();
        let table = PyDict::new(py);
        table.set_item("used", found.used)?;
        table.set_item("used_high", found.used_high)?;
        table.set_item("arrays", found.arrays)?;
        table.set_item("reserved", found.reserved)?;
        table.set_item("reserved_high", found.reserved_high)?;
        table.set_item("limit", found.limit)?;
        Ok(table)
    }

    /// Limits the bytes of all its arrays; `None` takes the limit away.
    #[pyo3(signature = (limit))]
    fn set_pool_limit(&self, limit: Option<usize>) {
        self.0.pool().set_limit(limit);
    }

    /// Gives what its pool keeps for reuse back, but `keep` bytes.
    #[pyo3(signature = (keep=0))]
    fn trim_pool(&self, py: Python<'_>, keep: usize) -> PyResult<()> {
        gate::detached(py, || self.0.pool().trim(keep))
    }

    /// Tells a profiler to begin or to end.
    fn profile(&self, py: Python<'_>, begin: bool) -> PyResult<()> {
        gate::attached(py, || self.0.profile(begin))
    }
}

fn attribute(name: &str) -> Option<cuda::Attribute> {
    use cuda::Attribute::*;
    Some(match name {
        "MAX_THREADS_PER_BLOCK" => CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK,
        "MAX_BLOCK_DIM_X" => CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X,
        "MAX_BLOCK_DIM_Y" => CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y,
        "MAX_BLOCK_DIM_Z" => CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z,
        "MAX_GRID_DIM_X" => CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X,
        "MAX_GRID_DIM_Y" => CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y,
        "MAX_GRID_DIM_Z" => CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z,
        "MAX_SHARED_MEMORY_PER_BLOCK" => CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK,
        "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN" => CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
        "TOTAL_CONSTANT_MEMORY" => CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY,
        "WARP_SIZE" => CU_DEVICE_ATTRIBUTE_WARP_SIZE,
        "MAX_PITCH" => CU_DEVICE_ATTRIBUTE_MAX_PITCH,
        "MAX_REGISTERS_PER_BLOCK" => CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK,
        "CLOCK_RATE" => CU_DEVICE_ATTRIBUTE_CLOCK_RATE,
        "MULTIPROCESSOR_COUNT" => CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT,
        "MAX_THREADS_PER_MULTI_PROCESSOR" => CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR,
        "INTEGRATED" => CU_DEVICE_ATTRIBUTE_INTEGRATED,
        "CAN_MAP_HOST_MEMORY" => CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY,
        "CONCURRENT_KERNELS" => CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS,
        "ECC_ENABLED" => CU_DEVICE_ATTRIBUTE_ECC_ENABLED,
        "ASYNC_ENGINE_COUNT" => CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT,
        "UNIFIED_ADDRESSING" => CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING,
        "MANAGED_MEMORY" => CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY,
        "CONCURRENT_MANAGED_ACCESS" => CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS,
        "COOPERATIVE_LAUNCH" => CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH,
        "COMPUTE_CAPABILITY_MAJOR" => CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        "COMPUTE_CAPABILITY_MINOR" => CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        "MEMORY_POOLS_SUPPORTED" => CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED,
        _ => return None,
    })
}

/// Host memory that a GPU reaches: the memory of NumPy arrays made by `pinned_array` and its kin.
#[pyclass(frozen, module = "verdigris._verdigris")]
pub(crate) struct HostMemory(Held);

enum Held {
    Pinned(cuda::Host),
    Managed(cuda::Memory),
}

#[pymethods]
impl HostMemory {
    /// New memory of `kind` "pinned", "mapped" or "managed"; only where the device is a GPU.
    #[new]
    #[pyo3(signature = (nbytes, kind="pinned", portable=false, write_combined=false, attach_global=true))]
    fn new(py: Python<'_>, nbytes: usize, kind: &str, portable: bool, write_combined: bool, attach_global: bool) -> PyResult<HostMemory> {
        let Some(context) = device::gpu(py)? else {
            return Err(verdigris_device::DeviceError::Unfit("the device is the CPU: ordinary memory serves".to_owned()).into_py_err(py));
        };
        let kind = match kind {
            "pinned" => Some(cuda::HostKind::Pinned),
            "mapped" => Some(cuda::HostKind::Mapped { portable, write_combined }),
            "managed" => None,
            other => return Err(PyValueError::new_err(format!("{other:?} is no kind of host memory"))),
        };
        gate::detached(py, || {
            Ok::<_, verdigris_device::DeviceError>(HostMemory(match kind {
                Some(kind) => Held::Pinned(cuda::Host::new(context, nbytes, kind)?),
                None => Held::Managed(zeroed(context, nbytes, attach_global)?),
            }))
        })
    }

    /// The memory as bytes.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (pointer, bytes) = match &self.0 {
            Held::Pinned(host) => (host.pointer().expose_provenance(), host.bytes()),
            Held::Managed(memory) => (memory.pointer() as usize, memory.bytes()),
        };
        let table = PyDict::new(py);
        table.set_item("shape", (bytes,))?;
        table.set_item("typestr", "|u1")?;
        table.set_item("data", (pointer, false))?;
        table.set_item("version", 3)?;
        Ok(table)
    }
}

#[allow(unsafe_code)]
fn zeroed(context: &'static Context, nbytes: usize, global: bool) -> Result<cuda::Memory, verdigris_device::DeviceError> {
    let stream = cuda::Stream::default_of(context);
    let memory = cuda::Memory::managed(nbytes, &stream, global)?;
    let layout = verdigris_device::layout::Layout::contiguous(&[nbytes], 1, verdigris_device::layout::Order::C)?;
    // SAFETY: the memory is new, and held until the fill has been done.
    unsafe { cuda::fill(memory.pointer(), &layout, &[0], &stream) }?;
    stream.synchronize()?;
    Ok(memory)
}

/// Memory of an array of the user's, pinned until `close`.
#[pyclass(frozen, module = "verdigris._verdigris")]
pub(crate) struct Pinned(std::sync::Mutex<Option<(cuda::Host, Py<PyAny>)>>);

#[pymethods]
impl Pinned {
    /// Pins `nbytes` bytes at `address`, which `owner` holds; only where the device is a GPU.
    #[new]
    #[allow(unsafe_code)]
    fn new(py: Python<'_>, address: usize, nbytes: usize, owner: Py<PyAny>) -> PyResult<Pinned> {
        let Some(context) = device::gpu(py)? else { return Ok(Pinned(std::sync::Mutex::new(None))) };
        // SAFETY: the address and length are those of an array that `owner` is, as `verdigris.cuda.pinned`, the only caller, hands them over.
        let host = gate::detached(py, || unsafe { cuda::Host::register(context, std::ptr::with_exposed_provenance_mut(address), nbytes) })?;
        Ok(Pinned(std::sync::Mutex::new(Some((host, owner)))))
    }

    /// Lets the memory go.
    fn close(&self) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }
}
