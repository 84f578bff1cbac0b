//! Ufuncs as Python sees them.
//!
//! One object of ours, [`PyUfunc`], does plain calls itself ([`call`], [`on_gpu`]) and has a genuine `numpy.ufunc` ([`genuine`]) for all else; both have their loops from one [`core::Core`].
//! An argument with its own `__array_ufunc__` is handed our object ([`overrides`]). Loops, casting and broadcasting are `verdigris-vectorize`'s.

mod call;
mod core;
mod genuine;
mod numpy;
mod on_gpu;
mod overrides;

use std::ffi::CString;
use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};

use verdigris_compiler::llvm::Listing;
use verdigris_compiler::types::ScalarType;
use verdigris_device::cuda::Stream;
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::{Error, Layout, Literals, Target};

pub(crate) use self::numpy::host_array;

use self::core::{AnyLoop, Core, Cores, Declared, Given, Identity, Settings};
use crate::cuda::stream;
use crate::definition::PyFunction;
use crate::error::{Class, Exception, IntoPyErr};
use crate::interned::intern;
use crate::{fork, gate};

/// An elementwise function: a `numpy.ufunc` in all it does.
#[pyclass(frozen, name = "Ufunc", module = "verdigris._verdigris", dict, weakref)]
pub(crate) struct PyUfunc {
    core: Py<Core>,
    ufunc: Py<PyAny>,
    /// The same function over core arrays with outputs of types that calls have given.
    for_outputs: Mutex<Vec<(Given, Py<PyUfunc>)>>,
    /// Whether calls take `stream=`, as those of `target="cuda"` do.
    takes_streams: bool,
}

/// The keywords of a call without its stream, and the GPU's stream that it names; `None` if it names none.
fn without_stream<'py>(core: &Core, kwargs: &Bound<'py, PyDict>) -> PyResult<Option<(Bound<'py, PyDict>, Option<Stream>)>> {
    let py = kwargs.py();
    let Some(given) = kwargs.get_item(intern!(py, "stream"))? else { return Ok(None) };
    if core.has_parameter("stream") {
        return Ok(None);
    }
    let named = stream::order(py, Some(&given))?;
    let rest = kwargs.copy()?;
    rest.del_item(intern!(py, "stream"))?;
    Ok(Some((rest, named)))
}

#[pymethods]
impl PyUfunc {
    /// `identity`: None, the string "reorderable", or a value. `layout`: of a ufunc of core arrays, with the inputs its function may write to. `weak`:
    /// whether numbers written in the function take their operand's precision.
    #[new]
    #[pyo3(signature = (function, name, doc, signatures, target, fma, identity, layout = None, writable = Vec::new(), weak = false, fastmath = false))]
    #[expect(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        function: Py<PyFunction>,
        name: &str,
        doc: &str,
        signatures: Option<Vec<Bound<'_, PyAny>>>,
        target: &str,
        fma: bool,
        identity: Option<Bound<'_, PyAny>>,
        layout: Option<&str>,
        writable: Vec<usize>,
        weak: bool,
        fastmath: bool,
    ) -> PyResult<PyUfunc> {
        let takes_streams = target == "cuda";
        let target = match target {
            "parallel" => Target::Parallel,
            "cpu" | "cuda" => Target::Cpu,
            other => return Err(PyValueError::new_err(format!("target is 'cpu', 'parallel' or 'cuda', not {other:?}"))),
        };
        let identity = match identity {
            None => Identity::None,
            Some(word) if word.extract::<&str>().is_ok_and(|w| w == "reorderable") => Identity::Reorderable,
            Some(value) => Identity::Value(value.unbind()),
        };
        let text = |s: &str| CString::new(s.replace('\0', " ")).map_err(|e| PyValueError::new_err(e.to_string()));
        let cores = match layout {
            None => None,
            Some(layout) => {
                let layout: Layout = layout.parse().map_err(|e: Error| e.into_py_err(py))?;
                if let Some(wrong) = writable.iter().find(|i| **i >= layout.inputs.len()) {
                    let message = format!("writable_args names input {wrong}; the layout {layout} has {} inputs", layout.inputs.len());
                    return Err(Exception::new(py, Class::Argument, message).with("code", "bad-option").build());
                }
                Some(Cores { numpy: text(&layout.for_numpy())?, layout, writable })
            }
        };
        let declared = match signatures {
            None => None,
            Some(list) if cores.is_some() => Some(Declared::Cores(list.iter().map(core::core_signature).collect::<PyResult<_>>()?)),
            Some(list) => Some(Declared::Elements(list.iter().map(core::signature).collect::<PyResult<_>>()?)),
        };
        let is_of_cores = cores.is_some();
        let literals = if weak { Literals::Weak } else { Literals::Wide };
        let (name, doc) = (text(name)?, text(doc)?);
        let core = Core::new(py, function, Settings { name, doc, declared, target, fma, fastmath, literals, identity, cores })?;
        let core = Bound::new(py, core)?;
        if is_of_cores {
            core.get().check_parameters(py)?;
        }
        let ufunc = genuine::create(py, &core)?.unbind();
        Ok(PyUfunc { core: core.unbind(), ufunc, for_outputs: Mutex::default(), takes_streams })
    }

    // `out` apart from the other keywords, which saves the dict that PyO3 makes of those.
    #[pyo3(signature = (*args, out = None, **kwargs))]
    fn __call__<'py>(
        slf: &Bound<'py, PyUfunc>,
        args: &Bound<'py, PyTuple>,
        out: Option<Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let core = slf.get().core.get();
        let (rest, named) = match kwargs {
            Some(kwargs) if slf.get().takes_streams => without_stream(core, kwargs)?.map_or((None, None), |(rest, named)| (Some(rest), named)),
            _ => (None, None),
        };
        let kwargs = rest.as_ref().or(kwargs);
        if slf.get().takes_streams
            && let Some(stream) = stream::or_default(slf.py(), named)?
            && let Some(result) = PyUfunc::call_on(slf, &stream, args, out.as_ref(), kwargs)?
        {
            return Ok(result);
        }
        if args.len() < core.inputs
            && let Some((args, kwargs)) = core.by_position(args, kwargs)?
        {
            return PyUfunc::call(slf, core, &args, out.as_ref(), Some(&kwargs));
        }
        PyUfunc::call(slf, core, args, out.as_ref(), kwargs)
    }

    /// A plain call with operands on a GPU, done there; None where it is none, and the host has to do it.
    #[pyo3(signature = (inputs, out = None))]
    fn _on_gpu<'py>(slf: &Bound<'py, PyUfunc>, inputs: &Bound<'py, PyTuple>, out: Option<&Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match stream::or_default(slf.py(), None)? {
            Some(stream) => PyUfunc::call_on(slf, &stream, inputs, out, None),
            None => Ok(None),
        }
    }

    /// PTX of what was made for GPUs so far, by the types of loops: a list for each, since loops over more axes are other code.
    fn inspect_ptx<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let texts = PyDict::new(py);
        for lp in self.loops(py)? {
            let made = match &lp {
                AnyLoop::Elements(lp) => lp.ptx(),
                AnyLoop::Cores(lp) => lp.ptx(),
            };
            texts.set_item(spelled(&lp), made)?;
        }
        Ok(texts)
    }

    /// The code of the loops there are, as LLVM's assembly language: of the one with those types (`"dd->d"`), or of each by its types.
    #[pyo3(signature = (signature = None))]
    fn inspect_llvm<'py>(&self, py: Python<'py>, signature: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        self.inspect(py, signature, Listing::Optimised)
    }

    /// The code of the loops there are, as the machine's assembly language: of the one with those types (`"dd->d"`), or of each by its types.
    #[pyo3(signature = (signature = None))]
    fn inspect_asm<'py>(&self, py: Python<'py>, signature: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        self.inspect(py, signature, Listing::Assembly)
    }

    /// Folds an array along axes.
    #[pyo3(signature = (*args, **kwargs))]
    fn reduce<'py>(slf: &Bound<'py, PyUfunc>, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().fold(slf, "reduce", 2, args, kwargs)
    }

    /// Folds an array along an axis, keeping every intermediate result.
    #[pyo3(signature = (*args, **kwargs))]
    fn accumulate<'py>(slf: &Bound<'py, PyUfunc>, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().fold(slf, "accumulate", 2, args, kwargs)
    }

    /// Folds slices of an array.
    #[pyo3(signature = (*args, **kwargs))]
    fn reduceat<'py>(slf: &Bound<'py, PyUfunc>, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().fold(slf, "reduceat", 3, args, kwargs)
    }

    /// Applies the function to all pairs of elements.
    #[pyo3(signature = (*args, **kwargs))]
    fn outer<'py>(slf: &Bound<'py, PyUfunc>, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().general(slf, "outer", args, kwargs)
    }

    /// Applies the function in place at indices, one after another.
    #[pyo3(signature = (*args, **kwargs))]
    fn at<'py>(slf: &Bound<'py, PyUfunc>, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().general(slf, "at", args, kwargs)
    }

    /// `numpy.ufunc`: what it is to everyone who asks.
    #[getter(__class__)]
    fn class<'py>(slf: &Bound<'py, PyUfunc>) -> PyResult<Bound<'py, PyAny>> {
        static UFUNC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        Ok(fork::once(py, &UFUNC, || py.import("numpy")?.getattr("ufunc").map(Bound::unbind))?.bind(py).clone())
    }

    /// The genuine ufunc.
    #[getter]
    fn ufunc<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.ufunc.bind(py).clone()
    }

    /// Number of arguments.
    #[getter]
    fn nin(&self) -> usize {
        self.core.get().inputs
    }

    /// Number of results.
    #[getter]
    fn nout(&self) -> usize {
        self.core.get().outputs
    }

    /// Number of arguments and results.
    #[getter]
    fn nargs(&self) -> usize {
        self.core.get().inputs + self.core.get().outputs
    }

    /// Number of loops there are so far.
    #[getter]
    fn ntypes(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.loops(py)?.len())
    }

    /// The loops there are so far, in NumPy's letters.
    #[getter]
    fn types<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.loops(py)?.iter().map(spelled))
    }

    /// What reductions begin with.
    #[getter]
    fn identity<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        match &self.core.get().identity {
            Identity::Value(value) => Some(value.bind(py).clone()),
            Identity::None | Identity::Reorderable => None,
        }
    }

    /// The layout of a function over core arrays; None if it works on elements, all its cores being numbers.
    #[getter]
    fn signature(&self) -> Option<String> {
        self.core.get().cores.as_ref().filter(|cores| !cores.layout.dimensions.is_empty()).map(|cores| cores.layout.to_string())
    }

    /// Whether it is compiled for whatever types it meets.
    #[getter]
    fn is_dynamic(&self) -> bool {
        self.core.get().is_dynamic()
    }

    /// The function's text and names, for functions that call this one.
    #[getter]
    fn __verdigris_definition__<'py>(&self, py: Python<'py>) -> Bound<'py, PyFunction> {
        self.core.get().function.bind(py).clone()
    }

    fn __reduce__<'py>(slf: &Bound<'py, PyUfunc>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("verdigris._vectorize")?.getattr("_reduce")?.call1((slf,))
    }

    fn __repr__(&self) -> String {
        format!("<ufunc '{}'>", self.core.get().function.get().name())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.core)?;
        if let Ok(others) = self.for_outputs.try_lock() {
            others.iter().try_for_each(|(_, other)| visit.call(other))?;
        }
        visit.call(&self.ufunc)
    }
}

/// The type of elements of a dtype, if compiled code has it.
fn scalar_type(dtype: &Bound<'_, PyAny>) -> PyResult<Option<ScalarType>> {
    let found = ScalarType::from_name(&dtype.getattr(intern!(dtype.py(), "name"))?.extract::<String>()?);
    Ok(found.filter(|ty| *ty != ScalarType::BF16))
}

/// A loop's types in NumPy's letters.
fn spelled(lp: &AnyLoop) -> String {
    let letters =
        |types: &[ScalarType]| -> String { types.iter().map(|t| b"?bBhHiIlLqQfdgFDGOSUVMme"[numpy::type_number(*t) as usize] as char).collect() };
    format!("{}->{}", letters(lp.inputs()), letters(lp.outputs()))
}

impl PyUfunc {
    /// A call on a GPU's stream; `None` where the host has to do it.
    fn call_on<'py>(
        slf: &Bound<'py, PyUfunc>,
        stream: &Stream,
        args: &Bound<'py, PyTuple>,
        out: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (py, core) = (slf.py(), slf.get().core.get());
        let most_threads = match slf.getattr_opt(intern!(py, "max_blocksize"))? {
            Some(most) if !most.is_none() => Some(most.extract::<u32>()?),
            _ => None,
        };
        if args.len() < core.inputs
            && let Some((args, rest)) = core.by_position(args, kwargs)?
        {
            return if rest.is_empty() { on_gpu::call(core, &args, out, stream, most_threads) } else { Ok(None) };
        }
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Ok(None);
        }
        on_gpu::call(core, args, out, stream, most_threads)
    }

    /// A call with its inputs by position.
    #[inline]
    fn call<'py>(
        slf: &Bound<'py, PyUfunc>,
        core: &Core,
        args: &Bound<'py, PyTuple>,
        out: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if core.cores.is_none()
            && kwargs.is_none_or(|kwargs| kwargs.is_empty())
            && let Some(result) = call::call(py, core, args, out)?
        {
            return Ok(result);
        }
        let Some(out) = out else { return slf.get().general(slf, "__call__", args, kwargs) };
        let all = match kwargs {
            Some(kwargs) => kwargs.copy()?,
            None => PyDict::new(py),
        };
        all.set_item(intern!(py, "out"), out)?;
        slf.get().general(slf, "__call__", args, Some(&all))
    }

    fn inspect<'py>(&self, py: Python<'py>, signature: Option<&str>, listing: Listing) -> PyResult<Bound<'py, PyAny>> {
        let texts = PyDict::new(py);
        for lp in self.loops(py)? {
            let name = spelled(&lp);
            if signature.is_none_or(|s| s == name) {
                let text = gate::detached(py, || match &lp {
                    AnyLoop::Elements(lp) => lp.listing(listing),
                    AnyLoop::Cores(lp) => lp.listing(listing),
                })?;
                if signature.is_some() {
                    return Ok(text.into_pyobject(py)?.into_any());
                }
                texts.set_item(name, text)?;
            }
        }
        match signature {
            None => Ok(texts.into_any()),
            Some(signature) => Err(PyKeyError::new_err(format!("there is no loop {signature:?}; `types` lists those there are"))),
        }
    }

    fn loops(&self, py: Python<'_>) -> PyResult<Vec<AnyLoop>> {
        let mut all = self.core.get().engine(py)?.loops();
        let others: Vec<Py<PyUfunc>> = self.others().iter().map(|(_, other)| other.clone_ref(py)).collect();
        for other in others {
            for lp in other.get().core.get().engine(py)?.loops() {
                if !all.iter().any(|known| (known.inputs(), known.outputs()) == (lp.inputs(), lp.outputs())) {
                    all.push(lp);
                }
            }
        }
        Ok(all)
    }

    fn others(&self) -> MutexGuard<'_, Vec<(Given, Py<PyUfunc>)>> {
        self.for_outputs.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Where types of outputs are to follow from a call and it gives arrays for them, the same function with outputs of those arrays' types: it stores into what it is given, as uncompiled.
    fn for_given<'py>(&self, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Option<Bound<'py, PyUfunc>>> {
        let (py, core) = (args.py(), self.core.get());
        let asks_types = |name| kwargs.map_or(Ok(false), |k| k.contains(name));
        if !core.infers_outputs() || asks_types("dtype")? || asks_types("signature")? {
            return Ok(None);
        }
        let mut outputs: Vec<Bound<'py, PyAny>> = args.iter().skip(core.inputs).collect();
        if let Some(out) = kwargs.map_or(Ok(None), |k| k.get_item(intern!(py, "out")))? {
            match out.cast::<PyTuple>() {
                Ok(tuple) => outputs.extend(tuple.iter()),
                Err(_) => outputs.push(out),
            }
        }
        let ndarray = py.import("numpy")?.getattr("ndarray")?;
        let mut given = Given::from_elem(None, core.outputs);
        for (place, output) in given.iter_mut().zip(&outputs) {
            if output.is_instance(&ndarray)? {
                *place = scalar_type(&output.getattr(intern!(py, "dtype"))?)?;
            }
        }
        if given.iter().all(Option::is_none) {
            return Ok(None);
        }
        if let Some((_, known)) = self.others().iter().find(|(types, _)| *types == given) {
            return Ok(Some(known.bind(py).clone()));
        }
        let other = Bound::new(py, core.with_outputs(py, given.clone()))?;
        let ufunc = genuine::create(py, &other)?.unbind();
        let other = Bound::new(py, PyUfunc { core: other.unbind(), ufunc, for_outputs: Mutex::default(), takes_streams: self.takes_streams })?;
        self.others().push((given, other.clone().unbind()));
        Ok(Some(other))
    }

    /// All that the fast path does not do.
    fn general<'py>(
        &self,
        slf: &Bound<'py, PyUfunc>,
        method: &str,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(result) = overrides::dispatch(slf.as_any(), method, self.core.get().inputs, args, kwargs)? {
            return Ok(result);
        }
        if method != "__call__" {
            return genuine::call(&self.ufunc.bind(py).getattr(method)?, args, kwargs);
        }
        let other = self.for_given(args, kwargs)?;
        let ufunc = other.as_ref().map_or(&self.ufunc, |other| &other.get().ufunc).bind(py);
        if let Some(cores) = &self.core.get().cores
            && cores.layout.dimensions.iter().any(|d| d.stretches)
        {
            let stretch = py.import("verdigris._guvectorize")?.getattr("stretched")?;
            let stretched = stretch.call1((cores.layout.to_string(), args, kwargs))?.cast_into::<PyTuple>()?;
            return genuine::call(ufunc, &stretched, kwargs);
        }
        genuine::call(ufunc, args, kwargs)
    }

    /// A method that folds. Where the function's result is of another type than its arguments, it folds in that type, as nothing else can be folded.
    fn fold<'py>(
        &self,
        slf: &Bound<'py, PyUfunc>,
        method: &str,
        dtype_place: usize,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let core = self.core.get();
        let dtype = intern!(py, "dtype");
        let named = |name| kwargs.map_or(Ok(None), |k| k.get_item(name)).map(|v: Option<Bound<'py, PyAny>>| v.filter(|v| !v.is_none()));
        let out = named(intern!(py, "out"))?;
        let by_type = args.len() > dtype_place || named(dtype)?.is_some();
        let asked = by_type || out.is_some();
        if core.inputs != 2 || core.outputs != 1 || core.cores.is_some() {
            return self.general(slf, method, args, kwargs);
        }
        // As NumPy does: an output says the type to fold in.
        if let (false, "accumulate" | "reduceat", Some(out)) = (by_type, method, &out) {
            let out = out.cast::<PyTuple>().ok().and_then(|t| t.get_item(0).ok()).unwrap_or_else(|| out.clone());
            if let (Ok(own), Some(kwargs)) = (out.getattr(dtype), kwargs) {
                let kwargs = kwargs.copy()?;
                kwargs.set_item(dtype, &own)?;
                let cast = self.cast_to_fold(args, own)?;
                return self.general(slf, method, cast.as_ref().unwrap_or(args), Some(&kwargs));
            }
        }
        if let Some(wanted) = args.get_item(dtype_place).ok().filter(|v| !v.is_none()).map_or_else(|| named(dtype), |v| Ok(Some(v)))?
            && let Some(args) = self.cast_to_fold(args, wanted)?
        {
            return self.general(slf, method, &args, kwargs);
        }
        if let (false, Ok(array)) = (asked, args.get_item(0)) {
            if let Some(result) = overrides::dispatch(slf.as_any(), method, 1, args, kwargs)? {
                return Ok(result);
            }
            let array = py.import("numpy")?.getattr("asarray")?.call1((array,))?;
            if let Some(name) = self.fold_type(py, &array)? {
                let kwargs = match kwargs {
                    Some(kwargs) => kwargs.copy()?,
                    None => PyDict::new(py),
                };
                kwargs.set_item(dtype, name)?;
                return self.general(slf, method, args, Some(&kwargs));
            }
        }
        self.general(slf, method, args, kwargs)
    }

    /// The arguments of a fold with `dtype=`, the array cast to it: where there is a loop of an accumulator of that type and elements of the array's own, which a call of mixed types has left,
    /// NumPy would take that one, though `dtype=` asks for one of that type throughout.
    fn cast_to_fold<'py>(&self, args: &Bound<'py, PyTuple>, dtype: Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let py = args.py();
        let numpy = py.import("numpy")?;
        let (Ok(array), Ok(wanted)) = (args.get_item(0), numpy.getattr("dtype")?.call1((dtype,))) else { return Ok(None) };
        if !array.is_instance(&numpy.getattr("ndarray")?)? {
            return Ok(None);
        }
        let (Some(own), Some(ty)) = (scalar_type(&array.getattr(intern!(py, "dtype"))?)?, scalar_type(&wanted)?) else { return Ok(None) };
        // Loops that were declared are what the user made them.
        if own == ty || !self.core.get().is_dynamic() || !self.core.get().published.has(&[ty, own, ty]) {
            return Ok(None);
        }
        let mut all: Vec<Bound<'py, PyAny>> = args.iter().collect();
        all[0] = array.call_method1("astype", (wanted,))?;
        PyTuple::new(py, all).map(Some)
    }

    /// The type to fold an array in, if it is not the array's own.
    fn fold_type(&self, py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
        let Some(ty) = scalar_type(&array.getattr(intern!(py, "dtype"))?)?.filter(|t| !t.is_time()) else { return Ok(None) };
        let engine = self.core.get().engine(py)?;
        gate::detached(py, || {
            let loop_for = |ty| match engine.choose(&[Argument::Typed(ty); 2]) {
                Ok(AnyLoop::Elements(lp)) => Ok(Some(lp)),
                Ok(AnyLoop::Cores(_)) => Ok(None),
                Err(Error::NoLoop { .. }) => Ok(None),
                Err(error) => Err(error),
            };
            let Some(own) = loop_for(ty)? else { return Ok(None) };
            let result = own.signature().outputs[0];
            if own.folds() || result == ty {
                return Ok(None);
            }
            let folds = loop_for(result)?.is_some_and(|lp| lp.folds() && lp.signature().inputs[0] == result);
            Ok::<_, Error>(folds.then(|| result.name()))
        })
    }
}
