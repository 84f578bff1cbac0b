//! Which values are the same in all lanes of a warp, which run along the lanes, and which assignments need a blend.
//!
//! The analysis serves emitters that run 32 threads as one SIMD program. It owns the notion of a *region*: a part of the tree whose set of acting lanes may be
//! smaller than its parent's. There are two kinds. `Partial`: entered by some of the lanes, which others rejoin later (the arm of a varying branch; what follows a
//! varying `Continue`, or a varying `Break` of a scope, up to where those lanes come back). `Run`: the body of a loop that lanes leave one by one and do not re-enter in
//! the same run of the loop.
//!
//! A slot may be kept once for all lanes (or be assigned without a blend) if no lane that an assignment skips can read the slot afterwards. For an
//! assignment in region r that holds when, from r up to the region where the slot's life begins, there is no `Partial`, and for each `Run` of a loop: all reads are
//! inside that loop, and the loop either runs once or is entered with a fresh assignment (else a lane that left early would find a later lap's value on
//! re-entry). A slot's life begins in region R if its first access is an assignment in R and every other access lies in the same block or inside it.
//!
//! Everything is computed optimistically and raised to a fixpoint. The function has been verified. Nothing here names a target.

use crate::faults::{self, Fault};
use crate::ir::{Function, Geometry, Inst, Kind, Label, Slot, Storage, Value};
use crate::op::{Op, Shuffle, WarpOp};
use crate::types::ScalarType;

/// How a value varies over the lanes of a warp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The same in every lane.
    Uniform,
    /// An integer that is `base + stride * lane` (wrapping in its type), stride not 0.
    Linear(i64),
    /// Anything.
    Varying,
}

/// What the analysis assumes about its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes<'a> {
    /// One thread at a time: all is uniform.
    One,
    /// A warp that is a run of `threadIdx.x`.
    Rows,
    /// A warp whose lanes lie anyhow in the block.
    Any,
    /// Lanes are elements; `[i]` tells whether scalar parameter i is the same for all.
    Elements(&'a [bool]),
}

/// The result.
#[derive(Clone, Debug)]
pub struct Divergence {
    values: Vec<Class>,
    slots: Vec<Class>,
    blend: Vec<bool>,
    runs_on: Vec<bool>,
    joint: Vec<(bool, bool)>,
    partial_escape: Vec<bool>,
    leaves: Vec<bool>,
    loses: Vec<bool>,
    routines: Vec<Divergence>,
}

impl Divergence {
    /// Of a routine, which runs one lane at a time.
    pub fn routine(&self, number: usize) -> &Divergence {
        &self.routines[number]
    }

    /// Class of a value.
    pub fn value(&self, value: Value) -> Class {
        self.values[value.index()]
    }

    /// Class of a slot.
    pub fn slot(&self, slot: Slot) -> Class {
        self.slots[slot.index()]
    }

    /// Whether a `Set` must keep the old value of lanes that are off.
    pub fn needs_blend(&self, set: Value) -> bool {
        self.blend[set.index()]
    }

    /// Whether a `Set` without a blend gives lanes that have left a loop values of laps that they do not run. None of them reads these, but they compute with them.
    pub fn runs_on(&self, set: Value) -> bool {
        self.runs_on[set.index()]
    }

    /// What `needs_blend` and `runs_on` would say of a `Set` in the arm of a varying branch if both arms made it, as one assignment after the branch.
    pub fn of_both_arms(&self, set: Value) -> (bool, bool) {
        self.joint[set.index()]
    }

    /// Whether a `Break` or `Continue` is taken by only some of the lanes that act in the body of its target.
    pub fn is_partial(&self, escape: Value) -> bool {
        self.partial_escape[escape.index()]
    }

    /// For a `Loop`: whether lanes leave it at different laps.
    pub fn leaves_lane_by_lane(&self, construct: Value) -> bool {
        self.leaves[construct.index()]
    }

    /// For a `Loop`, `Scope` or `If`: whether lanes may leave, partially, to a label further out, so that fewer lanes act after it than before.
    pub fn loses_lanes(&self, construct: Value) -> bool {
        self.loses[construct.index()]
    }
}

/// Analyses a function.
pub fn analyse(function: &Function, lanes: Lanes<'_>) -> Divergence {
    let count = function.insts.len();
    let mut a = Analysis {
        f: function,
        lanes,
        values: vec![None; count],
        slots: vec![None; function.slots.len()],
        varying_slots: vec![false; function.slots.len()],
        leaves: vec![false; function.labels as usize],
        changed: true,
        regions: Vec::new(),
        blocks: Vec::new(),
        accesses: Vec::new(),
        loops: Vec::new(),
        targets: Vec::new(),
        partial_escape: vec![false; count],
        loses: vec![false; count],
        blend: vec![false; count],
        runs_on: vec![false; count],
        joint: vec![(true, false); count],
        order: 0,
    };
    while a.changed {
        a.changed = false;
        a.lap();
    }
    let mut leaves = vec![false; count];
    function.walk(&mut |value, inst| {
        if let Inst::Loop { label, .. } = inst {
            leaves[value.index()] = a.leaves[label.index()];
        }
    });
    Divergence {
        values: a.values.into_iter().map(|c| c.unwrap_or(Class::Uniform)).collect(),
        slots: a.slots.into_iter().map(|c| c.unwrap_or(Class::Uniform)).collect(),
        blend: a.blend,
        runs_on: a.runs_on,
        joint: a.joint,
        partial_escape: a.partial_escape,
        leaves,
        loses: a.loses,
        routines: function.routines.iter().map(|routine| analyse(routine, Lanes::One)).collect(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RegionKind {
    Root,
    Partial,
    Run(Label),
}

struct Region {
    parent: usize,
    kind: RegionKind,
}

/// A block, its parent block and the innermost loop body or latch it is in.
struct BlockInfo {
    parent: Option<usize>,
    innermost_loop: Option<Label>,
}

#[derive(Clone, Copy)]
struct Access {
    value: Option<Value>,
    write: bool,
    region: usize,
    block: usize,
    order: usize,
}

/// Where a loop stands: its parent region, the block that holds it and its place in program order.
#[derive(Clone, Copy)]
struct LoopPlace {
    region: usize,
    block: usize,
    order: usize,
}

struct Target {
    label: Label,
    /// Region of the body.
    body: usize,
    is_loop: bool,
}

struct Analysis<'a> {
    f: &'a Function,
    lanes: Lanes<'a>,
    values: Vec<Option<Class>>,
    slots: Vec<Option<Class>>,
    varying_slots: Vec<bool>,
    leaves: Vec<bool>,
    changed: bool,
    regions: Vec<Region>,
    blocks: Vec<BlockInfo>,
    accesses: Vec<Vec<Access>>,
    loops: Vec<Option<LoopPlace>>,
    targets: Vec<Target>,
    partial_escape: Vec<bool>,
    loses: Vec<bool>,
    blend: Vec<bool>,
    runs_on: Vec<bool>,
    joint: Vec<(bool, bool)>,
    order: usize,
}

/// A partial escape seen inside a construct: its target, and whether the lanes come back at the target's end or latch (rather than never).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Escape {
    label: Label,
    rejoins: bool,
}

impl Analysis<'_> {
    fn lap(&mut self) {
        self.regions = vec![Region { parent: 0, kind: RegionKind::Root }];
        self.blocks.clear();
        self.accesses = vec![Vec::new(); self.f.slots.len()];
        self.loops = vec![None; self.f.labels as usize];
        self.order = 0;
        let f = self.f;
        self.block(&f.body, 0, None, None);
        for slot in &f.results {
            let order = self.order;
            self.accesses[slot.index()].push(Access { value: None, write: false, region: 0, block: 0, order });
        }
        self.judge_slots();
    }

    fn region(&mut self, parent: usize, kind: RegionKind) -> usize {
        self.regions.push(Region { parent, kind });
        self.regions.len() - 1
    }

    fn raise(&mut self, value: Value, class: Class) {
        let old = self.values[value.index()];
        let new = join(old, Some(class));
        if new != old {
            self.values[value.index()] = new;
            self.changed = true;
        }
    }

    /// Whether the fault is seeded, which functions of the math library are spared: their analyses are kept.
    fn faulty(&self, fault: Fault) -> bool {
        self.f.kind == Kind::Kernel && faults::is(fault)
    }

    fn class(&self, value: Value) -> Option<Class> {
        self.values[value.index()]
    }

    /// Walks a block in a region; gives the partial escapes that leave it and the region in force at its end.
    fn block(&mut self, block: &[Value], mut region: usize, parent: Option<usize>, innermost_loop: Option<Label>) -> Vec<Escape> {
        let id = self.blocks.len();
        self.blocks.push(BlockInfo { parent, innermost_loop });
        let mut escapes: Vec<Escape> = Vec::new();
        for &value in block {
            self.order += 1;
            let f = self.f;
            let mut out: Vec<Escape> = Vec::new();
            match f.inst(value) {
                Inst::Get(slot) => {
                    self.access(*slot, value, false, region, id);
                    if let Some(class) = self.slots[slot.index()] {
                        self.raise(value, class);
                    }
                }
                Inst::Set(slot, v) => {
                    self.access(*slot, value, true, region, id);
                    let class = if self.varying_slots[slot.index()] { Some(Class::Varying) } else { self.class(*v) };
                    let old = self.slots[slot.index()];
                    let new = join(old, class);
                    if new != old {
                        self.slots[slot.index()] = new;
                        self.changed = true;
                    }
                }
                // Routines run one lane at a time.
                Inst::Call { .. } => {
                    let class = if self.lanes == Lanes::One { Class::Uniform } else { Class::Varying };
                    for slot in f.inst(value).assigns() {
                        self.access(slot, value, true, region, id);
                        let new = join(self.slots[slot.index()], Some(class));
                        self.changed |= new != self.slots[slot.index()];
                        self.slots[slot.index()] = new;
                    }
                }
                Inst::If { cond, then, otherwise } => {
                    let varying = !matches!(self.class(*cond), None | Some(Class::Uniform));
                    for arm in [then, otherwise] {
                        let inner = if varying { self.region(region, RegionKind::Partial) } else { region };
                        out.extend(self.block(arm, inner, Some(id), innermost_loop));
                    }
                }
                Inst::Loop { label, body, latch } => {
                    let inner = if self.leaves[label.index()] { self.region(region, RegionKind::Run(*label)) } else { region };
                    self.loops[label.index()] = Some(LoopPlace { region, block: id, order: self.order });
                    self.targets.push(Target { label: *label, body: inner, is_loop: true });
                    let mut inside = self.block(body, inner, Some(id), Some(*label));
                    inside.extend(self.block(latch, inner, Some(id), Some(*label)));
                    self.targets.pop();
                    if inside.iter().any(|e| !(e.label == *label && e.rejoins)) && !self.leaves[label.index()] {
                        self.leaves[label.index()] = true;
                        self.changed = true;
                    }
                    out.extend(inside.into_iter().filter(|e| e.label != *label));
                }
                Inst::Scope { label, body } => {
                    self.targets.push(Target { label: *label, body: region, is_loop: false });
                    let inside = self.block(body, region, Some(id), innermost_loop);
                    self.targets.pop();
                    out.extend(inside.into_iter().filter(|e| e.label != *label));
                }
                Inst::Break(label) => out.extend(self.escape(value, *label, region, false)),
                Inst::Continue(label) => out.extend(self.escape(value, *label, region, true)),
                other => {
                    if let Some(class) = self.compute(other) {
                        self.raise(value, class);
                    }
                }
            }
            self.loses[value.index()] = !out.is_empty();
            if out.iter().any(|e| e.rejoins) {
                region = self.region(region, RegionKind::Partial);
            }
            for e in out {
                if !escapes.contains(&e) {
                    escapes.push(e);
                }
            }
        }
        escapes
    }

    fn escape(&mut self, value: Value, label: Label, region: usize, continues: bool) -> Option<Escape> {
        let target = self.targets.iter().rev().find(|t| t.label == label).expect("verified: the label encloses the escape");
        let partial = region != target.body && !self.faulty(Fault::PartialEscapeMissed);
        let rejoins = continues || !target.is_loop;
        self.partial_escape[value.index()] = partial;
        partial.then_some(Escape { label, rejoins })
    }

    fn access(&mut self, slot: Slot, value: Value, write: bool, region: usize, block: usize) {
        let order = self.order;
        self.accesses[slot.index()].push(Access { value: Some(value), write, region, block, order });
    }

    fn compute(&self, inst: &Inst) -> Option<Class> {
        let one = self.lanes == Lanes::One;
        Some(match inst {
            Inst::Const(_) | Inst::Extent { .. } => Class::Uniform,
            // What all threads of the block are given together.
            Inst::Barrier { meeting, .. } if meeting.counts() => Class::Uniform,
            Inst::Param(i) => match self.lanes {
                Lanes::Elements(uniform) if !uniform[*i as usize] => Class::Varying,
                _ => Class::Uniform,
            },
            Inst::Geometry(g) => match g {
                Geometry::BlockIdx(_) | Geometry::BlockDim(_) | Geometry::GridDim(_) => Class::Uniform,
                _ if one => Class::Uniform,
                Geometry::LaneId => Class::Linear(1),
                Geometry::ThreadIdx(axis) => match (self.lanes, axis) {
                    (Lanes::Rows, crate::ir::Axis::X) => Class::Linear(1),
                    (Lanes::Rows, _) => Class::Uniform,
                    _ => Class::Varying,
                },
            },
            Inst::Apply { op, args } => {
                let mut classes = [Class::Uniform; 3];
                for (c, a) in classes.iter_mut().zip(args) {
                    *c = self.class(*a)?;
                }
                self.apply(*op, args, &classes[..args.len()])
            }
            // Every lane finds what the one before it left.
            Inst::Atomic { .. } => {
                if one {
                    Class::Uniform
                } else {
                    Class::Varying
                }
            }
            Inst::Warp { .. } if one => Class::Uniform,
            Inst::Warp { op, args } => {
                let mut classes = [Class::Uniform; 3];
                for (c, a) in classes.iter_mut().zip(args) {
                    *c = self.class(*a)?;
                }
                match op {
                    WarpOp::ActiveMask => Class::Uniform,
                    // All lanes with the same mask are told the same.
                    WarpOp::Vote(_) | WarpOp::MatchAll if classes[0] == Class::Uniform => Class::Uniform,
                    WarpOp::Shuffle(Shuffle::Index) if classes[2] == Class::Uniform => Class::Uniform,
                    _ => Class::Varying,
                }
            }
            Inst::Load { array, index, .. } => {
                // Each lane has its own element of a local array.
                let own = !one && matches!(self.f.array(*array).storage, Some(Storage::Local(_)));
                let mut class = if own { Class::Varying } else { Class::Uniform };
                for i in index {
                    if self.class(*i)? != Class::Uniform {
                        class = Class::Varying;
                    }
                }
                class
            }
            _ => return None,
        })
    }

    fn apply(&self, op: Op, args: &[Value], classes: &[Class]) -> Class {
        use Class::{Linear, Uniform, Varying};
        if classes.iter().all(|c| *c == Uniform) {
            return Uniform;
        }
        let ty = self.f.ty(args[0]);
        let linear = |stride: i64| if stride == 0 { Uniform } else { Linear(stride) };
        if !ty.is_integer() {
            return Varying;
        }
        match (op, classes) {
            (Op::Add, [Linear(s), Uniform] | [Uniform, Linear(s)]) => linear(*s),
            (Op::Add, [Linear(s), Linear(t)]) => s.checked_add(*t).map_or(Varying, linear),
            (Op::Sub, [Linear(s), Uniform]) => linear(*s),
            (Op::Sub, [Uniform, Linear(s)]) if self.faulty(Fault::LineNotNegated) => linear(*s),
            (Op::Sub, [Uniform, Linear(s)]) | (Op::Neg, [Linear(s)]) => s.checked_neg().map_or(Varying, linear),
            (Op::Sub, [Linear(s), Linear(t)]) => s.checked_sub(*t).map_or(Varying, linear),
            (Op::Mul, [Linear(s), Uniform]) => self.scaled(*s, args[1]),
            (Op::Mul, [Uniform, Linear(s)]) => self.scaled(*s, args[0]),
            (Op::Cast(to), [Linear(s)]) if to.is_integer() && self.cast_keeps_line(args[0], to) => Linear(*s),
            _ => Varying,
        }
    }

    fn scaled(&self, stride: i64, factor: Value) -> Class {
        match self.f.inst(factor) {
            Inst::Const(c) => match i64::try_from(c.as_int()).ok().and_then(|k| stride.checked_mul(k)) {
                Some(0) => Class::Uniform,
                Some(s) if s.abs() < 1 << 20 => Class::Linear(s),
                _ => Class::Varying,
            },
            _ => Class::Varying,
        }
    }

    /// Narrowing wraps and so does a line; widening keeps one only if it did not wrap before, which is known of coordinates.
    fn cast_keeps_line(&self, from: Value, to: ScalarType) -> bool {
        to.bits() <= self.f.ty(from).bits() || matches!(self.f.inst(from), Inst::Geometry(_))
    }

    fn ancestors(&self, mut region: usize) -> Vec<usize> {
        let mut path = vec![region];
        while region != 0 {
            region = self.regions[region].parent;
            path.push(region);
        }
        path
    }

    fn block_holds(&self, outer: usize, mut inner: usize) -> bool {
        loop {
            if inner == outer {
                return true;
            }
            match self.blocks[inner].parent {
                Some(p) => inner = p,
                None => return false,
            }
        }
    }

    /// The region in which the slot's life begins, if it begins with an assignment that stands before and around everything else; else the root.
    fn birth(&self, accesses: &[Access]) -> usize {
        let first = &accesses[0];
        let local =
            first.write && accesses.iter().all(|a| self.block_holds(first.block, a.block) && self.ancestors(a.region).contains(&first.region));
        if local { first.region } else { 0 }
    }

    /// Whether the zero that a slot holds before any assignment can be seen: unless an assignment stands before and around every other access.
    fn may_read_zero(&self, accesses: &[Access]) -> bool {
        let first = &accesses[0];
        !(first.write && accesses.iter().all(|a| self.block_holds(first.block, a.block)))
    }

    fn judge_slots(&mut self) {
        let all = std::mem::take(&mut self.accesses);
        for (slot, accesses) in all.iter().enumerate() {
            if accesses.is_empty() {
                continue;
            }
            if self.may_read_zero(accesses) {
                let new = join(self.slots[slot], Some(Class::Uniform));
                self.changed |= new != self.slots[slot];
                self.slots[slot] = new;
            }
            let birth = self.birth(accesses);
            for set in accesses.iter().filter(|a| a.write) {
                let (blend, runs_on) = self.set_needs_blend(set, birth, accesses);
                let at = set.value.expect("a Set").index();
                self.blend[at] = blend;
                self.runs_on[at] = runs_on;
                self.joint[at] = self.set_needs_blend(&Access { region: self.regions[set.region].parent, ..*set }, birth, accesses);
                if blend && !self.varying_slots[slot] {
                    self.varying_slots[slot] = true;
                    self.changed = true;
                }
            }
        }
    }

    /// Whether a `Set` needs a blend, and if not, whether it stands in a loop that lanes leave one by one.
    fn set_needs_blend(&self, set: &Access, birth: usize, accesses: &[Access]) -> (bool, bool) {
        let mut region = set.region;
        let mut runs_on = false;
        while region != birth {
            match self.regions[region].kind {
                RegionKind::Root => break,
                RegionKind::Partial => return (true, false),
                RegionKind::Run(label) => {
                    let reads_inside = accesses.iter().filter(|a| !a.write).all(|a| self.ancestors(a.region).contains(&region));
                    if !(reads_inside && self.entered_fresh(label, accesses) || self.faulty(Fault::LoopsEnteredFresh)) {
                        return (true, false);
                    }
                    runs_on = true;
                }
            }
            region = self.regions[region].parent;
        }
        (false, runs_on)
    }

    /// Whether the loop runs once, or the slot is assigned just before each entry, by all lanes that enter.
    fn entered_fresh(&self, label: Label, accesses: &[Access]) -> bool {
        let place = self.loops[label.index()].expect("a loop on the path was walked");
        let around = self.blocks[place.block].innermost_loop;
        around.is_none()
            || accesses.iter().any(|a| {
                a.write
                    && a.order < place.order
                    && a.region == place.region
                    && self.block_holds(a.block, place.block)
                    && self.blocks[a.block].innermost_loop == around
            })
    }
}

fn join(a: Option<Class>, b: Option<Class>) -> Option<Class> {
    match (a, b) {
        (None, c) | (c, None) => c,
        (Some(x), Some(y)) => Some(if x == y { x } else { Class::Varying }),
    }
}
