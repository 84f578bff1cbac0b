//! Functions of all elements that leave some out: `np.nansum` and its kin, and `np.count_nonzero`.
//!
//! Given: a view of numbers. Owns which elements count; how elements are visited and totals kept is [`super::elementwise`]'s.

use super::Lowerer;
use super::elementwise::Reduction;
use super::fault::{Result, fault};
use super::value::Val;
use super::view::{Piece, Source, View};
use crate::ir::{Complaint, Value};
use crate::op::{Math, Op};
use crate::source::Span;
use crate::syntax::{BinaryOp, CompareOp};
use crate::types::{Scalar, ScalarType};

/// A function of the elements that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipping {
    Sum,
    Prod,
    Mean,
    Var,
    Std,
    Min,
    Max,
    /// The number of elements that are not zero.
    CountNonzero,
}

impl Lowerer {
    /// A function of the elements that are no NaNs (or not zero), from the first to the last.
    pub(super) fn skipping(&mut self, what: Skipping, text: &str, view: &View<Value>, span: Span) -> Result<Val> {
        let Source::Array(array, piece) = view.source() else {
            let val = Val::View(Box::new(view.clone()));
            return fault(self.bad_argument(text, &val, span));
        };
        let elem = self.b.function().array(*array).ty.elem;
        let elem = if *piece == Piece::Whole { elem } else { elem.part() };
        if elem.held() != elem.part() {
            return fault(self.unsupported(span, format!("`{text}` of {elem}"), Some("loop over the elements")));
        }
        let same = match what {
            Skipping::CountNonzero => return self.count_nonzero(view, span),
            // Without NaNs there is nothing to leave out.
            Skipping::Sum => Reduction::Sum,
            Skipping::Prod => Reduction::Prod,
            Skipping::Mean => Reduction::Mean,
            Skipping::Var => Reduction::Var,
            Skipping::Std => Reduction::Std,
            Skipping::Min => Reduction::Min,
            Skipping::Max => Reduction::Max,
        };
        if !elem.part().is_float() {
            return self.reduction(same, text, view, span);
        }
        match what {
            Skipping::Min | Skipping::Max => self.extreme_number(what == Skipping::Min, text, view, elem, span),
            Skipping::Sum | Skipping::Prod => Ok(self.fold_numbers(view, elem, what == Skipping::Sum, span)?.0),
            _ => {
                let (sum, count) = self.fold_numbers(view, elem, true, span)?;
                let mean = self.divided(&sum, &count, elem, span)?;
                if what == Skipping::Mean {
                    return Ok(mean);
                }
                self.spread_of_numbers(what, view, elem, (&mean, &count), span)
            }
        }
    }

    fn count_nonzero(&mut self, view: &View<Value>, span: Span) -> Result<Val> {
        let count = self.b.slot("%count", ScalarType::I64);
        let zero = self.b.int(0);
        self.b.set(count, zero);
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let item = this.number_at(view, index, span);
            let truth = this.truth(&item, span)?;
            let Val::Real(truth) = this.test_value(truth) else { unreachable!("a bool") };
            let (old, one) = (this.b.get(count), this.cast(truth, ScalarType::I64));
            let new = this.op(Op::Add, &[old, one]);
            this.b.set(count, new);
            Ok(())
        })?;
        Ok(Val::Real(self.b.get(count)))
    }

    /// Whether a number is one.
    fn counts(&mut self, val: &Val) -> Value {
        let nan = match val {
            Val::Real(v) => self.op(Op::IsNan, &[*v]),
            Val::Complex(re, im) => {
                let (re, im) = (self.op(Op::IsNan, &[*re]), self.op(Op::IsNan, &[*im]));
                self.op(Op::Or, &[re, im])
            }
            _ => unreachable!("a number that is no float16"),
        };
        self.op(Op::Not, &[nan])
    }

    fn if_counts(&mut self, counts: Value, new: &Val, old: &Val) -> Val {
        match (new, old) {
            (Val::Real(a), Val::Real(b)) => Val::Real(self.op(Op::Select, &[counts, *a, *b])),
            (Val::Complex(a, b), Val::Complex(c, d)) => {
                let re = self.op(Op::Select, &[counts, *a, *c]);
                Val::Complex(re, self.op(Op::Select, &[counts, *b, *d]))
            }
            _ => unreachable!("numbers of one type"),
        }
    }

    /// The sum or product of the numbers, and how many there are, as a float.
    fn fold_numbers(&mut self, view: &View<Value>, elem: ScalarType, sum: bool, span: Span) -> Result<(Val, Val)> {
        let start = Val::Real(self.float(elem.part(), if sum { 0.0 } else { 1.0 }));
        let start = self.to_scalar(&start, elem).expect("a number");
        let total = self.kept(&start);
        let count = self.b.slot("%count", elem.part());
        let zero = self.constant(Scalar::float(elem.part(), 0.0));
        self.b.set(count, zero);
        let op = if sum { BinaryOp::Add } else { BinaryOp::Mul };
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let item = this.number_at(view, index, span);
            let counts = this.counts(&item);
            let old = this.read_kept(&total);
            let new = this.binary(op, (&old, span), (&item, span), span)?;
            let new = this.if_counts(counts, &new, &old);
            this.set_kept(&total, &new);
            let (old, one) = (this.b.get(count), this.cast(counts, elem.part()));
            let new = this.op(Op::Add, &[old, one]);
            this.b.set(count, new);
            Ok(())
        })?;
        let count = Val::Real(self.b.get(count));
        Ok((self.read_kept(&total), count))
    }

    /// The mean square of the numbers' distances from their mean, or its root.
    fn spread_of_numbers(&mut self, what: Skipping, view: &View<Value>, elem: ScalarType, (mean, count): (&Val, &Val), span: Span) -> Result<Val> {
        let part = elem.part();
        let total = self.b.slot("%total", part);
        let zero = self.constant(Scalar::float(part, 0.0));
        self.b.set(total, zero);
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let item = this.number_at(view, index, span);
            let counts = this.counts(&item);
            let square = match this.binary(BinaryOp::Sub, (&item, span), (mean, span), span)? {
                Val::Real(v) => this.op(Op::Mul, &[v, v]),
                Val::Complex(re, im) => {
                    let (re, im) = (this.op(Op::Mul, &[re, re]), this.op(Op::Mul, &[im, im]));
                    this.op(Op::Add, &[re, im])
                }
                _ => unreachable!("a number"),
            };
            let old = this.b.get(total);
            let sum = this.op(Op::Add, &[old, square]);
            let new = this.op(Op::Select, &[counts, sum, old]);
            this.b.set(total, new);
            Ok(())
        })?;
        let sum = Val::Real(self.b.get(total));
        match (what, self.divided(&sum, count, part, span)?) {
            (Skipping::Std, Val::Real(v)) => Ok(Val::Real(self.op(Op::Math(Math::Sqrt), &[v]))),
            (_, var) => Ok(var),
        }
    }

    /// The least or greatest number; NaN if there is none among the elements.
    fn extreme_number(&mut self, least: bool, text: &str, view: &View<Value>, elem: ScalarType, span: Span) -> Result<Val> {
        if elem.is_complex() {
            return fault(self.unsupported(span, format!("`{text}` of complex numbers"), Some("compare parts or `abs()` in a loop")));
        }
        let (count, zero) = (self.count_of(&view.extents), self.b.int(0));
        let empty = self.op(Op::Eq, &[count, zero]);
        self.fail_if(empty, Complaint::Empty);
        let best = self.b.slot("%best", elem);
        let start = self.float(elem, f64::NAN);
        self.b.set(best, start);
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let Val::Real(item) = this.number_at(view, index, span) else { unreachable!("a real number") };
            let old = this.b.get(best);
            let better = this.compare_reals(if least { CompareOp::Lt } else { CompareOp::Gt }, item, old);
            // Nothing is less than a NaN, so that the first number is told by that; a NaN takes no other's place.
            let first = this.op(Op::IsNan, &[old]);
            let taken = this.op(Op::Or, &[better, first]);
            let new = this.op(Op::Select, &[taken, item, old]);
            this.b.set(best, new);
            Ok(())
        })?;
        Ok(Val::Real(self.b.get(best)))
    }
}
