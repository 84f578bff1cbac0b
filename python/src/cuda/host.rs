//! NumPy arrays and scalars as memory.
//!
//! Owns the reading of NumPy's own structures: element types, shapes, strides, addresses, scalars' bits. Hands out addresses only together with the array
//! that holds them.
#![allow(unsafe_code)]

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use verdigris_compiler::types::{FieldType, RecordField, RecordType, Scalar, ScalarType};
use verdigris_cuda_jit::Args;
use verdigris_device::DeviceError;
use verdigris_device::array::Array;
use verdigris_device::cuda::Stream;
use verdigris_device::layout::{Layout, Order};
use verdigris_gpu::Waited;

use super::stream::told;
use crate::error::IntoPyErr;
use crate::interned::intern;
use crate::{fork, gate};

/// Copies of at least this many bytes release the GIL.
const DETACH_BYTES: usize = 64 << 10;

/// The scalar type of a dtype; `None` for one that compiled code does not have, in which foreign byte order is included.
pub(crate) fn scalar_type(dtype: &Bound<'_, PyArrayDescr>) -> Option<ScalarType> {
    use ScalarType::*;
    // NumPy's numbers of the built-in types; those of C's integers differ in size by platform.
    let signed = |size| match size {
        1 => Some(I8),
        2 => Some(I16),
        4 => Some(I32),
        8 => Some(I64),
        _ => None,
    };
    let unsigned = |size| match size {
        1 => Some(U8),
        2 => Some(U16),
        4 => Some(U32),
        8 => Some(U64),
        _ => None,
    };
    let found = match dtype.num() {
        0 => Some(Bool),
        1 | 3 | 5 | 7 | 9 => signed(dtype.itemsize()),
        2 | 4 | 6 | 8 | 10 => unsigned(dtype.itemsize()),
        11 => Some(F32),
        12 => Some(F64),
        14 => Some(C64),
        15 => Some(C128),
        21 | 22 => dtype.getattr(intern!(dtype.py(), "name")).ok().and_then(|n| n.extract::<String>().ok()).and_then(|n| ScalarType::from_name(&n)),
        23 => Some(F16),
        // Numbers from here on are given to other packages' types as they register: ml_dtypes has bfloat16.
        256.. => brain_type(dtype),
        _ => None,
    }?;
    (dtype.is_native_byteorder() != Some(false)).then_some(found)
}

/// bfloat16, if the dtype is that of the package ml_dtypes.
fn brain_type(dtype: &Bound<'_, PyArrayDescr>) -> Option<ScalarType> {
    let name = dtype.getattr(intern!(dtype.py(), "name")).ok()?;
    (dtype.itemsize() == 2 && name.extract::<&str>().ok()? == "bfloat16").then_some(ScalarType::BF16)
}

/// The record type of a structured dtype; `None` for another dtype, or one with fields that compiled code does not have.
///
/// # Errors
/// What Python raised while the dtype was read.
pub(crate) fn record_type(dtype: &Bound<'_, PyArrayDescr>) -> PyResult<Option<Arc<RecordType>>> {
    type Known = HashMap<usize, (Py<PyArrayDescr>, Option<Arc<RecordType>>)>;
    // Dtypes do not change, and the same ones come again at every launch.
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    if !dtype.has_fields() {
        return Ok(text_type(dtype).map(Arc::new));
    }
    let key = dtype.as_ptr().addr();
    if let Some((_, known)) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().get(&key) {
        return Ok(known.clone());
    }
    let found = read_record(dtype)?.map(Arc::new);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if known.len() < 4096 {
        known.insert(key, (dtype.clone().unbind(), found.clone()));
    }
    Ok(found)
}

/// Longest string that is read into registers.
const LONGEST_TEXT: usize = 256;

/// The type of a string of fixed length, `S` or `U`.
fn text_type(dtype: &Bound<'_, PyArrayDescr>) -> Option<RecordType> {
    let elem = match dtype.num() {
        18 => ScalarType::U8,
        19 => ScalarType::U32,
        _ => return None,
    };
    let length = dtype.itemsize() / elem.size();
    let native = dtype.is_native_byteorder() != Some(false);
    (native && (1..=LONGEST_TEXT).contains(&length)).then(|| RecordType::text(elem, length))
}

fn read_record(dtype: &Bound<'_, PyArrayDescr>) -> PyResult<Option<RecordType>> {
    let py = dtype.py();
    let mut fields = Vec::new();
    for name in dtype.names().unwrap_or_default() {
        let (field, offset) = dtype.get_field(&name)?;
        let (elem, shape) = match field.getattr(intern!(py, "subdtype"))?.extract::<Option<(Bound<'_, PyArrayDescr>, Vec<usize>)>>()? {
            Some((elem, shape)) => (elem, shape),
            None => (field, Vec::new()),
        };
        let ty = match scalar_type(&elem) {
            Some(scalar) => FieldType::Scalar(scalar),
            None => match record_type(&elem)? {
                Some(record) => FieldType::Record(record),
                None => return Ok(None),
            },
        };
        fields.push(RecordField { name, offset, ty, shape });
    }
    Ok(Some(RecordType { fields, size: dtype.itemsize() }))
}

/// A NumPy record (`records[0]`) copied to an array without axes; `None` for another object.
///
/// # Errors
/// What NumPy raised.
pub(super) fn copied_record<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyUntypedArray>>> {
    static VOID: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let py = object.py();
    let (void, array) = fork::once(py, &VOID, || {
        let numpy = py.import("numpy")?;
        PyResult::Ok((numpy.getattr("void")?.unbind(), numpy.getattr("array")?.unbind()))
    })?;
    if !object.is_instance(void.bind(py))? {
        return Ok(None);
    }
    Ok(Some(array.bind(py).call1((object,))?.cast_into()?))
}

/// A NumPy array's memory.
pub(super) struct Host<'py> {
    array: Bound<'py, PyUntypedArray>,
    /// Shape, strides and item size.
    pub(super) layout: Layout,
}

impl<'py> Host<'py> {
    /// The memory of an array.
    ///
    /// # Errors
    /// `MemoryError` for strides that no memory has.
    pub(super) fn new(array: Bound<'py, PyUntypedArray>) -> PyResult<Host<'py>> {
        let py = array.py();
        let layout = Layout::strided(array.shape(), array.strides(), array.dtype().itemsize()).map_err(|error| error.into_py_err(py))?;
        Ok(Host { array, layout })
    }

    /// The array.
    pub(super) fn array(&self) -> &Bound<'py, PyUntypedArray> {
        &self.array
    }

    fn data(&self) -> *mut u8 {
        // SAFETY: the pointer is that of a live array object.
        unsafe { (*self.array.as_array_ptr()).fields.data.cast() }
    }

    /// Whether NumPy lets it be written.
    pub(super) fn is_writeable(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.array.as_array_ptr()).fields.flags & npyffi::NPY_ARRAY_WRITEABLE != 0 }
    }

    /// The order in which a dense copy keeps its layout: Fortran's if it is dense in that order only.
    pub(super) fn order(&self) -> Order {
        if self.layout.is_f() && !self.layout.is_c() { Order::F } else { Order::C }
    }

    /// A dense copy on the device: the CPU, or the GPU of `stream`. With `later` a copy from pinned memory is not waited for; the array is held until it has ended.
    ///
    /// # Errors
    /// There is no memory, or the driver's.
    pub(super) fn to_device(&self, order: Order, stream: Option<&Stream>, later: bool) -> PyResult<Array> {
        let (address, layout) = (self.data().expose_provenance(), &self.layout);
        let owner = self.owner(later);
        let array = copying(self.array.py(), layout, move || {
            let from = std::ptr::with_exposed_provenance(address);
            // SAFETY: the array is held by `self`, and by `owner` for what goes on after; its shape and strides are of its memory. Races with other threads are its users' affair, as in NumPy.
            unsafe {
                match stream {
                    None => Array::from_host(from, layout, order),
                    Some(stream) => Array::from_host_on(stream, from, layout, order, owner),
                }
            }
        })?;
        self.told(&array)?;
        Ok(array)
    }

    /// Tells what launches left behind, as far as a copy waited for them.
    fn told(&self, device: &Array) -> PyResult<()> {
        device.gpu().map_or(Ok(()), |memory| told(self.array.py(), memory.context(), Waited::Something))
    }

    /// What holds the array for a copy that goes on.
    fn owner(&self, later: bool) -> Option<Box<dyn Any + Send>> {
        later.then(|| Box::new(self.array.clone().unbind()) as Box<dyn Any + Send>)
    }

    /// Copies a device array of the same shape here. The array must be writeable.
    ///
    /// # Errors
    /// Shapes differ, or the array was resized since.
    pub(super) fn copy_from_waiting(&self, device: &Array, stream: Option<&Stream>) -> PyResult<()> {
        self.copy_from(device, stream)?;
        match stream {
            Some(stream) => {
                gate::detached(self.array.py(), || stream.synchronize())?;
                told(self.array.py(), stream.context(), Waited::Stream(stream))
            }
            None => Ok(()),
        }
    }

    /// As [`Host::copy_from_waiting`], on a stream: to pinned memory the copy is not waited for, and the array held until it has ended.
    ///
    /// # Errors
    /// As [`Host::copy_from_waiting`].
    pub(super) fn copy_from_on(&self, device: &Array, stream: Option<&Stream>) -> PyResult<()> {
        self.copy_from(device, stream)?;
        self.told(device)
    }

    fn copy_from(&self, device: &Array, stream: Option<&Stream>) -> PyResult<()> {
        debug_assert!(self.is_writeable());
        if self.array.shape() != self.layout.shape() || self.array.strides() != self.layout.strides() {
            let changed = DeviceError::Shape("an array changed its shape during the launch that was to write it".to_owned());
            return Err(changed.into_py_err(self.array.py()));
        }
        let (address, layout) = (self.data().expose_provenance(), &self.layout);
        let owner = self.owner(stream.is_some());
        copying(self.array.py(), layout, move || {
            // SAFETY: as in `to_device`; NumPy's memory is not the device's.
            unsafe { device.copy_to_host_on(stream, std::ptr::with_exposed_provenance_mut(address), layout, owner) }
        })
    }

    /// Copies this array to a device array of the same shape.
    ///
    /// # Errors
    /// Shapes differ.
    pub(super) fn copy_to_on(&self, device: &Array, stream: Option<&Stream>) -> PyResult<()> {
        let (address, layout) = (self.data().expose_provenance(), &self.layout);
        let owner = self.owner(stream.is_some());
        copying(self.array.py(), layout, move || {
            // SAFETY: as in `to_device`; NumPy's memory is not the device's.
            unsafe { device.copy_from_host_on(stream, std::ptr::with_exposed_provenance(address), layout, owner) }
        })?;
        self.told(device)
    }
}

fn copying<T: Send>(py: Python<'_>, layout: &Layout, copy: impl FnOnce() -> Result<T, DeviceError> + Send) -> PyResult<T> {
    if layout.nbytes() >= DETACH_BYTES { gate::detached(py, copy) } else { gate::attached(py, copy) }
}

/// A dense copy of a host array in the memory of a stream's device.
///
/// # Errors
/// There is no memory, or the driver's.
pub(crate) fn host_to_gpu(array: &Bound<'_, PyUntypedArray>, stream: &Stream) -> PyResult<Array> {
    let host = Host::new(array.clone())?;
    host.to_device(host.order(), Some(stream), false)
}

/// Copies a device array to a writeable host array of its shape and type, and waits for it.
///
/// # Errors
/// The driver's, or what a launch before it left behind.
pub(crate) fn gpu_to_host(device: &Array, array: &Bound<'_, PyUntypedArray>, stream: &Stream) -> PyResult<()> {
    Host::new(array.clone())?.copy_from_waiting(device, Some(stream))
}

/// Adds a NumPy scalar with its own type to the arguments; false if its type is none of compiled code's, or it is no NumPy scalar.
pub(super) fn push_scalar(args: &mut Args<'_>, object: &Bound<'_, PyAny>) -> bool {
    let py = object.py();
    // SAFETY: the type object is NumPy's own, and the check asks nothing of the object.
    let is_generic = unsafe {
        let generic = npyffi::get_type_object(py, NpyTypes::PyGenericArrType_Type);
        pyo3::ffi::PyObject_TypeCheck(object.as_ptr(), generic) != 0
    };
    if !is_generic {
        return false;
    }
    // SAFETY: the object is a NumPy scalar; a new reference, or null with an exception set, comes back.
    let descr = unsafe { Bound::from_owned_ptr_or_err(py, PY_ARRAY_API.PyArray_DescrFromScalar(py, object.as_ptr()).cast()) };
    let Some(ty) = descr.ok().and_then(|d| d.cast_into::<PyArrayDescr>().ok()).and_then(|d| scalar_type(&d)) else { return false };
    if ty == ScalarType::BF16 {
        // The number itself: NumPy does not know how another package's scalars lie in memory.
        let Ok(value) = object.extract::<f64>() else { return false };
        args.half(ty, value as f32);
        return true;
    }
    let mut bits = [0u64; 2];
    // SAFETY: a scalar of this type has at most 16 bytes, all of which are written.
    unsafe { PY_ARRAY_API.PyArray_ScalarAsCtype(py, object.as_ptr(), (&raw mut bits).cast()) };
    match ty {
        ScalarType::C64 => {
            let part = |shift: u32| f32::from_bits((bits[0] >> shift) as u32);
            args.scalar(num_complex::Complex::new(part(0), part(32)));
        }
        ScalarType::C128 => {
            args.scalar(num_complex::Complex::new(f64::from_bits(bits[0]), f64::from_bits(bits[1])));
        }
        half if half.is_half() => {
            args.half(half, verdigris_compiler::types::half::of_bits(half, bits[0] as u16));
        }
        time if time.is_time() => {
            args.time(time, bits[0] as i64);
        }
        real => {
            args.value(Scalar::from_bits(real, bits[0] & (u64::MAX >> (64 - 8 * real.size()))));
        }
    }
    true
}
