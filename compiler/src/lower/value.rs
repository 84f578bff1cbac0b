//! Values as the front end sees them: a tree whose leaves are IR values.
//!
//! Owns the split of complex numbers and tuples into scalars, and the names of types in messages.

use std::fmt;
use std::sync::Arc;

use super::Lowerer;
use super::fault::{Result, fault};
use super::function::Parsed;
use super::view::{Piece, Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Value};
use crate::names::{Constant, Definition, Meaning};
use crate::source::Span;
use crate::types::{ArrayType, Layout, NamedType, RecordsType, Scalar, ScalarType, Type};

/// A nested function: what it is, and the activation whose variables it sees.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) definition: Arc<Definition>,
    pub(super) parsed: Arc<Parsed>,
    pub(super) frame: u32,
}

/// What can be called, as a value.
#[derive(Debug)]
pub(super) enum Callee {
    /// A nested function.
    Nested(Closure),
    /// What a name of the table stands for (a type, a class or a function), and the name as it is written.
    Named(Meaning, String),
}

impl PartialEq for Callee {
    fn eq(&self, other: &Callee) -> bool {
        match (self, other) {
            (Callee::Nested(a), Callee::Nested(b)) => a == b,
            (Callee::Named(a, _), Callee::Named(b, _)) => match (a, b) {
                (Meaning::Type(a), Meaning::Type(b)) => a == b,
                (Meaning::Record(a), Meaning::Record(b)) => a == b,
                (Meaning::Builtin(a), Meaning::Builtin(b)) => a == b,
                (Meaning::Class(a), Meaning::Class(b)) => a == b,
                (Meaning::Function(a), Meaning::Function(b)) => Arc::ptr_eq(a, b),
                _ => false,
            },
            _ => false,
        }
    }
}

impl fmt::Display for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Callee::Nested(closure) => write!(f, "the function `{}`", closure.definition.name),
            Callee::Named(Meaning::Type(ty), _) => write!(f, "the type {ty}"),
            Callee::Named(Meaning::Record(ty), _) => write!(f, "the type {ty}"),
            Callee::Named(Meaning::Class(_), text) => write!(f, "the class `{text}`"),
            Callee::Named(_, text) => write!(f, "the function `{text}`"),
        }
    }
}

impl PartialEq for Closure {
    fn eq(&self, other: &Closure) -> bool {
        Arc::ptr_eq(&self.parsed, &other.parsed) && self.frame == other.frame
    }
}

/// A value of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    None,
    Real(Value),
    /// A float16 or bfloat16, held as float32.
    Half(ScalarType, Value),
    /// A date or a time, held as int64.
    Time(ScalarType, Value),
    /// Real and imaginary part, of one float type.
    Complex(Value, Value),
    Tuple(Vec<Val>),
    /// A named tuple or a vector.
    Named(Arc<NamedType>, Vec<Val>),
    Array(Array),
    /// Part of an array, an array of records, or one record (no axes).
    View(Box<View<Value>>),
    /// A function, a type or a class: to be called, or where a type is asked for.
    Function(Arc<Callee>),
    /// The threads of the whole grid, as a group that can wait.
    Grid,
    /// A constant string: compared with strings in memory, and stored there.
    Str(String),
    /// Constant bytes, the same.
    Bytes(Vec<u8>),
}

impl Val {
    /// Whether it is a number or a bool.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Val::Real(_) | Val::Half(..) | Val::Complex(..))
    }

    /// The items of a tuple, with names or without; a vector is none.
    pub(super) fn items(&self) -> Option<&[Val]> {
        match self {
            Val::Tuple(items) => Some(items),
            Val::Named(named, items) if named.vector.is_none() => Some(items),
            _ => None,
        }
    }
}

impl Lowerer {
    /// The type of a number.
    pub(super) fn scalar_type(&self, val: &Val) -> Option<ScalarType> {
        match val {
            Val::Real(v) => Some(self.ty(*v)),
            Val::Half(ty, _) | Val::Time(ty, _) => Some(*ty),
            Val::Complex(re, _) => self.ty(*re).complex(),
            _ => None,
        }
    }

    /// The name of a value's type, for messages.
    pub(super) fn describe(&self, val: &Val) -> String {
        match val {
            Val::Str(_) => "str".to_string(),
            Val::Bytes(_) => "bytes".to_string(),
            Val::Function(callee) => callee.to_string(),
            Val::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|v| self.describe(v)).collect();
                format!("tuple({})", items.join(", "))
            }
            Val::None => "None".to_string(),
            Val::Grid => "the grid's group".to_string(),
            Val::Array(_) | Val::View(_) | Val::Named(..) => match self.type_of(val) {
                Some(ty) => ty.to_string(),
                None => "a named tuple with a str".to_string(),
            },
            number => self.scalar_type(number).expect("a number").to_string(),
        }
    }

    /// The type of a value; a string has none.
    pub(super) fn type_of(&self, val: &Val) -> Option<Type> {
        Some(match val {
            Val::None => Type::None,
            Val::Array(a) => Type::Array(self.b.function().array(*a).ty),
            Val::Tuple(items) => Type::Tuple(items.iter().map(|v| self.type_of(v)).collect::<Option<_>>()?),
            Val::Named(named, items) => Type::Named(named.clone(), items.iter().map(|v| self.type_of(v)).collect::<Option<_>>()?),
            Val::View(view) => self.type_of_view(view),
            Val::Str(_) | Val::Bytes(_) | Val::Function(_) | Val::Grid => return None,
            number => Type::Scalar(self.scalar_type(number)?),
        })
    }

    /// The type of a view; one without axes is a record.
    fn type_of_view(&self, view: &View<Value>) -> Type {
        let ndim = view.ndim() as u8;
        match view.source() {
            Source::Records(records) => Type::Records(RecordsType { record: records.ty.clone(), ndim, readonly: records.readonly }),
            Source::Array(array, piece) => {
                let ty = self.b.function().array(*array).ty;
                if view.is_whole() && *piece == Piece::Whole {
                    return Type::Array(ty);
                }
                let elem = if *piece == Piece::Whole { ty.elem } else { ty.elem.part() };
                Type::Array(ArrayType { elem, ndim, layout: Layout::A, readonly: ty.readonly })
            }
        }
    }

    pub(super) fn bool(&mut self, value: bool) -> Val {
        Val::Real(self.constant(Scalar::bool(value)))
    }

    /// The value of a Python int: int64, or uint64 if only that holds it.
    pub(super) fn integer(&mut self, value: i128, span: Span) -> Result<Val> {
        let ty = if i64::try_from(value).is_ok() {
            ScalarType::I64
        } else if u64::try_from(value).is_ok() {
            ScalarType::U64
        } else {
            return self.too_big(span);
        };
        Ok(Val::Real(self.constant(Scalar::int(ty, value))))
    }

    pub(super) fn too_big<T>(&self, span: Span) -> Result<T> {
        let d = Diagnostic::new(Code::BadValue, span, "this integer fits neither int64 nor uint64");
        fault(d.help("write it as a float if rounding is meant"))
    }

    /// The value of a constant.
    pub(super) fn constant_value(&mut self, constant: &Constant, span: Span) -> Result<Val> {
        self.at(span);
        Ok(match constant {
            Constant::None => Val::None,
            Constant::Bool(b) => self.bool(*b),
            Constant::Int(i) => self.integer(*i, span)?,
            Constant::Float(x) => Val::Real(self.float(ScalarType::F64, *x)),
            Constant::Complex(re, im) => {
                let re = self.float(ScalarType::F64, *re);
                Val::Complex(re, self.float(ScalarType::F64, *im))
            }
            Constant::Str(s) => Val::Str(s.clone()),
            Constant::Bytes(b) => Val::Bytes(b.clone()),
            Constant::Half(ty, x) => {
                let v = self.float(ScalarType::F32, f64::from(*x));
                Val::Half(*ty, v)
            }
            Constant::Time(ty, count) => {
                let v = self.b.int(*count);
                Val::Time(*ty, v)
            }
            Constant::Scalar(s) => Val::Real(self.constant(*s)),
            Constant::ComplexScalar(ty, re, im) => {
                let re = self.float(ty.part(), *re);
                Val::Complex(re, self.float(ty.part(), *im))
            }
            Constant::Tuple(items) => Val::Tuple(items.iter().map(|c| self.constant_value(c, span)).collect::<Result<_>>()?),
            Constant::Named(named, items) => Val::Named(named.clone(), items.iter().map(|c| self.constant_value(c, span)).collect::<Result<_>>()?),
        })
    }
}
