//! Functions that call themselves, directly or by way of others: lowered once for each form of their arguments, as routines of the IR, and called.
//!
//! A call in place would never end, so the function that closes the circle becomes a [`Kind::Routine`]; those between are lowered in place inside it. Its parameters are the leaves of the arguments:
//! scalars, and for arrays the arrays of the IR that they are views of. The type of its result is found in laps: at first a call of a function under way is taken for the end of its path, so that the
//! paths that return without one tell the type; then all is lowered again with what was found, until nothing changes. Types only widen, so that ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::call::Arg;
use super::env::Shape;
use super::fault::{Result, Stop, fault};
use super::function::Parsed;
use super::value::Val;
use super::view::{Base, Records, Source, View};
use super::{Checkpoint, Lowerer};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, ArrayInfo, Block, Builder, Function, Inst, Kind, Storage, Value};
use crate::names::{Definition, Meaning};
use crate::source::Span;
use crate::types::{ArrayType, Layout, ScalarType, Type, unify_types};

/// Routines of one function, at most: more are a function whose arguments have another type at each call.
const MOST: usize = 24;
/// Bytes of the local arrays of one recursive function, which lie on the stack once for each call.
const MOST_LOCAL: u64 = 32 << 10;

/// What is known of recursive functions.
#[derive(Default)]
pub(super) struct Recursion {
    /// Of each definition, by its address, whether it calls itself; with the definition, so that the address stays its own.
    known: HashMap<usize, (Arc<Definition>, bool)>,
    /// The type of each routine's result, by function and form of the arguments, as far as it is known.
    results: HashMap<String, Option<Type>>,
    /// Routines of the present lap.
    numbers: HashMap<String, usize>,
    done: Vec<Option<Function>>,
    /// Routines being lowered inside each other.
    depth: usize,
    /// Whether a result was found to be wider than assumed in this lap.
    changed: bool,
}

impl Recursion {
    /// The routines, or the name of none: one that never returns is called where nothing comes after.
    pub(super) fn finish(self) -> Option<Vec<Function>> {
        self.done.into_iter().collect()
    }
}

/// The leaves of arguments.
#[derive(Default)]
struct Leaves {
    values: Vec<Value>,
    arrays: Vec<Array>,
}

/// What makes a routine: the function and the forms of its arguments.
struct Asked<'a> {
    key: String,
    callee: &'a Arc<Definition>,
    parsed: &'a Arc<Parsed>,
    forms: Vec<Shape>,
    arrays: Vec<(String, ArrayType)>,
    span: Span,
}

fn same(a: &Definition, b: &Definition) -> bool {
    Arc::ptr_eq(&a.source, &b.source) && a.name == b.name && a.line == b.line && a.column == b.column
}

impl Lowerer {
    /// The definition with its names: a function that calls one around it knows that one by its text only.
    pub(super) fn with_names(&self, callee: Arc<Definition>) -> Arc<Definition> {
        let around = self.frames.iter().rev().find(|f| same(&f.definition, &callee));
        around.map_or(callee, |f| f.definition.clone())
    }

    /// Whether a function calls itself, by way of whatever others.
    pub(super) fn is_recursive(&mut self, callee: &Arc<Definition>) -> bool {
        let key = Arc::as_ptr(callee) as usize;
        if let Some((_, known)) = self.recursion.known.get(&key) {
            return *known;
        }
        let mut seen = HashSet::new();
        let found = reaches(callee, callee, &mut seen);
        self.recursion.known.insert(key, (callee.clone(), found));
        found
    }

    /// Whether a routine is being lowered.
    pub(super) fn in_recursion(&self) -> bool {
        self.recursion.depth > 0
    }

    /// Refuses what the threads of a block or warp do together.
    pub(super) fn not_in_recursion(&self, what: &str, span: Span) -> Result<()> {
        if !self.in_recursion() {
            return Ok(());
        }
        let help = Some("do it in the kernel, or write the function as a loop");
        fault(self.unsupported(span, format!("`{what}` in a recursive function"), help))
    }

    /// Checks that local arrays of a recursive function stay small.
    pub(super) fn local_in_recursion(&self, bytes: u64, span: Span) -> Result<()> {
        if !self.in_recursion() {
            return Ok(());
        }
        let f = self.b.function();
        let sizes = f.arrays.iter().filter_map(|a| Some(a.storage.as_ref()?.shape()?.iter().product::<u64>() * a.ty.elem.size() as u64));
        if sizes.sum::<u64>() + bytes <= MOST_LOCAL {
            return Ok(());
        }
        let what = format!("more than {} KiB of local arrays in a recursive function", MOST_LOCAL >> 10);
        fault(self.unsupported(span, what, Some("make the array in the kernel and pass it")))
    }

    /// Ends the thread, in whatever function.
    pub(super) fn thread_over(&mut self) {
        if self.in_recursion() {
            self.b.push(Inst::Leave);
        } else {
            self.end_thread();
        }
    }

    /// Lowers into a block of its own as [`Lowerer::nested`] does; `None` where control does not get to its end, because it calls a function of which nothing is known yet.
    pub(super) fn nested_if_known<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<(T, Block)>> {
        let (mark, env) = (self.b.mark(), self.frame().env.clone());
        match self.nested(f) {
            Ok(done) => Ok(Some(done)),
            Err(Stop::Unreachable) if self.in_recursion() => {
                let pending = self.pending.len();
                self.restore(&Checkpoint { mark, pending });
                self.frame().env = env;
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }

    /// A call of a function that calls itself.
    pub(super) fn call_recursive(&mut self, callee: &Arc<Definition>, parsed: &Arc<Parsed>, args: &[Arg], span: Span) -> Result<Val> {
        let mut leaves = Leaves::default();
        let forms = args.iter().map(|(val, at)| self.form(val, *at, &mut leaves)).collect::<Result<Vec<_>>>()?;
        // Elements of a thread's own array may lie among those of other threads.
        let passed = |info: &ArrayInfo| match info.storage {
            Some(Storage::Local(_)) => ArrayType { layout: Layout::A, ..info.ty },
            _ => info.ty,
        };
        let arrays: Vec<(String, ArrayType)> =
            leaves.arrays.iter().map(|a| self.b.function().array(*a)).map(|a| (a.name.clone(), passed(a))).collect();
        let types: Vec<ArrayType> = arrays.iter().map(|(_, ty)| *ty).collect();
        let place = (Arc::as_ptr(&callee.source), &callee.name, callee.line, callee.column);
        let asked = Asked { key: format!("{place:?}{forms:?}{types:?}"), callee, parsed, forms, arrays, span };
        let number = match self.recursion.numbers.get(&asked.key) {
            Some(number) => *number,
            None => match self.routine_for(&asked) {
                // Calls by the function itself tell nothing that the outermost does not.
                Err(Stop::Fault(d)) if !self.in_recursion() => return fault(self.called(d, span, args)),
                other => other?,
            },
        };
        let Some(Some(ty)) = self.recursion.results.get(&asked.key).cloned() else {
            let text = format!("`{}` calls itself on every path, and so never returns", callee.name);
            return self.unreachable(Diagnostic::new(Code::Recursion, span, text).help("let it return without a call of itself on some path"));
        };
        self.at(span);
        let mut types = Vec::new();
        scalars(&ty, &mut types);
        let into: smallvec::SmallVec<_> = types.into_iter().map(|ty| self.b.slot("%called", ty)).collect();
        let ended = self.b.slot("%ended", ScalarType::Bool);
        let (args, arrays) = (leaves.values.into(), leaves.arrays.into());
        self.b.push(Inst::Call { routine: number as u32, args, arrays, into: into.clone(), ended });
        if self.options.kind == Kind::Kernel {
            let over = self.b.get(ended);
            self.b.open();
            self.thread_over();
            let then = self.b.close();
            self.b.push(Inst::If { cond: over, then, otherwise: Block::new() });
        }
        let mut slots = into.into_iter();
        Ok(self.composed(&ty, &mut |this, _| this.b.get(slots.next().expect("a slot a scalar"))))
    }

    /// The routine, lowered now.
    fn routine_for(&mut self, asked: &Asked<'_>) -> Result<usize> {
        if self.recursion.depth > 0 {
            return self.lower_routine(asked);
        }
        let (numbers, done, pending) = (self.recursion.numbers.clone(), self.recursion.done.len(), self.pending.len());
        loop {
            self.recursion.changed = false;
            let number = self.lower_routine(asked)?;
            if !self.recursion.changed {
                return Ok(number);
            }
            self.pending.truncate(pending);
            self.recursion.numbers.clone_from(&numbers);
            self.recursion.done.truncate(done);
        }
    }

    fn lower_routine(&mut self, asked: &Asked<'_>) -> Result<usize> {
        let number = self.recursion.done.len();
        if number >= MOST {
            let text = format!("`{}` is called by itself with ever more types of arguments", asked.callee.name);
            return fault(Diagnostic::new(Code::Recursion, asked.span, text).help("convert the arguments to fixed types before the call"));
        }
        self.recursion.done.push(None);
        self.recursion.numbers.insert(asked.key.clone(), number);
        self.recursion.results.entry(asked.key.clone()).or_insert(None);
        self.recursion.depth += 1;
        // What belongs to the function outside is laid aside: the routine has arenas of its own.
        let b = std::mem::replace(&mut self.b, Builder::new(asked.callee.name.clone(), Kind::Routine));
        let slots = std::mem::take(&mut self.slots);
        let (constants, shared) = (std::mem::take(&mut self.constant_arrays), std::mem::take(&mut self.shared_arrays));
        let results = self.routine_body(asked);
        let routine = std::mem::replace(&mut self.b, b);
        self.slots = slots;
        self.constant_arrays = constants;
        self.shared_arrays = shared;
        self.recursion.depth -= 1;
        match results {
            Ok(results) => self.recursion.done[number] = Some(routine.finish(results, Default::default())),
            Err(Stop::Unreachable) => {}
            Err(stop) => return Err(stop),
        }
        Ok(number)
    }

    /// Lowers the body into the present builder, and gives the slots of its result.
    fn routine_body(&mut self, asked: &Asked<'_>) -> Result<Vec<crate::ir::Slot>> {
        let span = asked.parsed.function.name_span;
        self.at(span);
        let arrays: Vec<Array> = asked.arrays.iter().map(|(name, ty)| self.b.array_param(name.clone(), *ty)).collect();
        let params: Vec<String> = asked.parsed.function.params.iter().map(|p| p.name.clone()).collect();
        let args = asked.forms.iter().zip(&params).map(|(form, name)| self.of_form(form, name, &arrays)).collect();
        let result = self.activation(asked.callee.clone(), asked.parsed.clone(), None, args, None)?;
        self.at(span);
        let Some(found) = self.type_of(&result) else { return fault(self.bad_result(&result, span)) };
        let known = self.recursion.results.get(&asked.key).cloned().flatten();
        let ty = match &known {
            None => found,
            Some(known) => match unify_types(known, &found) {
                Some(ty) => ty,
                None => {
                    let text = format!("`{}` returns {known} on one path and {found} on another", asked.callee.name);
                    return fault(Diagnostic::new(Code::NoCommonType, span, text));
                }
            },
        };
        let result = self.to_type(&result, &ty, span)?;
        let mut slots = Vec::new();
        if ty != Type::None {
            self.result_slots(&result, span, &mut slots)?;
        }
        if known.as_ref() != Some(&ty) {
            self.recursion.results.insert(asked.key.clone(), Some(ty));
            self.recursion.changed = true;
        }
        Ok(slots)
    }

    fn bad_result(&self, val: &Val, span: Span) -> Box<Diagnostic> {
        let text = format!("a recursive function cannot return {}", self.describe(val));
        Diagnostic::new(Code::UnsupportedType, span, text)
    }

    /// A value of that type, made of scalars in order.
    fn composed(&mut self, ty: &Type, next: &mut dyn FnMut(&mut Self, ScalarType) -> Value) -> Val {
        match ty {
            Type::None => Val::None,
            Type::Scalar(t) if t.is_complex() => {
                let re = next(self, t.part());
                Val::Complex(re, next(self, t.part()))
            }
            Type::Scalar(t) if t.is_half() => Val::Half(*t, next(self, ScalarType::F32)),
            Type::Scalar(t) if t.is_time() => Val::Time(*t, next(self, ScalarType::I64)),
            Type::Scalar(t) => Val::Real(next(self, *t)),
            Type::Tuple(items) => Val::Tuple(items.iter().map(|t| self.composed(t, next)).collect()),
            Type::Named(named, items) => Val::Named(named.clone(), items.iter().map(|t| self.composed(t, next)).collect()),
            Type::Array(_) | Type::Records(_) => unreachable!("refused as a result"),
        }
    }

    /// What an argument is but for its leaves, which are put into `leaves`. Arrays are numbered in their order there.
    fn form(&self, val: &Val, at: Span, leaves: &mut Leaves) -> Result<Shape> {
        let mut leaf = |v: &Value| {
            leaves.values.push(*v);
            self.ty(*v)
        };
        Ok(match val {
            Val::None => Shape::None,
            Val::Real(v) => Shape::Real(leaf(v)),
            Val::Half(ty, v) => {
                leaf(v);
                Shape::Half(*ty)
            }
            Val::Time(ty, v) => {
                leaf(v);
                Shape::Time(*ty)
            }
            Val::Complex(re, im) => {
                let part = leaf(re);
                leaf(im);
                Shape::Complex(part.complex().expect("a float"))
            }
            Val::Tuple(items) => Shape::Tuple(items.iter().map(|v| self.form(v, at, leaves)).collect::<Result<_>>()?),
            Val::Named(named, items) => Shape::Named(named.clone(), items.iter().map(|v| self.form(v, at, leaves)).collect::<Result<_>>()?),
            Val::Array(array) => {
                leaves.arrays.push(*array);
                Shape::Array(Array(leaves.arrays.len() as u32 - 1))
            }
            Val::View(view) => {
                let mut form = view.map(&mut leaf);
                rename(&mut form, &mut |array| {
                    leaves.arrays.push(array);
                    Array(leaves.arrays.len() as u32 - 1)
                });
                Shape::View(Box::new(form))
            }
            Val::Str(_) | Val::Bytes(_) | Val::Function(_) | Val::Grid => {
                let text = format!("{} cannot be passed to a recursive function", self.describe(val));
                return fault(Diagnostic::new(Code::UnsupportedType, at, text));
            }
        })
    }

    /// A parameter of that form; `arrays` are the routine's, by number.
    fn of_form(&mut self, form: &Shape, name: &str, arrays: &[Array]) -> Val {
        let mut parameter = |ty: ScalarType| {
            let number = self.b.scalar_param(name, ty);
            self.b.push(Inst::Param(number))
        };
        match form {
            Shape::None | Shape::Grid | Shape::Function(_) | Shape::Text(_) => Val::None,
            Shape::Real(ty) => Val::Real(parameter(*ty)),
            Shape::Half(ty) => Val::Half(*ty, parameter(ScalarType::F32)),
            Shape::Time(ty) => Val::Time(*ty, parameter(ScalarType::I64)),
            Shape::Complex(ty) => {
                let re = parameter(ty.part());
                Val::Complex(re, parameter(ty.part()))
            }
            Shape::Tuple(items) => Val::Tuple(items.iter().enumerate().map(|(i, f)| self.of_form(f, &format!("{name}.{i}"), arrays)).collect()),
            Shape::Named(named, items) => {
                let items = items.iter().zip(&named.fields).map(|(f, field)| self.of_form(f, &format!("{name}.{field}"), arrays)).collect();
                Val::Named(named.clone(), items)
            }
            Shape::Array(array) => Val::Array(arrays[array.index()]),
            Shape::View(view) => {
                let mut view = view.map(&mut |ty| parameter(*ty));
                rename(&mut view, &mut |array| arrays[array.index()]);
                Val::View(Box::new(view))
            }
        }
    }
}

/// Whether a function's names lead to `target`.
fn reaches(from: &Definition, target: &Definition, seen: &mut HashSet<usize>) -> bool {
    from.names.values().chain(from.defaults.values()).any(|meaning| leads(meaning, target, seen))
}

fn leads(meaning: &Meaning, target: &Definition, seen: &mut HashSet<usize>) -> bool {
    match meaning {
        Meaning::Function(next) => same(next, target) || (seen.insert(Arc::as_ptr(next) as usize) && reaches(next, target, seen)),
        Meaning::Tuple(items) => items.iter().any(|item| leads(item, target, seen)),
        _ => false,
    }
}

/// The scalars that a value of that type is made of.
fn scalars(ty: &Type, into: &mut Vec<ScalarType>) {
    match ty {
        Type::None => {}
        Type::Scalar(t) if t.is_complex() => into.extend([t.part(); 2]),
        Type::Scalar(t) if t.is_half() => into.push(ScalarType::F32),
        Type::Scalar(t) if t.is_time() => into.push(ScalarType::I64),
        Type::Scalar(t) => into.push(*t),
        Type::Tuple(items) | Type::Named(_, items) => items.iter().for_each(|t| scalars(t, into)),
        Type::Array(_) | Type::Records(_) => unreachable!("refused as a result"),
    }
}

/// Replaces the arrays that a view is of.
fn rename<V>(view: &mut View<V>, new: &mut dyn FnMut(Array) -> Array) {
    match &mut view.base {
        Base::Elements(source) => *source = renamed(source, new),
        Base::Flat(inner) => rename(inner, new),
        Base::Choice(_, options) => options.iter_mut().for_each(|o| rename(o, new)),
    }
}

fn renamed(source: &Source, new: &mut dyn FnMut(Array) -> Array) -> Source {
    match source {
        Source::Array(array, piece) => Source::Array(new(*array), *piece),
        Source::Records(records) => {
            let fields = records.fields.iter().map(|field| renamed(field, new)).collect();
            Source::Records(Arc::new(Records { ty: records.ty.clone(), fields, readonly: records.readonly }))
        }
    }
}
