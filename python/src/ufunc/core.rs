//! What our object, the genuine ufunc and the loops in flight share: the function, its options, its loops.

use std::ffi::CString;
use std::sync::{Arc, Mutex, OnceLock};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use verdigris_compiler::types::{ScalarType, Type};
use verdigris_vectorize::{Error, Options, Signature, Target, Ufunc};

use super::genuine::Tables;
use crate::config;
use crate::cuda::watch;
use crate::definition::PyFunction;
use crate::error::{Class, Exception, Failed, IntoPyErr};
use crate::gate;
use crate::types;

/// The identity declared for reductions.
pub(super) enum Identity {
    /// None: reductions are left folds over one axis.
    None,
    /// No value, but the order of elements does not matter.
    Reorderable,
    /// A value.
    Value(Py<PyAny>),
}

/// See the module.
#[pyclass(frozen, name = "Core", module = "verdigris._verdigris")]
pub(crate) struct Core {
    pub(super) function: Py<PyFunction>,
    pub(super) name: CString,
    pub(super) doc: CString,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) identity: Identity,
    pub(super) tables: Mutex<Tables>,
    signatures: Option<Vec<Signature>>,
    target: Target,
    fma: bool,
    engine: OnceLock<Arc<Ufunc>>,
}

impl Core {
    /// Makes the core; declared loops are checked now, others when they are met.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn new(
        py: Python<'_>,
        function: Py<PyFunction>,
        name: CString,
        doc: CString,
        signatures: Option<Vec<Signature>>,
        target: Target,
        fma: bool,
        identity: Identity,
    ) -> PyResult<Core> {
        let outline = function.get().outline();
        let (inputs, outputs) = gate::attached(py, || verdigris_vectorize::arity(&outline))?;
        if inputs == 0 {
            let message = format!("`{}` has no parameters: an elementwise function takes at least one", outline.name);
            return Err(Exception::new(py, Class::Typing, message).with("code", "wrong-arguments").build());
        }
        let mut core =
            Core { function, name, doc, inputs, outputs, identity, tables: Mutex::default(), signatures, target, fma, engine: OnceLock::new() };
        if core.signatures.is_some() {
            core.outputs = core.engine(py)?.outputs();
        }
        Ok(core)
    }

    /// The engine. Until every name the text uses is defined, each call makes one anew.
    #[inline]
    pub(super) fn engine(&self, py: Python<'_>) -> PyResult<Arc<Ufunc>> {
        match self.engine.get() {
            Some(engine) => Ok(engine.clone()),
            None => self.make_engine(py),
        }
    }

    /// The engine, if it is made.
    #[inline]
    pub(super) fn ready(&self) -> Option<&Arc<Ufunc>> {
        self.engine.get()
    }

    #[cold]
    fn make_engine(&self, py: Python<'_>) -> PyResult<Arc<Ufunc>> {
        let function = self.function.get();
        let definition = function.definition(py)?;
        let mut options = Options::new(Arc::new(config::cpu(py)?.clone()));
        options.target = self.target;
        options.fma = self.fma;
        options.associative = !matches!(self.identity, Identity::None);
        let signatures = &self.signatures;
        let engine = {
            let definition = definition.clone();
            gate::detached(py, move || match signatures {
                Some(list) => Ufunc::with_signatures(definition, list, options),
                None => Ufunc::new(definition, options),
            })?
        };
        let engine = Arc::new(engine);
        // A definition that is whole is made once.
        if Arc::ptr_eq(&definition, &function.definition(py)?) {
            return Ok(self.engine.get_or_init(|| engine).clone());
        }
        Ok(engine)
    }

    pub(super) fn is_parallel(&self) -> bool {
        self.target == Target::Parallel
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        if let Identity::Value(value) = &self.identity {
            visit.call(value)?;
        }
        Ok(())
    }
}

#[pymethods]
impl Core {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.traverse(&visit)
    }
}

/// A signature as a user writes it.
pub(super) fn signature(thing: &Bound<'_, PyAny>) -> PyResult<Signature> {
    let py = thing.py();
    let read = types::signature(thing)?;
    let refused = |ty: &Type| {
        let message = format!("a signature of an elementwise function has scalar types only, not {ty}");
        Exception::new(py, Class::Argument, message).with("code", "bad-signature").build()
    };
    let scalar = |ty: &Type| -> PyResult<ScalarType> { ty.scalar().ok_or_else(|| refused(ty)) };
    let inputs = read.args.iter().map(scalar).collect::<PyResult<_>>()?;
    let outputs = match &read.returns {
        None => None,
        Some(Type::Tuple(items)) => Some(items.iter().map(scalar).collect::<PyResult<_>>()?),
        Some(one) => Some(std::iter::once(scalar(one)).collect::<PyResult<_>>()?),
    };
    Ok(Signature { inputs, outputs })
}

impl IntoPyErr for Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let class = match self {
            Error::Diagnostic(diagnostic) => return diagnostic.into_py_err(py),
            Error::Compiler(error) => return error.into_py_err(py),
            Error::Failed { failure, site } => return Failed { failure, site: *site, thread: None }.into_py_err(py),
            Error::Stopped => return watch::interrupted(),
            Error::Broadcast { .. } | Error::Output { .. } | Error::Overlap | Error::EmptyReduction => Class::Shape,
            Error::Result { .. } | Error::ResultCount { .. } => Class::Typing,
            _ => Class::Argument,
        };
        Exception::new(py, class, self.to_string()).with("code", "ufunc").build()
    }
}
