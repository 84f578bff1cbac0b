//! Values that one lap of a loop computes for the next.
//!
//! ```text
//! loop { a = get x;  p = mul a, a;  ...  b = ...;  q = mul b, b;  ...  set x, b }
//! ```
//!
//! The `p` of a lap is the `q` of the lap before, so it is kept in a slot instead of being computed again; only the first lap's is computed, before the loop. Escape-time
//! loops are of this form: the norm's squares are the next step's. A slot counts if the loop assigns it once, on every lap that is followed by another; floating-point operations only, since
//! what an integer operation costs does not pay for a register.
//!
//! The computation before the loop may be one that no lap would have made, whose IEEE flags a ufunc would have to answer for: other functions than kernels keep only values that begin as sums
//! and products of small whole constants, which raise none.

use std::collections::{HashMap, HashSet};

use super::rebuild;
use crate::ir::{Args, Block, Function, Inst, Kind, Label, Slot, SlotInfo, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// Name of the slots that are made here: what they hold is computed from others anew in every lap.
pub const CARRIED: &str = "%carried";

/// Rewrites every loop.
pub fn carry(mut function: Function) -> Function {
    rebuild(&mut function, &mut |f, before, at| {
        let mut inst = std::mem::replace(&mut f.insts[at.index()], Inst::Param(0));
        if let Inst::Loop { label, body, latch } = &mut inst {
            repeat(f, before, *label, body, latch);
        }
        f.insts[at.index()] = inst;
    });
    function
}

/// Largest whole number whose products and sums are exact in every float type that is computed with.
const SMALL: f64 = 1024.0;

/// Whether an operation may be computed where no lap would have: always in a kernel, whose flags nobody looks at.
fn is_silent(f: &Function, op: Op, operands: impl IntoIterator<Item = Option<Value>>) -> bool {
    let small = |value: Option<Value>| {
        value.is_some_and(|v| matches!(f.inst(v), Inst::Const(c) if matches!(c.ty(), ScalarType::F32 | ScalarType::F64) && c.as_f64().fract() == 0.0 && c.as_f64().abs() <= SMALL))
    };
    f.kind == Kind::Kernel || matches!(op, Op::Add | Op::Sub | Op::Mul) && operands.into_iter().all(small)
}

/// Operands as the start of a lap knows them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Operand {
    /// The slot's value at the start.
    Start(Slot),
    /// From before the loop.
    Outer(Value),
}

/// One loop; what must be computed before it goes to `before`.
fn repeat(f: &mut Function, before: &mut Block, label: Label, body: &mut Block, latch: &mut Block) {
    let Some(loop_) = Loop::read(f, label, body, latch) else { return };
    // What each operation over the start's values would be, by its first occurrence.
    let mut starts: HashMap<(Op, Vec<Operand>), usize> = HashMap::new();
    let mut pairs: Vec<(usize, usize, Vec<Operand>)> = Vec::new();
    for (n, &at) in body.iter().enumerate() {
        let Inst::Apply { op, args } = f.inst(at) else { continue };
        if !f.ty(at).is_float() || matches!(op, Op::Neg | Op::Cast(_)) || op.effects().call {
            continue;
        }
        if let Some(operands) = args.iter().map(|a| loop_.at_start(*a)).collect::<Option<Vec<_>>>() {
            let known = |o: &Operand| matches!(o, Operand::Start(slot) if last_set(f, before, *slot).is_some());
            let values = operands.iter().map(|o| match o {
                Operand::Start(slot) => last_set(f, before, *slot),
                Operand::Outer(value) => Some(*value),
            });
            if operands.iter().all(|o| matches!(o, Operand::Outer(_)) || known(o)) && operands.iter().any(known) && is_silent(f, *op, values) {
                starts.entry((*op, operands)).or_insert(n);
            }
        } else if let Some(operands) = args.iter().map(|a| loop_.at_end(*a)).collect::<Option<Vec<_>>>()
            && let Some(first) = starts.remove(&(*op, operands.clone()))
        {
            pairs.push((first, n, operands));
        }
    }
    let mut sets: HashMap<usize, Value> = HashMap::new();
    for (first, again, operands) in pairs {
        let (start, next) = (body[first], body[again]);
        let Inst::Apply { op, .. } = *f.inst(start) else { unreachable!("seen above") };
        let ty = f.ty(start);
        let slot = Slot(f.slots.len() as u32);
        f.slots.push(SlotInfo { name: CARRIED.to_owned(), ty });
        let args: Args = operands
            .into_iter()
            .map(|operand| match operand {
                Operand::Outer(value) => value,
                Operand::Start(s) => last_set(f, before, s).expect("looked for above"),
            })
            .collect();
        let mut add = |inst: Inst, ty| {
            let value = Value(f.insts.len() as u32);
            f.insts.push(inst);
            f.types.push(ty);
            f.spans.push(f.span(start));
            value
        };
        let initial = add(Inst::Apply { op, args }, Some(ty));
        let assigned = add(Inst::Set(slot, initial), None);
        before.extend([initial, assigned]);
        sets.insert(again, add(Inst::Set(slot, next), None));
        f.insts[start.index()] = Inst::Get(slot);
    }
    if !sets.is_empty() {
        let old = std::mem::take(body);
        for (n, at) in old.into_iter().enumerate() {
            body.push(at);
            body.extend(sets.get(&n));
        }
    }
}

/// The value that a slot has at the end of a block, if its last assignment there is on the block's own level: reading the slot itself outside the loop would make lanes that have left the loop keep their
/// old values, at the cost of a blend a lap.
fn last_set(f: &Function, block: &Block, slot: Slot) -> Option<Value> {
    for &at in block.iter().rev() {
        match f.inst(at) {
            Inst::Set(s, value) if *s == slot => return Some(*value),
            inst => {
                let mut assigns = inst.assigns().contains(&slot);
                for inner in inst.blocks() {
                    f.walk_block(inner, &mut |_, inst| assigns |= inst.assigns().contains(&slot));
                }
                if assigns {
                    return None;
                }
            }
        }
    }
    None
}

/// What a loop does with the slots that it assigns once a lap.
struct Loop {
    /// Reads of such a slot that stand before its assignment.
    starts: HashMap<Value, Slot>,
    /// What such slots are assigned.
    ends: HashMap<Value, Slot>,
    /// Everything that the loop computes, nested blocks included.
    inside: HashSet<Value>,
}

impl Loop {
    /// `None` if a lap may go on to the next without passing the end of the body, or if nothing is carried.
    fn read(f: &Function, label: Label, body: &Block, latch: &Block) -> Option<Loop> {
        let mut assigned: HashMap<Slot, u32> = HashMap::new();
        let mut continues = false;
        let mut inside = HashSet::new();
        f.walk_block(body, &mut |at, inst| {
            inside.insert(at);
            inst.assigns().iter().for_each(|slot| *assigned.entry(*slot).or_default() += 1);
            continues |= matches!(inst, Inst::Continue(l) if *l == label);
        });
        f.walk_block(latch, &mut |at, inst| {
            inside.insert(at);
            inst.assigns().iter().for_each(|slot| *assigned.entry(*slot).or_default() += 1);
        });
        if continues {
            return None;
        }
        let mut new = Loop { starts: HashMap::new(), ends: HashMap::new(), inside };
        let mut reads: HashMap<Slot, Vec<Value>> = HashMap::new();
        for &at in body {
            match f.inst(at) {
                Inst::Get(slot) => reads.entry(*slot).or_default().push(at),
                Inst::Set(slot, value) if assigned[slot] == 1 => {
                    new.ends.insert(*value, *slot);
                    new.starts.extend(reads.remove(slot).unwrap_or_default().into_iter().map(|read| (read, *slot)));
                }
                _ => {}
            }
        }
        (!new.starts.is_empty()).then_some(new)
    }

    fn at_start(&self, value: Value) -> Option<Operand> {
        if let Some(slot) = self.starts.get(&value) {
            return Some(Operand::Start(*slot));
        }
        (!self.inside.contains(&value)).then_some(Operand::Outer(value))
    }

    fn at_end(&self, value: Value) -> Option<Operand> {
        match self.ends.get(&value) {
            Some(slot) => Some(Operand::Start(*slot)),
            None => (!self.inside.contains(&value)).then_some(Operand::Outer(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Builder, Verified};
    use crate::source::Sources;
    use crate::types::{ArrayType, Layout, Scalar};

    /// A scalar function whose loop squares `x`, which begins as that constant or as the parameter, assigns it and squares it again.
    fn scalar_squares(start: Option<f64>) -> Function {
        let mut b = Builder::new("f", Kind::Scalar);
        let n = b.scalar_param("n", ScalarType::F64);
        let x = b.slot("x", ScalarType::F64);
        let n = b.push(Inst::Param(n));
        let start = match start {
            Some(value) => b.constant(Scalar::float(ScalarType::F64, value)),
            None => n,
        };
        b.set(x, start);
        let label = b.label();
        b.open();
        let old = b.get(x);
        let p = b.apply(Op::Mul, &[old, old]);
        let next = b.apply(Op::Add, &[p, n]);
        b.set(x, next);
        let q = b.apply(Op::Mul, &[next, next]);
        let cond = b.apply(Op::Gt, &[q, n]);
        b.open();
        b.push(Inst::Break(label));
        let then = b.close();
        b.push(Inst::If { cond, then, otherwise: vec![] });
        let body = b.close();
        b.push(Inst::Loop { label, body, latch: vec![] });
        b.finish(vec![x], Sources::default())
    }

    #[test]
    fn outside_kernels_only_what_begins_without_flags() {
        assert_eq!(products(&carry(scalar_squares(Some(0.0)))), (1, 1));
        assert_eq!(products(&carry(scalar_squares(Some(1e200)))), (0, 2));
        assert_eq!(products(&carry(scalar_squares(Some(0.5)))), (0, 2));
        assert_eq!(products(&carry(scalar_squares(None))), (0, 2));
    }

    /// A kernel whose loop squares `x`, assigns it and squares it again; `tail` is put after the second square.
    fn squares(start_known: bool, tail: impl Fn(&mut Builder, Label)) -> Function {
        let mut b = Builder::new("k", Kind::Kernel);
        let n = b.scalar_param("n", ScalarType::F64);
        let out = b.array_param("out", ArrayType { elem: ScalarType::F64, ndim: 1, layout: Layout::C, readonly: false });
        let x = b.slot("x", ScalarType::F64);
        let n = b.push(Inst::Param(n));
        if start_known {
            b.set(x, n);
        }
        let label = b.label();
        b.open();
        let old = b.get(x);
        let p = b.apply(Op::Mul, &[old, old]);
        let next = b.apply(Op::Add, &[p, n]);
        b.set(x, next);
        let q = b.apply(Op::Mul, &[next, next]);
        let zero = b.int(0);
        b.push(Inst::Store { array: out, index: [zero].into_iter().collect(), part: crate::ir::Part::Whole, value: q });
        tail(&mut b, label);
        let cond = b.apply(Op::Gt, &[q, n]);
        b.open();
        b.push(Inst::Break(label));
        let then = b.close();
        b.push(Inst::If { cond, then, otherwise: vec![] });
        let body = b.close();
        b.push(Inst::Loop { label, body, latch: vec![] });
        b.finish(vec![], Sources::default())
    }

    fn products(f: &Function) -> (usize, usize) {
        let Some(Inst::Loop { body, .. }) = f.body.iter().map(|v| f.inst(*v)).find(|i| matches!(i, Inst::Loop { .. })) else { panic!("{f}") };
        let count = |block: &Block| block.iter().filter(|v| matches!(f.inst(**v), Inst::Apply { op: Op::Mul, .. })).count();
        (count(&f.body), count(body))
    }

    #[test]
    fn a_product_of_the_lap_before_is_kept() {
        let f = carry(squares(true, |_, _| {}));
        assert_eq!(products(&f), (1, 1), "{f}");
        Verified::new(f).expect("valid");
    }

    #[test]
    fn unless_a_lap_may_skip_the_assignment_or_the_start_is_not_at_hand() {
        assert_eq!(products(&carry(squares(false, |_, _| {}))), (0, 2));
        let skips = |b: &mut Builder, label: Label| {
            let (one, two) = (b.int(1), b.int(2));
            let cond = b.apply(Op::Lt, &[one, two]);
            b.open();
            b.push(Inst::Continue(label));
            let then = b.close();
            b.push(Inst::If { cond, then, otherwise: vec![] });
        };
        assert_eq!(products(&carry(squares(true, skips))), (0, 2));
    }

    #[test]
    fn or_the_slot_is_assigned_twice() {
        let twice = |b: &mut Builder, _: Label| {
            let x = Slot(0);
            let v = b.get(x);
            b.set(x, v);
        };
        assert_eq!(products(&carry(squares(true, twice))), (0, 2));
    }
}
