//! Types and signatures as users write them.
//!
//! Owns the way from the objects and strings of `verdigris.types` (which reads them) to the compiler's [`Type`]. Knows nothing of what is compiled for them.

use std::sync::Arc;

use numpy::PyArrayDescr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};

use verdigris_compiler::types::{ArrayType, FieldType, Layout, NamedType, RecordType, RecordsType, ScalarType, Type};

use crate::error::{Class, Exception};
use crate::fork;
use crate::interned::intern;

/// Types of arguments, and of the result unless it is to be inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// Arguments.
    pub(crate) args: Vec<Type>,
    /// Result; `Type::None` for void.
    pub(crate) returns: Option<Type>,
}

/// The signature that an object writes: `float32(float32)`, a string, a tuple of types.
///
/// # Errors
/// `ArgumentError` if it is none.
pub(crate) fn signature(thing: &Bound<'_, PyAny>) -> PyResult<Signature> {
    let py = thing.py();
    let read = module(py)?.getattr(intern!(py, "signature"))?.call1((thing,))?;
    let args = read.getattr(intern!(py, "args"))?.try_iter()?.map(|a| of(&a?)).collect::<PyResult<_>>()?;
    let returns = read.getattr(intern!(py, "return_type"))?;
    Ok(Signature { args, returns: if returns.is_none() { None } else { Some(of(&returns)?) } })
}

/// Whether an object is one of `verdigris.types`.
pub(crate) fn is_type(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let module = object.get_type().getattr(intern!(object.py(), "__module__"))?;
    Ok(module.extract::<&str>().is_ok_and(|name| name == "verdigris.types"))
}

/// The type of ours that one of Numba's is; `None` for another object.
///
/// # Errors
/// `ArgumentError` for a type that compiled code does not have.
pub(crate) fn of_numba<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = object.py();
    let module = object.get_type().getattr(intern!(py, "__module__"))?;
    if !module.extract::<&str>().is_ok_and(|name| name.starts_with("numba.")) {
        return Ok(None);
    }
    let found = self::module(py)?.getattr(intern!(py, "of_numba"))?.call1((object,))?;
    Ok(if found.is_none() { None } else { Some(found) })
}

/// The type that an object of `verdigris.types` is.
pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Type> {
    let py = object.py();
    if let Some(name) = object.getattr_opt(intern!(py, "__verdigris_type__"))? {
        return Ok(Type::Scalar(scalar(&name)?));
    }
    if let Ok(items) = object.cast::<PyTuple>() {
        return Ok(Type::Tuple(items.iter().map(|item| of(&item)).collect::<PyResult<_>>()?));
    }
    if let Some(items) = object.getattr_opt(intern!(py, "__verdigris_items__"))? {
        let named = NamedType {
            name: object.getattr(intern!(py, "name"))?.extract()?,
            fields: object.getattr(intern!(py, "fields"))?.extract()?,
            vector: None,
        };
        let items = items.try_iter()?.map(|item| of(&item?)).collect::<PyResult<_>>()?;
        return Ok(Type::Named(Arc::new(named), items));
    }
    if let Some(dtype) = object.getattr_opt(intern!(py, "__verdigris_record__"))? {
        return Ok(Type::Records(RecordsType { record: record(&dtype)?, ndim: 0, readonly: false }));
    }
    let Some(elem) = object.getattr_opt(intern!(py, "dtype"))? else { return Ok(Type::None) };
    if let Some(dtype) = elem.getattr_opt(intern!(py, "__verdigris_record__"))? {
        let (ndim, readonly) = (object.getattr(intern!(py, "ndim"))?.extract()?, object.getattr(intern!(py, "readonly"))?.extract()?);
        return Ok(Type::Records(RecordsType { record: record(&dtype)?, ndim, readonly }));
    }
    let layout = match object.getattr(intern!(py, "layout"))?.extract::<String>()?.as_str() {
        "C" => Layout::C,
        "F" => Layout::F,
        _ => Layout::A,
    };
    Ok(Type::Array(ArrayType {
        elem: scalar(&elem.getattr(intern!(py, "name"))?)?,
        ndim: object.getattr(intern!(py, "ndim"))?.extract()?,
        layout,
        readonly: object.getattr(intern!(py, "readonly"))?.extract()?,
    }))
}

fn record(dtype: &Bound<'_, PyAny>) -> PyResult<Arc<RecordType>> {
    let unknown = || {
        let text = format!("{dtype} has fields that compiled code does not have");
        Exception::new(dtype.py(), Class::Argument, text).with("code", "bad-dtype").build()
    };
    crate::cuda::record_type(dtype.cast()?)?.ok_or_else(unknown)
}

/// NumPy's dtype of a record.
///
/// # Errors
/// What NumPy raised.
pub(crate) fn dtype_of<'py>(py: Python<'py>, record: &RecordType) -> PyResult<Bound<'py, PyArrayDescr>> {
    if let Some((elem, length)) = record.as_text() {
        let letter = if elem == ScalarType::U8 { 'S' } else { 'U' };
        return PyArrayDescr::new(py, format!("{letter}{length}"));
    }
    let (names, formats, offsets) = (PyList::empty(py), PyList::empty(py), PyList::empty(py));
    for field in &record.fields {
        let elem = match &field.ty {
            FieldType::Scalar(ScalarType::BF16) => PyArrayDescr::new(py, py.import("ml_dtypes")?.getattr("bfloat16")?)?,
            FieldType::Scalar(ty) => PyArrayDescr::new(py, ty.name())?,
            FieldType::Record(inner) => dtype_of(py, inner)?,
        };
        names.append(&field.name)?;
        formats.append((elem, PyTuple::new(py, &field.shape)?))?;
        offsets.append(field.offset)?;
    }
    let spec = PyDict::new(py);
    spec.set_item("names", names)?;
    spec.set_item("formats", formats)?;
    spec.set_item("offsets", offsets)?;
    spec.set_item("itemsize", record.size)?;
    PyArrayDescr::new(py, spec)
}

fn scalar(object: &Bound<'_, PyAny>) -> PyResult<ScalarType> {
    let name: String = object.extract()?;
    let unknown = || Exception::new(object.py(), Class::Argument, format!("{name} is not a type of compiled code")).build();
    ScalarType::from_name(&name).ok_or_else(unknown)
}

fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(fork::once(py, &MODULE, || py.import("verdigris.types").map(Bound::unbind))?.bind(py))
}
