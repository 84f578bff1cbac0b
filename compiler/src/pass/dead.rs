//! Removal of instructions that nothing uses.
//!
//! Pure ones only: loads stay, since an index may fail. The arena is made anew in program order, so nothing is left in it that the body does not name, whatever
//! earlier stages dropped.

use crate::ir::{Block, Function, Inst, Value};

/// Removes pure instructions without users and renumbers the rest in program order.
pub fn remove_unused(function: Function) -> Function {
    let mut order = Vec::new();
    function.walk(&mut |value, _| order.push(value));
    // Operands stand before their users, so one sweep from the end sees every user first.
    let mut used = vec![false; function.insts.len()];
    for &value in order.iter().rev() {
        let inst = function.inst(value);
        if used[value.index()] || !is_pure(inst) {
            used[value.index()] = true;
            inst.operands().iter().for_each(|operand| used[operand.index()] = true);
        }
    }
    let mut renewal =
        Renewal { insts: Vec::new(), types: Vec::new(), spans: Vec::new(), renamed: vec![None; function.insts.len()], old: &function, used };
    let body = renewal.block(&function.body);
    let Renewal { insts, types, spans, .. } = renewal;
    Function { insts, types, spans, body, ..function }
}

fn is_pure(inst: &Inst) -> bool {
    match inst {
        Inst::Const(_) | Inst::Param(_) | Inst::Apply { .. } | Inst::Geometry(_) | Inst::Extent { .. } | Inst::Get(_) => true,
        Inst::Set(..) | Inst::Load { .. } | Inst::Store { .. } | Inst::If { .. } | Inst::Loop { .. } | Inst::Scope { .. } => false,
        Inst::Break(_) | Inst::Continue(_) | Inst::Fail(_) => false,
    }
}

struct Renewal<'f> {
    old: &'f Function,
    used: Vec<bool>,
    renamed: Vec<Option<Value>>,
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
            self.insts.push(Inst::Param(0));
            self.types.push(self.old.types[value.index()]);
            self.spans.push(self.old.span(value));
            self.renamed[value.index()] = Some(at);
            let inst = self.inst(self.old.inst(value));
            self.insts[at.index()] = inst;
            new.push(at);
        }
        new
    }

    fn inst(&mut self, inst: &Inst) -> Inst {
        let to = |this: &Self, v: &Value| this.renamed[v.index()].expect("an operand stands before its user");
        match inst {
            Inst::Apply { op, args } => Inst::Apply { op: *op, args: args.iter().map(|a| to(self, a)).collect() },
            Inst::Set(slot, value) => Inst::Set(*slot, to(self, value)),
            Inst::Load { array, index, part } => Inst::Load { array: *array, index: index.iter().map(|i| to(self, i)).collect(), part: *part },
            Inst::Store { array, index, part, value } => {
                Inst::Store { array: *array, index: index.iter().map(|i| to(self, i)).collect(), part: *part, value: to(self, value) }
            }
            Inst::If { cond, then, otherwise } => Inst::If { cond: to(self, cond), then: self.block(then), otherwise: self.block(otherwise) },
            Inst::Loop { label, body, latch } => Inst::Loop { label: *label, body: self.block(body), latch: self.block(latch) },
            Inst::Scope { label, body } => Inst::Scope { label: *label, body: self.block(body) },
            Inst::Const(_) | Inst::Param(_) | Inst::Geometry(_) | Inst::Extent { .. } | Inst::Get(_) => inst.clone(),
            Inst::Break(_) | Inst::Continue(_) | Inst::Fail(_) => inst.clone(),
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
        b.get(slot);
        b.push(Inst::Extent { array: a, axis: 0 });
        b.push(Inst::Load { array: a, index: [i].into_iter().collect(), part: crate::ir::Part::Whole });
        b.open();
        b.int(5);
        let dropped = b.close();
        assert_eq!(dropped.len(), 1, "an instruction that no block names");
        let f = remove_unused(b.finish(vec![], Sources::default()));
        assert!(matches!(f.insts[..], [Inst::Const(_), Inst::Load { .. }]), "{:?}", f.insts);
        Verified::new(f).expect("valid");
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
