//! Element access: bounds, the pattern of addresses, and its best form.
//!
//! Every access whose indexes are not proven to be in bounds ([`crate::pass::inside`]) has a fast path, taken when they are, and a cold one that knows the whole rule (`vg_access`): negative indexes, failures, lanes that are off while a line of
//! addresses runs past the end. A line of indexes is judged by those of its first and last acting lane.

use inkwell::basic_block::BasicBlock;

use super::super::cpu::Level;
use super::super::instr::{IntPred, Opcode, T, V};
use super::super::runtime::{AccessKind, AccessRequest};
use super::{Emitter, Own, Rep, WARP};
use crate::abi::SiteKind;
use crate::faults::{self, Fault};
use crate::ir::{Array, Inst, Part, Value};
use crate::op::AtomicOp;
use crate::pass::divergence::Class;
use crate::types::{Layout, MOST_AXES, ScalarType};

/// Laps between the fetching of a line and its use, where laps are far apart (measured: 8 are too few, 32 help some more on an idle machine).
const LAPS_AHEAD: i64 = 24;
/// Bytes of a line of the caches.
const LINE: usize = 64;

/// How the addresses of the acting lanes lie.
enum Address<'c> {
    /// One address for all.
    One(V<'c>),
    /// Lane l is at `base + l * size`.
    Consecutive(V<'c>),
    /// A vector of pointers.
    Each(V<'c>),
}

/// One access, taken apart.
struct Access<'c> {
    array: Array,
    index: Vec<(Rep<'c>, bool)>,
    /// The indexes of the quick path: constants that count from the end are counted already.
    near: Vec<Rep<'c>>,
    /// Type moved.
    ty: ScalarType,
    /// Byte of the element at which it lies.
    offset: u8,
    /// Size of the whole element.
    elem: u32,
    layout: Layout,
    /// Each lane has its own element: a local array of a warp.
    own: bool,
    /// Axes whose index needs no check, as bits.
    inside: u32,
}

impl<'c> Emitter<'_, 'c> {
    pub(super) fn load(&mut self, at: Value, array: Array, index: &[Value], part: Part) -> Rep<'c> {
        let varying = self.d.value(at) == Class::Varying;
        if self.routine && varying {
            return Rep::Varying(self.look_up(array, index[0]));
        }
        let a = self.access(at, array, index, part);
        let scalar = self.i.stored(a.ty);
        let ty = if varying { self.i.vector(scalar, self.lanes) } else { scalar };
        if self.routine {
            // A table of the math library, whose text keeps to its bounds.
            let Address::One(p) = self.address(&a) else { unreachable!("one place for all lanes") };
            return Rep::Uniform(self.i.load(scalar, p, a.align()));
        }
        let paths = self.quick_path(&a, "loaded");
        let quick = match self.address(&a) {
            Address::One(p) => self.i.load(scalar, p, a.align()),
            Address::Consecutive(p) => {
                self.look_ahead(p, index, &a);
                self.load_run(p, ty, &a)
            }
            Address::Each(p) => self.gather(p, ty, &a),
        };
        let whole = |e: &Self, stored| {
            let value = e.from_stored(stored, a.ty);
            if varying { Rep::Varying(value) } else { Rep::Uniform(value) }
        };
        let Some((cold, join)) = paths else { return whole(self, quick) };
        let fast_end = self.i.here();
        self.i.br(join);

        self.i.go(cold);
        let buffer = self.buffer(0);
        self.i.store(self.i.zero(ty), buffer, 64);
        self.cold(at, &a, buffer, false, varying, false);
        let slow = self.i.load(ty, buffer, 64);
        let cold_end = self.i.here();
        self.i.br(join);

        self.i.go(join);
        let phi = self.i.phi(ty);
        self.i.incoming(phi, &[(quick, fast_end), (slow, cold_end)]);
        whole(self, phi)
    }

    pub(super) fn store(&mut self, at: Value, array: Array, index: &[Value], part: Part, value: Value) {
        let a = self.access(at, array, index, part);
        let one = a.is_one();
        let data = if one { self.last_acting(value) } else { self.vector(value) };
        let data = self.to_stored(data, a.ty);
        let paths = self.quick_path(&a, "stored");
        match self.address(&a) {
            Address::One(p) => self.i.store(data, p, a.align()),
            Address::Consecutive(p) => self.store_run(p, data, &a),
            Address::Each(p) => self.scatter(p, data, &a),
        }
        let Some((cold, join)) = paths else { return };
        self.i.br(join);

        self.i.go(cold);
        let buffer = self.buffer(0);
        self.i.store(data, buffer, 64);
        self.cold(at, &a, buffer, true, !one, false);
        self.i.br(join);
        self.i.go(join);
    }

    /// An atomic operation: the lanes' old values, in ascending order of lanes.
    pub(super) fn atomic(&mut self, at: Value, op: AtomicOp, (array, index, part): (Array, &[Value], Part), operands: [Option<Value>; 2]) -> Rep<'c> {
        let a = self.access(at, array, index, part);
        let warp = self.lanes != 1;
        let places = self.buffer(1);
        let paths = self.quick_path(&a, "atomic");
        let addresses = match self.address(&a) {
            Address::One(p) if warp => self.i.splat(p, self.lanes),
            Address::One(p) => p,
            Address::Consecutive(p) => {
                let run = self.spread(Rep::Linear(self.i.i64(0), i64::from(a.elem)));
                self.i.offset(p, run)
            }
            Address::Each(p) => p,
        };
        self.i.store(addresses, places, 64);
        if let Some((cold, join)) = paths {
            self.i.br(join);
            self.i.go(cold);
            self.cold(at, &a, places, true, warp, true);
            self.i.br(join);
            self.i.go(join);
        }
        let scalar = self.i.scalar(a.ty);
        let ty = if warp { self.i.vector(scalar, self.lanes) } else { scalar };
        let old = self.buffer(0);
        self.i.store(self.i.zero(ty), old, 64);
        let mut buffers = [old; 2];
        for (n, operand) in operands.into_iter().enumerate() {
            if let Some(value) = operand {
                buffers[n] = self.buffer(2 + n);
                let v = if warp { self.vector(value) } else { self.base(value) };
                self.i.store(v, buffers[n], 64);
            }
        }
        // A block is one thread's of the host at any time.
        let alone = self.arrays[array.index()].own.is_some();
        let name = super::super::atomics::symbol(op, a.ty, alone);
        let mut mask = self.mask_bits();
        if faults::is(Fault::AtomicOfOneLane) {
            mask = self.i.and(mask, self.i.neg(mask));
        }
        self.i.call(&name, self.i.void(), &[places, mask, buffers[0], buffers[1], old]);
        let result = self.i.load(ty, old, 64);
        if warp { Rep::Varying(result) } else { Rep::Uniform(result) }
    }

    fn access(&self, at: Value, array: Array, index: &[Value], part: Part) -> Access<'c> {
        let elem = self.f.array(array).ty.elem;
        Access {
            array,
            index: index.iter().map(|v| (self.rep(*v), self.f.ty(*v).is_unsigned())).collect(),
            near: index.iter().enumerate().map(|(axis, v)| self.counted(array, axis, *v)).collect(),
            ty: if part == Part::Whole { elem } else { elem.part() },
            offset: if part == Part::Imag { elem.part().size() as u8 } else { 0 },
            elem: elem.size() as u32,
            layout: self.f.array(array).ty.layout,
            own: self.lanes != 1 && matches!(self.arrays[array.index()].own, Some(Own::Local(_))),
            inside: self.inside.get(&at).copied().unwrap_or(0),
        }
    }

    /// An index; a negative constant from the start of the axis.
    fn counted(&self, array: Array, axis: usize, index: Value) -> Rep<'c> {
        match (self.f.inst(index), self.rep(index)) {
            (Inst::Const(c), Rep::Uniform(v)) if c.ty().is_signed() && c.as_int() < 0 => {
                Rep::Uniform(self.i.add(self.arrays[array.index()].extents[axis], v))
            }
            (_, rep) => rep,
        }
    }

    /// What was loaded as values of that type.
    pub(super) fn from_stored(&self, v: V<'c>, ty: ScalarType) -> V<'c> {
        match ty {
            ScalarType::Bool => {}
            ScalarType::F16 => return self.widen_half(v),
            ScalarType::BF16 => return self.widen_brain(v),
            _ => return v,
        }
        self.i.icmp(IntPred::LLVMIntNE, v, self.i.zero(self.i.type_of(v)))
    }

    /// Values of that type as they are stored.
    pub(super) fn to_stored(&self, v: V<'c>, ty: ScalarType) -> V<'c> {
        match ty {
            ScalarType::Bool => {}
            ScalarType::F16 => return self.narrow_half(v),
            ScalarType::BF16 => return self.narrow_brain(v),
            _ => return v,
        }
        let byte = self.i.int(8);
        let lanes = self.i.lanes_of(v);
        self.i.cast(Opcode::LLVMZExt, v, if lanes == 0 { byte } else { self.i.vector(byte, lanes) })
    }

    /// The value of the highest acting lane, which is what stands in memory after all lanes store to one address in order.
    fn last_acting(&self, value: Value) -> V<'c> {
        match self.rep(value) {
            Rep::Uniform(v) => v,
            other => {
                let vector = self.spread(other);
                let count = if faults::is(Fault::LowestLaneStores) { "llvm.cttz" } else { "llvm.ctlz" };
                let zeros = self.i.intrinsic(count, &[self.i.int(32)], &[self.mask_bits(), self.i.i1(false)]);
                // The mask is not empty here, so the lane is 0 to 31.
                let lane = self.i.and(self.i.sub(self.i.i32(31), zeros), self.i.i32(31));
                self.i.extract(vector, lane)
            }
        }
    }

    /// The first and the last acting lane, i64: others' addresses may lie anywhere.
    fn outermost_lanes(&self) -> [V<'c>; 2] {
        if self.full_mask() {
            return [self.i.i64(0), self.i.i64(i64::from(self.lanes) - 1)];
        }
        // Not empty here; were it, both would be lanes still.
        let [before, behind] =
            ["llvm.cttz", "llvm.ctlz"].map(|count| self.i.intrinsic(count, &[self.i.int(32)], &[self.mask_bits(), self.i.i1(false)]));
        [before, self.i.sub(self.i.i32(31), behind)].map(|lane| self.i.resize(self.i.and(lane, self.i.i32(31)), self.i.int(64), false))
    }

    /// Goes on with the fast path; gives where the cold one begins and where both meet, if there is one.
    fn quick_path(&self, a: &Access<'c>, join: &str) -> Option<(BasicBlock<'c>, BasicBlock<'c>)> {
        let ok = self.in_bounds(a)?;
        let (fast, cold, join) = (self.i.block("in"), self.i.block("out"), self.i.block(join));
        self.i.cond_br_likely(ok, fast, cold);
        self.i.go(fast);
        Some((cold, join))
    }

    /// Whether the fast path may run: an i1; `None` where it always may.
    fn in_bounds(&self, a: &Access<'c>) -> Option<V<'c>> {
        let mut scalar: Option<V<'c>> = None;
        let mut vector: Option<V<'c>> = None;
        for (axis, (index, (_, unsigned))) in a.near.iter().zip(&a.index).enumerate() {
            if a.inside >> axis & 1 == 1 {
                continue;
            }
            let extent = self.arrays[a.array.index()].extents[axis];
            let fits = |v: V<'c>| match self.i.lanes_of(v) {
                lanes if self.check_bounds => {
                    let extent = if lanes == 0 { extent } else { self.i.splat(extent, lanes) };
                    self.i.icmp(IntPred::LLVMIntULT, v, extent)
                }
                _ if *unsigned => self.i.ones(self.i.type_of(self.i.icmp(IntPred::LLVMIntEQ, v, v))),
                _ => self.i.icmp(IntPred::LLVMIntSGE, v, self.i.zero(self.i.type_of(v))),
            };
            match *index {
                Rep::Uniform(v) => scalar = Some(scalar.map_or(fits(v), |s| self.i.and(s, fits(v)))),
                Rep::Linear(base, stride) => {
                    let ends = self.outermost_lanes().map(|lane| self.i.add(base, self.i.mul(lane, self.i.i64(stride))));
                    let both = self.i.and(fits(ends[0]), fits(ends[1]));
                    scalar = Some(scalar.map_or(both, |s| self.i.and(s, both)));
                }
                Rep::Varying(v) => vector = Some(vector.map_or(fits(v), |s| self.i.and(s, fits(v)))),
            }
        }
        let vector = vector.map(|ok| {
            let bad = if self.full_mask() { self.i.not(ok) } else { self.i.select(self.mask, self.i.not(ok), self.i.zero(self.mask_type())) };
            self.i.not(self.any(bad))
        });
        match (scalar, vector) {
            (Some(s), Some(v)) => Some(self.i.and(s, v)),
            // The one element of an array without axes is always there.
            (s, v) => s.or(v),
        }
    }

    /// Bytes from one element to the next along an axis, if known at compile time.
    fn dense_stride(&self, a: &Access<'c>, axis: usize) -> Option<i64> {
        if let Some(fixed) = &self.arrays[a.array.index()].fixed {
            return Some(fixed[axis]);
        }
        let ty = self.f.array(a.array).ty;
        let dense = match ty.layout {
            Layout::C => ty.ndim as usize - 1,
            Layout::F => 0,
            Layout::A => return None,
        };
        (axis == dense).then_some(a.elem as i64)
    }

    fn address(&self, a: &Access<'c>) -> Address<'c> {
        let bound = &self.arrays[a.array.index()];
        let mut base = self.i.i64(a.offset as i64);
        let mut step = Some(if a.own { i64::from(a.elem) } else { 0 });
        let mut lanes: Option<V<'c>> = a.own.then(|| self.spread(Rep::Linear(self.i.i64(0), a.elem.into())));
        for (axis, index) in a.near.iter().enumerate() {
            let dense = self.dense_stride(a, axis);
            let stride = dense.map_or(bound.strides[axis], |s| self.i.i64(s));
            match *index {
                Rep::Uniform(v) => base = self.i.add(base, self.i.mul(v, stride)),
                Rep::Linear(v, per_lane) => {
                    base = self.i.add(base, self.i.mul(v, stride));
                    match dense {
                        Some(s) => step = step.and_then(|t| t.checked_add(per_lane.checked_mul(s)?)),
                        None => {
                            step = None;
                            let run = self.spread(Rep::Linear(self.i.i64(0), per_lane));
                            let term = self.i.mul(run, self.i.splat(stride, self.lanes));
                            lanes = Some(lanes.map_or(term, |l| self.i.add(l, term)));
                            continue;
                        }
                    }
                    if a.index.len() > 1 || lanes.is_some() {
                        // Kept as a vector too, in case another axis breaks the run; LLVM drops it if unused.
                        let term = self.spread(Rep::Linear(self.i.i64(0), per_lane.wrapping_mul(dense.unwrap_or(0))));
                        lanes = Some(lanes.map_or(term, |l| self.i.add(l, term)));
                    }
                }
                Rep::Varying(v) => {
                    step = None;
                    let term = self.i.mul(v, self.i.splat(stride, self.lanes));
                    lanes = Some(lanes.map_or(term, |l| self.i.add(l, term)));
                }
            }
        }
        if a.is_one() {
            return Address::One(self.i.offset(bound.pointer, base));
        }
        if let Some(step) = step {
            if step == self.size(a) as i64 {
                return Address::Consecutive(self.i.offset(bound.pointer, base));
            }
            let run = self.spread(Rep::Linear(self.i.i64(0), step));
            return Address::Each(self.i.offset(self.i.offset(bound.pointer, base), run));
        }
        let lanes = lanes.expect("an axis that varies");
        Address::Each(self.i.offset(self.i.offset(bound.pointer, base), lanes))
    }

    fn size(&self, a: &Access<'c>) -> u32 {
        a.ty.size() as u32
    }

    /// Whether the processor has masked loads and stores of runs for elements of this size.
    fn native_runs(&self, size: u32) -> bool {
        match self.level {
            Level::Avx512 => true,
            Level::Avx2 => size >= 4,
            _ => false,
        }
    }

    /// Has the lines of a later lap fetched, where the next ones lie a step of the grid away.
    fn look_ahead(&self, p: V<'c>, index: &[Value], a: &Access<'c>) {
        let Some((last, axis)) = index.last().zip(index.len().checked_sub(1)) else { return };
        let Inst::Get(slot) = self.f.inst(*last) else { return };
        // Inside the loop, whose latch has the step at hand.
        let Some((_, step)) = self.steps.get(slot).filter(|(label, _)| self.is_inside(*label)) else { return };
        let Some(Rep::Uniform(step)) = self.values[step.index()] else { return };
        if a.own || self.arrays[a.array.index()].own.is_some() {
            return;
        }
        let Some(stride) = self.dense_stride(a, axis) else { return };
        let ahead = self.i.offset(p, self.i.mul(step, self.i.i64(stride * LAPS_AHEAD)));
        for line in (0..i64::from(self.lanes * self.size(a))).step_by(LINE) {
            let at = self.i.offset(ahead, self.i.i64(line));
            // To be read, kept in the second level, data.
            self.i.intrinsic("llvm.prefetch", &[self.i.ptr()], &[at, self.i.i32(0), self.i.i32(2), self.i.i32(1)]);
        }
    }

    fn load_run(&mut self, p: V<'c>, ty: T<'c>, a: &Access<'c>) -> V<'c> {
        if self.full_mask() {
            return self.i.load(ty, p, a.align());
        }
        if self.native_runs(self.size(a)) {
            let v = self.i.intrinsic("llvm.masked.load", &[ty, self.i.ptr()], &[p, self.mask, self.i.zero(ty)]);
            self.i.align_argument(v, 1, a.align());
            return v;
        }
        let buffer = self.buffer(0);
        self.i.store(self.i.zero(ty), buffer, 64);
        let size = self.i.i64(self.size(a) as i64);
        self.i.call("vg_masked_load", self.i.void(), &[p, self.mask_bits(), buffer, size]);
        self.i.load(ty, buffer, 64)
    }

    fn store_run(&mut self, p: V<'c>, data: V<'c>, a: &Access<'c>) {
        if self.full_mask() {
            return self.i.store(data, p, a.align());
        }
        if self.native_runs(self.size(a)) {
            let ty = self.i.type_of(data);
            let call = self.i.intrinsic("llvm.masked.store", &[ty, self.i.ptr()], &[data, p, self.mask]);
            return self.i.align_argument(call, 2, a.align());
        }
        let buffer = self.buffer(0);
        self.i.store(data, buffer, 64);
        let size = self.i.i64(self.size(a) as i64);
        self.i.call("vg_masked_store", self.i.void(), &[p, self.mask_bits(), buffer, size]);
    }

    fn gather(&mut self, pointers: V<'c>, ty: T<'c>, a: &Access<'c>) -> V<'c> {
        let size = self.size(a);
        if self.level >= Level::Avx2 && size >= 4 {
            let v = self.i.intrinsic("llvm.masked.gather", &[ty, self.i.type_of(pointers)], &[pointers, self.mask, self.i.zero(ty)]);
            self.i.align_argument(v, 1, a.align());
            return v;
        }
        let (at, out) = (self.buffer(1), self.buffer(0));
        self.i.store(pointers, at, 64);
        self.i.store(self.i.zero(ty), out, 64);
        self.i.call("vg_gather", self.i.void(), &[at, self.mask_bits(), out, self.i.i64(size as i64)]);
        self.i.load(ty, out, 64)
    }

    fn scatter(&mut self, pointers: V<'c>, data: V<'c>, a: &Access<'c>) {
        let size = self.size(a);
        if self.level >= Level::Avx512 && size >= 4 {
            let types = [self.i.type_of(data), self.i.type_of(pointers)];
            let call = self.i.intrinsic("llvm.masked.scatter", &types, &[data, pointers, self.mask]);
            return self.i.align_argument(call, 2, a.align());
        }
        let (at, from) = (self.buffer(1), self.buffer(0));
        self.i.store(pointers, at, 64);
        self.i.store(data, from, 64);
        self.i.call("vg_scatter", self.i.void(), &[at, self.mask_bits(), from, self.i.i64(size as i64)]);
    }

    /// Calls the whole rule on the lanes' elements in `buffer`, or writes their addresses there; leaves the warp if one failed.
    fn cold(&mut self, at: Value, a: &Access<'c>, buffer: V<'c>, store: bool, each: bool, addresses: bool) {
        let ndim = a.index.len();
        let indexes = self.index_buffer();
        for (axis, (index, _)) in a.index.iter().enumerate() {
            let place = self.i.offset(indexes, self.i.i64(axis as i64 * WARP as i64 * 8));
            match *index {
                Rep::Uniform(v) if !each => self.i.store(v, place, 8),
                other => self.i.store(self.spread(other), place, 64),
            }
        }
        let name = self.f.array(a.array).name.clone();
        let site = self.site(at, SiteKind::Index { array: name });
        let unsigned = a.index.iter().enumerate().fold(0, |bits, (n, (_, u))| bits | (*u as u8) << n);
        let kind = AccessKind {
            size: if addresses { 0 } else { a.ty.size() as u8 },
            offset: a.offset,
            ndim: ndim as u8,
            unsigned,
            store,
            check: self.check_bounds,
            own: if a.own { a.elem as u8 } else { 0 },
        };
        let (thread, mask) = if each { (self.frame.thread, self.mask_bits()) } else { (self.first_thread(), self.i.i32(1)) };
        let words = self.arrays[a.array.index()].words;
        let f = &self.frame;
        let fields = [f.launch, words, indexes, buffer, f.block, thread, self.i.i64(kind.pack()), mask, self.i.i32(site as i32)];
        let request = self.request();
        for (field, at) in fields.into_iter().zip(AccessRequest::PLACES) {
            self.i.store(field, self.i.offset(request, self.i.i64(at as i64)), 4);
        }
        let failed = if self.level >= Level::Avx2 {
            self.i.call_keeping_registers("vg_access_keeping_registers", request)
        } else {
            self.i.call("vg_access", self.i.int(32), &[request])
        };
        let go_on = self.i.block("go.on");
        let ok = self.i.icmp(IntPred::LLVMIntEQ, failed, self.i.i32(0));
        self.i.cond_br_likely(ok, go_on, self.frame.abort);
        self.i.go(go_on);
    }

    /// Room for an [`AccessRequest`].
    fn request(&mut self) -> V<'c> {
        let i = &self.i;
        *self.request.get_or_insert_with(|| i.alloca(i.array(i.int(8), size_of::<AccessRequest>() as u64), 8))
    }

    fn index_buffer(&mut self) -> V<'c> {
        match self.indexes {
            Some(v) => v,
            None => {
                let v = self.i.alloca(self.i.array(self.i.int(64), u64::from(MOST_AXES) * u64::from(WARP)), 64);
                self.indexes = Some(v);
                v
            }
        }
    }
}

impl Access<'_> {
    /// Whether all lanes touch one element.
    fn is_one(&self) -> bool {
        !self.own && self.index.iter().all(|(r, _)| matches!(r, Rep::Uniform(_)))
    }

    fn align(&self) -> u32 {
        // Fields of packed records lie anywhere; their arrays are strided ones.
        if self.layout == Layout::A { 1 } else { self.ty.size() as u32 }
    }
}
