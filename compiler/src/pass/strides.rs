//! Counters that a loop moves by a step known only when it runs: how threads of a grid share an array.
//!
//! `for i in range(start, n, gridsize)` makes laps whose elements lie a whole grid apart. No processor foresees that, but the next laps' addresses are plain. The function has been verified; nothing here
//! names a target.

use std::collections::HashMap;

use crate::ir::{Function, Inst, Label, Slot, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// For each such counter, its loop and the step: a value from before the loop. A slot that several loops count with is left out.
pub fn steps(f: &Function) -> HashMap<Slot, (Label, Value)> {
    let mut found: HashMap<Slot, Option<(Label, Value)>> = HashMap::new();
    f.walk(&mut |_, inst| {
        let Inst::Loop { label, latch, .. } = inst else { return };
        for at in latch {
            let Inst::Set(slot, next) = f.inst(*at) else { continue };
            let step = match f.inst(*next) {
                Inst::Apply { op: Op::Add, args } if matches!(f.inst(args[0]), Inst::Get(s) if s == slot) => Some(args[1]),
                _ => None,
            };
            let far =
                step.filter(|v| f.ty(*v) == ScalarType::I64 && !matches!(f.inst(*v), Inst::Const(_)) && !latch.contains(v)).map(|v| (*label, v));
            found.entry(*slot).and_modify(|known| *known = None).or_insert(far);
        }
    });
    found.into_iter().filter_map(|(slot, step)| Some((slot, step?))).collect()
}
