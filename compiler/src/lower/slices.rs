//! What stands between brackets behind an array, and the attributes and methods that give other views of it.
//!
//! Given: a view and the index as written. A full set of integers names an element; anything less, or with slices, names a view. The arithmetic is [`super::view`]'s.

use std::sync::Arc;

use super::Lowerer;
use super::arrays::Spot;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::{Callee, Val};
use super::view::{Base, Piece, Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Value;
use crate::names::Meaning;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::types::{Layout, Scalar, ScalarType};

/// The parts of a slice as written.
type Parts<'e> = [&'e Option<Box<Expr>>; 3];

/// One item of an index.
enum Item<'e> {
    At(Value),
    Slice(Parts<'e>),
    Ellipsis,
    NewAxis,
}

impl Lowerer {
    /// What an index of a view names.
    pub(super) fn indexed(&mut self, view: &View<Value>, base: Span, index: &Expr, span: Span) -> Result<Spot> {
        let mut items = Vec::new();
        match &index.kind {
            ExprKind::Tuple(parts) => {
                for part in parts {
                    items.push(self.index_item(part)?);
                }
            }
            ExprKind::Slice { .. } | ExprKind::Ellipsis => items.push(self.index_item(index)?),
            _ => match self.expr(index)? {
                Val::Str(name) => return self.field(view, &name, index.span, base, span),
                val => match val.items() {
                    Some(parts) => {
                        for part in parts {
                            items.push(self.index_part(part, index.span)?);
                        }
                    }
                    None => items.push(self.index_part(&val, index.span)?),
                },
            },
        }
        self.place_of(view, base, items, index.span, span)
    }

    fn place_of(&mut self, view: &View<Value>, base: Span, items: Vec<Item<'_>>, index_span: Span, span: Span) -> Result<Spot> {
        self.at(span);
        let ndim = view.ndim();
        let given = items.iter().filter(|i| matches!(i, Item::At(_) | Item::Slice(_))).count();
        if given > ndim {
            let name = self.describe(&Val::View(Box::new(view.clone())));
            if super::text::text_type(view).is_some() {
                let d = Diagnostic::new(Code::BadIndex, index_span, "a string in memory is not indexed").also(base, name);
                return fault(d.help("compare it as a whole, or pass its characters as an array of integers"));
            }
            if let (0, [Item::At(number)], Source::Records(records)) = (ndim, &items[..], view.source())
                && let Some(number) = self.known(*number)
            {
                let (number, count) = (number.as_int(), records.ty.fields.len());
                let at = if number < 0 { number + count as i128 } else { number };
                let Some(field) = usize::try_from(at).ok().and_then(|at| records.ty.fields.get(at)) else {
                    let text = format!("index {number} is out of range for a record of {count} field{}", if count == 1 { "" } else { "s" });
                    return fault(Diagnostic::new(Code::BadIndex, index_span, text).also(base, name));
                };
                let field = field.name.clone();
                return self.field(view, &field, index_span, base, span);
            }
            if ndim == 0 {
                return fault(
                    Diagnostic::new(Code::BadIndex, index_span, "a record is indexed with the names of its fields, or their numbers as constants")
                        .also(base, name),
                );
            }
            let text = format!("{given} indexes for an array of {ndim} dimension{}", if ndim == 1 { "" } else { "s" });
            return fault(Diagnostic::new(Code::BadIndex, index_span, text).also(base, name));
        }
        if items.iter().filter(|i| matches!(i, Item::Ellipsis)).count() > 1 {
            return fault(Diagnostic::new(Code::BadIndex, index_span, "an index has at most one `...`"));
        }
        let numbers: Vec<Value> = items.iter().filter_map(|i| if let Item::At(v) = i { Some(*v) } else { None }).collect();
        if numbers.len() == ndim && items.len() == ndim {
            return Ok(self.element_at(view, &numbers, false, span, base));
        }
        let mut view = view.clone();
        let mut axis = 0;
        for item in items {
            match item {
                Item::At(value) => view = self.fix(&view, axis, value),
                Item::Slice(parts) => {
                    view = self.sliced(&view, axis, parts)?;
                    axis += 1;
                }
                Item::Ellipsis => axis += ndim - given,
                Item::NewAxis => {
                    view = self.insert_axis(&view, axis);
                    axis += 1;
                }
            }
        }
        Ok(Spot::View(view))
    }

    /// What an index that is a value names.
    pub(super) fn indexed_by(&mut self, view: &View<Value>, base: Span, index: &Val, index_span: Span, span: Span) -> Result<Spot> {
        if let Val::Str(name) = index {
            return self.field(view, name, index_span, base, span);
        }
        let mut items = Vec::new();
        for part in index.items().unwrap_or(std::slice::from_ref(index)) {
            items.push(self.index_part(part, index_span)?);
        }
        self.place_of(view, base, items, index_span, span)
    }

    fn index_item<'e>(&mut self, e: &'e Expr) -> Result<Item<'e>> {
        match &e.kind {
            ExprKind::Slice { lower, upper, step } => Ok(Item::Slice([lower, upper, step])),
            ExprKind::Ellipsis => Ok(Item::Ellipsis),
            _ => {
                let val = self.expr(e)?;
                self.index_part(&val, e.span)
            }
        }
    }

    fn index_part<'e>(&mut self, val: &Val, at: Span) -> Result<Item<'e>> {
        match val {
            Val::None => Ok(Item::NewAxis),
            val => Ok(Item::At(self.index_value(val, at)?)),
        }
    }

    /// A part of a slice as int64; `None` where nothing or None is written.
    fn slice_part(&mut self, part: &Option<Box<Expr>>) -> Result<Option<Value>> {
        let Some(e) = part else { return Ok(None) };
        match self.expr(e)? {
            Val::None => Ok(None),
            val => {
                let value = self.index_value(&val, e.span)?;
                if self.ty(value) == ScalarType::U64 {
                    // Beyond every array, as whatever is not representable here.
                    let most = self.constant(Scalar::int(ScalarType::U64, i64::MAX.into()));
                    let value = self.op(Op::Min, &[value, most]);
                    return Ok(Some(self.cast(value, ScalarType::I64)));
                }
                Ok(Some(value))
            }
        }
    }

    /// The step of a slice, which has to be a constant.
    fn slice_step(&mut self, part: &Option<Box<Expr>>) -> Result<Value> {
        let Some(step) = self.slice_part(part)? else { return Ok(self.b.int(1)) };
        let span = part.as_ref().expect("a step was written").span;
        let zero = self.b.int(0);
        match self.known(step).map(|c| c.as_int()) {
            Some(0) => return fault(Diagnostic::new(Code::BadValue, span, "a slice's step must not be zero")),
            Some(_) => {}
            None => {
                self.at(span);
                let none = self.op(Op::Eq, &[step, zero]);
                self.fail_if(none, crate::ir::Complaint::Step);
            }
        }
        Ok(step)
    }

    fn sliced(&mut self, view: &View<Value>, axis: usize, [lower, upper, step]: Parts<'_>) -> Result<View<Value>> {
        let (lower, upper, step) = (self.slice_part(lower)?, self.slice_part(upper)?, self.slice_step(step)?);
        if lower.is_none() && upper.is_none() && self.known(step).is_some_and(|c| c.as_int() == 1) {
            return Ok(view.clone());
        }
        let (start, count) = self.slice_range(lower, upper, step, view.extents[axis]);
        Ok(self.take(view, axis, start, step, count))
    }

    /// First element and number of elements of a slice of `extent` elements: Python's rule. The step is not zero.
    pub(super) fn slice_range(&mut self, lower: Option<Value>, upper: Option<Value>, step: Value, extent: Value) -> (Value, Value) {
        let (zero, one) = (self.b.int(0), self.b.int(1));
        let down = self.op(Op::Lt, &[step, zero]);
        let either = |this: &mut Self, if_down: Value, if_up: Value| this.op(Op::Select, &[down, if_down, if_up]);
        // Going down, the places are one lower.
        let (before, last) = (self.b.int(-1), self.op(Op::Sub, &[extent, one]));
        let (least, most) = (either(self, before, zero), either(self, last, extent));
        let clamped = |this: &mut Self, v: Value| {
            let mut at = v;
            let (low, high) = this.bounds(v);
            if high < 0 {
                at = this.op(Op::Add, &[v, extent]);
            } else if low < 0 {
                let negative = this.op(Op::Lt, &[v, zero]);
                let from_end = this.op(Op::Add, &[v, extent]);
                at = this.op(Op::Select, &[negative, from_end, v]);
            }
            if low < 0 {
                at = this.op(Op::Max, &[at, least]);
            }
            this.op(Op::Min, &[at, most])
        };
        let (first, end) = (either(self, most, zero), either(self, least, extent));
        let lower = lower.map_or(first, |v| clamped(self, v));
        let upper = upper.map_or(end, |v| clamped(self, v));
        let (from, to) = (either(self, upper, lower), either(self, lower, upper));
        let length = self.op(Op::Sub, &[to, from]);
        let length = self.op(Op::Max, &[length, zero]);
        let size = match self.known(step).map(|c| c.as_int() as i64) {
            Some(1 | -1) => return (lower, length),
            Some(step) => self.b.int(i64::try_from(step.unsigned_abs()).unwrap_or(i64::MAX)),
            None => {
                // The least int64 has no opposite; one more serves as well.
                let most_down = self.b.int(-i64::MAX);
                let step = self.op(Op::Max, &[step, most_down]);
                let opposite = self.op(Op::Neg, &[step]);
                either(self, opposite, step)
            }
        };
        // Rounded up: (length + size - 1) // size, without overflow.
        let less = self.op(Op::Sub, &[length, one]);
        let whole = self.op(Op::FloorDiv, &[less, size]);
        (lower, self.op(Op::Add, &[whole, one]))
    }

    /// `items[a:b:c]` of a tuple, whose parts have to be constants.
    pub(super) fn tuple_slice(&mut self, items: &[Val], [lower, upper, step]: Parts<'_>, span: Span) -> Result<Val> {
        let (lower, upper, step) = (self.slice_part(lower)?, self.slice_part(upper)?, self.slice_step(step)?);
        self.at(span);
        let extent = self.b.int(items.len() as i64);
        let (start, count) = self.slice_range(lower, upper, step, extent);
        match (self.known(start), self.known(count), self.known(step)) {
            (Some(start), Some(count), Some(step)) => {
                let (start, count, step) = (start.as_int() as i64, count.as_int() as i64, step.as_int() as i64);
                Ok(Val::Tuple((0..count).map(|i| items[(start + i * step) as usize].clone()).collect()))
            }
            _ => fault(self.unsupported(span, "slicing a tuple with what is not a constant", None)),
        }
    }

    // --- attributes and methods ---

    /// The field of a view of records.
    pub(super) fn field(&mut self, view: &View<Value>, name: &str, name_span: Span, base: Span, span: Span) -> Result<Spot> {
        let described = self.describe(&Val::View(Box::new(view.clone())));
        let Source::Records(records) = view.source().clone() else {
            let d = Diagnostic::new(Code::BadIndex, name_span, format!("{described} has no fields"));
            return fault(d.also(base, described));
        };
        let Some(field) = records.ty.find(name) else {
            let d = Diagnostic::new(Code::NoAttribute, name_span, format!("{described} has no field `{name}`")).also(base, described);
            let known = super::fault::nearest(name, records.ty.fields.iter().map(|f| f.name.as_str()));
            return fault(match known {
                Some(known) => d.help(format!("did you mean `{known}`?")),
                None => d.note(format!("its fields are {}", records.ty.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "))),
            });
        };
        let Some(view) = self.field_of(view, &records, field) else {
            return fault(self.unsupported(span, "a field with axes of reshaped records", Some("take the field first")));
        };
        if view.ndim() == 0 && matches!(view.source(), Source::Array(..)) {
            return Ok(self.element_at(&view, &[], true, span, base));
        }
        Ok(Spot::View(view))
    }

    /// `array.attr` as a place.
    pub(super) fn view_attribute(&mut self, view: &View<Value>, attr: &str, attr_span: Span, base: Span, span: Span) -> Result<Spot> {
        let value = |v: Val| Ok(Spot::Value(v));
        let integers = |values: Vec<Value>| Val::Tuple(values.into_iter().map(Val::Real).collect());
        if let Source::Records(records) = view.source()
            && (records.ty.find(attr).is_some() || view.ndim() == 0)
        {
            return self.field(view, attr, attr_span, base, span);
        }
        let is_complex = matches!(view.source(), Source::Array(a, Piece::Whole) if self.b.function().array(*a).ty.elem.is_complex());
        match attr {
            "shape" => value(integers(view.extents.clone())),
            "ndim" => self.integer(view.ndim() as i128, attr_span).and_then(value),
            "size" => {
                let count = self.count_of(&view.extents);
                value(Val::Real(count))
            }
            "itemsize" | "nbytes" => {
                let Source::Array(array, piece) = view.source() else {
                    return fault(self.unsupported(attr_span, format!("`.{attr}` of records"), None));
                };
                let elem = self.b.function().array(*array).ty.elem;
                let size = if *piece == Piece::Whole { elem.size() } else { elem.part().size() };
                let size = self.b.int(size as i64);
                let count = if attr == "nbytes" { self.count_of(&view.extents) } else { self.b.int(1) };
                value(Val::Real(self.op(Op::Mul, &[count, size])))
            }
            "dtype" => {
                let ty = match view.source() {
                    Source::Array(..) => {
                        let val = Val::View(Box::new(view.clone()));
                        Meaning::Type(self.element_of(&val).expect("an array of numbers"))
                    }
                    Source::Records(records) => Meaning::Record(records.ty.clone()),
                };
                value(Val::Function(Arc::new(Callee::Named(ty, "dtype".to_owned()))))
            }
            "strides" => {
                let strides = self.strides_of(view, attr_span)?;
                value(integers(strides))
            }
            "T" => {
                let order: Vec<usize> = (0..view.ndim()).rev().collect();
                Ok(Spot::View(self.permuted(view, &order)))
            }
            "flat" => {
                let count = self.count_of(&view.extents);
                Ok(Spot::View(self.reshaped(view, vec![count])))
            }
            "real" if !is_complex && matches!(view.source(), Source::Array(..)) => Ok(Spot::View(view.clone())),
            "real" | "imag" if is_complex => {
                let mut view = view.clone();
                let piece = if attr == "real" { Piece::Real } else { Piece::Imag };
                fn replace(view: &mut View<Value>, piece: Piece) {
                    match &mut view.base {
                        Base::Elements(Source::Array(_, p)) => *p = piece,
                        Base::Elements(Source::Records(_)) => unreachable!("numbers"),
                        Base::Flat(inner) => replace(inner, piece),
                        Base::Choice(_, options) => options.iter_mut().for_each(|o| replace(o, piece)),
                    }
                }
                replace(&mut view, piece);
                Ok(Spot::View(view))
            }
            _ => {
                let ty = self.describe(&Val::View(Box::new(view.clone())));
                let d = Diagnostic::new(Code::NoAttribute, attr_span, format!("{ty} has no attribute `{attr}` in compiled code"));
                let d = d.also(base, ty);
                fault(match attr {
                    "imag" => d.help("the imaginary part of a real array is 0"),
                    "ctypes" | "data" => d.help("kernels have no addresses: index the array; what `alignment=` asks for is kept in any case"),
                    _ => d,
                })
            }
        }
    }

    /// Bytes from one element to the next along each axis.
    fn strides_of(&mut self, view: &View<Value>, at: Span) -> Result<Vec<Value>> {
        let refused = |this: &Self, what: &str| {
            let help = Some("pass them as an argument: `tuple(a.strides)`");
            fault(this.unsupported(at, format!("`.strides` of {what}"), help))
        };
        let array = match &view.base {
            Base::Elements(Source::Array(array, _)) => *array,
            Base::Elements(Source::Records(_)) => return refused(self, "records"),
            Base::Flat(_) => return refused(self, "a reshaped array"),
            Base::Choice(..) => return refused(self, "a variable that names several arrays"),
        };
        let ty = self.b.function().array(array).ty;
        let order: Vec<u8> = match ty.layout {
            Layout::C => (0..ty.ndim).rev().collect(),
            Layout::F => (0..ty.ndim).collect(),
            Layout::A => return refused(self, "an array that is neither in C nor in Fortran order"),
        };
        let mut of_array = vec![None; usize::from(ty.ndim)];
        let mut step = self.b.int(ty.elem.size() as i64);
        for axis in order {
            of_array[usize::from(axis)] = Some(step);
            let extent = self.b.push(crate::ir::Inst::Extent { array, axis });
            step = self.op(Op::Mul, &[step, extent]);
        }
        let mut strides = Vec::new();
        for axis in 0..view.ndim() {
            let mut sum: Option<Value> = None;
            for (coord, stride) in view.coords.iter().zip(&of_array) {
                let stride = stride.expect("each axis has one");
                for (_, by) in coord.terms.iter().filter(|(a, _)| *a == axis) {
                    let term = self.scaled_step(stride, *by);
                    sum = Some(self.plus(sum, term));
                }
            }
            strides.push(sum.unwrap_or_else(|| self.b.int(0)));
        }
        Ok(strides)
    }

    /// `array.reshape(...)`, `ravel()`, `transpose(...)`, `view(dtype)`; `None` for another method.
    pub(super) fn view_method(&mut self, view: &View<Value>, name: &str, args: &[Arg], order: Option<&Arg>, span: Span) -> Result<Option<Val>> {
        let made = match (name, args) {
            ("flatten", []) => return fault(self.unsupported(span, "`.flatten()`, which copies,", Some("`.ravel()` gives a view"))),
            ("ravel", [_]) if order.is_none() => return self.view_method(view, name, &[], Some(&args[0]), span),
            ("ravel", []) => {
                let count = self.count_of(&view.extents);
                let fortran = self.is_fortran(view, order)?;
                let view = if fortran { self.permuted(view, &reversed(view.ndim())) } else { view.clone() };
                self.reshaped(&view, vec![count])
            }
            ("transpose", []) => {
                let order: Vec<usize> = (0..view.ndim()).rev().collect();
                self.permuted(view, &order)
            }
            ("transpose", _) => {
                let axes = self.spread_shape(args)?;
                let known: Option<Vec<i128>> = axes.iter().map(|v| self.known(*v).map(|c| c.as_int())).collect();
                let ndim = view.ndim() as i128;
                let order: Vec<usize> = known.unwrap_or_default().into_iter().map(|a| if a < 0 { (a + ndim) as usize } else { a as usize }).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if !sorted.into_iter().eq(0..view.ndim()) {
                    return fault(Diagnostic::new(Code::BadValue, span, format!("transpose() takes each of the {ndim} axes once, as constants")));
                }
                self.permuted(view, &order)
            }
            ("reshape", [_, ..]) => {
                let mut extents = self.spread_shape(args)?;
                let count = self.count_of(&view.extents);
                self.fill_in(count, &mut extents, span)?;
                let new = self.count_of(&extents);
                self.same_or_fail(count, new);
                if self.is_fortran(view, order)? {
                    // The same as in C order of both with their axes in reverse.
                    let (from, to) = (reversed(view.ndim()), reversed(extents.len()));
                    extents.reverse();
                    let view = self.permuted(view, &from);
                    let made = self.reshaped(&view, extents);
                    self.permuted(&made, &to)
                } else {
                    self.reshaped(view, extents)
                }
            }
            ("view", [(dtype, at)]) => self.of_another_type(view, dtype, *at, span)?,
            _ => return Ok(None),
        };
        Ok(Some(Val::View(Box::new(made))))
    }

    /// Whether elements are counted with the first axis as the fastest: `order="F"`, and `order="A"` of what lies so in memory.
    fn is_fortran(&self, view: &View<Value>, order: Option<&Arg>) -> Result<bool> {
        let Some((order, at)) = order else { return Ok(false) };
        match order {
            Val::Str(order) if order == "C" => Ok(false),
            Val::Str(order) if order == "F" => Ok(true),
            Val::Str(order) if order == "A" => {
                if view.ndim() < 2 {
                    return Ok(false);
                }
                let layout = match &view.base {
                    Base::Elements(Source::Array(array, _)) => self.b.function().array(*array).ty.layout,
                    _ => Layout::A,
                };
                let backwards = self.permuted(view, &reversed(view.ndim()));
                let own = |view: &View<Value>| view.coords.iter().enumerate().all(|(axis, c)| c.start.is_none() && c.terms[..] == [(axis, None)]);
                let whole = !view.checked.contains(&true) && view.coords.len() == view.ndim();
                match (layout, whole && own(view), whole && own(&backwards)) {
                    (Layout::C, true, _) | (Layout::F, _, true) => Ok(false),
                    (Layout::F, true, _) | (Layout::C, _, true) => Ok(true),
                    _ => {
                        let d = self.unsupported(*at, "the order \"A\" of an array whose order in memory is known at the launch only", None);
                        fault(d.help("write \"C\" or \"F\""))
                    }
                }
            }
            _ => {
                let name = self.describe(order);
                let d = Diagnostic::new(Code::BadValue, *at, "the order is one of the constants \"C\", \"F\" and \"A\"").label(name);
                fault(d)
            }
        }
    }

    /// Puts what is left of `count` elements where an extent is -1, which one may be.
    fn fill_in(&mut self, count: Value, extents: &mut [Value], span: Span) -> Result<()> {
        let (zero, one, minus) = (self.b.int(0), self.b.int(1), self.b.int(-1));
        // Of each extent, whether it is -1.
        let left: Vec<Value> = extents.iter().map(|e| self.op(Op::Eq, &[*e, minus])).collect();
        let known: Option<Vec<bool>> = left.iter().map(|v| self.known(*v).map(|c| c.as_bool())).collect();
        match known.map(|all| all.into_iter().filter(|is| *is).count()) {
            Some(0) => return Ok(()),
            Some(1) => {}
            Some(_) => return fault(Diagnostic::new(Code::BadValue, span, "reshape() takes at most one -1")),
            None => {
                let mut number = zero;
                for is in &left {
                    let is = self.cast(*is, ScalarType::I64);
                    number = self.op(Op::Add, &[number, is]);
                }
                let several = self.op(Op::Gt, &[number, one]);
                self.fail_if(several, crate::ir::Complaint::Extents);
            }
        }
        let others: Vec<Value> = extents.iter().zip(&left).map(|(e, is)| self.op(Op::Select, &[*is, one, *e])).collect();
        let others = self.count_of(&others);
        let rest = self.op(Op::FloorDiv, &[count, others]);
        for (e, is) in extents.iter_mut().zip(&left) {
            *e = self.op(Op::Select, &[*is, rest, *e]);
        }
        Ok(())
    }

    /// A thread in which two extents differ fails.
    pub(super) fn same_or_fail(&mut self, a: Value, b: Value) {
        let differ = self.op(Op::Ne, &[a, b]);
        self.fail_if(differ, crate::ir::Complaint::Extents);
    }

    pub(super) fn fail_if(&mut self, cond: Value, complaint: crate::ir::Complaint) {
        if self.known(cond).is_some_and(|c| !c.as_bool()) {
            return;
        }
        self.b.open();
        self.b.push(crate::ir::Inst::Fail(crate::ir::Failure::Value(complaint)));
        let then = self.b.close();
        self.b.push(crate::ir::Inst::If { cond, then, otherwise: Vec::new() });
    }

    /// Integers given one by one or as one tuple.
    fn spread_shape(&mut self, args: &[Arg]) -> Result<Vec<Value>> {
        let items: Vec<Arg> = match args {
            [(val, at)] if let Some(items) = val.items() => items.iter().map(|v| (v.clone(), *at)).collect(),
            _ => args.to_vec(),
        };
        items
            .iter()
            .map(|(val, at)| {
                let v = self.index_value(val, *at)?;
                Ok(self.cast(v, ScalarType::I64))
            })
            .collect()
    }
}

fn reversed(ndim: usize) -> Vec<usize> {
    (0..ndim).rev().collect()
}
