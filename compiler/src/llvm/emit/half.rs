//! float16 and bfloat16: rounding to them, and their 16 bits in memory. A value is held as the float32 of the same number.

use super::super::instr::{IntPred, Opcode, V};
use super::Emitter;
use crate::types::{Scalar, ScalarType};

impl<'c> Emitter<'_, 'c> {
    /// The float16 nearest to a float, as a float32: [`crate::types::half::rounded`].
    pub(super) fn round_half(&self, from: ScalarType, x: V<'c>) -> V<'c> {
        let wide = from == ScalarType::F64;
        let int = if wide { ScalarType::U64 } else { ScalarType::U32 };
        let number = |value: i128| self.int_like(int, value, x);
        let float = |value: f64| self.constant_like(Scalar::float(from, value), x);
        let bits_type = self.shaped(self.i.int(int.bits()), x);
        // Bits of the fraction that float16 does not have, bit patterns of 2^-14 and infinity, and the power of two from 2^16 to where floats end.
        let (dropped, tiny, infinity, scale): (i128, i128, i128, i32) =
            if wide { (42, 0x3f10_0000_0000_0000, 0x7ff0_0000_0000_0000, 1008) } else { (13, 0x3880_0000, 0x7f80_0000, 112) };
        let bits = self.i.cast(Opcode::LLVMBitCast, x, bits_type);
        let magnitude = self.i.and(bits, number((1 << (int.bits() - 1)) - 1));
        let sign = self.i.binary(Opcode::LLVMXor, bits, magnitude);
        let odd = self.i.and(self.i.binary(Opcode::LLVMLShr, magnitude, number(dropped)), number(1));
        let up = self.i.add(self.i.add(magnitude, number((1 << (dropped - 1)) - 1)), odd);
        let normal = self.i.and(up, number((1 << int.bits()) - (1 << dropped)));
        // Small numbers are 2^-24 apart, as floats of this size are here.
        let near = float(if wide { 2f64.powi(28) } else { 0.5 });
        let small = self.i.cast(Opcode::LLVMBitCast, magnitude, self.i.type_of(x));
        let small = self.i.binary(Opcode::LLVMFSub, self.i.binary(Opcode::LLVMFAdd, small, near), near);
        let small = self.i.cast(Opcode::LLVMBitCast, small, bits_type);
        let is_small = self.i.icmp(IntPred::LLVMIntULT, magnitude, number(tiny));
        // From 2^16 on this product is infinite, and raises Overflow where a flag is looked at.
        let (up_by, down_by) = (float(2f64.powi(scale)), float(2f64.powi(-scale)));
        let scaled = self.i.binary(Opcode::LLVMFMul, self.i.cast(Opcode::LLVMBitCast, normal, self.i.type_of(x)), up_by);
        let normal = self.i.cast(Opcode::LLVMBitCast, self.i.binary(Opcode::LLVMFMul, scaled, down_by), bits_type);
        let is_nan = self.i.icmp(IntPred::LLVMIntUGT, magnitude, number(infinity));
        let finite = self.i.select(is_small, small, normal);
        let result = self.i.select(is_nan, number(infinity | infinity >> 1), finite);
        let result = self.i.cast(Opcode::LLVMBitCast, self.i.or(result, sign), self.i.type_of(x));
        if wide { self.i.cast(Opcode::LLVMFPTrunc, result, self.shaped(self.i.scalar(ScalarType::F32), x)) } else { result }
    }

    /// 16 bits from memory as a float32.
    pub(super) fn widen_half(&self, stored: V<'c>) -> V<'c> {
        let number = |value: i128| self.int_like(ScalarType::U32, value, stored);
        let bits = self.i.cast(Opcode::LLVMZExt, stored, self.shaped(self.i.int(32), stored));
        let float_type = self.shaped(self.i.scalar(ScalarType::F32), stored);
        let shifted = self.i.binary(Opcode::LLVMShl, self.i.and(bits, number(0x7fff)), number(13));
        let small = self.i.cast(Opcode::LLVMBitCast, shifted, float_type);
        let scale = self.constant_like(Scalar::f32(2f32.powi(112)), stored);
        let scaled = self.i.cast(Opcode::LLVMBitCast, self.i.binary(Opcode::LLVMFMul, small, scale), self.shaped(self.i.int(32), stored));
        let special = self.i.icmp(IntPred::LLVMIntUGE, shifted, number(0x0f80_0000));
        let magnitude = self.i.select(special, self.i.or(scaled, number(0x7f80_0000)), scaled);
        let sign = self.i.binary(Opcode::LLVMShl, self.i.and(bits, number(0x8000)), number(16));
        self.i.cast(Opcode::LLVMBitCast, self.i.or(magnitude, sign), float_type)
    }

    /// The 16 bits of a float32 that float16 has.
    pub(super) fn narrow_half(&self, x: V<'c>) -> V<'c> {
        let number = |value: i128| self.int_like(ScalarType::U32, value, x);
        let int = self.shaped(self.i.int(32), x);
        let bits = self.i.cast(Opcode::LLVMBitCast, x, int);
        let magnitude = self.i.and(bits, number(0x7fff_ffff));
        let normal = self.i.sub(self.i.binary(Opcode::LLVMLShr, magnitude, number(13)), number(112 << 10));
        let half = self.constant_like(Scalar::f32(0.5), x);
        let small = self.i.cast(Opcode::LLVMBitCast, magnitude, self.i.type_of(x));
        let small = self.i.cast(Opcode::LLVMBitCast, self.i.binary(Opcode::LLVMFAdd, small, half), int);
        let small = self.i.sub(small, number(0x3f00_0000));
        let is_small = self.i.icmp(IntPred::LLVMIntULT, magnitude, number(0x3880_0000));
        let is_infinite = self.i.icmp(IntPred::LLVMIntUGE, magnitude, number(0x7f80_0000));
        let is_nan = self.i.icmp(IntPred::LLVMIntUGT, magnitude, number(0x7f80_0000));
        let special = self.i.select(is_nan, number(0x7e00), number(0x7c00));
        let result = self.i.select(is_infinite, special, self.i.select(is_small, small, normal));
        let sign = self.i.and(self.i.binary(Opcode::LLVMLShr, bits, number(16)), number(0x8000));
        self.i.cast(Opcode::LLVMTrunc, self.i.or(result, sign), self.shaped(self.i.int(16), x))
    }

    /// The bfloat16 nearest to a float, as a float32: [`crate::types::half::rounded_to`].
    pub(super) fn round_brain(&self, from: ScalarType, x: V<'c>) -> V<'c> {
        let number = |value: i128| self.int_like(ScalarType::U32, value, x);
        let float = self.shaped(self.i.scalar(ScalarType::F32), x);
        let int = self.shaped(self.i.int(32), x);
        let near = if from == ScalarType::F64 { self.i.cast(Opcode::LLVMFPTrunc, x, float) } else { x };
        let bits = self.i.cast(Opcode::LLVMBitCast, near, int);
        let mut magnitude = self.i.and(bits, number(0x7fff_ffff));
        let sign = self.i.binary(Opcode::LLVMXor, bits, magnitude);
        let is_nan = self.i.icmp(IntPred::LLVMIntUGT, magnitude, number(0x7f80_0000));
        if from == ScalarType::F64 {
            // Rounded to odd between, so that both roundings together are one.
            let back = self.i.cast(Opcode::LLVMFPExt, near, self.i.type_of(x));
            let size = |v: V<'c>| {
                let bits = self.i.cast(Opcode::LLVMBitCast, v, self.shaped(self.i.int(64), x));
                self.i.and(bits, self.int_like(ScalarType::U64, i64::MAX.into(), x))
            };
            let (nearest, exact) = (size(back), size(x));
            let above = self.i.icmp(IntPred::LLVMIntUGT, nearest, exact);
            let inexact = self.i.icmp(IntPred::LLVMIntNE, nearest, exact);
            magnitude = self.i.sub(magnitude, self.i.cast(Opcode::LLVMZExt, above, int));
            magnitude = self.i.or(magnitude, self.i.cast(Opcode::LLVMZExt, inexact, int));
        }
        let odd = self.i.and(self.i.binary(Opcode::LLVMLShr, magnitude, number(16)), number(1));
        let up = self.i.add(self.i.add(magnitude, number(0x7fff)), odd);
        let nearest = self.i.and(up, number(0xffff_0000));
        let result = self.i.select(is_nan, number(0x7fc0_0000), nearest);
        self.i.cast(Opcode::LLVMBitCast, self.i.or(result, sign), float)
    }

    /// 16 bits from memory as a float32.
    pub(super) fn widen_brain(&self, stored: V<'c>) -> V<'c> {
        let bits = self.i.cast(Opcode::LLVMZExt, stored, self.shaped(self.i.int(32), stored));
        let shifted = self.i.binary(Opcode::LLVMShl, bits, self.int_like(ScalarType::U32, 16, stored));
        self.i.cast(Opcode::LLVMBitCast, shifted, self.shaped(self.i.scalar(ScalarType::F32), stored))
    }

    /// The 16 bits of a float32 that bfloat16 has; every NaN is a quiet one.
    pub(super) fn narrow_brain(&self, x: V<'c>) -> V<'c> {
        let rounded = self.round_brain(ScalarType::F32, x);
        let bits = self.i.cast(Opcode::LLVMBitCast, rounded, self.shaped(self.i.int(32), x));
        let upper = self.i.binary(Opcode::LLVMLShr, bits, self.int_like(ScalarType::U32, 16, x));
        self.i.cast(Opcode::LLVMTrunc, upper, self.shaped(self.i.int(16), x))
    }
}
