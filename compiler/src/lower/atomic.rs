//! `cuda.atomic`: which arrays, indexes and values its functions take. What they do is [`AtomicOp`]'s.

use super::Lowerer;
use super::arrays::Lies;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use super::view::{Piece, Source};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Inst, Value};
use crate::op::AtomicOp;
use crate::source::Span;
use crate::types::ScalarType;

impl Lowerer {
    /// `cuda.atomic.add(array, index, value)` and its kin; `cas` takes the expected value before the new one.
    pub(super) fn atomic(&mut self, op: AtomicOp, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        match (op, args) {
            (AtomicOp::Cas, [array, index, expected, value]) => self.atomic_at(op, text, [array, value], Some(index), Some(expected), span),
            (AtomicOp::Cas, _) => self.wrong_count(text, "an array, an index, the expected and the new value", args.len(), span),
            (_, [array, index, value]) => self.atomic_at(op, text, [array, value], Some(index), None, span),
            _ => self.wrong_count(text, "an array, an index and a value", args.len(), span),
        }
    }

    /// `cuda.atomic.compare_and_swap(array, expected, value)`: on the first element.
    pub(super) fn compare_and_swap(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        match args {
            [array, expected, value] => self.atomic_at(AtomicOp::Cas, text, [array, value], None, Some(expected), span),
            _ => self.wrong_count(text, "an array, the expected and the new value", args.len(), span),
        }
    }

    fn atomic_at(
        &mut self,
        op: AtomicOp,
        text: &str,
        [array, value]: [&Arg; 2],
        index: Option<&Arg>,
        expected: Option<&Arg>,
        span: Span,
    ) -> Result<Val> {
        self.in_kernel(text, span)?;
        let at = array.1;
        let Some((view, first, piece)) = self.view_of(&array.0).and_then(|view| match view.source() {
            Source::Array(first, piece) => Some((view.clone(), *first, *piece)),
            Source::Records(_) => None,
        }) else {
            let name = self.describe(&array.0);
            return fault(
                Diagnostic::new(Code::TypeMismatch, array.1, format!("{text}() works on an element of an array, not on {name}")).label(name),
            );
        };
        let info = self.b.function().array(first).clone();
        let elem = if piece == Piece::Whole { info.ty.elem } else { info.ty.elem.part() };
        if !op.takes(elem) {
            let types: Vec<&str> = ScalarType::ALL.into_iter().filter(|t| op.takes(*t)).map(ScalarType::name).collect();
            let d = Diagnostic::new(Code::TypeMismatch, at, format!("{text}() is not defined for elements of {elem}")).label(info.ty.to_string());
            let d = d.help(format!("it works on {}", types.join(", ")));
            return fault(if elem.is_complex() { d.help("of complex numbers it changes one part: pass `.real` or `.imag` of the array") } else { d });
        }
        if info.ty.readonly {
            return fault(Diagnostic::new(Code::ReadOnly, at, format!("`{}` is a read-only array", info.name)).label(info.ty.to_string()));
        }
        let ndim = view.ndim();
        let given: Vec<(Val, Span)> = match index {
            Some((Val::Tuple(items), at)) => items.iter().map(|v| (v.clone(), *at)).collect(),
            Some((one, at)) => vec![(one.clone(), *at)],
            None => Vec::new(),
        };
        if index.is_some() && given.len() != ndim {
            let d = Diagnostic::new(Code::BadIndex, span, format!("{} indexes for an array of {ndim} dimensions", given.len()));
            return fault(d.also(at, info.ty.to_string()).help("give an index for each dimension, as a tuple"));
        }
        let mut index = given.iter().map(|(val, at)| self.index_value(val, *at)).collect::<Result<Vec<Value>>>()?;
        while index.len() < ndim {
            let zero = self.b.int(0);
            index.push(zero);
        }
        let operand = |this: &mut Self, (val, at): &Arg| match this.to_scalar(val, elem) {
            Some(Val::Real(v)) => Ok(v),
            _ => {
                let name = this.describe(val);
                let d = Diagnostic::new(Code::TypeMismatch, *at, format!("{name} does not go into an element of {elem}")).label(name);
                fault(d)
            }
        };
        let value = operand(self, value)?;
        let expected = match expected {
            Some(arg) => Some(operand(self, arg)?),
            None => None,
        };
        self.at(span);
        let (number, places) = self.places(&view, &index, false);
        let mut act = |this: &mut Self, place: &Lies| {
            let info = this.b.function().array(place.array);
            if info.ty.readonly {
                let d = Diagnostic::new(Code::ReadOnly, at, format!("`{}` is a read-only array", info.name)).label(info.ty.to_string());
                return fault(d);
            }
            this.at(span);
            let (array, index) = (place.array, place.index.clone());
            Ok(Val::Real(this.b.push(Inst::Atomic { op, array, index, part: place.piece.part(), value, expected })))
        };
        self.at_chosen(number, &places, &mut act, span)
    }
}
