//! The genuine `numpy.ufunc` behind each of ours: its creation, its loops, and the hook by which NumPy asks for a loop it has not seen.
//!
//! NumPy keeps raw pointers to a ufunc's tables and names; they live in the [`Core`] that the ufunc's `obj` field holds. All here but [`inner`] runs with the GIL held.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::sync::Arc;

use numpy::npyffi::{NPY_CASTING, PY_ARRAY_API, PY_UFUNC_API, PyArray_Descr, PyArrayObject, PyUFuncObject, npy_intp};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use verdigris_compiler::types::ScalarType;
use verdigris_device::float_env::Flags;
use verdigris_vectorize::casting::{Argument, safe};
use verdigris_vectorize::run::{ALL_FLAGS, Loop, Options, Strip, run_strips};
use verdigris_vectorize::{Error, Target, Ufunc};

use super::core::Core;
use super::numpy::{Types, descr_type, type_number};
use crate::cuda::watch;
use crate::error::IntoPyErr;
use crate::gate;

/// What NumPy hands back to [`inner`] for a loop.
struct LoopData {
    lp: Arc<Loop>,
    associative: bool,
    parallel: bool,
}

type Inner = Option<unsafe extern "C" fn(*mut *mut c_char, *mut npy_intp, *mut npy_intp, *mut c_void)>;

/// Tables as NumPy reads them: entry i of each is loop i.
#[derive(Default)]
struct Table {
    functions: Vec<Inner>,
    data: Vec<*mut c_void>,
    types: Vec<c_char>,
}

/// The loops a genuine ufunc knows. Tables only grow; those that were replaced are kept, since a call under way may still read them.
#[derive(Default)]
pub(super) struct Tables {
    #[expect(clippy::vec_box, reason = "NumPy keeps pointers to them")]
    loops: Vec<Box<LoopData>>,
    #[expect(clippy::vec_box, reason = "NumPy keeps pointers to them")]
    tables: Vec<Box<Table>>,
}

// SAFETY: the raw pointers are to `loops`, which is as Send as an Arc of a loop.
unsafe impl Send for Tables {}

const REORDERABLE_NONE: c_int = -2;
const NO_IDENTITY: c_int = -1;
const IDENTITY_VALUE: c_int = -3;

/// Makes the `numpy.ufunc` of a core.
pub(super) fn create<'py>(py: Python<'py>, core: &Bound<'py, Core>) -> PyResult<Bound<'py, PyAny>> {
    type FromFunctions = unsafe extern "C" fn(
        *mut Inner,
        *mut *mut c_void,
        *const c_char,
        c_int,
        c_int,
        c_int,
        c_int,
        *const c_char,
        *const c_char,
        c_int,
        *const c_char,
        *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
    let types = Types::get(py)?;
    let this = core.get();
    let (identity, value) = match &this.identity {
        super::core::Identity::None => (NO_IDENTITY, std::ptr::null_mut()),
        super::core::Identity::Reorderable => (REORDERABLE_NONE, std::ptr::null_mut()),
        super::core::Identity::Value(value) => (IDENTITY_VALUE, value.as_ptr()),
    };
    // SAFETY: slot 42 is PyUFunc_FromFuncAndDataAndSignatureAndIdentity since NumPy 1.16. Names live in the core, which the ufunc holds from here on; there are no loops yet.
    unsafe {
        let make: FromFunctions = std::mem::transmute(types.slot(42));
        let ufunc = make(
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null(),
            0,
            this.inputs as c_int,
            this.outputs as c_int,
            identity,
            this.name.as_ptr(),
            this.doc.as_ptr(),
            0,
            std::ptr::null(),
            value,
        );
        let ufunc = Bound::from_owned_ptr_or_err(py, ufunc)?;
        let fields = &mut (*ufunc.as_ptr().cast::<PyUFuncObject>()).fields;
        fields.obj = core.clone().into_any().into_ptr();
        // NumPy asks the hook only if there is some loop or this table; an empty one says no user dtype has a loop.
        if fields.userloops.is_null() {
            fields.userloops = PyDict::new(py).into_any().into_ptr();
        }
        fields.type_resolver = Some(resolve);
        Ok(ufunc)
    }
}

/// Adds a loop to a genuine ufunc, if it is not there.
///
/// # Safety
/// `ufunc` was made by [`create`] for `core`.
unsafe fn publish(ufunc: *mut PyUFuncObject, core: &Core, engine: &Ufunc, lp: &Arc<Loop>) {
    let mut tables = core.tables.lock().unwrap_or_else(|e| e.into_inner());
    if tables.loops.iter().any(|d| Arc::ptr_eq(&d.lp, lp)) {
        return;
    }
    let options = engine.options();
    tables.loops.push(Box::new(LoopData { lp: lp.clone(), associative: options.associative, parallel: options.target == Target::Parallel }));
    let mut table = Box::new(Table::default());
    for data in &tables.loops {
        let signature = data.lp.signature();
        table.functions.push(Some(inner));
        table.data.push(std::ptr::from_ref::<LoopData>(data).cast_mut().cast());
        table.types.extend(signature.inputs.iter().chain(&signature.outputs).map(|t| type_number(*t) as c_char));
    }
    // SAFETY: the caller's promise; the GIL is held, so nobody reads the fields meanwhile.
    unsafe {
        let fields = &mut (*ufunc).fields;
        fields.functions = table.functions.as_mut_ptr();
        fields.data = table.data.as_mut_ptr();
        fields.types = table.types.as_mut_ptr();
        fields.ntypes = table.functions.len() as c_int;
    }
    tables.tables.push(table);
}

/// Bits by which NumPy marks the temporary arrays of Python scalars while it resolves types.
const WAS_PYTHON_INT: c_int = 1 << 30;
const WAS_PYTHON_FLOAT: c_int = 1 << 29;
const WAS_PYTHON_COMPLEX: c_int = 1 << 28;

/// NumPy's question which types a call runs with. Answers with the types of the loop that the fast path would choose, compiled now if need be.
unsafe extern "C" fn resolve(
    ufunc: *mut PyUFuncObject,
    casting: NPY_CASTING,
    operands: *mut *mut PyArrayObject,
    type_tuple: *mut ffi::PyObject,
    descrs: *mut *mut PyArray_Descr,
) -> c_int {
    // SAFETY: NumPy calls with the GIL held.
    let py = unsafe { Python::assume_attached() };
    let answer = gate::guarded(|| -> PyResult<Option<Arc<Loop>>> {
        // SAFETY: `create` stored the core in `obj`; NumPy gives `nargs` operands, inputs never null, and a tuple of dtypes, classes and None or null.
        unsafe {
            let core = Bound::from_borrowed_ptr(py, (*ufunc).fields.obj).cast_into::<Core>()?;
            let core = core.get();
            let engine = core.engine(py)?;
            let inputs = std::slice::from_raw_parts(operands, core.inputs);
            let given = (!type_tuple.is_null()).then(|| Bound::from_borrowed_ptr(py, type_tuple));
            let Some(lp) = choose(py, &engine, inputs, given)? else { return Ok(None) };
            publish(ufunc, core, &engine, &lp);
            Ok(Some(lp))
        }
    });
    match answer {
        Ok(Ok(Some(lp))) => {
            let signature = lp.signature();
            for (k, ty) in signature.inputs.iter().chain(&signature.outputs).enumerate() {
                // SAFETY: `descrs` has room for a new reference for each operand.
                unsafe { *descrs.add(k) = PY_ARRAY_API.PyArray_DescrFromType(py, type_number(*ty)) };
            }
            0
        }
        // No loop: NumPy's own resolver finds none either, and says so in its own words.
        // SAFETY: as we were called.
        Ok(Ok(None)) => unsafe { PY_UFUNC_API.PyUFunc_DefaultTypeResolver(py, ufunc, casting, operands, type_tuple, descrs) },
        Ok(Err(error)) => {
            error.restore(py);
            -1
        }
        Err(bug) => {
            bug.into_py_err(py).restore(py);
            -1
        }
    }
}

/// The loop for operands and, where given, the types asked for by `dtype=` or `signature=`; `None` if there is none.
///
/// # Safety
/// The operands are arrays.
unsafe fn choose(py: Python<'_>, engine: &Ufunc, inputs: &[*mut PyArrayObject], given: Option<Bound<'_, PyAny>>) -> PyResult<Option<Arc<Loop>>> {
    let mut arguments: SmallVec<[Argument; 6]> = SmallVec::new();
    for &input in inputs {
        // SAFETY: the caller's promise.
        let fields = unsafe { &(*input).fields };
        arguments.push(if fields.flags & WAS_PYTHON_INT != 0 {
            Argument::Int
        } else if fields.flags & WAS_PYTHON_FLOAT != 0 {
            Argument::Float
        } else if fields.flags & WAS_PYTHON_COMPLEX != 0 {
            Argument::Complex
        } else {
            // SAFETY: an array has a dtype.
            match unsafe { descr_type(fields.descr) } {
                Some((ty, _)) => Argument::Typed(ty),
                None => return Ok(None),
            }
        });
    }
    let mut asked: SmallVec<[Option<ScalarType>; 4]> = SmallVec::from_elem(None, inputs.len() + engine.outputs());
    if let Some(given) = given {
        for (place, item) in asked.iter_mut().zip(given.cast::<PyTuple>()?.iter_borrowed()) {
            if !item.is_none() {
                let name: String = py.import("numpy")?.getattr("dtype")?.call1((item,))?.getattr("name")?.extract()?;
                let Some(ty) = ScalarType::from_name(&name) else { return Ok(None) };
                *place = Some(ty);
            }
        }
    }
    // A method that folds with `dtype=` asks for the accumulator and the result only; what is folded in takes their type too.
    if let ([Some(first), second @ None, Some(result)], [_, Argument::Typed(folded)]) = (&mut asked[..], &arguments[..])
        && first == result
        && safe(*folded, *first)
    {
        *second = Some(*first);
    }
    let (asked_inputs, asked_outputs) = asked.split_at(inputs.len());
    for (argument, asked) in arguments.iter_mut().zip(asked_inputs) {
        if let Some(ty) = asked {
            *argument = Argument::Typed(*ty);
        }
    }
    let fits = |lp: &Loop| asked_outputs.iter().zip(&lp.signature().outputs).all(|(asked, ty)| asked.is_none_or(|a| a == *ty));
    let mut tries: SmallVec<[SmallVec<[Argument; 6]>; 2]> = SmallVec::new();
    if asked_inputs.iter().all(Option::is_none)
        && let Some(ty) = asked_outputs.iter().flatten().next()
    {
        // `dtype=` asks for results of a type, and as in NumPy for a loop of that type throughout before any other with such results.
        tries.push(SmallVec::from_elem(Argument::Typed(*ty), inputs.len()));
    }
    tries.push(arguments);
    let count = tries.len();
    for (i, arguments) in tries.into_iter().enumerate() {
        match py.detach(|| gate::guarded(|| engine.choose(&arguments).cloned())) {
            Ok(Ok(lp)) if fits(&lp) => return Ok(Some(lp)),
            Ok(Ok(_) | Err(Error::NoLoop { .. })) => {}
            // What the text has against a type that was only tried is not the caller's affair.
            Ok(Err(_)) if i + 1 < count => {}
            Ok(Err(error)) => return Err(error.into_py_err(py)),
            Err(bug) => return Err(bug.into_py_err(py)),
        }
    }
    Ok(None)
}

/// A loop as NumPy calls it, without the GIL: `dims[0]` elements, `steps` bytes apart.
unsafe extern "C" fn inner(args: *mut *mut c_char, dims: *mut npy_intp, steps: *mut npy_intp, data: *mut c_void) {
    // SAFETY: NumPy's contract for inner loops; `data` is a LoopData of the core that the ufunc holds, and operands are aligned and native.
    let outcome = unsafe {
        let data = &*data.cast_const().cast::<LoopData>();
        let operands = data.lp.signature().inputs.len() + data.lp.signature().outputs.len();
        let strips: SmallVec<[Strip; 4]> = (0..operands).map(|k| Strip { pointer: (*args.add(k)).cast(), stride: *steps.add(k) }).collect();
        let count = *dims as usize;
        gate::guarded(|| {
            run_strips(
                &data.lp,
                &strips,
                count,
                data.associative,
                Options { interest: ALL_FLAGS, parallel: data.parallel, in_place: false, watch: Some(watch::signals) },
            )
        })
    };
    match outcome {
        Ok(Ok(flags)) => raise(flags),
        // A loop cannot fail; the exception is set, and the call that gets back to Python with it raises it.
        Ok(Err(error)) => Python::attach(|py| error.into_py_err(py).restore(py)),
        Err(bug) => Python::attach(|py| bug.into_py_err(py).restore(py)),
    }
}

/// Raises flags in the calling thread's environment, where NumPy looks for them.
fn raise(flags: Flags) {
    if flags.divide {
        black_box(black_box(1.0f64) / black_box(0.0));
    }
    if flags.invalid {
        black_box(black_box(0.0f64) / black_box(0.0));
    }
    if flags.overflow {
        black_box(black_box(f64::MAX) * black_box(f64::MAX));
    }
    if flags.underflow {
        black_box(black_box(f64::MIN_POSITIVE) * black_box(f64::MIN_POSITIVE));
    }
}
