//! Variables: where each one's value is at a point of the program, and what happens to it where paths join.
//!
//! A variable lives in one slot for each of its parts in each type it ever has, so paths on which its type is the same need no code to join. The value last
//! put into a slot is remembered ([`Leaf::known`]) and used instead of reading it, as long as it is in scope; a slot that is then never read goes
//! away in [`crate::pass::prepare`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lowerer;
use super::fault::{Result, fault};
use super::liveness::Names;
use super::naming;
use super::value::{Callee, Val};
use super::view::{Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Block, Failure, Function, Inst, Slot, Value};
use crate::op::Op;
use crate::source::Span;
use crate::types::{NamedType, Scalar, ScalarType, unify};

/// One slot, and its present value if that is in scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    slot: Slot,
    known: Option<Value>,
}

/// Where a variable's value is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    None,
    Grid,
    Real(Leaf),
    Half(ScalarType, Leaf),
    Time(ScalarType, Leaf),
    Complex(Leaf, Leaf),
    Tuple(Vec<Place>),
    Named(Arc<NamedType>, Vec<Place>),
    Array(Array),
    Function(Arc<Callee>),
    /// A constant string or bytes.
    Text(Val),
    View(Box<View<Leaf>>),
}

/// A variable on one path. One that no path has assigned has no binding.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// Assigned, or perhaps: then the flag tells.
    Assigned { place: Place, flag: Option<Leaf>, span: Span },
    /// Two paths gave it types that have no common one, which is a fault where it is read.
    Conflict(Conflict),
}

/// The two types and where they were assigned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conflict {
    types: [String; 2],
    spans: [Span; 2],
    arrays: bool,
}

/// The variables of a function on one path.
pub(super) type Env = BTreeMap<String, Binding>;

/// What a variable must be at a join; the same for all paths that meet there.
#[derive(Clone, Debug)]
pub(super) enum Want {
    Assigned { shape: Shape, flag: bool, span: Span },
    Conflict(Conflict),
}

/// The static part of a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    None,
    Grid,
    Real(ScalarType),
    Half(ScalarType),
    Time(ScalarType),
    Complex(ScalarType),
    Tuple(Vec<Shape>),
    Named(Arc<NamedType>, Vec<Shape>),
    Array(Array),
    Function(Arc<Callee>),
    Text(Val),
    View(Box<View<ScalarType>>),
}

/// What each variable must be at a join.
pub(super) type Wants = BTreeMap<String, Want>;

/// Whether two joins want the same (where a variable was assigned does not matter).
pub(super) fn same(a: &Wants, b: &Wants) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((n, a), (m, b))| {
            n == m
                && match (a, b) {
                    (Want::Assigned { shape: s, flag: f, .. }, Want::Assigned { shape: t, flag: g, .. }) => s == t && f == g,
                    (Want::Conflict(_), Want::Conflict(_)) => true,
                    _ => false,
                }
        })
}

/// Forgets values that were made after `made` instructions: they stand in blocks that are closed now.
pub(super) fn forget(env: &mut Env, made: usize) {
    fn place(p: &mut Place, made: usize) {
        match p {
            Place::Real(l) | Place::Half(_, l) | Place::Time(_, l) => leaf(l, made),
            Place::Complex(re, im) => {
                leaf(re, made);
                leaf(im, made);
            }
            Place::Tuple(items) | Place::Named(_, items) => items.iter_mut().for_each(|p| place(p, made)),
            Place::View(view) => view.each(&mut |l| leaf(l, made)),
            Place::None | Place::Grid | Place::Array(_) | Place::Function(_) | Place::Text(_) => {}
        }
    }
    fn leaf(l: &mut Leaf, made: usize) {
        l.known = l.known.filter(|v| v.index() < made);
    }
    for binding in env.values_mut() {
        if let Binding::Assigned { place: p, flag, .. } = binding {
            place(p, made);
            if let Some(flag) = flag {
                leaf(flag, made);
            }
        }
    }
}

impl Lowerer {
    // --- assigning and reading ---

    /// Assigns a variable.
    pub(super) fn assign(&mut self, name: &str, val: &Val, span: Span) -> Result<()> {
        let kept;
        let val = match val {
            Val::View(view) if let Some(text) = self.kept_text(view, span) => {
                kept = text;
                &kept
            }
            Val::View(view) if view.has_choice() => {
                kept = Val::View(Box::new(self.kept_view(view)));
                &kept
            }
            val => val,
        };
        let place = self.store(name, val);
        self.frame().env.insert(name.to_string(), Binding::Assigned { place, flag: None, span });
        Ok(())
    }

    fn store(&mut self, name: &str, val: &Val) -> Place {
        match val {
            Val::None => Place::None,
            Val::Grid => Place::Grid,
            Val::Array(a) => Place::Array(*a),
            Val::Function(callee) => Place::Function(callee.clone()),
            Val::Str(_) | Val::Bytes(_) => Place::Text(val.clone()),
            Val::Real(v) => Place::Real(self.set_leaf(name, *v)),
            Val::Half(ty, v) => Place::Half(*ty, self.set_leaf(name, *v)),
            Val::Time(ty, v) => Place::Time(*ty, self.set_leaf(name, *v)),
            Val::Complex(re, im) => {
                let re = self.set_leaf(&format!("{name}.real"), *re);
                Place::Complex(re, self.set_leaf(&format!("{name}.imag"), *im))
            }
            Val::Tuple(items) => {
                let parts = items.iter().enumerate().map(|(i, item)| self.store(&format!("{name}.{i}"), item));
                Place::Tuple(parts.collect())
            }
            Val::Named(named, items) => {
                let parts = items.iter().enumerate().map(|(i, item)| self.store(&format!("{name}.{i}"), item));
                Place::Named(named.clone(), parts.collect())
            }
            Val::View(view) => {
                let mut n = 0;
                let mut keep = |v: &Value| {
                    n += 1;
                    self.set_leaf(&format!("{name}[{n}]"), *v)
                };
                Place::View(Box::new(view.map(&mut keep)))
            }
        }
    }

    fn set_leaf(&mut self, name: &str, value: Value) -> Leaf {
        let slot = self.variable_slot(name, self.ty(value));
        self.b.set(slot, value);
        Leaf { slot, known: Some(value) }
    }

    /// The slot of a variable's part in that type.
    fn variable_slot(&mut self, name: &str, ty: ScalarType) -> Slot {
        let key = (self.frame().id, name.to_string(), ty);
        if let Some(slot) = self.slots.get(&key) {
            return *slot;
        }
        let slot = self.b.slot(name, ty);
        self.slots.insert(key, slot);
        slot
    }

    /// Reads a variable of the present function or of one around it.
    pub(super) fn read(&mut self, name: &str, span: Span) -> Result<Val> {
        let owner = self.owner(name).expect("a variable");
        let mut binding = match self.frames[owner].env.get(name) {
            Some(binding) => binding.clone(),
            None => return self.unassigned(owner, name, span),
        };
        let val = match &mut binding {
            Binding::Conflict(c) => return fault(conflict_fault(name, span, c)),
            Binding::Assigned { place, flag, .. } => {
                if let Some(mut leaf) = flag.take() {
                    let assigned = self.leaf(&mut leaf);
                    self.check_assigned(assigned, leaf.slot);
                }
                self.load(place)
            }
        };
        // What is read here of a function around this one may stand in a block that closes before that function goes on.
        if owner + 1 == self.frames.len() {
            self.frame().env.insert(name.to_string(), binding);
        }
        Ok(val)
    }

    fn check_assigned(&mut self, assigned: Value, slot: Slot) {
        let missing = self.op(Op::Not, &[assigned]);
        self.b.open();
        self.b.push(Inst::Fail(Failure::Unassigned(slot)));
        let then = self.b.close();
        self.b.push(Inst::If { cond: missing, then, otherwise: Vec::new() });
    }

    fn unassigned(&mut self, owner: usize, name: &str, span: Span) -> Result<Val> {
        let d = Diagnostic::new(Code::UnassignedVariable, span, format!("`{name}` is read before it is assigned"));
        let of = if owner + 1 == self.frames.len() { "this function" } else { "the function around this one" };
        let d = d.note(format!("`{name}` is a variable of {of} because it is assigned in it"));
        if self.frames[owner].loops.iter().any(|l| l.assigned.contains(name)) { self.unreachable(d) } else { fault(d) }
    }

    fn leaf(&mut self, leaf: &mut Leaf) -> Value {
        *leaf.known.get_or_insert_with(|| self.b.get(leaf.slot))
    }

    fn load(&mut self, place: &mut Place) -> Val {
        match place {
            Place::None => Val::None,
            Place::Grid => Val::Grid,
            Place::Array(a) => Val::Array(*a),
            Place::Function(callee) => Val::Function(callee.clone()),
            Place::Text(text) => text.clone(),
            Place::Real(l) => Val::Real(self.leaf(l)),
            Place::Half(ty, l) => Val::Half(*ty, self.leaf(l)),
            Place::Time(ty, l) => Val::Time(*ty, self.leaf(l)),
            Place::Complex(re, im) => {
                let re = self.leaf(re);
                Val::Complex(re, self.leaf(im))
            }
            Place::Tuple(items) => Val::Tuple(items.iter_mut().map(|p| self.load(p)).collect()),
            Place::Named(named, items) => Val::Named(named.clone(), items.iter_mut().map(|p| self.load(p)).collect()),
            Place::View(view) => {
                view.each(&mut |l| {
                    self.leaf(l);
                });
                Val::View(Box::new(view.map(&mut |l| l.known.expect("read just now"))))
            }
        }
    }

    // --- joining ---

    fn shape(&self, place: &Place) -> Shape {
        let ty = |leaf: &Leaf| self.b.function().slot(leaf.slot).ty;
        match place {
            Place::None => Shape::None,
            Place::Grid => Shape::Grid,
            Place::Array(a) => Shape::Array(*a),
            Place::Function(callee) => Shape::Function(callee.clone()),
            Place::Text(text) => Shape::Text(text.clone()),
            Place::Real(l) => Shape::Real(ty(l)),
            Place::Half(ty, _) => Shape::Half(*ty),
            Place::Time(ty, _) => Shape::Time(*ty),
            Place::Complex(re, _) => Shape::Complex(ty(re).complex().expect("a float")),
            Place::Tuple(items) => Shape::Tuple(items.iter().map(|p| self.shape(p)).collect()),
            Place::Named(named, items) => Shape::Named(named.clone(), items.iter().map(|p| self.shape(p)).collect()),
            Place::View(view) => Shape::View(Box::new(view.map(&mut |l| ty(l)))),
        }
    }

    fn want_of(&self, binding: &Binding) -> Want {
        match binding {
            Binding::Conflict(c) => Want::Conflict(c.clone()),
            Binding::Assigned { place, flag, span } => Want::Assigned { shape: self.shape(place), flag: flag.is_some(), span: *span },
        }
    }

    /// What a path brings to a join, of the variables that are live there.
    pub(super) fn wants(&self, env: &Env, live: &Names) -> Wants {
        let kept = env.iter().filter(|(name, _)| name.starts_with('%') || live.contains(*name));
        kept.map(|(name, binding)| (name.clone(), self.want_of(binding))).collect()
    }

    /// What two paths want together.
    pub(super) fn join(&self, a: &Wants, b: &Wants) -> Wants {
        let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let joined = names.into_iter().map(|name| {
            let want = match (a.get(name), b.get(name)) {
                (Some(a), Some(b)) => self.join_variable(a, b),
                (Some(one), None) | (None, Some(one)) => match one {
                    Want::Assigned { shape, span, .. } => Want::Assigned { shape: shape.clone(), flag: true, span: *span },
                    conflict => conflict.clone(),
                },
                (None, None) => unreachable!("the name is of one of them"),
            };
            (name.clone(), want)
        });
        joined.collect()
    }

    fn join_variable(&self, a: &Want, b: &Want) -> Want {
        match (a, b) {
            (Want::Assigned { shape: s, flag: f, span }, Want::Assigned { shape: t, flag: g, span: other }) => {
                match join_shapes(self.b.function(), s, t) {
                    Some(shape) => Want::Assigned { shape, flag: *f || *g, span: *span },
                    None => Want::Conflict(Conflict {
                        types: [self.describe_shape(s), self.describe_shape(t)],
                        spans: [*span, *other],
                        arrays: matches!((s, t), (Shape::Array(_) | Shape::View(_), Shape::Array(_) | Shape::View(_))),
                    }),
                }
            }
            (Want::Conflict(c), _) | (_, Want::Conflict(c)) => Want::Conflict(c.clone()),
        }
    }

    fn describe_shape(&self, shape: &Shape) -> String {
        match shape {
            Shape::None => "None".to_string(),
            Shape::Grid => "the grid's group".to_string(),
            Shape::Real(t) | Shape::Half(t) | Shape::Time(t) | Shape::Complex(t) => t.to_string(),
            Shape::Array(a) => self.b.function().array(*a).ty.to_string(),
            Shape::Function(callee) => callee.to_string(),
            Shape::Text(text) => super::printing::repr(text),
            Shape::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|s| self.describe_shape(s)).collect();
                format!("tuple({})", items.join(", "))
            }
            Shape::Named(named, _) => named.name.clone(),
            Shape::View(view) => match view.source() {
                Source::Records(records) => format!("a view of {}", records.ty),
                Source::Array(array, _) => format!("a view of {}", self.b.function().array(*array).ty),
            },
        }
    }

    /// Brings the variables of a path to what the join wants, by code put at the present place. Others are dropped.
    pub(super) fn conform(&mut self, mut env: Env, wants: &Wants) -> Env {
        let conformed = wants.iter().map(|(name, want)| (name.clone(), self.conform_variable(name, env.remove(name), want)));
        conformed.collect()
    }

    fn conform_variable(&mut self, name: &str, binding: Option<Binding>, want: &Want) -> Binding {
        let (shape, wants_flag, span) = match want {
            Want::Conflict(c) => return Binding::Conflict(c.clone()),
            Want::Assigned { shape, flag, span } => (shape, *flag, *span),
        };
        let (place, flag, span) = match binding {
            Some(Binding::Assigned { place, flag, span }) => (Some(place), flag, span),
            Some(Binding::Conflict(_)) => unreachable!("a join with a conflict is one"),
            None => (None, None, span),
        };
        let flag = match (wants_flag, flag) {
            (false, _) => None,
            (true, Some(flag)) => Some(flag),
            (true, None) => Some(self.set_flag(name, place.is_some())),
        };
        let place = match place {
            Some(place) if self.shape(&place) == *shape => place,
            Some(mut place) => {
                let val = self.load(&mut place);
                let val = self.reshape(val, shape);
                self.store(name, &val)
            }
            None => self.fresh_place(name, shape),
        };
        Binding::Assigned { place, flag, span }
    }

    /// Sets the slot that tells whether a variable is assigned. It has the variable's name, for the message of the failure.
    fn set_flag(&mut self, name: &str, assigned: bool) -> Leaf {
        let key = (self.frame().id, format!("%{name}"), ScalarType::Bool);
        let slot = match self.slots.get(&key) {
            Some(slot) => *slot,
            None => {
                let slot = self.b.slot(name, ScalarType::Bool);
                self.slots.insert(key, slot);
                slot
            }
        };
        let value = self.constant(Scalar::bool(assigned));
        self.b.set(slot, value);
        Leaf { slot, known: Some(value) }
    }

    fn fresh_place(&mut self, name: &str, shape: &Shape) -> Place {
        match shape {
            Shape::None => Place::None,
            Shape::Grid => Place::Grid,
            Shape::Array(a) => Place::Array(*a),
            Shape::Function(callee) => Place::Function(callee.clone()),
            Shape::Text(text) => Place::Text(text.clone()),
            Shape::Real(t) => Place::Real(Leaf { slot: self.variable_slot(name, *t), known: None }),
            Shape::Half(ty) => Place::Half(*ty, Leaf { slot: self.variable_slot(name, ScalarType::F32), known: None }),
            Shape::Time(t) => Place::Time(*t, Leaf { slot: self.variable_slot(name, ScalarType::I64), known: None }),
            Shape::Complex(t) => {
                let re = self.variable_slot(&format!("{name}.real"), t.part());
                let im = self.variable_slot(&format!("{name}.imag"), t.part());
                Place::Complex(Leaf { slot: re, known: None }, Leaf { slot: im, known: None })
            }
            Shape::Tuple(items) => {
                let parts = items.iter().enumerate().map(|(i, s)| self.fresh_place(&format!("{name}.{i}"), s));
                Place::Tuple(parts.collect())
            }
            Shape::Named(named, items) => {
                let parts = items.iter().enumerate().map(|(i, s)| self.fresh_place(&format!("{name}.{i}"), s));
                Place::Named(named.clone(), parts.collect())
            }
            Shape::View(view) => {
                let mut n = 0;
                let mut fresh = |ty: &ScalarType| {
                    n += 1;
                    Leaf { slot: self.variable_slot(&format!("{name}[{n}]"), *ty), known: None }
                };
                Place::View(Box::new(view.map(&mut fresh)))
            }
        }
    }

    /// A value as what a join wants.
    pub(super) fn reshape(&mut self, val: Val, shape: &Shape) -> Val {
        match (val, shape) {
            (Val::Tuple(items), Shape::Tuple(shapes)) => Val::Tuple(items.into_iter().zip(shapes).map(|(v, s)| self.reshape(v, s)).collect()),
            (Val::Named(named, items), Shape::Named(_, shapes)) => {
                Val::Named(named, items.into_iter().zip(shapes).map(|(v, s)| self.reshape(v, s)).collect())
            }
            (Val::Array(array), Shape::Array(wanted)) if array == *wanted => Val::Array(array),
            (val @ (Val::Array(_) | Val::View(_)), Shape::View(wanted)) => {
                let view = self.view_of(&val).expect("an array");
                Val::View(Box::new(self.fitted(&view, wanted)))
            }
            (val, Shape::Real(t) | Shape::Complex(t)) => self.to_scalar(&val, *t).expect("a type found by unification holds both"),
            (val, _) => val,
        }
    }

    /// Joins paths that have come to the same place: for each its variables, and the code to be added at its end. `made` is how many instructions there
    /// were before they parted.
    pub(super) fn merge(&mut self, paths: Vec<Env>, live: &Names, made: usize) -> (Env, Vec<Block>) {
        let mut all = paths.iter().map(|env| self.wants(env, live));
        let first = all.next().expect("at least one path");
        let wants = all.collect::<Vec<_>>().iter().fold(first, |a, b| self.join(&a, b));
        let mut blocks = Vec::new();
        let mut ends = Vec::new();
        for env in paths {
            self.b.open();
            ends.push(self.conform(env, &wants));
            blocks.push(self.b.close());
        }
        let mut merged = ends.pop().expect("at least one path");
        for (name, binding) in &mut merged {
            for end in &ends {
                agree(binding, &end[name]);
            }
        }
        forget(&mut merged, made);
        (merged, blocks)
    }
}

/// Forgets values that are not the same on the other path.
fn agree(binding: &mut Binding, other: &Binding) {
    fn leaf(a: &mut Leaf, b: &Leaf) {
        if a.known != b.known {
            a.known = None;
        }
    }
    fn place(a: &mut Place, b: &Place) {
        match (a, b) {
            (Place::Real(a), Place::Real(b)) | (Place::Half(_, a), Place::Half(_, b)) | (Place::Time(_, a), Place::Time(_, b)) => leaf(a, b),
            (Place::Complex(a, b), Place::Complex(c, d)) => {
                leaf(a, c);
                leaf(b, d);
            }
            (Place::Tuple(a), Place::Tuple(b)) | (Place::Named(_, a), Place::Named(_, b)) => a.iter_mut().zip(b).for_each(|(a, b)| place(a, b)),
            (Place::View(a), Place::View(b)) => {
                let mut others = Vec::new();
                b.map(&mut |l| others.push(*l));
                let mut others = others.iter();
                a.each(&mut |l| leaf(l, others.next().expect("views of one shape have as many values")));
            }
            _ => {}
        }
    }
    if let (Binding::Assigned { place: p, flag: f, .. }, Binding::Assigned { place: q, flag: g, .. }) = (binding, other) {
        place(p, q);
        if let (Some(f), Some(g)) = (f, g) {
            leaf(f, g);
        }
    }
}

/// The shape that holds both, if there is one.
pub(super) fn join_shapes(f: &Function, a: &Shape, b: &Shape) -> Option<Shape> {
    match (a, b) {
        (Shape::Half(a), Shape::Half(b)) => Some(if a == b { Shape::Half(*a) } else { Shape::Real(ScalarType::F32) }),
        (Shape::Half(_), Shape::Real(_) | Shape::Complex(_)) => join_shapes(f, &Shape::Real(ScalarType::F32), b),
        (Shape::Real(_) | Shape::Complex(_), Shape::Half(_)) => join_shapes(f, a, &Shape::Real(ScalarType::F32)),
        (Shape::Real(a) | Shape::Complex(a), Shape::Real(b) | Shape::Complex(b)) => {
            let t = unify(*a, *b);
            Some(if t.is_complex() { Shape::Complex(t) } else { Shape::Real(t) })
        }
        (Shape::Tuple(a), Shape::Tuple(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| join_shapes(f, a, b)).collect::<Option<_>>().map(Shape::Tuple)
        }
        (Shape::Named(name, a), Shape::Named(other, b)) if name == other && a.len() == b.len() => {
            let items = a.iter().zip(b).map(|(a, b)| join_shapes(f, a, b)).collect::<Option<_>>()?;
            Some(Shape::Named(name.clone(), items))
        }
        (Shape::Array(_) | Shape::View(_), Shape::Array(_) | Shape::View(_)) if a != b => naming::join(f, a, b),
        _ => (a == b).then(|| a.clone()),
    }
}

fn conflict_fault(name: &str, span: Span, c: &Conflict) -> Box<Diagnostic> {
    let [first, second] = &c.types;
    if name.starts_with('%') {
        let d = Diagnostic::new(Code::NoCommonType, c.spans[1], format!("this function returns {first} on one path and {second} on another"));
        let d = d.label(second.clone()).also(c.spans[0], first.clone());
        return if c.types.iter().any(|t| t == "None") { d.note("a path that ends without `return value` returns None") } else { d };
    }
    let d = Diagnostic::new(Code::NoCommonType, span, format!("`{name}` is {first} on one path and {second} on another"));
    let d = d.also(c.spans[0], format!("{first} here")).also(c.spans[1], format!("{second} here"));
    if c.arrays { d.note("a variable may name several arrays, up to eight, if their elements have one type and they as many axes") } else { d }
}
