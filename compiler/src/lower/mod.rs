//! Syntax tree + names + argument types → typed, structured IR, in one flow-sensitive pass that infers types as it emits.
//!
//! Given: a tree that `syntax` has accepted and the host's table of names. Owned here: what every construct and function of the language means and
//! which types it takes (each topic in its own file), and all diagnostics about names and types. Not known here: arrays' memory, lanes, targets;
//! what an operation computes is `op`'s table.
//!
//! A variable's type belongs to a path. Where paths join ([`env`]) the types of live variables are unified and conversions are put at the ends of the
//! paths; a loop is lowered on the assumption that its variables enter with the types they had before it, and once more with wider types if that was wrong
//! (`loops`). Calls are inlined (`call`), but for those of functions that call themselves (`recursion`). Values that do not outlive their block need no slot: [`pass::prepare`](crate::pass::prepare) drops what is never read.

mod arithmetic;
mod arrays;
mod atomic;
mod block;
mod bounds;
mod builtins;
mod call;
mod choice;
mod compare;
mod complex;
mod convert;
mod elementwise;
mod env;
mod expr;
mod extra;
mod fault;
mod function;
mod half;
mod instance;
mod iterate;
mod library;
mod limits;
mod literal;
mod liveness;
mod loops;
mod named;
mod naming;
mod numpy;
mod power;
mod prelude;
mod printing;
mod raise;
mod ranges;
mod reach;
mod recursion;
mod reread;
mod skipping;
mod slices;
mod stmt;
mod text;
mod time;
mod value;
mod view;
mod warp;

pub use builtins::BUILTINS;
pub use extra::Extra;

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Builder, Kind, Mark, Slot, Value, Verified};
use crate::names::Definition;
use crate::op::{self, Op};
use crate::source::{Sources, Span};
use crate::types::{Scalar, ScalarType, Type};
use fault::{Result, Stop};
use function::{Frame, Parsed};

/// What lowering needs besides the function and its argument types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Scalar function or kernel.
    pub kind: Kind,
    /// Contract `a*b + c` (see `pass::contract`).
    pub fma: bool,
    /// Take the math library's faster, less accurate variants where it has them ([`op::Math::fast`]).
    pub fastmath: bool,
    /// `/`, `//` and `%` by zero raise ZeroDivisionError, as in Python; else they give NumPy's values.
    pub zero_division: bool,
}

/// What type a number written in the text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Literals {
    /// Numba's rule: int64, float64.
    #[default]
    Wide,
    /// NumPy 2's rule for Python scalars: beside another operand, that operand's precision.
    Weak,
}

/// A lowered function.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The IR.
    pub ir: Verified,
    /// The argument types it was lowered for.
    pub params: Vec<Type>,
    /// The type returned, before splitting.
    pub result: Type,
    /// The types of what is stored into array parameters, by the parameter's name, before conversion to the elements' type; constants, which fit many types, are left out.
    pub stored: Vec<(String, ScalarType)>,
    /// Whether it asks for the group of the whole grid, so that all blocks of a launch must be alive together.
    pub cooperative: bool,
    /// What array parameters of the IR behind those of the arguments are, in order; kernels only.
    pub extras: Vec<Extra>,
}

impl Lowered {
    /// The same, for a caller that has nothing but the arguments to give.
    ///
    /// # Errors
    /// The function takes more than them: [`Lowered::extras`].
    pub fn of_arguments_alone(self) -> std::result::Result<Lowered, Box<Diagnostic>> {
        self.takes_arguments_alone().map(|()| self)
    }

    /// As [`Lowered::of_arguments_alone`], looked at only.
    ///
    /// # Errors
    /// The function takes more than its arguments.
    pub fn takes_arguments_alone(&self) -> std::result::Result<(), Box<Diagnostic>> {
        let Some(extra) = self.extras.first() else { return Ok(()) };
        let (what, help) = match extra {
            Extra::Captured(_) => ("names a device array", "pass it as an argument"),
            Extra::Reread { .. } => {
                ("reads an array as elements of another type by `view`", "pass the memory a second time, as an array of that type")
            }
        };
        let text = format!("`{}` {what}, which only a launch on the CPU gives", self.ir.name);
        Err(Diagnostic::new(Code::UnsupportedName, Span::default(), text).help(help).with_sources(&self.ir.sources))
    }
}

/// Lowers a function for these argument types; `returns` converts the result of a scalar function (an eager signature's), else it is as inferred.
///
/// # Errors
/// The first fault found.
pub fn lower(definition: &Definition, args: &[Type], options: Options, returns: Option<&Type>) -> std::result::Result<Lowered, Box<Diagnostic>> {
    lower_with(definition, args, options, returns, Literals::Wide)
}

/// [`lower`], with a choice of what numbers in the text are.
///
/// # Errors
/// As [`lower`].
pub fn lower_with(
    definition: &Definition,
    args: &[Type],
    options: Options,
    returns: Option<&Type>,
    literals: Literals,
) -> std::result::Result<Lowered, Box<Diagnostic>> {
    // Functions of the math library are lowered when first needed, once a process.
    let _job = crate::fork::job();
    let mut lowerer = Lowerer::new(&definition.name, options);
    lowerer.literals = literals;
    match lowerer.entry(definition, args, returns) {
        Ok(result) => {
            let Lowerer { b, sources, stored, cooperative, recursion, extras, .. } = lowerer;
            let extras = extras.into_iter().map(|(extra, _)| extra).collect();
            let Some(routines) = recursion.finish() else {
                let text = format!("a function that `{}` calls never returns", definition.name);
                return Err(Diagnostic::new(Code::Recursion, Span::default(), text).with_sources(&sources));
            };
            let prepared = |mut routine: crate::ir::Function| {
                routine.sources = sources.clone();
                crate::pass::prepare(routine, options.fma)
            };
            let routines = routines.into_iter().map(prepared).collect();
            let mut function = crate::pass::prepare(b.finish(result.slots, sources.clone()), options.fma);
            function.routines = routines;
            let ir = Verified::new(function).unwrap_or_else(|invalid| panic!("lowering made invalid IR: {invalid:?}"));
            Ok(Lowered { ir, params: args.to_vec(), result: result.ty, stored, cooperative, extras })
        }
        Err(diagnostic) => Err(diagnostic.with_sources(&lowerer.sources)),
    }
}

/// Lowers a function of the math library: `arity` parameters and a result of the float type `ty`, computed in the type `inner`.
///
/// # Panics
/// If something is wrong with the library's text.
pub(crate) fn routine(definition: &Arc<Definition>, arity: usize, ty: ScalarType, inner: ScalarType) -> Verified {
    let options = Options { kind: Kind::Scalar, fma: false, fastmath: false, zero_division: false };
    let mut lowerer = Lowerer::new(&definition.name, options);
    let make = |this: &mut Lowerer| -> Result<Slot> {
        let parsed = this.parse(definition)?;
        let mut bound = Vec::new();
        for i in 0..arity {
            let index = this.b.scalar_param(parsed.function.params[i].name.clone(), ty);
            let value = this.b.push(crate::ir::Inst::Param(index));
            bound.push(value::Val::Real(this.cast(value, inner)));
        }
        let result = this.activation(definition.clone(), parsed, None, bound, Some(Span::default()))?;
        let result = this.to_real(&result, ty).expect("a routine gives a number");
        let slot = this.b.slot(function::RESULT, ty);
        this.b.set(slot, result);
        Ok(slot)
    };
    match make(&mut lowerer) {
        Ok(slot) => {
            let function = crate::pass::prepare(lowerer.b.finish(vec![slot], lowerer.sources), false);
            Verified::new(function).unwrap_or_else(|invalid| panic!("the math library's `{}` made invalid IR: {invalid:?}", definition.name))
        }
        Err(Stop::Fault(d)) => panic!("fault in the math library: {}", d.with_sources(&lowerer.sources).render()),
        Err(Stop::Unreachable) => panic!("the math library's `{}` reads what it did not assign", definition.name),
    }
}

/// The state of lowering one function with all it calls.
struct Lowerer {
    b: Builder,
    options: Options,
    sources: Sources,
    /// The function being lowered is the last; those before it are being called out of.
    frames: Vec<Frame>,
    frame_count: u32,
    /// The slot of a variable's part in one type, by frame, name and type.
    slots: HashMap<(u32, String, ScalarType), Slot>,
    /// Functions parsed so far, by the address of their definition's source and name.
    parsed: HashMap<(usize, String, u32, Option<u32>), Arc<Parsed>>,
    /// Nested functions met so far, by the address of their tree.
    nested: HashMap<usize, (Arc<Definition>, Arc<Parsed>)>,
    constant_arrays: Vec<(usize, Array)>,
    /// Shared arrays by the place of their making: a function called twice has one.
    shared_arrays: Vec<(block::Made, Array)>,
    /// Reads of variables that no path has assigned *so far*: faults, unless the loop around them is lowered again.
    #[expect(clippy::vec_box, reason = "a diagnostic is boxed wherever it goes")]
    pending: Vec<Box<Diagnostic>>,
    literals: Literals,
    /// See [`Lowered::stored`].
    stored: Vec<(String, ScalarType)>,
    /// See [`Lowered::cooperative`].
    cooperative: bool,
    /// See [`Lowered::extras`]; with the array of each.
    extras: Vec<(Extra, Array)>,
    recursion: recursion::Recursion,
}

/// The state of a [`Lowerer`] to return to.
struct Checkpoint {
    mark: Mark,
    pending: usize,
}

impl Lowerer {
    fn new(name: &str, options: Options) -> Lowerer {
        Lowerer {
            b: Builder::new(name, options.kind),
            options,
            sources: Sources::default(),
            frames: Vec::new(),
            frame_count: 0,
            slots: HashMap::new(),
            parsed: HashMap::new(),
            nested: HashMap::new(),
            constant_arrays: Vec::new(),
            shared_arrays: Vec::new(),
            pending: Vec::new(),
            stored: Vec::new(),
            cooperative: false,
            extras: Vec::new(),
            recursion: recursion::Recursion::default(),
            literals: Literals::Wide,
        }
    }

    /// Whether what is lowered now is a text of the math library.
    fn is_library(&self) -> bool {
        self.frames.last().is_some_and(|f| f.library)
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a function is being lowered")
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { mark: self.b.mark(), pending: self.pending.len() }
    }

    fn restore(&mut self, point: &Checkpoint) {
        self.b.rollback(point.mark);
        self.pending.truncate(point.pending);
        let f = self.b.function();
        let (slots, arrays) = (f.slots.len(), f.arrays.len());
        self.slots.retain(|_, s| s.index() < slots);
        self.constant_arrays.retain(|(_, a)| a.index() < arrays);
        self.shared_arrays.retain(|(_, a)| a.index() < arrays);
        self.extras.retain(|(_, a)| a.index() < arrays);
    }

    /// What is emitted from now on belongs to this span (in library code written in the language: to its call).
    fn at(&mut self, span: Span) {
        let quiet = self.frames.last().and_then(|f| f.quiet);
        self.b.at(quiet.unwrap_or(span));
    }

    /// Number of instructions so far, which tells values made before from those made after.
    fn made(&self) -> usize {
        self.b.function().insts.len()
    }

    fn ty(&self, value: Value) -> ScalarType {
        self.b.function().ty(value)
    }

    /// The constant that a value is, if it is one.
    fn known(&self, value: Value) -> Option<Scalar> {
        match self.b.function().inst(value) {
            crate::ir::Inst::Const(c) => Some(*c),
            _ => None,
        }
    }

    fn constant(&mut self, value: Scalar) -> Value {
        self.b.constant(value)
    }

    fn float(&mut self, ty: ScalarType, value: f64) -> Value {
        self.b.constant(Scalar::float(ty, value))
    }

    /// An operation, done at once if its operands are constants and its result does not depend on a math library.
    fn op(&mut self, op: Op, args: &[Value]) -> Value {
        let op = match op {
            Op::Math(m) if self.options.fastmath => Op::Math(m.fast().unwrap_or(m)),
            Op::Pow if self.options.fastmath && self.ty(args[0]).is_float() => Op::Math(op::Math::PowFast),
            op => op,
        };
        if let Op::Cast(to) = op
            && self.ty(args[0]) == to
        {
            return args[0];
        }
        if op == Op::Select
            && let Some(c) = self.known(args[0])
        {
            return if c.as_bool() { args[1] } else { args[2] };
        }
        if op == Op::Not
            && let Some(opposite) = self.opposite(args[0])
        {
            return opposite;
        }
        let library = matches!(op, Op::Math(_) | Op::Fmod) || (op == Op::Pow && self.ty(args[0]).is_float());
        if !library {
            let constants: Option<smallvec::SmallVec<[Scalar; 3]>> = args.iter().map(|a| self.known(*a)).collect();
            if let Some(constants) = constants {
                return self.constant(op::eval(op, &constants));
            }
        }
        self.b.apply(op, args)
    }

    /// The opposite comparison, where that is another comparison (of floats it is not, for NaN's sake).
    fn opposite(&mut self, value: Value) -> Option<Value> {
        let crate::ir::Inst::Apply { op, args } = self.b.function().inst(value) else { return None };
        let opposite = match op {
            Op::Eq => Op::Ne,
            Op::Ne => Op::Eq,
            _ if self.ty(args[0]).is_float() => return None,
            Op::Lt => Op::Ge,
            Op::Ge => Op::Lt,
            Op::Gt => Op::Le,
            Op::Le => Op::Gt,
            _ => return None,
        };
        let args = args.clone();
        Some(self.op(opposite, &args))
    }

    fn cast(&mut self, value: Value, to: ScalarType) -> Value {
        self.op(Op::Cast(to), &[value])
    }

    /// Lowers into a block of its own, which is given back closed. Expressions assign nothing, so the variables are as before.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<(T, crate::ir::Block)> {
        let env = self.frame().env.clone();
        self.b.open();
        let result = f(self)?;
        let block = self.b.close();
        self.frame().env = env;
        Ok((result, block))
    }

    /// A place that control cannot reach, because a variable read there is assigned nowhere before.
    fn unreachable<T>(&mut self, fault: Box<Diagnostic>) -> Result<T> {
        self.pending.push(fault);
        Err(Stop::Unreachable)
    }
}
