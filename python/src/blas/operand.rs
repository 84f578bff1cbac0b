//! Arrays as operands: addresses, element types, shapes and strides.
//!
//! Owns the reading of NumPy's and our own arrays, on the host and on GPUs, and the making of views of them. A view of a GPU's memory goes to cuBLAS and to nobody else: [`gpu_of`] says where all operands are. An operand is as good as its array object, which the caller holds for the length of the
//! call. What other Python threads do to the elements meanwhile is theirs to answer for, as with NumPy.
#![allow(unsafe_code)]

use std::ffi::c_int;

use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API, PyArrayObject};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use verdigris_blas::{Cuda, Error, MatMut, MatRef, Scalar, StackMut, StackRef, VecMut, VecRef};
use verdigris_device::DeviceError;
use verdigris_device::array::Array;
use verdigris_device::cuda::Stream;

use crate::cuda::DeviceNDArray;
use crate::error::{Class, Exception, IntoPyErr};
use crate::machine;

/// NumPy's numbers of the element types.
pub(super) const FLOAT32: c_int = 11;
pub(super) const FLOAT64: c_int = 12;
pub(super) const COMPLEX64: c_int = 14;
pub(super) const COMPLEX128: c_int = 15;

const ALIGNED: c_int = 0x100;
const WRITEABLE: c_int = 0x400;

/// NumPy's number of one of the four types.
pub(super) fn number_of<T: Scalar>() -> c_int {
    match T::LETTER {
        'S' => FLOAT32,
        'D' => FLOAT64,
        'C' => COMPLEX64,
        _ => COMPLEX128,
    }
}

/// What is wrong with an operand, or with a call.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Blas(Error),
    /// Class, code, routine, operand, text.
    Operand(Class, &'static str, String, &'static str, String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Blas(error)
    }
}

impl IntoPyErr for Fault {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        match self {
            Fault::Blas(error) => error.into_py_err(py),
            Fault::Operand(class, code, routine, operand, text) => Exception::new(py, class, format!("{routine}: `{operand}` {text}"))
                .with("code", code)
                .with("routine", routine)
                .with("operand", operand)
                .build(),
        }
    }
}

/// The most axes that an operand of a routine has: a stack of matrices.
const AXES: usize = 3;

/// An array's memory, or that of each array in a list.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// Address of the first element.
    data: usize,
    /// NumPy's number of the element type.
    pub(super) number: c_int,
    writeable: bool,
    /// Whether the array is aligned, of this machine's byte order, and its strides are whole numbers of elements.
    whole: bool,
    /// Whether it is a window that the array's memory does not hold.
    outside: bool,
    ndim: usize,
    /// Of the first axes; 1 for those there are not.
    shape: [usize; AXES],
    /// In elements; of no meaning where not `whole`, and for axes there are not.
    strides: [isize; AXES],
    /// The matrices of a list.
    each: Option<Vec<Raw>>,
    /// The array, if it is in a GPU's memory.
    gpu: Option<Box<Array>>,
}

/// The GPU's cuBLAS that a call's operands ask for, on the stream named or on the default one; `None` where all are on the host. Their memory is given back behind the stream's work.
///
/// # Errors
/// Operands of several GPUs, a stream of another, or no cuBLAS.
pub(super) fn gpu_of(py: Python<'_>, raws: &[Raw], named: Option<&Stream>) -> PyResult<Option<Cuda>> {
    fn all<'r>(raws: &'r [Raw], found: &mut Vec<&'r Array>) {
        for raw in raws {
            match &raw.each {
                Some(each) => all(each, found),
                None => found.extend(raw.gpu.as_deref()),
            }
        }
    }
    let mut arrays = Vec::new();
    all(raws, &mut arrays);
    let mut on: Option<Stream> = None;
    for array in arrays {
        let Some(stream) = array.ordered_on(named).map_err(|error| error.into_py_err(py))? else { continue };
        if let Some(first) = &on
            && first.context() != stream.context()
        {
            let (on, needed) = (stream.context().ordinal(), first.context().ordinal());
            return Err(DeviceError::OtherDevice { what: "array", on, needed }.into_py_err(py));
        }
        on.get_or_insert(stream);
    }
    let Some(stream) = on else { return Ok(None) };
    machine::announce_libraries(py)?;
    Cuda::new(stream).map(Some).map_err(|error| error.into_py_err(py))
}

impl Raw {
    /// Takes an array apart, or a list of arrays, or a window over an array's memory: (array, offset, shape, strides), in elements. `None` of anything else.
    pub(super) fn of(object: &Bound<'_, PyAny>) -> Option<Raw> {
        if let Ok(window) = object.cast::<PyTuple>() {
            let (array, offset, shape, strides) = window.extract::<(Bound<'_, PyAny>, isize, Vec<usize>, Vec<isize>)>().ok()?;
            return Raw::window(&array, offset, &shape, &strides);
        }
        if let Some((raw, ..)) = Raw::of_array(object) {
            return Some(raw);
        }
        let list = object.cast::<PyList>().ok()?;
        let each: Vec<Raw> = list.iter().map(|item| Raw::of(&item)).collect::<Option<_>>()?;
        let first = each.first()?.clone();
        Some(Raw { writeable: each.iter().all(|raw| raw.writeable), each: Some(each), ..first })
    }

    /// Takes an array apart; gives its shape, strides and element size too, in bytes.
    fn of_array<'a>(object: &'a Bound<'_, PyAny>) -> Option<(Raw, &'a [usize], &'a [isize], isize)> {
        if let Ok(array) = object.cast::<DeviceNDArray>() {
            let (memory, dtype) = (array.get().memory(), array.get().dtype(object.py()));
            let (layout, itemsize) = (memory.layout(), dtype.itemsize() as isize);
            let (whole, shape, strides) = axes(layout.shape(), layout.strides(), itemsize);
            let raw = Raw {
                // A GPU's array without elements has no address.
                data: memory.pointer().expose_provenance().max(64),
                number: dtype.num(),
                writeable: true,
                whole: whole && memory.pointer().addr().is_multiple_of(dtype.alignment().max(1)),
                outside: false,
                ndim: layout.shape().len(),
                shape,
                strides,
                each: None,
                gpu: memory.gpu().map(|_| Box::new(memory.view())),
            };
            return Some((raw, layout.shape(), layout.strides(), itemsize));
        }
        let array = object.cast::<PyUntypedArray>().ok()?;
        // SAFETY: an ndarray, held by the caller.
        let raw = unsafe { Raw::of_ndarray(array.as_ptr().cast()) };
        Some((raw, array.shape(), array.strides(), array.dtype().itemsize() as isize))
    }

    /// Takes an ndarray apart that is of no subclass; `None` of anything else.
    #[inline]
    pub(super) fn exact(object: &Bound<'_, PyAny>) -> Option<Raw> {
        // SAFETY: an ndarray, held by the caller.
        is_ndarray(object).then(|| unsafe { Raw::of_ndarray(object.as_ptr().cast()) })
    }

    /// # Safety
    /// The object is an ndarray.
    #[inline]
    unsafe fn of_ndarray(array: *mut PyArrayObject) -> Raw {
        // SAFETY: NumPy keeps an array's fields and dtype valid; the GIL is held.
        unsafe {
            let fields = &(*array).fields;
            let descr = &(*fields.descr).fields;
            let swapped = descr.byteorder as u8 == if cfg!(target_endian = "little") { b'>' } else { b'<' };
            let ndim = fields.nd as usize;
            let (dims, steps): (&[usize], &[isize]) = if ndim == 0 {
                (&[], &[])
            } else {
                (std::slice::from_raw_parts(fields.dimensions.cast(), ndim), std::slice::from_raw_parts(fields.strides, ndim))
            };
            let (whole, shape, strides) = axes(dims, steps, npyffi::PyDataType_ELSIZE(Python::assume_attached(), fields.descr));
            Raw {
                data: fields.data.expose_provenance(),
                number: descr.type_num,
                writeable: fields.flags & WRITEABLE != 0,
                whole: whole && !swapped && fields.flags & ALIGNED != 0,
                outside: false,
                ndim,
                shape,
                strides,
                each: None,
                gpu: None,
            }
        }
    }

    /// Whether it, or the first of its matrices, is in a GPU's memory.
    fn is_on_gpu(&self) -> bool {
        self.gpu.is_some()
    }

    /// The extents of its axes, of the first three if there are more.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape[..self.ndim.min(AXES)]
    }

    /// The product of [`Raw::shape`].
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// How far what is reached lies before and behind the first element, in the unit of the strides; `None` of no element, or of farther than there can be.
    fn span(shape: &[usize], strides: &[isize]) -> Option<(isize, isize)> {
        let (mut low, mut high) = (0_isize, 0_isize);
        for (&extent, &stride) in shape.iter().zip(strides) {
            let reach = stride.checked_mul(isize::try_from(extent.checked_sub(1)?).ok()?)?;
            let side = if reach < 0 { &mut low } else { &mut high };
            *side = side.checked_add(reach)?;
        }
        Some((low, high))
    }

    /// Other elements of an array's memory.
    fn window(array: &Bound<'_, PyAny>, offset: isize, shape: &[usize], strides: &[isize]) -> Option<Raw> {
        let (raw, held_shape, held_strides, itemsize) = Raw::of_array(array)?;
        let bytes = |elements: isize| elements.checked_mul(itemsize);
        let held = Raw::span(held_shape, held_strides);
        let wanted = Raw::span(shape, strides).and_then(|(low, high)| Some((bytes(low.checked_add(offset)?)?, bytes(high.checked_add(offset)?)?)));
        let empty = shape.contains(&0);
        let outside = !empty && !matches!((held, wanted), (Some(held), Some(wanted)) if held.0 <= wanted.0 && wanted.1 <= held.1);
        let mut window = Raw { outside, ..raw };
        if !empty && !outside {
            // Inside the memory, as just found.
            window.data = window.data.wrapping_add_signed(offset * itemsize);
        }
        window.ndim = shape.len();
        (_, window.shape, window.strides) = axes(shape, strides, 1);
        Some(window)
    }
}

/// Whether strides are whole numbers of elements, and the first axes' extents and strides in elements. Elements of a size that is no power of two, which no routine takes, are not whole.
#[inline]
fn axes(shape: &[usize], strides: &[isize], itemsize: isize) -> (bool, [usize; AXES], [isize; AXES]) {
    let shift = itemsize.trailing_zeros();
    let (mut whole, mut extents, mut steps) = (itemsize.count_ones() == 1, [1; AXES], [0_isize; AXES]);
    for axis in 0..AXES.min(shape.len()).min(strides.len()) {
        whole &= shape[axis] <= 1 || strides[axis] & (itemsize - 1) == 0;
        extents[axis] = shape[axis];
        steps[axis] = strides[axis].unbounded_shr(shift);
    }
    (whole, extents, steps)
}

/// Whether an object is an ndarray and of no subclass.
#[inline]
pub(super) fn is_ndarray(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: NumPy's own type object.
    std::ptr::eq(object.get_type_ptr(), unsafe { npyffi::get_type_object(object.py(), NpyTypes::PyArray_Type) })
}

/// A new C-ordered array, its elements not set.
pub(super) fn new_array<'py>(py: Python<'py>, number: c_int, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: as many extents as said, none beyond what a signed number holds: they are other arrays'; the dtype's reference is taken by the call.
    unsafe {
        let descr = PY_ARRAY_API.PyArray_DescrFromType(py, number);
        let class = npyffi::get_type_object(py, NpyTypes::PyArray_Type);
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            class,
            descr,
            shape.len() as c_int,
            shape.as_ptr().cast_mut().cast(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, array)
    }
}

/// A number as NumPy's scalar of its type.
pub(super) fn new_number<T: Scalar>(py: Python<'_>, value: T) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the dtype of that number is laid out as `T`, and is read once; its reference is ours to give back.
    unsafe {
        let descr = PY_ARRAY_API.PyArray_DescrFromType(py, number_of::<T>());
        let held = Bound::from_owned_ptr_or_err(py, descr.cast())?;
        let made = PY_ARRAY_API.PyArray_Scalar(py, std::ptr::from_ref(&value).cast_mut().cast(), held.as_ptr().cast(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// The operands of one call, taken in the routine's order.
pub(super) struct Operands<'c> {
    pub(super) routine: &'c str,
    raws: &'c [&'c Raw],
    next: usize,
    on_gpu: bool,
}

impl<'c> Operands<'c> {
    pub(super) fn new(routine: &'c str, raws: &'c [&'c Raw]) -> Operands<'c> {
        Operands { routine, raws, next: 0, on_gpu: raws.iter().any(|raw| raw.is_on_gpu()) }
    }

    fn fault(&self, class: Class, code: &'static str, operand: &'static str, text: impl Into<String>) -> Fault {
        Fault::Operand(class, code, self.routine.to_owned(), operand, text.into())
    }

    /// The next operand, of that type and number of axes.
    fn take<T>(&mut self, operand: &'static str, number: c_int, ndim: usize, write: bool) -> Result<(*mut T, &'c Raw, &'c [isize; AXES]), Fault> {
        let Some(&raw) = self.raws.get(self.next) else {
            return Err(self.fault(Class::Internal, "internal", operand, "was not given"));
        };
        self.next += 1;
        self.judged(operand, raw, number, ndim, write)
    }

    /// The next operand, a contiguous list on the host: of what a routine says besides its arrays.
    fn take_list<T>(&mut self, operand: &'static str, number: c_int) -> Result<&'c mut [T], Fault> {
        let on_gpu = std::mem::take(&mut self.on_gpu);
        let taken = self.take::<T>(operand, number, 1, true);
        self.on_gpu = on_gpu;
        let (data, raw, strides) = taken?;
        if strides[0] != 1 && raw.shape[0] > 1 {
            return Err(self.fault(Class::Argument, "bad-layout", operand, "is not contiguous"));
        }
        // SAFETY: contiguous, aligned, writeable, on the host, and of this call alone.
        Ok(unsafe { std::slice::from_raw_parts_mut(data, raw.shape[0]) })
    }

    fn judged<T>(
        &self,
        operand: &'static str,
        raw: &'c Raw,
        number: c_int,
        ndim: usize,
        write: bool,
    ) -> Result<(*mut T, &'c Raw, &'c [isize; AXES]), Fault> {
        if raw.is_on_gpu() != self.on_gpu {
            let (here, there) = if self.on_gpu { ("the host's", "a GPU's") } else { ("a GPU's", "the host's") };
            return Err(self.fault(Class::Device, "mixed-devices", operand, format!("is in {here} memory, and has to be in {there}")));
        }
        if raw.number != number {
            return Err(self.fault(Class::Argument, "dtype-mismatch", operand, "has another dtype than the operands before it"));
        }
        if raw.ndim != ndim {
            let axes = |n: usize| if n == 1 { "1 dimension".to_owned() } else { format!("{n} dimensions") };
            return Err(self.fault(Class::Shape, "ndim", operand, format!("has {}, and has to have {}", axes(raw.ndim), axes(ndim))));
        }
        if write && !raw.writeable {
            return Err(self.fault(Class::Argument, "read-only", operand, "is read-only, and the result would be written to it"));
        }
        if raw.outside {
            let text = format!("has less memory than sizes and steps ask for (shape {:?})", raw.shape());
            return Err(self.fault(Class::Shape, "outside", operand, text));
        }
        if !raw.whole {
            return Err(self.fault(Class::Argument, "bad-layout", operand, "is not aligned, or of the other byte order: use a copy"));
        }
        Ok((std::ptr::with_exposed_provenance_mut(raw.data), raw, &raw.strides))
    }

    pub(super) fn vec<T: Scalar>(&mut self, operand: &'static str) -> Result<VecRef<'c, T>, Fault> {
        let (data, raw, strides) = self.take::<T>(operand, number_of::<T>(), 1, false)?;
        // SAFETY: an array's elements, as the module's head says; aligned.
        Ok(unsafe { VecRef::from_raw(data, raw.shape[0], strides[0]) })
    }

    pub(super) fn vec_mut<T: Scalar>(&mut self, operand: &'static str) -> Result<VecMut<'c, T>, Fault> {
        let (data, raw, strides) = self.take::<T>(operand, number_of::<T>(), 1, true)?;
        // SAFETY: as in `vec`; that no other operand shares it is judged by the call's constructor, that its elements are apart just below.
        let view = unsafe { VecMut::from_raw(data, raw.shape[0], strides[0]) };
        if view.is_apart() { Ok(view) } else { Err(self.overlap(operand)) }
    }

    fn overlap(&self, operand: &'static str) -> Fault {
        self.fault(Class::BadValue, "overlap", operand, "has elements that share memory with one another (is it broadcast?), and would be written")
    }

    pub(super) fn mat<T: Scalar>(&mut self, operand: &'static str) -> Result<MatRef<'c, T>, Fault> {
        self.mat_of(operand, number_of::<T>())
    }

    pub(super) fn mat_mut<T: Scalar>(&mut self, operand: &'static str) -> Result<MatMut<'c, T>, Fault> {
        self.mat_mut_of(operand, number_of::<T>())
    }

    /// A matrix of elements with that number of NumPy's, which has to be that of a type laid out as `T`.
    pub(super) fn mat_of<T: Copy>(&mut self, operand: &'static str, number: c_int) -> Result<MatRef<'c, T>, Fault> {
        let (data, raw, strides) = self.take::<T>(operand, number, 2, false)?;
        // SAFETY: as in `vec`.
        Ok(unsafe { MatRef::from_raw(data, (raw.shape[0], raw.shape[1]), (strides[0], strides[1])) })
    }

    /// As [`Operands::mat_of`], to write.
    pub(super) fn mat_mut_of<T: Copy>(&mut self, operand: &'static str, number: c_int) -> Result<MatMut<'c, T>, Fault> {
        let (data, raw, strides) = self.take::<T>(operand, number, 2, true)?;
        // SAFETY: as in `vec_mut`.
        let view = unsafe { MatMut::from_raw(data, (raw.shape[0], raw.shape[1]), (strides[0], strides[1])) };
        if view.is_apart() { Ok(view) } else { Err(self.overlap(operand)) }
    }

    /// A stack of matrices: an array of three axes, or a list of arrays of two.
    pub(super) fn stack<T: Scalar>(&mut self, operand: &'static str) -> Result<StackRef<'c, T>, Fault> {
        if let Some(Raw { each: Some(each), .. }) = self.raws.get(self.next) {
            self.next += 1;
            let view = |raw: &'c Raw| -> Result<MatRef<'c, T>, Fault> {
                let (data, raw, strides) = self.judged::<T>(operand, raw, number_of::<T>(), 2, false)?;
                // SAFETY: as in `vec`.
                Ok(unsafe { MatRef::from_raw(data, (raw.shape[0], raw.shape[1]), (strides[0], strides[1])) })
            };
            let each = each.iter().map(view).collect::<Result<Vec<_>, Fault>>()?;
            return StackRef::each(each).ok_or_else(|| self.fault(Class::Shape, "empty", operand, "is an empty list"));
        }
        let (data, raw, strides) = self.take::<T>(operand, number_of::<T>(), 3, false)?;
        // SAFETY: as in `vec`, for each matrix.
        Ok(unsafe { StackRef::from_raw(MatRef::from_raw(data, (raw.shape[1], raw.shape[2]), (strides[1], strides[2])), raw.shape[0], strides[0]) })
    }

    pub(super) fn stack_mut<T: Scalar>(&mut self, operand: &'static str) -> Result<StackMut<'c, T>, Fault> {
        let stack = if let Some(Raw { each: Some(each), .. }) = self.raws.get(self.next) {
            self.next += 1;
            let view = |raw: &'c Raw| -> Result<MatMut<'c, T>, Fault> {
                let (data, raw, strides) = self.judged::<T>(operand, raw, number_of::<T>(), 2, true)?;
                // SAFETY: as in `vec_mut`; that the matrices are apart is judged below.
                Ok(unsafe { MatMut::from_raw(data, (raw.shape[0], raw.shape[1]), (strides[0], strides[1])) })
            };
            let each = each.iter().map(view).collect::<Result<Vec<_>, Fault>>()?;
            StackMut::each(each).ok_or_else(|| self.fault(Class::Shape, "empty", operand, "is an empty list"))?
        } else {
            let (data, raw, strides) = self.take::<T>(operand, number_of::<T>(), 3, true)?;
            // SAFETY: as above.
            unsafe { StackMut::from_raw(MatMut::from_raw(data, (raw.shape[1], raw.shape[2]), (strides[1], strides[2])), raw.shape[0], strides[0]) }
        };
        if stack.is_apart() { Ok(stack) } else { Err(self.overlap(operand)) }
    }

    /// A contiguous list of int32 that the Python side has made for this call.
    pub(super) fn ints(&mut self, operand: &'static str) -> Result<&'c mut [i32], Fault> {
        self.take_list(operand, 5)
    }

    /// As [`Operands::ints`], of the call's own type.
    pub(super) fn list<T: Scalar>(&mut self, operand: &'static str) -> Result<&'c mut [T], Fault> {
        self.take_list(operand, number_of::<T>())
    }
}
