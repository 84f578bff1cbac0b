//! `for`: the loops over `range` and over the sequences of [`super::iterate`].
//!
//! A range's counter is a hidden slot; the loop's variable is assigned from it, so that the body may change the variable. The counter may overflow only in
//! the step that ends the loop: where that cannot be excluded, a second slot notes it.

use std::cell::Cell;

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::fault::{Result, fault};
use super::iterate::{Place, Sequence};
use super::loops::{Laps, Top};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Failure, Inst, Slot, Value};
use crate::names::Meaning;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Stmt};
use crate::types::{Scalar, ScalarType};

/// Which way a range goes.
#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
    /// Up if this bool is true.
    Either(Value),
}

/// A range, its parts evaluated.
struct Range {
    counter: Slot,
    /// Set when the counter has overflowed.
    overflow: Option<Slot>,
    stop: Value,
    step: Value,
    way: Way,
    /// The type of the loop's variable.
    variable: ScalarType,
}

impl Lowerer {
    pub(super) fn for_stmt(&mut self, stmt: &Stmt, target: &Expr, iter: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Result<()> {
        let laps = Laps { stmt, target: Some(target), body, orelse };
        if let ExprKind::Call { func, args, keywords } = &iter.kind
            && let Some(path) = self.path(func)?
            && let Meaning::Builtin(name) = &path.meaning
            && path.rest.is_empty()
            && builtins::find(name) == Some(&Builtin::Range)
        {
            if let Some((keyword, e)) = keywords.first() {
                return fault(Diagnostic::new(Code::WrongArguments, e.span, format!("range() does not take a keyword argument `{keyword}`")));
            }
            let range = self.range(args, iter.span)?;
            return self.for_range(&laps, target, iter.span, &range);
        }
        let sequence = self.sequence(iter)?;
        if let Some(count) = sequence.known_length() {
            return self.unrolled(&laps, count, |this, i| {
                let item = this.item_of(&sequence, Place::Known(i), iter.span)?;
                this.assign_target(target, &item, iter.span)
            });
        }
        self.at(iter.span);
        let zero = self.b.int(0);
        let stop = self.length_of(&sequence);
        let step = self.b.int(1);
        let counter = self.b.slot("%i", ScalarType::I64);
        self.b.set(counter, zero);
        let range = Range { counter, overflow: None, stop, step, way: Way::Up, variable: ScalarType::I64 };
        self.over(&laps, iter.span, &range, |this, i| {
            this.at(iter.span);
            let item = this.item_of(&sequence, Place::Counted(i), iter.span)?;
            this.assign_target(target, &item, iter.span)
        })
    }

    /// A range inside `enumerate`, `zip` or `reversed`: its first value, step and number of values.
    pub(super) fn range_sequence(&mut self, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Sequence> {
        if let Some((keyword, e)) = keywords.first() {
            return fault(Diagnostic::new(Code::WrongArguments, e.span, format!("range() does not take a keyword argument `{keyword}`")));
        }
        let Range { counter, stop, step, way, variable, .. } = self.range(args, span)?;
        let start = self.b.get(counter);
        let ty = self.ty(start);
        let (zero, one) = (self.constant(Scalar::int(ty, 0)), self.constant(Scalar::int(ty, 1)));
        let (low, high, by) = match way {
            Way::Up => (start, stop, step),
            Way::Down => (stop, start, self.op(Op::Neg, &[step])),
            Way::Either(up) => {
                let down = self.op(Op::Neg, &[step]);
                let by = self.op(Op::Select, &[up, step, down]);
                (self.op(Op::Select, &[up, start, stop]), self.op(Op::Select, &[up, stop, start]), by)
            }
        };
        // (high - low + by - 1) // by, and none where they are in the wrong order.
        let length = self.op(Op::Sub, &[high, low]);
        let less = self.op(Op::Sub, &[length, one]);
        let whole = self.op(Op::FloorDiv, &[less, by]);
        let count = self.op(Op::Add, &[whole, one]);
        let any = self.op(Op::Gt, &[high, low]);
        let count = self.op(Op::Select, &[any, count, zero]);
        let count = self.cast(count, ScalarType::I64);
        Ok(Sequence::Range { start, step, count, variable })
    }

    fn for_range(&mut self, laps: &Laps<'_>, target: &Expr, span: Span, range: &Range) -> Result<()> {
        self.over(laps, span, range, |this, i| {
            this.at(target.span);
            let i = this.cast(i, range.variable);
            this.assign_target(target, &Val::Real(i), target.span)
        })
    }

    fn over(&mut self, laps: &Laps<'_>, span: Span, range: &Range, bind: impl Fn(&mut Self, Value) -> Result<()>) -> Result<()> {
        let current = Cell::new(None);
        let top = |this: &mut Self| {
            this.at(span);
            let i = this.b.get(range.counter);
            current.set(Some(i));
            let mut done = this.past(range, i);
            if let Some(overflow) = range.overflow {
                let overflow = this.b.get(overflow);
                done = this.op(Op::Or, &[overflow, done]);
            }
            Ok(Top::Done(done))
        };
        let bind = |this: &mut Self| bind(this, current.get().expect("set at the top of the lap"));
        let latch = |this: &mut Self| {
            this.at(span);
            this.b.open();
            let i = this.b.get(range.counter);
            let next = this.op(Op::Add, &[i, range.step]);
            if let Some(slot) = range.overflow {
                let overflow = match range.way {
                    Way::Up => this.op(Op::Lt, &[next, i]),
                    Way::Down => this.op(Op::Gt, &[next, i]),
                    Way::Either(up) => {
                        let (under, over) = (this.op(Op::Lt, &[next, i]), this.op(Op::Gt, &[next, i]));
                        this.op(Op::Select, &[up, under, over])
                    }
                };
                this.b.set(slot, overflow);
            }
            this.b.set(range.counter, next);
            this.b.close()
        };
        self.laps(laps, top, bind, latch)
    }

    /// Whether the counter has come to the end.
    fn past(&mut self, range: &Range, i: Value) -> Value {
        match range.way {
            Way::Up => self.op(Op::Ge, &[i, range.stop]),
            Way::Down => self.op(Op::Le, &[i, range.stop]),
            Way::Either(up) => {
                let (over, under) = (self.op(Op::Ge, &[i, range.stop]), self.op(Op::Le, &[i, range.stop]));
                self.op(Op::Select, &[up, over, under])
            }
        }
    }

    /// Evaluates the parts of `range(...)` before the loop.
    fn range(&mut self, args: &[Expr], span: Span) -> Result<Range> {
        if args.is_empty() || args.len() > 3 {
            return self.wrong_count("range", "one to three arguments", args.len(), span);
        }
        let mut values = Vec::new();
        for arg in args {
            match self.expr(arg)? {
                Val::Real(v) if !self.ty(v).is_float() => values.push(v),
                val => {
                    let d = self.bad_argument("range", &val, arg.span);
                    return fault(if val.is_number() { d.help(format!("convert it: `int({})`", self.text(arg.span))) } else { d });
                }
            }
        }
        self.at(span);
        let (ty, variable) = self.range_types(&values);
        let constant = |this: &mut Self, n| this.constant(Scalar::int(ty, n));
        let (start, stop, step) = match values[..] {
            [stop] => (constant(self, 0), stop, constant(self, 1)),
            [start, stop] => (start, stop, constant(self, 1)),
            [start, stop, step] => (start, stop, step),
            _ => unreachable!("counted above"),
        };
        let (start, stop, step) = (self.cast(start, ty), self.cast(stop, ty), self.cast(step, ty));
        let (least, greatest) = self.bounds(step);
        if least <= 0 && greatest >= 0 {
            let zero = constant(self, 0);
            let none = self.op(Op::Eq, &[step, zero]);
            self.b.open();
            self.b.push(Inst::Fail(Failure::ZeroStep));
            let then = self.b.close();
            self.b.push(Inst::If { cond: none, then, otherwise: Vec::new() });
        }
        let way = if least >= 0 {
            Way::Up
        } else if greatest <= 0 {
            Way::Down
        } else {
            let zero = constant(self, 0);
            Way::Either(self.op(Op::Gt, &[step, zero]))
        };
        // The counter passes the end by less than a step.
        let (lowest, highest) = self.bounds(stop);
        let (type_least, type_greatest) = if ty == ScalarType::U64 { (0, u64::MAX.into()) } else { (i64::MIN.into(), i64::MAX.into()) };
        let safe_up = greatest <= 1 || highest - 1 + greatest <= type_greatest;
        let safe_down = least >= -1 || lowest + 1 + least >= type_least;
        let overflow = (!(safe_up && safe_down)).then(|| {
            let slot = self.b.slot("%overflow", ScalarType::Bool);
            let no = self.constant(Scalar::bool(false));
            self.b.set(slot, no);
            slot
        });
        let counter = self.b.slot("%i", ty);
        self.b.set(counter, start);
        Ok(Range { counter, overflow, stop, step, way, variable })
    }

    /// The types of the counter and of the loop's variable: int64 and, as in Numba, int32 if all arguments are at most that, uint64 if all are unsigned.
    fn range_types(&self, values: &[Value]) -> (ScalarType, ScalarType) {
        use ScalarType::*;
        let types: Vec<ScalarType> = values.iter().map(|v| self.ty(*v)).collect();
        if types.iter().all(|t| matches!(t, Bool | I8 | I16 | I32)) {
            return (I64, I32);
        }
        let natural = |v: &Value| self.ty(*v).is_unsigned() || self.known(*v).is_some_and(|c| c.as_int() >= 0);
        let unsigned = types.contains(&U64) && values.iter().all(natural);
        if unsigned || types.iter().all(|t| t.is_unsigned()) { (U64, U64) } else { (I64, I64) }
    }
}
