//! Views of arrays: what slices, partial indexes, transposes and reshapes are made of.
//!
//! A view is a way from its own indexes to those of an array of the IR, known when the function is compiled up to some int64 values. Nothing is made for it at run time; an
//! access through it computes the array's index. Owns that arithmetic and the checks it needs. Which element type an access moves is [`super::arrays`]' affair, how views are written
//! in Python [`super::slices`]'.
//!
//! An axis that is an array's own axis, whole and unchanged, is left to the check that every access makes; indexes along all others are checked here, against the
//! view's extents.

use std::sync::Arc;

use super::Lowerer;
use super::value::Val;
use crate::ir::{Array, Failure, Index, Inst, Part, Value};
use crate::op::Op;
use crate::types::{Scalar, ScalarType};

/// Where elements lie.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// In one array of the IR, or one part of its complex elements.
    Array(Array, Piece),
    /// Each field in an array of its own.
    Records(Arc<Records>),
}

/// What of an element is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Whole,
    Real,
    Imag,
}

impl Piece {
    /// What is read and written.
    pub(super) fn part(self) -> Part {
        match self {
            Piece::Whole => Part::Whole,
            Piece::Real => Part::Real,
            Piece::Imag => Part::Imag,
        }
    }
}

/// Records, field by field.
#[derive(Debug, PartialEq)]
pub(super) struct Records {
    /// The type, for messages and to tell records of different types apart.
    pub(super) ty: Arc<crate::types::RecordType>,
    /// In the order of the type's fields: where it lies. The arrays have the records' axes and then the field's own.
    pub(super) fields: Vec<Source>,
    pub(super) readonly: bool,
}

/// An index of the underlying array: a sum of the view's indexes times steps, and a beginning.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Affine<V> {
    pub(super) start: Option<V>,
    /// Axis of the view, and its step; `None` is 1.
    pub(super) terms: Vec<(usize, Option<V>)>,
}

/// What a view is of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base<V> {
    Elements(Source),
    /// The elements of another view counted in C order: one axis.
    Flat(Box<View<V>>),
    /// The views that a number chooses among, all with as many axes ([`super::naming`]).
    Choice(V, Vec<View<V>>),
}

/// A view. `V` is an int64 of the IR, or where one is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View<V> {
    pub(super) base: Base<V>,
    /// For each axis of the base.
    pub(super) coords: Vec<Affine<V>>,
    pub(super) extents: Vec<V>,
    /// For each axis of the view: whether an index along it is checked against the view's extent.
    pub(super) checked: Vec<bool>,
    /// Whether its elements in C order are those of a [`Base::Flat`], from the first on: what reshapes of it need no further counting for.
    pub(super) counts: bool,
}

impl<V> View<V> {
    /// The same view with each value replaced.
    pub(super) fn map<U>(&self, f: &mut dyn FnMut(&V) -> U) -> View<U> {
        let base = match &self.base {
            Base::Elements(source) => Base::Elements(source.clone()),
            Base::Flat(inner) => Base::Flat(Box::new(inner.map(f))),
            Base::Choice(number, options) => {
                let number = f(number);
                Base::Choice(number, options.iter().map(|o| o.map(f)).collect())
            }
        };
        let coords = self
            .coords
            .iter()
            .map(|c| Affine {
                start: c.start.as_ref().map(&mut *f),
                terms: c.terms.iter().map(|(axis, step)| (*axis, step.as_ref().map(&mut *f))).collect(),
            })
            .collect();
        View { base, coords, extents: self.extents.iter().map(f).collect(), checked: self.checked.clone(), counts: self.counts }
    }

    /// Every value, in the order of [`View::map`].
    pub(super) fn each(&mut self, f: &mut dyn FnMut(&mut V)) {
        match &mut self.base {
            Base::Elements(_) => {}
            Base::Flat(inner) => inner.each(f),
            Base::Choice(number, options) => {
                f(number);
                options.iter_mut().for_each(|o| o.each(f));
            }
        }
        for c in &mut self.coords {
            c.start.iter_mut().for_each(&mut *f);
            c.terms.iter_mut().filter_map(|(_, step)| step.as_mut()).for_each(&mut *f);
        }
        self.extents.iter_mut().for_each(f);
    }

    /// What the elements are in the end; of a choice, one that stands for all.
    pub(super) fn source(&self) -> &Source {
        match &self.base {
            Base::Elements(source) => source,
            Base::Flat(inner) => inner.source(),
            Base::Choice(_, options) => options[0].source(),
        }
    }

    /// Whether it is all of an array, unchanged.
    pub(super) fn is_whole(&self) -> bool {
        let own = |(axis, c): (usize, &Affine<V>)| c.start.is_none() && c.terms.len() == 1 && c.terms[0].0 == axis && c.terms[0].1.is_none();
        matches!(self.base, Base::Elements(_)) && !self.checked.contains(&true) && self.coords.iter().enumerate().all(own)
    }

    pub(super) fn ndim(&self) -> usize {
        self.extents.len()
    }
}

impl Source {
    /// Some array of it, for its name.
    pub(super) fn first(&self) -> Option<Array> {
        match self {
            Source::Array(array, _) => Some(*array),
            Source::Records(records) => records.fields.first().and_then(Source::first),
        }
    }
}

impl Lowerer {
    /// An array, or a view already, as a view.
    pub(super) fn view_of(&mut self, val: &Val) -> Option<View<Value>> {
        match val {
            Val::Array(array) => {
                let ndim = self.b.function().array(*array).ty.ndim;
                let extents = (0..ndim).map(|axis| self.b.push(Inst::Extent { array: *array, axis })).collect();
                Some(whole(Source::Array(*array, Piece::Whole), extents))
            }
            Val::View(view) => Some((**view).clone()),
            _ => None,
        }
    }

    pub(super) fn scaled_step(&mut self, value: Value, step: Option<Value>) -> Value {
        match step {
            None => value,
            Some(step) => self.op(Op::Mul, &[value, step]),
        }
    }

    pub(super) fn plus(&mut self, a: Option<Value>, b: Value) -> Value {
        match a {
            Some(a) if self.known(a).is_none_or(|c| c.as_int() != 0) => self.op(Op::Add, &[a, b]),
            _ => b,
        }
    }

    /// An index along an axis of `extent` elements, counted from the beginning and checked.
    fn position(&mut self, index: Value, extent: Value, array: Option<Array>) -> Value {
        let (least, greatest) = self.bounds(index);
        let mut at = index;
        if least < 0 {
            let from_end = self.op(Op::Add, &[index, extent]);
            if greatest < 0 {
                at = from_end;
            } else {
                let zero = self.b.int(0);
                let negative = self.op(Op::Lt, &[index, zero]);
                at = self.op(Op::Select, &[negative, from_end, index]);
            }
        }
        let (a, b) = (self.cast(at, ScalarType::U64), self.cast(extent, ScalarType::U64));
        let outside = self.op(Op::Ge, &[a, b]);
        if self.known(outside).is_none_or(|c| c.as_bool()) {
            self.b.open();
            let failure = array.map_or(Failure::TupleIndex, Failure::Bounds);
            self.b.push(Inst::Fail(failure));
            let then = self.b.close();
            self.b.push(Inst::If { cond: outside, then, otherwise: Vec::new() });
        }
        self.cast(at, ScalarType::I64)
    }

    /// The index of the underlying array for one index an axis of the view; of a choice, that of each, and the number that chooses. `inside`: they are known to be in bounds and not negative.
    pub(super) fn resolve(&mut self, view: &View<Value>, index: &[Value], inside: bool) -> (Option<Value>, Vec<(Source, Index)>) {
        let array = view.source().first();
        let index: Vec<Value> = index
            .iter()
            .zip(&view.extents)
            .zip(&view.checked)
            .map(|((i, extent), checked)| if *checked && !inside { self.position(*i, *extent, array) } else { *i })
            .collect();
        let mut base = Index::new();
        for coord in &view.coords {
            let mut at = coord.start;
            for (axis, step) in &coord.terms {
                let term = self.scaled_step(index[*axis], *step);
                at = Some(self.plus(at, term));
            }
            base.push(at.unwrap_or_else(|| self.b.int(0)));
        }
        match &view.base {
            Base::Elements(source) => (None, vec![(source.clone(), base)]),
            Base::Choice(number, options) => (Some(*number), options.iter().flat_map(|o| self.resolve(o, &base, true).1).collect()),
            Base::Flat(inner) => {
                let mut left = base[0];
                let mut positions = Vec::new();
                for (n, extent) in inner.extents.iter().enumerate().rev() {
                    if n == 0 {
                        positions.push(left);
                    } else {
                        positions.push(self.op(Op::Mod, &[left, *extent]));
                        left = self.op(Op::FloorDiv, &[left, *extent]);
                    }
                }
                positions.reverse();
                self.resolve(inner, &positions, true)
            }
        }
    }

    /// The view without an axis, at an index of it.
    pub(super) fn fix(&mut self, view: &View<Value>, axis: usize, index: Value) -> View<Value> {
        let index = if view.checked[axis] || self.ty(index) == ScalarType::U64 {
            self.position(index, view.extents[axis], view.source().first())
        } else {
            index
        };
        let mut view = view.clone();
        view.counts = false;
        for coord in &mut view.coords {
            if let Some(n) = coord.terms.iter().position(|(a, _)| *a == axis) {
                let (_, step) = coord.terms.remove(n);
                let term = self.scaled_step(index, step);
                coord.start = Some(self.plus(coord.start, term));
            }
            coord.terms.iter_mut().filter(|(a, _)| *a > axis).for_each(|(a, _)| *a -= 1);
        }
        view.extents.remove(axis);
        view.checked.remove(axis);
        view
    }

    /// `count` elements of an axis, `step` apart, from `start`. They are in bounds.
    pub(super) fn take(&mut self, view: &View<Value>, axis: usize, start: Value, step: Value, count: Value) -> View<Value> {
        let mut view = view.clone();
        view.counts = false;
        let from_zero = self.known(start).is_some_and(|c| c.as_int() == 0);
        for coord in &mut view.coords {
            if let Some(n) = coord.terms.iter().position(|(a, _)| *a == axis) {
                let old = coord.terms[n].1;
                if !from_zero {
                    let term = self.scaled_step(start, old);
                    coord.start = Some(self.plus(coord.start, term));
                }
                if self.known(step).is_none_or(|c| c.as_int() != 1) {
                    coord.terms[n].1 = Some(self.scaled_step(step, old));
                }
            }
        }
        view.extents[axis] = count;
        view.checked[axis] = true;
        view
    }

    /// A new axis of one element.
    pub(super) fn insert_axis(&mut self, view: &View<Value>, axis: usize) -> View<Value> {
        let mut view = view.clone();
        view.counts = false;
        for coord in &mut view.coords {
            coord.terms.iter_mut().filter(|(a, _)| *a >= axis).for_each(|(a, _)| *a += 1);
        }
        let one = self.b.int(1);
        view.extents.insert(axis, one);
        view.checked.insert(axis, true);
        view
    }

    /// The axes in another order.
    pub(super) fn permuted(&self, view: &View<Value>, order: &[usize]) -> View<Value> {
        let mut new = view.clone();
        new.counts = false;
        for coord in &mut new.coords {
            coord.terms.iter_mut().for_each(|(a, _)| *a = order.iter().position(|o| o == a).expect("a permutation"));
        }
        new.extents = order.iter().map(|a| view.extents[*a]).collect();
        new.checked = order.iter().map(|a| view.checked[*a]).collect();
        new
    }

    /// The same elements in C order under other extents, as many in all.
    pub(super) fn reshaped(&mut self, view: &View<Value>, extents: Vec<Value>) -> View<Value> {
        let mut terms = Vec::new();
        let mut step: Option<Value> = None;
        for (axis, extent) in extents.iter().enumerate().rev() {
            terms.push((axis, step));
            step = Some(match step {
                None => *extent,
                Some(step) => self.op(Op::Mul, &[step, *extent]),
            });
        }
        terms.reverse();
        let checked = vec![true; extents.len()];
        if view.counts {
            // The base is counted in C order already.
            return View { base: view.base.clone(), coords: vec![Affine { start: None, terms }], extents, checked, counts: true };
        }
        if view.has_choice() {
            let kept = self.kept_view(view);
            if let Base::Choice(number, options) = &kept.base {
                let options = options.iter().map(|option| self.reshaped(option, extents.clone())).collect();
                return super::naming::chosen(*number, options, extents);
            }
        }
        if view.ndim() == 1 {
            // One axis needs no counting: its own steps are multiplied.
            let mut new = view.clone();
            for coord in &mut new.coords {
                let old = std::mem::take(&mut coord.terms);
                if let Some((_, by)) = old.first() {
                    coord.terms = terms
                        .iter()
                        .map(|(axis, step)| {
                            let step = match (step, by) {
                                (step, None) => *step,
                                (None, by) => *by,
                                (Some(step), Some(by)) => Some(self.op(Op::Mul, &[*step, *by])),
                            };
                            (*axis, step)
                        })
                        .collect();
                }
            }
            return View { base: new.base, coords: new.coords, extents, checked, counts: false };
        }
        View { base: Base::Flat(Box::new(view.clone())), coords: vec![Affine { start: None, terms }], extents, checked, counts: true }
    }

    /// Number of elements.
    pub(super) fn count_of(&mut self, extents: &[Value]) -> Value {
        match extents.split_first() {
            None => self.b.int(1),
            Some((first, rest)) => rest.iter().fold(*first, |product, extent| self.op(Op::Mul, &[product, *extent])),
        }
    }

    /// The field of records that a view is of: the same view of that field, whose own axes come last. `None`: a reshaped view of records with a field that has axes.
    pub(super) fn field_of(&mut self, view: &View<Value>, records: &Records, field: usize) -> Option<View<Value>> {
        let own = records.ty.fields[field].shape.clone();
        let mut view = view.clone();
        match &mut view.base {
            Base::Elements(source) => *source = records.fields[field].clone(),
            Base::Flat(_) if !own.is_empty() => return None,
            Base::Flat(inner) => {
                let inner = inner.clone();
                view.base = Base::Flat(Box::new(self.field_of(&inner, records, field)?));
            }
            Base::Choice(number, options) => {
                let fields = options.iter().map(|o| match o.source() {
                    Source::Records(own) => self.field_of(o, &own.clone(), field),
                    Source::Array(..) => None,
                });
                view.base = Base::Choice(*number, fields.collect::<Option<_>>()?);
            }
        }
        for extent in own {
            let axis = view.extents.len();
            let extent = self.constant(Scalar::int(ScalarType::I64, extent as i128));
            view.coords.push(Affine { start: None, terms: vec![(axis, None)] });
            view.extents.push(extent);
            view.checked.push(false);
        }
        Some(view)
    }
}

/// All of what lies there.
pub(super) fn whole(source: Source, extents: Vec<Value>) -> View<Value> {
    whole_of(source, extents)
}

/// [`whole`], of whatever stands for values.
pub(super) fn whole_of<V>(source: Source, extents: Vec<V>) -> View<V> {
    let coords = (0..extents.len()).map(|axis| Affine { start: None, terms: vec![(axis, None)] }).collect();
    let checked = vec![false; extents.len()];
    View { base: Base::Elements(source), coords, extents, checked, counts: false }
}
