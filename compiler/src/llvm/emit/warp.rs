//! Operations of a warp as vector operations. Kernels with them run with 32 lanes; the verifier has seen to the operands' types.

use super::super::cpu::Level;
use super::super::instr::{IntPred, Opcode, V};
use super::{Emitter, Rep, WARP};
use crate::faults::{self, Fault};
use crate::ir::Value;
use crate::op::{Shuffle, Vote, WarpOp};
use crate::pass::divergence::Class;
use crate::types::ScalarType;

impl<'c> Emitter<'_, 'c> {
    /// The result of a warp operation that gives one.
    pub(super) fn warp(&mut self, at: Value, op: WarpOp, args: &[Value]) -> Rep<'c> {
        assert_eq!(self.lanes, WARP, "a kernel with warp operations runs as warps");
        match op {
            WarpOp::Shuffle(how) => self.shuffled(at, how, args[1], args[2]),
            WarpOp::Vote(vote) => self.vote(vote, args[0], args[1]),
            WarpOp::MatchAny | WarpOp::MatchAll => self.matched(op == WarpOp::MatchAll, args[0], args[1]),
            WarpOp::ActiveMask => Rep::Uniform(self.mask_bits()),
            WarpOp::Sync => unreachable!("it gives nothing"),
        }
    }

    fn shuffled(&mut self, at: Value, how: Shuffle, value: Value, number: Value) -> Rep<'c> {
        let value = self.vector(value);
        let ty = self.i.type_of(value);
        let constant = match self.f.inst(number) {
            crate::ir::Inst::Const(c) => Some(c.as_int() as i32),
            _ => None,
        };
        if how == Shuffle::Index && self.d.value(at) == Class::Uniform {
            let lane = self.i.and(self.base(number), self.i.i32(31));
            return Rep::Uniform(self.i.extract(value, lane));
        }
        if let Some(n) = constant {
            let source = |lane: i32| match how {
                Shuffle::Index => n & 31,
                Shuffle::Up => Some(lane - (n & 31)).filter(|l| *l >= 0).unwrap_or(lane),
                Shuffle::Down => Some(lane + (n & 31)).filter(|l| *l < if faults::is(Fault::ShuffleOffByOne) { 31 } else { 32 }).unwrap_or(lane),
                Shuffle::Xor => (lane ^ n) & 31,
            };
            let lanes: Vec<i32> = (0..WARP as i32).map(source).collect();
            return Rep::Varying(self.i.shuffle(value, value, &lanes));
        }
        let own = self.spread(Rep::Linear(self.i.i32(0), 1));
        let given = self.i.and(self.vector(number), self.i.splat(self.i.i32(31), WARP));
        let source = match how {
            Shuffle::Index => given,
            Shuffle::Xor => self.i.binary(Opcode::LLVMXor, own, given),
            Shuffle::Up => {
                let below = self.i.icmp(IntPred::LLVMIntULT, own, given);
                self.i.select(below, own, self.i.sub(own, given))
            }
            Shuffle::Down => {
                let up = self.i.add(own, given);
                let above =
                    self.i.icmp(IntPred::LLVMIntUGT, up, self.i.splat(self.i.i32(if faults::is(Fault::ShuffleOffByOne) { 30 } else { 31 }), WARP));
                self.i.select(above, own, up)
            }
        };
        // Through memory: processors permute in registers by constants only, or not so many lanes.
        let from = self.buffer(2);
        self.i.store(value, from, 64);
        let bytes = if ty == self.i.vector(self.i.scalar(ScalarType::F64), WARP) || ty == self.i.vector(self.i.int(64), WARP) { 8 } else { 4 };
        let wide = self.i.resize(source, self.i.vector(self.i.int(64), WARP), false);
        let pointers = self.i.offset(from, self.i.mul(wide, self.i.splat(self.i.i64(bytes), WARP)));
        if self.level >= Level::Avx2 {
            let all = self.i.ones(self.mask_type());
            let v = self.i.intrinsic("llvm.masked.gather", &[ty, self.i.type_of(pointers)], &[pointers, all, self.i.zero(ty)]);
            self.i.align_argument(v, 1, bytes as u32);
            return Rep::Varying(v);
        }
        let (places, out) = (self.buffer(1), self.buffer(0));
        self.i.store(pointers, places, 64);
        self.i.call("vg_gather", self.i.void(), &[places, self.i.i32(-1), out, self.i.i64(bytes)]);
        Rep::Varying(self.i.load(ty, out, 64))
    }

    /// Bits of the acting lanes for which a vector of bools holds.
    fn acting_bits(&self, holds: V<'c>) -> V<'c> {
        let acting = if self.full_mask() || faults::is(Fault::VotesOfAllLanes) {
            holds
        } else {
            self.i.select(self.mask, holds, self.i.zero(self.mask_type()))
        };
        self.bits(self.i.freeze(acting))
    }

    fn vote(&mut self, vote: Vote, mask: Value, holds: Value) -> Rep<'c> {
        let yes = self.acting_bits(self.vector(holds));
        let acting = self.mask_bits();
        let rep = self.rep(mask);
        let (mask, uniform) = match rep {
            Rep::Uniform(v) => (v, true),
            other => (self.spread(other), false),
        };
        let shaped = |v: V<'c>| if uniform { v } else { self.i.splat(v, WARP) };
        let (yes, acting) = (self.i.and(shaped(yes), mask), self.i.and(shaped(acting), mask));
        let zero = self.i.zero(self.i.type_of(yes));
        let result = match vote {
            Vote::Ballot => yes,
            Vote::All => self.i.icmp(IntPred::LLVMIntEQ, yes, acting),
            Vote::Any => self.i.icmp(IntPred::LLVMIntNE, yes, zero),
            Vote::Eq => self.i.or(self.i.icmp(IntPred::LLVMIntEQ, yes, acting), self.i.icmp(IntPred::LLVMIntEQ, yes, zero)),
        };
        if uniform { Rep::Uniform(result) } else { Rep::Varying(result) }
    }

    fn matched(&mut self, all: bool, mask: Value, value: Value) -> Rep<'c> {
        let (mask_rep, vector) = (self.rep(mask), self.vector(value));
        let ty = self.f.ty(value);
        let bits = self.i.vector(self.i.int(ty.bits()), WARP);
        let vector = if ty.is_float() { self.i.cast(Opcode::LLVMBitCast, vector, bits) } else { vector };
        let uniform = all && matches!(mask_rep, Rep::Uniform(_));
        let mask = self.spread(mask_rep);
        let acting = self.i.and(self.i.splat(self.mask_bits(), WARP), mask);
        // For each lane, the acting lanes with its value.
        let mut same = self.i.zero(self.i.vector(self.i.int(32), WARP));
        for lane in 0..WARP as i32 {
            let one = self.i.splat(self.i.extract(vector, self.i.i32(lane)), WARP);
            let equal = self.i.icmp(IntPred::LLVMIntEQ, vector, one);
            let bit = self.i.splat(self.i.i32(1i32.wrapping_shl(lane as u32)), WARP);
            let with = self.i.or(same, bit);
            same = self.i.select(equal, with, same);
        }
        same = self.i.and(same, acting);
        if !all {
            return Rep::Varying(same);
        }
        let agree = self.i.icmp(IntPred::LLVMIntEQ, same, acting);
        let result = self.i.select(agree, acting, self.i.zero(self.i.type_of(acting)));
        if !uniform {
            return Rep::Varying(result);
        }
        let first = self.i.intrinsic("llvm.cttz", &[self.i.int(32)], &[self.mask_bits(), self.i.i1(false)]);
        Rep::Uniform(self.i.extract(result, self.i.and(first, self.i.i32(31))))
    }
}
