//! The genuine `numpy.ufunc` behind each of ours: its creation, its loops, and the hook by which NumPy asks for a loop it has not seen.
//!
//! NumPy keeps raw pointers to a ufunc's tables and names; they live in the [`Core`] that the ufunc's `obj` field holds. All here but [`inner`] runs with the GIL held.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::hint::black_box;
use std::sync::OnceLock;

use numpy::PyArrayDescr;
use numpy::npyffi::{NPY_CASTING, PY_ARRAY_API, PY_UFUNC_API, PyArray_Descr, PyArrayObject, PyUFuncObject, npy_intp};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use verdigris_compiler::types::ScalarType;
use verdigris_device::float_env::Flags;
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::run::{ALL_FLAGS, CoreOperand, Options, Strip, run_cores, run_strips};
use verdigris_vectorize::{Error, Target};

use super::core::{AnyLoop, Core, Engine, Identity};
use super::numpy::{Types, descr_argument, descr_of, type_number};
use crate::cuda::watch;
use crate::error::{Bug, IntoPyErr};
use crate::gate;

/// A loop that NumPy knows.
struct Loaded {
    lp: AnyLoop,
    /// Its operands' types.
    types: SmallVec<[ScalarType; 4]>,
    associative: bool,
    parallel: bool,
}

/// The loops a genuine ufunc knows: a chain that only grows, read without a lock from inside NumPy's loops.
#[derive(Default)]
pub(super) struct Published(OnceLock<Box<(Loaded, Published)>>);

impl Published {
    fn find(&self, matches: impl Fn(&Loaded) -> bool) -> Option<&Loaded> {
        let mut place = self;
        while let Some(node) = place.0.get() {
            if matches(&node.0) {
                return Some(&node.0);
            }
            place = &node.1;
        }
        None
    }

    /// Whether there is a loop of those types.
    pub(super) fn has(&self, types: &[ScalarType]) -> bool {
        self.find(|known| known.types[..] == *types).is_some()
    }

    /// Notes a loop that may be there. The numbers of its dtypes' classes, if it is the first of those: NumPy has one loop for all units.
    fn note(&self, engine: &Engine, lp: &AnyLoop) -> Option<SmallVec<[c_int; 4]>> {
        let types: SmallVec<[ScalarType; 4]> = lp.inputs().iter().chain(lp.outputs()).copied().collect();
        if self.has(&types) {
            return None;
        }
        let numbers_of = |types: &[ScalarType]| -> SmallVec<[c_int; 4]> { types.iter().map(|t| type_number(*t)).collect() };
        let numbers = numbers_of(&types);
        let is_first = self.find(|known| numbers_of(&known.types) == numbers).is_none();
        let options = engine.options();
        self.add(Loaded { lp: lp.clone(), types, associative: options.associative, parallel: options.target == Target::Parallel });
        is_first.then_some(numbers)
    }

    /// With the GIL held, so that nobody else adds.
    fn add(&self, loaded: Loaded) {
        let mut place = self;
        while let Some(node) = place.0.get() {
            place = &node.1;
        }
        let _ = place.0.set(Box::new((loaded, Published::default())));
    }
}

const REORDERABLE_NONE: c_int = -2;
const NO_IDENTITY: c_int = -1;
const IDENTITY_VALUE: c_int = -3;
/// The iterator's flags of an operand that is read and written, back to where it came from if it was copied.
const READ_WRITE: u32 = NPY_ITER_READWRITE | NPY_ITER_UPDATEIFCOPY | NPY_ITER_NBO | NPY_ITER_ALIGNED;
const NPY_ITER_READWRITE: u32 = 0x0001_0000;
const NPY_ITER_NBO: u32 = 0x0008_0000;
const NPY_ITER_ALIGNED: u32 = 0x0010_0000;
const NPY_ITER_UPDATEIFCOPY: u32 = 0x0080_0000;

/// Makes the `numpy.ufunc` of a core.
pub(super) fn create<'py>(py: Python<'py>, core: &Bound<'py, Core>) -> PyResult<Bound<'py, PyAny>> {
    type FromFunctions = unsafe extern "C" fn(
        *mut c_void,
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
        Identity::None => (NO_IDENTITY, std::ptr::null_mut()),
        Identity::Reorderable => (REORDERABLE_NONE, std::ptr::null_mut()),
        Identity::Value(value) => (IDENTITY_VALUE, value.as_ptr()),
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
            this.cores.as_ref().map_or(std::ptr::null(), |cores| cores.numpy.as_ptr()),
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
        if let Some(cores) = &this.cores {
            for input in &cores.writable {
                *fields.op_flags.add(*input) = READ_WRITE;
            }
        }
        Ok(ufunc)
    }
}

/// Calls a genuine ufunc, or a method of it.
///
/// NumPy 2.0 (mended in 2.1) fails after it has asked [`resolve`] if the answer is the types it asked with, as with `dtype=`: it remembers what it found once for the answer and refuses to once more
/// for the question. Nothing has been computed then, and the next call finds what is remembered.
pub(super) fn call<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    match function.call(args, kwargs) {
        Err(error) if is_remembered_twice(function.py(), &error) => function.call(args, kwargs),
        done => done,
    }
}

fn is_remembered_twice(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyRuntimeError>(py) && error.value(py).to_string() == "Identity cache already includes the item."
}

/// What NumPy hands to a loop.
#[repr(C)]
struct Context {
    caller: *mut ffi::PyObject,
    method: *mut c_void,
    descriptors: *const *mut PyArray_Descr,
}

/// `PyArrayMethod_Spec`.
#[repr(C)]
struct Spec {
    name: *const c_char,
    nin: c_int,
    nout: c_int,
    casting: c_int,
    flags: c_int,
    dtypes: *mut *mut ffi::PyTypeObject,
    slots: *mut Slot,
}

/// `PyType_Slot`.
#[repr(C)]
struct Slot {
    number: c_int,
    function: *mut c_void,
}

const NO_CASTING: c_int = 0;
const SAFE_CASTING: c_int = 2;
const IS_REORDERABLE: c_int = 1 << 3;
const RESOLVE_DESCRIPTORS: c_int = 2;
const GET_REDUCTION_INITIAL: c_int = 4;
const STRIDED_LOOP: c_int = 5;

/// Adds a loop to a genuine ufunc, if it is not there.
///
/// # Safety
/// `ufunc` was made by [`create`] for `core`; the GIL is held.
unsafe fn publish(py: Python<'_>, ufunc: *mut PyUFuncObject, core: &Core, engine: &Engine, lp: &AnyLoop) -> PyResult<()> {
    type AddLoop = unsafe extern "C" fn(*mut ffi::PyObject, *mut Spec) -> c_int;
    let Some(numbers) = core.published.note(engine, lp) else { return Ok(()) };
    let has_units = lp.inputs().iter().chain(lp.outputs()).any(|t| t.is_time());
    if has_units {
        core.announce();
    }
    let name = if has_units { &core.own_name } else { &core.name };
    let mut slots: SmallVec<[Slot; 4]> = SmallVec::new();
    slots.push(Slot { number: STRIDED_LOOP, function: strided as unsafe extern "C" fn(_, _, _, _, _) -> _ as *mut c_void });
    slots.push(Slot { number: GET_REDUCTION_INITIAL, function: initial as unsafe extern "C" fn(_, _, _) -> _ as *mut c_void });
    if has_units {
        slots.push(Slot { number: RESOLVE_DESCRIPTORS, function: resolve_units as unsafe extern "C" fn(_, _, _, _, _) -> _ as *mut c_void });
    }
    slots.push(Slot { number: 0, function: std::ptr::null_mut() });
    // SAFETY: the caller's promise. Slot 43 is PyUFunc_AddLoopFromSpec since NumPy 2.0; it copies what the spec points to. A dtype's class is its type; descriptors of builtin types live as
    // long as the process, so their classes outlive the references given back here.
    unsafe {
        let mut classes: SmallVec<[*mut ffi::PyTypeObject; 4]> = SmallVec::new();
        for number in &numbers {
            let descr = PY_ARRAY_API.PyArray_DescrFromType(py, *number);
            classes.push(ffi::Py_TYPE(descr.cast()));
            ffi::Py_DECREF(descr.cast());
        }
        let mut spec = Spec {
            name: name.as_ptr(),
            nin: core.inputs as c_int,
            nout: core.outputs as c_int,
            casting: NO_CASTING,
            flags: if engine.options().associative { IS_REORDERABLE } else { 0 },
            dtypes: classes.as_mut_ptr(),
            slots: slots.as_mut_ptr(),
        };
        let add: AddLoop = std::mem::transmute(Types::get(py)?.slot(43));
        if add(ufunc.cast(), &raw mut spec) < 0 { Err(PyErr::fetch(py)) } else { Ok(()) }
    }
}

/// What a reduction begins with: the identity's value, if it has one.
unsafe extern "C" fn initial(context: *mut Context, _empty: c_char, place: *mut c_void) -> c_int {
    // SAFETY: NumPy calls with the GIL held, with the context of a loop of ours and room for an element of the first operand's type.
    unsafe {
        let py = Python::assume_attached();
        let Some(core) = core_of(py, context) else { return 0 };
        let Identity::Value(value) = &core.get().identity else { return 0 };
        type Pack = unsafe extern "C" fn(*mut PyArray_Descr, *mut c_void, *mut ffi::PyObject) -> c_int;
        let Ok(types) = Types::get(py) else { return 0 };
        // Slot 65 of the array API is PyArray_Pack since NumPy 2.0.
        let pack: Pack = std::mem::transmute(types.array_slot(65));
        if pack(*(*context).descriptors, place, value.as_ptr()) < 0 { -1 } else { 1 }
    }
}

/// `PyArrayMethodObject` as far as it is read: its copy of the name that its maker gave.
#[repr(C)]
struct Method {
    base: ffi::PyObject,
    name: *const c_char,
}

/// NumPy's question in which units a loop of dates and times is to run: in the finest of its operands', to which NumPy casts the others. It tells the loop only, by which we know the ufunc: by the
/// name that we gave it.
unsafe extern "C" fn resolve_units(
    method: *mut Method,
    _classes: *const *mut ffi::PyObject,
    given: *const *mut PyArray_Descr,
    found: *mut *mut PyArray_Descr,
    _view_offset: *mut npy_intp,
) -> c_int {
    // SAFETY: NumPy calls with the GIL held.
    let py = unsafe { Python::assume_attached() };
    let answer = gate::guarded(|| -> PyResult<()> {
        // SAFETY: the method was made by `publish`, so its name is a core's own; that core lives as long as its ufunc, for which NumPy asks. There is a dtype for each input.
        let (core, inputs) = unsafe {
            let Some(core) = Core::named(CStr::from_ptr((*method).name)) else {
                return Err(Bug::Broken("NumPy asked for units of a ufunc that is gone".to_owned()).into_py_err(py));
            };
            (&*core, std::slice::from_raw_parts(given, (*core).inputs))
        };
        // SAFETY: they are dtypes.
        let arguments: Option<SmallVec<[Argument; 6]>> = inputs.iter().map(|descr| unsafe { descr_argument(*descr) }).collect();
        let arguments = arguments.ok_or_else(|| PyTypeError::new_err("an operand has a dtype that compiled code does not have"))?;
        let engine = core.engine(py)?;
        let lp = gate::detached(py, || engine.choose(&arguments))?;
        core.published.note(&engine, &lp);
        for (k, ty) in lp.inputs().iter().chain(lp.outputs()).enumerate() {
            let descr = descr_of(py, *ty)?;
            // SAFETY: there is room for a new reference for each operand.
            unsafe { *found.add(k) = descr };
        }
        Ok(())
    });
    match answer {
        Ok(Ok(())) => SAFE_CASTING,
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

/// The core of the ufunc that a loop belongs to.
///
/// # Safety
/// The context is NumPy's for a loop of a ufunc made by [`create`].
unsafe fn core_of<'py>(py: Python<'py>, context: *const Context) -> Option<Bound<'py, Core>> {
    // SAFETY: the caller's promise: `create` stored the core in `obj`.
    unsafe {
        let ufunc = (*context).caller.cast::<PyUFuncObject>();
        if ufunc.is_null() {
            return None;
        }
        Bound::from_borrowed_ptr(py, (*ufunc).fields.obj).cast_into::<Core>().ok()
    }
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
    let answer = gate::guarded(|| -> PyResult<Option<AnyLoop>> {
        // SAFETY: `create` stored the core in `obj`; NumPy gives `nargs` operands, inputs never null, and a tuple of dtypes, classes and None or null.
        unsafe {
            let core = Bound::from_borrowed_ptr(py, (*ufunc).fields.obj).cast_into::<Core>()?;
            let core = core.get();
            let engine = core.engine(py)?;
            let inputs = std::slice::from_raw_parts(operands, core.inputs);
            let given = (!type_tuple.is_null()).then(|| Bound::from_borrowed_ptr(py, type_tuple));
            let Some(lp) = choose(py, &engine, inputs, core.outputs, given)? else { return Ok(None) };
            publish(py, ufunc, core, &engine, &lp)?;
            Ok(Some(lp))
        }
    });
    match answer {
        Ok(Ok(Some(lp))) => {
            for (k, ty) in lp.inputs().iter().chain(lp.outputs()).enumerate() {
                match descr_of(py, *ty) {
                    // SAFETY: `descrs` has room for a new reference for each operand.
                    Ok(descr) => unsafe { *descrs.add(k) = descr },
                    Err(error) => {
                        error.restore(py);
                        return -1;
                    }
                }
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
unsafe fn choose(
    py: Python<'_>,
    engine: &Engine,
    inputs: &[*mut PyArrayObject],
    outputs: usize,
    given: Option<Bound<'_, PyAny>>,
) -> PyResult<Option<AnyLoop>> {
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
            match unsafe { descr_argument(fields.descr) } {
                Some(argument) => argument,
                None => return Ok(None),
            }
        });
    }
    let mut asked: SmallVec<[Option<ScalarType>; 4]> = SmallVec::from_elem(None, inputs.len() + outputs);
    if let Some(given) = given {
        for (place, item) in asked.iter_mut().zip(given.cast::<PyTuple>()?.iter_borrowed()) {
            if !item.is_none() {
                let name: String = PyArrayDescr::new(py, item)?.getattr("name")?.extract()?;
                let Some(ty) = ScalarType::from_name(&name).filter(|ty| *ty != ScalarType::BF16) else { return Ok(None) };
                *place = Some(ty);
            }
        }
    }
    // A method that folds with `dtype=` asks for the accumulator and the result only; what is folded in takes their type too, if there is such a loop. (Whether it may be cast so
    // is NumPy's to say, which knows the method.)
    let folded = asked.clone();
    if let ([Some(first), second @ None, Some(result)], [_, Argument::Typed(_)]) = (&mut asked[..], &arguments[..])
        && first == result
    {
        *second = Some(*first);
    }
    let (asked_inputs, asked_outputs) = asked.split_at(inputs.len());
    let with = |asked: &[Option<ScalarType>]| -> SmallVec<[Argument; 6]> {
        arguments.iter().zip(asked).map(|(argument, asked)| asked.map_or(*argument, Argument::Typed)).collect()
    };
    let fits = |lp: &AnyLoop| asked_outputs.iter().zip(lp.outputs()).all(|(asked, ty)| asked.is_none_or(|a| a == *ty));
    let mut tries: SmallVec<[SmallVec<[Argument; 6]>; 2]> = SmallVec::new();
    if asked_inputs.iter().all(Option::is_none)
        && let Some(ty) = asked_outputs.iter().flatten().next()
    {
        // `dtype=` asks for results of a type, and as in NumPy for a loop of that type throughout before any other with such results.
        tries.push(SmallVec::from_elem(Argument::Typed(*ty), inputs.len()));
    }
    tries.push(with(asked_inputs));
    if folded != asked {
        tries.push(with(&folded));
    }
    let count = tries.len();
    for (i, arguments) in tries.into_iter().enumerate() {
        match py.detach(|| gate::guarded(|| engine.choose(&arguments))) {
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

/// Takes the GIL, whoever holds it now. NumPy releases it around loops behind the back of PyO3, which on a thread that came through one of our functions takes it for held: its own way to attach
/// would do nothing.
fn attached<R>(work: impl FnOnce(Python<'_>) -> R) -> R {
    // SAFETY: a thread that came from Python, which waits for the loop to end; the state is given back below, and a panic does not get past `guarded` in our callers with the GIL taken,
    // since none of them panics.
    unsafe {
        let state = ffi::PyGILState_Ensure();
        let result = work(Python::assume_attached());
        ffi::PyGILState_Release(state);
        result
    }
}

/// `watch::signals` from inside a loop that NumPy called.
fn signals() -> bool {
    attached(watch::check)
}

/// A loop as NumPy calls it, without the GIL: `dimensions[0]` elements, `strides` bytes apart; for core arrays their sizes and strides behind those.
unsafe extern "C" fn strided(
    context: *mut Context,
    pointers: *const *mut c_char,
    dimensions: *const npy_intp,
    strides: *const npy_intp,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: NumPy's contract for loops; the caller is a ufunc made by `create`, which holds its core; operands are aligned and native.
    let outcome = unsafe {
        let ufunc = &(*(*context).caller.cast::<PyUFuncObject>()).fields;
        // The GIL is not held, and nothing of Python is touched: a class of ours that is frozen, whose object the ufunc holds.
        let core: &Core = (*(&raw const ufunc.obj).cast::<Py<Core>>()).get();
        let operands = core.inputs + core.outputs;
        let types: SmallVec<[Option<Argument>; 4]> = (0..operands).map(|k| descr_argument(*(*context).descriptors.add(k))).collect();
        let Some(loaded) = core.published.find(|known| known.types.iter().zip(&types).all(|(known, ty)| *ty == Some(Argument::Typed(*known)))) else {
            let bug = Bug::Broken("NumPy called a loop that was not published".to_owned());
            attached(|py| bug.into_py_err(py).restore(py));
            return -1;
        };
        let count = *dimensions as usize;
        let options = Options { interest: ALL_FLAGS, parallel: loaded.parallel, in_place: false, watch: Some(signals) };
        match &loaded.lp {
            AnyLoop::Elements(lp) => {
                let strips: SmallVec<[Strip; 4]> =
                    (0..operands).map(|k| Strip { pointer: (*pointers.add(k)).cast(), stride: *strides.add(k) }).collect();
                gate::guarded(|| run_strips(lp, &strips, count, loaded.associative, options))
            }
            AnyLoop::Cores(lp) => {
                let layout = lp.layout();
                let sizes = std::slice::from_raw_parts(dimensions.add(1), layout.dimensions.len());
                let mut at = operands;
                let operands: SmallVec<[CoreOperand<'_>; 4]> = layout
                    .operands()
                    .enumerate()
                    .map(|(k, axes)| {
                        let own = std::slice::from_raw_parts(strides.add(at), axes.len());
                        at += axes.len();
                        CoreOperand { pointer: (*pointers.add(k)).cast(), step: *strides.add(k), strides: own }
                    })
                    .collect();
                gate::guarded(|| run_cores(lp, &operands, sizes, count, options))
            }
        }
    };
    match outcome {
        Ok(Ok(flags)) => {
            raise(flags);
            0
        }
        Ok(Err(error)) => {
            attached(|py| error.into_py_err(py).restore(py));
            -1
        }
        Err(bug) => {
            attached(|py| bug.into_py_err(py).restore(py));
            -1
        }
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
