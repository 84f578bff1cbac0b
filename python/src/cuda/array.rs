//! `DeviceNDArray`: an array in device memory.
//!
//! Owns the object, its conversions and copies, and views of it. Memory and layouts are `verdigris-device`'s; NumPy's side of a copy is [`super::host`]'s.

use std::sync::Mutex;

use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};

use verdigris_compiler::types::Type;
use verdigris_cuda_jit::{Args, args};
use verdigris_device::DeviceError;
use verdigris_device::array::Array;
use verdigris_device::cuda::Stream;
use verdigris_device::layout::{Layout, Order};

use super::arguments::unsupported_dtype;
use super::host::{self, Host};
use super::index;
use super::interop;
use super::stream;
use crate::error::{Class, Exception, IntoPyErr};
use crate::fork;
use crate::interned::intern;

/// An array in device memory. Made by `to_device`, `device_array` and their kin, and by slicing another.
#[pyclass(frozen, weakref, name = "DeviceNDArray", module = "verdigris.cuda")]
pub(crate) struct DeviceNDArray {
    array: Array,
    dtype: Py<PyArrayDescr>,
    /// Type and words as an argument, or why it can be none.
    argument: Result<(Type, Vec<u64>), String>,
    /// The host array it was made from, for `to_host`.
    origin: Mutex<Option<Py<PyUntypedArray>>>,
}

fn numpy(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(fork::once(py, &MODULE, || py.import("numpy").map(Bound::unbind))?.bind(py))
}

/// Any array-like as an array; what is one already is itself.
fn as_array<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return Ok(array.clone());
    }
    Ok(numpy(object.py())?.call_method1(intern!(object.py(), "asarray"), (object,))?.cast_into()?)
}

/// A dtype, from anything that names one; objects have no place in device memory.
fn as_dtype<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDescr>> {
    let py = object.py();
    let dtype = match object.cast::<PyArrayDescr>() {
        Ok(dtype) => dtype.clone(),
        Err(_) => numpy(py)?.call_method1(intern!(py, "dtype"), (object,))?.cast_into()?,
    };
    if dtype.has_object() {
        return Err(Exception::new(py, Class::Argument, format!("{dtype} arrays hold Python objects, which cannot be in device memory"))
            .with("code", "bad-dtype")
            .build());
    }
    Ok(dtype)
}

fn order_of(order: &str) -> PyResult<Order> {
    match order {
        "C" | "c" => Ok(Order::C),
        "F" | "f" => Ok(Order::F),
        other => Err(PyValueError::new_err(format!("order must be 'C' or 'F', not {other:?}"))),
    }
}

impl DeviceNDArray {
    pub(super) fn new(array: Array, dtype: Bound<'_, PyArrayDescr>, origin: Option<Py<PyUntypedArray>>) -> DeviceNDArray {
        let argument = describe(&array, &dtype);
        DeviceNDArray { array, dtype: dtype.unbind(), argument, origin: Mutex::new(origin) }
    }

    /// An array of elements of a dtype.
    pub(crate) fn of(array: Array, dtype: Bound<'_, PyArrayDescr>) -> DeviceNDArray {
        DeviceNDArray::new(array, dtype, None)
    }

    /// Type and words as an argument of a kernel, or why it can be none.
    pub(crate) fn as_argument(&self) -> Result<(&Type, &[u64]), &String> {
        self.argument.as_ref().map(|(ty, words)| (ty, words.as_slice()))
    }

    pub(crate) fn dtype<'py>(&self, py: Python<'py>) -> &Bound<'py, PyArrayDescr> {
        self.dtype.bind(py)
    }

    /// The memory and its layout.
    pub(crate) fn memory(&self) -> &Array {
        &self.array
    }

    fn view_of(&self, py: Python<'_>, array: Array) -> DeviceNDArray {
        DeviceNDArray::new(array, self.dtype(py).clone(), None)
    }

    /// The same memory under another layout and dtype.
    fn relaid(&self, py: Python<'_>, layout: Layout, dtype: Bound<'_, PyArrayDescr>) -> PyResult<DeviceNDArray> {
        let offset = (self.array.pointer() as usize).wrapping_sub(self.array.buffer().pointer() as usize);
        let array = Array::over(self.array.buffer().clone(), offset, layout).map_err(|error| error.into_py_err(py))?;
        Ok(DeviceNDArray::new(array, dtype, None))
    }

    /// A new host array with these elements.
    fn to_numpy<'py>(&self, py: Python<'py>, stream: Option<&Stream>) -> PyResult<Bound<'py, PyUntypedArray>> {
        let layout = self.array.layout();
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "order"), if layout.is_f() && !layout.is_c() { "F" } else { "C" })?;
        let shape = PyTuple::new(py, layout.shape())?;
        let made = numpy(py)?.call_method(intern!(py, "empty"), (shape, self.dtype(py)), Some(&keywords))?;
        let made = made.cast_into::<PyUntypedArray>()?;
        Host::new(made.clone())?.copy_from_on(&self.array, stream)?;
        Ok(made)
    }

    /// Copies to a host array, which has to match.
    fn copy_out(&self, target: &Bound<'_, PyUntypedArray>, stream: Option<&Stream>) -> PyResult<()> {
        self.match_host(target)?;
        let host = Host::new(target.clone())?;
        if !host.is_writeable() {
            return Err(PyValueError::new_err("the host array is read-only"));
        }
        host.copy_from_on(&self.array, stream)
    }

    fn match_host(&self, other: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
        let py = other.py();
        if !other.dtype().is_equiv_to(self.dtype(py)) {
            let text = format!("cannot copy between a device array of {} and a host array of {}", self.dtype(py), other.dtype());
            return Err(Exception::new(py, Class::Argument, text).with("code", "dtype-mismatch").build());
        }
        if other.shape() != self.array.layout().shape() {
            let shapes = (PyTuple::new(py, self.array.layout().shape())?, PyTuple::new(py, other.shape())?);
            let text = format!("cannot copy between a device array of shape {} and a host array of shape {}", shapes.0, shapes.1);
            return Err(Exception::new(py, Class::Shape, text).with("code", "shape-mismatch").build());
        }
        Ok(())
    }

    /// Assigns a host value, broadcast to this array's shape and cast to its dtype as NumPy's assignment does.
    fn assign(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        if let Ok(other) = value.cast::<DeviceNDArray>()
            && other.get().array.layout().shape() == self.array.layout().shape()
            && other.get().dtype(py).is_equiv_to(self.dtype(py))
        {
            return self.copy_device(other.get(), py, None);
        }
        let shape = PyTuple::new(py, self.array.layout().shape())?;
        let value = numpy(py)?.call_method1(intern!(py, "asarray"), (value,))?;
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "copy"), false)?;
        let value = value.call_method(intern!(py, "astype"), (self.dtype(py),), Some(&keywords))?;
        let value = numpy(py)?.call_method1(intern!(py, "broadcast_to"), (value, shape))?;
        Host::new(value.cast_into()?)?.copy_to_on(&self.array, None)
    }

    #[allow(unsafe_code)]
    fn copy_device(&self, other: &DeviceNDArray, py: Python<'_>, stream: Option<&Stream>) -> PyResult<()> {
        // SAFETY: both arrays are held by their objects, and their memory is freed behind a copy that goes on; races with other threads are their users' affair, as on a GPU.
        unsafe { self.array.copy_from_on(stream, &other.array) }.map_err(|error| error.into_py_err(py))
    }
}

/// What the array is as an argument.
#[allow(unsafe_code)]
fn describe(array: &Array, dtype: &Bound<'_, PyArrayDescr>) -> Result<(Type, Vec<u64>), String> {
    let mut lent = array.view();
    let mut arguments = Args::new();
    let Some(elem) = host::scalar_type(dtype) else {
        let Ok(Some(record)) = host::record_type(dtype) else { return Err(unsupported_dtype(&dtype.to_string())) };
        let layout = array.layout();
        // SAFETY: the array holds its memory for as long as its owner passes these words, and records' numbers are read at any alignment.
        unsafe { arguments.raw_records(record, false, array.pointer(), layout.shape(), layout.strides()) }.map_err(|reason| reason.to_string())?;
        return Ok((arguments.types()[0].clone(), arguments.words().to_vec()));
    };
    if array.gpu().is_some() {
        // A GPU's code is made for elements that lie anywhere, where they do.
        let layout = array.layout();
        let ty = args::array_type(elem, layout.shape(), layout.strides(), false).map_err(|reason| reason.to_string())?;
        // SAFETY: as above.
        unsafe { arguments.raw_array(ty, array.pointer(), layout.shape(), layout.strides()) };
        return Ok((arguments.types()[0].clone(), arguments.words().to_vec()));
    }
    arguments.device(&mut lent, elem).map_err(|reason: args::Unsuitable| reason.to_string())?;
    Ok((arguments.types()[0].clone(), arguments.words().to_vec()))
}

/// Makes a device array from a host array (or anything array-like).
#[pyfunction]
#[pyo3(signature = (ary, stream=None, copy=true, to=None))]
pub(crate) fn to_device<'py>(
    ary: &Bound<'py, PyAny>,
    stream: Option<&Bound<'py, PyAny>>,
    copy: bool,
    to: Option<Bound<'py, DeviceNDArray>>,
) -> PyResult<Bound<'py, DeviceNDArray>> {
    let py = ary.py();
    let named = stream::order(py, stream)?;
    let on = stream::or_default(py, named.clone())?;
    if let Some(target) = to {
        target.get().assign_exact(ary, named.as_ref())?;
        return Ok(target);
    }
    if let Ok(array) = ary.cast::<DeviceNDArray>() {
        return Ok(array.clone());
    }
    let array = as_array(ary)?;
    let dtype = as_dtype(array.dtype().as_any())?;
    let host = Host::new(array.clone())?;
    let device = if copy {
        host.to_device(host.order(), on.as_ref(), named.is_some())?
    } else {
        let layout = Layout::contiguous(host.layout.shape(), host.layout.itemsize(), host.order());
        layout.and_then(|layout| zeroed(on.as_ref(), layout)).map_err(|error| error.into_py_err(py))?
    };
    // What was converted here belongs to nobody: to_host would be lost on it.
    let origin = array.is(ary).then(|| array.unbind());
    Bound::new(py, DeviceNDArray::new(device, dtype, origin))
}

/// Makes a device array of zeros.
#[pyfunction]
#[pyo3(signature = (shape, dtype=None, strides=None, order="C", stream=None))]
pub(crate) fn device_array<'py>(
    py: Python<'py>,
    shape: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    strides: Option<&Bound<'py, PyAny>>,
    order: &str,
    stream: Option<&Bound<'py, PyAny>>,
) -> PyResult<DeviceNDArray> {
    let on = stream::of_gpu(py, stream)?;
    let dtype = match dtype {
        Some(dtype) => as_dtype(dtype)?,
        None => numpy::dtype::<f64>(py),
    };
    let shape = index::shape(shape)?;
    let layout = match strides {
        None => Layout::contiguous(&shape, dtype.itemsize(), order_of(order)?),
        Some(strides) => Layout::strided(&shape, &index::strides(strides)?, dtype.itemsize()),
    };
    let array = layout.and_then(|layout| zeroed(on.as_ref(), layout)).map_err(|error| error.into_py_err(py))?;
    Ok(DeviceNDArray::new(array, dtype, None))
}

/// An array of zeros: on the CPU, or on the GPU of a stream.
fn zeroed(stream: Option<&Stream>, layout: Layout) -> Result<Array, DeviceError> {
    match stream {
        None => Array::zeroed(layout),
        Some(stream) => Array::zeroed_on(stream, layout),
    }
}

impl DeviceNDArray {
    /// The order in which elements are counted; "A" is that in which they lie.
    fn order_of_elements(&self, order: &str) -> PyResult<Order> {
        match order {
            "A" | "a" if self.is_f_contiguous() && !self.is_c_contiguous() => Ok(Order::F),
            "A" | "a" => Ok(Order::C),
            other => order_of(other),
        }
    }

    /// Assigns what has the same shape and dtype, nothing else.
    fn assign_exact(&self, source: &Bound<'_, PyAny>, stream: Option<&Stream>) -> PyResult<()> {
        let py = source.py();
        if let Ok(other) = source.cast::<DeviceNDArray>() {
            if !other.get().dtype(py).is_equiv_to(self.dtype(py)) {
                let text = format!("cannot copy between device arrays of {} and {}", self.dtype(py), other.get().dtype(py));
                return Err(Exception::new(py, Class::Argument, text).with("code", "dtype-mismatch").build());
            }
            return self.copy_device(other.get(), py, stream);
        }
        let array = as_array(source)?;
        self.match_host(&array)?;
        Host::new(array)?.copy_to_on(&self.array, stream)
    }
}

#[pymethods]
impl DeviceNDArray {
    /// Extents.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.layout().shape())
    }

    /// Bytes between neighbours along each axis.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.layout().strides())
    }

    /// Element type.
    #[getter(dtype)]
    fn py_dtype(&self, py: Python<'_>) -> Py<PyArrayDescr> {
        self.dtype.clone_ref(py)
    }

    /// Number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.array.layout().ndim()
    }

    /// Number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.array.layout().size()
    }

    /// Bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.array.layout().itemsize()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.array.layout().nbytes()
    }

    /// Bytes of the memory it shares.
    #[getter]
    fn alloc_size(&self) -> usize {
        self.array.buffer().bytes()
    }

    /// Whether it is dense, last axis fastest.
    fn is_c_contiguous(&self) -> bool {
        self.array.layout().is_c()
    }

    /// Whether it is dense, first axis fastest.
    fn is_f_contiguous(&self) -> bool {
        self.array.layout().is_f()
    }

    /// Whether it is dense in C's and in Fortran's order, under NumPy's names of that.
    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let flags = PyDict::new(py);
        flags.set_item("C_CONTIGUOUS", self.is_c_contiguous())?;
        flags.set_item("F_CONTIGUOUS", self.is_f_contiguous())?;
        Ok(flags)
    }

    /// The transpose, a view.
    #[getter(T)]
    fn transposed(&self, py: Python<'_>) -> DeviceNDArray {
        self.view_of(py, self.array.transposed())
    }

    /// View with the axes in the order given; reversed if none is.
    #[pyo3(signature = (axes=None))]
    fn transpose(&self, py: Python<'_>, axes: Option<Vec<isize>>) -> PyResult<DeviceNDArray> {
        let Some(axes) = axes else { return Ok(self.transposed(py)) };
        let ndim = self.ndim();
        let wrapped: Vec<usize> = axes.iter().map(|&a| if a < 0 { a.wrapping_add_unsigned(ndim) as usize } else { a as usize }).collect();
        let mut sorted = wrapped.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..ndim) {
            let text = format!("transpose: the axes {axes:?} are not each of the {ndim} axes once");
            return Err(Exception::new(py, Class::Shape, text).with("code", "transpose").build());
        }
        let layout = self.array.layout();
        let shape: Vec<usize> = wrapped.iter().map(|&a| layout.shape()[a]).collect();
        let strides: Vec<isize> = wrapped.iter().map(|&a| layout.strides()[a]).collect();
        let layout = Layout::strided(&shape, &strides, layout.itemsize()).map_err(|error| error.into_py_err(py))?;
        self.relaid(py, layout, self.dtype(py).clone())
    }

    /// A view of the same bytes as elements of another dtype. Where its size differs, the last axis must be dense and hold a whole number of them.
    fn view(&self, py: Python<'_>, dtype: &Bound<'_, PyAny>) -> PyResult<DeviceNDArray> {
        let dtype = as_dtype(dtype)?;
        let layout = self.array.layout();
        let (old, new) = (layout.itemsize(), dtype.itemsize());
        let (mut shape, mut strides) = (layout.shape().to_vec(), layout.strides().to_vec());
        if old != new {
            let refused = |text: String| Exception::new(py, Class::Shape, text).with("code", "bad-view").build();
            let (Some(extent), Some(step)) = (shape.last_mut(), strides.last_mut()) else {
                return Err(refused(format!("an array without axes cannot be viewed as {dtype}, whose size differs")));
            };
            if *step != old as isize && *extent > 1 {
                return Err(refused(format!("to be viewed as {dtype}, whose size differs, the last axis must be dense")));
            }
            let bytes = *extent * old;
            if new == 0 || bytes % new != 0 {
                return Err(refused(format!("a last axis of {bytes} bytes holds no whole number of {dtype}, {new} bytes each")));
            }
            (*extent, *step) = (bytes / new, new as isize);
        }
        let layout = Layout::strided(&shape, &strides, new).map_err(|error| error.into_py_err(py))?;
        self.relaid(py, layout, dtype)
    }

    /// The array without axes of extent 1, or without those named, which must be such.
    #[pyo3(signature = (axis=None, stream=None))]
    fn squeeze(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<DeviceNDArray> {
        stream::order(py, stream)?;
        let layout = self.array.layout();
        let ndim = layout.ndim();
        let named: Option<Vec<usize>> = match axis.filter(|a| !a.is_none()) {
            None => None,
            Some(axis) => {
                let axes = axis.extract::<isize>().map(|a| vec![a]).or_else(|_| axis.extract::<Vec<isize>>())?;
                let wrap = |a: isize| if a < 0 { a.wrapping_add_unsigned(ndim) as usize } else { a as usize };
                let wrapped: Vec<usize> = axes.into_iter().map(wrap).collect();
                if wrapped.iter().any(|&a| layout.shape().get(a) != Some(&1)) {
                    let text = "squeeze: cannot select an axis whose extent is not one";
                    return Err(Exception::new(py, Class::Shape, text).with("code", "squeeze").build());
                }
                Some(wrapped)
            }
        };
        let kept = |a: usize| named.as_ref().map_or(layout.shape()[a] != 1, |named| !named.contains(&a));
        let shape: Vec<usize> = (0..ndim).filter(|&a| kept(a)).map(|a| layout.shape()[a]).collect();
        let strides: Vec<isize> = (0..ndim).filter(|&a| kept(a)).map(|a| layout.strides()[a]).collect();
        let layout = Layout::strided(&shape, &strides, layout.itemsize()).map_err(|error| error.into_py_err(py))?;
        self.relaid(py, layout, self.dtype(py).clone())
    }

    /// Views of `section` elements each, the last of what is left; one axis only.
    #[pyo3(signature = (section, stream=None))]
    fn split<'py>(slf: &Bound<'py, Self>, section: usize, stream: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyList>> {
        let (py, this) = (slf.py(), slf.get());
        stream::order(py, stream)?;
        let refused = |text: String| Exception::new(py, Class::Shape, text).with("code", "split").build();
        if this.ndim() != 1 {
            return Err(refused(format!("split takes an array of one axis, not of {}", this.ndim())));
        }
        if section == 0 {
            return Err(refused("split into sections of 0 elements".to_owned()));
        }
        let parts = PyList::empty(py);
        for start in (0..this.size()).step_by(section) {
            let count = section.min(this.size() - start);
            let view = this.array.slice(0, start, 1, count).map_err(|error| error.into_py_err(py))?;
            parts.append(Bound::new(py, this.view_of(py, view))?)?;
        }
        Ok(parts)
    }

    /// The same array; on the CPU every stream's work is done when it was ordered.
    #[pyo3(signature = (stream=None))]
    fn bind<'py>(slf: &Bound<'py, Self>, stream: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, Self>> {
        stream::order(slf.py(), stream)?;
        Ok(slf.clone())
    }

    /// As `self[item]`, on a stream.
    #[pyo3(signature = (item, stream=None))]
    fn getitem<'py>(&self, py: Python<'py>, item: &Bound<'py, PyAny>, stream: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        stream::order(py, stream)?;
        self.__getitem__(py, item)
    }

    /// As `self[key] = value`, on a stream.
    #[pyo3(signature = (key, value, stream=None))]
    fn setitem(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        stream::order(py, stream)?;
        self.__setitem__(py, key, value)
    }

    /// A view of the same elements under another shape; one extent may be -1. Order `"A"` is the one in which the elements lie.
    #[pyo3(signature = (*newshape, order="C"))]
    fn reshape(&self, py: Python<'_>, newshape: &Bound<'_, PyTuple>, order: &str) -> PyResult<DeviceNDArray> {
        let first = if newshape.len() == 1 { Some(newshape.get_item(0)?) } else { None };
        let shape = match first {
            Some(one) => index::new_shape(&one, self.size())?,
            None => index::new_shape(newshape.as_any(), self.size())?,
        };
        match self.array.reshaped(&shape, self.order_of_elements(order)?).map_err(|error| error.into_py_err(py))? {
            Some(array) => Ok(self.view_of(py, array)),
            None => Err(Exception::new(py, Class::Shape, "only a contiguous device array can be reshaped; this one is a strided view")
                .with("code", "not-contiguous")
                .build()),
        }
    }

    /// One axis, a view.
    #[pyo3(signature = (order="C", stream=None))]
    fn ravel(&self, py: Python<'_>, order: &str, stream: Option<&Bound<'_, PyAny>>) -> PyResult<DeviceNDArray> {
        stream::order(py, stream)?;
        let shape = [self.size()];
        match self.array.reshaped(&shape, self.order_of_elements(order)?).map_err(|error| error.into_py_err(py))? {
            Some(array) => Ok(self.view_of(py, array)),
            None => Err(Exception::new(py, Class::Shape, "only a contiguous device array can be ravelled; this one is a strided view")
                .with("code", "not-contiguous")
                .build()),
        }
    }

    /// Copies to a new host array, or to `ary`, which must have the same shape and dtype; gives the host array.
    #[pyo3(signature = (ary=None, stream=None))]
    fn copy_to_host<'py>(
        &self,
        py: Python<'py>,
        ary: Option<&Bound<'py, PyAny>>,
        stream: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyUntypedArray>> {
        let named = stream::order(py, stream)?;
        let Some(target) = ary.filter(|ary| !ary.is_none()) else { return self.to_numpy(py, named.as_ref()) };
        let Ok(target) = target.cast::<PyUntypedArray>() else {
            return Err(PyTypeError::new_err(format!("copy_to_host writes to a NumPy array, not to a {}", target.get_type().name()?)));
        };
        self.copy_out(target, named.as_ref())?;
        Ok(target.clone())
    }

    /// Copies back into the host array that `to_device` made this from.
    #[pyo3(signature = (stream=None))]
    fn to_host(&self, py: Python<'_>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let named = stream::order(py, stream)?;
        let origin = self.origin.lock().unwrap_or_else(|e| e.into_inner()).as_ref().map(|o| o.clone_ref(py));
        match origin {
            Some(origin) => self.copy_out(origin.bind(py), named.as_ref()),
            None => {
                let text = "to_host copies back into the array given to to_device, and this device array was made otherwise: use copy_to_host";
                Err(Exception::new(py, Class::Device, text).with("code", "no-origin").build())
            }
        }
    }

    /// Copies a host or device array of the same shape and dtype here.
    #[pyo3(signature = (ary, stream=None))]
    fn copy_to_device(&self, ary: &Bound<'_, PyAny>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let named = stream::order(ary.py(), stream)?;
        self.assign_exact(ary, named.as_ref())
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Option<&Bound<'py, PyAny>>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
        if copy == Some(false) {
            return Err(PyValueError::new_err("a device array cannot be a NumPy array without a copy"));
        }
        let array = self.to_numpy(py, None)?.into_any();
        match dtype {
            Some(dtype) if !dtype.is_none() => array.call_method1(intern!(py, "astype"), (dtype,)),
            _ => Ok(array),
        }
    }

    /// Where it is: "cpu", or "cuda:N".
    #[getter]
    fn device(&self) -> String {
        match self.array.gpu() {
            None => "cpu".to_owned(),
            Some(memory) => format!("cuda:{}", memory.context().ordinal()),
        }
    }

    /// Where a GPU's array is, for other libraries (version 3); an array on the CPU has no such attribute.
    #[getter]
    fn __cuda_array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        interop::describe(&self.array, self.dtype(py))
    }

    /// The array as a DLPack capsule, which shares its memory. `stream` is the consumer's: it is made to wait for the work with this array that was ordered so far; -1 asks for no such thing.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        stream: Option<i64>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i32, i32)>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        interop::export(py, &self.array, self.dtype(py), stream, max_version, dl_device, copy)
    }

    /// DLPack's kind and number of the device.
    fn __dlpack_device__(&self) -> (i32, i32) {
        interop::device_of(&self.array)
    }

    /// The memory as a NumPy array: that of the CPU device.
    #[getter]
    fn __verdigris_host__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let this = slf.get();
        this.array.on_host().map_err(|error| error.into_py_err(slf.py()))?;
        crate::ufunc::host_array(slf.as_any(), this.dtype(slf.py()), &this.array)
    }

    /// Ufuncs of device arrays give device arrays.
    #[pyo3(signature = (ufunc, method, *inputs, **keywords))]
    fn __array_ufunc__<'py>(
        slf: &Bound<'py, Self>,
        ufunc: &Bound<'py, PyAny>,
        method: &str,
        inputs: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let keywords = keywords.cloned().unwrap_or_else(|| PyDict::new(py));
        py.import(intern!(py, "verdigris.cuda._ufuncs"))?.getattr(intern!(py, "apply"))?.call1((ufunc, method, inputs, keywords))
    }

    fn __len__(&self) -> PyResult<usize> {
        self.array.layout().shape().first().copied().ok_or_else(|| PyTypeError::new_err("len() of unsized object"))
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.to_numpy(py, None)?.is_truthy()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (view, whole) = index::select(&self.array, key)?;
        let view = self.view_of(py, view);
        if whole {
            // Every axis indexed: the element, as NumPy gives it. A record is a copy, and read-only, so that nobody takes an assignment to its field for one on the device.
            let host = view.to_numpy(py, None)?;
            if host.dtype().has_fields() {
                host.getattr(intern!(py, "flags"))?.setattr(intern!(py, "writeable"), false)?;
            }
            return host.get_item(PyTuple::empty(py));
        }
        Ok(Bound::new(py, view)?.into_any())
    }

    fn __setitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (view, _) = index::select(&self.array, key)?;
        self.view_of(py, view).assign(value)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<DeviceNDArray of {}, shape {}, on {}>", self.dtype(py), self.shape(py)?, self.device()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.dtype)?;
        match self.origin.try_lock() {
            Ok(origin) => visit.call(&*origin),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.origin.lock().unwrap_or_else(|e| e.into_inner()).take();
    }
}
