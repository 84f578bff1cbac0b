//! Variables that name one array here and another there: `a, b = b, a`, `x = a if c else b`.
//!
//! Where paths join that give a variable different arrays, or different parts of one, it becomes a choice: a number that tells which, and all that it may be, each with its own way to its elements. An
//! access asks the number. The arrays of a choice have elements of one type and as many axes. Parts of one array are one way with more values: steps and beginnings that the paths set.

use super::Lowerer;
use super::env::Shape;
use super::value::Val;
use super::view::{self, Affine, Base, Piece, Source, View};
use crate::ir::{Array, Function, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// What a variable may name, at most.
const MOST: usize = 8;

impl<V> View<V> {
    /// Whether what it is of is not one thing.
    pub(super) fn has_choice(&self) -> bool {
        match &self.base {
            Base::Elements(_) => false,
            Base::Flat(inner) => inner.has_choice(),
            Base::Choice(..) => true,
        }
    }

    /// Whether each axis is one of the base, unchanged.
    fn is_plain(&self) -> bool {
        let own = |(axis, c): (usize, &Affine<V>)| c.start.is_none() && c.terms.len() == 1 && c.terms[0].0 == axis && c.terms[0].1.is_none();
        self.coords.len() == self.extents.len() && self.coords.iter().enumerate().all(own)
    }

    /// Every array that its elements may lie in.
    pub(super) fn arrays(&self, into: &mut Vec<Array>) {
        match &self.base {
            Base::Elements(source) => source.arrays(into),
            Base::Flat(inner) => inner.arrays(into),
            Base::Choice(_, options) => options.iter().for_each(|o| o.arrays(into)),
        }
    }
}

impl Source {
    fn arrays(&self, into: &mut Vec<Array>) {
        match self {
            Source::Array(array, _) => into.push(*array),
            Source::Records(records) => records.fields.iter().for_each(|f| f.arrays(into)),
        }
    }
}

/// What a variable names that is one of two arrays or parts of arrays; `None` if nothing can be both.
pub(super) fn join(f: &Function, a: &Shape, b: &Shape) -> Option<Shape> {
    let (a, b) = (as_view(f, a)?, as_view(f, b)?);
    if a == b {
        return Some(Shape::View(Box::new(a)));
    }
    if a.ndim() != b.ndim() || !alike(f, a.source(), b.source()) {
        return None;
    }
    let mut options = options(a)?;
    for option in self::options(b)? {
        match options.iter_mut().find(|o| same_base(o, &option)) {
            Some(known) => *known = widened(known, &option)?,
            None => options.push(option),
        }
    }
    if options.len() > MOST {
        return None;
    }
    if options.len() == 1 {
        return options.pop().map(|o| Shape::View(Box::new(o)));
    }
    let ndim = options[0].ndim();
    Some(Shape::View(Box::new(chosen(ScalarType::I64, options, vec![ScalarType::I64; ndim]))))
}

pub(super) fn chosen<V>(number: V, options: Vec<View<V>>, extents: Vec<V>) -> View<V> {
    let coords = (0..extents.len()).map(|axis| Affine { start: None, terms: vec![(axis, None)] }).collect();
    let checked = vec![true; extents.len()];
    View { base: Base::Choice(number, options), coords, extents, checked, counts: false }
}

fn as_view(f: &Function, shape: &Shape) -> Option<View<ScalarType>> {
    match shape {
        Shape::Array(array) => {
            let ndim = usize::from(f.array(*array).ty.ndim);
            Some(view::whole_of(Source::Array(*array, Piece::Whole), vec![ScalarType::I64; ndim]))
        }
        Shape::View(view) => Some((**view).clone()),
        _ => None,
    }
}

/// Whether elements are of one type.
fn alike(f: &Function, a: &Source, b: &Source) -> bool {
    let elem = |array: &Array, piece: &Piece| {
        let ty = f.array(*array).ty.elem;
        if *piece == Piece::Whole { ty } else { ty.part() }
    };
    match (a, b) {
        (Source::Array(a, p), Source::Array(b, q)) => elem(a, p) == elem(b, q),
        (Source::Records(a), Source::Records(b)) => a.ty == b.ty,
        _ => false,
    }
}

/// What a view may be of, each without a choice.
fn options(view: View<ScalarType>) -> Option<Vec<View<ScalarType>>> {
    let plain = view.is_plain();
    match view.base {
        Base::Choice(_, options) if plain && options.iter().all(|o| !o.has_choice()) => Some(options),
        _ if view.has_choice() => None,
        _ => Some(vec![view]),
    }
}

/// Whether two views are of the same elements, so that one way with other values leads to both.
fn same_base<V: PartialEq, U: PartialEq>(a: &View<V>, b: &View<U>) -> bool {
    let flat = |a: &View<V>, b: &View<U>| a.map(&mut |_| ()) == b.map(&mut |_| ());
    match (&a.base, &b.base) {
        (Base::Elements(a), Base::Elements(b)) => a == b,
        (Base::Flat(x), Base::Flat(y)) => flat(x, y) && a.coords.len() == b.coords.len(),
        _ => false,
    }
}

/// The way that takes in both.
fn widened(a: &View<ScalarType>, b: &View<ScalarType>) -> Option<View<ScalarType>> {
    let mut both = a.clone();
    for (to, from) in both.coords.iter_mut().zip(&b.coords) {
        if from.start.is_some() {
            to.start = Some(ScalarType::I64);
        }
        let mut axes: Vec<usize> = to.terms.iter().chain(&from.terms).map(|(axis, _)| *axis).collect();
        axes.sort_unstable();
        axes.dedup();
        let plain = |terms: &[(usize, Option<ScalarType>)], axis: usize| terms.iter().any(|(a, step)| *a == axis && step.is_none());
        let terms = axes
            .into_iter()
            .map(|axis| (axis, if plain(&to.terms, axis) && plain(&from.terms, axis) { None } else { Some(ScalarType::I64) }))
            .collect();
        to.terms = terms;
    }
    both.counts &= b.counts;
    both.checked.iter_mut().zip(&b.checked).for_each(|(to, from)| *to |= from);
    let mut fits = true;
    both.each(&mut |ty| fits &= *ty == ScalarType::I64);
    fits.then_some(both)
}

impl Lowerer {
    /// The static part of a value that is an array, or holds some; `None` for what cannot be kept.
    pub(super) fn shape_of(&self, val: &Val) -> Option<Shape> {
        Some(match val {
            Val::None => Shape::None,
            Val::Grid => Shape::Grid,
            Val::Real(v) => Shape::Real(self.ty(*v)),
            Val::Half(ty, _) => Shape::Half(*ty),
            Val::Time(ty, _) => Shape::Time(*ty),
            Val::Complex(re, _) => Shape::Complex(self.ty(*re).complex()?),
            Val::Tuple(items) => Shape::Tuple(items.iter().map(|v| self.shape_of(v)).collect::<Option<_>>()?),
            Val::Named(named, items) => Shape::Named(named.clone(), items.iter().map(|v| self.shape_of(v)).collect::<Option<_>>()?),
            Val::Array(array) => Shape::Array(*array),
            Val::View(view) => Shape::View(Box::new(view.map(&mut |v| self.ty(*v)))),
            Val::Function(callee) => Shape::Function(callee.clone()),
            Val::Str(_) | Val::Bytes(_) => Shape::Text(val.clone()),
        })
    }

    /// A view as a variable keeps it: steps and beginnings on top of a choice become those of each of its options.
    pub(super) fn kept_view(&mut self, view: &View<Value>) -> View<Value> {
        let Base::Choice(number, options) = &view.base else { return view.clone() };
        if view.is_plain() {
            return view.clone();
        }
        let options = options
            .iter()
            .map(|option| {
                let coords = option.coords.iter().map(|c| self.through(c, &view.coords)).collect();
                View { base: option.base.clone(), coords, extents: view.extents.clone(), checked: vec![true; view.ndim()], counts: false }
            })
            .collect();
        chosen(*number, options, view.extents.clone())
    }

    /// A sum of indexes each of which is a sum of others.
    fn through(&mut self, outer: &Affine<Value>, inner: &[Affine<Value>]) -> Affine<Value> {
        let mut start = outer.start;
        let mut terms: Vec<(usize, Option<Value>)> = Vec::new();
        for (axis, step) in &outer.terms {
            let from = &inner[*axis];
            if let Some(first) = from.start {
                let term = self.scaled_step(first, *step);
                start = Some(self.plus(start, term));
            }
            for (to, by) in &from.terms {
                let product = match (step, by) {
                    (None, by) => *by,
                    (step, None) => *step,
                    (Some(step), Some(by)) => Some(self.op(Op::Mul, &[*step, *by])),
                };
                match terms.iter().position(|(axis, _)| axis == to) {
                    None => terms.push((*to, product)),
                    Some(n) => {
                        let one = self.b.int(1);
                        let sum = self.op(Op::Add, &[terms[n].1.unwrap_or(one), product.unwrap_or(one)]);
                        terms[n].1 = Some(sum);
                    }
                }
            }
        }
        terms.sort_by_key(|(axis, _)| *axis);
        Affine { start, terms }
    }

    /// A view in the form that a join wants.
    pub(super) fn fitted(&mut self, view: &View<Value>, wanted: &View<ScalarType>) -> View<Value> {
        let Base::Choice(_, options) = &wanted.base else { return self.fitted_option(view, wanted) };
        let (number, each, places): (Value, Vec<View<Value>>, Vec<usize>) = match &view.base {
            Base::Choice(number, own) => {
                // The numbers of the same things may be others.
                let places: Vec<usize> = own.iter().map(|o| place_of(o, options)).collect();
                let mut new = self.b.int(places[0] as i64);
                if places.iter().enumerate().all(|(n, place)| n == *place) {
                    new = *number;
                } else {
                    for (n, place) in places.iter().enumerate().skip(1) {
                        let (n, place) = (self.b.int(n as i64), self.b.int(*place as i64));
                        let here = self.op(Op::Eq, &[*number, n]);
                        new = self.op(Op::Select, &[here, place, new]);
                    }
                }
                (new, own.clone(), places)
            }
            _ => (self.b.int(place_of(view, options) as i64), vec![view.clone()], vec![place_of(view, options)]),
        };
        let mut fitted = Vec::new();
        for (place, option) in options.iter().enumerate() {
            let mut own = each.iter().enumerate().filter(|(n, _)| places[*n] == place);
            let Some((_, first)) = own.next() else {
                fitted.push(option.map(&mut |_| self.b.int(0)));
                continue;
            };
            let mut one = self.fitted_option(first, option);
            // Several ways to the same elements, as a reshape of a choice has them, become one with the values of the way that is taken.
            for (n, other) in own {
                let Base::Choice(number, _) = &view.base else { unreachable!("one way is no choice") };
                let n = self.b.int(n as i64);
                let here = self.op(Op::Eq, &[*number, n]);
                let mut values = Vec::new();
                self.fitted_option(other, option).map(&mut |v| values.push(*v));
                let mut values = values.into_iter();
                one = one.map(&mut |v| {
                    let other = values.next().expect("as many values as the same form has");
                    if other == *v { other } else { self.op(Op::Select, &[here, other, *v]) }
                });
            }
            fitted.push(one);
        }
        chosen(number, fitted, view.extents.clone())
    }

    /// A view that is no choice, with all the values that the wanted form has.
    fn fitted_option(&mut self, view: &View<Value>, wanted: &View<ScalarType>) -> View<Value> {
        let mut fitted = view.clone();
        for (to, want) in fitted.coords.iter_mut().zip(&wanted.coords) {
            if want.start.is_some() && to.start.is_none() {
                to.start = Some(self.b.int(0));
            }
            to.terms = want
                .terms
                .iter()
                .map(|(axis, step)| match (to.terms.iter().find(|(a, _)| a == axis), step) {
                    (_, None) => (*axis, None),
                    (Some((_, Some(step))), Some(_)) => (*axis, Some(*step)),
                    (Some((_, None)), Some(_)) => (*axis, Some(self.b.int(1))),
                    (None, Some(_)) => (*axis, Some(self.b.int(0))),
                })
                .collect();
        }
        fitted.counts = wanted.counts;
        fitted.checked.clone_from(&wanted.checked);
        fitted
    }
}

fn place_of(view: &View<Value>, options: &[View<ScalarType>]) -> usize {
    options.iter().position(|o| same_base(view, o)).expect("a join takes in what each path has")
}
