//! The structured IR.
//!
//! A [`Function`] is one whole kernel or scalar function, calls inlined but for those of recursive functions, which it holds as [`Function::routines`]. Its body is a tree of blocks; a block is a list of instructions, each held in one
//! arena and named by a [`Value`] handle with a span. Straight-line values are SSA: an operand must stand earlier in the same block or in a block around it.
//! What changes over time lives in a *slot* (`Get`/`Set`): a Python variable, a loop counter, the result of a branch. There is no goto: control leaves a
//! construct by `Break` or `Continue` to its label, always the last instruction of its block. Values are scalars of a non-complex [`ScalarType`]; the front
//! end has split complex numbers and tuples.
//!
//! Semantics are those of one thread. `build` makes functions, `print` writes them, `parse` reads them back, `verify` gives the proof ([`Verified`]) that
//! every consumer demands. Nothing here names a target.

mod build;
mod parse;
mod print;
mod verify;

pub use build::{Builder, Mark};
pub use parse::{ParseError, parse};
pub use verify::{Invalid, MOST_STORAGE, Verified};

pub use crate::print::Piece;

use smallvec::SmallVec;
use std::sync::Arc;

use crate::names::ConstantArray;
use crate::op::{AtomicOp, Op, WarpOp};
use crate::source::{Sources, Span};
use crate::types::{ArrayType, Scalar, ScalarType};

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index of the arena.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

handle!(
    /// An instruction, and the value it gives if it gives one.
    Value
);
handle!(
    /// A mutable variable.
    Slot
);
handle!(
    /// An array: a parameter, a constant, or memory of the kernel's own.
    Array
);
handle!(
    /// A `Loop` or `Scope` that can be left.
    Label
);

/// Instructions in order.
pub type Block = Vec<Value>;
/// Operands of an [`Inst::Apply`].
pub type Args = SmallVec<[Value; 3]>;
/// Indexes of an element, one an axis, each int64 or uint64.
pub type Index = SmallVec<[Value; 3]>;

/// One axis of the launch geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// The fastest axis.
    X,
    /// The middle axis.
    Y,
    /// The slowest axis.
    Z,
}

/// Where a thread stands in the launch. All int32, as in Numba.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// `threadIdx`
    ThreadIdx(Axis),
    /// `blockIdx`
    BlockIdx(Axis),
    /// `blockDim`
    BlockDim(Axis),
    /// `gridDim`
    GridDim(Axis),
    /// Lane of the warp, 0 to 31: linear thread id (x fastest) modulo 32.
    LaneId,
}

/// Which part of an element a load or store touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The element of a real array.
    Whole,
    /// Real part of a complex element.
    Real,
    /// Imaginary part of a complex element.
    Imag,
}

/// Why a thread fails. The launch then raises the Python exception named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// `range()` with step 0: ValueError.
    ZeroStep,
    /// A variable read before assignment: UnboundLocalError.
    Unassigned(Slot),
    /// A constant-tuple index out of range: IndexError.
    TupleIndex,
    /// An index into part of an array: IndexError.
    Bounds(Array),
    /// A value that does not fit: ValueError.
    Value(Complaint),
    /// `raise`, by its number in [`Function::raises`].
    Raise(u32),
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Complaint {
    /// An array without elements has no least, greatest or first.
    Empty,
    /// Arrays whose extents do not match.
    Extents,
    /// A slice with step zero.
    Step,
    /// An array unpacked into another number of variables.
    Unpacked,
    /// Elements that cannot be read as those of another size.
    Elements,
}

impl Complaint {
    /// Every complaint.
    pub const ALL: [Complaint; 5] = [Complaint::Empty, Complaint::Extents, Complaint::Step, Complaint::Unpacked, Complaint::Elements];

    /// Spelling in printed IR.
    pub fn name(self) -> &'static str {
        match self {
            Complaint::Empty => "empty",
            Complaint::Extents => "extents",
            Complaint::Step => "step",
            Complaint::Unpacked => "unpacked",
            Complaint::Elements => "elements",
        }
    }

    /// As told to the user.
    pub fn text(self) -> &'static str {
        match self {
            Complaint::Empty => "this has no value for an array without elements",
            Complaint::Extents => "the arrays have different extents",
            Complaint::Step => "a slice's step must not be zero",
            Complaint::Unpacked => "the array has not as many items as there are variables",
            Complaint::Elements => "elements of another size must fill the last axis, lie side by side there, and begin at multiples of that size",
        }
    }
}

/// An exception of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// Name of its class.
    pub class: String,
    /// The host's number of the class; 0: Python's own of that name.
    pub token: u64,
    /// Its arguments: a tuple of constants in Python's spelling.
    pub args: String,
}

/// Who meets at a barrier, and what it gives besides: an int32 made of every arriving thread's bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meeting {
    /// Nothing.
    Plain,
    /// How many are true.
    Count,
    /// 1 if all are true, else 0.
    All,
    /// 1 if one is true, else 0.
    Any,
    /// Nothing; the threads of the whole grid meet, where all others are of a block.
    Grid,
}

impl Meeting {
    /// Whether it takes a bool and gives an int32.
    pub fn counts(self) -> bool {
        matches!(self, Meeting::Count | Meeting::All | Meeting::Any)
    }
}

/// An instruction.
#[expect(missing_docs, reason = "fields are told in their variant's line")]
#[derive(Clone, Debug, PartialEq)]
pub enum Inst {
    /// A constant.
    Const(Scalar),
    /// Scalar parameter number i of [`Function::params`].
    Param(u32),
    /// A row of the op table.
    Apply { op: Op, args: Args },
    /// A launch coordinate.
    Geometry(Geometry),
    /// Extent of an axis of an array, int64.
    Extent { array: Array, axis: u8 },
    /// Current value of a slot; zero before any `Set`.
    Get(Slot),
    /// Assigns a slot.
    Set(Slot, Value),
    /// Reads an element, with Python's negative indexes; out of bounds the thread fails with IndexError.
    Load { array: Array, index: Index, part: Part },
    /// Writes an element; a complex element's parts are two stores. Index rules are Load's.
    Store { array: Array, index: Index, part: Part, value: Value },
    /// Two-way branch on a bool.
    If { cond: Value, then: Block, otherwise: Block },
    /// Endless loop: `body`, then `latch`, again. `Continue` goes to the latch, `Break` leaves. No jump leaves the latch.
    Loop { label: Label, body: Block, latch: Block },
    /// Runs once; `Break` leaves it early.
    Scope { label: Label, body: Block },
    /// Leaves the construct of the label, which encloses this.
    Break(Label),
    /// Goes to the latch of the loop of the label, which encloses this.
    Continue(Label),
    /// Ends the thread with an error.
    Fail(Failure),
    /// Runs a routine, by its number in the outermost function, with these scalars and arrays; then its results are in `into`, and `ended` tells whether the thread has left by
    /// [`Inst::Leave`] (the results are zero then). Calls too deep for the stack end the thread with RecursionError.
    Call { routine: u32, args: Args, arrays: SmallVec<[Array; 2]>, into: SmallVec<[Slot; 2]>, ended: Slot },
    /// Leaves a routine, to tell the caller that the thread has ended.
    Leave,
    /// Writes a line, or part of one, to the standard output of the host.
    Print { pieces: Arc<[Piece]>, values: Args },
    /// Tells of an error; the thread goes on (to its end).
    Report(Failure),
    /// Waits until every thread of the block (or grid) that still runs has come to this barrier. Those that count take a bool and give an int32.
    Barrier { meeting: Meeting, operand: Option<Value> },
    /// What this thread wrote before is seen by whoever sees what it writes after.
    Fence,
    /// Changes an element that no other thread touches meanwhile, and gives its old value. Index rules are Load's. `expected` is `Cas`'s.
    /// Of a complex element, `part` tells which of its two numbers.
    Atomic { op: AtomicOp, array: Array, index: Index, part: Part, value: Value, expected: Option<Value> },
    /// An operation of the lanes of a warp that run it together.
    Warp { op: WarpOp, args: Args },
}

/// A parameter of the function as compiled: complex and tuple arguments arrive as several.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A scalar; read by [`Inst::Param`].
    Scalar {
        /// Name, with a suffix for parts (`c.real`, `t.0`).
        name: String,
        /// Type.
        ty: ScalarType,
    },
    /// An array.
    Array {
        /// Name.
        name: String,
        /// The array it binds.
        array: Array,
    },
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotInfo {
    /// The Python variable's name, or a made-up one beginning with `%`.
    pub name: String,
    /// Type.
    pub ty: ScalarType,
}

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayInfo {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: ArrayType,
    /// Contents, if it is a constant.
    pub constant: Option<Arc<ConstantArray>>,
    /// Where it lies, if it is memory of the kernel's own. With neither contents nor storage it is a parameter.
    pub storage: Option<Storage>,
}

/// Memory of a kernel's own. Its contents are undefined before the first store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// One for all threads of a block, of these extents.
    Shared(Vec<u64>),
    /// The block's dynamic shared memory from its beginning, as many elements as the launch has bytes for. One axis.
    Dynamic,
    /// One for each thread, of these extents.
    Local(Vec<u64>),
}

impl Storage {
    /// The extents, where the function itself fixes them.
    pub fn shape(&self) -> Option<&[u64]> {
        match self {
            Storage::Shared(shape) | Storage::Local(shape) => Some(shape),
            Storage::Dynamic => None,
        }
    }
}

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A scalar function: scalar parameters, one or more results.
    Scalar,
    /// A kernel: no results.
    Kernel,
    /// The body of a generalized ufunc, run for one set of core arrays: scalar and array parameters, any number of results, no place in a launch.
    Core,
    /// A recursive function that one of the others calls: scalar and array parameters, any number of results. Its threads never wait for each other.
    Routine,
}

/// A whole function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Name, for people.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Slots that hold the results when the body has ended; empty for a kernel.
    pub results: Vec<Slot>,
    /// Arena of slots.
    pub slots: Vec<SlotInfo>,
    /// Arena of arrays.
    pub arrays: Vec<ArrayInfo>,
    /// Arena of instructions.
    pub insts: Vec<Inst>,
    /// Type of each instruction's value, `None` if it gives none.
    pub types: Vec<Option<ScalarType>>,
    /// Span of each instruction.
    pub spans: Vec<Span>,
    /// Exceptions that may be raised.
    pub raises: Vec<Raise>,
    /// Number of labels.
    pub labels: u32,
    /// The body.
    pub body: Block,
    /// What it and they call; of an outermost function only.
    pub routines: Vec<Function>,
    /// What the spans point into.
    pub sources: Sources,
}

impl Function {
    /// The instruction of a handle.
    pub fn inst(&self, value: Value) -> &Inst {
        &self.insts[value.index()]
    }

    /// The type of a value.
    ///
    /// # Panics
    /// If the instruction gives none.
    pub fn ty(&self, value: Value) -> ScalarType {
        self.types[value.index()].expect("an instruction that gives a value")
    }

    /// Where a value comes from.
    pub fn span(&self, value: Value) -> Span {
        self.spans[value.index()]
    }

    /// The slot's description.
    pub fn slot(&self, slot: Slot) -> &SlotInfo {
        &self.slots[slot.index()]
    }

    /// The array's description.
    pub fn array(&self, array: Array) -> &ArrayInfo {
        &self.arrays[array.index()]
    }

    /// The types of the results.
    pub fn result_types(&self) -> Vec<ScalarType> {
        self.results.iter().map(|s| self.slot(*s).ty).collect()
    }

    /// Whether a block, or a block inside it, has an instruction of which this holds.
    pub fn any_inside(&self, block: &[Value], holds: &dyn Fn(&Inst) -> bool) -> bool {
        block.iter().any(|v| {
            let inst = self.inst(*v);
            holds(inst) || inst.blocks().iter().any(|b| self.any_inside(b, holds))
        })
    }

    /// Whether threads of a block wait for each other somewhere.
    pub fn has_barrier(&self) -> bool {
        self.any_inside(&self.body, &|inst| matches!(inst, Inst::Barrier { .. }))
    }

    /// Whether threads of the whole grid wait for each other somewhere.
    pub fn has_grid_barrier(&self) -> bool {
        self.any_inside(&self.body, &|inst| matches!(inst, Inst::Barrier { meeting: Meeting::Grid, .. }))
    }

    /// Whether lanes of a warp work together somewhere, so that warps are of 32.
    pub fn has_warp_ops(&self) -> bool {
        self.any_inside(&self.body, &|inst| matches!(inst, Inst::Warp { .. }))
    }

    /// Calls `visit` for each instruction of the tree, a construct before its blocks, in program order.
    pub fn walk(&self, visit: &mut dyn FnMut(Value, &Inst)) {
        self.walk_block(&self.body, visit);
    }

    /// As [`Function::walk`], for one block.
    pub fn walk_block(&self, block: &[Value], visit: &mut dyn FnMut(Value, &Inst)) {
        for &v in block {
            let inst = self.inst(v);
            visit(v, inst);
            for inner in inst.blocks() {
                self.walk_block(inner, visit);
            }
        }
    }
}

impl Inst {
    /// The blocks inside a construct.
    pub fn blocks(&self) -> SmallVec<[&Block; 2]> {
        match self {
            Inst::If { then, otherwise, .. } => SmallVec::from_slice(&[then, otherwise]),
            Inst::Loop { body, latch, .. } => SmallVec::from_slice(&[body, latch]),
            Inst::Scope { body, .. } => SmallVec::from_slice(&[body]),
            _ => SmallVec::new(),
        }
    }

    /// The blocks inside a construct, to be changed.
    pub fn blocks_mut(&mut self) -> SmallVec<[&mut Block; 2]> {
        let mut blocks = SmallVec::new();
        match self {
            Inst::If { then, otherwise, .. } => blocks.extend([then, otherwise]),
            Inst::Loop { body, latch, .. } => blocks.extend([body, latch]),
            Inst::Scope { body, .. } => blocks.push(body),
            _ => {}
        }
        blocks
    }

    /// The slots it assigns (those in inner blocks not included).
    pub fn assigns(&self) -> SmallVec<[Slot; 2]> {
        match self {
            Inst::Set(slot, _) => SmallVec::from_slice(&[*slot]),
            Inst::Call { into, ended, .. } => into.iter().chain([ended]).copied().collect(),
            _ => SmallVec::new(),
        }
    }

    /// The values it reads (those in inner blocks not included).
    pub fn operands(&self) -> SmallVec<[Value; 4]> {
        match self {
            Inst::Apply { args, .. } => args.iter().copied().collect(),
            Inst::Set(_, v) => SmallVec::from_slice(&[*v]),
            Inst::Print { values, .. } => values.iter().copied().collect(),
            Inst::Load { index, .. } => index.iter().copied().collect(),
            Inst::Store { index, value, .. } => index.iter().copied().chain([*value]).collect(),
            Inst::If { cond, .. } => SmallVec::from_slice(&[*cond]),
            Inst::Barrier { operand, .. } => operand.iter().copied().collect(),
            Inst::Atomic { index, value, expected, .. } => index.iter().chain([value]).chain(expected).copied().collect(),
            Inst::Warp { args, .. } | Inst::Call { args, .. } => args.iter().copied().collect(),
            _ => SmallVec::new(),
        }
    }

    /// Whether control never goes on to the next instruction.
    pub fn is_terminator(&self) -> bool {
        matches!(self, Inst::Break(_) | Inst::Continue(_) | Inst::Fail(_) | Inst::Leave)
    }
}

#[cfg(test)]
mod tests;
