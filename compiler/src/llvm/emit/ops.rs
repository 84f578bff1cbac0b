//! The op table's rows in LLVM IR. Operands are all scalars or all vectors; semantics are those of [`crate::op::eval`], bit for bit.

use super::super::instr::{IntPred, Opcode, RealPred, T, V};
use super::Emitter;
use crate::op::{Math, Op};
use crate::types::{Scalar, ScalarType};

impl<'c> Emitter<'_, 'c> {
    /// A row applied to operands of these types; `divisor` is the second operand's value if it is a constant.
    pub(super) fn apply(&mut self, op: Op, types: &[ScalarType], mut args: Vec<V<'c>>, divisor: Option<Scalar>) -> V<'c> {
        if self.exact_flags && op.effects().flags && !self.full_mask() && types.iter().any(|t| t.is_float()) && self.i.lanes_of(args[0]) != 0 {
            for (arg, ty) in args.iter_mut().zip(types) {
                *arg = self.quiet(*arg, *ty);
            }
        }
        let ty = types[0];
        let float = ty.is_float();
        let a = args[0];
        let b = args.get(1).copied().unwrap_or(a);
        match op {
            Op::Add if float => self.i.binary(Opcode::LLVMFAdd, a, b),
            Op::Sub if float => self.i.binary(Opcode::LLVMFSub, a, b),
            Op::Mul if float => self.i.binary(Opcode::LLVMFMul, a, b),
            Op::Neg if float => self.i.fneg(a),
            Op::Add => self.i.add(a, b),
            Op::Sub => self.i.sub(a, b),
            Op::Mul => self.i.mul(a, b),
            Op::Neg => self.i.neg(a),
            Op::Div => self.i.binary(Opcode::LLVMFDiv, a, b),
            Op::FloorDiv if float => self.call2(if ty == ScalarType::F64 { "vg_floordiv_f64" } else { "vg_floordiv_f32" }, ty, a, b),
            Op::Mod if float => self.call2(if ty == ScalarType::F64 { "vg_mod_f64" } else { "vg_mod_f32" }, ty, a, b),
            Op::FloorDiv | Op::Mod => self.integer_division(op, ty, a, b, divisor),
            Op::Fmod => self.routine(Math::Fmod, ty, &args),
            Op::Pow if float => self.routine(Math::Pow, ty, &args),
            Op::Pow => self.integer_power(ty, a, b),
            Op::Fma => self.i.intrinsic("llvm.fma", &[self.i.type_of(a)], &args),
            Op::Abs if float => self.i.intrinsic("llvm.fabs", &[self.i.type_of(a)], &[a]),
            Op::Abs if ty.is_unsigned() => a,
            Op::Abs => self.i.intrinsic("llvm.abs", &[self.i.type_of(a)], &[a, self.i.i1(false)]),
            Op::Min => self.i.select(self.compare(Op::Lt, ty, b, a), b, a),
            Op::Max => self.i.select(self.compare(Op::Gt, ty, b, a), b, a),
            Op::And => self.i.and(a, b),
            Op::Or => self.i.or(a, b),
            Op::Xor => self.i.binary(Opcode::LLVMXor, a, b),
            Op::Not => self.i.not(a),
            Op::Shl | Op::Shr => self.shift(op, ty, a, b),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => self.compare(op, ty, a, b),
            Op::Select => self.i.select(a, b, args[2]),
            Op::Cast(to) => self.convert(ty, to, a),
            Op::ToBits | Op::OfBits => {
                let to = self.shaped(self.i.scalar(op.result(&[ty]).expect("verified")), a);
                self.i.cast(Opcode::LLVMBitCast, a, to)
            }
            Op::Math(m) => self.math(m, ty, &args),
            Op::IsNan => self.i.fcmp(RealPred::LLVMRealUNO, a, a),
            Op::IsInf => self.magnitude(IntPred::LLVMIntEQ, ty, a),
            Op::IsFinite => self.magnitude(IntPred::LLVMIntULT, ty, a),
        }
    }

    /// The type `ty` in the shape of `like`: scalar or vector.
    pub(super) fn shaped(&self, ty: T<'c>, like: V<'c>) -> T<'c> {
        match self.i.lanes_of(like) {
            0 => ty,
            lanes => self.i.vector(ty, lanes),
        }
    }

    pub(super) fn constant_like(&self, value: Scalar, like: V<'c>) -> V<'c> {
        let v = self.i.constant(value);
        match self.i.lanes_of(like) {
            0 => v,
            lanes => self.i.splat(v, lanes),
        }
    }

    pub(super) fn int_like(&self, ty: ScalarType, value: i128, like: V<'c>) -> V<'c> {
        self.constant_like(Scalar::int(ty, value), like)
    }

    /// Replaces what dead lanes hold by 1, which raises no flag in any row, and hides it from the optimiser.
    fn quiet(&self, value: V<'c>, ty: ScalarType) -> V<'c> {
        if ty == ScalarType::Bool {
            return value;
        }
        let one = if ty.is_float() { Scalar::float(ty, 1.0) } else { Scalar::int(ty, 1) };
        let blended = self.i.select(self.mask, value, self.constant_like(one, value));
        self.fence(blended, ty)
    }

    fn fence(&self, value: V<'c>, ty: ScalarType) -> V<'c> {
        if ty.is_float() { self.i.intrinsic("llvm.arithmetic.fence", &[self.i.type_of(value)], &[value]) } else { value }
    }

    fn compare(&self, op: Op, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        if ty.is_float() {
            let pred = match op {
                Op::Eq => return self.i.fcmp(RealPred::LLVMRealOEQ, a, b),
                Op::Ne => return self.i.fcmp(RealPred::LLVMRealUNE, a, b),
                Op::Lt => RealPred::LLVMRealOLT,
                Op::Le => RealPred::LLVMRealOLE,
                Op::Gt => RealPred::LLVMRealOGT,
                _ => RealPred::LLVMRealOGE,
            };
            if !self.exact_flags {
                return self.i.fcmp(pred, a, b);
            }
            // Ordered comparisons of SIMD raise Invalid on NaN; NumPy's do not.
            let nan = self.i.fcmp(RealPred::LLVMRealUNO, a, b);
            let one = self.constant_like(Scalar::float(ty, 1.0), a);
            let (x, y) = (self.fence(self.i.select(nan, one, a), ty), self.fence(self.i.select(nan, one, b), ty));
            let no = self.i.zero(self.i.type_of(nan));
            return self.i.select(nan, no, self.i.fcmp(pred, x, y));
        }
        let signed = ty.is_signed();
        let pred = match op {
            Op::Eq => IntPred::LLVMIntEQ,
            Op::Ne => IntPred::LLVMIntNE,
            Op::Lt if signed => IntPred::LLVMIntSLT,
            Op::Lt => IntPred::LLVMIntULT,
            Op::Le if signed => IntPred::LLVMIntSLE,
            Op::Le => IntPred::LLVMIntULE,
            Op::Gt if signed => IntPred::LLVMIntSGT,
            Op::Gt => IntPred::LLVMIntUGT,
            _ if signed => IntPred::LLVMIntSGE,
            _ => IntPred::LLVMIntUGE,
        };
        self.i.icmp(pred, a, b)
    }

    fn integer_power(&mut self, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        let wide = self.shaped(self.i.int(64), a);
        let signed = ty.is_signed();
        let (x, y) = (self.i.resize(a, wide, signed), self.i.resize(b, wide, signed));
        let power = self.call2(if signed { "vg_pow_i64" } else { "vg_pow_u64" }, ScalarType::I64, x, y);
        self.i.resize(power, self.i.type_of(a), signed)
    }

    fn shift(&self, op: Op, ty: ScalarType, a: V<'c>, count: V<'c>) -> V<'c> {
        let zero = self.int_like(ty, 0, a);
        let width = self.int_like(ty, ty.bits() as i128, a);
        // As unsigned, a negative count is above the width too.
        let ok = self.i.icmp(IntPred::LLVMIntULT, count, width);
        if op == Op::Shr && ty.is_signed() {
            let most = self.int_like(ty, ty.bits() as i128 - 1, a);
            return self.i.binary(Opcode::LLVMAShr, a, self.i.select(ok, count, most));
        }
        let opcode = if op == Op::Shl { Opcode::LLVMShl } else { Opcode::LLVMLShr };
        let shifted = self.i.binary(opcode, a, self.i.select(ok, count, zero));
        self.i.select(ok, shifted, zero)
    }

    fn convert(&self, from: ScalarType, to: ScalarType, a: V<'c>) -> V<'c> {
        let ty = self.shaped(self.i.scalar(to.held()), a);
        match (from, to) {
            (_, ScalarType::F16) => self.round_half(from, a),
            (_, ScalarType::BF16) => self.round_brain(from, a),
            (x, y) if x == y => a,
            (_, ScalarType::Bool) if from.is_float() => self.i.fcmp(RealPred::LLVMRealUNE, a, self.i.zero(self.i.type_of(a))),
            (_, ScalarType::Bool) => self.i.icmp(IntPred::LLVMIntNE, a, self.i.zero(self.i.type_of(a))),
            (ScalarType::F32, ScalarType::F64) => self.i.cast(Opcode::LLVMFPExt, a, ty),
            (ScalarType::F64, ScalarType::F32) => self.i.cast(Opcode::LLVMFPTrunc, a, ty),
            _ if from.is_float() => self.saturate(from, to, a),
            _ if to.is_float() => self.i.cast(if from.is_signed() { Opcode::LLVMSIToFP } else { Opcode::LLVMUIToFP }, a, ty),
            _ => self.i.resize(a, ty, from.is_signed()),
        }
    }

    /// Float to integer: truncated, saturated, NaN to 0. The limits are powers of two, so exact in either float type.
    fn saturate(&self, from: ScalarType, to: ScalarType, a: V<'c>) -> V<'c> {
        let value_bits = to.bits() as i32 - to.is_signed() as i32;
        let limit = |x: f64| self.constant_like(Scalar::float(from, x), a);
        let above = self.i.fcmp(RealPred::LLVMRealOGE, a, limit(2f64.powi(value_bits)));
        let lowest = if to.is_signed() { -2f64.powi(value_bits) } else { 0.0 };
        let within = self.i.fcmp(RealPred::LLVMRealOGE, a, limit(lowest));
        let inside = self.i.and(within, self.i.not(above));
        let safe = self.fence_if_exact(self.i.select(inside, a, limit(0.0)), from);
        let ty = self.shaped(self.i.scalar(to), a);
        let whole = if to.bits() <= 16 {
            // Through int32, which every processor converts to directly.
            let wide = self.i.cast(Opcode::LLVMFPToSI, safe, self.shaped(self.i.int(32), a));
            self.i.resize(wide, ty, true)
        } else {
            self.i.cast(if to.is_signed() { Opcode::LLVMFPToSI } else { Opcode::LLVMFPToUI }, safe, ty)
        };
        let most = (1i128 << value_bits) - 1;
        let below = self.i.fcmp(RealPred::LLVMRealOLT, a, limit(lowest));
        let least = if to.is_signed() { -(1i128 << value_bits) } else { 0 };
        let clipped = self.i.select(below, self.int_like(to, least, a), whole);
        self.i.select(above, self.int_like(to, most, a), clipped)
    }

    fn fence_if_exact(&self, v: V<'c>, ty: ScalarType) -> V<'c> {
        if self.exact_flags { self.fence(v, ty) } else { v }
    }

    /// Compares the bits without the sign with those of infinity.
    fn magnitude(&self, pred: IntPred, ty: ScalarType, a: V<'c>) -> V<'c> {
        let int = if ty == ScalarType::F64 { ScalarType::U64 } else { ScalarType::U32 };
        let bits = self.i.cast(Opcode::LLVMBitCast, a, self.shaped(self.i.scalar(int), a));
        let infinity = Scalar::float(ty, f64::INFINITY).bits() as i128;
        let unsigned = self.i.and(bits, self.int_like(int, (1i128 << (int.bits() - 1)) - 1, a));
        self.i.icmp(pred, unsigned, self.int_like(int, infinity, a))
    }

    fn math(&mut self, m: Math, ty: ScalarType, args: &[V<'c>]) -> V<'c> {
        let intrinsic = match m {
            Math::Sqrt => Some("llvm.sqrt"),
            Math::Floor => Some("llvm.floor"),
            Math::Ceil => Some("llvm.ceil"),
            Math::Trunc => Some("llvm.trunc"),
            Math::Rint => Some("llvm.rint"),
            Math::Copysign => Some("llvm.copysign"),
            _ => None,
        };
        if let Some(name) = intrinsic {
            return self.i.intrinsic(name, &[self.i.type_of(args[0])], args);
        }
        self.routine(m, ty, args)
    }

    /// A function of one operand, for one lane after another.
    pub(super) fn call1(&mut self, name: &str, ty: ScalarType, a: V<'c>) -> V<'c> {
        let t = self.i.scalar(ty);
        if self.i.lanes_of(a) == 0 {
            return self.i.call(name, t, &[a]);
        }
        let map = if ty == ScalarType::F64 { "vg_map1_f64" } else { "vg_map1_f32" };
        let f = self.i.symbol(name, t, &[t]);
        let (x, out) = (self.buffer(1), self.buffer(0));
        let vector = self.i.vector(t, self.lanes);
        self.i.store(a, x, 64);
        self.i.store(self.i.zero(vector), out, 64);
        self.i.call(map, self.i.void(), &[f, x, out, self.mask_bits()]);
        self.i.load(vector, out, 64)
    }

    pub(super) fn call2(&mut self, name: &str, ty: ScalarType, a: V<'c>, b: V<'c>) -> V<'c> {
        let t = self.i.scalar(ty);
        if self.i.lanes_of(a) == 0 {
            return self.i.call(name, t, &[a, b]);
        }
        let map = match ty {
            ScalarType::F64 => "vg_map2_f64",
            ScalarType::F32 => "vg_map2_f32",
            _ => "vg_map2_i64",
        };
        let f = self.i.symbol(name, t, &[t, t]);
        let (x, y, out) = (self.buffer(1), self.buffer(2), self.buffer(0));
        let vector = self.i.vector(t, self.lanes);
        self.i.store(a, x, 64);
        self.i.store(b, y, 64);
        self.i.store(self.i.zero(vector), out, 64);
        self.i.call(map, self.i.void(), &[f, x, y, out, self.mask_bits()]);
        self.i.load(vector, out, 64)
    }
}
