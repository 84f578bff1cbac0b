//! Functions of the language's library that are easiest written in the language itself.
//!
//! They are lowered like any other function, but their code carries the span of the call.

use std::sync::{Arc, LazyLock};

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use crate::names::{Constant, Definition, Meaning};
use crate::source::{SourceFile, Span};
use crate::syntax::Expr;
use crate::types::ScalarType;

const TEXT: &str = include_str!("prelude.py");

/// Names that the text uses.
const NAMES: &[&str] = &[
    "abs",
    "complex",
    "int",
    "len",
    "max",
    "min",
    "math.atan2",
    "math.copysign",
    "math.cos",
    "math.exp",
    "math.floor",
    "math.hypot",
    "math.isfinite",
    "math.isinf",
    "math.isnan",
    "math.log",
    "math.pow",
    "math.sin",
    "numpy.divide",
    "numpy.isfinite",
    "numpy.isnan",
    "numpy.rint",
    "range",
];

static SOURCE: LazyLock<Arc<SourceFile>> =
    LazyLock::new(|| Arc::new(SourceFile { file: crate::source::PRELUDE.into(), text: TEXT.into(), first_line: 1, indent: 0 }));

impl Lowerer {
    /// Inlines a function of the prelude.
    pub(super) fn library(&mut self, name: &str, args: Vec<Val>, span: Span) -> Result<Val> {
        let definition = Arc::new(Definition {
            names: (NAMES.iter().map(|n| (n.to_string(), Meaning::Builtin(n.to_string()))))
                .chain([("math.inf".to_owned(), Meaning::Constant(Constant::Float(f64::INFINITY)))])
                .collect(),
            ..Definition::bare(SOURCE.clone(), name)
        });
        let parsed = self.parse(&definition)?;
        let quiet = self.frame().quiet.unwrap_or(span);
        let result = self.activation(definition, parsed, None, args, Some(quiet));
        self.at(span);
        result
    }

    /// `math.isclose` and `cmath.isclose`: in float64 or complex128.
    pub(super) fn is_close(&mut self, text: &str, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        let [a, b] = args else { return self.wrong_count(text, "two numbers", args.len(), span) };
        let mut tolerances = [self.float(ScalarType::F64, 1e-9), self.float(ScalarType::F64, 0.0)];
        let mut given = Vec::new();
        for e in [a, b] {
            given.push((self.expr(e)?, e.span));
        }
        for (name, e) in keywords {
            let place = match name.as_str() {
                "rel_tol" => 0,
                "abs_tol" => 1,
                _ => return self.bad_keyword(text, name, e.span),
            };
            let val = self.expr(e)?;
            tolerances[place] = match self.to_real(&val, ScalarType::F64) {
                Some(v) => v,
                None => return fault(self.bad_argument(text, &val, e.span)),
            };
        }
        self.at(span);
        let complex = text.starts_with("cmath") || given.iter().any(|(val, _)| matches!(val, Val::Complex(..)));
        let mut numbers = Vec::new();
        for (val, at) in &given {
            let number = if val.is_number() { self.to_scalar(val, if complex { ScalarType::C128 } else { ScalarType::F64 }) } else { None };
            match number {
                Some(number) => numbers.push(number),
                None => return fault(self.bad_argument(text, val, *at)),
            }
        }
        numbers.extend(tolerances.map(Val::Real));
        self.library(if complex { "complex_is_close" } else { "is_close" }, numbers, span)
    }

    /// A function of `cmath`: it takes complex numbers (of `rect` real ones) and computes in their type, complex128 for real numbers.
    pub(super) fn complex_function(&mut self, name: &str, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let wanted = if name == "cmath_rect" { 2 } else { 1 };
        if args.len() != wanted {
            return self.wrong_count(text, ["one argument", "two arguments"][wanted - 1], args.len(), span);
        }
        let mut given = Vec::new();
        let mut ty = ScalarType::C64;
        for (val, at) in args {
            if !val.is_number() || (wanted == 2 && matches!(val, Val::Complex(..))) {
                return fault(self.bad_argument(text, val, *at));
            }
            if !matches!(self.scalar_type(val), Some(ScalarType::C64 | ScalarType::F32)) {
                ty = ScalarType::C128;
            }
        }
        for (val, at) in args {
            let to = if wanted == 2 { ty.part() } else { ty };
            match self.to_scalar(val, to) {
                Some(val) => given.push(val),
                None => return fault(self.bad_argument(text, val, *at)),
            }
        }
        // What was computed with numbers of the text is float64.
        let result = self.library(name, given, span)?;
        Ok(match result {
            Val::Tuple(items) => Val::Tuple(items.iter().map(|v| self.to_scalar(v, ty.part()).unwrap_or_else(|| v.clone())).collect()),
            Val::Complex(..) => self.to_scalar(&result, ty).unwrap_or(result),
            Val::Real(v) if self.ty(v).is_float() => Val::Real(self.cast(v, ty.part())),
            other => other,
        })
    }
}
