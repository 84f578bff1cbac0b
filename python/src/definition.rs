//! A Python function as the compiler takes it.
//!
//! Owns [`PyFunction`]: the text, taken when the decorator ran (by `verdigris/_source.py`, which proves that it is the function's own), and its
//! [`Definition`], made at the first compilation, when every name that the text uses is looked up once. Until then a name may be defined later in the file; from
//! then on its value is frozen. What an object means to the compiler is [`crate::meaning`]'s affair.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use verdigris_compiler::names::{Declared, Definition, Meaning};
use verdigris_compiler::source::{SourceFile, Sources};
use verdigris_compiler::syntax;

use crate::{fork, gate, meaning};

/// A function's text and what its names stand for. Every jitted object holds one and shows it as `__verdigris_definition__`.
#[pyclass(frozen, name = "Function", module = "verdigris._verdigris")]
pub(crate) struct PyFunction {
    source: Arc<SourceFile>,
    name: String,
    line: u32,
    column: Option<u32>,
    world: World,
    definition: OnceLock<Arc<Definition>>,
    /// Types that callers convert to.
    declared: OnceLock<Vec<Declared>>,
}

/// Where names are looked up.
enum World {
    /// In the function's closure, globals and builtins.
    Live(Py<PyAny>),
    /// In tables made when the function was pickled: paths and defaults.
    Saved { names: Py<PyDict>, defaults: Py<PyDict> },
}

/// What [`PyFunction::resolve`] found.
struct Resolved {
    definition: Arc<Definition>,
    /// Whether every name was there; if not, the next compilation looks again.
    complete: bool,
}

thread_local! {
    /// The functions whose names this thread is looking up, outermost first.
    static RESOLVING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// The outermost of them that was referred to from inside, by place.
    static LOWEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

impl PyFunction {
    /// The definition, made now if it has not been.
    ///
    /// # Errors
    /// The text does not parse, or looking a name up raised.
    pub(crate) fn definition(&self, py: Python<'_>) -> PyResult<Arc<Definition>> {
        self.resolve(py).map(|r| r.definition)
    }

    /// The definition without what its names mean: for questions to the text alone.
    pub(crate) fn outline(&self) -> Definition {
        self.bare()
    }

    /// The defaults of parameters, by name.
    pub(crate) fn defaults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.default_values(py)
    }

    /// Whether some parameters have defaults.
    pub(crate) fn has_defaults(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(!self.default_values(py)?.is_empty())
    }

    /// Declares the types that callers convert to; before the first of them is compiled.
    pub(crate) fn declare(&self, declared: Vec<Declared>) {
        // Declared twice, by unpickling, it is the same.
        let _ = self.declared.set(declared);
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a call of this function means to a caller being resolved, and whether all its names were there.
    pub(crate) fn as_callee(&self, py: Python<'_>) -> PyResult<(Meaning, bool)> {
        if let Some(place) = RESOLVING.with_borrow(|stack| stack.iter().position(|address| *address == self.address())) {
            // A function that calls one around it knows that one by its text; the compiler finds the rest.
            LOWEST.set(LOWEST.get().min(place));
            return Ok((Meaning::Function(Arc::new(self.bare())), true));
        }
        let found = self.resolve(py)?;
        Ok((Meaning::Function(found.definition), found.complete))
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn resolve(&self, py: Python<'_>) -> PyResult<Resolved> {
        if let Some(definition) = self.definition.get() {
            return Ok(Resolved { definition: definition.clone(), complete: true });
        }
        let entered = Entered::new(self.address());
        let mut definition = self.bare();
        let mut complete = true;
        for (path, object) in self.objects(py, &definition, &mut complete)? {
            let meaning = match object {
                Found::Object(object) => meaning::of(&object, &mut complete)?,
                Found::NoAttribute(what) => Meaning::Unsupported { what, help: None },
            };
            definition.names.insert(path, meaning);
        }
        for (name, value) in &self.default_values(py)? {
            definition.defaults.insert(name.extract()?, meaning::of(&value, &mut complete)?);
        }
        let definition = Arc::new(definition);
        if complete && entered.is_whole() {
            return Ok(Resolved { definition: self.definition.get_or_init(|| definition).clone(), complete });
        }
        Ok(Resolved { definition, complete })
    }

    /// The definition without names, as the parser needs it.
    fn bare(&self) -> Definition {
        Definition {
            source: self.source.clone(),
            name: self.name.clone(),
            line: self.line,
            column: self.column,
            names: BTreeMap::new(),
            defaults: BTreeMap::new(),
            declared: self.declared.get().cloned().unwrap_or_default(),
        }
    }

    /// The object of each path the text uses. `complete` becomes false if one is not there.
    fn objects<'py>(&self, py: Python<'py>, bare: &Definition, complete: &mut bool) -> PyResult<Vec<(String, Found<'py>)>> {
        let function = match &self.world {
            World::Live(function) => function.bind(py),
            World::Saved { names, .. } => {
                return names.bind(py).iter().map(|(path, object)| Ok((path.extract()?, Found::Object(object)))).collect();
            }
        };
        let paths = gate::attached(py, || {
            let mut sources = Sources::default();
            let id = sources.add(&self.source);
            syntax::parse(bare, id).map(|f| syntax::free_paths(&f)).map_err(|d| d.with_sources(&sources))
        })?;
        let lookup = helper(py)?.getattr("lookup")?;
        let missing = helper(py)?.getattr("MISSING")?;
        let mut found: Vec<(String, Found<'py>)> = Vec::with_capacity(paths.len());
        for path in paths {
            let mut parts = path.split('.');
            let first = parts.next().unwrap_or_default();
            let object = lookup.call1((function, first))?;
            if object.is(&missing) {
                *complete = false;
                continue;
            }
            let entry = walk(first, object, parts)?;
            if !found.iter().any(|(known, _)| *known == entry.0) {
                found.push(entry);
            }
        }
        Ok(found)
    }

    fn default_values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.world {
            World::Live(function) => Ok(helper(py)?.getattr("default_values")?.call1((function,))?.cast_into()?),
            World::Saved { defaults, .. } => Ok(defaults.bind(py).clone()),
        }
    }
}

/// What stands at a path.
enum Found<'py> {
    Object(Bound<'py, PyAny>),
    /// An object on the way lacks the next attribute; says so as a noun phrase.
    NoAttribute(String),
}

/// Follows attributes as far as Python, not the compiled code, has to.
fn walk<'py, 'a>(first: &str, mut object: Bound<'py, PyAny>, rest: impl Iterator<Item = &'a str>) -> PyResult<(String, Found<'py>)> {
    let mut path = first.to_owned();
    for attribute in rest {
        if meaning::is_final(&object, attribute)? {
            break;
        }
        let next = object.getattr_opt(attribute)?;
        let owner = meaning::phrase(&object)?;
        path = format!("{path}.{attribute}");
        match next {
            Some(next) => object = next,
            None => return Ok((path.clone(), Found::NoAttribute(format!("the missing attribute `{attribute}` of {owner}")))),
        }
    }
    Ok((path, Found::Object(object)))
}

/// Marks a function as being resolved while it lives.
struct Entered {
    /// Its place among those being resolved.
    place: usize,
    /// [`LOWEST`] before.
    lowest: usize,
}

impl Entered {
    fn new(address: usize) -> Entered {
        let place = RESOLVING.with_borrow_mut(|stack| {
            stack.push(address);
            stack.len() - 1
        });
        Entered { place, lowest: LOWEST.replace(usize::MAX) }
    }

    /// Whether nothing in it refers to a function around it: then it is the same wherever it is called.
    fn is_whole(&self) -> bool {
        LOWEST.get() >= self.place
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        RESOLVING.with_borrow_mut(|stack| stack.pop());
        let mine = if self.is_whole() { usize::MAX } else { LOWEST.get() };
        LOWEST.set(self.lowest.min(mine));
    }
}

/// `verdigris._source`, imported when first needed.
fn helper(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(fork::once(py, &MODULE, || py.import("verdigris._source").map(Bound::unbind))?.bind(py))
}

type Parts = (String, String, u32, u32, String, u32, Option<u32>);

#[pymethods]
impl PyFunction {
    /// Takes the text of a Python function now.
    #[new]
    fn new(function: Bound<'_, PyAny>) -> PyResult<PyFunction> {
        let taken: Parts = helper(function.py())?.getattr("take")?.call1((&function,))?.extract()?;
        Ok(PyFunction::from_parts(taken, World::Live(function.unbind())))
    }

    /// Puts a pickled function together again.
    #[staticmethod]
    #[pyo3(signature = (parts, names, defaults))]
    fn restore(parts: Parts, names: Py<PyDict>, defaults: Py<PyDict>) -> PyFunction {
        PyFunction::from_parts(parts, World::Saved { names, defaults })
    }

    /// What the names stand for is state, restored when the function is there already: it may name itself.
    fn __reduce__<'py>(slf: &Bound<'py, PyFunction>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let names = PyDict::new(py);
        for (path, object) in this.objects(py, &this.bare(), &mut true)? {
            if let Found::Object(object) = object {
                names.set_item(path, object)?;
            }
        }
        let s = &this.source;
        let parts: Parts = (s.file.to_string(), s.text.to_string(), s.first_line, s.indent, this.name.clone(), this.line, this.column);
        let arguments = (parts, PyDict::new(py), PyDict::new(py)).into_pyobject(py)?;
        Ok((slf.get_type().getattr("restore")?, arguments, (names, this.default_values(py)?).into_pyobject(py)?))
    }

    fn __setstate__(&self, py: Python<'_>, state: (Bound<'_, PyDict>, Bound<'_, PyDict>)) -> PyResult<()> {
        if let World::Saved { names, defaults } = &self.world {
            names.bind(py).update(state.0.as_mapping())?;
            defaults.bind(py).update(state.1.as_mapping())?;
        }
        Ok(())
    }

    /// The function's name.
    #[getter(name)]
    fn py_name(&self) -> &str {
        &self.name
    }

    /// The file it stands in.
    #[getter]
    fn file(&self) -> &str {
        &self.source.file
    }

    /// The text as given to the compiler.
    #[getter]
    fn text(&self) -> &str {
        &self.source.text
    }

    /// The line of the file on which the text begins.
    #[getter]
    fn first_line(&self) -> u32 {
        self.source.first_line
    }

    /// What each path in the text means, in words; names are looked up now if they have not been.
    fn meanings(&self, py: Python<'_>) -> PyResult<BTreeMap<String, String>> {
        let definition = self.definition(py)?;
        Ok(definition.names.iter().chain(&definition.defaults).map(|(name, meaning)| (name.clone(), meaning::words(meaning))).collect())
    }

    fn __repr__(&self) -> String {
        format!("<function {} at {}:{}>", self.name, self.source.file, self.source.first_line)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.world {
            World::Live(function) => visit.call(function),
            World::Saved { names, defaults } => {
                visit.call(names)?;
                visit.call(defaults)
            }
        }
    }
}

impl PyFunction {
    fn from_parts((file, text, first_line, indent, name, line, column): Parts, world: World) -> PyFunction {
        let source = Arc::new(SourceFile { file: file.into(), text: text.into(), first_line, indent });
        PyFunction { source, name, line, column, world, definition: OnceLock::new(), declared: OnceLock::new() }
    }
}
