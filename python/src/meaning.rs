//! What a Python object means to the compiler.
//!
//! Owns the table of objects that the compiler implements, keyed by identity, so that an alias (`from math import sin as s`) does not matter, and the reading of
//! constants and of device arrays. Builtins are the compiler's own list, each looked up in Python by its canonical name; objects of `verdigris.cuda` add themselves by `register_builtin`.
//! Knows no syntax and looks no name up.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyException;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyList, PyModule, PySet, PyString, PyTuple, PyType};

use verdigris_compiler::lower::BUILTINS;
use verdigris_compiler::names::{Constant, ConstantArray, Meaning};
use verdigris_compiler::types::{ArrayType, Layout, MOST_AXES, NamedType, RecordType, Scalar, ScalarType, Type};
use verdigris_cuda_jit::args::HostArray;

use crate::cuda::{DeviceNDArray, Kernel};
use crate::definition::PyFunction;
use crate::fork;
use crate::interned::intern;

/// Largest array that is frozen into code.
const LARGEST_CONSTANT: usize = 64 << 20;

/// The meaning of an object. `complete` becomes false if it is a function that uses a name not defined yet.
///
/// # Errors
/// What Python raised while the object was read.
pub(crate) fn of(object: &Bound<'_, PyAny>, complete: &mut bool) -> PyResult<Meaning> {
    if let Some(meaning) = known(object)? {
        return Ok(meaning);
    }
    if let Some(constant) = constant(object)? {
        return Ok(Meaning::Constant(constant));
    }
    let numpy = Numpy::get(object.py())?;
    if object.is_instance(numpy.ndarray.bind(object.py()))? {
        return array(object, numpy);
    }
    if let Ok(array) = object.cast_exact::<DeviceNDArray>() {
        return Ok(captured(array.get()));
    }
    if let Some(items) = tuple(object, complete)? {
        return Ok(items);
    }
    if let Some(function) = marked(object, intern!(object.py(), "__verdigris_definition__"))? {
        let (meaning, all) = function.cast_into::<PyFunction>()?.get().as_callee(object.py())?;
        *complete &= all;
        return Ok(meaning);
    }
    if let Some(function) = of_numba(object)? {
        let (meaning, all) = function.get().as_callee(object.py())?;
        *complete &= all;
        return Ok(meaning);
    }
    if let Some(ours) = crate::types::of_numba(object)? {
        return of(&ours, complete);
    }
    if let Some(scalar) = scalar_type(object)? {
        return Ok(Meaning::Type(scalar));
    }
    if let Some(record) = structured(object, numpy)? {
        return Ok(Meaning::Record(record));
    }
    if let Some(named) = named_tuple(object)? {
        return Ok(Meaning::Class(named));
    }
    if let Some(members) = enumeration(object)? {
        return Ok(members);
    }
    if let Ok(class) = object.cast::<PyType>()
        && class.is_subclass_of::<PyException>()?
    {
        return Ok(Meaning::Exception { name: class.name()?.to_string(), token: exception_token(class) });
    }
    Ok(Meaning::Unsupported { what: phrase(object)?, help: advice(object)? })
}

/// Functions that `numba.njit` made, by the addresses of their Python functions, which stay with them.
static NUMBA: Mutex<Option<HashMap<usize, Py<PyFunction>>>> = Mutex::new(None);

/// A function that `numba.njit` made, or `register_jitable` of the stand-in for Numba marked: kernels of Numba call those, so that here they are compiled from their own texts. `None` for another object.
fn of_numba(object: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyFunction>>> {
    let py = object.py();
    let function = if is_plain_function(object) {
        // `register_jitable` leaves the function plain, and marks it.
        Some(object.clone()).filter(|f| f.hasattr(intern!(py, "__verdigris_jitable__")).unwrap_or(false))
    } else {
        let module = object.get_type().getattr(intern!(py, "__module__"))?;
        let numbas = module.extract::<&str>().is_ok_and(|name| name.starts_with("numba."));
        if numbas { object.getattr_opt(intern!(py, "py_func"))?.filter(is_plain_function) } else { None }
    };
    let Some(function) = function else { return Ok(None) };
    let known = |table: &mut HashMap<usize, Py<PyFunction>>| table.get(&address(&function)).map(|f| f.clone_ref(py));
    if let Some(known) = known(NUMBA.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default()) {
        return Ok(Some(known));
    }
    let made: Py<PyFunction> = py.get_type::<PyFunction>().call1((&function,))?.cast_into::<PyFunction>()?.unbind();
    let mut table = NUMBA.lock().unwrap_or_else(PoisonError::into_inner);
    let table = table.get_or_insert_default();
    Ok(Some(table.entry(address(&function)).or_insert(made).clone_ref(py)))
}

/// A plain tuple with arrays, functions or types in it, and nothing that compiled code does not have.
fn tuple(object: &Bound<'_, PyAny>, complete: &mut bool) -> PyResult<Option<Meaning>> {
    let Ok(items) = object.cast_exact::<PyTuple>() else { return Ok(None) };
    let mut meanings = Vec::new();
    for item in items.iter() {
        match of(&item, complete)? {
            Meaning::Unsupported { .. } | Meaning::Enum { .. } | Meaning::Exception { .. } => return Ok(None),
            kept => meanings.push(kept),
        }
    }
    Ok(Some(Meaning::Tuple(meanings)))
}

/// The structured dtype that an object is, or whose type it is.
fn structured(object: &Bound<'_, PyAny>, numpy: &Numpy) -> PyResult<Option<Arc<RecordType>>> {
    let py = object.py();
    let dtype = match marked(object, intern!(py, "__verdigris_record__"))? {
        Some(dtype) => dtype,
        None if object.is_instance(numpy.dtype.bind(py))? => object.clone(),
        None => return Ok(None),
    };
    crate::cuda::record_type(dtype.cast()?)
}

/// What a class of named tuples makes; `None` for another object.
pub(crate) fn named_tuple(class: &Bound<'_, PyAny>) -> PyResult<Option<Arc<NamedType>>> {
    let py = class.py();
    let Ok(class) = class.cast::<PyType>() else { return Ok(None) };
    if !class.is_subclass_of::<PyTuple>()? {
        return Ok(None);
    }
    let Some(fields) = class.getattr_opt(intern!(py, "_fields"))? else { return Ok(None) };
    let Ok(fields) = fields.extract::<Vec<String>>() else { return Ok(None) };
    Ok(Some(Arc::new(NamedType { name: class.name()?.to_string(), fields, vector: None })))
}

/// Whether attributes of an object are left to the compiler (`threadIdx.x`, `table.shape`) instead of being looked up in Python (`math.pi`, `Colour.RED`).
pub(crate) fn is_final(object: &Bound<'_, PyAny>, attribute: &str) -> PyResult<bool> {
    let py = object.py();
    if object.is_none() || known(object)?.is_some() || marked(object, intern!(py, "__verdigris_definition__"))?.is_some() {
        return Ok(true);
    }
    let exact = object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyComplex>()
        || object.is_exact_instance_of::<PyString>();
    if exact {
        return Ok(true);
    }
    if object.is_instance_of::<PyTuple>() {
        let fields = object.getattr_opt(intern!(py, "_fields"))?;
        return Ok(match fields {
            Some(fields) => !fields.contains(attribute)?,
            None => true,
        });
    }
    let numpy = Numpy::get(py)?;
    Ok(object.is_exact_instance_of::<DeviceNDArray>() || object.is_instance(numpy.generic.bind(py))? || object.is_instance(numpy.ndarray.bind(py))?)
}

/// The scalar type that an object names: one of `verdigris.types`, a NumPy scalar class, or `bool`, `int`, `float`, `complex`.
pub(crate) fn scalar_type(object: &Bound<'_, PyAny>) -> PyResult<Option<ScalarType>> {
    let py = object.py();
    if let Some(name) = marked(object, intern!(py, "__verdigris_type__"))? {
        return Ok(ScalarType::from_name(&name.extract::<String>()?));
    }
    let Ok(class) = object.cast::<PyType>() else { return Ok(None) };
    for (plain, scalar) in [
        (py.get_type::<PyBool>(), ScalarType::Bool),
        (py.get_type::<PyInt>(), ScalarType::I64),
        (py.get_type::<PyFloat>(), ScalarType::F64),
        (py.get_type::<PyComplex>(), ScalarType::C128),
    ] {
        if class.is(&plain) {
            return Ok(Some(scalar));
        }
    }
    let numpy = Numpy::get(py)?;
    if !class.is_subclass(numpy.generic.bind(py))? {
        return Ok(None);
    }
    // Abstract classes such as np.number have no dtype of their own.
    let Ok(dtype) = numpy.dtype.bind(py).call1((class,)) else { return Ok(None) };
    if !dtype.getattr(intern!(py, "type"))?.is(class) {
        return Ok(None);
    }
    Ok(ScalarType::from_name(&dtype.getattr(intern!(py, "name"))?.extract::<String>()?))
}

/// An attribute that marks an object as ours. It is the class that must have it: objects that answer to every name are not asked.
fn marked<'py>(object: &Bound<'py, PyAny>, mark: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if object.get_type().hasattr(mark)? && !object.is_instance_of::<PyType>() { object.getattr_opt(mark) } else { Ok(None) }
}

// --- the table ---

/// An object and what it means; the object is held so that its address stays its own.
type Table = HashMap<usize, (Py<PyAny>, Meaning)>;

static REGISTERED: Mutex<Option<Table>> = Mutex::new(None);

fn address(object: &Bound<'_, PyAny>) -> usize {
    object.as_ptr().addr()
}

fn known(object: &Bound<'_, PyAny>) -> PyResult<Option<Meaning>> {
    static BUILT: PyOnceLock<Table> = PyOnceLock::new();
    let table = fork::once(object.py(), &BUILT, || build(object.py()))?;
    if let Some((_, meaning)) = table.get(&address(object)) {
        return Ok(Some(meaning.clone()));
    }
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(registered.as_ref().and_then(|t| t.get(&address(object))).map(|(_, meaning)| meaning.clone()))
}

/// Makes an object stand for something the compiler implements (`cuda.grid`).
#[pyfunction]
pub(crate) fn register_builtin(object: Bound<'_, PyAny>, name: &str) {
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = address(&object);
    let meaning = match name.strip_prefix("cuda.").and_then(NamedType::vector) {
        Some(vector) => Meaning::Class(Arc::new(vector)),
        None => Meaning::Builtin(name.to_owned()),
    };
    registered.get_or_insert_default().insert(key, (object.unbind(), meaning));
}

/// The compiler's builtins that live in Python's own modules and NumPy. A name that this version of them lacks is left out.
fn build(py: Python<'_>) -> PyResult<Table> {
    let mut table = Table::new();
    for name in BUILTINS {
        let (module, attribute) = name.split_once('.').unwrap_or(("builtins", name));
        if !matches!(module, "builtins" | "math" | "cmath" | "operator" | "numpy") {
            continue;
        }
        let mut object = py.import(module)?.into_any();
        let mut there = true;
        for part in attribute.split('.') {
            match object.getattr_opt(part)? {
                Some(next) => object = next,
                None => there = false,
            }
        }
        if there {
            // The first name of an object wins: numpy.abs is numpy.absolute.
            table.entry(address(&object)).or_insert_with(|| (object.unbind(), Meaning::Builtin((*name).to_owned())));
        }
    }
    Ok(table)
}

/// The parts of NumPy that reading needs.
struct Numpy {
    generic: Py<PyAny>,
    ndarray: Py<PyAny>,
    dtype: Py<PyAny>,
    ascontiguousarray: Py<PyAny>,
}

impl Numpy {
    fn get(py: Python<'_>) -> PyResult<&Numpy> {
        static NUMPY: PyOnceLock<Numpy> = PyOnceLock::new();
        fork::once(py, &NUMPY, || {
            let numpy = py.import("numpy")?;
            let get = |name| numpy.getattr(name).map(Bound::unbind);
            Ok(Numpy { generic: get("generic")?, ndarray: get("ndarray")?, dtype: get("dtype")?, ascontiguousarray: get("ascontiguousarray")? })
        })
    }
}

// --- exceptions ---

/// Classes that functions raise, by number less one. They stay: compiled code knows them by their numbers.
static EXCEPTIONS: Mutex<Vec<Py<PyType>>> = Mutex::new(Vec::new());

fn exception_token(class: &Bound<'_, PyType>) -> u64 {
    let mut all = EXCEPTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = all.iter().position(|c| c.is(class)).unwrap_or_else(|| {
        all.push(class.clone().unbind());
        all.len() - 1
    });
    at as u64 + 1
}

/// The class of a number; `None` for Python's own.
pub(crate) fn exception(py: Python<'_>, token: u64) -> Option<Bound<'_, PyAny>> {
    let all = EXCEPTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = usize::try_from(token).ok()?.checked_sub(1)?;
    all.get(at).map(|class| class.bind(py).clone().into_any())
}

// --- constants ---

fn constant(object: &Bound<'_, PyAny>) -> PyResult<Option<Constant>> {
    let py = object.py();
    if object.is_none() {
        return Ok(Some(Constant::None));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Some(Constant::Bool(value.is_true())));
    }
    // Before float and complex: np.float64 and np.complex128 are subclasses of those.
    if object.is_instance(Numpy::get(py)?.generic.bind(py))? {
        return numpy_scalar(object);
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(object.extract().ok().map(Constant::Int));
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(Some(Constant::Float(value.value())));
    }
    if let Ok(value) = object.cast::<PyComplex>() {
        return Ok(Some(Constant::Complex(value.real(), value.imag())));
    }
    if let Ok(value) = object.cast::<PyString>() {
        // A lone surrogate has no UTF-8; nothing in the language could use it.
        return Ok(value.extract().ok().map(Constant::Str));
    }
    if let Ok(value) = object.cast::<PyBytes>() {
        return Ok(Some(Constant::Bytes(value.as_bytes().to_vec())));
    }
    if let Ok(items) = object.cast::<PyTuple>() {
        let named = named_tuple(items.get_type().as_any())?;
        let items = items.iter().map(|item| constant(&item)).collect::<PyResult<Option<Vec<_>>>>()?;
        return Ok(items.map(|items| match named.filter(|n| n.fields.len() == items.len()) {
            Some(named) => Constant::Named(named, items),
            None => Constant::Tuple(items),
        }));
    }
    if is_enum(object)? {
        return constant(&object.getattr(intern!(py, "value"))?);
    }
    Ok(None)
}

/// Whether an object is a member of an enumeration.
pub(crate) fn is_enum(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.is_instance(enum_class(object.py())?)
}

fn enum_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static ENUM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok(fork::once(py, &ENUM, || py.import("enum")?.getattr("Enum").map(Bound::unbind))?.bind(py))
}

/// A class of enumerations; `None` for another object, and where a member is no constant.
fn enumeration(object: &Bound<'_, PyAny>) -> PyResult<Option<Meaning>> {
    let py = object.py();
    let Ok(class) = object.cast::<PyType>() else { return Ok(None) };
    if !class.is_subclass(enum_class(py)?)? {
        return Ok(None);
    }
    let mut members = Vec::new();
    for member in class.getattr(intern!(py, "__members__"))?.call_method0(intern!(py, "items"))?.try_iter()? {
        let (name, member): (String, Bound<'_, PyAny>) = member?.extract()?;
        let Some(value) = constant(&member.getattr(intern!(py, "value"))?)? else { return Ok(None) };
        members.push((name, value));
    }
    Ok(Some(Meaning::Enum { name: class.name()?.to_string(), members }))
}

fn numpy_scalar(object: &Bound<'_, PyAny>) -> PyResult<Option<Constant>> {
    let py = object.py();
    let name: String = object.getattr(intern!(py, "dtype"))?.getattr(intern!(py, "name"))?.extract()?;
    let Some(ty) = ScalarType::from_name(&name) else { return Ok(None) };
    let bytes = object.call_method0(intern!(py, "tobytes"))?;
    let bytes = bytes.cast::<PyBytes>()?.as_bytes();
    if ty.is_time() || ty.is_half() {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        return Ok(Some(match ty {
            half if half.is_half() => Constant::Half(half, verdigris_compiler::types::half::of_bits(half, u64::from_le_bytes(word) as u16)),
            time => Constant::Time(time, i64::from_le_bytes(word)),
        }));
    }
    let word = |part: &[u8]| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        u64::from_le_bytes(word)
    };
    if ty.is_complex() {
        let (real, imag) = bytes.split_at(bytes.len() / 2);
        let part = |bytes| Scalar::from_bits(ty.part(), word(bytes)).as_f64();
        return Ok(Some(Constant::ComplexScalar(ty, part(real), part(imag))));
    }
    Ok(Some(Constant::Scalar(Scalar::from_bits(ty, word(bytes)))))
}

fn array(object: &Bound<'_, PyAny>, numpy: &Numpy) -> PyResult<Meaning> {
    let py = object.py();
    let unsupported = |what: String, help: &str| Ok(Meaning::Unsupported { what, help: Some(help.to_owned()) });
    if is_masked(object)? {
        return unsupported("a masked array".to_owned(), "use its `.data`");
    }
    let dtype = object.getattr(intern!(py, "dtype"))?;
    let name: String = dtype.getattr(intern!(py, "name"))?.extract()?;
    let shape: Vec<usize> = object.getattr(intern!(py, "shape"))?.extract()?;
    if let Some(record) = crate::cuda::record_type(dtype.cast()?)? {
        if shape.is_empty() || shape.len() > usize::from(MOST_AXES) || record.size.saturating_mul(shape.iter().product()) > LARGEST_CONSTANT {
            return unsupported(format!("an array of {name} with the extents {shape:?}"), "pass it as an argument");
        }
        let bytes = object.call_method0(intern!(py, "tobytes"))?;
        return Ok(match leaves(&record, &shape, bytes.cast::<PyBytes>()?.as_bytes()) {
            Some(leaves) => Meaning::Records(record, shape, leaves),
            None => Meaning::Unsupported { what: format!("an array of {name}"), help: Some("pass it as an argument".to_owned()) },
        });
    }
    let Some(elem) = ScalarType::from_name(&name) else {
        return unsupported(format!("an array of {name}"), "use an array of bool, int8 to uint64, float32, float64, complex64 or complex128");
    };
    let bytes = elem.size() * shape.iter().product::<usize>();
    if bytes > LARGEST_CONSTANT {
        return unsupported(format!("a global array of {} MiB", bytes >> 20), "pass it as an argument");
    }
    let native = dtype.call_method1(intern!(py, "newbyteorder"), ("=",))?;
    let dense = numpy.ascontiguousarray.bind(py).call1((object, native))?;
    if shape.is_empty() {
        let scalar = dense.call_method1(intern!(py, "reshape"), ((),))?.get_item(PyTuple::empty(py))?;
        return Ok(match numpy_scalar(&scalar)? {
            Some(constant) => Meaning::Constant(constant),
            None => Meaning::Unsupported { what: format!("an array of {name}"), help: None },
        });
    }
    let Some(ndim) = u8::try_from(shape.len()).ok().filter(|n| *n <= MOST_AXES) else {
        return unsupported(format!("an array of {} dimensions", shape.len()), "use one of at most 8");
    };
    let data = dense.call_method0(intern!(py, "tobytes"))?.cast::<PyBytes>()?.as_bytes().to_vec();
    let ty = ArrayType { elem, ndim, layout: Layout::C, readonly: true };
    Ok(Meaning::Array(Arc::new(ConstantArray { ty, shape, data })))
}

/// A device array that a kernel names: the memory stays what it is, and is held.
fn captured(array: &DeviceNDArray) -> Meaning {
    let unsupported = |what: String| Meaning::Unsupported { what, help: Some("pass it as an argument".to_owned()) };
    match array.as_argument() {
        _ if array.memory().gpu().is_some() => unsupported("a device array of a GPU".to_owned()),
        Ok((Type::Array(ty), words)) => {
            let owner = Box::new(array.memory().view());
            // SAFETY: the words were made for this memory, which the owner holds. Kernels that write it at once race as they would on a GPU.
            Meaning::Captured(Arc::new(unsafe { HostArray::captured(*ty, words, owner) }))
        }
        Ok((ty, _)) => unsupported(format!("a device array of {ty}")),
        Err(reason) => unsupported(reason.clone()),
    }
}

/// The numbers of records that lie one behind the other, each leaf in an array of its own; `None` where one has too many axes.
fn leaves(record: &RecordType, shape: &[usize], bytes: &[u8]) -> Option<Vec<Arc<ConstantArray>>> {
    let one = |leaf: verdigris_compiler::types::Leaf| {
        let mut places = vec![leaf.offset];
        for (extent, step) in &leaf.axes {
            places = places.into_iter().flat_map(|at| (0..*extent).map(move |n| at + n * step)).collect();
        }
        let size = leaf.ty.size();
        let data =
            bytes.chunks_exact(record.size.max(1)).flat_map(|one| places.iter().flat_map(move |at| one[*at..*at + size].iter().copied())).collect();
        let extents: Vec<usize> = shape.iter().copied().chain(leaf.axes.iter().map(|(extent, _)| *extent)).collect();
        let ndim = u8::try_from(extents.len()).ok().filter(|n| *n <= MOST_AXES)?;
        let ty = ArrayType { elem: leaf.ty, ndim, layout: Layout::C, readonly: true };
        Some(Arc::new(ConstantArray { ty, shape: extents, data }))
    };
    record.leaves().into_iter().map(one).collect()
}

/// Whether an array is masked. Nobody has one who has not imported `numpy.ma`, which takes a while.
fn is_masked(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let modules = array.py().import("sys")?.getattr("modules")?;
    match modules.cast_into::<PyDict>()?.get_item("numpy.ma")? {
        Some(module) => array.is_instance(&module.getattr("MaskedArray")?),
        None => Ok(false),
    }
}

// --- words ---

/// A meaning in words, for people who ask what a name was taken for.
pub(crate) fn words(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Constant(constant) => format!("constant {}", spelled(constant)),
        Meaning::Array(array) => format!("constant {}", array.ty),
        Meaning::Captured(captured) => format!("device {}", captured.ty),
        Meaning::Records(record, shape, _) => format!("constant array of {record}, {shape:?}"),
        Meaning::Tuple(items) => format!("tuple ({})", items.iter().map(words).collect::<Vec<_>>().join(", ")),
        Meaning::Type(scalar) => format!("type {scalar}"),
        Meaning::Record(record) => format!("type {record}"),
        Meaning::Builtin(name) => format!("builtin {name}"),
        Meaning::Class(named) => format!("class {}", named.name),
        Meaning::Exception { name, .. } => format!("exception {name}"),
        Meaning::Enum { name, .. } => format!("enumeration {name}"),
        Meaning::Function(definition) => format!("function {}", definition.name),
        Meaning::Unsupported { what, help: None } => format!("unsupported: {what}"),
        Meaning::Unsupported { what, help: Some(help) } => format!("unsupported: {what} ({help})"),
    }
}

/// A constant as Python would write it.
fn spelled(constant: &Constant) -> String {
    match constant {
        Constant::None => "None".to_owned(),
        Constant::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Constant::Int(value) => value.to_string(),
        Constant::Float(value) => format!("{value:?}"),
        Constant::Complex(real, imag) => format!("complex({real:?}, {imag:?})"),
        Constant::Str(text) => format!("{text:?}"),
        Constant::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        Constant::Scalar(scalar) => format!("{scalar:?}"),
        Constant::Half(ty, value) => format!("{ty}({value:?})"),
        Constant::Time(ty, count) => format!("{ty}({count})"),
        Constant::ComplexScalar(ty, real, imag) => format!("{ty}(complex({real:?}, {imag:?}))"),
        Constant::Named(named, items) => format!("{}({})", named.name, items.iter().map(spelled).collect::<Vec<_>>().join(", ")),
        Constant::Tuple(items) => format!("({})", items.iter().map(spelled).collect::<Vec<_>>().join(", ")),
    }
}

/// A noun phrase for an object.
pub(crate) fn phrase(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = object.py();
    let name = || -> PyResult<String> {
        Ok(match object.getattr_opt(intern!(py, "__name__"))? {
            Some(name) => name.extract().unwrap_or_default(),
            None => String::new(),
        })
    };
    if object.is_instance_of::<PyModule>() {
        return Ok(format!("the module `{}`", name()?));
    }
    if object.is_instance_of::<PyType>() {
        return Ok(format!("the class `{}`", name()?));
    }
    if is_plain_function(object) {
        return Ok(format!("the Python function `{}`", name()?));
    }
    if object.is_instance_of::<Kernel>() {
        return Ok(format!("the kernel `{}`", name()?));
    }
    if object.is_callable()
        && let Some(name) = object.getattr_opt(intern!(py, "__name__"))?.and_then(|n| n.extract::<String>().ok())
    {
        let module = object.getattr_opt(intern!(py, "__module__"))?.and_then(|m| m.extract::<String>().ok());
        return Ok(match module.as_deref() {
            Some("builtins") => format!("the built-in function `{name}`"),
            Some(module) => format!("the function `{module}.{name}`"),
            None => format!("the function `{name}`"),
        });
    }
    if object.is_instance_of::<PyInt>() {
        return Ok("an int that does not fit 128 bits".to_owned());
    }
    if object.is_instance_of::<PyTuple>() {
        return Ok("a tuple with something else than numbers in it".to_owned());
    }
    let class = object.get_type().name()?.to_string();
    let article = if class.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) { "an" } else { "a" };
    Ok(format!("{article} {class}"))
}

/// What to do instead.
fn advice(object: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let text = if is_plain_function(object) {
        "decorate it with `@cuda.jit(device=True)`"
    } else if object.getattr_opt("py_func")?.is_some_and(|f| is_plain_function(&f)) && object.getattr_opt("__verdigris_definition__")?.is_none() {
        "another compiler has made it: decorate its Python function (`.py_func`) with `@cuda.jit(device=True)`"
    } else if object.is_instance_of::<Kernel>() {
        "kernels are launched from Python; what they call is made with `@cuda.jit(device=True)`"
    } else if object.is_instance_of::<PyList>() {
        "use a tuple, or a NumPy array"
    } else if object.is_instance_of::<PyDict>() || object.is_instance_of::<PySet>() {
        "pass what you need of it as arguments"
    } else if object.getattr_opt("_value_")?.is_some() && object.getattr_opt("_name_")?.is_some() {
        "use its `.value`, or make the enum an IntEnum"
    } else {
        let module = object.getattr_opt("__module__")?.and_then(|m| m.extract::<String>().ok()).unwrap_or_default();
        let name = object.getattr_opt("__name__")?.and_then(|n| n.extract::<String>().ok()).unwrap_or_default();
        match instead(&module, &name) {
            Some(text) => text,
            None => return Ok(None),
        }
    };
    Ok(Some(text.to_owned()))
}

/// What takes the place of a library's function.
fn instead(module: &str, name: &str) -> Option<&'static str> {
    const MAKES: &str = "zeros ones empty full zeros_like ones_like empty_like full_like arange linspace array asarray copy eye identity concatenate stack \
        hstack vstack tile repeat outer unique";
    const LOOPS: &str = "dot vdot inner matmul cumsum cumprod diff sort argsort histogram bincount convolve median average trapezoid norm cross";
    let is = |list: &str| list.split_whitespace().any(|known| known == name);
    Some(match module {
        "random" | "numpy.random" | "numpy.random.mtrand" | "secrets" => "use the states and functions of `cuda.random`",
        // Methods of the one generator of `random`.
        "" if is("random uniform gauss randint randrange normalvariate choice") => "use the states and functions of `cuda.random`",
        "time" => "time the launch from Python, with `cuda.event`",
        "numpy" if is(MAKES) => "a kernel makes no arrays: pass one, or use `cuda.local.array` or `cuda.shared.array`",
        "numpy" | "numpy.linalg" if is(LOOPS) => "write the loop over the elements",
        "builtins" if is("bytearray sorted") => "use a tuple of fixed length, or an array",
        "builtins" if is("map filter iter next") => "write a `for` loop",
        "builtins" if is("repr chr bin hex oct ascii format") => "strings cannot be built in compiled code; `print` shows numbers as they are",
        "builtins" if is("issubclass type") => {
            "types are known when a function is compiled: ask `isinstance(x, T)`, or compare `x.dtype` with a type"
        }
        _ => return None,
    })
}

fn is_plain_function(object: &Bound<'_, PyAny>) -> bool {
    object.get_type().name().is_ok_and(|name| name == "function")
}
