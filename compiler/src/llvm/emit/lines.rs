//! A line along the lanes compared with one number: not lane by lane, but by how many lanes come before it.
//!
//! For processors whose masks are bits. `base + lane < n` holds for the first `n - base` lanes, as long as the line does not wrap in its type: that is known of coordinates ([`extent_of`]), and else looked
//! at; a line that wraps is compared lane by lane.

use super::super::cpu::Level;
use super::super::instr::{IntPred, Opcode, V};
use super::{Emitter, Rep};
use crate::ir::{Function, Geometry, Inst, Value};
use crate::op::Op;
use crate::types::ScalarType;

impl<'c> Emitter<'_, 'c> {
    /// The result of comparing `line OP number` or `number OP line`, if it is of this form.
    pub(super) fn compared_line(&mut self, op: Op, args: &[Value]) -> Option<Rep<'c>> {
        if self.level != Level::Avx512 || self.routine || !matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge) {
            return None;
        }
        let (line, base, number, op) = match (self.rep(args[0]), self.rep(args[1])) {
            (Rep::Linear(base, 1), Rep::Uniform(n)) => (args[0], base, n, op),
            (Rep::Uniform(n), Rep::Linear(base, 1)) => {
                let turned = match op {
                    Op::Lt => Op::Gt,
                    Op::Le => Op::Ge,
                    Op::Gt => Op::Lt,
                    _ => Op::Le,
                };
                (args[1], base, n, turned)
            }
            _ => return None,
        };
        let ty = self.f.ty(line);
        if ty.bits() < 32 {
            return None;
        }
        if extent_of(self.f, line, 8).is_some_and(|bits| bits + 2 <= ty.bits()) {
            return Some(Rep::Varying(self.first_lanes(op, ty, base, number)));
        }
        let (straight, wraps, join) = (self.i.block("line"), self.i.block("line.wraps"), self.i.block("compared"));
        let greatest = if ty.is_unsigned() { u64::MAX >> (64 - ty.bits()) } else { (1 << (ty.bits() - 1)) - 1 };
        let last = self.i.const_int(self.i.type_of(base), (greatest - u64::from(self.lanes - 1)) as i64);
        let below = if ty.is_unsigned() { IntPred::LLVMIntULE } else { IntPred::LLVMIntSLE };
        self.i.cond_br_likely(self.i.icmp(below, base, last), straight, wraps);

        self.i.go(straight);
        let counted = self.first_lanes(op, ty, base, number);
        self.i.br(join);

        self.i.go(wraps);
        let line = self.spread(Rep::Linear(base, 1));
        let each = self.i.icmp(predicate(op, ty), line, self.i.splat(number, self.lanes));
        self.i.br(join);

        self.i.go(join);
        let mask = self.i.phi(self.mask_type());
        self.i.incoming(mask, &[(counted, straight), (each, wraps)]);
        Some(Rep::Varying(mask))
    }

    /// The lanes for which `base + lane OP number` holds; the line does not wrap.
    fn first_lanes(&self, op: Op, ty: ScalarType, base: V<'c>, number: V<'c>) -> V<'c> {
        let int = self.i.type_of(base);
        let lanes = i64::from(self.lanes);
        let with_equal = matches!(op, Op::Le | Op::Gt);
        let some = self.i.icmp(predicate(if with_equal { Op::Ge } else { Op::Gt }, ty), number, base);
        // Where it is used `number` is at least `base`, so the difference is right as an unsigned number.
        let most = self.i.const_int(int, if with_equal { lanes - 1 } else { lanes });
        let difference = self.i.sub(number, base);
        let few = self.i.icmp(IntPred::LLVMIntULT, difference, most);
        let count = self.i.select(few, difference, most);
        let count = if with_equal { self.i.add(count, self.i.const_int(int, 1)) } else { count };
        let count = self.i.select(some, count, self.i.const_int(int, 0));
        // At most 32, in a register of 64.
        let wide = self.i.resize(count, self.i.int(64), false);
        let above = self.i.binary(Opcode::LLVMShl, self.i.i64(1), wide);
        let bits = self.i.sub(above, self.i.i64(1));
        let bits = if matches!(op, Op::Lt | Op::Le) { bits } else { self.i.not(bits) };
        let narrow = self.i.resize(bits, self.i.int(self.lanes), false);
        self.i.cast(Opcode::LLVMBitCast, narrow, self.mask_type())
    }
}

fn predicate(op: Op, ty: ScalarType) -> IntPred {
    match (op, ty.is_unsigned()) {
        (Op::Lt, false) => IntPred::LLVMIntSLT,
        (Op::Le, false) => IntPred::LLVMIntSLE,
        (Op::Gt, false) => IntPred::LLVMIntSGT,
        (Op::Lt, true) => IntPred::LLVMIntULT,
        (Op::Le, true) => IntPred::LLVMIntULE,
        (Op::Gt, true) => IntPred::LLVMIntUGT,
        (_, false) => IntPred::LLVMIntSGE,
        (_, true) => IntPred::LLVMIntUGE,
    }
}

/// Bits `n` such that a value lies between -2^n and 2^n in every lane, if that is plain to see; `depth` operations are looked through.
fn extent_of(f: &Function, value: Value, depth: u32) -> Option<u32> {
    let bits = match f.inst(value) {
        Inst::Geometry(g) => match g {
            Geometry::BlockIdx(_) | Geometry::GridDim(_) => 31,
            _ => 11,
        },
        Inst::Const(c) if c.ty().is_integer() => 128 - c.as_int().unsigned_abs().leading_zeros(),
        Inst::Apply { op, args } if depth > 0 => {
            let of = |n: usize| extent_of(f, args[n], depth - 1);
            match op {
                Op::Add | Op::Sub => of(0)?.max(of(1)?) + 1,
                Op::Mul => of(0)? + of(1)?,
                Op::Cast(to)
                    if to.is_signed()
                        && to.is_integer()
                        && f.ty(args[0]).is_signed()
                        && f.ty(args[0]).is_integer()
                        && to.bits() >= f.ty(args[0]).bits() =>
                {
                    of(0).unwrap_or(f.ty(args[0]).bits() - 1)
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    // What did not fit has wrapped.
    (bits < f.ty(value).bits()).then_some(bits)
}
