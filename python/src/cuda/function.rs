//! Device functions: called by kernels, ufuncs and one another, never by Python.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use verdigris_compiler::names::Declared;
use verdigris_compiler::types::Type;

use crate::definition::PyFunction;
use crate::error::{Class, Exception};
use crate::types;

/// What a pickled function is made of: its text and names, and how it is declared.
type Parts = (Py<PyFunction>, Option<Py<PyAny>>, Vec<Py<PyAny>>);

/// A function that compiled code can call; made by `cuda.jit(device=True)`.
#[pyclass(frozen, dict, weakref, module = "verdigris._verdigris")]
pub(crate) struct DeviceFunction {
    function: Py<PyFunction>,
    py_func: Option<Py<PyAny>>,
    /// What it was declared with.
    signatures: Vec<Py<PyAny>>,
}

#[pymethods]
impl DeviceFunction {
    #[new]
    #[pyo3(signature = (function, py_func=None, signatures=Vec::new()))]
    fn new(function: Py<PyFunction>, py_func: Option<Py<PyAny>>, signatures: Vec<Bound<'_, PyAny>>) -> PyResult<DeviceFunction> {
        let mut declared = Vec::new();
        for signature in &signatures {
            let read = types::signature(signature)?;
            declared.push(Declared { args: read.args, returns: read.returns.filter(|ty| *ty != Type::None) });
        }
        if !declared.is_empty() {
            function.get().declare(declared);
        }
        Ok(DeviceFunction { function, py_func, signatures: signatures.into_iter().map(Bound::unbind).collect() })
    }

    /// The text and its names, for the compiler.
    #[getter(__verdigris_definition__)]
    fn definition(&self, py: Python<'_>) -> Py<PyFunction> {
        self.function.clone_ref(py)
    }

    /// The Python function.
    #[getter]
    fn py_func(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.py_func.as_ref().map(|f| f.clone_ref(py))
    }

    #[pyo3(signature = (*_args, **_kwargs))]
    fn __call__(&self, py: Python<'_>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let name = self.function.get().name();
        let text = format!("{name}() is a device function: kernels and ufuncs call it; `{name}.py_func` is the Python function");
        Err(Exception::new(py, Class::Unsupported, text).with("code", "device-function").build())
    }

    fn __getitem__(&self, _key: &Bound<'_, PyAny>, py: Python<'_>) -> PyResult<()> {
        let name = self.function.get().name();
        let text = format!("{name} is a device function, which a kernel calls: it cannot be launched itself; for that, leave out `device=True`");
        Err(Exception::new(py, Class::Unsupported, text).with("code", "device-function").build())
    }

    fn __reduce__(&self, py: Python<'_>) -> (Py<PyAny>, Parts) {
        let signatures = self.signatures.iter().map(|s| s.clone_ref(py)).collect();
        (py.get_type::<DeviceFunction>().into_any().unbind(), (self.function.clone_ref(py), None, signatures))
    }

    fn __repr__(&self) -> String {
        format!("<device function {}>", self.function.get().name())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.py_func)?;
        self.signatures.iter().try_for_each(|s| visit.call(s))
    }
}
