//! Element access and atomics.
//!
//! An index is wrapped and (unless the host vouches for it) compared with its extent; of an access that fails the first such axis is told, as the index was given.

use crate::abi::SiteKind;
use crate::ir::{Array, Part, Value};
use crate::llvm::emit::Emitter;
use crate::llvm::instr::{IntPred, V};
use crate::op::{AtomicOp, Op};
use crate::types::{Layout, ScalarType};
use llvm_sys::LLVMAtomicRMWBinOp as Rmw;

impl<'c> Emitter<'_, 'c> {
    pub(super) fn read(&mut self, at: Value, array: Array, index: &[Value], part: Part) -> V<'c> {
        let (pointer, ty, align) = self.element(at, array, index, part);
        let stored = self.i.load(self.i.stored(ty), pointer, align);
        self.from_stored(stored, ty)
    }

    pub(super) fn write(&mut self, at: Value, array: Array, index: &[Value], part: Part, value: Value) {
        let (pointer, ty, align) = self.element(at, array, index, part);
        let stored = self.to_stored(self.base(value), ty);
        self.i.store(stored, pointer, align);
    }

    /// Where a number lies, its type in memory, and how it is aligned.
    fn element(&mut self, at: Value, array: Array, index: &[Value], part: Part) -> (V<'c>, ScalarType, u32) {
        let info = self.f.array(array);
        let (elem, layout, ndim) = (info.ty.elem, info.ty.layout, index.len());
        let name = info.name.clone();
        let bound = &self.arrays[array.index()];
        let pointer = bound.pointer;
        let dense = match layout {
            Layout::C => ndim.checked_sub(1),
            Layout::F => Some(0),
            Layout::A => None,
        };
        let axes: Vec<(V<'c>, V<'c>)> = (0..ndim)
            .map(|axis| {
                let known = bound.fixed.as_ref().map(|fixed| fixed[axis]).or((dense == Some(axis)).then_some(elem.size() as i64));
                (bound.extents[axis], known.map_or(bound.strides[axis], |s| self.i.i64(s)))
            })
            .collect();
        let offset = if part == Part::Imag { elem.part().size() as i64 } else { 0 };
        let mut bytes = self.i.i64(offset);
        let mut checks: Vec<(V<'c>, V<'c>, V<'c>)> = Vec::new();
        let inside = self.inside.get(&at).copied().unwrap_or(0);
        for (axis, (value, (extent, stride))) in index.iter().zip(axes).enumerate() {
            let given = self.base(*value);
            let proven = inside >> axis & 1 == 1;
            let wrapped = if proven || self.f.ty(*value).is_unsigned() {
                given
            } else {
                let negative = self.i.icmp(IntPred::LLVMIntSLT, given, self.i.i64(0));
                self.i.select(negative, self.i.add(given, extent), given)
            };
            let fits = if proven { self.i.i1(true) } else { self.i.icmp(IntPred::LLVMIntULT, wrapped, extent) };
            checks.push((fits, given, extent));
            bytes = self.i.add(bytes, self.i.mul(wrapped, stride));
        }
        if self.check_bounds && inside.count_ones() as usize != checks.len() {
            self.check(at, name, &checks);
        }
        let ty = if part == Part::Whole { elem } else { elem.part() };
        let own = self.arrays[array.index()].fixed.is_some() || info.constant.is_some();
        let align = if !own && !self.gpu().options.aligned { 1 } else { ty.size() as u32 };
        (self.i.offset(pointer, bytes), ty, align)
    }

    /// Ends the thread unless all of the checks hold.
    fn check(&mut self, at: Value, array: String, checks: &[(V<'c>, V<'c>, V<'c>)]) {
        let all = checks.iter().map(|c| c.0).reduce(|a, b| self.i.and(a, b)).expect("an axis");
        let (inside, outside) = (self.i.block("in"), self.i.block("out"));
        self.i.cond_br_likely(all, inside, outside);
        self.i.go(outside);
        let mut told = (self.i.i32(0), self.i.i64(0), self.i.i64(0));
        for (axis, (ok, index, extent)) in checks.iter().enumerate().rev() {
            let choose = |new, old| self.i.select(*ok, old, new);
            told = (choose(self.i.i32(axis as i32 + 1), told.0), choose(*index, told.1), choose(*extent, told.2));
        }
        self.tell(at, SiteKind::Index { array }, told);
        self.i.br(self.frame.abort);
        self.i.go(inside);
    }

    /// An atomic operation: the old value.
    pub(super) fn exchange(
        &mut self,
        at: Value,
        op: AtomicOp,
        (array, index, part): (Array, &[Value], Part),
        value: Value,
        expected: Option<Value>,
    ) -> V<'c> {
        let (pointer, ty, _) = self.element(at, array, index, part);
        let (value, align) = (self.base(value), ty.size() as u32);
        let float = ty.is_float();
        let plain = match op {
            AtomicOp::Add if float => Some(Rmw::LLVMAtomicRMWBinOpFAdd),
            AtomicOp::Add => Some(Rmw::LLVMAtomicRMWBinOpAdd),
            AtomicOp::Sub if float => {
                let value = self.i.fneg(value);
                return self.i.atomic(Rmw::LLVMAtomicRMWBinOpFAdd, pointer, value, align);
            }
            AtomicOp::Sub => Some(Rmw::LLVMAtomicRMWBinOpSub),
            AtomicOp::And => Some(Rmw::LLVMAtomicRMWBinOpAnd),
            AtomicOp::Or => Some(Rmw::LLVMAtomicRMWBinOpOr),
            AtomicOp::Xor => Some(Rmw::LLVMAtomicRMWBinOpXor),
            AtomicOp::Inc => Some(Rmw::LLVMAtomicRMWBinOpUIncWrap),
            AtomicOp::Dec => Some(Rmw::LLVMAtomicRMWBinOpUDecWrap),
            AtomicOp::Max | AtomicOp::Nanmax if ty.is_signed() => Some(Rmw::LLVMAtomicRMWBinOpMax),
            AtomicOp::Min | AtomicOp::Nanmin if ty.is_signed() => Some(Rmw::LLVMAtomicRMWBinOpMin),
            AtomicOp::Max | AtomicOp::Nanmax if !float => Some(Rmw::LLVMAtomicRMWBinOpUMax),
            AtomicOp::Min | AtomicOp::Nanmin if !float => Some(Rmw::LLVMAtomicRMWBinOpUMin),
            AtomicOp::Exch | AtomicOp::Cas | AtomicOp::Max | AtomicOp::Min | AtomicOp::Nanmax | AtomicOp::Nanmin => None,
        };
        if let Some(plain) = plain {
            return self.i.atomic(plain, pointer, value, align);
        }
        let bits_type = self.i.int(ty.bits());
        let bits = self.bits_of(value, ty);
        let old = match op {
            AtomicOp::Exch => self.i.atomic(Rmw::LLVMAtomicRMWBinOpXchg, pointer, bits, align),
            AtomicOp::Cas => {
                let expected = self.base(expected.expect("verified: what is expected"));
                let expected = self.bits_of(expected, ty);
                self.i.compare_exchange(pointer, expected, bits, align)[0]
            }
            // Floats: exchanged while the value is the one to keep.
            _ => {
                let first = self.i.load_of_device(bits_type, pointer, align);
                let (head, swap, done) = (self.i.block("atomic"), self.i.block("swap"), self.i.block("atomic.end"));
                let before = self.i.here();
                self.i.br(head);
                self.i.go(head);
                let seen = self.i.phi(bits_type);
                let takes = self.takes_over(op, ty, seen, value);
                self.i.cond_br(takes, swap, done);
                self.i.go(swap);
                let [found, was] = self.i.compare_exchange(pointer, seen, bits, align);
                self.i.cond_br(was, done, head);
                self.i.incoming(seen, &[(first, before), (found, swap)]);
                self.i.go(done);
                seen
            }
        };
        if float { self.i.cast(crate::llvm::instr::Opcode::LLVMBitCast, old, self.i.scalar(ty)) } else { old }
    }

    /// The bits of a number as an integer.
    pub(super) fn bits_of(&self, value: V<'c>, ty: ScalarType) -> V<'c> {
        if ty.is_float() { self.i.cast(crate::llvm::instr::Opcode::LLVMBitCast, value, self.i.int(ty.bits())) } else { value }
    }

    /// Whether a float takes the place of the one with these bits.
    fn takes_over(&mut self, op: AtomicOp, ty: ScalarType, seen: V<'c>, value: V<'c>) -> V<'c> {
        let old = self.i.cast(crate::llvm::instr::Opcode::LLVMBitCast, seen, self.i.scalar(ty));
        let compare = if matches!(op, AtomicOp::Max | AtomicOp::Nanmax) { Op::Gt } else { Op::Lt };
        let beyond = self.apply(compare, &[ty, ty], vec![value, old], None);
        if matches!(op, AtomicOp::Max | AtomicOp::Min) {
            return beyond;
        }
        let nan = self.apply(Op::IsNan, &[ty], vec![old], None);
        self.i.or(beyond, nan)
    }
}
