//! NEP 13: an argument whose type has its own `__array_ufunc__` is given the call, with our object as the ufunc.

use pyo3::exceptions::PyTypeError;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::fork;
use crate::interned::intern;

/// The parameters that may stand by position after the inputs of a method, in NumPy's order.
fn positional(method: &str) -> &'static [&'static str] {
    match method {
        "reduce" => &["axis", "dtype", "out", "keepdims", "initial", "where"],
        "accumulate" => &["axis", "dtype", "out"],
        "reduceat" => &["indices", "axis", "dtype", "out"],
        _ => &[],
    }
}

/// The type's own `__array_ufunc__`, if it is not ndarray's; an error if it is None.
fn override_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static NDARRAYS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let name = intern!(py, "__array_ufunc__");
    let Some(found) = object.get_type().getattr_opt(name)? else { return Ok(None) };
    let ndarrays = fork::once(py, &NDARRAYS, || py.import("numpy")?.getattr("ndarray")?.getattr(name).map(Bound::unbind))?;
    if found.is(ndarrays) {
        return Ok(None);
    }
    if found.is_none() {
        let message = format!("operand '{}' does not support ufuncs (__array_ufunc__=None)", object.get_type().name()?);
        return Err(PyTypeError::new_err(message));
    }
    Ok(Some(found))
}

/// Gives the call to the first overriding argument that takes it; `None` if no argument overrides.
pub(super) fn dispatch<'py>(
    ufunc: &Bound<'py, PyAny>,
    method: &str,
    inputs: usize,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ufunc.py();
    let out = match kwargs {
        Some(kwargs) => kwargs.get_item(intern!(py, "out"))?,
        None => None,
    };
    let mut candidates: Vec<Bound<'py, PyAny>> = args.iter().collect();
    if let Some(out) = &out {
        match out.cast::<PyTuple>() {
            Ok(tuple) => candidates.extend(tuple.iter()),
            Err(_) => candidates.push(out.clone()),
        }
    }
    // Each type once, in order of appearance; a subclass before its base.
    let mut overrides: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)> = Vec::new();
    for object in candidates {
        let class: Bound<'py, PyType> = object.get_type();
        if overrides.iter().any(|(known, _)| known.get_type().is(&class)) {
            continue;
        }
        if let Some(function) = override_of(&object)? {
            let mut place = overrides.len();
            for (i, (known, _)) in overrides.iter().enumerate() {
                if class.is_subclass(&known.get_type())? {
                    place = i;
                    break;
                }
            }
            overrides.insert(place, (object, function));
        }
    }
    if overrides.is_empty() {
        return Ok(None);
    }
    let (inputs, kwargs) = normal_form(py, method, inputs, args, kwargs)?;
    for (object, function) in &overrides {
        let mut call: Vec<Bound<'py, PyAny>> = vec![object.clone(), ufunc.clone(), method.into_pyobject(py)?.into_any()];
        call.extend(inputs.iter().cloned());
        let result = function.call(PyTuple::new(py, call)?, Some(&kwargs))?;
        if !result.is(py.NotImplemented()) {
            return Ok(Some(result));
        }
    }
    let names = overrides.iter().map(|(o, _)| Ok(format!("'{}'", o.get_type().name()?))).collect::<PyResult<Vec<_>>>()?;
    Err(PyTypeError::new_err(format!(
        "operand type(s) all returned NotImplemented from __array_ufunc__({}, {method:?}, ...): {}",
        ufunc.repr()?,
        names.join(", ")
    )))
}

/// The call as NEP 13 writes it: inputs by position, all else by name, `out` a tuple or absent.
fn normal_form<'py>(
    py: Python<'py>,
    method: &str,
    inputs: usize,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Vec<Bound<'py, PyAny>>, Bound<'py, PyDict>)> {
    let named = match kwargs {
        Some(kwargs) => kwargs.copy()?,
        None => PyDict::new(py),
    };
    let (count, names) = match method {
        "__call__" => (inputs, &[][..]),
        "outer" | "at" => (args.len(), &[][..]),
        "reduceat" => (2, &positional(method)[1..]),
        _ => (1, positional(method)),
    };
    let mut given: Vec<Bound<'py, PyAny>> = args.iter().collect();
    let rest = given.split_off(count.min(given.len()));
    let out = intern!(py, "out");
    if method == "__call__" && !rest.is_empty() {
        named.set_item(out, PyTuple::new(py, rest)?)?;
    } else {
        for (name, value) in names.iter().zip(rest) {
            named.set_item(name, value)?;
        }
    }
    if let Some(value) = named.get_item(out)? {
        if value.is_none() {
            named.del_item(out)?;
        } else if !value.is_instance_of::<PyTuple>() {
            named.set_item(out, (value,))?;
        }
    }
    Ok((given, named))
}
