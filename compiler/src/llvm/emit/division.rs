//! Integer `//` and `%`.
//!
//! No SIMD instruction divides integers, and LLVM would unroll a vector of 32 into 32 scalar divisions. By a power of two they are shifts and masks. Else vectors divide as
//! float64, which is exact after truncation while |a| < 2^52: a quotient that is no integer is at least 1/|a| (relative) from the next one, more than the
//! rounding. 64-bit operands are looked at first, and out of that range go lane by lane.

use super::super::cpu::Level;
use super::super::instr::{IntPred, Opcode, V};
use super::Emitter;
use crate::op::Op;
use crate::types::{Scalar, ScalarType};

impl<'c> Emitter<'_, 'c> {
    pub(super) fn integer_division(&mut self, op: Op, ty: ScalarType, a: V<'c>, b: V<'c>, divisor: Option<Scalar>) -> V<'c> {
        if let Some(k) = divisor.map(Scalar::as_int).filter(|k| *k > 0 && k.count_ones() == 1) {
            return self.by_power_of_two(op, ty, a, k);
        }
        let zero = self.int_like(ty, 0, a);
        let one = self.int_like(ty, 1, a);
        let by_zero = self.i.icmp(IntPred::LLVMIntEQ, b, zero);
        let safe = if ty.is_unsigned() {
            self.i.select(by_zero, one, b)
        } else {
            // MIN / -1 traps as x / 0 does; by 1 it gives what the wrapped quotient and remainder are.
            let lowest = self.int_like(ty, -(1i128 << (ty.bits() - 1)), a);
            let minus = self.int_like(ty, -1, a);
            let overflow = self.i.and(self.i.icmp(IntPred::LLVMIntEQ, a, lowest), self.i.icmp(IntPred::LLVMIntEQ, b, minus));
            self.i.select(self.i.or(by_zero, overflow), one, b)
        };
        let result = if self.i.lanes_of(a) == 0 {
            let q = self.i.binary(if ty.is_unsigned() { Opcode::LLVMUDiv } else { Opcode::LLVMSDiv }, a, safe);
            self.floored(op, ty, a, safe, q)
        } else if ty.bits() <= 32 {
            let q = self.as_float(ty, a, safe);
            self.floored(op, ty, a, safe, q)
        } else if self.level == Level::Avx512 {
            self.wide_division(op, ty, a, safe)
        } else {
            self.lane_by_lane(op, ty, a, safe)
        };
        self.i.select(by_zero, zero, result)
    }

    fn by_power_of_two(&self, op: Op, ty: ScalarType, a: V<'c>, k: i128) -> V<'c> {
        if op == Op::Mod {
            return self.i.and(a, self.int_like(ty, k - 1, a));
        }
        let shift = self.int_like(ty, k.trailing_zeros() as i128, a);
        self.i.binary(if ty.is_unsigned() { Opcode::LLVMLShr } else { Opcode::LLVMAShr }, a, shift)
    }

    /// The truncated quotient made Python's, or the remainder.
    fn floored(&self, op: Op, ty: ScalarType, a: V<'c>, b: V<'c>, q: V<'c>) -> V<'c> {
        let zero = self.int_like(ty, 0, a);
        let r = self.i.sub(a, self.i.mul(q, b));
        if ty.is_unsigned() {
            return if op == Op::FloorDiv { q } else { r };
        }
        let opposite = self.i.icmp(IntPred::LLVMIntSLT, self.i.binary(Opcode::LLVMXor, r, b), zero);
        let adjust = self.i.and(self.i.icmp(IntPred::LLVMIntNE, r, zero), opposite);
        let (kept, changed) = if op == Op::FloorDiv { (q, self.i.sub(q, self.int_like(ty, 1, a))) } else { (r, self.i.add(r, b)) };
        self.i.select(adjust, changed, kept)
    }

    /// Truncated quotient of operands that float64 holds exactly, by its division.
    fn as_float(&self, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        let float = self.shaped(self.i.scalar(ScalarType::F64), a);
        // Up to 32 bits, int64 holds every value of either sign; 64-bit values were found small enough to be signed.
        let (wide, signed) = (self.shaped(self.i.int(if ty.bits() < 32 { 32 } else { ty.bits() }), a), ty.is_signed() || ty.bits() == 64);
        let to = |v: V<'c>| {
            let v = self.i.resize(v, wide, ty.is_signed());
            self.i.cast(if signed { Opcode::LLVMSIToFP } else { Opcode::LLVMUIToFP }, v, float)
        };
        let q = self.i.binary(Opcode::LLVMFDiv, to(a), to(b));
        let whole = self.i.cast(if signed { Opcode::LLVMFPToSI } else { Opcode::LLVMFPToUI }, q, wide);
        self.i.resize(whole, self.i.type_of(a), signed)
    }

    fn wide_division(&mut self, op: Op, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        let (small, large, join) = (self.i.block("small"), self.i.block("large"), self.i.block("divided"));
        // x + 2^51 as unsigned is below 2^52 just when -2^51 <= x < 2^51.
        let fits = |v: V<'c>| {
            let (offset, bound) = if ty.is_signed() { (1i128 << 51, 1i128 << 52) } else { (0, 1i128 << 51) };
            self.i.icmp(IntPred::LLVMIntULT, self.i.add(v, self.int_like(ty, offset, v)), self.int_like(ty, bound, v))
        };
        let outside = self.i.not(self.i.and(fits(a), fits(b)));
        let outside = if self.full_mask() { outside } else { self.i.select(self.mask, outside, self.i.zero(self.mask_type())) };
        let any = self.any(outside);
        self.i.cond_br_likely(self.i.not(any), small, large);

        self.i.go(small);
        // Lanes that are off may hold anything; they must not reach the conversion back.
        let (x, y) = if self.full_mask() {
            (a, b)
        } else {
            let one = self.int_like(ty, 1, a);
            (self.i.select(self.mask, a, one), self.i.select(self.mask, b, one))
        };
        let q = self.as_float(ty, x, y);
        let quick = self.floored(op, ty, x, y, q);
        let quick_end = self.i.here();
        self.i.br(join);

        self.i.go(large);
        let slow = self.lane_by_lane(op, ty, a, b);
        let slow_end = self.i.here();
        self.i.br(join);

        self.i.go(join);
        let phi = self.i.phi(self.i.type_of(a));
        self.i.incoming(phi, &[(quick, quick_end), (slow, slow_end)]);
        phi
    }

    fn lane_by_lane(&mut self, op: Op, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        debug_assert_eq!(self.i.lanes_of(a), self.lanes);
        let name = match (op, ty.is_signed()) {
            (Op::FloorDiv, true) => "vg_floordiv_i64",
            (Op::FloorDiv, false) => "vg_floordiv_u64",
            (_, true) => "vg_mod_i64",
            (_, false) => "vg_mod_u64",
        };
        self.call2(name, ScalarType::I64, a, b)
    }
}
