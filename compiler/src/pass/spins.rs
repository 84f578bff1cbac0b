//! Loops that wait for another thread.
//!
//! Such a loop looks at memory until somebody else changes it, and does nothing meanwhile: it stores nothing and prints nothing, its atomic operations leave memory as they found it while it goes on, and
//! what decides whether it goes on depends on memory and on nothing that a lap changes. If all threads of the host are in such loops, none ever ends. The function has been
//! verified. Nothing here names a target.

use std::collections::HashSet;

use crate::ir::{Block, Function, Inst, Label, Slot, Storage, Value};
use crate::op::AtomicOp;

/// Whether a `Loop` waits for other threads.
pub fn waits(f: &Function, at: Value) -> bool {
    let Inst::Loop { label, body, latch } = f.inst(at) else { return false };
    let mut idle = true;
    let mut inside = HashSet::from([*label]);
    let mut assigned: HashSet<Slot> = HashSet::new();
    let mut made: HashSet<Value> = HashSet::new();
    f.walk_block(&[at], &mut |v, inst| {
        made.insert(v);
        match inst {
            Inst::Loop { label, .. } | Inst::Scope { label, .. } => {
                inside.insert(*label);
            }
            Inst::Set(slot, _) => {
                assigned.insert(*slot);
            }
            Inst::Store { .. } | Inst::Print { .. } | Inst::Report(_) | Inst::Barrier { .. } | Inst::Call { .. } => idle = false,
            Inst::Atomic { op, value, .. } => idle &= repeats(f, *op, *value),
            _ => {}
        }
    });
    if !idle {
        return false;
    }
    let mut conditions = Vec::new();
    for block in [body, latch] {
        deciding(f, block, *label, &inside, &mut conditions);
    }
    // What is assigned at the beginning of each lap, before any use, is not carried from one to the next.
    let (mut fresh, mut carried): (HashSet<Slot>, HashSet<Slot>) = Default::default();
    for v in body {
        match f.inst(*v) {
            Inst::Get(slot) if !fresh.contains(slot) => {
                carried.insert(*slot);
            }
            Inst::Set(slot, _) if !carried.contains(slot) => {
                fresh.insert(*slot);
            }
            inst if !inst.blocks().is_empty() => break,
            _ => {}
        }
    }
    let mut memory = false;
    let mut seen: HashSet<Value> = HashSet::new();
    while let Some(v) = conditions.pop() {
        if !made.contains(&v) || !seen.insert(v) {
            continue;
        }
        match f.inst(v) {
            Inst::Get(slot) if assigned.contains(slot) && !fresh.contains(slot) => return false,
            Inst::Get(slot) => f.walk_block(&[at], &mut |_, inst| {
                if let Inst::Set(s, value) = inst
                    && s == slot
                {
                    conditions.push(*value);
                }
            }),
            Inst::Load { array, .. } | Inst::Atomic { array, .. } => memory |= !matches!(f.array(*array).storage, Some(Storage::Local(_))),
            _ => {}
        }
        conditions.extend(f.inst(v).operands());
    }
    memory
}

/// Whether an atomic operation done again leaves memory as the first one did.
fn repeats(f: &Function, op: AtomicOp, value: Value) -> bool {
    match op {
        AtomicOp::Add | AtomicOp::Sub | AtomicOp::Xor => matches!(f.inst(value), Inst::Const(c) if c.bits() == 0),
        AtomicOp::Inc | AtomicOp::Dec => false,
        _ => true,
    }
}

/// Conditions of the branches through which control leaves the loop.
fn deciding(f: &Function, block: &Block, label: Label, inside: &HashSet<Label>, into: &mut Vec<Value>) {
    for v in block {
        let inst = f.inst(*v);
        let leaves =
            |i: &Inst| matches!(i, Inst::Break(l) if *l == label || !inside.contains(l)) || matches!(i, Inst::Continue(l) if !inside.contains(l));
        if let Inst::If { cond, .. } = inst
            && f.any_inside(&[*v], &leaves)
        {
            into.push(*cond);
        }
        for inner in inst.blocks() {
            deciding(f, inner, label, inside, into);
        }
    }
}
