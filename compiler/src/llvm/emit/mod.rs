//! Verified IR to LLVM IR: one emitter, parameterised by lanes.
//!
//! With one lane every value is a scalar and every branch a branch. With 32 (or 16 or 8, where rows of a block are that short), what [`crate::pass::divergence`] calls uniform
//! stays scalar, a line along the lanes is kept as its base, the rest is vectors; varying control flow becomes masks. Invariants: code of a region runs only if a lane acts in it; lanes that are off hold values, never poison, and
//! never act on memory, trap or call; masks are merged by `select m, c, false`.
//!
//! `entry` frames the body as a kernel or a loop, `core` as a loop over core arrays, `phases` runs kernels with barriers, `control` does constructs and masks, `memory` element access, `ops` the op
//! table, `lines` comparisons of lines, `routine` the functions of the math library, `recursion` functions that call themselves, `aside` keeps what was being made meanwhile, `warp` and `division`
//! what no SIMD has, `gpu` what differs on one. Failures leave the
//! warp: its other lanes stop where they are, other warps go on, and the launch reports the lowest block and thread.

mod aside;
mod control;
mod core;
mod division;
mod entry;
mod gpu;
mod half;
mod lines;
mod memory;
mod ops;
mod phases;
mod recursion;
mod routine;
mod warp;

pub(super) use core::core;
pub(super) use entry::{blocks, elements};
pub(super) use gpu::{Emitted, emit as gpu};
pub(super) use routine::{alone, shared};

use inkwell::basic_block::BasicBlock;

use super::cpu::Level;
use super::instr::{Instr, IntPred, T, V};
use crate::abi::{Site, SiteKind};
use crate::faults::{self, Fault};
use crate::ir::{Axis, Function, Geometry, Inst, Kind, Slot, Value};
use crate::op::Op;
use crate::pass::CARRIED;
use crate::pass::divergence::{Class, Divergence};
use crate::types::ScalarType;

/// Lanes of a warp.
const WARP: u32 = 32;

/// A value in the form its class asks for.
#[derive(Clone, Copy, Debug)]
enum Rep<'c> {
    /// One scalar for all lanes.
    Uniform(V<'c>),
    /// Lane l has `base + stride * l`.
    Linear(V<'c>, i64),
    /// A vector.
    Varying(V<'c>),
}

/// An array bound to its parameter words.
struct Bound<'c> {
    pointer: V<'c>,
    extents: Vec<V<'c>>,
    strides: Vec<V<'c>>,
    words: V<'c>,
    /// The strides in bytes, where the function fixes them.
    fixed: Option<Vec<i64>>,
    /// Where it lies, if it is memory of the kernel's own.
    own: Option<Own>,
}

/// The place of memory of a kernel's own.
#[derive(Clone, Copy, Debug)]
enum Own {
    /// In the warp's frame.
    Local(i64),
    /// In the block's shared memory.
    Shared(i64),
}

impl Own {
    fn place(self) -> i64 {
        match self {
            Own::Local(at) | Own::Shared(at) => at,
        }
    }
}

/// What the code around a body has made ready for it.
struct Frame<'c> {
    launch: V<'c>,
    /// Linear block, i64.
    block: V<'c>,
    /// Linear thread of lane 0, i64.
    thread: V<'c>,
    thread_idx: [Rep<'c>; 3],
    block_idx: [V<'c>; 3],
    block_dim: [V<'c>; 3],
    grid_dim: [V<'c>; 3],
    /// Where a warp that failed or was stopped goes.
    abort: BasicBlock<'c>,
}

struct Emitter<'a, 'c> {
    i: Instr<'c>,
    f: &'a Function,
    d: &'a Divergence,
    lanes: u32,
    level: Level,
    check_bounds: bool,
    exact_flags: bool,
    /// Whether the IEEE flags that are raised are looked at by whoever runs the code.
    flags_count: bool,
    /// Inside a function of the math library: pure, no launch to ask, every branch that lanes may part at is rare.
    routine: bool,
    /// Whether functions of the math library are other modules', found by name.
    shares: bool,
    /// Whether results are stored past the caches.
    stream: bool,
    values: Vec<Option<Rep<'c>>>,
    slots: Vec<V<'c>>,
    arrays: Vec<Bound<'c>>,
    params: Vec<Option<Rep<'c>>>,
    frame: Frame<'c>,
    /// Acting lanes; meaningless with one lane.
    mask: V<'c>,
    /// Whether `mask` may have become empty since it was last looked at.
    maybe_empty: bool,
    targets: Vec<control::Target<'c>>,
    ends: Vec<control::End<'c>>,
    sites: Vec<Site>,
    /// Room for the indexes of a cold access: 32 for each axis that an array may have.
    indexes: Option<V<'c>>,
    /// Room for what a cold access asks for.
    request: Option<V<'c>>,
    /// Scratch buffers of 32 eight-byte lanes, made once a function.
    scratch: Vec<V<'c>>,
    /// Bytes of a frame given out so far.
    frame_size: u64,
    /// Bytes of static shared memory.
    shared_size: u64,
    phases: Option<phases::Phases<'c>>,
    /// Loops that are known to end.
    laps: std::collections::HashMap<Value, crate::pass::laps::Laps>,
    /// The function that has the routines, and what is known of them.
    outermost: (&'a Function, &'a Divergence),
    /// In a routine: its context.
    context: Option<V<'c>>,
    /// The context that this function lends to the routines it calls.
    lent: Option<V<'c>>,
    /// Where threads are a GPU's own.
    gpu: Option<gpu::Gpu<'c>>,
    /// Counters with steps known only when they run.
    steps: std::collections::HashMap<Slot, (crate::ir::Label, Value)>,
    /// Axes of accesses whose indexes need no check.
    inside: std::collections::HashMap<Value, u32>,
}

impl<'c> Emitter<'_, 'c> {
    fn rep(&self, value: Value) -> Rep<'c> {
        self.values[value.index()].expect("verified: operands stand before their users")
    }

    /// The scalar of a uniform value, or the base of a line.
    fn base(&self, value: Value) -> V<'c> {
        match self.rep(value) {
            Rep::Uniform(v) | Rep::Linear(v, _) => v,
            Rep::Varying(_) => unreachable!("a varying value has no base"),
        }
    }

    /// The value as a vector.
    fn vector(&self, value: Value) -> V<'c> {
        self.spread(self.rep(value))
    }

    fn spread(&self, rep: Rep<'c>) -> V<'c> {
        match rep {
            Rep::Varying(v) => v,
            Rep::Uniform(v) => self.i.splat(v, self.lanes),
            Rep::Linear(base, stride) => {
                let ty = self.i.type_of(base);
                let steps: Vec<V<'c>> = (0..i64::from(self.lanes)).map(|l| self.i.const_int(ty, l.wrapping_mul(stride))).collect();
                self.i.add(self.i.splat(base, self.lanes), self.i.const_vector(&steps))
            }
        }
    }

    fn with_class(&self, class: Class, v: V<'c>) -> Rep<'c> {
        match class {
            Class::Uniform => Rep::Uniform(v),
            Class::Linear(s) => Rep::Linear(v, s),
            Class::Varying => Rep::Varying(v),
        }
    }

    fn mask_type(&self) -> T<'c> {
        if self.lanes == 1 {
            return self.i.int(1);
        }
        self.i.vector(self.i.int(1), self.lanes)
    }

    /// The mask as 32 bits; with one lane, 1.
    fn mask_bits(&self) -> V<'c> {
        if self.lanes == 1 {
            return self.i.i32(1);
        }
        self.bits(self.mask)
    }

    fn bits(&self, mask: V<'c>) -> V<'c> {
        let bits = self.i.cast(super::instr::Opcode::LLVMBitCast, mask, self.i.int(self.lanes));
        self.i.resize(bits, self.i.int(32), false)
    }

    fn any(&self, mask: V<'c>) -> V<'c> {
        if self.level == Level::Avx512 {
            return self.i.icmp(IntPred::LLVMIntNE, self.bits(mask), self.i.i32(0));
        }
        self.i.intrinsic("llvm.vector.reduce.or", &[self.mask_type()], &[mask])
    }

    fn full_mask(&self) -> bool {
        self.lanes == 1 || self.i.is_constant_ones(self.mask)
    }

    fn slot_type(&self, slot: Slot) -> T<'c> {
        let ty = self.i.scalar(self.f.slot(slot).ty);
        if self.d.slot(slot) == Class::Varying { self.i.vector(ty, self.lanes) } else { ty }
    }

    /// Makes the slots' variables and sets them to zero.
    fn make_slots(&mut self) {
        for n in 0..self.f.slots.len() {
            let ty = self.slot_type(Slot(n as u32));
            let variable = self.i.alloca(ty, 64);
            self.i.store(self.i.zero(ty), variable, 64);
            self.slots.push(variable);
        }
    }

    fn get(&self, slot: Slot) -> Rep<'c> {
        let v = self.i.load(self.slot_type(slot), self.slots[slot.index()], 64);
        self.with_class(self.d.slot(slot), v)
    }

    fn set(&mut self, at: Value, slot: Slot, value: Value) {
        let variable = self.slots[slot.index()];
        if self.d.slot(slot) != Class::Varying {
            self.i.store(self.base(value), variable, 64);
            return;
        }
        let (blends, runs_on) = (self.d.needs_blend(at), self.d.runs_on(at));
        if let Some(held) = self.assign(slot, self.vector(value), blends, runs_on)
            && let Rep::Varying(_) = self.rep(value)
        {
            // What computes with the value computes with what the lanes that left hold.
            self.values[value.index()] = Some(Rep::Varying(held));
        }
    }

    /// Assigns to a varying slot: what the acting lanes have, if `blends` (see `Divergence`). `runs_on`: lanes that have left a loop would take the value too. Where they do not, that which the
    /// slot has now, if it may stand for `new` in all that follows.
    fn assign(&self, slot: Slot, new: V<'c>, blends: bool, runs_on: bool) -> Option<V<'c>> {
        let variable = self.slots[slot.index()];
        let info = self.f.slot(slot);
        // Lanes that have left a loop would overflow sooner or later if they ran on, and the flags that they raise would have to be told from real ones.
        let held = runs_on && self.f.kind == Kind::Scalar && !self.routine && !self.exact_flags && info.ty.is_float() && info.name != CARRIED;
        if !(held || blends) || self.full_mask() {
            self.i.store(new, variable, 64);
            return None;
        }
        let old = self.i.load(self.slot_type(slot), variable, 64);
        let stands = held && !blends && self.i.is_from_here(new);
        let blended = match () {
            () if faults::is(Fault::BlendSwapped) => self.i.select(self.mask, old, new),
            () if faults::is(Fault::BlendMissing) => new,
            () => self.i.select(self.mask, new, old),
        };
        self.i.store(blended, variable, 64);
        stands.then_some(blended)
    }

    fn geometry(&self, g: Geometry) -> Rep<'c> {
        let axis = |a: Axis| a as usize;
        match g {
            Geometry::ThreadIdx(a) => self.frame.thread_idx[axis(a)],
            Geometry::BlockIdx(a) => Rep::Uniform(self.frame.block_idx[axis(a)]),
            Geometry::BlockDim(a) => Rep::Uniform(self.frame.block_dim[axis(a)]),
            Geometry::GridDim(a) => Rep::Uniform(self.frame.grid_dim[axis(a)]),
            Geometry::LaneId if self.lanes == 1 => {
                let thread = self.i.resize(self.frame.thread, self.i.int(32), false);
                Rep::Uniform(self.i.and(thread, self.i.i32(31)))
            }
            Geometry::LaneId => Rep::Linear(self.i.i32(0), 1),
        }
    }

    /// Emits an instruction that gives a value.
    fn value(&mut self, at: Value, inst: &Inst) {
        let rep = match inst {
            Inst::Const(c) => Rep::Uniform(self.i.constant(*c)),
            Inst::Param(n) => self.params[*n as usize].expect("verified: a scalar parameter"),
            Inst::Geometry(g) => self.geometry(*g),
            Inst::Extent { array, axis } => Rep::Uniform(self.arrays[array.index()].extents[*axis as usize]),
            Inst::Get(slot) => self.get(*slot),
            Inst::Apply { op, args } => self.applied(at, *op, args),
            Inst::Load { array, index, part } => self.load(at, *array, index, *part),
            Inst::Atomic { op, array, index, part, value, expected } => self.atomic(at, *op, (*array, index, *part), [Some(*value), *expected]),
            Inst::Warp { op, args } => self.warp(at, *op, args),
            other => unreachable!("{other:?} gives no value"),
        };
        self.keep(at, rep);
        self.values[at.index()] = Some(rep);
    }

    fn applied(&mut self, at: Value, op: Op, args: &[Value]) -> Rep<'c> {
        if let Some(compared) = self.compared_line(op, args) {
            return compared;
        }
        let class = self.d.value(at);
        let types: Vec<ScalarType> = args.iter().map(|a| self.f.ty(*a)).collect();
        let operands: Vec<V<'c>> = args.iter().map(|a| if class == Class::Varying { self.vector(*a) } else { self.base(*a) }).collect();
        let divisor = args.get(1).and_then(|b| match self.f.inst(*b) {
            Inst::Const(c) => Some(*c),
            _ => None,
        });
        let result = self.apply(op, &types, operands, divisor);
        self.with_class(class, result)
    }

    /// Bytes of a frame that nothing else uses.
    fn room(&mut self, size: u64, align: u64) -> i64 {
        let at = self.frame_size.next_multiple_of(align);
        self.frame_size = at + size;
        at as i64
    }

    fn site(&mut self, at: Value, kind: SiteKind) -> u32 {
        let location = self.location(at);
        self.sites.push(Site { location, kind });
        self.sites.len() as u32 - 1
    }

    fn location(&self, at: Value) -> crate::source::Location {
        if self.f.sources.is_empty() {
            return crate::source::Location { file: "<ir>".into(), line: 0, column: 0 };
        }
        self.f.sources.locate(self.f.span(at))
    }

    /// The lowest acting thread, i64.
    fn first_thread(&self) -> V<'c> {
        if self.full_mask() {
            return self.frame.thread;
        }
        let lane = self.i.intrinsic("llvm.cttz", &[self.i.int(32)], &[self.mask_bits(), self.i.i1(false)]);
        self.i.add(self.frame.thread, self.i.resize(lane, self.i.int(64), false))
    }

    /// A buffer of 32 lanes of up to eight bytes, number `n`. Its contents last until the next use.
    fn buffer(&mut self, n: usize) -> V<'c> {
        while self.scratch.len() <= n {
            let ty = self.i.array(self.i.int(64), WARP as u64);
            let buffer = self.i.alloca(ty, 64);
            self.scratch.push(buffer);
        }
        self.scratch[n]
    }
}
