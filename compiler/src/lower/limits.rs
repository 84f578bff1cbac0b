//! What is known of types and constants: `np.finfo(T)`, `np.iinfo(T)`, `ord('a')`; and `any()` and `all()` of Python.

use std::sync::Arc;

use super::Lowerer;
use super::choice::Test;
use super::elementwise::Reduction;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::op::Op;
use crate::source::Span;
use crate::types::{FieldType, NamedType, ScalarType};

impl Lowerer {
    /// `np.finfo(T)`: its numbers are of the type, as NumPy's are.
    pub(super) fn float_limits(&mut self, text: &str, (given, at): (&Val, Span)) -> Result<Val> {
        // eps, max, smallest normal, smallest; bits, decimals.
        let (ty, numbers, sizes) = match self.named_type(given) {
            Some(FieldType::Scalar(ty @ (ScalarType::F32 | ScalarType::C64))) => {
                let numbers = [f32::EPSILON, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)].map(f64::from);
                (ty.part(), numbers, [32, 6])
            }
            Some(FieldType::Scalar(ty @ (ScalarType::F64 | ScalarType::C128))) => {
                (ty.part(), [f64::EPSILON, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)], [64, 15])
            }
            Some(FieldType::Scalar(ty @ ScalarType::F16)) => (ty, [2f64.powi(-10), 65504.0, 2f64.powi(-14), 2f64.powi(-24)], [16, 3]),
            _ => return fault(self.no_limits(text, "of floats", given, at)),
        };
        let [eps, max, tiny, smallest] = numbers;
        let mut fields = Vec::new();
        for (name, number) in [("eps", eps), ("max", max), ("min", -max), ("tiny", tiny), ("smallest_normal", tiny), ("smallest_subnormal", smallest)]
        {
            let number = Val::Real(self.float(ScalarType::F64, number));
            fields.push((name, self.to_scalar(&number, ty).expect("a float of each type")));
        }
        for (name, size) in ["bits", "precision"].into_iter().zip(sizes) {
            fields.push((name, self.integer(size, at)?));
        }
        Ok(named("finfo", fields))
    }

    /// `np.iinfo(T)`.
    pub(super) fn integer_limits(&mut self, text: &str, (given, at): (&Val, Span)) -> Result<Val> {
        let Some(FieldType::Scalar(ty)) = self.named_type(given).filter(|t| matches!(t, FieldType::Scalar(ty) if ty.is_integer())) else {
            return fault(self.no_limits(text, "of integers", given, at));
        };
        let bits = ty.bits();
        let (min, max) = if ty.is_signed() { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) };
        let fields = [("min", min), ("max", max), ("bits", bits.into())];
        let fields = fields.into_iter().map(|(name, value)| Ok((name, self.integer(value, at)?))).collect::<Result<_>>()?;
        Ok(named("iinfo", fields))
    }

    fn no_limits(&self, text: &str, what: &str, given: &Val, at: Span) -> Box<Diagnostic> {
        let given = self.describe(given);
        Diagnostic::new(Code::TypeMismatch, at, format!("`{text}` is {what}: it takes a type, not {given}")).label(given)
    }

    /// `ord()` of a constant string of one character, or of one byte.
    pub(super) fn code_of(&mut self, text: &str, (val, at): (&Val, Span)) -> Result<Val> {
        let code = match val {
            Val::Str(s) if s.chars().count() == 1 => s.chars().next().map(u32::from),
            Val::Bytes(b) if b.len() == 1 => Some(b[0].into()),
            _ => None,
        };
        match code {
            Some(code) => self.integer(code.into(), at),
            None => {
                let d =
                    Diagnostic::new(Code::TypeMismatch, at, format!("`{text}` takes a constant string of one character")).label(self.describe(val));
                fault(d.help("pass text as an array of integers: `np.frombuffer(text.encode(), np.uint8)`"))
            }
        }
    }

    /// `any()` and `all()` of a tuple or an array.
    pub(super) fn any_or_all(&mut self, all: bool, text: &str, (val, at): (&Val, Span), span: Span) -> Result<Val> {
        if let Some(items) = val.items() {
            let mut found = Test::Always(all);
            for item in items {
                let test = self.truth(item, at)?;
                found = match (found, test) {
                    (Test::Always(known), other) | (other, Test::Always(known)) => {
                        if known == all {
                            other
                        } else {
                            Test::Always(!all)
                        }
                    }
                    (Test::Value(a), Test::Value(b)) => Test::Value(self.op(if all { Op::And } else { Op::Or }, &[a, b])),
                };
            }
            return Ok(self.test_value(found));
        }
        match self.view_of(val) {
            Some(view) if view.ndim() == 1 => self.reduction(if all { Reduction::All } else { Reduction::Any }, text, &view, span),
            _ => fault(self.bad_argument(text, val, at)),
        }
    }
}

fn named(name: &str, fields: Vec<(&str, Val)>) -> Val {
    let (names, items): (Vec<&str>, Vec<Val>) = fields.into_iter().unzip();
    let named = NamedType { name: name.to_owned(), fields: names.into_iter().map(str::to_owned).collect(), vector: None };
    Val::Named(Arc::new(named), items)
}
