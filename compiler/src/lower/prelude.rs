//! Functions of the language's library that are easiest written in the language itself.
//!
//! They are lowered like any other function, but their code carries the span of the call.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::Lowerer;
use super::fault::Result;
use super::value::Val;
use crate::names::{Definition, Meaning};
use crate::source::{SourceFile, Span};

const TEXT: &str = include_str!("prelude.py");

/// Names that the text uses.
const NAMES: &[&str] = &[
    "abs",
    "complex",
    "int",
    "math.atan2",
    "math.cos",
    "math.exp",
    "math.floor",
    "math.hypot",
    "math.log",
    "math.pow",
    "math.sin",
    "numpy.rint",
    "range",
];

static SOURCE: LazyLock<Arc<SourceFile>> =
    LazyLock::new(|| Arc::new(SourceFile { file: crate::source::PRELUDE.into(), text: TEXT.into(), first_line: 1, indent: 0 }));

impl Lowerer {
    /// Inlines a function of the prelude.
    pub(super) fn library(&mut self, name: &str, args: Vec<Val>, span: Span) -> Result<Val> {
        let definition = Arc::new(Definition {
            source: SOURCE.clone(),
            name: name.to_string(),
            line: 0,
            column: None,
            names: NAMES.iter().map(|n| (n.to_string(), Meaning::Builtin(n.to_string()))).collect(),
            defaults: BTreeMap::new(),
        });
        let parsed = self.parse(&definition)?;
        let quiet = self.frame().quiet.unwrap_or(span);
        let result = self.activation(definition, parsed, None, args, Some(quiet));
        self.at(span);
        result
    }
}
