//! Meanings for texts that come without a host: the names that a Python module would have after `import math`, `import numpy as np` and
//! `from verdigris import cuda, float64, …`, and its own functions.
//!
//! Owns that table and nothing else: a host with a world of its own (the Python package) resolves names there and does not come here.

use std::collections::BTreeMap;
use std::f64::consts::{E, PI, TAU};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::lower::BUILTINS;
use crate::names::{Constant, Definition, Meaning};
use crate::source::{SourceFile, Sources};
use crate::syntax;
use crate::types::{NamedType, ScalarType};

/// Python's own functions and classes that compiled code does not have.
const PYTHON: &str =
    "ascii bin callable chr eval exec filter format getattr hasattr hash hex id input iter map next object oct open repr setattr sorted super type";

/// Python's exceptions that a program raises itself.
const EXCEPTIONS: &str = "ArithmeticError AssertionError BufferError Exception FloatingPointError IndexError KeyError LookupError MemoryError NotImplementedError \
    OSError OverflowError RuntimeError StopIteration TypeError ValueError ZeroDivisionError";

/// What a dotted path means. `None`: it is defined nowhere.
pub fn meaning(path: &str) -> Option<Meaning> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let module = if first == "np" { "numpy" } else { first };
    let full = if rest.is_empty() { module.to_owned() } else { format!("{module}.{rest}") };
    if BUILTINS.contains(&full.as_str()) {
        return Some(Meaning::Builtin(full));
    }
    if let Some(vector) = full.strip_prefix("cuda.").and_then(NamedType::vector) {
        return Some(Meaning::Class(Arc::new(vector)));
    }
    let unsupported = |what: String| Some(Meaning::Unsupported { what, help: None });
    match (module, rest) {
        ("math" | "numpy", "pi") => Some(float(PI)),
        ("math" | "numpy", "e") => Some(float(E)),
        ("math", "tau") => Some(float(TAU)),
        ("math" | "numpy", "inf") => Some(float(f64::INFINITY)),
        ("math" | "numpy", "nan") => Some(float(f64::NAN)),
        ("numpy", "bool_") => Some(Meaning::Type(ScalarType::Bool)),
        ("numpy", name) if ScalarType::from_name(name).is_some() => ScalarType::from_name(name).map(Meaning::Type),
        (name, "") if ScalarType::from_name(name).is_some() => ScalarType::from_name(name).map(Meaning::Type),
        ("math" | "numpy" | "cuda" | "operator", "") => unsupported(format!("the module `{module}`")),
        // An attribute of something known (`cuda.threadIdx.w`) is judged by whoever knows it.
        ("math" | "numpy" | "cuda" | "operator", rest) if !is_inside_known(module, rest) => unsupported(format!("`{module}.{rest}`")),
        (name, "") if EXCEPTIONS.split(' ').any(|known| known == name) => Some(Meaning::Exception { name: name.to_owned(), token: 0 }),
        (name, "") if PYTHON.split(' ').any(|known| known == name) => unsupported(format!("the built-in function `{name}`")),
        _ => None,
    }
}

fn float(value: f64) -> Meaning {
    Meaning::Constant(Constant::Float(value))
}

fn is_inside_known(module: &str, rest: &str) -> bool {
    rest.rsplit_once('.').is_some_and(|(outer, _)| BUILTINS.contains(&format!("{module}.{outer}").as_str()) || is_inside_known(module, outer))
}

impl Definition {
    /// The first function of that name in a text. Its free names mean, in this order: what `also` says (constants, frozen arrays, other functions), the other functions of the
    /// text, and what [`meaning`] says.
    ///
    /// ```
    /// use verdigris_compiler::names::{Constant, Definition, Meaning};
    ///
    /// let text = "def square(x):\n    return x * x\n\ndef area(r):\n    return scale * math.pi * square(r)\n";
    /// let scale = ("scale".to_owned(), Meaning::Constant(Constant::Float(2.0)));
    /// let area = Definition::from_text("area.py", text, "area", [scale])?;
    /// assert_eq!(area.names.keys().collect::<Vec<_>>(), ["math.pi", "scale", "square"]);
    /// # Ok::<(), Box<verdigris_compiler::diagnostic::Diagnostic>>(())
    /// ```
    ///
    /// # Errors
    /// The text, or that of a function it uses, does not parse, or there is no such function. Names that mean nothing are found when the function is lowered.
    pub fn from_text(
        file: &str,
        text: &str,
        name: &str,
        also: impl IntoIterator<Item = (String, Meaning)>,
    ) -> Result<Arc<Definition>, Box<Diagnostic>> {
        let source = Arc::new(SourceFile { file: file.into(), text: text.into(), first_line: 1, indent: 0 });
        let functions = syntax::function_names(&source);
        let module = Module { source, names: also.into_iter().collect(), functions };
        Ok(Arc::new(module.definition(name, &mut Vec::new())?))
    }
}

struct Module {
    source: Arc<SourceFile>,
    names: BTreeMap<String, Meaning>,
    functions: Vec<String>,
}

impl Module {
    /// `callers`: the functions whose names are being looked up. One that is met again gets no names: lowering refuses the recursion before it needs them.
    fn definition(&self, name: &str, callers: &mut Vec<String>) -> Result<Definition, Box<Diagnostic>> {
        let mut definition = Definition::bare(self.source.clone(), name);
        if callers.iter().any(|caller| caller == name) {
            return Ok(definition);
        }
        let mut sources = Sources::default();
        let id = sources.add(&self.source);
        let function = syntax::parse(&definition, id).map_err(|diagnostic| diagnostic.with_sources(&sources))?;
        callers.push(name.to_owned());
        for path in syntax::free_paths(&function) {
            if let Some((known, meaning)) = self.longest_known(&path, callers)? {
                definition.names.insert(known, meaning);
            }
        }
        callers.pop();
        Ok(definition)
    }

    fn longest_known(&self, path: &str, callers: &mut Vec<String>) -> Result<Option<(String, Meaning)>, Box<Diagnostic>> {
        let mut known = path;
        loop {
            if let Some(meaning) = self.known(known, callers)? {
                return Ok(Some((known.to_owned(), meaning)));
            }
            match known.rsplit_once('.') {
                Some((outer, _)) => known = outer,
                None => return Ok(None),
            }
        }
    }

    fn known(&self, path: &str, callers: &mut Vec<String>) -> Result<Option<Meaning>, Box<Diagnostic>> {
        if let Some(meaning) = self.names.get(path) {
            return Ok(Some(meaning.clone()));
        }
        if self.functions.iter().any(|function| function == path) {
            return Ok(Some(Meaning::Function(Arc::new(self.definition(path, callers)?))));
        }
        Ok(meaning(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str) -> Arc<Definition> {
        Definition::from_text("m.py", text, name, [("limit".to_owned(), Meaning::Constant(Constant::Int(3)))]).unwrap()
    }

    #[test]
    fn names_of_modules() {
        assert!(matches!(meaning("np.sin"), Some(Meaning::Builtin(name)) if name == "numpy.sin"));
        assert!(matches!(meaning("cuda.threadIdx.x"), Some(Meaning::Builtin(name)) if name == "cuda.threadIdx.x"));
        assert!(matches!(meaning("abs"), Some(Meaning::Builtin(_))));
        assert!(matches!(meaning("np.float32"), Some(Meaning::Type(ScalarType::F32))));
        assert!(matches!(meaning("math.pi"), Some(Meaning::Constant(Constant::Float(PI)))));
        assert!(matches!(meaning("np.linalg.solve"), Some(Meaning::Unsupported { what, .. }) if what == "`numpy.linalg.solve`"));
        assert!(matches!(meaning("math"), Some(Meaning::Unsupported { what, .. }) if what == "the module `math`"));
        assert!(matches!(meaning("sorted"), Some(Meaning::Unsupported { what, .. }) if what == "the built-in function `sorted`"));
        assert!(meaning("limit").is_none());
        assert!(meaning("cuda.threadIdx.w").is_none());
    }

    #[test]
    fn names_of_a_text() {
        let f = of("def g(x):\n    return x\n\ndef f(x):\n    return g(x) + limit + cuda.threadIdx.w + nothing.at.all\n", "f");
        assert_eq!(f.names.keys().collect::<Vec<_>>(), ["cuda.threadIdx", "g", "limit"]);
        assert!(matches!(&f.names["g"], Meaning::Function(g) if g.name == "g" && Arc::ptr_eq(&g.source, &f.source)));
    }

    #[test]
    fn functions_that_call_each_other_end() {
        let f = of("def f(x):\n    return g(x)\n\ndef g(x):\n    return f(x)\n", "f");
        let Meaning::Function(g) = &f.names["g"] else { panic!("g is a function") };
        assert!(matches!(&g.names["f"], Meaning::Function(f) if f.names.is_empty()));
    }
}
