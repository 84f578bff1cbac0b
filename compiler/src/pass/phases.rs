//! Barrier phases: a kernel's body cut at its barriers.
//!
//! A kernel whose threads wait for each other is run by a block as a whole: all warps run one *segment*, instructions between which no thread waits, before any runs the next.
//! The tree of the body stays: an `If`, `Loop` or `Scope` with a barrier inside becomes a step that the block takes together, with a mask of lanes for each warp;
//! everything without one stays whole inside a segment. A segment ends where its block ends, at a barrier, or before such a construct.
//!
//! Owns the cut and what it means for data: which values a segment needs that another one made, and which slots must outlive one. The function has been verified. How
//! masks and data are kept between segments is the emitter's business; nothing here names a target.

use crate::faults::{self, Fault};
use crate::ir::{Block, Function, Inst, Label, Slot, Value};

/// What the block does, in order.
#[derive(Clone, Debug)]
pub enum Step {
    /// All warps run a segment, by number.
    Run(usize),
    /// A two-way branch, opened by the segment before it.
    If {
        /// The instruction.
        at: Value,
        /// Steps of the lanes for which it holds.
        then: Vec<Step>,
        /// Steps of the others.
        otherwise: Vec<Step>,
    },
    /// A loop, opened by the segment before it.
    Loop {
        /// The instruction.
        at: Value,
        /// Its label.
        label: Label,
        /// Its body.
        body: Vec<Step>,
        /// Its latch.
        latch: Vec<Step>,
    },
    /// A scope, opened by the segment before it.
    Scope {
        /// The instruction.
        at: Value,
        /// Its label.
        label: Label,
        /// Its body.
        body: Vec<Step>,
    },
}

/// What comes after a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The end of its block.
    Plain,
    /// This barrier.
    Barrier(Value),
    /// This construct, which holds a barrier.
    Open(Value),
}

/// A slot that a segment uses.
#[derive(Clone, Copy, Debug)]
pub struct SlotUse {
    /// The slot.
    pub slot: Slot,
    /// Its first access is this assignment, which every lane that enters the segment reaches.
    pub first: Option<Value>,
    /// Whether it is assigned.
    pub written: bool,
}

/// Instructions that a warp runs without waiting.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The instructions.
    pub insts: Block,
    /// What comes after them.
    pub end: End,
    /// Values that another segment has to have kept.
    pub reload: Vec<Value>,
    /// Values of other segments that are the same whenever they are made: to be made again.
    pub again: Vec<Value>,
    /// Barriers whose counts it uses.
    pub counts: Vec<Value>,
    /// The slots used.
    pub slots: Vec<SlotUse>,
}

impl Segment {
    /// A segment without instructions.
    pub fn empty(end: End) -> Segment {
        Segment { insts: Block::new(), end, reload: Vec::new(), again: Vec::new(), counts: Vec::new(), slots: Vec::new() }
    }
}

/// Where a slot lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In its only segment.
    Segment,
    /// Between segments. `zeroed`: a thread may read it before assigning it.
    Frame {
        /// See above.
        zeroed: bool,
    },
}

/// A kernel in phases.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The body.
    pub steps: Vec<Step>,
    /// Every segment.
    pub segments: Vec<Segment>,
    /// For each value, whether segments other than its own need it kept.
    pub kept: Vec<bool>,
    /// For each slot, where it lives.
    pub homes: Vec<Home>,
    /// Whether the whole grid meets at some of the barriers.
    pub grid: bool,
}

/// Cuts a kernel; `None` if its threads never wait for each other.
pub fn plan(f: &Function) -> Option<Plan> {
    if !f.has_barrier() {
        return None;
    }
    let mut cut = Cut { f, segments: Vec::new(), pending: Vec::new() };
    let steps = cut.block(&f.body);
    let mut segments = cut.segments;
    let mut home = vec![usize::MAX; f.insts.len()];
    for (number, segment) in segments.iter().enumerate() {
        f.walk_block(&segment.insts, &mut |v, _| home[v.index()] = number);
    }
    let mut kept = vec![false; f.insts.len()];
    for (number, segment) in segments.iter_mut().enumerate() {
        needs(f, number, segment, &home, &mut kept);
    }
    let homes = homes(f, &segments);
    Some(Plan { steps, segments, kept, homes, grid: f.has_grid_barrier() })
}

/// Whether control may leave a construct for a label outside it.
pub fn escapes(f: &Function, construct: Value) -> bool {
    let mut inner = Vec::new();
    let mut leaves = false;
    let all = [construct];
    f.walk_block(&all, &mut |_, inst| {
        if let Inst::Loop { label, .. } | Inst::Scope { label, .. } = inst {
            inner.push(*label);
        }
    });
    f.walk_block(&all, &mut |_, inst| {
        if let Inst::Break(label) | Inst::Continue(label) = inst {
            leaves |= !inner.contains(label);
        }
    });
    leaves
}

struct Cut<'f> {
    f: &'f Function,
    segments: Vec<Segment>,
    pending: Block,
}

impl Cut<'_> {
    fn block(&mut self, block: &[Value]) -> Vec<Step> {
        let f = self.f;
        let outer = std::mem::take(&mut self.pending);
        debug_assert!(outer.is_empty(), "a construct is opened by a segment that has ended");
        let mut steps = Vec::new();
        for &at in block {
            let inst = f.inst(at);
            let waits = |i: &Inst| matches!(i, Inst::Barrier { .. });
            if waits(inst) && faults::is(Fault::BarrierForgotten) && f.types[at.index()].is_none() && !self.pending.is_empty() {
                continue;
            } else if waits(inst) {
                steps.push(self.end(End::Barrier(at)));
            } else if f.any_inside(&[at], &waits) {
                steps.push(self.end(End::Open(at)));
                steps.push(match inst {
                    Inst::If { then, otherwise, .. } => Step::If { at, then: self.block(then), otherwise: self.block(otherwise) },
                    Inst::Loop { label, body, latch } => Step::Loop { at, label: *label, body: self.block(body), latch: self.block(latch) },
                    Inst::Scope { label, body } => Step::Scope { at, label: *label, body: self.block(body) },
                    other => unreachable!("{other:?} holds no block"),
                });
            } else {
                self.pending.push(at);
            }
        }
        if !self.pending.is_empty() {
            steps.push(self.end(End::Plain));
        }
        steps
    }

    fn end(&mut self, end: End) -> Step {
        let insts = std::mem::take(&mut self.pending);
        self.segments.push(Segment { insts, ..Segment::empty(end) });
        Step::Run(self.segments.len() - 1)
    }
}

/// Fills in what a segment needs from outside.
fn needs(f: &Function, number: usize, segment: &mut Segment, home: &[usize], kept: &mut [bool]) {
    let mut operands: Vec<Value> = match segment.end {
        End::Barrier(at) | End::Open(at) => f.inst(at).operands().to_vec(),
        End::Plain => Vec::new(),
    };
    f.walk_block(&segment.insts, &mut |_, inst| operands.extend(inst.operands()));
    operands.sort();
    operands.dedup();
    for v in operands {
        if home[v.index()] == number {
            continue;
        }
        match f.inst(v) {
            Inst::Const(_) | Inst::Param(_) | Inst::Geometry(_) | Inst::Extent { .. } => segment.again.push(v),
            Inst::Barrier { .. } => segment.counts.push(v),
            _ => {
                segment.reload.push(v);
                kept[v.index()] = true;
            }
        }
    }
    let mut slots: Vec<SlotUse> = Vec::new();
    let mut straight = true;
    for &at in &segment.insts {
        let mut note = |slot: Slot, set: Option<Value>| match slots.iter_mut().find(|u| u.slot == slot) {
            Some(used) => used.written |= set.is_some(),
            None => slots.push(SlotUse { slot, first: set.filter(|v| *v == at && straight), written: set.is_some() }),
        };
        f.walk_block(&[at], &mut |v, inst| match inst {
            Inst::Get(slot) => note(*slot, None),
            Inst::Set(slot, _) => note(*slot, Some(v)),
            // Lanes that are off keep what they had.
            Inst::Call { .. } => inst.assigns().into_iter().for_each(|slot| {
                note(slot, None);
                note(slot, Some(v));
            }),
            _ => {}
        });
        straight &= f.inst(at).blocks().is_empty();
    }
    segment.slots = slots;
}

/// Where each slot lives. A slot stays in its segment if no other uses it and each run of the segment assigns it before reading it, on every path.
fn homes(f: &Function, segments: &[Segment]) -> Vec<Home> {
    let mut users = vec![0; f.slots.len()];
    for segment in segments {
        segment.slots.iter().for_each(|used| users[used.slot.index()] += 1);
    }
    let mut lives = vec![Life::default(); f.slots.len()];
    let mut next = 1;
    life(f, &f.body, &mut vec![0], &mut next, &mut lives);
    let home = |(users, life): (i32, Life)| if users == 1 && life.begins { Home::Segment } else { Home::Frame { zeroed: !life.begins } };
    users.into_iter().zip(lives).map(home).collect()
}

/// How a slot's accesses lie: whether the first is an assignment in a block that all others are in.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    seen: bool,
    begins: bool,
    block: usize,
}

fn life(f: &Function, block: &[Value], path: &mut Vec<usize>, next: &mut usize, lives: &mut [Life]) {
    for &v in block {
        let inst = f.inst(v);
        let mut slots = inst.assigns();
        if let Inst::Get(slot) = inst {
            slots.push(*slot);
        }
        for slot in slots {
            let life = &mut lives[slot.index()];
            if !life.seen {
                *life = Life { seen: true, begins: !matches!(inst, Inst::Get(_)), block: *path.last().expect("the body") };
            } else if !path.contains(&life.block) {
                life.begins = false;
            }
        }
        for inner in inst.blocks() {
            path.push(*next);
            *next += 1;
            self::life(f, inner, path, next, lives);
            path.pop();
        }
    }
}
