//! What our object, the genuine ufunc and the loops in flight share: the function, its options, its loops.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use smallvec::SmallVec;
use verdigris_compiler::types::{ScalarType, Type};
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::run::{CoreLoop, Loop};
use verdigris_vectorize::{CoreSignature, Error, Gufunc, Layout, Literals, Options, Signature, Target, Ufunc};

use super::genuine::Published;
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

/// Keywords of every ufunc's call: a parameter of such a name is given by position.
const KEYWORDS: [&str; 10] = ["out", "where", "axis", "axes", "keepdims", "casting", "order", "dtype", "subok", "signature"];

/// What makes loops: of elements, or of core arrays.
#[derive(Clone)]
pub(super) enum Engine {
    Elements(Arc<Ufunc>),
    Cores(Arc<Gufunc>),
}

/// A loop of either kind.
#[derive(Clone)]
pub(super) enum AnyLoop {
    Elements(Arc<Loop>),
    Cores(Arc<CoreLoop>),
}

impl Engine {
    pub(super) fn choose(&self, arguments: &[Argument]) -> Result<AnyLoop, Error> {
        match self {
            Engine::Elements(engine) => engine.choose(arguments).cloned().map(AnyLoop::Elements),
            Engine::Cores(engine) => engine.choose(arguments).map(AnyLoop::Cores),
        }
    }

    pub(super) fn options(&self) -> &Options {
        match self {
            Engine::Elements(engine) => engine.options(),
            Engine::Cores(engine) => engine.options(),
        }
    }

    pub(super) fn loops(&self) -> Vec<AnyLoop> {
        match self {
            Engine::Elements(engine) => engine.loops().into_iter().map(AnyLoop::Elements).collect(),
            Engine::Cores(engine) => engine.loops().into_iter().map(AnyLoop::Cores).collect(),
        }
    }
}

impl AnyLoop {
    pub(super) fn inputs(&self) -> &[ScalarType] {
        match self {
            AnyLoop::Elements(lp) => &lp.signature().inputs,
            AnyLoop::Cores(lp) => lp.inputs(),
        }
    }

    pub(super) fn outputs(&self) -> &[ScalarType] {
        match self {
            AnyLoop::Elements(lp) => &lp.signature().outputs,
            AnyLoop::Cores(lp) => lp.outputs(),
        }
    }
}

/// What a ufunc of core arrays has besides.
#[derive(Clone)]
pub(super) struct Cores {
    pub(super) layout: Layout,
    /// The layout as NumPy reads it.
    pub(super) numpy: CString,
    pub(super) writable: Vec<usize>,
}

/// For each output its type, if one is given.
pub(super) type Given = SmallVec<[Option<ScalarType>; 4]>;

/// Loops declared by signatures.
pub(super) enum Declared {
    Elements(Vec<Signature>),
    Cores(Vec<CoreSignature>),
}

/// How a ufunc is to be made.
pub(super) struct Settings {
    pub(super) name: CString,
    pub(super) doc: CString,
    pub(super) declared: Option<Declared>,
    pub(super) target: Target,
    pub(super) fma: bool,
    pub(super) fastmath: bool,
    pub(super) literals: Literals,
    pub(super) identity: Identity,
    pub(super) cores: Option<Cores>,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Addresses of the cores whose ufuncs NumPy may ask about, by their own names.
static NAMED: Mutex<BTreeMap<CString, usize>> = Mutex::new(BTreeMap::new());

fn own_name() -> CString {
    CString::new(format!("verdigris {}", NEXT.fetch_add(1, Ordering::Relaxed))).expect("no NUL in a number")
}

/// See the module.
#[pyclass(frozen, name = "Core", module = "verdigris._verdigris")]
pub(crate) struct Core {
    pub(super) function: Py<PyFunction>,
    pub(super) name: CString,
    /// What loops of dates and times are called: no other core's are called so.
    pub(super) own_name: CString,
    pub(super) doc: CString,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) identity: Identity,
    pub(super) published: Published,
    pub(super) cores: Option<Cores>,
    declared: Option<Declared>,
    /// Types of the outputs of core arrays that were given with a call; none, or one for each output.
    given: Given,
    target: Target,
    fma: bool,
    fastmath: bool,
    literals: Literals,
    /// Names of the function's parameters.
    parameters: Vec<String>,
    engine: OnceLock<Engine>,
}

impl Core {
    /// Makes the core; declared loops are checked now, others when they are met.
    pub(super) fn new(py: Python<'_>, function: Py<PyFunction>, settings: Settings) -> PyResult<Core> {
        let Settings { name, doc, declared, target, fma, fastmath, literals, identity, cores } = settings;
        let outline = function.get().outline();
        let (inputs, outputs) = match &cores {
            None => gate::attached(py, || verdigris_vectorize::arity(&outline))?,
            Some(cores) => (cores.layout.inputs.len(), cores.layout.outputs.len()),
        };
        if inputs == 0 {
            let message = format!("`{}` has no parameters: an elementwise function takes at least one", outline.name);
            return Err(Exception::new(py, Class::Typing, message).with("code", "wrong-arguments").build());
        }
        let mut core = Core {
            function,
            name,
            own_name: own_name(),
            doc,
            inputs,
            outputs,
            identity,
            published: Published::default(),
            cores,
            declared,
            given: Given::new(),
            target,
            fma,
            fastmath,
            literals,
            parameters: gate::attached(py, || verdigris_vectorize::parameters(&outline))?,
            engine: OnceLock::new(),
        };
        if core.declared.is_some()
            && let Engine::Elements(engine) = core.engine(py)?
        {
            core.outputs = engine.outputs();
        }
        Ok(core)
    }

    /// The same function with loops for outputs of given types.
    pub(super) fn with_outputs(&self, py: Python<'_>, given: Given) -> Core {
        Core {
            function: self.function.clone_ref(py),
            name: self.name.clone(),
            own_name: own_name(),
            doc: self.doc.clone(),
            identity: Identity::None,
            published: Published::default(),
            cores: self.cores.clone(),
            declared: None,
            given,
            parameters: self.parameters.clone(),
            engine: OnceLock::new(),
            target: self.target,
            fma: self.fma,
            fastmath: self.fastmath,
            literals: self.literals,
            inputs: self.inputs,
            outputs: self.outputs,
        }
    }

    /// Makes the core known by its own name for as long as it lives.
    pub(super) fn announce(&self) {
        let address = std::ptr::from_ref(self).expose_provenance();
        NAMED.lock().unwrap_or_else(|e| e.into_inner()).insert(self.own_name.clone(), address);
    }

    /// The core of that own name. What a Python object holds does not move, and the ufunc that somebody asks about keeps it alive.
    pub(super) fn named(name: &CStr) -> Option<*const Core> {
        NAMED.lock().unwrap_or_else(|e| e.into_inner()).get(name).map(|address| std::ptr::with_exposed_provenance(*address))
    }

    /// The engine. Until every name the text uses is defined, each call makes one anew.
    #[inline]
    pub(super) fn engine(&self, py: Python<'_>) -> PyResult<Engine> {
        match self.engine.get() {
            Some(engine) => Ok(engine.clone()),
            None => self.make_engine(py),
        }
    }

    /// The engine, if it is made and works on elements.
    #[inline]
    pub(super) fn ready(&self) -> Option<&Arc<Ufunc>> {
        match self.engine.get() {
            Some(Engine::Elements(engine)) => Some(engine),
            _ => None,
        }
    }

    #[cold]
    fn make_engine(&self, py: Python<'_>) -> PyResult<Engine> {
        let function = self.function.get();
        let definition = function.definition(py)?;
        let mut options = Options::new(Arc::new(config::cpu(py)?.clone()));
        options.target = self.target;
        options.fma = self.fma;
        options.fastmath = self.fastmath;
        options.literals = self.literals;
        options.associative = !matches!(self.identity, Identity::None);
        let (declared, cores, given) = (&self.declared, &self.cores, &self.given);
        let engine = {
            let definition = definition.clone();
            gate::detached(py, move || match cores {
                None => {
                    let made = match declared {
                        Some(Declared::Elements(list)) => Ufunc::with_signatures(definition, list, options),
                        _ => Ufunc::new(definition, options),
                    };
                    made.map(|engine| Engine::Elements(Arc::new(engine)))
                }
                Some(cores) => {
                    let made = Gufunc::new(definition, cores.layout.clone(), options)?.with_writable(&cores.writable).with_outputs(given);
                    let made = match declared {
                        Some(Declared::Cores(list)) => made.with_signatures(list)?,
                        _ => made,
                    };
                    Ok(Engine::Cores(Arc::new(made)))
                }
            })?
        };
        // A definition that is whole is made once.
        if Arc::ptr_eq(&definition, &function.definition(py)?) {
            return Ok(self.engine.get_or_init(|| engine).clone());
        }
        Ok(engine)
    }

    /// Looks at the parameters of a function over core arrays, whether or not loops are declared.
    pub(super) fn check_parameters(&self, py: Python<'_>) -> PyResult<()> {
        let function = self.function.get();
        if let Some(cores) = &self.cores
            && !function.has_defaults(py)?
        {
            let outline = function.outline();
            gate::attached(py, || verdigris_vectorize::returns_results(&outline, &cores.layout).map(|_| ()))?;
        }
        Ok(())
    }

    /// The arguments of a call that names some of them or leaves out some that have defaults, all by position, and the keywords that are NumPy's. `None` where nothing is to be done, or NumPy
    /// will say what is wrong.
    pub(super) fn by_position<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<(Bound<'py, PyTuple>, Bound<'py, PyDict>)>> {
        let py = args.py();
        let given = args.len();
        if given >= self.inputs {
            return Ok(None);
        }
        let rest = match kwargs {
            Some(kwargs) => kwargs.copy()?,
            None => PyDict::new(py),
        };
        let mut all: Vec<Bound<'py, PyAny>> = args.iter().collect();
        let mut defaults: Option<Bound<'py, PyDict>> = None;
        for name in self.parameters.iter().take(self.inputs).skip(given) {
            if !KEYWORDS.contains(&name.as_str())
                && let Some(value) = rest.get_item(name)?
            {
                rest.del_item(name)?;
                all.push(value);
                continue;
            }
            let known = match &defaults {
                Some(known) => known,
                None => defaults.insert(self.function.get().defaults(py)?),
            };
            match known.get_item(name)? {
                Some(value) => all.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some((PyTuple::new(py, all)?, rest)))
    }

    /// Whether a parameter of the function is named so.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p == name)
    }

    /// Whether loops are made for whatever types are met.
    pub(super) fn is_dynamic(&self) -> bool {
        self.declared.is_none()
    }

    /// Whether types of outputs over core arrays follow from what is stored into them.
    pub(super) fn infers_outputs(&self) -> bool {
        self.cores.as_ref().is_some_and(|cores| self.is_dynamic() && self.parameters.len() >= cores.layout.inputs.len() + cores.layout.outputs.len())
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

impl Drop for Core {
    fn drop(&mut self) {
        NAMED.lock().unwrap_or_else(|e| e.into_inner()).remove(&self.own_name);
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
    let scalar = |ty: &Type| -> PyResult<ScalarType> { numpys(py, ty.scalar().ok_or_else(|| refused(ty))?) };
    let inputs = read.args.iter().map(scalar).collect::<PyResult<_>>()?;
    let outputs = match &read.returns {
        None => None,
        Some(Type::Tuple(items)) => Some(items.iter().map(scalar).collect::<PyResult<_>>()?),
        Some(one) => Some(std::iter::once(scalar(one)).collect::<PyResult<_>>()?),
    };
    Ok(Signature { inputs, outputs })
}

/// A type of numbers that NumPy's ufuncs have loops for.
fn numpys(py: Python<'_>, ty: ScalarType) -> PyResult<ScalarType> {
    if ty != ScalarType::BF16 {
        return Ok(ty);
    }
    let message = "ufuncs have no loops of bfloat16: take float32, and convert with `.astype`";
    Err(Exception::new(py, Class::Argument, message).with("code", "bad-signature").build())
}

/// A signature of a function over core arrays as a user writes it.
pub(super) fn core_signature(thing: &Bound<'_, PyAny>) -> PyResult<CoreSignature> {
    let py = thing.py();
    let read = types::signature(thing)?;
    for ty in read.args.iter().chain(&read.returns) {
        match ty {
            Type::Scalar(elem) => numpys(py, *elem).map(drop)?,
            Type::Array(array) => numpys(py, array.elem).map(drop)?,
            _ => {}
        }
    }
    let results = match &read.returns {
        None | Some(Type::None) => None,
        Some(Type::Scalar(one)) => Some(SmallVec::from_slice(&[*one])),
        Some(Type::Tuple(items)) => items.iter().map(Type::scalar).collect(),
        Some(other) => {
            let message = format!("a function over core arrays returns numbers, or nothing, not {other}");
            return Err(Exception::new(py, Class::Argument, message).with("code", "bad-signature").build());
        }
    };
    Ok(CoreSignature { parameters: read.args, results })
}

impl IntoPyErr for Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let class = match self {
            Error::Diagnostic(diagnostic) => return diagnostic.into_py_err(py),
            Error::Compiler(error) => return error.into_py_err(py),
            Error::Failed { failure, site } => return Failed { failure, site: *site, other: None, thread: None }.into_py_err(py),
            Error::Gpu(error) => return error.into_py_err(py),
            Error::Stopped => return watch::interrupted(),
            Error::Broadcast { .. } | Error::Output { .. } | Error::Overlap | Error::EmptyReduction | Error::CoreShape { .. } => Class::Shape,
            Error::CoreAxes { .. } => Class::Unsupported,
            Error::Result { .. } | Error::ResultCount { .. } | Error::Parameters { .. } | Error::OutputType { .. } | Error::ReturnsToo { .. } => {
                Class::Typing
            }
            _ => Class::Argument,
        };
        Exception::new(py, class, self.to_string()).with("code", "ufunc").build()
    }
}
