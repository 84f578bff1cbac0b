//! Constructs, and the masks that varying control flow becomes.

use inkwell::basic_block::BasicBlock;

use super::super::cpu::Level;
use super::super::instr::{IntPred, Opcode, V};
use super::{Emitter, Rep};
use crate::abi::SiteKind;
use crate::faults::{self, Fault};
use crate::ir::{Block, Failure, Inst, Kind, Label, Slot, Value};
use crate::op::{Op, WarpOp};
use crate::pass::divergence::Class;
use crate::pass::{laps, spins};
use crate::types::ScalarType;

/// Laps after which a loop that waits says so; a power of two.
const LAPS: i32 = 1024;

/// Operations of an arm that is run without asking whether a lane acts in it.
const MOST_LIGHT: usize = 4;

/// A `Set`: of what, to what, and where it stands.
type Assignment = (Slot, Value, Value);

/// A construct that can be left.
#[derive(Clone, Copy)]
pub(super) struct Target<'c> {
    label: Label,
    exit: BasicBlock<'c>,
    /// Lanes that act after the construct, if they may be fewer than before.
    exit_mask: Option<V<'c>>,
    latch: Option<BasicBlock<'c>>,
    /// Lanes waiting at the latch.
    continued: Option<V<'c>>,
}

/// Where to go when no lane acts in a block any more.
pub(super) struct End<'c> {
    pub(super) block: BasicBlock<'c>,
    /// Variable that takes the (then empty) mask.
    pub(super) mask: Option<V<'c>>,
}

/// How control leaves a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// It runs on to what follows.
    Open,
    /// It runs on, with no lane acting.
    Empty,
    /// It has branched away.
    Ended,
}

impl<'c> Emitter<'_, 'c> {
    /// Emits the whole body; control ends in `done`.
    pub(super) fn body(&mut self, done: BasicBlock<'c>) {
        self.ends.push(End { block: done, mask: None });
        let f = self.f;
        if self.block(&f.body) != Flow::Ended {
            self.i.br(done);
        }
        self.ends.pop();
    }

    /// Emits instructions that hold no barrier.
    pub(super) fn block(&mut self, block: &Block) -> Flow {
        for &at in block {
            let f = self.f;
            let inst = f.inst(at);
            if self.maybe_empty && self.must_have_lanes(inst) {
                self.leave_if_empty();
            }
            if let Some(flow) = self.on_gpu(at, inst) {
                if flow != Flow::Open {
                    return flow;
                }
                continue;
            }
            let flow = match inst {
                Inst::Set(slot, value) => {
                    self.set(at, *slot, *value);
                    Flow::Open
                }
                Inst::Store { array, index, part, value } => {
                    self.store(at, *array, index, *part, *value);
                    Flow::Open
                }
                Inst::If { cond, then, otherwise } => self.branch(at, *cond, then, otherwise),
                Inst::Loop { label, body, latch } => self.repeat(at, *label, body, latch),
                Inst::Scope { label, body } => self.scope(at, *label, body),
                Inst::Break(label) => self.leave(at, *label, false),
                Inst::Continue(label) => self.leave(at, *label, true),
                Inst::Fail(failure) => self.fail(at, *failure),
                Inst::Print { pieces, values } => {
                    self.print(pieces, values);
                    Flow::Open
                }
                Inst::Report(failure) => {
                    self.report(at, *failure);
                    Flow::Open
                }
                // Its lanes run as one, in program order.
                Inst::Warp { op: WarpOp::Sync, .. } => Flow::Open,
                Inst::Call { routine, args, arrays, into, ended } => {
                    self.call_routine(at, *routine, args, arrays, into, *ended);
                    Flow::Open
                }
                Inst::Leave => {
                    self.leave_routine();
                    Flow::Ended
                }
                Inst::Fence => {
                    self.i.fence();
                    Flow::Open
                }
                _ => {
                    self.value(at, inst);
                    Flow::Open
                }
            };
            if flow != Flow::Open {
                return flow;
            }
        }
        Flow::Open
    }

    /// Whether an instruction must not run when no lane acts. Pure scalar and vector arithmetic may.
    fn must_have_lanes(&self, inst: &Inst) -> bool {
        match inst {
            Inst::Apply { op, args } => {
                let divides = matches!(op, Op::FloorDiv | Op::Mod) && !self.is_power_of_two(args[1]);
                self.exact_flags && args.iter().any(|a| self.f.ty(*a).is_float()) || op.effects().call || divides || *op == Op::Pow
            }
            Inst::Const(_) | Inst::Param(_) | Inst::Geometry(_) | Inst::Extent { .. } | Inst::Get(_) | Inst::Set(..) => false,
            _ => true,
        }
    }

    /// Whether a divisor is a constant by which division is a shift.
    fn is_power_of_two(&self, divisor: Value) -> bool {
        matches!(self.f.inst(divisor), Inst::Const(c) if self.f.ty(divisor).is_integer() && c.as_int() > 0 && c.as_int().count_ones() == 1)
    }

    /// Whether an arm costs less than a branch around it: a few operations of the vector units, which may run with no lane acting, and perhaps the lanes' leaving a construct. In kernels an arm
    /// that lanes leave by with a result (`if ...: return i`) is run once a lane: there, where masks are bits, the branch is cheaper than parting the mask for the blend in every lap (a tenth of the
    /// Mandelbrot kernel's time); in ufuncs the mask is in parts anyway, for what is held.
    fn is_light(&self, arm: &Block) -> bool {
        let mut operations = 0;
        let leaves = arm.iter().any(|at| matches!(self.f.inst(*at), Inst::Break(_) | Inst::Continue(_)));
        let results = arm.iter().any(|at| matches!(self.f.inst(*at), Inst::Set(slot, _) if self.d.slot(*slot) == Class::Varying));
        if leaves && results && self.f.kind == Kind::Kernel && self.masks_as_bits() {
            return false;
        }
        arm.iter().all(|at| {
            let inst = self.f.inst(*at);
            match inst {
                Inst::Apply { op, .. } => {
                    operations += 1;
                    let slow = matches!(op, Op::Div | Op::Math(_) | Op::Cast(ScalarType::F16 | ScalarType::BF16));
                    operations <= MOST_LIGHT && !slow && !self.must_have_lanes(inst)
                }
                Inst::Break(_) | Inst::Continue(_) => self.phases.is_none() && self.d.is_partial(*at),
                Inst::Const(_) | Inst::Param(_) | Inst::Get(_) | Inst::Set(..) => true,
                _ => false,
            }
        })
    }

    fn leave_if_empty(&mut self) {
        let end = self.ends.last().expect("a body has an end");
        if let Some(mask) = end.mask {
            self.store_mask(self.no_lanes(), mask);
        }
        let go_on = self.i.block("some");
        let any = self.any(self.mask);
        self.i.cond_br(any, go_on, end.block);
        self.i.go(go_on);
        self.maybe_empty = false;
    }

    fn no_lanes(&self) -> V<'c> {
        self.i.zero(self.mask_type())
    }

    /// Whether masks are merged and tested as 32-bit integers. Where the processor has mask registers a move from one is the cheapest way to branch on it, and the integer unit
    /// has time that the vector units lack; without them a mask is a vector whatever it is called.
    fn masks_as_bits(&self) -> bool {
        self.level == Level::Avx512 && self.lanes == super::WARP
    }

    pub(super) fn mask_variable(&self, initial: V<'c>) -> V<'c> {
        let ty = if self.masks_as_bits() { self.i.int(32) } else { self.mask_type() };
        let variable = self.i.alloca(ty, 4);
        self.store_mask(initial, variable);
        variable
    }

    pub(super) fn load_mask(&self, variable: V<'c>) -> V<'c> {
        if self.masks_as_bits() {
            return self.lanes_of_bits(self.i.load(self.i.int(32), variable, 4));
        }
        self.i.load(self.mask_type(), variable, 4)
    }

    pub(super) fn store_mask(&self, mask: V<'c>, variable: V<'c>) {
        let stored = if self.masks_as_bits() { self.bits(mask) } else { mask };
        self.i.store(stored, variable, 4);
    }

    fn lanes_of_bits(&self, bits: V<'c>) -> V<'c> {
        self.i.cast(Opcode::LLVMBitCast, bits, self.mask_type())
    }

    fn either(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        if self.masks_as_bits() { self.lanes_of_bits(self.i.or(self.bits(a), self.bits(b))) } else { self.i.or(a, b) }
    }

    /// The acting lanes where a condition holds, and those where it does not.
    fn divided(&self, acting: V<'c>, cond: V<'c>) -> [V<'c>; 2] {
        let [yes, no] = self.parted(acting, cond);
        match () {
            () if faults::is(Fault::ArmsSwapped) => [no, yes],
            () if faults::is(Fault::ElseTakesAll) => [yes, acting],
            () => [yes, no],
        }
    }

    fn parted(&self, acting: V<'c>, cond: V<'c>) -> [V<'c>; 2] {
        // The rest is a difference of masks, not the negated condition: LLVM would compute the comparison a second time, negated.
        if self.masks_as_bits() {
            let before = self.bits(acting);
            // Frozen: one lane that is poison must not make the whole integer so.
            let yes = self.i.and(before, self.bits(self.i.freeze(cond)));
            let no = self.i.binary(Opcode::LLVMXor, before, yes);
            return [self.lanes_of_bits(yes), self.lanes_of_bits(no)];
        }
        self.parted_in_place(acting, cond)
    }

    /// As `divided`, of masks that are used where they are: by operations of single lanes, not by branches.
    fn parted_in_place(&self, acting: V<'c>, cond: V<'c>) -> [V<'c>; 2] {
        let yes = if self.full_mask() { cond } else { self.i.select(acting, cond, self.no_lanes()) };
        [yes, self.i.binary(Opcode::LLVMXor, acting, yes)]
    }

    fn accumulate(&self, variable: V<'c>, mask: V<'c>) {
        let old = self.load_mask(variable);
        self.store_mask(self.either(old, mask), variable);
    }

    /// Emits one arm in the current block and joins `join`, leaving the arm's last mask in `after` if given.
    fn arm(&mut self, block: &Block, mask: V<'c>, after: Option<V<'c>>, join: BasicBlock<'c>) -> Flow {
        self.mask = mask;
        self.maybe_empty = false;
        self.ends.push(End { block: join, mask: after });
        let flow = self.block(block);
        self.ends.pop();
        if flow != Flow::Ended {
            if let Some(after) = after {
                let last = if flow == Flow::Empty { self.no_lanes() } else { self.mask };
                self.store_mask(last, after);
            }
            self.i.br(join);
        }
        flow
    }

    fn branch(&mut self, at: Value, cond: Value, then: &Block, otherwise: &Block) -> Flow {
        match self.rep(cond) {
            Rep::Uniform(c) => self.uniform_branch(at, c, then, otherwise),
            other => {
                let c = self.spread(other);
                self.varying_branch(at, c, then, otherwise);
                Flow::Open
            }
        }
    }

    fn uniform_branch(&mut self, at: Value, cond: V<'c>, then: &Block, otherwise: &Block) -> Flow {
        let before = self.mask;
        let after = self.d.loses_lanes(at).then(|| self.mask_variable(before));
        let (yes, no, join) = (self.i.block("then"), self.i.block("else"), self.i.block("join"));
        self.i.cond_br(cond, yes, no);
        self.i.go(yes);
        let first = self.arm(then, before, after, join);
        self.i.go(no);
        let second = self.arm(otherwise, before, after, join);
        self.i.go(join);
        self.after(before, after);
        if first == Flow::Ended && second == Flow::Ended {
            // Neither arm comes here unless a mask ran empty on the way; without lanes to lose the join is dead.
            if after.is_none() {
                self.i.builder.build_unreachable().expect("a positioned builder");
                return Flow::Ended;
            }
            return Flow::Empty;
        }
        Flow::Open
    }

    fn varying_branch(&mut self, at: Value, cond: V<'c>, then: &Block, otherwise: &Block) {
        let before = self.mask;
        let off = self.no_lanes();
        let loses = self.d.loses_lanes(at);
        let light = !self.routine && self.is_light(then) && self.is_light(otherwise);
        if light && self.choose(cond, then, otherwise) {
            return;
        }
        let masks = if light { self.parted_in_place(before, cond) } else { self.divided(before, cond) };
        let mut rest = Vec::new();
        for (mask, block) in masks.into_iter().zip([then, otherwise]) {
            if block.is_empty() {
                rest.push(mask);
                continue;
            }
            if light {
                self.mask = mask;
                self.maybe_empty = false;
                let flow = self.block(block);
                rest.push(if flow == Flow::Empty { off } else { self.mask });
                continue;
            }
            let after = loses.then(|| self.mask_variable(off));
            let (go, join) = (self.i.block("arm"), self.i.block("join"));
            let any = self.any(mask);
            if self.routine {
                self.i.cond_br_rare(any, go, join)
            } else {
                self.i.cond_br(any, go, join)
            }
            self.i.go(go);
            self.arm(block, mask, after, join);
            self.i.go(join);
            if let Some(after) = after {
                rest.push(self.load_mask(after));
            }
        }
        if loses {
            self.mask = rest.into_iter().reduce(|a, b| self.either(a, b)).expect("two arms");
            self.maybe_empty = true;
        } else {
            self.mask = before;
            self.maybe_empty = false;
        }
    }

    /// Emits two light arms that end by assigning to the same slots as one run of instructions, without masks of their own: each lane takes the values of its arm. False, and nothing emitted,
    /// for other arms.
    fn choose(&mut self, cond: V<'c>, then: &Block, otherwise: &Block) -> bool {
        let f = self.f;
        let split = |arm: &Block| -> Option<(usize, Vec<Assignment>)> {
            let work = arm.iter().position(|at| matches!(f.inst(*at), Inst::Set(..))).unwrap_or(arm.len());
            let sets = arm[work..].iter().map(|at| match f.inst(*at) {
                Inst::Set(slot, value) => Some((*slot, *value, *at)),
                _ => None,
            });
            let mut sets = sets.collect::<Option<Vec<_>>>()?;
            sets.sort_by_key(|(slot, ..)| slot.index());
            Some((work, sets))
        };
        let (Some((first, ours)), Some((second, theirs))) = (split(then), split(otherwise)) else { return false };
        let slots = |sets: &[Assignment]| -> Vec<Slot> { sets.iter().map(|(slot, ..)| *slot).collect() };
        let (own, other) = (slots(&ours), slots(&theirs));
        let once = own.windows(2).all(|w| w[0] != w[1]) && own.iter().all(|slot| self.d.slot(*slot) == Class::Varying);
        let alone = [&then[..first], &otherwise[..second]]
            .iter()
            .all(|work| work.iter().all(|at| !matches!(f.inst(*at), Inst::Break(_) | Inst::Continue(_))));
        if own.is_empty() || own != other || !once || !alone {
            return false;
        }
        let maybe_empty = self.maybe_empty;
        for arm in [&then[..first], &otherwise[..second]] {
            let flow = self.block(&arm.to_vec());
            debug_assert_eq!(flow, Flow::Open, "straight-line");
        }
        let values: Vec<(V<'c>, V<'c>)> = ours.iter().zip(&theirs).map(|((_, a, _), (_, b, _))| (self.vector(*a), self.vector(*b))).collect();
        for ((slot, _, at), (yes, no)) in ours.into_iter().zip(values) {
            let (blends, runs_on) = self.d.of_both_arms(at);
            let chosen = self.i.select(cond, yes, no);
            self.assign(slot, chosen, blends, runs_on);
        }
        self.maybe_empty = maybe_empty;
        true
    }

    fn after(&mut self, before: V<'c>, after: Option<V<'c>>) {
        self.mask = after.map_or(before, |a| self.load_mask(a));
        self.maybe_empty = after.is_some();
    }

    fn scope(&mut self, at: Value, label: Label, body: &Block) -> Flow {
        let before = self.mask;
        let exit = self.i.block("scope.end");
        let exit_mask = self.d.loses_lanes(at).then(|| self.mask_variable(self.no_lanes()));
        self.targets.push(Target { label, exit, exit_mask, latch: None, continued: None });
        self.ends.push(End { block: exit, mask: None });
        self.maybe_empty = false;
        let flow = self.block(body);
        if flow == Flow::Open
            && let Some(v) = exit_mask
        {
            self.accumulate(v, self.mask);
        }
        if flow != Flow::Ended {
            self.i.br(exit);
        }
        self.ends.pop();
        self.targets.pop();
        self.i.go(exit);
        self.after(before, exit_mask);
        Flow::Open
    }

    fn repeat(&mut self, at: Value, label: Label, body: &Block, latch: &Block) -> Flow {
        let before = self.mask;
        let leaves = self.d.leaves_lane_by_lane(at);
        let off = if self.lanes == 1 { before } else { self.no_lanes() };
        let exit_mask = self.d.loses_lanes(at).then(|| self.mask_variable(off));
        let waits = self.has_partial_continue(body, label);
        let spin = (!self.routine && self.gpu.is_none() && self.f.kind == Kind::Kernel && spins::waits(self.f, at)).then(|| {
            let laps = self.i.alloca(self.i.int(32), 4);
            self.i.store(self.i.i32(0), laps, 4);
            laps
        });
        let running = leaves.then(|| self.mask_variable(before));
        let (head, latch_block, exit) = (self.i.block("loop"), self.i.block("latch"), self.i.block("loop.end"));
        let continued = waits.then(|| self.mask_variable(off));
        let live = (leaves || waits).then(|| self.mask_variable(off));
        self.i.br(head);
        self.i.go(head);
        self.mask = running.map_or(before, |v| self.load_mask(v));
        if let Some(v) = continued {
            self.store_mask(off, v);
        }
        self.targets.push(Target { label, exit, exit_mask, latch: Some(latch_block), continued });
        self.ends.push(End { block: latch_block, mask: live });
        self.maybe_empty = false;
        let flow = self.block(body);
        if flow != Flow::Ended {
            if let Some(v) = live {
                self.store_mask(if flow == Flow::Empty { off } else { self.mask }, v);
            }
            self.i.br(latch_block);
        }
        self.ends.pop();
        self.targets.pop();
        self.i.go(latch_block);
        self.mask = before;
        if leaves {
            let mut mask = self.load_mask(live.expect("made for loops that lanes leave"));
            if let Some(v) = continued {
                mask = self.either(mask, self.load_mask(v));
            }
            let go_on = self.i.block("lap");
            let any = self.any(mask);
            self.i.cond_br(any, go_on, exit);
            self.i.go(go_on);
            if !faults::is(Fault::LatchOfAllLanes) {
                self.mask = mask;
            }
        }
        self.maybe_empty = false;
        let again = self.block(latch);
        debug_assert_eq!(again, Flow::Open, "verified: a latch is straight-line or structured");
        if let Some(v) = running {
            self.store_mask(self.mask, v);
        }
        if let Some(laps) = spin {
            self.spin(at, laps);
        }
        if !self.routine && !faults::any() && self.laps.get(&at).is_some_and(|laps| laps.all <= laps::FEW) {
            self.i.br(head);
        } else {
            self.poll(head);
        }
        self.i.go(exit);
        self.after(before, exit_mask);
        Flow::Open
    }

    /// Counts a lap of a loop that waits for other threads, and now and then says that it waits.
    fn spin(&mut self, at: Value, laps: V<'c>) {
        let site = self.site(at, SiteKind::Wait);
        let before = self.i.load(self.i.int(32), laps, 4);
        let count = self.i.add(before, self.i.i32(1));
        self.i.store(count, laps, 4);
        let (say, go_on) = (self.i.block("waits"), self.i.block("waits.on"));
        let due = self.i.icmp(IntPred::LLVMIntEQ, self.i.and(count, self.i.i32(LAPS - 1)), self.i.i32(0));
        self.i.cond_br_rare(due, say, go_on);
        self.i.go(say);
        let fresh = self.i.resize(self.i.icmp(IntPred::LLVMIntEQ, count, self.i.i32(LAPS)), self.i.int(32), false);
        let thread = self.first_thread();
        let answer = self.i.call("vg_wait", self.i.int(32), &[self.frame.launch, self.frame.block, thread, self.i.i32(site as i32), fresh]);
        let calm = self.i.icmp(IntPred::LLVMIntEQ, answer, self.i.i32(0));
        self.i.cond_br_likely(calm, go_on, self.frame.abort);
        self.i.go(go_on);
    }

    /// Whether the present place is inside the construct of that label, in the present segment.
    pub(super) fn is_inside(&self, label: Label) -> bool {
        self.targets.iter().any(|t| t.label == label)
    }

    pub(super) fn has_partial_continue(&self, block: &Block, label: Label) -> bool {
        block.iter().any(|at| match self.f.inst(*at) {
            Inst::Continue(l) => *l == label && self.d.is_partial(*at),
            inst => inst.blocks().iter().any(|b| self.has_partial_continue(b, label)),
        })
    }

    /// Goes on to `next`, unless the launch is to stop.
    pub(super) fn poll(&mut self, next: BasicBlock<'c>) {
        if self.routine || self.gpu.is_some() {
            self.i.br(next);
            return;
        }
        let stop = self.i.load(self.i.ptr(), self.i.offset(self.frame.launch, self.i.i64(24)), 8);
        let word = self.i.load_relaxed(self.i.int(32), stop, 4);
        let ask = self.i.block("poll");
        let calm = self.i.icmp(IntPred::LLVMIntEQ, word, self.i.i32(0));
        self.i.cond_br_likely(calm, next, ask);
        self.i.go(ask);
        let answer = if self.level >= Level::Avx2 {
            self.i.call_keeping_registers("vg_poll_keeping_registers", self.frame.launch)
        } else {
            self.i.call("vg_poll", self.i.int(32), &[self.frame.launch])
        };
        let go_on = self.i.icmp(IntPred::LLVMIntEQ, answer, self.i.i32(0));
        self.i.cond_br_likely(go_on, next, self.frame.abort);
    }

    fn leave(&mut self, at: Value, label: Label, continues: bool) -> Flow {
        if let Some(flow) = self.leave_segment(at, label, continues) {
            return flow;
        }
        let target = self.targets.iter().rposition(|t| t.label == label).expect("verified: the label encloses this");
        let Target { exit, exit_mask, latch, continued, .. } = self.targets[target];
        let (to, gather) = if continues { (latch.expect("verified: continue targets a loop"), continued) } else { (exit, exit_mask) };
        let dropped = faults::is(if continues { Fault::ContinuesDropped } else { Fault::ExitsDropped });
        if let Some(v) = gather.filter(|_| !dropped) {
            self.accumulate(v, self.mask);
        }
        if self.lanes == 1 || !self.d.is_partial(at) {
            // All lanes that act in the target's body go together.
            if let Some(v) = self.live_variable(latch).filter(|_| continues) {
                self.store_mask(self.mask, v);
            }
            self.i.br(to);
            return Flow::Ended;
        }
        if faults::is(Fault::LeaversGoOn) {
            return Flow::Open;
        }
        self.mask = self.no_lanes();
        Flow::Empty
    }

    /// The variable that takes the mask at the end of the loop body whose latch this is.
    fn live_variable(&self, latch: Option<BasicBlock<'c>>) -> Option<V<'c>> {
        self.ends.iter().find(|e| Some(e.block) == latch).and_then(|e| e.mask)
    }

    /// Hands the lanes' values over, each as a word, 32 words a value.
    fn print(&mut self, pieces: &[crate::print::Piece], values: &[Value]) {
        let types: Vec<ScalarType> = values.iter().map(|v| self.f.ty(*v)).collect();
        let spec = crate::print::encode(pieces, &types);
        let words = self.i.alloca(self.i.array(self.i.int(64), (values.len().max(1) * 32) as u64), 64);
        for (n, (value, ty)) in values.iter().zip(&types).enumerate() {
            let v = if self.lanes == 1 { self.base(*value) } else { self.vector(*value) };
            let bits = if ty.is_float() { self.i.cast(Opcode::LLVMBitCast, v, self.shaped(self.i.int(ty.bits()), v)) } else { v };
            let wide = self.i.resize(bits, self.shaped(self.i.int(64), v), false);
            self.i.store(wide, self.i.offset(words, self.i.i64(n as i64 * 32 * 8)), 8);
        }
        let length = self.i.i64(spec.len() as i64);
        let spec = self.i.data("print", &spec);
        let mask = self.mask_bits();
        self.i.call("vg_print", self.i.void(), &[self.frame.launch, spec, length, words, mask]);
    }

    fn fail(&mut self, at: Value, failure: Failure) -> Flow {
        self.report(at, failure);
        self.i.br(self.frame.abort);
        Flow::Ended
    }

    /// Tells of a failure of the lowest acting thread.
    fn report(&mut self, at: Value, failure: Failure) {
        let kind = self.site_kind(failure);
        let site = self.site(at, kind);
        let thread = self.first_thread();
        self.i.call("vg_fail", self.i.void(), &[self.frame.launch, self.frame.block, thread, self.i.i32(site as i32)]);
    }

    /// What a failure is told as.
    pub(super) fn site_kind(&self, failure: Failure) -> SiteKind {
        match failure {
            Failure::ZeroStep => SiteKind::ZeroStep,
            Failure::TupleIndex => SiteKind::TupleIndex,
            Failure::Raise(n) => SiteKind::Raise(Box::new(self.f.raises[n as usize].clone())),
            Failure::Unassigned(slot) => SiteKind::Unassigned(self.f.slot(slot).name.clone()),
            Failure::Bounds(array) => SiteKind::Index { array: self.f.array(array).name.clone() },
            Failure::Value(complaint) => SiteKind::Value(complaint),
        }
    }
}
