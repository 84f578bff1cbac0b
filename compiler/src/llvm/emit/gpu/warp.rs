//! What threads do together: barriers, and operations of a warp, which are the machine's own.

use crate::ir::{Meeting, Value};
use crate::llvm::emit::Emitter;
use crate::llvm::instr::{IntPred, Opcode, V};
use crate::op::{Shuffle, Vote, WarpOp};

impl<'c> Emitter<'_, 'c> {
    /// A barrier: what it gives, if it counts.
    pub(super) fn meet(&mut self, meeting: Meeting, operand: Option<Value>) -> Option<V<'c>> {
        let first = self.i.i32(0);
        let counted = |e: &Self, what: &str| {
            let holds = e.base(operand.expect("verified: a barrier that counts has a bool"));
            let given = e.i.intrinsic(&format!("llvm.nvvm.barrier.cta.red.{what}.aligned.all"), &[], &[first, holds]);
            Some(e.i.resize(given, e.i.int(32), false))
        };
        match meeting {
            Meeting::Plain => {
                self.i.intrinsic("llvm.nvvm.barrier.cta.sync.aligned.all", &[], &[first]);
                None
            }
            Meeting::Count => counted(self, "popc"),
            Meeting::All => counted(self, "and"),
            Meeting::Any => counted(self, "or"),
            Meeting::Grid => {
                let (status, words) = (self.gpu().status, self.gpu().meeting.expect("made for kernels whose grid waits"));
                let stops = self.i.call("vg_grid_sync", self.i.int(32), &[status, words]);
                let go_on = self.i.block("met");
                let calm = self.i.icmp(IntPred::LLVMIntEQ, stops, self.i.i32(0));
                self.i.cond_br_likely(calm, go_on, self.frame.abort);
                self.i.go(go_on);
                None
            }
        }
    }

    /// An operation of a warp that gives something.
    pub(super) fn together(&mut self, op: WarpOp, args: &[Value]) -> V<'c> {
        let operands: Vec<V<'c>> = args.iter().map(|v| self.base(*v)).collect();
        match op {
            WarpOp::ActiveMask => self.i.intrinsic("llvm.nvvm.activemask", &[], &[]),
            WarpOp::Vote(vote) => {
                let name = match vote {
                    Vote::All => "all",
                    Vote::Any => "any",
                    Vote::Eq => "uni",
                    Vote::Ballot => "ballot",
                };
                self.i.intrinsic(&format!("llvm.nvvm.vote.{name}.sync"), &[], &operands)
            }
            WarpOp::MatchAny | WarpOp::MatchAll => {
                let ty = self.f.ty(args[1]);
                let both = [operands[0], self.bits_of(operands[1], ty)];
                let width = ty.bits();
                if op == WarpOp::MatchAny {
                    return self.i.intrinsic(&format!("llvm.nvvm.match.any.sync.i{width}"), &[], &both);
                }
                let pair = self.i.intrinsic(&format!("llvm.nvvm.match.all.sync.i{width}p"), &[], &both);
                self.i.part(pair, 0)
            }
            WarpOp::Shuffle(how) => self.moved(how, args[1], &operands),
            WarpOp::Sync => unreachable!("it gives nothing"),
        }
    }

    /// Another lane's value, in parts of 32 bits.
    fn moved(&mut self, how: Shuffle, value: Value, operands: &[V<'c>]) -> V<'c> {
        // The last operand bounds the lanes that are read: up stops at lane 0, all others at 31.
        let (name, bound) = match how {
            Shuffle::Index => ("idx", 31),
            Shuffle::Up => ("up", 0),
            Shuffle::Down => ("down", 31),
            Shuffle::Xor => ("bfly", 31),
        };
        let name = format!("llvm.nvvm.shfl.sync.{name}.i32");
        let ty = self.f.ty(value);
        let int = self.i.int(32);
        let number = self.i.and(operands[2], self.i.i32(31));
        let one = |v: V<'c>| self.i.intrinsic(&name, &[], &[operands[0], v, number, self.i.i32(bound)]);
        let bits = self.bits_of(operands[1], ty);
        let moved = if ty.bits() == 32 {
            one(bits)
        } else {
            let wide = self.i.int(64);
            let low = self.i.resize(bits, int, false);
            let high = self.i.resize(self.i.binary(Opcode::LLVMLShr, bits, self.i.i64(32)), int, false);
            let (low, high) = (one(low), one(high));
            let high = self.i.binary(Opcode::LLVMShl, self.i.resize(high, wide, false), self.i.i64(32));
            self.i.or(self.i.resize(low, wide, false), high)
        };
        if ty.is_float() { self.i.cast(Opcode::LLVMBitCast, moved, self.i.scalar(ty)) } else { moved }
    }
}
