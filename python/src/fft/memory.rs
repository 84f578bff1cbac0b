//! Arrays as the memory that transforms read and write.
//!
//! Owns every read of NumPy's structures for `verdigris.fft`. Arrays are NumPy arrays or device arrays of float32, float64 and their complex types, native and aligned; a copy of
//! what is not has been made before.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::num::NonZeroUsize;

use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API, PyArrayObject};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use verdigris_device::array::Array;
use verdigris_fft::num_complex::Complex;
use verdigris_fft::{Direction, Error, Input, Output, Real, transform_half_row, transform_real_row, transform_row};

use super::aligned;
use crate::cuda::DeviceNDArray;
use crate::error::{Class, Exception};
use crate::gate;

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) double: bool,
    pub(super) complex: bool,
}

impl Element {
    /// By NumPy's number of the type.
    fn of(number: c_int) -> Option<Element> {
        let (double, complex) = match number {
            11 => (false, false),
            12 => (true, false),
            14 => (false, true),
            15 => (true, true),
            _ => return None,
        };
        Some(Element { double, complex })
    }

    fn bytes(self) -> usize {
        (if self.double { 8 } else { 4 }) << usize::from(self.complex)
    }

    fn number(self) -> c_int {
        match (self.complex, self.double) {
            (false, false) => 11,
            (false, true) => 12,
            (true, false) => 14,
            (true, true) => 15,
        }
    }
}

const C_CONTIGUOUS: c_int = 0x1;
const ALIGNED: c_int = 0x100;
const WRITEABLE: c_int = 0x400;

/// An array's place in memory. The object is held by the caller for as long as this is used.
pub(super) struct Memory<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    address: *mut u8,
    element: Element,
    shape: Vec<usize>,
    strides: Vec<isize>,
    writeable: bool,
    /// The array, if it is in a GPU's memory: what is made of its address goes to cuFFT alone.
    gpu: Option<Array>,
}

impl<'a, 'py> Memory<'a, 'py> {
    /// The memory of a NumPy or device array.
    ///
    /// # Errors
    /// `TypeError` for other objects, for other element types and for arrays that are not aligned.
    pub(super) fn of(object: &'a Bound<'py, PyAny>) -> PyResult<Memory<'a, 'py>> {
        let py = object.py();
        let refused = |what: String| Exception::new(py, Class::Argument, what).with("code", "bad-array").build();
        let foreign = |dtype: String| refused(format!("transforms are of float32, float64, complex64 and complex128 elements, not of {dtype}"));
        if let Ok(array) = object.cast::<PyUntypedArray>() {
            let dtype = array.dtype();
            let native = dtype.is_native_byteorder() != Some(false);
            let element = Element::of(dtype.num()).filter(|_| native).ok_or_else(|| foreign(dtype.to_string()))?;
            // SAFETY: a live array object.
            let fields = unsafe { &(*array.as_array_ptr()).fields };
            if fields.flags & ALIGNED == 0 {
                return Err(refused("the array is not aligned".to_owned()));
            }
            let (shape, mut strides) = (array.shape().to_vec(), array.strides().to_vec());
            let mut address = fields.data.cast();
            if shape.contains(&0) {
                // NumPy calls an array without elements aligned wherever it lies; nothing is read there.
                address = std::ptr::dangling_mut::<Complex<f64>>().cast();
                strides.fill(0);
            }
            return Ok(Memory { object, address, element, shape, strides, writeable: fields.flags & WRITEABLE != 0, gpu: None });
        }
        if let Ok(array) = object.cast::<DeviceNDArray>() {
            let (memory, dtype) = (array.get().memory(), array.get().dtype(py));
            let element = Element::of(dtype.num()).ok_or_else(|| foreign(dtype.to_string()))?;
            let (shape, strides) = (memory.layout().shape().to_vec(), memory.layout().strides().to_vec());
            let gpu = memory.gpu().map(|_| memory.view());
            return Ok(Memory { object, address: memory.pointer(), element, shape, strides, writeable: true, gpu });
        }
        Err(refused(format!("transforms are of arrays, not of {}", object.get_type().name()?)))
    }

    /// The array, if it is in a GPU's memory.
    pub(super) fn gpu(&self) -> Option<&Array> {
        self.gpu.as_ref()
    }

    pub(super) fn element(&self) -> Element {
        self.element
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Strides in units of `T`; those of axes without neighbours are never used.
    fn units<T: Real>(&self) -> PyResult<Vec<isize>> {
        let size = size_of::<T>() as isize;
        let py = self.object.py();
        if self.element.double != (size == 8) {
            let text = format!("the array's elements are not of the transform's precision, float{}", 8 * size);
            return Err(Exception::new(py, Class::Argument, text).with("code", "element-type").build());
        }
        let one = |(&stride, &extent): (&isize, &usize)| if extent <= 1 { Some(0) } else { (stride % size == 0).then_some(stride / size) };
        let strides: Option<Vec<isize>> = self.strides.iter().zip(&self.shape).map(one).collect();
        match strides.filter(|_| self.address.addr().is_multiple_of(align_of::<T>())) {
            Some(strides) => Ok(strides),
            None => Err(Exception::new(py, Class::Argument, "the array is not aligned").with("code", "bad-array").build()),
        }
    }

    /// The array, to be read.
    pub(super) fn input<T: Real>(&self) -> PyResult<Input<'a, T>> {
        let strides = self.units::<T>()?;
        // SAFETY: NumPy's (or the device array's) shape and strides are of memory that the object owns or holds, aligned as just checked; the caller holds the object for the call.
        // That other Python threads may write it meanwhile is theirs to answer for, as with NumPy's own functions.
        Ok(unsafe { Input::new(self.address.cast(), self.element.complex, self.shape.clone(), strides) })
    }

    /// The array, to be written.
    ///
    /// # Errors
    /// `ValueError` if NumPy says that it must not be.
    pub(super) fn output<T: Real>(&self) -> PyResult<Output<'a, T>> {
        if !self.writeable {
            let error = Exception::new(self.object.py(), Class::BadValue, "output array is read-only");
            return Err(error.with("code", "read-only").build());
        }
        let strides = self.units::<T>()?;
        // SAFETY: as above, and writeable.
        Ok(unsafe { Output::new(self.address.cast(), self.element.complex, self.shape.clone(), strides) })
    }
}

/// A new NumPy array in C order, its elements not set.
///
/// # Errors
/// NumPy's, of memory and sizes.
pub(super) fn empty<'py>(py: Python<'py>, element: Element, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let bytes = shape.iter().fold(element.bytes(), |bytes, &extent| bytes.saturating_mul(extent));
    // SAFETY: `usize` extents are at most `isize::MAX` (the spec and NumPy saw to that) and as many as `ndim`; the dtype's reference is taken by the call.
    aligned::making(py, bytes, || unsafe {
        let descr = PY_ARRAY_API.PyArray_DescrFromType(py, element.number());
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            npyffi::get_type_object(py, NpyTypes::PyArray_Type),
            descr,
            shape.len() as c_int,
            shape.as_ptr().cast_mut().cast(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, array)
    })
}

/// The GIL is released for longer rows.
const LONGEST_ATTACHED: usize = 1 << 13;

/// A dense row: its elements, their address and number, and whether they may be written; `None` of any other object.
fn dense_row(object: &Bound<'_, PyAny>) -> Option<(Element, *mut u8, usize, bool)> {
    // SAFETY: NumPy's type object.
    if object.get_type_ptr() != unsafe { npyffi::get_type_object(object.py(), NpyTypes::PyArray_Type) } {
        return None;
    }
    // SAFETY: the object is an ndarray, whose fields NumPy keeps valid; the GIL is held.
    unsafe {
        let fields = &(*object.as_ptr().cast::<PyArrayObject>()).fields;
        if fields.nd != 1 || fields.flags & (ALIGNED | C_CONTIGUOUS) != ALIGNED | C_CONTIGUOUS {
            return None;
        }
        let descr = &(*fields.descr).fields;
        let element = Element::of(descr.type_num).filter(|_| descr.byteorder as u8 != b'>')?;
        Some((element, fields.data.cast(), *fields.dimensions as usize, fields.flags & WRITEABLE != 0))
    }
}

/// See [`super::fft_row`].
pub(super) fn row<'py>(
    py: Python<'py>,
    which: u8,
    x: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    workers: Option<NonZeroUsize>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some((element, data, m, _)) = dense_row(x) else { return Ok(None) };
    let (complex_in, n) = match which {
        0 | 1 => (true, m),
        2 => (false, m),
        3 => (true, 2 * m.saturating_sub(1)),
        _ => return Ok(None),
    };
    if element.complex != complex_in || n == 0 {
        return Ok(None);
    }
    let out_len = if which == 2 { n / 2 + 1 } else { n };
    let made = Element { double: element.double, complex: which != 3 };
    let result = match out {
        Some(out) => out.clone(),
        None => empty(py, made, &[out_len])?,
    };
    let Some((of, to, len, true)) = dense_row(&result) else { return Ok(None) };
    let apart =
        |(low, len): (*mut u8, usize), (other, beyond): (*mut u8, usize)| low.addr() + len <= other.addr() || other.addr() + beyond <= low.addr();
    if of != made || len != out_len || !apart((data, m * element.bytes()), (to, len * made.bytes())) {
        return Ok(None);
    }
    // SAFETY: both arrays are dense rows of as many aligned elements of the type, held by this function, the second writeable and apart from the first. What other Python threads do to
    // them meanwhile is theirs to answer for, as with NumPy's own functions.
    unsafe {
        if element.double {
            typed::<f64>(py, which, workers, (data.cast(), m), (to.cast(), out_len), n)?;
        } else {
            typed::<f32>(py, which, workers, (data.cast(), m), (to.cast(), out_len), n)?;
        }
    }
    Ok(Some(result))
}

/// # Safety
/// `from` and `to` are dense rows with their numbers of elements (complex ones for `fft` and `ifft`, and on one side for the others) that nobody else writes.
unsafe fn typed<T: Real>(
    py: Python<'_>,
    which: u8,
    workers: Option<NonZeroUsize>,
    (from, m): (*const T, usize),
    (to, out): (*mut T, usize),
    n: usize,
) -> PyResult<()> {
    use std::slice::{from_raw_parts, from_raw_parts_mut};
    let (direction, factor) = if which.is_multiple_of(2) { (Direction::Forward, 1.0) } else { (Direction::Inverse, 1.0 / n as f64) };
    // SAFETY: the caller's promise; a complex element is two `T`.
    unsafe {
        match which {
            0 | 1 => {
                let (x, y) = (from_raw_parts::<Complex<T>>(from.cast(), m), from_raw_parts_mut(to.cast(), out));
                timely(py, n, workers, || transform_row(direction, x, y, factor))
            }
            2 => {
                let (x, y) = (from_raw_parts(from, m), from_raw_parts_mut(to.cast::<Complex<T>>(), out));
                timely(py, n, workers, || transform_real_row(x, y, factor))
            }
            _ => {
                let (x, y) = (from_raw_parts::<Complex<T>>(from.cast(), m), from_raw_parts_mut(to, out));
                timely(py, n, workers, || transform_half_row(x, y, factor))
            }
        }
    }
}

/// Works on a row of `n` elements, with the GIL if that is soon done.
fn timely(py: Python<'_>, n: usize, workers: Option<NonZeroUsize>, work: impl FnOnce() -> Result<(), Error> + Send) -> PyResult<()> {
    if n <= LONGEST_ATTACHED { gate::attached(py, work) } else { gate::detached(py, || super::limited(workers, work)) }
}
