//! Whole functions: parameters, the body, the result.
//!
//! A function's result is a variable, `%result`: paths that return different types are unified as for any other. A `return` that is the last thing its path
//! does needs no jump; any other leaves a `Scope` around the body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::env::{Binding, Env, Place};
use super::fault::{Result, Stop, fault};
use super::liveness::{Liveness, Names};
use super::loops::Loop;
use super::reach;
use super::value::{Callee, Closure, Val};
use super::view::{self, Piece, Records, Source};
use super::{Checkpoint, Lowerer};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Inst, Kind, Label, Slot, Value};
use crate::names::{Definition, Meaning};
use crate::source::Span;
use crate::syntax::{self, Function, Stmt};
use crate::types::{FieldType, RecordType, RecordsType, ScalarType, Type};

/// The hidden variable that holds a function's result.
pub(super) const RESULT: &str = "%result";

/// A parsed function and what its tree alone tells.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) function: Arc<Function>,
    liveness: Liveness,
    variables: BTreeSet<String>,
}

impl Parsed {
    fn new(function: Arc<Function>) -> Parsed {
        let mut variables: BTreeSet<String> = function.params.iter().map(|p| p.name.clone()).collect();
        reach::assigned(&function.body, &mut variables);
        Parsed { liveness: Liveness::new(&function), function, variables }
    }

    /// Names of the function's variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(String::as_str)
    }
}

/// A function being lowered.
pub(super) struct Frame {
    /// Tells this activation from all others.
    pub(super) id: u32,
    pub(super) definition: Arc<Definition>,
    /// The activation around a nested function.
    outer: Option<u32>,
    pub(super) parsed: Arc<Parsed>,
    pub(super) env: Env,
    /// Whether control gets to where code is emitted now.
    pub(super) alive: bool,
    /// Loops around the present place, innermost last.
    pub(super) loops: Vec<Loop>,
    /// How often what follows an `if` has been put into one of its arms.
    guards: u32,
    /// The scope that a `return` leaves, and the returns that do.
    scope: Label,
    exits: Vec<(Env, Value)>,
    /// In library code written in the language: the span of its call.
    pub(super) quiet: Option<Span>,
    /// Whether it is a text of the math library, whose rules for literals and types are its own.
    pub(super) library: bool,
}

/// Arms put into each other at most so deep; behind that, a `return` jumps.
const DEEPEST_GUARD: u32 = 40;

impl Frame {
    /// Counts an arm that takes in what follows it; says whether it may.
    pub(super) fn deeper(&mut self) -> bool {
        self.guards += 1;
        self.guards <= DEEPEST_GUARD
    }
}

/// The result of the outermost function.
pub(super) struct Outcome {
    pub(super) slots: Vec<Slot>,
    pub(super) ty: Type,
}

impl Lowerer {
    /// Lowers the function asked for.
    pub(super) fn entry(&mut self, definition: &Definition, args: &[Type], returns: Option<&Type>) -> std::result::Result<Outcome, Box<Diagnostic>> {
        let outcome = self.entry_result(definition, args, returns);
        match outcome {
            Err(Stop::Fault(d)) => {
                // Of several reads of a variable that is never assigned, the first tells most.
                let first = self.pending.iter().position(|p| p.code == d.code && p.headline == d.headline);
                Err(first.map_or(d, |i| self.pending.swap_remove(i)))
            }
            Err(Stop::Unreachable) => Err(self.pending.remove(0)),
            Ok(_) if !self.pending.is_empty() => Err(self.pending.remove(0)),
            Ok(outcome) => Ok(outcome),
        }
    }

    fn entry_result(&mut self, definition: &Definition, args: &[Type], returns: Option<&Type>) -> Result<Outcome> {
        let definition = Arc::new(definition.clone());
        let parsed = self.parse(&definition)?;
        let params = &parsed.function.params;
        let rest = params.iter().position(|p| p.is_rest);
        if let Some(at) = rest.filter(|_| self.options.kind != Kind::Kernel) {
            let text = format!("`*{}`: a ufunc has a fixed number of parameters", params[at].name);
            return fault(Diagnostic::new(Code::UnsupportedSyntax, params[at].span, text));
        }
        let by_place = super::call::by_place(params);
        if rest.is_none() && args.len() > by_place {
            let takes = super::call::count(by_place);
            return self.wrong_count(&definition.name, &takes, args.len(), parsed.function.name_span);
        }
        let mut bound = Vec::new();
        for (i, param) in params.iter().enumerate() {
            self.b.at(param.span);
            let val = match args.get(i).filter(|_| !param.keyword_only) {
                _ if param.is_rest => {
                    let left = args.get(i..).unwrap_or_default().iter().enumerate();
                    Val::Tuple(left.map(|(n, ty)| self.parameter(&format!("{}.{n}", param.name), ty)).collect())
                }
                Some(ty) => self.parameter(&param.name, ty),
                None => self.default(&definition, &parsed, i, parsed.function.name_span)?,
            };
            bound.push(val);
        }
        let span = parsed.function.name_span;
        let result = self.activation(definition, parsed.clone(), None, bound, None)?;
        self.at(span);
        if self.options.kind == Kind::Scalar
            && let Some((param, ty)) = parsed.function.params.iter().zip(args).find(|(_, ty)| has_array(ty))
        {
            let d = Diagnostic::new(Code::UnsupportedType, param.span, format!("a scalar function cannot take {ty}")).label(ty.to_string());
            return fault(d.help("let it take an element, or compile it with `cuda.jit`"));
        }
        self.outcome(result, returns, span)
    }

    /// The parts of a parameter, each a parameter of the IR.
    fn parameter(&mut self, name: &str, ty: &Type) -> Val {
        let scalar = |this: &mut Self, name: String, ty: ScalarType| {
            let index = this.b.scalar_param(name, ty);
            this.b.push(Inst::Param(index))
        };
        match ty {
            Type::None => Val::None,
            Type::Scalar(t) if t.is_complex() => {
                let re = scalar(self, format!("{name}.real"), t.part());
                Val::Complex(re, scalar(self, format!("{name}.imag"), t.part()))
            }
            Type::Scalar(t) if t.is_half() => Val::Half(*t, scalar(self, name.to_string(), ScalarType::F32)),
            Type::Scalar(t) if t.is_time() => Val::Time(*t, scalar(self, name.to_string(), ScalarType::I64)),
            Type::Scalar(t) => Val::Real(scalar(self, name.to_string(), *t)),
            Type::Array(a) => Val::Array(self.b.array_param(name, *a)),
            Type::Tuple(items) => Val::Tuple(items.iter().enumerate().map(|(i, t)| self.parameter(&format!("{name}.{i}"), t)).collect()),
            Type::Named(named, items) => {
                let items = items.iter().zip(&named.fields).map(|(t, field)| self.parameter(&format!("{name}.{field}"), t)).collect();
                Val::Named(named.clone(), items)
            }
            Type::Records(records) => self.records_parameter(name, records),
        }
    }

    /// An array of records, each number of them an array of its own.
    fn records_parameter(&mut self, name: &str, ty: &RecordsType) -> Val {
        let mut arrays: Vec<Array> = ty.arrays().map(|(leaf, array)| self.b.array_param(crate::types::dotted(name, &leaf.path), array)).collect();
        arrays.reverse();
        let first = arrays.last().copied();
        let source = Source::Records(records_of(&ty.record, ty.readonly, &mut arrays));
        let ndim = ty.ndim.max(1);
        let extents: Vec<Value> = match first {
            Some(array) => (0..ndim).map(|axis| self.b.push(Inst::Extent { array, axis })).collect(),
            None => (0..ndim).map(|_| self.b.int(0)).collect(),
        };
        let mut view = view::whole(source, extents);
        if ty.ndim == 0 {
            let zero = self.b.int(0);
            view = self.fix(&view, 0, zero);
        }
        Val::View(Box::new(view))
    }

    /// The default of a parameter that was given no argument.
    pub(super) fn default(&mut self, definition: &Definition, parsed: &Parsed, i: usize, call: Span) -> Result<Val> {
        let param = &parsed.function.params[i];
        match definition.defaults.get(&param.name) {
            Some(meaning) => {
                let meaning = meaning.clone();
                self.meaning_value(&meaning, &param.name, param.span)
            }
            None => {
                let d = Diagnostic::new(Code::WrongArguments, call, format!("{}() needs an argument for `{}`", definition.name, param.name));
                fault(d.also(param.span, ""))
            }
        }
    }

    /// Parses a function, once.
    pub(super) fn parse(&mut self, definition: &Definition) -> Result<Arc<Parsed>> {
        let key = (Arc::as_ptr(&definition.source) as usize, definition.name.clone(), definition.line, definition.column);
        if let Some(parsed) = self.parsed.get(&key) {
            return Ok(parsed.clone());
        }
        let source = self.sources.add(&definition.source);
        let function = syntax::parse(definition, source)?;
        let parsed = Arc::new(Parsed::new(Arc::new(function)));
        self.parsed.insert(key, parsed.clone());
        Ok(parsed)
    }

    /// A nested function as a value. It sees the names of the function it stands in, whose text it is part of.
    pub(super) fn closure(&mut self, function: &Arc<Function>) -> Val {
        let key = Arc::as_ptr(function) as usize;
        let (definition, parsed) = match self.nested.get(&key) {
            Some(known) => known.clone(),
            None => {
                let around = self.frame().definition.clone();
                let literals = function.params.iter().filter_map(|param| Some((param.name.clone(), Meaning::Constant(param.literal.clone()?))));
                let defaults = literals.collect::<BTreeMap<_, _>>();
                let definition = Definition { name: function.name.clone(), defaults, declared: Vec::new(), ..Definition::clone(&around) };
                let made = (Arc::new(definition), Arc::new(Parsed::new(function.clone())));
                self.nested.insert(key, made.clone());
                made
            }
        };
        Val::Function(Arc::new(Callee::Nested(Closure { definition, parsed, frame: self.frame().id })))
    }

    /// Lowers a body for these arguments at the present place and gives its result. `outer`: the activation around a nested function.
    pub(super) fn activation(
        &mut self,
        definition: Arc<Definition>,
        parsed: Arc<Parsed>,
        outer: Option<u32>,
        args: Vec<Val>,
        quiet: Option<Span>,
    ) -> Result<Val> {
        let id = self.frame_count;
        self.frame_count += 1;
        let scope = self.b.label();
        let library = crate::math::is_library(&definition.source.file);
        let frame = Frame {
            id,
            library,
            definition,
            outer,
            parsed: parsed.clone(),
            env: Env::new(),
            alive: true,
            loops: Vec::new(),
            guards: 0,
            scope,
            exits: Vec::new(),
            quiet,
        };
        self.frames.push(frame);
        let result = self.activation_inside(&parsed, args);
        self.frames.pop();
        result
    }

    fn activation_inside(&mut self, parsed: &Parsed, args: Vec<Val>) -> Result<Val> {
        for (param, val) in parsed.function.params.iter().zip(&args) {
            self.at(param.span);
            self.assign(&param.name, val, param.span)?;
        }
        let (made, pending) = (self.made(), self.pending.len());
        self.b.open();
        let body: Vec<&Stmt> = parsed.function.body.iter().collect();
        self.block(&body, true)?;
        let mut block = self.b.close();
        let (alive, scope) = (self.frame().alive, self.frame().scope);
        let exits = std::mem::take(&mut self.frame().exits);
        let mut paths: Vec<Env> = exits.iter().map(|(env, _)| env.clone()).collect();
        if alive {
            paths.push(self.frame().env.clone());
        }
        if paths.is_empty() {
            // It never returns; if that is only because this attempt is to be undone, neither does what comes after matter.
            self.b.append(block);
            return if self.pending.len() > pending { Err(Stop::Unreachable) } else { Ok(Val::None) };
        }
        if exits.is_empty() {
            // What ran in this block goes on in the present one, with all its values in scope.
            self.b.append(block);
            let mut env = paths.remove(0);
            return self.result_of(&mut env);
        }
        let (mut env, mut ends) = self.merge(paths, &Names::new(), made);
        if alive {
            block.extend(ends.pop().expect("an end for the path that falls through"));
        }
        self.b.push(Inst::Scope { label: scope, body: block });
        for ((_, at), end) in exits.into_iter().zip(ends) {
            self.b.insert_before(at, made, end);
        }
        self.result_of(&mut env)
    }

    fn result_of(&mut self, env: &mut Env) -> Result<Val> {
        self.frame().env = std::mem::take(env);
        let span = self.frame().parsed.function.name_span;
        self.read(RESULT, span)
    }

    /// Assigns the result on a path that ends without `return`.
    pub(super) fn fall_off(&mut self) -> Result<()> {
        if self.frame().alive && !self.frame().env.contains_key(RESULT) {
            let span = self.frame().parsed.function.name_span;
            self.assign(RESULT, &Val::None, span)?;
        }
        Ok(())
    }

    /// `return`; `last` if nothing has to be jumped over.
    pub(super) fn return_value(&mut self, value: Option<(Val, Span)>, span: Span, last: bool) -> Result<()> {
        if let Some((val, at)) = &value
            && *val != Val::None
            && self.options.kind == Kind::Kernel
            && self.frames.len() == 1
        {
            let d = Diagnostic::new(Code::KernelReturns, *at, "a kernel cannot return a value").label(self.describe(val));
            return fault(d.help("store it into an array that is passed to the kernel"));
        }
        let (val, at) = value.unwrap_or((Val::None, span));
        if let Val::Str(_) | Val::Bytes(_) | Val::Function(_) = val {
            let what = if let Val::Function(callee) = &val { callee.to_string() } else { "a string".to_owned() };
            let text = format!("a compiled function cannot return {what}");
            return fault(Diagnostic::new(Code::UnsupportedType, at, text));
        }
        self.assign(RESULT, &val, at)?;
        if !last {
            let label = self.frame().scope;
            let env = self.frame().env.clone();
            let exit = self.b.push(Inst::Break(label));
            self.frame().exits.push((env, exit));
            self.frame().alive = false;
        }
        Ok(())
    }

    /// Ends the thread: leaves the kernel from however deep in calls.
    pub(super) fn end_thread(&mut self) {
        let label = self.frames[0].scope;
        let mut env = self.frames[0].env.clone();
        let span = self.frames[0].parsed.function.name_span;
        env.insert(RESULT.to_owned(), Binding::Assigned { place: Place::None, flag: None, span });
        let exit = self.b.push(Inst::Break(label));
        self.frames[0].exits.push((env, exit));
    }

    /// Forgets the returns of an attempt that is undone.
    pub(super) fn exits(&mut self) -> usize {
        self.frame().exits.len()
    }

    /// Back to as many returns as there were.
    pub(super) fn truncate_exits(&mut self, count: usize) {
        self.frame().exits.truncate(count);
    }

    fn outcome(&mut self, result: Val, returns: Option<&Type>, span: Span) -> Result<Outcome> {
        if self.options.kind == Kind::Kernel {
            return Ok(Outcome { slots: Vec::new(), ty: Type::None });
        }
        if self.options.kind == Kind::Core && result == Val::None && returns.is_none() {
            return Ok(Outcome { slots: Vec::new(), ty: Type::None });
        }
        let result = match returns {
            Some(ty) => self.to_type(&result, ty, span)?,
            None => result,
        };
        let ty = self.type_of(&result).expect("a string is not returned");
        let mut slots = Vec::new();
        self.result_slots(&result, span, &mut slots)?;
        Ok(Outcome { slots, ty })
    }

    pub(super) fn result_slots(&mut self, val: &Val, span: Span, into: &mut Vec<Slot>) -> Result<()> {
        let mut scalar = |this: &mut Self, v: Value| {
            // A result read from the slot that the returns set is there already.
            let there = match this.b.function().inst(v) {
                Inst::Get(slot) if this.b.function().slot(*slot).name.starts_with(RESULT) && !into.contains(slot) => Some(*slot),
                _ => None,
            };
            into.push(there.unwrap_or_else(|| {
                let slot = this.b.slot(RESULT, this.ty(v));
                this.b.set(slot, v);
                slot
            }));
        };
        match val {
            Val::Real(v) => scalar(self, *v),
            Val::Complex(re, im) => {
                scalar(self, *re);
                scalar(self, *im);
            }
            Val::Tuple(items) => {
                for item in items {
                    self.result_slots(item, span, into)?;
                }
            }
            Val::Half(ScalarType::BF16, _) if self.options.kind == Kind::Scalar => {
                let d = Diagnostic::new(Code::UnsupportedType, span, "a ufunc cannot return bfloat16, of which NumPy has no loops");
                return fault(d.help("return `float32(x)`"));
            }
            Val::Half(_, v) | Val::Time(_, v) => scalar(self, *v),
            Val::Named(_, items) => {
                for item in items {
                    self.result_slots(item, span, into)?;
                }
            }
            Val::None | Val::Grid | Val::Array(_) | Val::View(_) | Val::Function(_) | Val::Str(_) | Val::Bytes(_) => {
                let text = format!("this function returns {}", self.describe(val));
                return fault(Diagnostic::new(Code::UnsupportedType, span, text).help("return a number, a bool, or a tuple of them"));
            }
        }
        Ok(())
    }

    // --- what the tree tells about the present function ---

    /// Whether a name is a variable of the present function or of one around it.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        self.owner(name).is_some()
    }

    /// The place in `frames` of the function, the present one or one around it, whose variable the name is.
    pub(super) fn owner(&self, name: &str) -> Option<usize> {
        let mut at = self.frames.len() - 1;
        loop {
            let frame = &self.frames[at];
            if name.starts_with('%') || frame.parsed.variables.contains(name) {
                return Some(at);
            }
            let outer = frame.outer?;
            at = self.frames.iter().position(|f| f.id == outer).expect("a nested function is called only while the one around it runs");
        }
    }

    /// What is live at the joins of a statement of the present function.
    pub(super) fn live_after(&mut self, stmt: &Stmt) -> Names {
        self.frame().parsed.liveness.of(stmt).after.clone()
    }

    /// What is live where a loop's next lap begins, and before its `else` clause.
    pub(super) fn live_in_loop(&mut self, stmt: &Stmt) -> (Names, Names) {
        let parsed = self.frame().parsed.clone();
        let live = parsed.liveness.of(stmt);
        (live.head.clone(), live.orelse.clone())
    }

    /// Undoes everything since a checkpoint, the variables included.
    pub(super) fn undo(&mut self, point: &Checkpoint, env: &Env, exits: usize) {
        self.restore(point);
        self.truncate_exits(exits);
        self.frame().env = env.clone();
        self.frame().alive = true;
    }
}

/// The fields of records, their arrays taken from the end of the list.
pub(super) fn records_of(ty: &Arc<RecordType>, readonly: bool, arrays: &mut Vec<Array>) -> Arc<Records> {
    let fields = ty.fields.iter().map(|field| match &field.ty {
        FieldType::Scalar(_) => Source::Array(arrays.pop().expect("an array a number"), Piece::Whole),
        FieldType::Record(inner) => Source::Records(records_of(inner, readonly, arrays)),
    });
    let fields = fields.collect();
    Arc::new(Records { ty: ty.clone(), fields, readonly })
}

fn has_array(ty: &Type) -> bool {
    match ty {
        Type::Array(_) | Type::Records(_) => true,
        Type::Tuple(items) | Type::Named(_, items) => items.iter().any(has_array),
        Type::None | Type::Scalar(_) => false,
    }
}
