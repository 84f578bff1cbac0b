//! Conversions between types: implicit ones where types are unified or stored, explicit ones by calling a type, and truth.

use super::Lowerer;
use super::choice::Test;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Value;
use crate::op::Op;
use crate::source::Span;
use crate::types::{Scalar, ScalarType, Type};

impl Lowerer {
    /// A number as that type; `None` for what is no number, and for complex to real.
    pub(super) fn to_scalar(&mut self, val: &Val, ty: ScalarType) -> Option<Val> {
        match val {
            Val::Half(from, _) if *from == ty => Some(val.clone()),
            Val::Half(_, v) => self.to_scalar(&Val::Real(*v), ty),
            Val::Real(v) if ty.is_half() => Some(self.half(ty, *v)),
            Val::Time(from, _) if *from == ty => Some(val.clone()),
            Val::Time(..) if ty.is_time() => self.to_unit(val, ty),
            Val::Real(v) if matches!(ty, ScalarType::TimeDelta(_)) && self.ty(*v).is_integer() => {
                let count = self.cast(*v, ScalarType::I64);
                Some(Val::Time(ty, count))
            }
            Val::Real(_) if ty.is_time() => None,
            Val::Real(v) if ty.is_complex() => {
                let re = self.cast(*v, ty.part());
                Some(Val::Complex(re, self.constant(Scalar::zero(ty.part()))))
            }
            Val::Real(v) => Some(Val::Real(self.cast(*v, ty))),
            Val::Complex(re, im) if ty.is_complex() => {
                let re = self.cast(*re, ty.part());
                Some(Val::Complex(re, self.cast(*im, ty.part())))
            }
            _ => None,
        }
    }

    /// A real number as that real type.
    pub(super) fn to_real(&mut self, val: &Val, ty: ScalarType) -> Option<Value> {
        match val {
            Val::Real(v) | Val::Half(_, v) if !ty.is_half() => Some(self.cast(*v, ty)),
            _ => None,
        }
    }

    /// A number as the parts of that complex type.
    pub(super) fn to_complex(&mut self, val: &Val, ty: ScalarType) -> Option<(Value, Value)> {
        match self.to_scalar(val, ty)? {
            Val::Complex(re, im) => Some((re, im)),
            _ => None,
        }
    }

    /// A result as the type that the signature declares.
    pub(super) fn to_type(&mut self, val: &Val, ty: &Type, span: Span) -> Result<Val> {
        let converted = match (val, ty) {
            (_, Type::Scalar(t)) => self.to_scalar(val, *t),
            (Val::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => {
                return Ok(Val::Tuple(items.iter().zip(types).map(|(v, t)| self.to_type(v, t, span)).collect::<Result<_>>()?));
            }
            (Val::Named(named, items), Type::Named(declared, types)) if named == declared => {
                let items = items.iter().zip(types).map(|(v, t)| self.to_type(v, t, span)).collect::<Result<_>>()?;
                return Ok(Val::Named(named.clone(), items));
            }
            (other, ty) => (self.type_of(other).as_ref() == Some(ty)).then(|| other.clone()),
        };
        match converted {
            Some(val) => Ok(val),
            None => {
                let text = format!("this function returns {}, which does not convert to the declared {ty}", self.describe(val));
                fault(Diagnostic::new(Code::TypeMismatch, span, text))
            }
        }
    }

    /// `T(x)`, `T()` and `complex(re, im)` for a type by its name in the text.
    pub(super) fn convert_call(&mut self, text: &str, ty: ScalarType, args: &[(Val, Span)], span: Span) -> Result<Val> {
        match args {
            [] => {
                let zero = Val::Real(self.constant(Scalar::zero(if ty.is_time() { ScalarType::I64 } else { ty.held() })));
                Ok(self.to_scalar(&zero, ty).expect("zero converts"))
            }
            [(val, _)] if ty == ScalarType::Bool && val.is_number() => {
                let truth = self.truth(val, span)?;
                Ok(self.test_value(truth))
            }
            [(Val::Time(_, v), _)] if ty == ScalarType::I64 => Ok(Val::Real(*v)),
            [(val, at)] => match self.to_scalar(val, ty) {
                Some(val) => Ok(val),
                None => {
                    let name = self.describe(val);
                    let d = Diagnostic::new(Code::TypeMismatch, *at, format!("{name} does not convert to {ty}")).label(name);
                    fault(if matches!(val, Val::Complex(..)) { d.help("take `.real` or `abs()` of it first") } else { d })
                }
            },
            [(re, re_span), (im, im_span)] if ty.is_complex() => {
                let Some(re) = self.to_real(re, ty.part()) else { return fault(self.bad_argument(text, re, *re_span)) };
                let Some(im) = self.to_real(im, ty.part()) else { return fault(self.bad_argument(text, im, *im_span)) };
                Ok(Val::Complex(re, im))
            }
            _ => self.wrong_count(text, "one argument", args.len(), span),
        }
    }

    /// The truth of a value.
    pub(super) fn truth(&mut self, val: &Val, span: Span) -> Result<Test> {
        let value = match val {
            Val::Real(v) | Val::Half(_, v) => self.nonzero(*v),
            Val::Time(..) => return fault(self.bad_argument("bool", val, span)),
            Val::Complex(re, im) => {
                let (re, im) = (self.nonzero(*re), self.nonzero(*im));
                self.op(Op::Or, &[re, im])
            }
            Val::Tuple(items) => return Ok(Test::Always(!items.is_empty())),
            Val::Named(named, items) if named.vector.is_none() => return Ok(Test::Always(!items.is_empty())),
            Val::Named(..) | Val::Grid => return fault(self.bad_argument("bool", val, span)),
            Val::None => return Ok(Test::Always(false)),
            Val::Str(s) => return Ok(Test::Always(!s.is_empty())),
            Val::Bytes(b) => return Ok(Test::Always(!b.is_empty())),
            Val::View(_) if let Some(text) = self.text_of(val, span) => {
                let length = self.length_of_text(&text);
                self.nonzero(length)
            }
            Val::Function(_) => return Ok(Test::Always(true)),
            Val::Array(_) | Val::View(_) => {
                let name = self.describe(val);
                let d = Diagnostic::new(Code::TypeMismatch, span, "an array is neither true nor false").label(name);
                return fault(d.help("compare an element or `.size`"));
            }
        };
        Ok(self.known_test(value))
    }

    /// A bool as a test, decided if it is a constant.
    pub(super) fn known_test(&self, value: Value) -> Test {
        match self.known(value) {
            Some(c) => Test::Always(c.as_bool()),
            None => Test::Value(value),
        }
    }

    fn nonzero(&mut self, value: Value) -> Value {
        self.cast(value, ScalarType::Bool)
    }
}
