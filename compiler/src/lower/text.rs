//! Strings: constants, and those that arrays and records hold (NumPy's dtypes `S` and `U`).
//!
//! A string in memory is a record of one field, its characters ([`RecordType::as_text`]); NumPy fills it up with zeros, which count as not there. Here strings are read, compared, measured, copied and
//! stored; nothing makes new ones.

use super::Lowerer;
use super::arrays::Spot;
use super::choice::Test;
use super::fault::{Result, fault};
use super::function::records_of;
use super::value::Val;
use super::view::{self, Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Inst, Part, Value};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::CompareOp;
use crate::types::{Scalar, ScalarType};

/// A string's characters: bytes (uint8) or code points (uint32).
pub(super) struct Text {
    elem: ScalarType,
    chars: Vec<Value>,
    /// Its contents are known now.
    constant: bool,
}

impl Lowerer {
    /// The string that a value is, its characters read.
    pub(super) fn text_of(&mut self, val: &Val, span: Span) -> Option<Text> {
        let (elem, codes): (ScalarType, Vec<u32>) = match val {
            Val::Str(text) => (ScalarType::U32, text.chars().map(u32::from).collect()),
            Val::Bytes(bytes) => (ScalarType::U8, bytes.iter().map(|b| u32::from(*b)).collect()),
            Val::View(view) => {
                let (elem, length) = text_type(view)?;
                let chars = self.characters(view)?;
                let chars = (0..length).map(|n| {
                    let index = self.b.int(n as i64);
                    let spot = self.element_at(&chars, &[index], true, span, span);
                    match self.value_of(spot) {
                        Val::Real(v) => v,
                        other => unreachable!("characters are integers, not {other:?}"),
                    }
                });
                return Some(Text { elem, chars: chars.collect(), constant: false });
            }
            _ => return None,
        };
        let chars = codes.into_iter().map(|code| self.constant(Scalar::int(elem, code.into()))).collect();
        Some(Text { elem, chars, constant: true })
    }

    /// The characters of a string in memory, as an array of one axis.
    fn characters(&mut self, view: &View<Value>) -> Option<View<Value>> {
        let Source::Records(records) = view.source().clone() else { return None };
        self.field_of(view, &records, 0)
    }

    /// One comparison; `None` for an order of bytes and characters, which there is not.
    pub(super) fn compare_texts(&mut self, op: CompareOp, a: Text, b: Text) -> Option<Test> {
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if a.elem != b.elem {
            return equality.then_some(Test::Always(op == CompareOp::Ne));
        }
        // NumPy's strings never end with a zero.
        let ends_with_zero = |this: &Self, t: &Text| t.constant && t.chars.last().is_some_and(|c| this.known(*c).is_some_and(|c| c.as_int() == 0));
        if equality && ends_with_zero(self, &a) != ends_with_zero(self, &b) {
            return Some(Test::Always(op == CompareOp::Ne));
        }
        let zero = self.constant(Scalar::zero(a.elem));
        let at = |text: &Text, n: usize| text.chars.get(n).copied().unwrap_or(zero);
        let pairs: Vec<(Value, Value)> = (0..a.chars.len().max(b.chars.len())).map(|n| (at(&a, n), at(&b, n))).collect();
        let strict = match op {
            CompareOp::Lt | CompareOp::Le => Op::Lt,
            CompareOp::Gt | CompareOp::Ge => Op::Gt,
            _ => {
                let mut equal = self.constant(Scalar::bool(true));
                for (a, b) in pairs {
                    let here = self.op(Op::Eq, &[a, b]);
                    equal = self.op(Op::And, &[equal, here]);
                }
                let value = if op == CompareOp::Eq { equal } else { self.op(Op::Not, &[equal]) };
                return Some(self.known_test(value));
            }
        };
        // What the first difference says; equal strings are what the operator says of them.
        let mut result = self.constant(Scalar::bool(matches!(op, CompareOp::Le | CompareOp::Ge)));
        for (a, b) in pairs.into_iter().rev() {
            let (first, equal) = (self.op(strict, &[a, b]), self.op(Op::Eq, &[a, b]));
            let later = self.op(Op::And, &[equal, result]);
            result = self.op(Op::Or, &[first, later]);
        }
        Some(self.known_test(result))
    }

    /// `len(text)`.
    pub(super) fn length_of_text(&mut self, text: &Text) -> Value {
        let zero = self.constant(Scalar::zero(text.elem));
        let mut length = self.b.int(0);
        for (n, char) in text.chars.iter().enumerate() {
            let there = self.op(Op::Ne, &[*char, zero]);
            let up_to = self.b.int(n as i64 + 1);
            length = self.op(Op::Select, &[there, up_to, length]);
        }
        length
    }

    /// Stores a string into one in memory: as much of it as fits, the rest zeros.
    pub(super) fn store_text(&mut self, place: &View<Value>, val: &Val, target: Span, source: Span) -> Result<()> {
        let (elem, length) = text_type(place).expect("called for strings");
        let fits = |text: &Text| text.elem == elem || text.constant;
        let Some(text) = self.text_of(val, source).filter(fits) else {
            let (mine, other) = (self.describe(&Val::View(Box::new(place.clone()))), self.describe(val));
            let d = Diagnostic::new(Code::TypeMismatch, source, format!("{other} cannot be stored in {mine}"));
            return fault(d.label(other).also(target, mine));
        };
        let chars = self.characters(place).expect("called for strings");
        for n in 0..length {
            let value = match text.chars.get(n) {
                None => self.constant(Scalar::zero(elem)),
                Some(char) if text.elem == elem => *char,
                Some(char) => {
                    let code = self.known(*char).expect("a constant").as_int();
                    if code >= 128 {
                        let d = Diagnostic::new(Code::BadValue, source, "only ASCII goes from characters to bytes and back");
                        return fault(d.help("write bytes for `S`, a str for `U`"));
                    }
                    self.constant(Scalar::int(elem, code))
                }
            };
            let index = self.b.int(n as i64);
            let Spot::Element(element) = self.element_at(&chars, &[index], true, target, target) else { unreachable!("a character") };
            self.store_element(&element, &Val::Real(value), source)?;
        }
        Ok(())
    }

    /// A string in memory as a variable holds it: copied, as Python's strings do not change.
    pub(super) fn kept_text(&mut self, view: &View<Value>, span: Span) -> Option<Val> {
        let (elem, length) = text_type(view)?;
        let Source::Records(records) = view.source().clone() else { return None };
        let text = self.text_of(&Val::View(Box::new(view.clone())), span)?;
        let array = self.own_array(false, elem, vec![length as u64], 0, span);
        for (n, value) in text.chars.into_iter().enumerate() {
            let index = [self.b.int(n as i64)].into_iter().collect();
            self.b.push(Inst::Store { array, index, part: Part::Whole, value });
        }
        let source = Source::Records(records_of(&records.ty, false, &mut vec![array]));
        Some(Val::View(Box::new(view::whole(source, Vec::new()))))
    }
}

/// What the characters of a string in memory are, and how many there may be.
pub(super) fn text_type(view: &View<Value>) -> Option<(ScalarType, usize)> {
    match view.source() {
        Source::Records(records) if view.ndim() == 0 => records.ty.as_text(),
        _ => None,
    }
}
