//! Loops whose number of laps is known when compiled.
//!
//! A loop counts if it is one over a `range` of constants: a slot set to a constant before it in the same block, compared with a constant first thing in a lap, and changed by nothing but a constant
//! step in the latch. It may be left earlier. Such a loop need not ask whether the launch is to stop, if all its laps, and those of such loops inside, are few. The function has been verified;
//! nothing here names a target.

use std::collections::HashMap;

use crate::ir::{Block, Function, Inst, Label, Slot, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// Laps that a loop may make without asking.
pub const FEW: u64 = 1024;

/// What is known of one loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Laps {
    /// Laps at most.
    pub own: u64,
    /// With those of the loops inside for which the same is known.
    pub all: u64,
}

/// The loops of a function that are known to end, by their instructions.
pub fn known(f: &Function) -> HashMap<Value, Laps> {
    let mut found = HashMap::new();
    block(f, &f.body, &mut found);
    found
}

/// Finds the loops of a block; gives the sum of all their laps.
fn block(f: &Function, block: &Block, found: &mut HashMap<Value, Laps>) -> u64 {
    let mut starts: HashMap<Slot, i128> = HashMap::new();
    let mut sum = 0u64;
    for &at in block {
        let inst = f.inst(at);
        let inside: u64 = inst.blocks().into_iter().fold(0, |n, b| n.saturating_add(self::block(f, b, found)));
        let mut all = inside;
        match inst {
            Inst::Set(slot, value) => {
                match constant(f, *value) {
                    Some(c) => starts.insert(*slot, c),
                    None => starts.remove(slot),
                };
            }
            Inst::Loop { label, body, latch } => {
                if let Some(own) = laps(f, *label, body, latch, &starts) {
                    all = own.saturating_mul(inside.saturating_add(1));
                    found.insert(at, Laps { own, all });
                }
            }
            _ => {}
        }
        sum = sum.saturating_add(all);
        for inner in inst.blocks() {
            f.walk_block(inner, &mut |_, inst| {
                if let Inst::Set(slot, _) = inst {
                    starts.remove(slot);
                }
            });
        }
    }
    sum
}

fn constant(f: &Function, value: Value) -> Option<i128> {
    match f.inst(value) {
        Inst::Const(c) if c.ty().is_integer() => Some(c.as_int()),
        _ => None,
    }
}

/// The laps of a loop over a range of constants.
fn laps(f: &Function, label: Label, body: &Block, latch: &Block, starts: &HashMap<Slot, i128>) -> Option<u64> {
    // The way out: `counter >= stop` (or `<=`) before anything that may go on to the next lap.
    let (slot, up, stop) = body.iter().take_while(|at| !matches!(f.inst(**at), Inst::Loop { .. } | Inst::Scope { .. })).find_map(|at| {
        let Inst::If { cond, then, otherwise } = f.inst(*at) else { return None };
        let leaves = matches!(then[..], [only] if *f.inst(only) == Inst::Break(label)) && otherwise.is_empty();
        let Inst::Apply { op: op @ (Op::Ge | Op::Le), args } = f.inst(*cond) else { return None };
        let Inst::Get(slot) = f.inst(args[0]) else { return None };
        (leaves && body.contains(&args[0]) && first_if(f, body) == Some(*at)).then_some(())?;
        Some((*slot, *op == Op::Ge, constant(f, args[1])?))
    })?;
    if f.slot(slot).ty != ScalarType::I64 {
        return None;
    }
    let start = *starts.get(&slot)?;
    // The one assignment: `counter + step`, at the end of a lap.
    let mut assigned = 0;
    for part in [body, latch] {
        f.walk_block(part, &mut |_, inst| assigned += u32::from(matches!(inst, Inst::Set(s, _) if *s == slot)));
    }
    let next = latch.iter().find_map(|at| match f.inst(*at) {
        Inst::Set(s, value) if *s == slot => Some(*value),
        _ => None,
    })?;
    let Inst::Apply { op: Op::Add, args } = f.inst(next) else { return None };
    let counts_itself = matches!(f.inst(args[0]), Inst::Get(s) if *s == slot) && latch.contains(&args[0]);
    let step = constant(f, args[1])?;
    if assigned != 1 || !counts_itself || (up && step <= 0) || (!up && step >= 0) {
        return None;
    }
    let (way, step) = if up { (stop - start, step) } else { (start - stop, -step) };
    // Far from where the counter would wrap.
    let room = i128::from(i64::MAX) - step;
    if start.abs() > room || stop.abs() > room {
        return None;
    }
    u64::try_from((way.max(0) + step - 1) / step).ok()
}

/// The first construct of a block, if it is an `If`.
fn first_if(f: &Function, block: &Block) -> Option<Value> {
    block.iter().copied().find(|at| !f.inst(*at).blocks().is_empty()).filter(|at| matches!(f.inst(*at), Inst::If { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::parse;

    fn counted(start: i64, stop: i64, step: i64, body: &str) -> Option<Laps> {
        let cmp = if step > 0 { "ge" } else { "le" };
        let text = format!(
            "kernel \"k\"\nslot s0: int64 \"i\"\nbody {{\n  v0: int64 = const {start}\n  v1: int64 = const {stop}\n  v2: int64 = const {step}\n  set s0, v0\n  loop l0 {{\n  v3: int64 = get s0\n  \
             v4: bool = {cmp} v3, v1\n  if v4 {{\n  break l0\n  }} else {{\n  }}\n{body}  }} latch {{\n  v5: int64 = get s0\n  v6: int64 = add v5, v2\n  set s0, v6\n  }}\n}}\n"
        );
        let f = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        known(&f).into_values().next()
    }

    #[test]
    fn ranges_of_constants_are_counted() {
        for (start, stop, step, laps) in [(0, 16, 1, 16), (0, 17, 4, 5), (3, 3, 1, 0), (5, 3, 1, 0), (10, 0, -1, 10), (10, 0, -3, 4), (-4, 4, 2, 4)] {
            assert_eq!(counted(start, stop, step, "").map(|l| l.own), Some(laps), "{start} {stop} {step}");
            let python = if step > 0 { (start..stop).step_by(step as usize).count() } else { (stop..start).rev().step_by(-step as usize).count() };
            assert_eq!(python as u64, laps);
        }
    }

    #[test]
    fn loops_that_may_go_on_are_not() {
        assert_eq!(counted(0, 16, 1, "  set s0, v0\n"), None, "the body changes the counter");
        assert_eq!(counted(0, i64::MAX, 2, ""), None, "the counter would wrap");
    }
}
