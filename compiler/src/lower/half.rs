//! float16 in expressions: computed as float32 and rounded once after each operation, as NumPy does.
//!
//! A float16 stays one beside bools and integers of 8 bits; beside anything wider it takes part as a float32.

use super::Lowerer;
use super::call::Arg;
use super::value::Val;
use crate::ir::Value;
use crate::op::Op;
use crate::types::ScalarType;

impl Lowerer {
    /// The nearest float16.
    pub(super) fn half(&mut self, value: Value) -> Val {
        let float = if self.ty(value).is_float() { value } else { self.cast(value, ScalarType::F64) };
        Val::Half(self.op(Op::Cast(ScalarType::F16), &[float]))
    }

    /// A float16 as the float32 of the same number; anything else as it is.
    pub(super) fn soft(&self, val: &Val) -> Val {
        match val {
            Val::Half(v) => Val::Real(*v),
            other => other.clone(),
        }
    }

    /// Whether a result of these operands is a float16, if it is a float at all.
    pub(super) fn gives_half<'v>(&self, operands: impl Iterator<Item = &'v Val>) -> bool {
        let mut any = false;
        for operand in operands {
            match operand {
                Val::Half(_) => any = true,
                Val::Real(v) if matches!(self.ty(*v), ScalarType::Bool | ScalarType::I8 | ScalarType::U8) => {}
                _ => return false,
            }
        }
        any
    }

    /// A result computed in float32, as a float16 if the operands were.
    pub(super) fn harden(&mut self, result: Val, half: bool) -> Val {
        match result {
            Val::Real(v) if half && self.ty(v).is_float() => self.half(v),
            other => other,
        }
    }

    /// Arguments with no float16 among them, and whether the result is one.
    pub(super) fn soft_args(&self, args: &[Arg]) -> Option<(Vec<Arg>, bool)> {
        if !args.iter().any(|(val, _)| matches!(val, Val::Half(_))) {
            return None;
        }
        let half = self.gives_half(args.iter().map(|(val, _)| val));
        Some((args.iter().map(|(val, at)| (self.soft(val), *at)).collect(), half))
    }
}
