//! What one thread does to every element of an array: assignment to a slice, reductions, NumPy's functions with an output array.
//!
//! Owns the loops made for it; they count from 0 and assign no variable, so what holds before them holds after. Which element a place names is [`super::view`]'s.

use super::Lowerer;
use super::arrays::Spot;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use super::view::{Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Block, Complaint, Inst, Value};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{BinaryOp, CompareOp};
use crate::types::{Scalar, ScalarType, unify};

/// A function of all elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduction {
    Sum,
    Prod,
    Mean,
    Min,
    Max,
    ArgMin,
    ArgMax,
    Any,
    All,
    Var,
    Std,
    /// Greatest minus least.
    Ptp,
}

impl Reduction {
    /// By the name of NumPy's method.
    pub(super) fn find(name: &str) -> Option<Reduction> {
        Some(match name {
            "sum" => Reduction::Sum,
            "prod" => Reduction::Prod,
            "mean" => Reduction::Mean,
            "min" => Reduction::Min,
            "max" => Reduction::Max,
            "argmin" => Reduction::ArgMin,
            "argmax" => Reduction::ArgMax,
            "any" => Reduction::Any,
            "all" => Reduction::All,
            "var" => Reduction::Var,
            "std" => Reduction::Std,
            "ptp" => Reduction::Ptp,
            _ => return None,
        })
    }
}

impl Lowerer {
    /// Runs code for 0, 1, …, `count` - 1.
    pub(super) fn counted(&mut self, count: Value, body: impl FnOnce(&mut Self, Value) -> Result<()>) -> Result<()> {
        let env = self.frame().env.clone();
        let counter = self.b.slot("%i", ScalarType::I64);
        let zero = self.b.int(0);
        self.b.set(counter, zero);
        let label = self.b.label();
        self.b.open();
        let i = self.b.get(counter);
        let done = self.op(Op::Ge, &[i, count]);
        self.b.open();
        self.b.push(Inst::Break(label));
        let then = self.b.close();
        self.b.push(Inst::If { cond: done, then, otherwise: Block::new() });
        body(self, i)?;
        let body = self.b.close();
        self.b.open();
        let (i, one) = (self.b.get(counter), self.b.int(1));
        let next = self.op(Op::Add, &[i, one]);
        self.b.set(counter, next);
        let latch = self.b.close();
        self.b.push(Inst::Loop { label, body, latch });
        self.frame().env = env;
        Ok(())
    }

    /// Runs code for every index into these extents, in C order.
    pub(super) fn for_each_index(&mut self, extents: &[Value], body: &mut dyn FnMut(&mut Self, &[Value]) -> Result<()>) -> Result<()> {
        fn nest(this: &mut Lowerer, extents: &[Value], outer: &[Value], body: &mut dyn FnMut(&mut Lowerer, &[Value]) -> Result<()>) -> Result<()> {
            match extents.split_first() {
                None => body(this, outer),
                Some((extent, rest)) => this.counted(*extent, |this, i| {
                    let mut index = outer.to_vec();
                    index.push(i);
                    nest(this, rest, &index, body)
                }),
            }
        }
        nest(self, extents, &[], body)
    }

    /// The number at an index known to be in bounds.
    pub(super) fn number_at(&mut self, view: &View<Value>, index: &[Value], span: Span) -> Val {
        let spot = self.element_at(view, index, true, span, span);
        self.value_of(spot)
    }

    fn is_numeric(&self, view: &View<Value>) -> bool {
        matches!(view.source(), Source::Array(..))
    }

    /// An index into a value broadcast to these axes: an axis of one element is repeated.
    fn broadcast_index(&mut self, view: &View<Value>, index: &[Value]) -> Vec<Value> {
        let skipped = index.len() - view.ndim();
        (0..view.ndim())
            .map(|axis| {
                let (zero, one) = (self.b.int(0), self.b.int(1));
                let single = self.op(Op::Eq, &[view.extents[axis], one]);
                self.op(Op::Select, &[single, zero, index[skipped + axis]])
            })
            .collect()
    }

    /// Fails where a value cannot be broadcast to these extents.
    fn check_broadcast(&mut self, view: &View<Value>, extents: &[Value], span: Span) -> Result<()> {
        if view.ndim() > extents.len() {
            let text = format!("an array of {} axes does not fit one of {}", view.ndim(), extents.len());
            return fault(Diagnostic::new(Code::TypeMismatch, span, text));
        }
        let skipped = extents.len() - view.ndim();
        for (mine, wanted) in view.extents.iter().zip(&extents[skipped..]) {
            if mine == wanted {
                continue;
            }
            let one = self.b.int(1);
            let (other, single) = (self.op(Op::Ne, &[*mine, *wanted]), self.op(Op::Ne, &[*mine, one]));
            let bad = self.op(Op::And, &[other, single]);
            self.fail_if(bad, Complaint::Extents);
        }
        Ok(())
    }

    /// Assigns a value to a place.
    pub(super) fn store_spot(&mut self, spot: &Spot, val: &Val, target: Span, source: Span) -> Result<()> {
        match spot {
            Spot::Element(element) => self.store_element(element, val, source),
            Spot::View(view) => self.store_view(view, val, target, source),
            Spot::Value(_) => fault(Diagnostic::new(Code::ReadOnly, target, "an item of a tuple cannot be assigned")),
        }
    }

    /// Assigns a number, a record, a tuple or an array to part of an array.
    fn store_view(&mut self, view: &View<Value>, val: &Val, target: Span, source: Span) -> Result<()> {
        if let Some(items) = val.items() {
            return self.store_tuple(view, items, target, source);
        }
        if super::text::text_type(view).is_some() {
            return self.store_text(view, val, target, source);
        }
        let other = self.view_of(val);
        if let Some(other) = &other {
            self.refuse_overlap(view, other, target, source)?;
            self.check_broadcast(other, &view.extents.clone(), source)?;
        }
        let (view, val) = (view.clone(), val.clone());
        let extents = view.extents.clone();
        self.for_each_index(&extents, &mut |this, index| {
            let item = match &other {
                None => val.clone(),
                Some(other) => {
                    let index = this.broadcast_index(other, index);
                    this.number_at(other, &index, source)
                }
            };
            this.at(target);
            match this.element_at(&view, index, true, target, target) {
                Spot::View(record) => this.store_record(&record, &item, target, source),
                spot => this.store_spot(&spot, &item, target, source),
            }
        })
    }

    /// Fields one by one, from another record of the same type, or a tuple.
    fn store_record(&mut self, record: &View<Value>, val: &Val, target: Span, source: Span) -> Result<()> {
        let Source::Records(records) = record.source().clone() else { unreachable!("a record") };
        if records.ty.as_text().is_some() {
            return self.store_text(record, val, target, source);
        }
        let alike = matches!(val, Val::View(view) if view.ndim() == 0 && matches!(view.source(), Source::Records(other) if other.ty == records.ty));
        if !alike && val.items().is_none_or(|items| items.len() != records.fields.len()) {
            let (mine, other) = (records.ty.to_string(), self.describe(val));
            let d = Diagnostic::new(Code::TypeMismatch, source, format!("{other} cannot be stored in a {mine}"));
            return fault(d.label(other).also(target, mine));
        }
        for field in 0..records.fields.len() {
            let name = records.ty.fields[field].name.clone();
            let item = match val.items() {
                Some(items) => items[field].clone(),
                None => {
                    let Val::View(other) = val else { unreachable!("a record") };
                    let spot = self.field(other, &name, source, source, source)?;
                    self.value_of(spot)
                }
            };
            let place = self.field(record, &name, target, target, target)?;
            self.store_spot(&place, &item, target, source)?;
        }
        Ok(())
    }

    fn store_tuple(&mut self, view: &View<Value>, items: &[Val], target: Span, source: Span) -> Result<()> {
        if let (0, Source::Records(_)) = (view.ndim(), view.source()) {
            return self.store_record(view, &Val::Tuple(items.to_vec()), target, source);
        }
        let count = self.b.int(items.len() as i64);
        let Some(first) = view.extents.first().copied() else { unreachable!("a view has axes") };
        self.same_or_fail(first, count);
        for (i, item) in items.iter().enumerate() {
            let at = self.b.int(i as i64);
            let spot = if view.ndim() == 1 { self.element_at(view, &[at], true, target, target) } else { Spot::View(self.fix(view, 0, at)) };
            self.store_spot(&spot, item, target, source)?;
        }
        Ok(())
    }

    /// Element by element, a copy within one array would read what it has written.
    fn refuse_overlap(&mut self, to: &View<Value>, from: &View<Value>, target: Span, source: Span) -> Result<()> {
        match (to.source(), from.source()) {
            (Source::Array(..), Source::Array(..)) if to != from && to.ndim() > 0 && share(to, from) => {
                // Rows of one array do not overlap unless they are the same row.
                let d = self.unsupported(
                    target,
                    "assigning one part of an array to another part of it",
                    Some("copy in a loop, in the order that is right"),
                );
                let disjoint = |v: &View<Value>| {
                    v.coords.iter().all(|c| c.terms.is_empty() || (c.start.is_none() && c.terms.len() == 1 && c.terms[0].1.is_none()))
                };
                if disjoint(to) && disjoint(from) { Ok(()) } else { fault(d.also(source, "the same array")) }
            }
            _ => Ok(()),
        }
    }

    /// `place op= value` for part of an array.
    pub(super) fn augment_view(&mut self, view: &View<Value>, op: BinaryOp, right: (&Val, Span), target: Span, span: Span) -> Result<()> {
        let other = self.view_of(right.0);
        if let Some(other) = &other {
            self.refuse_overlap(view, other, target, right.1)?;
            self.check_broadcast(other, &view.extents.clone(), right.1)?;
        }
        if !self.is_numeric(view) {
            let d = self.undefined_operator(op.symbol(), (&Val::View(Box::new(view.clone())), target), right);
            return fault(d);
        }
        let (view, val) = (view.clone(), right.0.clone());
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let item = match &other {
                None => val.clone(),
                Some(other) => {
                    let index = this.broadcast_index(other, index);
                    this.number_at(other, &index, right.1)
                }
            };
            let old = this.number_at(&view, index, target);
            this.at(span);
            let new = this.binary(op, (&old, target), (&item, right.1), span)?;
            let spot = this.element_at(&view, index, true, target, target);
            this.store_spot(&spot, &new, target, span)
        })
    }

    /// A function of numbers applied to elements of arrays (broadcast against each other) and stored in `out`.
    pub(super) fn map_into(
        &mut self,
        args: &[Arg],
        out: &View<Value>,
        out_span: Span,
        span: Span,
        apply: &mut dyn FnMut(&mut Self, &[Arg]) -> Result<Val>,
    ) -> Result<()> {
        let mut views = Vec::new();
        for (val, at) in args {
            let view = self.view_of(val);
            if let Some(view) = &view {
                self.check_broadcast(view, &out.extents.clone(), *at)?;
                self.refuse_overlap(out, view, out_span, *at)?;
            }
            views.push(view);
        }
        let out = out.clone();
        self.for_each_index(&out.extents.clone(), &mut |this, index| {
            let mut items = Vec::new();
            for ((val, at), view) in args.iter().zip(&views) {
                let item = match view {
                    None => val.clone(),
                    Some(view) => {
                        let index = this.broadcast_index(view, index);
                        this.number_at(view, &index, *at)
                    }
                };
                items.push((item, *at));
            }
            this.at(span);
            let result = apply(this, &items)?;
            let spot = this.element_at(&out, index, true, out_span, out_span);
            this.store_spot(&spot, &result, out_span, span)
        })
    }

    // --- reductions ---

    /// A number kept over the laps of a loop.
    pub(super) fn kept(&mut self, val: &Val) -> Vec<crate::ir::Slot> {
        let values: Vec<Value> = match val {
            Val::Real(v) => vec![*v],
            Val::Complex(re, im) => vec![*re, *im],
            _ => unreachable!("a number that is no float16"),
        };
        let slots = values.iter().map(|v| self.b.slot("%total", self.ty(*v))).collect::<Vec<_>>();
        slots.iter().zip(values).for_each(|(s, v)| self.b.set(*s, v));
        slots
    }

    pub(super) fn read_kept(&mut self, slots: &[crate::ir::Slot]) -> Val {
        match slots {
            [one] => Val::Real(self.b.get(*one)),
            [re, im] => {
                let re = self.b.get(*re);
                Val::Complex(re, self.b.get(*im))
            }
            _ => unreachable!("one part or two"),
        }
    }

    pub(super) fn set_kept(&mut self, slots: &[crate::ir::Slot], val: &Val) {
        match (slots, val) {
            ([one], Val::Real(v)) => self.b.set(*one, *v),
            ([re, im], Val::Complex(a, b)) => {
                self.b.set(*re, *a);
                self.b.set(*im, *b);
            }
            _ => unreachable!("a number of the type kept"),
        }
    }

    /// A function of all elements, as NumPy computes it, but from the first to the last.
    pub(super) fn reduction(&mut self, what: Reduction, text: &str, view: &View<Value>, span: Span) -> Result<Val> {
        let Source::Array(array, piece) = view.source() else {
            let val = Val::View(Box::new(view.clone()));
            return fault(self.bad_argument(text, &val, span));
        };
        let elem = self.b.function().array(*array).ty.elem;
        let elem = if *piece == super::view::Piece::Whole { elem } else { elem.part() };
        if elem.held() != elem.part() {
            let d = self.unsupported(span, format!("`{text}` of {elem}"), Some("loop over the elements"));
            return fault(d);
        }
        let count = self.count_of(&view.extents);
        let ordered = matches!(what, Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax | Reduction::Ptp);
        if ordered {
            if elem.is_complex() {
                return fault(self.unsupported(span, format!("`{text}` of complex numbers"), Some("compare parts or `abs()` in a loop")));
            }
            let zero = self.b.int(0);
            let empty = self.op(Op::Eq, &[count, zero]);
            self.fail_if(empty, Complaint::Empty);
        }
        let zero = Val::Real(self.constant(Scalar::bool(false)));
        let total = match elem {
            t if t.is_unsigned() => ScalarType::U64,
            t if t.is_integer() || t == ScalarType::Bool => ScalarType::I64,
            t => t,
        };
        match what {
            Reduction::Sum | Reduction::Prod => self.fold(view, what == Reduction::Sum, total, span),
            Reduction::Any | Reduction::All => {
                let all = what == Reduction::All;
                let slot = self.b.slot("%any", ScalarType::Bool);
                let start = self.constant(Scalar::bool(all));
                self.b.set(slot, start);
                self.for_each_index(&view.extents.clone(), &mut |this, index| {
                    let item = this.number_at(view, index, span);
                    let truth = this.truth(&item, span)?;
                    let Val::Real(truth) = this.test_value(truth) else { unreachable!("a bool") };
                    let old = this.b.get(slot);
                    let new = this.op(if all { Op::And } else { Op::Or }, &[old, truth]);
                    this.b.set(slot, new);
                    Ok(())
                })?;
                Ok(Val::Real(self.b.get(slot)))
            }
            Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax => self.extreme_element(what, view, elem, span),
            Reduction::Ptp => {
                let most = self.extreme_element(Reduction::Max, view, elem, span)?;
                let least = self.extreme_element(Reduction::Min, view, elem, span)?;
                self.binary(BinaryOp::Sub, (&most, span), (&least, span), span)
            }
            Reduction::Mean | Reduction::Var | Reduction::Std => {
                let float = if elem.part().is_float() { elem } else { ScalarType::F64 };
                let sum = self.fold(view, true, float, span)?;
                let divisor = self.to_scalar(&Val::Real(count), float.part()).expect("an integer");
                let mean = self.divided(&sum, &divisor, float, span)?;
                if what == Reduction::Mean {
                    return Ok(mean);
                }
                let part = float.part();
                let start = self.to_scalar(&zero, part).expect("a number");
                let kept = self.kept(&start);
                self.for_each_index(&view.extents.clone(), &mut |this, index| {
                    let item = this.number_at(view, index, span);
                    let item = this.to_scalar(&item, float).expect("a number");
                    let away = this.binary(BinaryOp::Sub, (&item, span), (&mean, span), span)?;
                    let square = match away {
                        Val::Real(v) => this.op(Op::Mul, &[v, v]),
                        Val::Complex(re, im) => {
                            let (re, im) = (this.op(Op::Mul, &[re, re]), this.op(Op::Mul, &[im, im]));
                            this.op(Op::Add, &[re, im])
                        }
                        _ => unreachable!("a number"),
                    };
                    let Val::Real(old) = this.read_kept(&kept) else { unreachable!("a real number") };
                    let new = this.op(Op::Add, &[old, square]);
                    this.set_kept(&kept, &Val::Real(new));
                    Ok(())
                })?;
                let sum = self.read_kept(&kept);
                let var = self.divided(&sum, &divisor, part, span)?;
                match (what, var) {
                    (Reduction::Std, Val::Real(v)) => Ok(Val::Real(self.op(Op::Math(crate::op::Math::Sqrt), &[v]))),
                    (_, var) => Ok(var),
                }
            }
        }
    }

    /// A sum over a number of elements, in the sum's own type.
    pub(super) fn divided(&mut self, sum: &Val, count: &Val, ty: ScalarType, span: Span) -> Result<Val> {
        match (sum, count) {
            (Val::Real(s), Val::Real(n)) => Ok(Val::Real(self.op(Op::Div, &[*s, *n]))),
            (Val::Complex(re, im), Val::Real(n)) => {
                let re = self.op(Op::Div, &[*re, *n]);
                Ok(Val::Complex(re, self.op(Op::Div, &[*im, *n])))
            }
            _ => fault(self.unsupported(span, format!("a mean of {ty}"), None)),
        }
    }

    fn fold(&mut self, view: &View<Value>, sum: bool, total: ScalarType, span: Span) -> Result<Val> {
        let start = Val::Real(self.constant(Scalar::int(ScalarType::I64, i128::from(!sum))));
        let start = self.to_scalar(&start, total).expect("a number");
        let kept = self.kept(&start);
        let op = if sum { BinaryOp::Add } else { BinaryOp::Mul };
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let item = this.number_at(view, index, span);
            let item = this.to_scalar(&item, total).expect("a number");
            let old = this.read_kept(&kept);
            let new = this.binary(op, (&old, span), (&item, span), span)?;
            let new = this.to_scalar(&new, total).expect("a number");
            this.set_kept(&kept, &new);
            Ok(())
        })?;
        Ok(self.read_kept(&kept))
    }

    /// The least or greatest element or its place; the first NaN wins, as in NumPy.
    fn extreme_element(&mut self, what: Reduction, view: &View<Value>, elem: ScalarType, span: Span) -> Result<Val> {
        let zeros: Vec<Value> = view.extents.iter().map(|_| self.b.int(0)).collect();
        let Val::Real(first) = self.number_at(view, &zeros, span) else { unreachable!("a real number") };
        let best = self.b.slot("%best", elem);
        let (place, number) = (self.b.slot("%place", ScalarType::I64), self.b.slot("%number", ScalarType::I64));
        self.b.set(best, first);
        let zero = self.b.int(0);
        self.b.set(place, zero);
        self.b.set(number, zero);
        let least = matches!(what, Reduction::Min | Reduction::ArgMin);
        self.for_each_index(&view.extents.clone(), &mut |this, index| {
            let Val::Real(item) = this.number_at(view, index, span) else { unreachable!("a real number") };
            let old = this.b.get(best);
            let mut better = this.compare_reals(if least { CompareOp::Lt } else { CompareOp::Gt }, item, old);
            if elem.is_float() {
                let (is_nan, was_nan) = (this.op(Op::IsNan, &[item]), this.op(Op::IsNan, &[old]));
                let was_number = this.op(Op::Not, &[was_nan]);
                let new_nan = this.op(Op::And, &[is_nan, was_number]);
                better = this.op(Op::Or, &[better, new_nan]);
            }
            let new = this.op(Op::Select, &[better, item, old]);
            this.b.set(best, new);
            let (at, here) = (this.b.get(place), this.b.get(number));
            let at = this.op(Op::Select, &[better, here, at]);
            this.b.set(place, at);
            let one = this.b.int(1);
            let next = this.op(Op::Add, &[here, one]);
            this.b.set(number, next);
            Ok(())
        })?;
        Ok(Val::Real(if matches!(what, Reduction::Min | Reduction::Max) { self.b.get(best) } else { self.b.get(place) }))
    }

    /// Python's `min`, `max` and `sum` of an array of one axis.
    pub(super) fn python_fold(&mut self, view: &View<Value>, start: Option<&Val>, least: Option<bool>, span: Span) -> Result<Val> {
        let Source::Array(array, _) = view.source() else {
            let val = Val::View(Box::new(view.clone()));
            return fault(self.bad_argument("sum", &val, span));
        };
        let elem = self.b.function().array(*array).ty.elem;
        if elem.held() != elem.part() {
            let d = self.unsupported(span, format!("this function of an array of {elem}"), Some("loop over the elements"));
            return fault(d);
        }
        match least {
            None => {
                let start = start.expect("sum() begins somewhere").clone();
                let first = self.scalar_type(&start).expect("a number");
                let ty = crate::types::binary_arithmetic(first, elem);
                let start = self.to_scalar(&start, ty).expect("a number");
                let kept = self.kept(&start);
                self.counted(view.extents[0], |this, i| {
                    let item = this.number_at(view, &[i], span);
                    let old = this.read_kept(&kept);
                    let new = this.binary(BinaryOp::Add, (&old, span), (&item, span), span)?;
                    let new = this.to_scalar(&new, ty).expect("a number");
                    this.set_kept(&kept, &new);
                    Ok(())
                })?;
                Ok(self.read_kept(&kept))
            }
            Some(least) => {
                let zero = self.b.int(0);
                let empty = self.op(Op::Eq, &[view.extents[0], zero]);
                self.fail_if(empty, Complaint::Empty);
                let Val::Real(first) = self.number_at(view, &[zero], span) else {
                    return fault(self.no_order(if least { "min" } else { "max" }, &Val::View(Box::new(view.clone())), span));
                };
                let best = self.b.slot("%best", unify(elem, elem));
                self.b.set(best, first);
                self.counted(view.extents[0], |this, i| {
                    let Val::Real(item) = this.number_at(view, &[i], span) else { unreachable!("a real number") };
                    let old = this.b.get(best);
                    let better = this.compare_reals(if least { CompareOp::Lt } else { CompareOp::Gt }, item, old);
                    let new = this.op(Op::Select, &[better, item, old]);
                    this.b.set(best, new);
                    Ok(())
                })?;
                Ok(Val::Real(self.b.get(best)))
            }
        }
    }
}

/// Whether two views may lie in one array.
fn share(a: &View<Value>, b: &View<Value>) -> bool {
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    a.arrays(&mut of_a);
    b.arrays(&mut of_b);
    of_a.iter().any(|array| of_b.contains(array))
}
