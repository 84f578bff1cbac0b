//! float16 and bfloat16 in expressions: computed as float32 and rounded once after each operation, as NumPy does.
//!
//! Such a number keeps its type beside bools and integers of 8 bits; beside anything wider, and beside the other one of the two, it takes part as a float32.

use super::Lowerer;
use super::call::Arg;
use super::value::Val;
use crate::ir::Value;
use crate::op::Op;
use crate::types::ScalarType;

impl Lowerer {
    /// The nearest number of a type of 16 bits.
    pub(super) fn half(&mut self, ty: ScalarType, value: Value) -> Val {
        let float = if self.ty(value).is_float() { value } else { self.cast(value, ScalarType::F64) };
        Val::Half(ty, self.op(Op::Cast(ty), &[float]))
    }

    /// A number of 16 bits as the float32 of the same number; anything else as it is.
    pub(super) fn soft(&self, val: &Val) -> Val {
        match val {
            Val::Half(_, v) => Val::Real(*v),
            other => other.clone(),
        }
    }

    /// The type of 16 bits that a result of these operands has, if it is a float at all.
    pub(super) fn gives_half<'v>(&self, operands: impl Iterator<Item = &'v Val>) -> Option<ScalarType> {
        let mut found = None;
        for operand in operands {
            match operand {
                Val::Half(ty, _) if found.is_none_or(|other| other == *ty) => found = Some(*ty),
                Val::Real(v) if matches!(self.ty(*v), ScalarType::Bool | ScalarType::I8 | ScalarType::U8) => {}
                _ => return None,
            }
        }
        found
    }

    /// A result computed in float32, as a number of the operands' type of 16 bits.
    pub(super) fn harden(&mut self, result: Val, half: Option<ScalarType>) -> Val {
        match (result, half) {
            (Val::Real(v), Some(ty)) if self.ty(v).is_float() => self.half(ty, v),
            (other, _) => other,
        }
    }

    /// Arguments with no number of 16 bits among them, and the type of 16 bits that the result has, if any.
    pub(super) fn soft_args(&self, args: &[Arg]) -> Option<(Vec<Arg>, Option<ScalarType>)> {
        if !args.iter().any(|(val, _)| matches!(val, Val::Half(..))) {
            return None;
        }
        let half = self.gives_half(args.iter().map(|(val, _)| val));
        Some((args.iter().map(|(val, at)| (self.soft(val), *at)).collect(), half))
    }
}
