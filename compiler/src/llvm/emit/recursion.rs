//! Recursive functions: internal functions of the module, for one lane, called for each acting lane in ascending order.
//!
//! A routine is handed a context of 64-bit words (where the thread stands in the launch, how deep the stack may grow, and the scratch buffers of its cold paths, so that its own frame stays
//! small), a place for its results, its scalars, and for each array the words that any access reads. It gives 0, or [`ABORT`] where the warp is to stop, or [`ENDED`] where the thread has raised.
//! Each call made by a routine first compares the stack with the limit in the context.

use super::super::instr::{IntPred, Opcode, V};
use super::aside::{Aside, Inner};
use super::{Bound, Emitter, Frame, Own, Rep, WARP};
use crate::abi::SiteKind;
use crate::ir::{Array, ArrayInfo, Function, Param, Slot, Storage, Value};
use crate::pass::divergence::{Class, Divergence};
use crate::types::{MOST_AXES, ScalarType};

/// What a routine gives where the warp is to stop.
const ABORT: i32 = 1;
/// What it gives where the thread has ended.
const ENDED: i32 = 2;

// Words of the context.
const LAUNCH: i64 = 0;
const BLOCK: i64 = 1;
const THREAD: i64 = 2;
const THREAD_IDX: i64 = 3;
const BLOCK_IDX: i64 = 6;
const BLOCK_DIM: i64 = 9;
const GRID_DIM: i64 = 12;
const LIMIT: i64 = 15;
const INDEXES: i64 = 16;
const SCRATCH: i64 = INDEXES + MOST_AXES as i64 * WARP as i64;
/// Scratch buffers in a context; code that needs more has them in its frame.
const BUFFERS: i64 = 8;
const WORDS: i64 = SCRATCH + BUFFERS * WARP as i64;

impl<'a, 'c> Emitter<'a, 'c> {
    /// A call of a routine by the acting lanes.
    pub(super) fn call_routine(&mut self, at: Value, number: u32, args: &[Value], arrays: &[Array], into: &[Slot], ended: Slot) {
        let name = self.define_routine(number);
        let callee = &self.outermost.0.routines[number as usize];
        let types = callee.result_types();
        let out = self.i.alloca(self.i.array(self.i.int(64), types.len().max(1) as u64), 8);
        if self.lanes != 1 {
            return self.call_lane_by_lane(&name, args, arrays, (into, &types), ended, out);
        }
        let context = match self.context {
            Some(context) => {
                self.check_stack(at, context, &callee.name);
                context
            }
            None => {
                let context = self.lend_context();
                self.i.store(self.frame.thread, self.i.offset(context, self.i.i64(THREAD * 8)), 8);
                for n in 0..3 {
                    let index = self.scalar_of(self.frame.thread_idx[n]);
                    self.i.store(index, self.i.offset(context, self.i.i64((THREAD_IDX + n as i64) * 8)), 8);
                }
                context
            }
        };
        let mut operands = vec![context, out];
        operands.extend(args.iter().map(|v| self.base(*v)));
        operands.extend(arrays.iter().map(|a| self.arrays[a.index()].words));
        let status = self.call_once(&name, &operands, out, types.len());
        let has_ended = self.i.icmp(IntPred::LLVMIntEQ, status, self.i.i32(ENDED));
        self.i.store(has_ended, self.slots[ended.index()], 64);
        for (n, (slot, ty)) in into.iter().zip(&types).enumerate() {
            let v = self.result(out, n, *ty);
            self.i.store(v, self.slots[slot.index()], 64);
        }
    }

    fn call_lane_by_lane(&mut self, name: &str, args: &[Value], arrays: &[Array], (into, types): (&[Slot], &[ScalarType]), ended: Slot, out: V<'c>) {
        let context = self.lend_context();
        // A lane's operands are read from memory.
        let spread: Vec<(Rep<'c>, ScalarType, Option<V<'c>>)> = args
            .iter()
            .map(|v| {
                let (rep, ty) = (self.rep(*v), self.f.ty(*v));
                (rep, ty, self.laid_out(rep, ty))
            })
            .collect();
        let coordinates: Vec<(Rep<'c>, Option<V<'c>>)> =
            self.frame.thread_idx.into_iter().map(|rep| (rep, self.laid_out(rep, ScalarType::I32))).collect();
        let words: Vec<(V<'c>, Option<(V<'c>, i64)>)> = arrays.iter().map(|a| self.words_of_lanes(*a)).collect();
        let kept: Vec<V<'c>> = types.iter().map(|ty| self.zeroed_lanes(*ty)).collect();
        let over = self.zeroed_lanes(ScalarType::Bool);

        let bits = self.mask_bits();
        let (head, one, done) = (self.i.block("lanes"), self.i.block("lane"), self.i.block("lanes.end"));
        let before = self.i.here();
        self.i.br(head);
        self.i.go(head);
        let left = self.i.phi(self.i.int(32));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntNE, left, self.i.i32(0)), one, done);

        self.i.go(one);
        let lane32 = self.i.intrinsic("llvm.cttz", &[self.i.int(32)], &[left, self.i.i1(true)]);
        let lane = self.i.resize(lane32, self.i.int(64), false);
        let thread = self.i.add(self.frame.thread, lane);
        self.i.store(thread, self.i.offset(context, self.i.i64(THREAD * 8)), 8);
        for (n, (rep, memory)) in coordinates.into_iter().enumerate() {
            let index = self.of_lane(rep, ScalarType::I32, memory, lane);
            self.i.store(index, self.i.offset(context, self.i.i64((THREAD_IDX + n as i64) * 8)), 8);
        }
        let mut operands = vec![context, out];
        for (rep, ty, memory) in spread {
            operands.push(self.of_lane(rep, ty, memory, lane));
        }
        for (words, own) in words {
            if let Some((pointer, size)) = own {
                let place = self.i.offset(pointer, self.i.mul(lane, self.i.i64(size)));
                self.i.store(place, words, 8);
            }
            operands.push(words);
        }
        let status = self.call_once(name, &operands, out, types.len());
        let has_ended = self.i.icmp(IntPred::LLVMIntEQ, status, self.i.i32(ENDED));
        self.keep_lane(over, lane, has_ended, ScalarType::Bool);
        for (n, (place, ty)) in kept.iter().zip(types).enumerate() {
            let v = self.result(out, n, *ty);
            self.keep_lane(*place, lane, v, *ty);
        }
        let fewer = self.i.and(left, self.i.sub(left, self.i.i32(1)));
        let end = self.i.here();
        self.i.br(head);
        self.i.incoming(left, &[(bits, before), (fewer, end)]);

        self.i.go(done);
        for ((slot, place), ty) in into.iter().zip(kept).zip(types).chain([((&ended, over), &ScalarType::Bool)]) {
            let stored = self.i.load(self.i.vector(self.in_memory_type(*ty), self.lanes), place, 64);
            let new = if *ty == ScalarType::Bool { self.from_stored(stored, *ty) } else { stored };
            let variable = self.slots[slot.index()];
            debug_assert_eq!(self.d.slot(*slot), Class::Varying);
            let merged = if self.full_mask() { new } else { self.i.select(self.mask, new, self.i.load(self.slot_type(*slot), variable, 64)) };
            self.i.store(merged, variable, 64);
        }
    }

    /// One call; control goes on unless the warp is to stop.
    fn call_once(&mut self, name: &str, operands: &[V<'c>], out: V<'c>, results: usize) -> V<'c> {
        for n in 0..results {
            self.i.store(self.i.i64(0), self.i.offset(out, self.i.i64(n as i64 * 8)), 8);
        }
        let status = self.i.call(name, self.i.int(32), operands);
        let go_on = self.i.block("called");
        let stops = self.i.icmp(IntPred::LLVMIntEQ, status, self.i.i32(ABORT));
        self.i.cond_br_rare(stops, self.frame.abort, go_on);
        self.i.go(go_on);
        status
    }

    /// Leaves a routine: the thread has ended.
    pub(super) fn leave_routine(&mut self) {
        self.i.ret_value(self.i.i32(ENDED));
    }

    fn result(&self, out: V<'c>, n: usize, ty: ScalarType) -> V<'c> {
        let place = self.i.offset(out, self.i.i64(n as i64 * 8));
        let v = self.i.load(self.in_memory_type(ty), place, 8);
        if ty == ScalarType::Bool { self.from_stored(v, ty) } else { v }
    }

    /// How one value lies in memory between caller and routine.
    fn in_memory_type(&self, ty: ScalarType) -> super::super::instr::T<'c> {
        if ty == ScalarType::Bool { self.i.int(8) } else { self.i.scalar(ty) }
    }

    /// The lanes of a varying value in memory.
    fn laid_out(&mut self, rep: Rep<'c>, ty: ScalarType) -> Option<V<'c>> {
        let Rep::Varying(v) = rep else { return None };
        let room = self.i.alloca(self.i.array(self.i.int(64), u64::from(WARP)), 64);
        let stored = if ty == ScalarType::Bool { self.to_stored(v, ty) } else { v };
        self.i.store(stored, room, 64);
        Some(room)
    }

    fn of_lane(&self, rep: Rep<'c>, ty: ScalarType, memory: Option<V<'c>>, lane: V<'c>) -> V<'c> {
        match (rep, memory) {
            (Rep::Uniform(v), _) => v,
            (Rep::Linear(base, stride), _) => {
                let t = self.i.type_of(base);
                let step = self.i.mul(self.i.resize(lane, t, false), self.i.const_int(t, stride));
                self.i.add(base, step)
            }
            (Rep::Varying(_), Some(room)) => {
                let t = self.in_memory_type(ty);
                let size = if ty == ScalarType::Bool { 1 } else { ty.held().size() } as i64;
                let v = self.i.load(t, self.i.offset(room, self.i.mul(lane, self.i.i64(size))), size as u32);
                if ty == ScalarType::Bool { self.from_stored(v, ty) } else { v }
            }
            (Rep::Varying(_), None) => unreachable!("a varying value is laid out"),
        }
    }

    fn zeroed_lanes(&mut self, ty: ScalarType) -> V<'c> {
        let room = self.i.alloca(self.i.array(self.i.int(64), u64::from(WARP)), 64);
        let t = self.i.vector(self.in_memory_type(ty), self.lanes);
        self.i.store(self.i.zero(t), room, 64);
        room
    }

    fn keep_lane(&self, room: V<'c>, lane: V<'c>, v: V<'c>, ty: ScalarType) {
        let size = if ty == ScalarType::Bool { 1 } else { ty.held().size() } as i64;
        let stored = if ty == ScalarType::Bool { self.to_stored(v, ty) } else { v };
        self.i.store(stored, self.i.offset(room, self.i.mul(lane, self.i.i64(size))), size as u32);
    }

    /// The words of an array as one lane sees it; of a local array also where the lanes' own begin, and the distance between them.
    fn words_of_lanes(&mut self, array: Array) -> (V<'c>, Option<(V<'c>, i64)>) {
        let size = self.f.array(array).ty.elem.size() as i64;
        let bound = &self.arrays[array.index()];
        if !matches!(bound.own, Some(Own::Local(_))) {
            return (bound.words, None);
        }
        let (pointer, numbers): (V<'c>, Vec<V<'c>>) = (bound.pointer, bound.extents.iter().chain(&bound.strides).copied().collect());
        let words = self.i.alloca(self.i.array(self.i.int(64), 1 + numbers.len() as u64), 8);
        for (n, word) in numbers.into_iter().enumerate() {
            self.i.store(word, self.i.offset(words, self.i.i64(8 * (n as i64 + 1))), 8);
        }
        (words, Some((pointer, size)))
    }

    /// A context for what this function calls, filled in but for the thread.
    fn lend_context(&mut self) -> V<'c> {
        let context = match self.lent {
            Some(context) => context,
            None => self.i.alloca(self.i.array(self.i.int(64), WORDS as u64), 64),
        };
        self.lent = Some(context);
        let at = |e: &Self, word: i64| e.i.offset(context, e.i.i64(word * 8));
        self.i.store(self.frame.launch, at(self, LAUNCH), 8);
        self.i.store(self.frame.block, at(self, BLOCK), 8);
        let f = &self.frame;
        for (first, numbers) in [(BLOCK_IDX, f.block_idx), (BLOCK_DIM, f.block_dim), (GRID_DIM, f.grid_dim)] {
            for (n, v) in numbers.into_iter().enumerate() {
                self.i.store(v, at(self, first + n as i64), 8);
            }
        }
        let limit = self.i.call("vg_stack_limit", self.i.int(64), &[]);
        self.i.store(limit, at(self, LIMIT), 8);
        context
    }

    /// Ends the warp if the stack has no room for another call.
    fn check_stack(&mut self, at: Value, context: V<'c>, name: &str) {
        let here = self.i.alloca(self.i.int(64), 8);
        let place = self.i.cast(Opcode::LLVMPtrToInt, here, self.i.int(64));
        let limit = self.i.load(self.i.int(64), self.i.offset(context, self.i.i64(LIMIT * 8)), 8);
        let (deep, go_on) = (self.i.block("deep"), self.i.block("call"));
        let too_deep = self.i.icmp(IntPred::LLVMIntULT, place, limit);
        self.i.cond_br_rare(too_deep, deep, go_on);
        self.i.go(deep);
        let site = self.site(at, SiteKind::Recursion(name.to_owned()));
        self.i.call("vg_fail", self.i.void(), &[self.frame.launch, self.frame.block, self.frame.thread, self.i.i32(site as i32)]);
        self.i.br(self.frame.abort);
        self.i.go(go_on);
    }

    // --- the function ---

    /// Makes the function of a routine, if the module has none yet, and gives its name.
    fn define_routine(&mut self, number: u32) -> String {
        let name = format!("vg_recursive_{number}");
        if self.i.has_function(&name) {
            return name;
        }
        let (whole, divergence) = self.outermost;
        let f = &whole.routines[number as usize];
        let mut types = vec![self.i.ptr(); 2];
        types.extend(f.params.iter().filter_map(|p| if let Param::Scalar { ty, .. } = p { Some(self.i.scalar(*ty)) } else { None }));
        let scalars = types.len() - 2;
        types.extend(f.params.iter().filter(|p| matches!(p, Param::Array { .. })).map(|_| self.i.ptr()));
        let aside = self.lay_function_aside(&name, &types, f, divergence.routine(number as usize));
        let start = self.i.here();
        let out = self.i.param(1);
        let (mut next_scalar, mut next_array) = (2, 2 + scalars as u32);
        let mut words = vec![None; f.arrays.len()];
        for (n, param) in f.params.iter().enumerate() {
            match param {
                Param::Scalar { .. } => {
                    self.params[n] = Some(Rep::Uniform(self.i.param(next_scalar)));
                    next_scalar += 1;
                }
                Param::Array { array, .. } => {
                    words[array.index()] = Some(self.i.param(next_array));
                    next_array += 1;
                }
            }
        }
        for (info, words) in f.arrays.iter().zip(words) {
            match (words, &info.storage) {
                (Some(words), _) => self.bind(words, info.ty.ndim as usize),
                (None, Some(Storage::Local(shape))) => self.bind_own(info, shape),
                (None, Some(_)) => unreachable!("verified: a routine has no shared memory"),
                (None, None) => self.bind_constant(info),
            }
        }
        self.make_slots();
        let (ready, done, abort) = (self.i.block("ready"), self.i.block("done"), self.i.block("abort"));
        self.frame.abort = abort;
        self.poll(ready);
        self.i.go(ready);
        self.body(done);
        self.i.go(done);
        for (n, slot) in f.results.iter().enumerate() {
            let v = self.scalar_of(self.get(*slot));
            let ty = f.slot(*slot).ty;
            let stored = if ty == ScalarType::Bool { self.to_stored(v, ty) } else { v };
            self.i.store(stored, self.i.offset(out, self.i.i64(n as i64 * 8)), 8);
        }
        self.i.ret_value(self.i.i32(0));
        self.i.go(abort);
        self.i.ret_value(self.i.i32(ABORT));
        self.i.seal_entry(start);
        self.take_up(aside);
        name
    }

    /// A local array of a routine lies in its frame.
    fn bind_own(&mut self, info: &ArrayInfo, shape: &[u64]) {
        let elem = info.ty.elem.size() as u64;
        let pointer = self.i.alloca(self.i.array(self.i.int(8), shape.iter().product::<u64>() * elem), 64);
        let mut fixed = vec![elem as i64; shape.len()];
        for axis in (1..shape.len()).rev() {
            fixed[axis - 1] = fixed[axis] * shape[axis] as i64;
        }
        let extents: Vec<V<'c>> = shape.iter().map(|n| self.i.i64(*n as i64)).collect();
        let strides: Vec<V<'c>> = fixed.iter().map(|s| self.i.i64(*s)).collect();
        let words = self.i.alloca(self.i.array(self.i.int(64), 1 + 2 * shape.len() as u64), 8);
        self.i.store(pointer, words, 8);
        for (n, word) in extents.iter().chain(&strides).enumerate() {
            self.i.store(*word, self.i.offset(words, self.i.i64(8 * (n as i64 + 1))), 8);
        }
        self.arrays.push(Bound { pointer, extents, strides, words, fixed: Some(fixed), own: None });
    }

    fn lay_function_aside(&mut self, name: &str, types: &[super::super::instr::T<'c>], f: &'a Function, d: &'a Divergence) -> Aside<'a, 'c> {
        let outer = self.i.enter(name, self.i.int(32), types);
        let context = self.i.param(0);
        let word = |e: &Self, ty, n: i64| e.i.load(ty, e.i.offset(context, e.i.i64(n * 8)), 8);
        let three = |e: &Self, first: i64| [0, 1, 2].map(|n| word(e, e.i.int(32), first + n));
        let frame = Frame {
            launch: word(self, self.i.ptr(), LAUNCH),
            block: word(self, self.i.int(64), BLOCK),
            thread: word(self, self.i.int(64), THREAD),
            thread_idx: three(self, THREAD_IDX).map(Rep::Uniform),
            block_idx: three(self, BLOCK_IDX),
            block_dim: three(self, BLOCK_DIM),
            grid_dim: three(self, GRID_DIM),
            abort: self.i.here(),
        };
        let indexes = Some(self.i.offset(context, self.i.i64(INDEXES * 8)));
        let scratch = (0..BUFFERS).map(|n| self.i.offset(context, self.i.i64((SCRATCH + n * WARP as i64) * 8))).collect();
        let inner = Inner { f, d, lanes: 1, routine: false, frame: Some(frame), context: Some(context), scratch, indexes };
        self.lay_aside(outer, inner)
    }
}
