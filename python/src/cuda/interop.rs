//! Arrays of other libraries, and ours for them: `__cuda_array_interface__` (version 3) and DLPack.
//!
//! Owns the two protocols' structures, who holds memory that crosses over, and whose stream waits for whose. What an array is was judged when it was made; what comes from others is judged here: shapes,
//! strides, elements, devices, and nothing is believed that can be asked of the driver.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};

use numpy::{PyArrayDescr, PyArrayDescrMethods};
use pyo3::exceptions::{PyAttributeError, PyBufferError, PyTypeError, PyValueError};

use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyTuple};

use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, Memory, Stream};
use verdigris_device::layout::{Layout, Order};
use verdigris_device::memory::Buffer;

use super::array::DeviceNDArray;
use super::device;
use crate::error::{Class, Exception, IntoPyErr};
use crate::gate;
use crate::interned::intern;

// DLPack's structures, version 1.0.

#[repr(C)]
#[derive(Clone, Copy)]
struct Device {
    kind: i32,
    id: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct DataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device: Device,
    ndim: i32,
    dtype: DataType,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct Managed {
    tensor: Tensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

#[repr(C)]
struct Versioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Versioned)>,
    flags: u64,
    tensor: Tensor,
}

const CPU: i32 = 1;
const CUDA: i32 = 2;
const CUDA_HOST: i32 = 3;
const CUDA_MANAGED: i32 = 13;
const READ_ONLY: u64 = 1;
const IS_COPIED: u64 = 2;

const PLAIN: &CStr = c"dltensor";
const PLAIN_USED: &CStr = c"used_dltensor";
const VERSIONED: &CStr = c"dltensor_versioned";
const VERSIONED_USED: &CStr = c"used_dltensor_versioned";

/// DLPack's kind and number of an array's device.
pub(super) fn device_of(array: &Array) -> (i32, i32) {
    array.gpu().map_or((CPU, 0), |memory| (CUDA, memory.context().ordinal() as i32))
}

/// DLPack's code and bits of a dtype; an error names what it does not have.
fn element_of(dtype: &Bound<'_, PyArrayDescr>) -> PyResult<DataType> {
    let none = || PyBufferError::new_err(format!("DLPack has no elements of {dtype}"));
    let code = match dtype.kind() {
        b'i' => 0,
        b'u' => 1,
        b'f' => 2,
        b'c' => 5,
        b'b' => 6,
        _ => return Err(none()),
    };
    // Two long doubles have more bits than DLPack can say.
    let bits = u8::try_from(8 * dtype.itemsize()).map_err(|_| none())?;
    if dtype.is_native_byteorder() == Some(false) {
        return Err(PyBufferError::new_err(format!("DLPack has native byte order only, and the array is of {dtype}")));
    }
    Ok(DataType { code, bits, lanes: 1 })
}

/// What a capsule's structure holds: the array, and the numbers that its pointers point to.
struct Lent {
    _array: Array,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

unsafe extern "C" fn delete_plain(managed: *mut Managed) {
    // SAFETY: the box that `export` made, given back once.
    unsafe {
        drop(Box::from_raw((*managed).context.cast::<Lent>()));
        drop(Box::from_raw(managed));
    }
}

unsafe extern "C" fn delete_versioned(managed: *mut Versioned) {
    // SAFETY: as above.
    unsafe {
        drop(Box::from_raw((*managed).context.cast::<Lent>()));
        drop(Box::from_raw(managed));
    }
}

/// Deletes what a capsule holds, if nobody took it.
unsafe extern "C" fn destroy(capsule: *mut pyo3::ffi::PyObject) {
    // SAFETY: called by Python for a capsule of ours, with the GIL; a consumer that took the structure has renamed it.
    unsafe {
        if pyo3::ffi::PyCapsule_IsValid(capsule, PLAIN.as_ptr()) == 1 {
            delete_plain(pyo3::ffi::PyCapsule_GetPointer(capsule, PLAIN.as_ptr()).cast());
        } else if pyo3::ffi::PyCapsule_IsValid(capsule, VERSIONED.as_ptr()) == 1 {
            delete_versioned(pyo3::ffi::PyCapsule_GetPointer(capsule, VERSIONED.as_ptr()).cast());
        }
    }
}

/// `DeviceNDArray.__dlpack__`.
pub(super) fn export<'py>(
    py: Python<'py>,
    array: &Array,
    dtype: &Bound<'py, PyArrayDescr>,
    stream: Option<i64>,
    max_version: Option<(u32, u32)>,
    wanted: Option<(i32, i32)>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let element = element_of(dtype)?;
    let here = device_of(array);
    let to_host = match wanted {
        None => false,
        Some(device) if device == here => false,
        Some((CPU, 0)) if copy != Some(false) => true,
        Some(device) => return Err(PyBufferError::new_err(format!("the array is on DLPack's device {here:?}, and cannot be had on {device:?}"))),
    };
    let copied = to_host || copy == Some(true);
    let array = if copied { copy_of(py, array, to_host)? } else { array.view() };
    if let Some(memory) = array.gpu() {
        wait_for_us(py, memory, stream)?;
    }
    let layout = array.layout();
    let item = layout.itemsize().max(1) as isize;
    if layout.size() > 1 && layout.strides().iter().zip(layout.shape()).any(|(stride, extent)| *extent > 1 && stride % item != 0) {
        return Err(PyBufferError::new_err("DLPack counts strides in elements, and this array's are no whole number of them"));
    }
    let shape: Vec<i64> = layout.shape().iter().map(|n| *n as i64).collect();
    let strides: Vec<i64> = layout.strides().iter().map(|stride| (stride / item) as i64).collect();
    let (kind, id) = device_of(&array);
    let data = if layout.size() == 0 { std::ptr::null_mut() } else { array.pointer().cast() };
    let lent = Box::into_raw(Box::new(Lent { _array: array, shape, strides }));
    // SAFETY: made just now; the vectors' memory stays where it is until the box is dropped.
    let (shape, strides, ndim) = unsafe { ((*lent).shape.as_mut_ptr(), (*lent).strides.as_mut_ptr(), (*lent).shape.len() as i32) };
    let tensor = Tensor { data, device: Device { kind, id }, ndim, dtype: element, shape, strides, byte_offset: 0 };
    let (structure, name): (*mut c_void, &CStr) = if max_version.is_some_and(|(major, _)| major >= 1) {
        let flags = if copied { IS_COPIED } else { 0 };
        (
            Box::into_raw(Box::new(Versioned { major: 1, minor: 0, context: lent.cast(), deleter: Some(delete_versioned), flags, tensor })).cast(),
            VERSIONED,
        )
    } else {
        (Box::into_raw(Box::new(Managed { tensor, context: lent.cast(), deleter: Some(delete_plain) })).cast(), PLAIN)
    };
    // SAFETY: the name is a constant; a new reference, or null with an exception set, comes back.
    let capsule = unsafe { Bound::from_owned_ptr_or_err(py, pyo3::ffi::PyCapsule_New(structure, name.as_ptr(), Some(destroy))) };
    capsule.inspect_err(|_| {
        // SAFETY: nobody took it.
        unsafe { if name == VERSIONED { delete_versioned(structure.cast()) } else { delete_plain(structure.cast()) } }
    })
}

/// A dense copy, on the array's device or on the host.
fn copy_of(py: Python<'_>, array: &Array, to_host: bool) -> PyResult<Array> {
    let layout = array.layout();
    gate::detached(py, || {
        let dense = Layout::contiguous(layout.shape(), layout.itemsize(), Order::C)?;
        let made = match array.gpu() {
            Some(memory) if !to_host => Array::zeroed_on(&Stream::default_of(memory.context()), dense)?,
            _ => Array::zeroed(dense)?,
        };
        // SAFETY: the new array is nobody else's; the other's order among threads is its users' affair.
        unsafe { made.copy_from(array) }.map(|()| made)
    })
}

/// Has the consumer's stream wait for what was ordered with the memory so far.
fn wait_for_us(py: Python<'_>, memory: &Memory, stream: Option<i64>) -> PyResult<()> {
    let context = memory.context();
    let theirs = match stream {
        Some(-1) => return Ok(()),
        None | Some(1) => Stream::default_of(context),
        Some(2) => Stream::per_thread(context),
        Some(0) => return Err(PyValueError::new_err("stream 0 is ambiguous in DLPack: pass 1 for the default stream, or 2 for the thread's own")),
        Some(other) => match usize::try_from(other) {
            // SAFETY: not ours to give: the protocol says that the number is a stream of the array's device.
            Ok(raw) => unsafe { Stream::external(context, raw) },
            Err(_) => return Err(PyValueError::new_err(format!("{other} is no stream"))),
        },
    };
    gate::attached(py, || {
        memory.order_before(&theirs)?;
        memory.used_on(&theirs);
        Ok::<_, verdigris_device::DeviceError>(())
    })
}

/// `DeviceNDArray.__cuda_array_interface__`.
pub(super) fn describe<'py>(array: &Array, dtype: &Bound<'py, PyArrayDescr>) -> PyResult<Bound<'py, PyDict>> {
    let py = dtype.py();
    let Some(memory) = array.gpu() else {
        return Err(PyAttributeError::new_err("a device array on the CPU has no __cuda_array_interface__: its memory is no GPU's"));
    };
    let layout = array.layout();
    let table = PyDict::new(py);
    table.set_item("shape", PyTuple::new(py, layout.shape())?)?;
    table.set_item("strides", if layout.is_c() { None } else { Some(PyTuple::new(py, layout.strides())?) })?;
    table.set_item("typestr", dtype.getattr(intern!(py, "str"))?)?;
    if dtype.has_fields() {
        table.set_item("descr", dtype.getattr(intern!(py, "descr"))?)?;
    }
    let data = if layout.size() == 0 { 0 } else { array.pointer().addr() };
    table.set_item("data", (data, false))?;
    table.set_item("version", 3)?;
    // Whoever uses the array has to wait for this stream, behind which all others that used it are ordered.
    let home = memory.home();
    gate::attached(py, || memory.order_before(&home))?;
    table.set_item("stream", home.raw())?;
    Ok(table)
}

fn refused(py: Python<'_>, what: String) -> PyErr {
    Exception::new(py, Class::Argument, what).with("code", "bad-array").build()
}

fn not_a_gpus(pointer: usize) -> String {
    format!("the array's address {pointer:#x} is no memory of a GPU")
}

fn wrong_device(py: Python<'_>, what: String) -> PyErr {
    Exception::new(py, Class::Device, what).with("code", "wrong-device").build()
}

/// The GPU of the process; an error where the device is the CPU.
fn some_gpu(py: Python<'_>, what: &str) -> PyResult<&'static Context> {
    device::gpu(py)?.ok_or_else(|| wrong_device(py, format!("{what} is in a GPU's memory, and this process runs on the CPU")))
}

/// A device array over memory that an object's `__cuda_array_interface__` describes. `owner` is held as long as the array or a view of it lives.
#[pyfunction]
#[pyo3(signature = (description, owner=None, sync=true))]
pub(crate) fn from_cuda_array_interface<'py>(
    py: Python<'py>,
    description: &Bound<'py, PyDict>,
    owner: Option<Py<PyAny>>,
    sync: bool,
) -> PyResult<DeviceNDArray> {
    let context = some_gpu(py, "the array")?;
    let needed = |name: &str| description.get_item(name)?.ok_or_else(|| refused(py, format!("the array's __cuda_array_interface__ has no {name:?}")));
    let version: u32 = needed("version")?.extract()?;
    if version > 3 {
        return Err(refused(py, format!("the array's __cuda_array_interface__ has version {version}, and 0 to 3 are known")));
    }
    let optional = |name: &str| PyResult::Ok(description.get_item(name)?.filter(|value| !value.is_none()));
    if optional("mask")?.is_some() {
        return Err(refused(py, "masked arrays of a GPU are not taken: the mask would be lost".to_owned()));
    }
    let shape: Vec<usize> = needed("shape")?.extract()?;
    let (pointer, readonly): (usize, bool) = needed("data")?.extract()?;
    let descr = match optional("descr")? {
        Some(descr) if !is_plain(&descr)? => descr,
        _ => needed("typestr")?,
    };
    let dtype = PyArrayDescr::new(py, descr)?;
    if dtype.has_object() {
        return Err(refused(py, format!("{dtype} arrays hold Python objects, which cannot be in device memory")));
    }
    let item = dtype.itemsize();
    let layout = match optional("strides")? {
        None => Layout::contiguous(&shape, item, Order::C),
        Some(strides) => Layout::strided(&shape, &strides.extract::<Vec<isize>>()?, item),
    };
    let layout = layout.map_err(|error| error.into_py_err(py))?;
    let context = match context.device_of(pointer as u64) {
        _ if layout.size() == 0 => context,
        Some(ordinal) => context.driver().context(ordinal).map_err(|error| error.into_py_err(py))?,
        None => return Err(refused(py, not_a_gpus(pointer))),
    };
    if readonly && layout.size() > 0 {
        return Err(refused(py, "the array is read-only, and device arrays can be written: copy it".to_owned()));
    }
    let home = Stream::default_of(context);
    if let Some(theirs) = optional("stream")?
        && sync
    {
        let raw: usize = theirs.extract()?;
        if raw == 0 {
            return Err(refused(py, "the array's __cuda_array_interface__ names stream 0, which version 3 forbids".to_owned()));
        }
        // SAFETY: not ours to give: the protocol says that it is a stream of the array's device, alive for this call.
        let theirs = unsafe { Stream::external(context, raw) };
        gate::attached(py, || home.follow(&theirs))?;
    }
    let array = over(py, pointer, layout, &home, Box::new(owner))?;
    Ok(DeviceNDArray::new(array, dtype, None))
}

/// Whether a `descr` says no more than a `typestr` does.
fn is_plain(descr: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(descr.len()? == 1 && descr.get_item(0)?.get_item(0)?.extract::<String>().is_ok_and(|name| name.is_empty()))
}

/// An array over somebody's memory of a GPU.
fn over(py: Python<'_>, pointer: usize, layout: Layout, home: &Stream, owner: Box<dyn std::any::Any + Send + Sync>) -> PyResult<Array> {
    let (below, above) = layout.span();
    let start = pointer.wrapping_sub(below);
    // SAFETY: the protocol says that the elements are memory of the device, held by the owner; the span is theirs.
    let memory = unsafe { Memory::foreign(start as u64, below + above, home, owner) };
    Array::over(Buffer::on_gpu(memory), below, layout).map_err(|error| error.into_py_err(py))
}

/// A structure taken out of a capsule; given back to its producer when dropped.
struct Taken(*mut c_void, bool);

// SAFETY: the structure is read by its one owner; producers let their deleters be called on any thread.
unsafe impl Send for Taken {}
// SAFETY: as above; nothing is changed through a shared reference.
unsafe impl Sync for Taken {}

impl Taken {
    fn tensor(&self) -> &Tensor {
        // SAFETY: the capsule's name said which structure it is, and it lives until it is given back.
        unsafe { if self.1 { &(*self.0.cast::<Versioned>()).tensor } else { &(*self.0.cast::<Managed>()).tensor } }
    }

    fn flags(&self) -> u64 {
        // SAFETY: as above.
        if self.1 { unsafe { (*self.0.cast::<Versioned>()).flags } } else { 0 }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let (structure, versioned) = (self.0 as usize, self.1);
        // Producers in Python's world may need the interpreter; where it is gone the memory goes with the process.
        let _ = Python::try_attach(|_| {
            // SAFETY: given back once; after this nothing of it is used.
            unsafe {
                if versioned {
                    let structure = structure as *mut Versioned;
                    if let Some(delete) = (*structure).deleter {
                        delete(structure);
                    }
                } else {
                    let structure = structure as *mut Managed;
                    if let Some(delete) = (*structure).deleter {
                        delete(structure);
                    }
                }
            }
        });
    }
}

fn take(capsule: &Bound<'_, PyAny>) -> PyResult<Taken> {
    if !capsule.is_instance_of::<PyCapsule>() {
        return Err(PyTypeError::new_err(format!("__dlpack__ gave {}, which is no capsule", capsule.get_type())));
    }
    let raw = capsule.as_ptr();
    for (name, used, versioned) in [(VERSIONED, VERSIONED_USED, true), (PLAIN, PLAIN_USED, false)] {
        // SAFETY: a live capsule; the names are constants. Renaming it says that we own what it held.
        unsafe {
            if pyo3::ffi::PyCapsule_IsValid(raw, name.as_ptr()) == 1 {
                let structure = pyo3::ffi::PyCapsule_GetPointer(raw, name.as_ptr());
                if pyo3::ffi::PyCapsule_SetName(raw, used.as_ptr()) != 0 {
                    return Err(PyErr::fetch(capsule.py()));
                }
                let taken = Taken(structure, versioned);
                if versioned && (*structure.cast::<Versioned>()).major > 1 {
                    return Err(PyBufferError::new_err("the capsule is of a newer DLPack than version 1"));
                }
                return Ok(taken);
            }
        }
    }
    Err(PyBufferError::new_err("the capsule holds no DLPack tensor, or somebody took it already"))
}

/// NumPy's name of DLPack's element type.
fn dtype_name(dtype: DataType) -> Option<String> {
    if dtype.lanes != 1 {
        return None;
    }
    let kind = match (dtype.code, dtype.bits) {
        (0, 8 | 16 | 32 | 64) => 'i',
        (1, 8 | 16 | 32 | 64) => 'u',
        (2, 16 | 32 | 64) => 'f',
        (5, 64 | 128) => 'c',
        (6, 8) => 'b',
        _ => return None,
    };
    Some(format!("{kind}{}", dtype.bits / 8))
}

/// A device array that shares the memory of an object with `__dlpack__` on the same device. The object's tensor is held as long as the array or a view of it lives.
#[pyfunction]
pub(crate) fn from_dlpack<'py>(py: Python<'py>, object: &Bound<'py, PyAny>) -> PyResult<DeviceNDArray> {
    let context = device::gpu(py)?;
    let (kind, id): (i32, i32) = object.call_method0(intern!(py, "__dlpack_device__"))?.extract()?;
    let on_gpu = match kind {
        CPU | CUDA_HOST => false,
        CUDA | CUDA_MANAGED => true,
        other => {
            return Err(wrong_device(
                py,
                format!("the array is on a device of DLPack's kind {other}: only the host's and CUDA's memory can be shared"),
            ));
        }
    };
    let keywords = PyDict::new(py);
    let home = match (on_gpu, context) {
        (false, None) => None,
        (true, Some(context)) => {
            let ordinal = u32::try_from(id).map_err(|_| wrong_device(py, format!("there is no device {id}")))?;
            let context = context.driver().context(ordinal).map_err(|error| error.into_py_err(py))?;
            keywords.set_item("stream", 1)?;
            Some(Stream::default_of(context))
        }
        (true, None) => return Err(wrong_device(py, "the array is in a GPU's memory, and this process runs on the CPU".to_owned())),
        (false, Some(_)) => {
            return Err(wrong_device(py, "the array is in the host's memory, and this process runs on a GPU: use cuda.to_device".to_owned()));
        }
    };
    let asked = keywords.copy()?;
    asked.set_item("max_version", (1, 0))?;
    let method = object.getattr(intern!(py, "__dlpack__"))?;
    let capsule = match method.call((), Some(&asked)) {
        // Producers from before version 1 do not know the keyword.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => method.call((), Some(&keywords))?,
        other => other?,
    };
    let taken = take(&capsule)?;
    let tensor = taken.tensor();
    let ndim = usize::try_from(tensor.ndim).map_err(|_| PyBufferError::new_err("the tensor has a negative number of axes"))?;
    let numbers = |pointer: *const i64| -> Vec<i64> {
        // SAFETY: the protocol says that there is one number for each axis.
        if ndim == 0 { Vec::new() } else { unsafe { std::slice::from_raw_parts(pointer, ndim) }.to_vec() }
    };
    let Some(name) = dtype_name(tensor.dtype) else {
        let DataType { code, bits, lanes } = tensor.dtype;
        return Err(PyBufferError::new_err(format!("elements of DLPack's code {code} with {bits} bits and {lanes} lanes are not taken")));
    };
    let dtype = PyArrayDescr::new(py, name)?;
    let item = dtype.itemsize();
    let shape = numbers(tensor.shape)
        .into_iter()
        .map(usize::try_from)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| PyBufferError::new_err("the tensor has a negative extent"))?;
    let layout = if tensor.strides.is_null() {
        Layout::contiguous(&shape, item, Order::C)
    } else {
        let strides: Option<Vec<isize>> =
            numbers(tensor.strides).into_iter().map(|stride| isize::try_from(stride).ok()?.checked_mul(item as isize)).collect();
        Layout::strided(&shape, &strides.ok_or_else(|| PyBufferError::new_err("the tensor's strides are larger than the address space"))?, item)
    };
    let layout = layout.map_err(|error| error.into_py_err(py))?;
    if taken.flags() & READ_ONLY != 0 && layout.size() > 0 {
        return Err(PyBufferError::new_err("the array is read-only, and device arrays can be written: copy it"));
    }
    let pointer = (tensor.data as usize).wrapping_add(tensor.byte_offset as usize);
    let array = match &home {
        Some(home) => {
            if layout.size() > 0 && home.context().device_of(pointer as u64).is_none() {
                return Err(refused(py, not_a_gpus(pointer)));
            }
            over(py, pointer, layout, home, Box::new(taken))?
        }
        None => {
            let (below, above) = layout.span();
            let bytes = below + above;
            let start =
                if bytes == 0 { std::ptr::NonNull::dangling().as_ptr() } else { std::ptr::with_exposed_provenance_mut(pointer.wrapping_sub(below)) };
            // SAFETY: the protocol says that the elements are initialised host memory, held by the tensor.
            let buffer = unsafe { Buffer::foreign(start, bytes, Box::new(taken)) };
            Array::over(buffer, below, layout).map_err(|error| error.into_py_err(py))?
        }
    };
    Ok(DeviceNDArray::new(array, dtype, None))
}
