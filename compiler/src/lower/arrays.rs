//! Elements of arrays and items of tuples: reading, writing, and what indexes may be. How an index finds its element is [`super::view`]'s.

use super::Lowerer;
use super::fault::{Result, fault};
use super::value::Val;
use super::view::{Piece, Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Failure, Index, Inst, Part, Value};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::types::{Scalar, ScalarType, Type};

/// A number in an array, its index evaluated.
pub(super) struct Element {
    /// Where it lies: one place, or several of which a number chooses one.
    places: Vec<Lies>,
    number: Option<Value>,
    /// The whole expression, and the array in it.
    span: Span,
    base: Span,
}

/// A place in an array of the IR.
#[derive(Clone)]
pub(super) struct Lies {
    pub(super) array: Array,
    pub(super) piece: Piece,
    pub(super) index: Index,
}

/// What an index or an attribute of an array or a record names: a place to read and to write.
pub(super) enum Spot {
    /// A number.
    Element(Element),
    /// Part of an array, or a record.
    View(View<Value>),
    /// No place: a value of its own.
    Value(Val),
}

impl Lowerer {
    /// `value[index]` as a value.
    pub(super) fn subscript(&mut self, value: &Expr, index: &Expr, span: Span) -> Result<Val> {
        let spot = self.subscript_spot(value, index, span)?;
        Ok(self.value_of(spot))
    }

    /// `value[index]` as a place.
    pub(super) fn subscript_spot(&mut self, value: &Expr, index: &Expr, span: Span) -> Result<Spot> {
        let base = self.expr(value)?;
        if let Some(view) = self.view_of(&base) {
            return self.indexed(&view, value.span, index, span);
        }
        match base.items() {
            Some(items) => self.tuple_item(items, index, span).map(Spot::Value),
            None => self.not_indexable(&base, value.span),
        }
    }

    /// The value that a place holds.
    pub(super) fn value_of(&mut self, spot: Spot) -> Val {
        match spot {
            Spot::Element(element) => self.load_element(&element),
            Spot::View(view) => Val::View(Box::new(view)),
            Spot::Value(val) => val,
        }
    }

    fn not_indexable<T>(&self, base: &Val, span: Span) -> Result<T> {
        let name = self.describe(base);
        fault(Diagnostic::new(Code::TypeMismatch, span, format!("{name} cannot be indexed")).label(name))
    }

    /// The element of a view at one index an axis. `inside`: the indexes are in bounds.
    pub(super) fn element_at(&mut self, view: &View<Value>, index: &[Value], inside: bool, span: Span, base: Span) -> Spot {
        match view.source() {
            Source::Array(..) => {
                let (number, places) = self.places(view, index, inside);
                Spot::Element(Element { places, number, span, base })
            }
            Source::Records(_) => {
                let mut record = view.clone();
                for i in index {
                    record = self.fix(&record, 0, *i);
                }
                Spot::View(record)
            }
        }
    }

    /// An index: uint64 stays, other integers become int64.
    pub(super) fn index_value(&mut self, val: &Val, at: Span) -> Result<Value> {
        if let Some(view) = self.view_of(val).filter(|view| view.ndim() == 0 && matches!(view.source(), Source::Array(..))) {
            // An array without axes is its element.
            let element = self.number_at(&view, &[], at);
            return self.index_value(&element, at);
        }
        match val {
            Val::Real(v) if self.ty(*v) == ScalarType::U64 => Ok(*v),
            Val::Real(v) if self.ty(*v).is_integer() => Ok(self.cast(*v, ScalarType::I64)),
            _ => {
                let name = self.describe(val);
                let d = Diagnostic::new(Code::BadIndex, at, format!("an index must be an integer, not {name}")).label(name);
                let text = self.text(at);
                fault(match val {
                    Val::Real(_) => d.help(format!("convert it: `int({text})`")),
                    Val::Named(named, _) if named.is_axes() => d.help(format!("take an axis: `{text}.x`")),
                    _ => d,
                })
            }
        }
    }

    /// Where an element of numbers lies.
    pub(super) fn places(&mut self, view: &View<Value>, index: &[Value], inside: bool) -> (Option<Value>, Vec<Lies>) {
        let (number, found) = self.resolve(view, index, inside);
        let lies = |(source, index)| match source {
            Source::Array(array, piece) => Lies { array, piece, index },
            Source::Records(_) => unreachable!("a view of numbers"),
        };
        (number, found.into_iter().map(lies).collect())
    }

    /// Does something at the place that the number chooses.
    pub(super) fn at_chosen(
        &mut self,
        number: Option<Value>,
        places: &[Lies],
        run: &mut dyn FnMut(&mut Self, &Lies) -> Result<Val>,
        span: Span,
    ) -> Result<Val> {
        let (Some(number), [first, rest @ ..]) = (number, places) else { return run(self, &places[0]) };
        if rest.is_empty() {
            return run(self, first);
        }
        // Counted from the end, so that the rest keep their numbers.
        let (last, others) = places.split_last().expect("two or more");
        let n = self.b.int(others.len() as i64);
        let is_last = self.op(Op::Eq, &[number, n]);
        if let Some(known) = self.known(is_last) {
            return if known.as_bool() { run(self, last) } else { self.at_chosen(Some(number), others, run, span) };
        }
        let then = self.nested(|this| run(this, last))?;
        let otherwise = self.nested(|this| this.at_chosen(Some(number), others, run, span))?;
        self.at(span);
        if (&then.0, &otherwise.0) == (&Val::None, &Val::None) {
            self.b.push(Inst::If { cond: is_last, then: then.1, otherwise: otherwise.1 });
            return Ok(Val::None);
        }
        self.one_of(is_last, then, otherwise, span)
    }

    pub(super) fn load_element(&mut self, element: &Element) -> Val {
        let span = element.span;
        let loaded = self.at_chosen(element.number, &element.places, &mut |this, place| Ok(this.load_at(place, span)), span);
        loaded.ok().expect("elements of one type")
    }

    fn load_at(&mut self, element: &Lies, span: Span) -> Val {
        self.at(span);
        let (array, index) = (element.array, element.index.clone());
        let mut load = |part| self.b.push(Inst::Load { array, index: index.clone(), part });
        match element.piece {
            Piece::Real => return Val::Real(load(Part::Real)),
            Piece::Imag => return Val::Real(load(Part::Imag)),
            Piece::Whole => {}
        }
        if self.b.function().array(array).ty.elem.is_complex() {
            let re = self.b.push(Inst::Load { array, index: index.clone(), part: Part::Real });
            Val::Complex(re, self.b.push(Inst::Load { array, index, part: Part::Imag }))
        } else {
            let elem = self.b.function().array(array).ty.elem;
            let value = self.b.push(Inst::Load { array, index, part: Part::Whole });
            match elem {
                half if half.is_half() => Val::Half(half, value),
                time if time.is_time() => Val::Time(time, value),
                _ => Val::Real(value),
            }
        }
    }

    pub(super) fn store_element(&mut self, element: &Element, val: &Val, source: Span) -> Result<()> {
        let (span, base) = (element.span, element.base);
        let mut store = |this: &mut Self, place: &Lies| this.store_at(place, val, source, span, base).map(|()| Val::None);
        self.at_chosen(element.number, &element.places, &mut store, span).map(drop)
    }

    fn store_at(&mut self, element: &Lies, val: &Val, source: Span, span: Span, base: Span) -> Result<()> {
        let info = self.b.function().array(element.array).clone();
        if info.ty.readonly || info.constant.is_some() {
            let what = if info.constant.is_some() { "a constant array" } else { "a read-only array" };
            let d = Diagnostic::new(Code::ReadOnly, span, format!("`{}` is {what}", info.name));
            let d = d.also(base, info.ty.to_string());
            return fault(if info.constant.is_some() {
                d.note("its contents were taken when the function was compiled")
            } else {
                d.help("an array that is passed must be writeable; a function over core arrays writes to inputs that `writable_args` names")
            });
        }
        let elem = if element.piece == Piece::Whole { info.ty.elem } else { info.ty.elem.part() };
        let Some(converted) = self.to_scalar(val, elem) else {
            let name = self.describe(val);
            let d = Diagnostic::new(Code::TypeMismatch, source, format!("{name} cannot be stored in {}", info.ty)).label(name);
            let d = d.also(base, info.ty.to_string());
            return fault(if matches!(val, Val::Complex(..)) { d.help("store `.real` or `abs()` of it") } else { d });
        };
        self.at(span);
        if let Some(Type::Scalar(natural)) = self.type_of(val)
            && !matches!(val, Val::Real(v) if self.known(*v).is_some())
            && !self.stored.iter().any(|(name, ty)| *name == info.name && *ty == natural)
        {
            self.stored.push((info.name.clone(), natural));
        }
        let (array, index) = (element.array, element.index.clone());
        match converted {
            Val::Complex(re, im) => {
                self.b.push(Inst::Store { array, index: index.clone(), part: Part::Real, value: re });
                self.b.push(Inst::Store { array, index, part: Part::Imag, value: im });
            }
            Val::Real(value) | Val::Half(_, value) | Val::Time(_, value) => {
                self.b.push(Inst::Store { array, index, part: element.piece.part(), value });
            }
            _ => unreachable!("a scalar was asked for"),
        }
        Ok(())
    }

    // --- tuples ---

    fn tuple_item(&mut self, items: &[Val], index: &Expr, span: Span) -> Result<Val> {
        if let ExprKind::Slice { lower, upper, step } = &index.kind {
            return self.tuple_slice(items, [lower, upper, step], span);
        }
        let val = self.expr(index)?;
        self.at(span);
        let index_value = self.index_value(&val, index.span)?;
        self.item_at(items, index_value, index.span, span)
    }

    /// The item of a tuple at a number, which is a constant or else chooses among items of one type.
    pub(super) fn item_at(&mut self, items: &[Val], index_value: Value, at_span: Span, span: Span) -> Result<Val> {
        let count = items.len() as i128;
        if let Some(c) = self.known(index_value) {
            let i = c.as_int();
            let at = if i < 0 { i + count } else { i };
            return match usize::try_from(at).ok().and_then(|i| items.get(i)) {
                Some(item) => Ok(item.clone()),
                None => fault(Diagnostic::new(Code::BadIndex, at_span, format!("index {i} is out of range for a tuple of {count}"))),
            };
        }
        let Some((last, rest)) = items.split_last() else {
            return fault(Diagnostic::new(Code::BadIndex, at_span, "an empty tuple has no items"));
        };
        let ty = self.ty(index_value);
        let number = |this: &mut Self, n: i128| this.constant(Scalar::int(ty, n));
        // Below zero counts from the end.
        let mut position = index_value;
        if ty.is_signed() {
            let (zero, n) = (number(self, 0), number(self, count));
            let negative = self.op(Op::Lt, &[index_value, zero]);
            let from_end = self.op(Op::Add, &[index_value, n]);
            position = self.op(Op::Select, &[negative, from_end, index_value]);
        }
        let unsigned = self.cast(position, ScalarType::U64);
        let n = self.constant(Scalar::int(ScalarType::U64, count));
        let outside = self.op(Op::Ge, &[unsigned, n]);
        self.b.open();
        self.b.push(Inst::Fail(Failure::TupleIndex));
        let then = self.b.close();
        self.b.push(Inst::If { cond: outside, then, otherwise: Vec::new() });
        let mut chosen = last.clone();
        for (i, item) in rest.iter().enumerate().rev() {
            let here = number(self, i as i128);
            let equal = self.op(Op::Eq, &[position, here]);
            chosen = self.select(equal, (item, span), (&chosen, span), span)?;
        }
        Ok(chosen)
    }
}
