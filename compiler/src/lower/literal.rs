//! Numbers written in the text that take their operand's precision, where that was asked for.
//!
//! Only an operand that *is* a literal is weak, not a variable that holds one. Library code written in the language keeps its own types.

use super::value::Val;
use super::{Literals, Lowerer};
use crate::syntax::{Expr, ExprKind, UnaryOp};
use crate::types::{Scalar, ScalarType};

impl Lowerer {
    /// The operands of an operator; a literal beside something else is given that one's type, if it is of its kind or of a higher one.
    pub(super) fn weakened(&mut self, left: (&Expr, Val), right: (&Expr, Val)) -> (Val, Val) {
        let quiet = self.is_library() || self.frames.last().is_some_and(|f| f.quiet.is_some());
        if self.literals == Literals::Wide || quiet {
            return (left.1, right.1);
        }
        match (is_literal(left.0), is_literal(right.0)) {
            (true, false) => (self.weak(left.1, &right.1), right.1),
            (false, true) => {
                let weak = self.weak(right.1, &left.1);
                (left.1, weak)
            }
            _ => (left.1, right.1),
        }
    }

    fn weak(&mut self, literal: Val, other: &Val) -> Val {
        let Val::Real(value) = literal else { return literal };
        let (Some(constant), Some(ty)) = (self.known(value), self.scalar_type(other)) else { return literal };
        let ty = ty.part();
        let of_int = constant.ty().is_integer();
        if ty.is_half() {
            let wide = self.cast(value, ScalarType::F64);
            return self.half(ty, wide);
        }
        if ty.is_float() {
            let number = if of_int { constant.as_int() as f64 } else { constant.as_f64() };
            return Val::Real(self.float(ty, number));
        }
        let fits = of_int && ty.is_integer() && Scalar::int(ty, constant.as_int()).as_int() == constant.as_int();
        if fits { Val::Real(self.constant(Scalar::int(ty, constant.as_int()))) } else { literal }
    }
}

fn is_literal(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Int(_) | ExprKind::Float(_) => true,
        ExprKind::Unary { op: UnaryOp::Minus | UnaryOp::Plus, operand } => is_literal(operand),
        _ => false,
    }
}
