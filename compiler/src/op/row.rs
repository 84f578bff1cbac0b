//! The table: spelling, arity, type rule and effects of each row.

use super::{Form, Op};
use crate::types::ScalarType;

/// Which operand types a row takes and what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeRule {
    /// `T, … -> T`, T an integer or float.
    Number,
    /// `T, … -> T`, T a float.
    Float,
    /// `T, … -> T`, T an integer or bool.
    Bits,
    /// `T, T -> bool`, any T.
    Compare,
    /// `T -> bool`, T a float.
    FloatTest,
    /// `bool, T, T -> T`.
    Select,
    /// `any -> T`.
    Cast(ScalarType),
    /// A float -> the signed integer of its width.
    ToBits,
    /// int32 or int64 -> the float of its width.
    OfBits,
}

/// What a row does besides giving its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effects {
    /// May raise an IEEE flag, so a ufunc must not run it for a dead lane with live operands.
    pub flags: bool,
    /// Takes long, or runs for one lane after another: not to be run where no lane acts.
    pub call: bool,
}

struct Row {
    name: &'static str,
    arity: usize,
    rule: TypeRule,
    flags: bool,
}

const fn row(name: &'static str, arity: usize, rule: TypeRule, flags: bool) -> Row {
    Row { name, arity, rule, flags }
}

const fn lookup(op: Op) -> Row {
    use TypeRule::*;
    match op {
        Op::Add => row("add", 2, Number, true),
        Op::Sub => row("sub", 2, Number, true),
        Op::Mul => row("mul", 2, Number, true),
        Op::Neg => row("neg", 1, Number, false),
        Op::Div => row("div", 2, Float, true),
        Op::FloorDiv => row("floordiv", 2, Number, true),
        Op::Mod => row("mod", 2, Number, true),
        Op::Fmod => row("fmod", 2, Float, true),
        Op::Pow => row("pow", 2, Number, true),
        Op::Fma => row("fma", 3, Float, true),
        Op::Abs => row("abs", 1, Number, false),
        Op::Min => row("min", 2, Number, true),
        Op::Max => row("max", 2, Number, true),
        Op::And => row("and", 2, Bits, false),
        Op::Or => row("or", 2, Bits, false),
        Op::Xor => row("xor", 2, Bits, false),
        Op::Not => row("not", 1, Bits, false),
        Op::Shl => row("shl", 2, Bits, false),
        Op::Shr => row("shr", 2, Bits, false),
        Op::Eq => row("eq", 2, Compare, true),
        Op::Ne => row("ne", 2, Compare, true),
        Op::Lt => row("lt", 2, Compare, true),
        Op::Le => row("le", 2, Compare, true),
        Op::Gt => row("gt", 2, Compare, true),
        Op::Ge => row("ge", 2, Compare, true),
        Op::Select => row("select", 3, Select, false),
        Op::Cast(to) => row(to.name(), 1, Cast(to), true),
        Op::ToBits => row("tobits", 1, ToBits, false),
        Op::OfBits => row("ofbits", 1, OfBits, false),
        Op::Math(m) => row(m.name(), m.arity(), Float, true),
        Op::IsNan => row("isnan", 1, FloatTest, false),
        Op::IsInf => row("isinf", 1, FloatTest, false),
        Op::IsFinite => row("isfinite", 1, FloatTest, false),
    }
}

impl Op {
    /// Spelling in printed IR (a cast is spelled by its type).
    pub fn name(self) -> &'static str {
        lookup(self).name
    }

    /// Number of operands.
    pub fn arity(self) -> usize {
        lookup(self).arity
    }

    /// Which operand types it takes.
    pub fn rule(self) -> TypeRule {
        lookup(self).rule
    }

    /// What it does besides.
    pub fn effects(self) -> Effects {
        Effects { flags: lookup(self).flags, call: matches!(self, Op::Fmod) || matches!(self, Op::Math(m) if m.form() != Form::Machine) }
    }
}

pub(super) fn result(op: Op, args: &[ScalarType]) -> Option<ScalarType> {
    let Row { arity, rule, .. } = lookup(op);
    if args.len() != arity || args.iter().any(|t| t.is_complex()) {
        return None;
    }
    let same = args.windows(2).all(|w| w[0] == w[1]);
    let first = args[0];
    match rule {
        TypeRule::Number => (same && (first.is_integer() || first.is_float())).then_some(first),
        TypeRule::Float => (same && first.is_float()).then_some(first),
        TypeRule::Bits => (same && (first.is_integer() || first == ScalarType::Bool)).then_some(first),
        TypeRule::Compare => same.then_some(ScalarType::Bool),
        TypeRule::FloatTest => first.is_float().then_some(ScalarType::Bool),
        TypeRule::Select => (first == ScalarType::Bool && args[1] == args[2]).then_some(args[1]),
        TypeRule::Cast(ScalarType::F16 | ScalarType::BF16) => first.is_float().then_some(ScalarType::F32),
        TypeRule::Cast(to) => (!to.is_complex() && !to.is_time()).then_some(to),
        TypeRule::ToBits => match first {
            ScalarType::F32 => Some(ScalarType::I32),
            ScalarType::F64 => Some(ScalarType::I64),
            _ => None,
        },
        TypeRule::OfBits => match first {
            ScalarType::I32 => Some(ScalarType::F32),
            ScalarType::I64 => Some(ScalarType::F64),
            _ => None,
        },
    }
}
