//! The table of names for hosts that have no Python: dotted paths mean what they are called.
//!
//! `math.sin`, `np.sqrt`, `cuda.grid`, `abs`, `np.float32` and `math.pi` mean what they would in Python with the customary imports. A host with objects of its own (Python)
//! does not use this: it resolves by identity.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::BUILTINS;
use crate::diagnostic::Diagnostic;
use crate::names::{Constant, Definition, Meaning};
use crate::source::{SourceFile, Sources};
use crate::syntax;
use crate::types::ScalarType;

impl Definition {
    /// The first function of that name in a text, its free names meaning what they are called, `also` first: constants of the host's, frozen arrays, other functions.
    ///
    /// ```
    /// use verdigris_compiler::names::{Constant, Definition, Meaning};
    ///
    /// let text = "def area(r):\n    return scale * math.pi * r * r\n";
    /// let scale = ("scale".to_owned(), Meaning::Constant(Constant::Float(2.0)));
    /// let area = Definition::from_text("area.py", text, "area", [scale])?;
    /// assert_eq!(area.names.len(), 2);
    /// # Ok::<(), Box<verdigris_compiler::diagnostic::Diagnostic>>(())
    /// ```
    ///
    /// # Errors
    /// The text does not parse, or has no such function. Names that mean nothing are found when the function is lowered.
    pub fn from_text(
        file: &str,
        text: &str,
        name: &str,
        also: impl IntoIterator<Item = (String, Meaning)>,
    ) -> Result<Arc<Definition>, Box<Diagnostic>> {
        let source = Arc::new(SourceFile { file: file.into(), text: text.into(), first_line: 1, indent: 0 });
        let mut definition = Definition { source, name: name.to_owned(), line: 0, column: None, names: BTreeMap::new(), defaults: BTreeMap::new() };
        let mut sources = Sources::default();
        let id = sources.add(&definition.source);
        let function = syntax::parse(&definition, id).map_err(|d| d.with_sources(&sources))?;
        definition.names = also.into_iter().collect();
        for path in syntax::free_paths(&function) {
            let known = definition.names.keys().any(|k| path == *k || path.starts_with(&format!("{k}.")));
            if let Some((key, meaning)) = (!known).then(|| longest(&path)).flatten() {
                definition.names.insert(key, meaning);
            }
        }
        Ok(Arc::new(definition))
    }
}

/// The longest prefix of a path that is a canonical name, as written, with its meaning.
fn longest(path: &str) -> Option<(String, Meaning)> {
    let mut ends: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
    ends.push(path.len());
    ends.into_iter().rev().find_map(|end| Some((path[..end].to_owned(), canonical(&path[..end])?)))
}

/// What a name means by itself.
fn canonical(name: &str) -> Option<Meaning> {
    let full = name.strip_prefix("np.").map_or_else(|| name.to_owned(), |rest| format!("numpy.{rest}"));
    if BUILTINS.contains(&full.as_str()) {
        return Some(Meaning::Builtin(full));
    }
    let (module, last) = full.rsplit_once('.').unwrap_or(("", &full));
    let float = |x: f64| Some(Meaning::Constant(Constant::Float(x)));
    match (module, last) {
        ("math" | "numpy", "pi") => float(std::f64::consts::PI),
        ("math" | "numpy", "e") => float(std::f64::consts::E),
        ("math" | "numpy", "inf") => float(f64::INFINITY),
        ("math" | "numpy", "nan") => float(f64::NAN),
        ("math", "tau") => float(std::f64::consts::TAU),
        ("numpy", "bool_") => Some(Meaning::Type(ScalarType::Bool)),
        ("numpy" | "", _) => ScalarType::from_name(last).map(Meaning::Type),
        _ => None,
    }
}
