//! Removal of instructions that nothing uses.
//!
//! Pure ones, assignments of slots that nothing reads, and branches and scopes with nothing left in them; loads stay, since an index may fail, and loops, since
//! they may not end. Slots and constant arrays that are then mentioned nowhere go too. The
//! arenas are made anew in program order, so nothing is left in them that the body does not name, whatever earlier stages dropped.

use std::collections::HashMap;

use crate::ir::{Array, Block, Failure, Function, Inst, Param, Slot, Value};

/// Removes what has no effect and renumbers the rest in program order.
pub fn remove_unused(function: Function) -> Function {
    let used = used(&function);
    let (insts, types, spans) = Default::default();
    let mut renewal =
        Renewal { used, values: HashMap::new(), slots: Renamed::default(), arrays: Renamed::default(), insts, types, spans, old: &function };
    for param in &function.params {
        if let Param::Array { array, .. } = param {
            renewal.arrays.of(array.0);
        }
    }
    let body = renewal.block(&function.body);
    let results = function.results.iter().map(|s| renewal.slot(*s)).collect();
    let Renewal { slots, arrays, insts, types, spans, .. } = renewal;
    let rename = |param: &Param| match param {
        Param::Array { name, array } => Param::Array { name: name.clone(), array: Array(arrays.number[&array.0]) },
        scalar => scalar.clone(),
    };
    let params = function.params.iter().map(rename).collect();
    let slots = slots.order.iter().map(|s| function.slots[*s as usize].clone()).collect();
    let arrays = arrays.order.iter().map(|a| function.arrays[*a as usize].clone()).collect();
    Function { params, results, slots, arrays, insts, types, spans, body, ..function }
}

/// Which instructions stay.
fn used(function: &Function) -> Vec<bool> {
    let mut order = Vec::new();
    function.walk(&mut |value, _| order.push(value));
    let mut read = vec![false; function.slots.len()];
    function.results.iter().for_each(|slot| read[slot.index()] = true);
    loop {
        // Operands stand before their users and constructs before what is in them, so one sweep from the end sees every user first. A read of a slot may stand before an assignment (in a loop), so a
        // slot that turns out to be read starts another sweep.
        let mut used = vec![false; function.insts.len()];
        let mut more = false;
        for &value in order.iter().rev() {
            let inst = function.inst(value);
            let acts = match inst {
                Inst::Set(slot, _) => read[slot.index()],
                Inst::If { .. } | Inst::Scope { .. } => inst.blocks().into_iter().flatten().any(|v| used[v.index()]),
                inst => !is_pure(inst),
            };
            if !(acts || used[value.index()]) {
                continue;
            }
            used[value.index()] = true;
            inst.operands().iter().for_each(|operand| used[operand.index()] = true);
            if let Inst::Get(slot) = inst {
                more |= !std::mem::replace(&mut read[slot.index()], true);
            }
        }
        if !more {
            return used;
        }
    }
}

fn is_pure(inst: &Inst) -> bool {
    match inst {
        Inst::Const(_) | Inst::Param(_) | Inst::Apply { .. } | Inst::Geometry(_) | Inst::Extent { .. } | Inst::Get(_) => true,
        Inst::Set(..) | Inst::Load { .. } | Inst::Store { .. } | Inst::If { .. } | Inst::Loop { .. } | Inst::Scope { .. } => false,
        Inst::Break(_) | Inst::Continue(_) | Inst::Fail(_) | Inst::Report(_) | Inst::Barrier { .. } | Inst::Fence | Inst::Print { .. } => false,
        // What a lane gives others may have effects there.
        Inst::Atomic { .. } | Inst::Warp { .. } | Inst::Call { .. } | Inst::Leave => false,
    }
}

/// New numbers of an arena's entries, in the order they are first asked for.
#[derive(Default)]
struct Renamed {
    order: Vec<u32>,
    number: HashMap<u32, u32>,
}

impl Renamed {
    fn of(&mut self, old: u32) -> u32 {
        *self.number.entry(old).or_insert_with(|| {
            self.order.push(old);
            self.order.len() as u32 - 1
        })
    }
}

struct Renewal<'f> {
    old: &'f Function,
    used: Vec<bool>,
    values: HashMap<Value, Value>,
    slots: Renamed,
    arrays: Renamed,
    insts: Vec<Inst>,
    types: Vec<Option<crate::types::ScalarType>>,
    spans: Vec<crate::source::Span>,
}

impl Renewal<'_> {
    fn block(&mut self, block: &Block) -> Block {
        let mut new = Vec::with_capacity(block.len());
        for &value in block {
            if !self.used[value.index()] {
                continue;
            }
            let at = Value(self.insts.len() as u32);
            // The entry comes before those of inner blocks: program order.
            self.insts.push(Inst::Param(0));
            self.types.push(self.old.types[value.index()]);
            self.spans.push(self.old.span(value));
            self.values.insert(value, at);
            let inst = self.inst(self.old.inst(value));
            self.insts[at.index()] = inst;
            new.push(at);
        }
        new
    }

    fn slot(&mut self, old: Slot) -> Slot {
        Slot(self.slots.of(old.0))
    }

    fn array(&mut self, old: Array) -> Array {
        Array(self.arrays.of(old.0))
    }

    fn to<C: FromIterator<Value>>(&self, old: &[Value]) -> C {
        old.iter().map(|v| self.values[v]).collect()
    }

    fn inst(&mut self, inst: &Inst) -> Inst {
        match inst {
            Inst::Apply { op, args } => Inst::Apply { op: *op, args: self.to(args) },
            Inst::Extent { array, axis } => Inst::Extent { array: self.array(*array), axis: *axis },
            Inst::Get(slot) => Inst::Get(self.slot(*slot)),
            Inst::Set(slot, value) => Inst::Set(self.slot(*slot), self.values[value]),
            Inst::Load { array, index, part } => Inst::Load { array: self.array(*array), index: self.to(index), part: *part },
            Inst::Store { array, index, part, value } => {
                Inst::Store { array: self.array(*array), index: self.to(index), part: *part, value: self.values[value] }
            }
            Inst::If { cond, then, otherwise } => Inst::If { cond: self.values[cond], then: self.block(then), otherwise: self.block(otherwise) },
            Inst::Loop { label, body, latch } => Inst::Loop { label: *label, body: self.block(body), latch: self.block(latch) },
            Inst::Scope { label, body } => Inst::Scope { label: *label, body: self.block(body) },
            Inst::Fail(Failure::Unassigned(slot)) => Inst::Fail(Failure::Unassigned(self.slot(*slot))),
            Inst::Fail(Failure::Bounds(array)) => Inst::Fail(Failure::Bounds(self.array(*array))),
            Inst::Print { pieces, values } => Inst::Print { pieces: pieces.clone(), values: self.to(values) },
            Inst::Const(_) | Inst::Param(_) | Inst::Geometry(_) => inst.clone(),
            Inst::Atomic { op, array, index, part, value, expected } => Inst::Atomic {
                op: *op,
                part: *part,
                array: self.array(*array),
                index: self.to(index),
                value: self.values[value],
                expected: expected.map(|v| self.values[&v]),
            },
            Inst::Warp { op, args } => Inst::Warp { op: *op, args: self.to(args) },
            Inst::Barrier { meeting, operand } => Inst::Barrier { meeting: *meeting, operand: operand.map(|v| self.values[&v]) },
            Inst::Report(Failure::Unassigned(slot)) => Inst::Report(Failure::Unassigned(self.slot(*slot))),
            Inst::Call { routine, args, arrays, into, ended } => Inst::Call {
                routine: *routine,
                args: self.to(args),
                arrays: arrays.iter().map(|a| self.array(*a)).collect(),
                into: into.iter().map(|s| self.slot(*s)).collect(),
                ended: self.slot(*ended),
            },
            Inst::Break(_) | Inst::Continue(_) | Inst::Fail(_) | Inst::Report(_) | Inst::Fence | Inst::Leave => inst.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Builder, Kind, Verified};
    use crate::op::Op;
    use crate::source::Sources;
    use crate::types::{ArrayType, Layout, ScalarType};

    #[test]
    fn chains_go_and_effects_stay() {
        let mut b = Builder::new("k", Kind::Kernel);
        let a = b.array_param("a", ArrayType { elem: ScalarType::F64, ndim: 1, layout: Layout::C, readonly: false });
        let slot = b.slot("x", ScalarType::I64);
        let i = b.int(3);
        let j = b.int(4);
        let sum = b.apply(Op::Add, &[i, j]);
        b.apply(Op::Neg, &[sum]);
        let n = b.get(slot);
        let unread = b.slot("y", ScalarType::I64);
        b.set(unread, n);
        b.push(Inst::Extent { array: a, axis: 0 });
        b.push(Inst::Load { array: a, index: [i].into_iter().collect(), part: crate::ir::Part::Whole });
        b.open();
        b.int(5);
        let dropped = b.close();
        assert_eq!(dropped.len(), 1, "an instruction that no block names");
        let f = remove_unused(b.finish(vec![], Sources::default()));
        assert!(matches!(f.insts[..], [Inst::Const(_), Inst::Load { .. }]), "{:?}", f.insts);
        assert!(f.slots.is_empty());
        Verified::new(f).expect("valid");
    }

    #[test]
    fn assignments_read_on_the_next_lap_stay() {
        let mut b = Builder::new("f", Kind::Scalar);
        let [result, carried] = ["r", "c"].map(|name| b.slot(name, ScalarType::I64));
        let label = b.label();
        b.open();
        let old = b.get(carried);
        b.set(result, old);
        let one = b.int(1);
        b.set(carried, one);
        let body = b.close();
        b.push(Inst::Loop { label, body, latch: vec![] });
        let f = remove_unused(b.finish(vec![result], Sources::default()));
        assert_eq!(f.insts.len(), 5, "{f}");
    }

    #[test]
    fn empty_branches_go_with_their_conditions() {
        let mut b = Builder::new("k", Kind::Kernel);
        let (outer, inner) = (b.int(1), b.int(2));
        let cond = b.apply(Op::Lt, &[outer, inner]);
        b.open();
        b.open();
        b.int(3);
        let then = b.close();
        b.push(Inst::If { cond, then, otherwise: vec![] });
        let body = b.close();
        let label = b.label();
        b.push(Inst::Scope { label, body });
        let f = remove_unused(b.finish(vec![], Sources::default()));
        assert!(f.insts.is_empty(), "{f}");
    }

    #[test]
    fn values_used_only_by_a_condition_or_an_inner_block_stay() {
        let mut b = Builder::new("f", Kind::Scalar);
        let slot = b.slot("x", ScalarType::I64);
        let i = b.int(3);
        let unused = b.int(9);
        let cond = b.apply(Op::Lt, &[i, i]);
        b.open();
        b.apply(Op::Neg, &[unused]);
        let n = b.apply(Op::Neg, &[i]);
        b.set(slot, n);
        let then = b.close();
        b.push(Inst::If { cond, then, otherwise: vec![] });
        let f = remove_unused(b.finish(vec![slot], Sources::default()));
        assert_eq!(f.insts.len(), 5, "{f}");
        Verified::new(f).expect("valid");
    }
}
