//! NumPy's objects as its C structures show them: arrays, scalars, new results, floating-point errors.
//!
//! Owns every read of a NumPy structure for ufuncs. Only what the fast path admits is understood: exact arrays and scalars of our types in native byte order; the rest is
//! answered with `None`, and NumPy's own machinery judges it.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;

use numpy::PyArrayDescr;
use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API, PyArray_Descr, PyArrayObject};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

use verdigris_compiler::types::{ScalarType, TimeUnit};
use verdigris_device::array as device;
use verdigris_device::float_env::Flags;
use verdigris_vectorize::Error;
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::run::{ALL_FLAGS, Loop, Operand};

use crate::fork;

/// NumPy's number of a type.
pub(super) const fn type_number(ty: ScalarType) -> c_int {
    use ScalarType::*;
    match ty {
        Bool => 0,
        I8 => 1,
        U8 => 2,
        I16 => 3,
        U16 => 4,
        I32 => 5,
        U32 => 6,
        I64 => 7,
        U64 => 8,
        F32 => 11,
        F64 => 12,
        C64 => 14,
        C128 => 15,
        DateTime(_) => 21,
        TimeDelta(_) => 22,
        F16 => 23,
        // Refused where signatures and dtypes are read.
        BF16 => panic!("no ufunc has bfloat16"),
    }
}

/// The type of that number, `long long` being int64.
pub(super) const fn scalar_type(number: c_int) -> Option<ScalarType> {
    use ScalarType::*;
    Some(match number {
        0 => Bool,
        1 => I8,
        2 => U8,
        3 => I16,
        4 => U16,
        5 => I32,
        6 => U32,
        7 | 9 => I64,
        8 | 10 => U64,
        11 => F32,
        12 => F64,
        14 => C64,
        15 => C128,
        23 => F16,
        _ => return None,
    })
}

/// The type of a dtype of numbers, whatever its byte order, and whether that is the other one.
///
/// # Safety
/// `descr` is a dtype.
pub(super) unsafe fn descr_type(descr: *const PyArray_Descr) -> Option<(ScalarType, bool)> {
    // SAFETY: the caller's promise.
    let fields = unsafe { &(*descr).fields };
    Some((scalar_type(fields.type_num)?, fields.byteorder as u8 == if cfg!(target_endian = "little") { b'>' } else { b'<' }))
}

/// What a dtype says of an argument: a type of numbers, or a date or a time, whose unit is taken without its multiple.
///
/// # Safety
/// `descr` is a dtype.
pub(super) unsafe fn descr_argument(descr: *const PyArray_Descr) -> Option<Argument> {
    /// The dtypes of NumPy's own types, since NumPy 2.0.
    #[repr(C)]
    struct Legacy {
        common: PyArray_Descr,
        flags: u64,
        itemsize: isize,
        alignment: isize,
        metadata: *mut c_void,
        hash: isize,
        reserved: [*mut c_void; 2],
        subarray: *mut c_void,
        fields: *mut c_void,
        names: *mut c_void,
        unit: *const UnitData,
    }
    /// `PyArray_DatetimeDTypeMetaData`.
    #[repr(C)]
    struct UnitData {
        base: [*mut c_void; 4],
        unit: c_int,
        multiple: c_int,
    }
    // SAFETY: the caller's promise; dtypes of dates and times have their units there.
    unsafe {
        let number = (*descr).fields.type_num;
        let date = match number {
            21 => true,
            22 => false,
            _ => return Some(Argument::Typed(scalar_type(number)?)),
        };
        // NumPy's numbers leave out 3, which once were business days.
        let unit = match (*(*descr.cast::<Legacy>()).unit).unit {
            14 => return Some(if date { Argument::Date } else { Argument::Time }),
            n @ 0..=2 => n,
            n => n - 1,
        };
        let unit = *TimeUnit::ALL.get(usize::try_from(unit).ok()?)?;
        Some(Argument::Typed(if date { ScalarType::DateTime(unit) } else { ScalarType::TimeDelta(unit) }))
    }
}

/// A type's dtype: a new reference.
pub(super) fn descr_of(py: Python<'_>, ty: ScalarType) -> PyResult<*mut PyArray_Descr> {
    if ty.is_time() {
        return Ok(PyArrayDescr::new(py, ty.name())?.into_ptr().cast());
    }
    // SAFETY: the number is one of NumPy's own types.
    Ok(unsafe { PY_ARRAY_API.PyArray_DescrFromType(py, type_number(ty)) })
}

/// NumPy's C types, looked up once.
pub(super) struct Types {
    ndarray: *mut ffi::PyTypeObject,
    /// Scalar classes with what they hold.
    scalars: Vec<(*mut ffi::PyTypeObject, ScalarType)>,
    give_errors: unsafe extern "C" fn(*const c_char, c_int) -> c_int,
    api: NonNull<*const c_void>,
    array_api: NonNull<*const c_void>,
}

// SAFETY: addresses of objects that live as long as the process, used only with the GIL held.
unsafe impl Send for Types {}
// SAFETY: as above.
unsafe impl Sync for Types {}

impl Types {
    pub(super) fn get(py: Python<'_>) -> PyResult<&'static Types> {
        static TYPES: PyOnceLock<Types> = PyOnceLock::new();
        fork::once(py, &TYPES, || {
            let umath = py.import("numpy._core._multiarray_umath")?;
            let capsule = umath.getattr("_UFUNC_API")?.cast_into::<PyCapsule>()?;
            let api: NonNull<*const c_void> = capsule.pointer_checked(None)?.cast();
            let array_capsule = umath.getattr("_ARRAY_API")?.cast_into::<PyCapsule>()?;
            let array_api: NonNull<*const c_void> = array_capsule.pointer_checked(None)?.cast();
            // The tables live as long as their capsules, which NumPy's module holds; hold them too.
            std::mem::forget((capsule, array_capsule));
            let numpy = py.import("numpy")?;
            let mut scalars = Vec::new();
            for ty in ScalarType::NUMBERS {
                let class = PyArrayDescr::new(py, ty.name())?.getattr("type")?;
                scalars.push((class.as_ptr().cast(), ty));
                std::mem::forget(class);
            }
            for (name, ty) in [("longlong", ScalarType::I64), ("ulonglong", ScalarType::U64)] {
                let class = numpy.getattr(name)?;
                scalars.push((class.as_ptr().cast(), ty));
                std::mem::forget(class);
            }
            Ok(Types {
                // SAFETY: NumPy is imported.
                ndarray: unsafe { npyffi::get_type_object(py, NpyTypes::PyArray_Type) },
                scalars,
                // SAFETY: slot 46 is PyUFunc_GiveFloatingpointErrors since NumPy 2.0, the oldest supported.
                give_errors: unsafe {
                    std::mem::transmute::<*const c_void, unsafe extern "C" fn(*const c_char, c_int) -> c_int>(*api.as_ptr().add(46))
                },
                api,
                array_api,
            })
        })
    }

    /// An entry of the ufunc API's table.
    ///
    /// # Safety
    /// The table has that slot.
    pub(super) unsafe fn slot(&self, index: usize) -> *const c_void {
        // SAFETY: the caller's promise.
        unsafe { *self.api.as_ptr().add(index) }
    }

    /// An entry of the array API's table.
    ///
    /// # Safety
    /// The table has that slot.
    pub(super) unsafe fn array_slot(&self, index: usize) -> *const c_void {
        // SAFETY: the caller's promise.
        unsafe { *self.array_api.as_ptr().add(index) }
    }

    /// Whether an object is an ndarray and of no subclass.
    #[inline]
    pub(super) fn is_array(&self, object: &Bound<'_, PyAny>) -> bool {
        object.get_type_ptr() == self.ndarray
    }

    /// What a NumPy scalar holds, as bytes; `None` for any other object.
    pub(super) fn scalar(&self, object: &Bound<'_, PyAny>) -> Option<(ScalarType, [u8; 16])> {
        let class = object.get_type_ptr();
        let ty = self.scalars.iter().find(|(t, _)| *t == class)?.1;
        let mut bytes = Aligned([0; 16]);
        // SAFETY: the object is exactly a NumPy scalar of that type, whose value has at most 16 bytes.
        unsafe { PY_ARRAY_API.PyArray_ScalarAsCtype(object.py(), object.as_ptr(), bytes.0.as_mut_ptr().cast()) };
        Some((ty, bytes.0))
    }

    /// Has NumPy warn, raise or call for these flags as `np.errstate` says.
    pub(super) fn report(&self, py: Python<'_>, name: &CStr, flags: Flags) -> PyResult<()> {
        let bits = flags.divide as c_int | (flags.overflow as c_int) << 1 | (flags.underflow as c_int) << 2 | (flags.invalid as c_int) << 3;
        // SAFETY: the GIL is held; the name is a C string.
        if bits != 0 && unsafe { (self.give_errors)(name.as_ptr(), bits) } < 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(())
    }
}

#[repr(C, align(16))]
struct Aligned([u8; 16]);

const C_CONTIGUOUS: c_int = 0x1;
const ALIGNED: c_int = 0x100;
const WRITEABLE: c_int = 0x400;
const WRITEBACK_IF_COPY: c_int = 0x2000;

/// An exact ndarray of one of our types, native and aligned.
#[derive(Clone, Copy)]
pub(super) struct Array<'py> {
    object: NonNull<PyArrayObject>,
    ty: ScalarType,
    held: PhantomData<&'py ()>,
}

impl<'py> Array<'py> {
    /// Takes an object that [`Types::is_array`] has found to be one.
    #[inline]
    pub(super) fn of(object: &Bound<'py, PyAny>) -> Option<Array<'py>> {
        let object = NonNull::new(object.as_ptr().cast::<PyArrayObject>())?;
        // SAFETY: the object is an ndarray, whose fields and dtype NumPy keeps valid; the GIL is held.
        unsafe {
            let fields = &(*object.as_ptr()).fields;
            let (ty, swapped) = descr_type(fields.descr)?;
            (!swapped && fields.flags & ALIGNED != 0).then_some(Array { object, ty, held: PhantomData })
        }
    }

    pub(super) fn ty(&self) -> ScalarType {
        self.ty
    }

    /// Its shape, if it has axes and its elements lie in C order without gaps.
    #[inline]
    pub(super) fn dense_shape(&self) -> Option<&'py [isize]> {
        // SAFETY: as in `operand`.
        unsafe {
            let fields = &(*self.object.as_ptr()).fields;
            let dense = fields.nd > 0 && fields.flags & C_CONTIGUOUS != 0;
            dense.then(|| std::slice::from_raw_parts(fields.dimensions, fields.nd as usize))
        }
    }

    /// Address of its first element.
    #[inline]
    pub(super) fn data(&self) -> *mut u8 {
        // SAFETY: as in `of`.
        unsafe { (*self.object.as_ptr()).fields.data.cast() }
    }

    /// Whether results may be written to it.
    pub(super) fn writeable(&self) -> bool {
        // SAFETY: as in `of`.
        unsafe { (*self.object.as_ptr()).fields.flags & (WRITEABLE | WRITEBACK_IF_COPY) == WRITEABLE }
    }

    /// Its elements, as long as the array object is held and nobody resizes it.
    #[inline]
    pub(super) fn operand(&self) -> Operand<'py> {
        // SAFETY: NumPy's fields describe elements inside the array's memory; the caller holds the object for the length of the call. What other Python threads do to the elements
        // meanwhile is theirs to answer for, as with NumPy's own ufuncs.
        unsafe {
            let fields = &(*self.object.as_ptr()).fields;
            let ndim = fields.nd as usize;
            let (shape, strides): (&[isize], &[isize]) = if ndim == 0 {
                (&[], &[])
            } else {
                (std::slice::from_raw_parts(fields.dimensions, ndim), std::slice::from_raw_parts(fields.strides, ndim))
            };
            Operand::new(fields.data.cast(), self.ty, false, shape, strides)
        }
    }
}

/// A scalar argument's value, in memory.
pub(super) struct Value(Aligned);

impl Value {
    pub(super) const ZERO: Value = Value(Aligned([0; 16]));

    pub(super) fn new(bytes: [u8; 16]) -> Value {
        Value(Aligned(bytes))
    }

    pub(super) fn bytes(&self) -> [u8; 16] {
        self.0.0
    }

    /// Address of the value.
    pub(super) fn data(&mut self) -> *mut u8 {
        self.0.0.as_mut_ptr()
    }

    /// Fills a buffer with copies of the value, of `size` bytes each.
    pub(super) fn fill(&self, buffer: &mut [u64], size: usize) {
        let whole = u64::from_ne_bytes(self.0.0[..8].try_into().expect("eight bytes"));
        match size {
            16 => {
                let other = u64::from_ne_bytes(self.0.0[8..].try_into().expect("eight bytes"));
                buffer.iter_mut().enumerate().for_each(|(i, b)| *b = if i % 2 == 0 { whole } else { other });
            }
            8 => buffer.fill(whole),
            _ => {
                let mut word = [0u8; 8];
                word.chunks_mut(size).for_each(|c| c.copy_from_slice(&self.0.0[..size]));
                buffer.fill(u64::from_ne_bytes(word));
            }
        }
    }

    /// The value as an operand without axes.
    pub(super) fn operand(&self, ty: ScalarType) -> Operand<'_> {
        // SAFETY: 16 bytes that hold a value of the type; written only through `result` by a call that this thread makes.
        unsafe { Operand::new(self.0.0.as_ptr().cast_mut(), ty, false, &[], &[]) }
    }

    /// The value as the operand a result is written to.
    pub(super) fn result(&mut self, ty: ScalarType) -> Operand<'_> {
        // SAFETY: 16 bytes, borrowed mutably.
        unsafe { Operand::new(self.0.0.as_mut_ptr(), ty, false, &[], &[]) }
    }

    /// The value as a NumPy scalar.
    pub(super) fn to_scalar<'py>(&self, py: Python<'py>, ty: ScalarType) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the bytes hold a value of the dtype; PyArray_Scalar copies it and keeps its own reference to the dtype, of which ours is dropped.
        unsafe {
            let descr = PY_ARRAY_API.PyArray_DescrFromType(py, type_number(ty));
            let scalar = PY_ARRAY_API.PyArray_Scalar(py, self.0.0.as_ptr().cast_mut().cast(), descr, std::ptr::null_mut());
            ffi::Py_DECREF(descr.cast());
            Bound::from_owned_ptr_or_err(py, scalar)
        }
    }
}

/// Runs a loop over memory that the caller has taken from arrays of its very types, dense and of `count` elements, from values, and from a new array as output.
pub(super) fn run_short(lp: &Loop, pointers: &[*mut u8], count: usize) -> Result<Flags, Error> {
    // SAFETY: `call::short` alone calls this, with addresses of arrays it holds (`Array::of` and `dense_shape` have judged type, byte order, alignment and order), of buffers filled for
    // `count` elements, and of an array just made, which nothing else knows.
    unsafe { verdigris_vectorize::run::run_short(lp, pointers, count, ALL_FLAGS) }
}

/// A new array of that shape with those strides (else in C order), its elements not set.
pub(super) fn empty<'py>(py: Python<'py>, types: &Types, ty: ScalarType, shape: &[isize], strides: Option<&[isize]>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: shape and strides have `ndim` entries and describe dense memory; the dtype's reference is taken by the call.
    unsafe {
        let descr = PY_ARRAY_API.PyArray_DescrFromType(py, type_number(ty));
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            types.ndarray,
            descr,
            shape.len() as c_int,
            shape.as_ptr().cast_mut(),
            strides.map_or(std::ptr::null_mut(), |s| s.as_ptr().cast_mut()),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, array)
    }
}

/// A device array's memory as a NumPy array that keeps its owner alive.
pub(crate) fn host_array<'py>(owner: &Bound<'py, PyAny>, dtype: &Bound<'py, PyArrayDescr>, array: &device::Array) -> PyResult<Bound<'py, PyAny>> {
    let py = owner.py();
    let layout = array.layout();
    let shape: Vec<isize> = layout.shape().iter().map(|n| *n as isize).collect();
    // SAFETY: pointer and layout are a device array's, which checked that every element lies in its buffer; the CPU device's memory is the host's. The buffer lives as long as its owner, which
    // the new array holds. References to dtype and owner are taken over by the calls.
    unsafe {
        let made = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            Types::get(py)?.ndarray,
            dtype.clone().into_ptr().cast(),
            shape.len() as c_int,
            shape.as_ptr().cast_mut(),
            layout.strides().as_ptr().cast_mut(),
            array.pointer().cast(),
            WRITEABLE,
            std::ptr::null_mut(),
        );
        let made = Bound::from_owned_ptr_or_err(py, made)?;
        if PY_ARRAY_API.PyArray_SetBaseObject(py, made.as_ptr().cast(), owner.clone().into_ptr()) < 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(made)
    }
}
