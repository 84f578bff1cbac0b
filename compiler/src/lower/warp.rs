//! Operations of a warp and CUDA's small arithmetic: which arguments they take, and their Numba types.

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Args, Geometry, Inst, Value};
use crate::op::{Op, Vote, WarpOp};
use crate::source::Span;
use crate::types::{Scalar, ScalarType, unify};

/// CUDA's functions of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Small {
    /// Bits set.
    Popc,
    /// Bits in reverse.
    Brev,
    /// Zeros above the highest bit.
    Clz,
    /// Number of the lowest bit, from 1; 0 for 0.
    Ffs,
    /// One of two values.
    Selp,
    /// `a*b + c`, rounded once.
    Fma,
    /// Nothing here: threads of a warp run as one.
    Nanosleep,
}

impl Lowerer {
    /// A warp operation; `text` is how the user spells it.
    pub(super) fn warp(&mut self, op: WarpOp, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        self.in_kernel(text, span)?;
        self.not_in_recursion(text, span)?;
        let real = |this: &mut Self, i: usize| match &args[i] {
            (Val::Real(v), _) => Ok(*v),
            (other, at) => fault(this.bad_argument(text, other, *at)),
        };
        let wanted = match op {
            WarpOp::Shuffle(_) => 3,
            WarpOp::ActiveMask => 0,
            WarpOp::Sync => args.len().min(1),
            WarpOp::Vote(_) | WarpOp::MatchAny | WarpOp::MatchAll => 2,
        };
        if args.len() != wanted {
            let takes = ["no arguments", "one argument", "two arguments", "three arguments"][wanted];
            return self.wrong_count(text, takes, args.len(), span);
        }
        let mut operands = Args::new();
        for i in 0..wanted {
            let v = real(self, i)?;
            let to = match (op, i) {
                (WarpOp::Shuffle(_), 2) => ScalarType::I32,
                (_, 0) => ScalarType::U32,
                (WarpOp::Vote(_), _) => ScalarType::Bool,
                _ => carried(self.ty(v)),
            };
            let (what, integral) = match (op, i) {
                (_, 0) => ("mask", self.ty(v).is_integer()),
                (WarpOp::Vote(_), _) => ("predicate", !self.ty(v).is_float()),
                _ => ("", true),
            };
            if !integral {
                let text = format!("the {what} of {text}() must be an integer, not {}", self.ty(v));
                return fault(Diagnostic::new(Code::TypeMismatch, args[i].1, text));
            }
            operands.push(self.cast(v, to));
        }
        if op == WarpOp::Sync && operands.is_empty() {
            operands.push(self.b.constant(Scalar::int(ScalarType::U32, u32::MAX.into())));
        }
        self.at(span);
        let value = self.b.push(Inst::Warp { op, args: operands });
        Ok(match op {
            WarpOp::Sync => Val::None,
            WarpOp::MatchAll => {
                let zero = self.constant(Scalar::int(ScalarType::I32, 0));
                let agree = self.op(Op::Ne, &[value, zero]);
                Val::Tuple(vec![Val::Real(value), Val::Real(agree)])
            }
            WarpOp::Vote(Vote::All | Vote::Any | Vote::Eq | Vote::Ballot) | WarpOp::Shuffle(_) | WarpOp::MatchAny | WarpOp::ActiveMask => {
                Val::Real(value)
            }
        })
    }

    /// `cuda.lanemask_lt()`: the bits of the lanes below, uint32.
    pub(super) fn lanemask_lt(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        if !args.is_empty() {
            return self.wrong_count(text, "no arguments", args.len(), span);
        }
        self.in_kernel(text, span)?;
        let lane = self.b.push(Inst::Geometry(Geometry::LaneId));
        let lane = self.cast(lane, ScalarType::U32);
        let one = self.constant(Scalar::int(ScalarType::U32, 1));
        let bit = self.op(Op::Shl, &[one, lane]);
        Ok(Val::Real(self.op(Op::Sub, &[bit, one])))
    }

    pub(super) fn small(&mut self, small: Small, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let arity = match small {
            Small::Selp | Small::Fma => 3,
            _ => 1,
        };
        if args.len() != arity {
            return self.wrong_count(text, if arity == 1 { "one argument" } else { "three arguments" }, args.len(), span);
        }
        let mut values = Vec::new();
        for (val, at) in args {
            match val {
                Val::Real(v) => values.push(*v),
                _ => return fault(self.bad_argument(text, val, *at)),
            }
        }
        if small == Small::Nanosleep {
            return Ok(Val::None);
        }
        if small == Small::Selp {
            let ty = unify(self.ty(values[1]), self.ty(values[2]));
            let (cond, a, b) = (self.cast(values[0], ScalarType::Bool), self.cast(values[1], ty), self.cast(values[2], ty));
            return Ok(Val::Real(self.op(Op::Select, &[cond, a, b])));
        }
        if small == Small::Fma {
            let common = values.iter().map(|v| self.ty(*v)).reduce(unify).expect("three");
            let ty = if common.is_float() { common } else { ScalarType::F64 };
            let operands: Vec<Value> = values.into_iter().map(|v| self.cast(v, ty)).collect();
            return Ok(Val::Real(self.op(Op::Fma, &operands)));
        }
        let ty = self.ty(values[0]);
        if !ty.is_integer() {
            return fault(self.bad_argument(text, &args[0].0, args[0].1));
        }
        let unsigned = match (small, ty.bits()) {
            // Reversal is of 32 or 64 bits.
            (_, 64) => ScalarType::U64,
            (Small::Brev, _) | (_, 32) => ScalarType::U32,
            (_, 16) => ScalarType::U16,
            _ => ScalarType::U8,
        };
        let x = self.cast(values[0], unsigned);
        let result = match small {
            Small::Popc => self.bits_set(x),
            Small::Brev => self.reversed(x),
            Small::Clz => {
                // All bits below the highest are set; those that are not then are above it.
                let mut x = x;
                let mut step = 1;
                while step < unsigned.bits() {
                    let shifted = self.by(Op::Shr, x, step.into());
                    x = self.op(Op::Or, &[x, shifted]);
                    step *= 2;
                }
                let above = self.op(Op::Not, &[x]);
                self.bits_set(above)
            }
            _ => {
                // The bits up to the lowest that is set, counted; for 0 that would be all of them.
                let below = self.by(Op::Sub, x, 1);
                let up_to = self.op(Op::Xor, &[x, below]);
                let count = self.bits_set(up_to);
                let zero = self.constant(Scalar::zero(unsigned));
                let none = self.op(Op::Eq, &[x, zero]);
                let number = self.op(Op::Select, &[none, zero, count]);
                return Ok(Val::Real(self.cast(number, ScalarType::U32)));
            }
        };
        Ok(Val::Real(self.cast(result, if small == Small::Brev { unsigned } else { ty })))
    }

    fn by(&mut self, op: Op, x: Value, number: i128) -> Value {
        let ty = self.ty(x);
        let number = self.constant(Scalar::int(ty, number));
        self.op(op, &[x, number])
    }

    /// A byte pattern over all bytes of a type.
    fn bytes(&mut self, ty: ScalarType, byte: u8) -> Value {
        let word = u64::from_ne_bytes([byte; 8]);
        self.constant(Scalar::int(ty, i128::from(word) & ((1i128 << ty.bits()) - 1)))
    }

    /// How many bits of an unsigned integer are set, in its own type.
    pub(super) fn bits_set(&mut self, x: Value) -> Value {
        let ty = self.ty(x);
        let [pairs, fours, halves, ones] = [0x55, 0x33, 0x0f, 0x01].map(|b| self.bytes(ty, b));
        let odd = self.by(Op::Shr, x, 1);
        let odd = self.op(Op::And, &[odd, pairs]);
        let twos = self.op(Op::Sub, &[x, odd]);
        let high = self.by(Op::Shr, twos, 2);
        let (high, low) = (self.op(Op::And, &[high, fours]), self.op(Op::And, &[twos, fours]));
        let four = self.op(Op::Add, &[high, low]);
        let shifted = self.by(Op::Shr, four, 4);
        let sum = self.op(Op::Add, &[four, shifted]);
        let eights = self.op(Op::And, &[sum, halves]);
        let total = self.op(Op::Mul, &[eights, ones]);
        self.by(Op::Shr, total, i128::from(ty.bits()) - 8)
    }

    fn reversed(&mut self, x: Value) -> Value {
        let ty = self.ty(x);
        let mut x = x;
        let full = (1i128 << ty.bits()) - 1;
        let mut step = ty.bits() / 2;
        let mut mask = full;
        while step > 0 {
            mask ^= mask << step & full;
            let mask = self.constant(Scalar::int(ty, mask));
            let high = self.by(Op::Shr, x, step.into());
            let high = self.op(Op::And, &[high, mask]);
            let low = self.op(Op::And, &[x, mask]);
            let low = self.by(Op::Shl, low, step.into());
            x = self.op(Op::Or, &[high, low]);
            step /= 2;
        }
        x
    }
}

/// The type in which a value goes from lane to lane, which is Numba's choice.
fn carried(ty: ScalarType) -> ScalarType {
    match ty {
        ScalarType::U32 => ScalarType::I64,
        ty if ty.is_integer() && ty.bits() >= 32 => ty,
        ty if ty.is_float() => ty,
        _ => ScalarType::I32,
    }
}
