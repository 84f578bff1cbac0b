//! `isinstance(x, T)`, decided when the function is compiled.
//!
//! What a value is an instance of is its type: `int` stands for int64, `float` for float64, `complex` for complex128, as in Numba; NumPy's abstract classes for the
//! types under them. Owns which classes may be asked for; a class is no more than that, and calling one is refused here.

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::fault::{Result, fault};
use super::value::{Callee, Val};
use super::view::Source;
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Meaning;
use crate::source::Span;
use crate::syntax::{BinaryOp, Expr, ExprKind};
use crate::types::ScalarType;

/// A class that is asked for only: values of it are not made by calling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Str,
    Bytes,
    /// Python's containers that compiled code has no values of.
    Container,
    Array,
    Generic,
    Number,
    Integer,
    Signed,
    Unsigned,
    Inexact,
    Floating,
    ComplexFloating,
    Date,
    Delta,
}

impl Class {
    /// Whether numbers of that type are of the class.
    fn has(self, ty: ScalarType) -> bool {
        let floating = !ty.is_complex() && (ty.is_float() || ty.is_half());
        match self {
            Class::Str | Class::Bytes | Class::Container | Class::Array => false,
            Class::Generic => true,
            Class::Number => ty != ScalarType::Bool && (!ty.is_time() || matches!(ty, ScalarType::TimeDelta(_))),
            Class::Integer => ty.is_integer() || matches!(ty, ScalarType::TimeDelta(_)),
            Class::Signed => (ty.is_integer() && ty.is_signed()) || matches!(ty, ScalarType::TimeDelta(_)),
            Class::Unsigned => ty.is_integer() && ty.is_unsigned(),
            Class::Inexact => floating || ty.is_complex(),
            Class::Floating => floating,
            Class::ComplexFloating => ty.is_complex(),
            Class::Date => ty.is_time() && !matches!(ty, ScalarType::TimeDelta(_)),
            Class::Delta => matches!(ty, ScalarType::TimeDelta(_)),
        }
    }

    /// What to do instead of calling it.
    fn advice(self) -> &'static str {
        match self {
            Class::Str => "strings cannot be built in compiled code; `print` shows numbers as they are",
            Class::Container => "use a tuple of fixed length, or an array",
            Class::Array => "a kernel makes no arrays: pass one, or use `cuda.local.array` or `cuda.shared.array`",
            Class::Date | Class::Delta => "make it in Python, and pass it as an argument or name it as a global",
            _ => "`isinstance` is all that takes it",
        }
    }
}

impl Lowerer {
    /// `isinstance(x, T)`, `isinstance(x, (T, U))`, `isinstance(x, T | U)`.
    pub(super) fn is_instance(&mut self, text: &str, args: &[Expr], span: Span) -> Result<Val> {
        let [x, class] = args else { return self.wrong_count(text, "a value and a type", args.len(), span) };
        let val = self.expr(x)?;
        let is = self.is_one_of(text, &val, class)?;
        self.at(span);
        Ok(self.bool(is))
    }

    fn is_one_of(&mut self, text: &str, val: &Val, class: &Expr) -> Result<bool> {
        if let ExprKind::Binary { op: BinaryOp::Or, left, right, .. } = &class.kind {
            // Both are looked at, so that what is no type is refused wherever it stands.
            let (left, right) = (self.is_one_of(text, val, left)?, self.is_one_of(text, val, right)?);
            return Ok(left || right);
        }
        let asked = self.expr(class)?;
        self.is_of(text, val, &asked, class.span)
    }

    fn is_of(&self, text: &str, val: &Val, asked: &Val, at: Span) -> Result<bool> {
        let no_type = || {
            let d = Diagnostic::new(Code::TypeMismatch, at, format!("`{text}` takes a type, or a tuple of types, not {}", self.describe(asked)));
            fault(d.help("types are int, float, bool, complex, str, tuple, NumPy's and named tuples"))
        };
        let scalar = self.scalar_type(val);
        let callee = match asked {
            Val::Tuple(items) => {
                let mut any = false;
                for item in items {
                    any |= self.is_of(text, val, item, at)?;
                }
                return Ok(any);
            }
            Val::Function(callee) => callee,
            _ => return no_type(),
        };
        let Callee::Named(meaning, _) = &**callee else { return no_type() };
        Ok(match meaning {
            Meaning::Type(ty) => scalar == Some(*ty),
            Meaning::Record(record) => {
                matches!(val, Val::View(view) if view.ndim() == 0 && matches!(view.source(), Source::Records(own) if own.ty == *record))
            }
            Meaning::Class(named) => matches!(val, Val::Named(own, _) if own == named),
            Meaning::Builtin(name) => match builtins::find(name) {
                Some(Builtin::Int) => scalar == Some(ScalarType::I64),
                Some(Builtin::Float) => scalar == Some(ScalarType::F64),
                Some(Builtin::Bool) => scalar == Some(ScalarType::Bool),
                Some(Builtin::Complex) => scalar == Some(ScalarType::C128),
                Some(Builtin::Tuple) => val.items().is_some(),
                Some(Builtin::Class(Class::Str)) => matches!(val, Val::Str(_)) || characters(val) == Some(ScalarType::U32),
                Some(Builtin::Class(Class::Bytes)) => matches!(val, Val::Bytes(_)) || characters(val) == Some(ScalarType::U8),
                Some(Builtin::Class(Class::Array)) => match val {
                    Val::Array(_) => true,
                    Val::View(view) => view.ndim() > 0,
                    _ => false,
                },
                Some(Builtin::Class(class)) => scalar.is_some_and(|ty| class.has(ty)),
                _ => return no_type(),
            },
            _ => return no_type(),
        })
    }

    /// A class, called.
    pub(super) fn call_class<T>(&self, class: Class, text: &str, at: Span) -> Result<T> {
        let d = Diagnostic::new(Code::UnsupportedName, at, format!("the class `{text}` cannot be called in compiled code"));
        fault(d.help(class.advice()))
    }
}

/// What a string in memory is made of; `None` for another value.
fn characters(val: &Val) -> Option<ScalarType> {
    let Val::View(view) = val else { return None };
    super::text::text_type(view).map(|(elem, _)| elem)
}
