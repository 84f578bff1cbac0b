//! Arithmetic and bit operators on numbers, and `+` of tuples.
//!
//! Complex formulas are in [`super::complex`], powers in [`super::power`].

use super::Lowerer;
use super::fault::{Result, fault};
use super::value::Val;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{BinaryOp, UnaryOp};
use crate::types::{ScalarType, binary_arithmetic, true_division};

impl Lowerer {
    /// `left op right`.
    pub(super) fn binary(&mut self, op: BinaryOp, left: (&Val, Span), right: (&Val, Span), span: Span) -> Result<Val> {
        if matches!(left.0, Val::Half(..)) || matches!(right.0, Val::Half(..)) {
            let half = self.gives_half([left.0, right.0].into_iter());
            let (l, r) = (self.soft(left.0), self.soft(right.0));
            let result = self.binary(op, (&l, left.1), (&r, right.1), span)?;
            return Ok(self.harden(result, half));
        }
        if let Some(val) = self.binary_times(op, left.0, right.0) {
            return Ok(val);
        }
        let times = matches!(left.0, Val::Time(..)) || matches!(right.0, Val::Time(..));
        let result = match (self.scalar_type(left.0).filter(|_| !times), self.scalar_type(right.0)) {
            (Some(a), Some(b)) => self.binary_numbers(op, (left.0, a), (right.0, b), span)?,
            _ => match (op, left.0.items(), right.0.items()) {
                (BinaryOp::Add, Some(a), Some(b)) => Some(Val::Tuple(a.iter().chain(b).cloned().collect())),
                _ => None,
            },
        };
        match result {
            Some(val) => Ok(val),
            None => {
                let d = self.undefined_operator(op.symbol(), left, right);
                let numbers = left.0.is_number() && right.0.is_number();
                fault(match op {
                    BinaryOp::MatMul => d.help("write the loops, or use a library routine outside the kernel"),
                    BinaryOp::And if numbers => d.help("`and` combines conditions; `&` works on integers and bools"),
                    BinaryOp::Or if numbers => d.help("`or` combines conditions; `|` works on integers and bools"),
                    BinaryOp::Shl | BinaryOp::Shr | BinaryOp::Xor if numbers => d.help("convert the operands with `int(...)`"),
                    _ => d,
                })
            }
        }
    }

    fn binary_numbers(&mut self, op: BinaryOp, left: (&Val, ScalarType), right: (&Val, ScalarType), span: Span) -> Result<Option<Val>> {
        let ((l, a), (r, b)) = (left, right);
        let t = match self.library_type(l, r) {
            Some(t) => t,
            None => binary_arithmetic(a, b),
        };
        let plain = match op {
            BinaryOp::Add => Op::Add,
            BinaryOp::Sub => Op::Sub,
            BinaryOp::Mul => Op::Mul,
            BinaryOp::FloorDiv => Op::FloorDiv,
            BinaryOp::Mod => Op::Mod,
            BinaryOp::TrueDiv => {
                let t = if self.is_library() { t } else { true_division(a, b) };
                return Ok(Some(if t.is_complex() { self.complex_binary(op, l, r, t) } else { self.real_binary(Op::Div, l, r, t) }));
            }
            BinaryOp::Pow => return self.power(left, right, span).map(Some),
            BinaryOp::Shl | BinaryOp::Shr | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => return Ok(self.bits(op, left, right)),
            BinaryOp::MatMul => return Ok(None),
        };
        if t.is_complex() {
            let defined = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul);
            return Ok(defined.then(|| self.complex_binary(op, l, r, t)));
        }
        Ok(Some(self.real_binary(plain, l, r, t)))
    }

    /// In a text of the math library, the type of an operation on real numbers: that of both, or of the one that is no constant.
    pub(super) fn library_type(&self, l: &Val, r: &Val) -> Option<ScalarType> {
        let (Val::Real(a), Val::Real(b)) = (l, r) else { return None };
        if !self.is_library() {
            return None;
        }
        let (s, t) = (self.ty(*a), self.ty(*b));
        Some(match (self.known(*a).is_some(), self.known(*b).is_some()) {
            (false, true) if s != ScalarType::Bool => s,
            (true, false) if t != ScalarType::Bool => t,
            _ if s == t => s,
            _ => binary_arithmetic(s, t),
        })
    }

    /// A row of the op table on two real numbers converted to `t`.
    pub(super) fn real_binary(&mut self, op: Op, l: &Val, r: &Val, t: ScalarType) -> Val {
        let l = self.to_real(l, t).expect("a real number");
        let r = self.to_real(r, t).expect("a real number");
        Val::Real(self.op(op, &[l, r]))
    }

    fn bits(&mut self, op: BinaryOp, (l, a): (&Val, ScalarType), (r, b): (&Val, ScalarType)) -> Option<Val> {
        if a.part().is_float() || b.part().is_float() {
            return None;
        }
        let shift = matches!(op, BinaryOp::Shl | BinaryOp::Shr);
        let t = match (a, b) {
            (ScalarType::Bool, ScalarType::Bool) if !shift => ScalarType::Bool,
            _ if shift && self.is_library() => a,
            _ if shift => binary_arithmetic(a, a),
            _ if self.is_library() => self.library_type(l, r).expect("real numbers"),
            _ => binary_arithmetic(a, b),
        };
        let op = match op {
            BinaryOp::Shl => Op::Shl,
            BinaryOp::Shr => Op::Shr,
            BinaryOp::And => Op::And,
            BinaryOp::Or => Op::Or,
            _ => Op::Xor,
        };
        Some(self.real_binary(op, l, r, t))
    }

    /// `+x`, `-x`, `~x`.
    pub(super) fn unary_arithmetic(&mut self, op: UnaryOp, val: &Val, span: Span) -> Result<Val> {
        let symbol = match op {
            UnaryOp::Plus => "unary +",
            UnaryOp::Minus => "unary -",
            UnaryOp::Invert => "~",
            UnaryOp::Not => unreachable!("`not` is a test"),
        };
        if let (UnaryOp::Plus | UnaryOp::Minus, Val::Half(ty, v)) = (op, val) {
            return Ok(Val::Half(*ty, if op == UnaryOp::Minus { self.op(Op::Neg, &[*v]) } else { *v }));
        }
        if let (UnaryOp::Plus | UnaryOp::Minus, Val::Time(ty @ ScalarType::TimeDelta(_), v)) = (op, val) {
            // The negative of NaT is NaT: the least number is its own.
            return Ok(Val::Time(*ty, if op == UnaryOp::Minus { self.op(Op::Neg, &[*v]) } else { *v }));
        }
        match (op, val) {
            (UnaryOp::Invert, Val::Real(v)) if !self.ty(*v).is_float() => {
                let t = self.ty(*v);
                let t = if t == ScalarType::Bool || self.is_library() { t } else { binary_arithmetic(t, t) };
                let v = self.cast(*v, t);
                Ok(Val::Real(self.op(Op::Not, &[v])))
            }
            (UnaryOp::Plus | UnaryOp::Minus, Val::Real(v)) => {
                let t = self.ty(*v);
                let v = if self.is_library() { *v } else { self.cast(*v, binary_arithmetic(t, t)) };
                Ok(Val::Real(if op == UnaryOp::Minus { self.op(Op::Neg, &[v]) } else { v }))
            }
            (UnaryOp::Plus, Val::Complex(..)) => Ok(val.clone()),
            (UnaryOp::Minus, Val::Complex(re, im)) => {
                let re = self.op(Op::Neg, &[*re]);
                Ok(Val::Complex(re, self.op(Op::Neg, &[*im])))
            }
            _ => fault(self.bad_argument(symbol, val, span)),
        }
    }
}
