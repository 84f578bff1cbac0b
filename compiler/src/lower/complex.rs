//! Complex arithmetic on pairs of floats, with CPython's formulas.
//!
//! Division by zero, where CPython raises, gives NumPy's values.

use super::Lowerer;
use super::value::Val;
use crate::ir::Value;
use crate::op::{Math, Op};
use crate::syntax::BinaryOp;
use crate::types::ScalarType;

impl Lowerer {
    /// `+ - * /` in the complex type `t`.
    pub(super) fn complex_binary(&mut self, op: BinaryOp, l: &Val, r: &Val, t: ScalarType) -> Val {
        let a = self.to_complex(l, t).expect("a number");
        let b = self.to_complex(r, t).expect("a number");
        let (re, im) = match op {
            BinaryOp::Add => self.each(Op::Add, a, b),
            BinaryOp::Sub => self.each(Op::Sub, a, b),
            BinaryOp::Mul => self.complex_mul(a, b),
            BinaryOp::TrueDiv => self.complex_div(a, b),
            other => unreachable!("no complex formula for {}", other.symbol()),
        };
        Val::Complex(re, im)
    }

    fn each(&mut self, op: Op, a: (Value, Value), b: (Value, Value)) -> (Value, Value) {
        let re = self.op(op, &[a.0, b.0]);
        (re, self.op(op, &[a.1, b.1]))
    }

    /// `(a.re*b.re - a.im*b.im, a.re*b.im + a.im*b.re)`.
    pub(super) fn complex_mul(&mut self, a: (Value, Value), b: (Value, Value)) -> (Value, Value) {
        let rr = self.op(Op::Mul, &[a.0, b.0]);
        let ii = self.op(Op::Mul, &[a.1, b.1]);
        let re = self.op(Op::Sub, &[rr, ii]);
        let ri = self.op(Op::Mul, &[a.0, b.1]);
        let ir = self.op(Op::Mul, &[a.1, b.0]);
        (re, self.op(Op::Add, &[ri, ir]))
    }

    /// Smith's division: scaled by the larger part of the divisor. Both of its cases are one formula with the parts exchanged.
    pub(super) fn complex_div(&mut self, a: (Value, Value), b: (Value, Value)) -> (Value, Value) {
        let t = self.ty(b.0);
        let (zero, one) = (self.float(t, 0.0), self.float(t, 1.0));
        let (abs_re, abs_im) = (self.op(Op::Abs, &[b.0]), self.op(Op::Abs, &[b.1]));
        let by_re = self.op(Op::Ge, &[abs_re, abs_im]);
        let large = self.op(Op::Select, &[by_re, b.0, b.1]);
        let small = self.op(Op::Select, &[by_re, b.1, b.0]);
        let is_zero = {
            let largest = self.op(Op::Select, &[by_re, abs_re, abs_im]);
            self.op(Op::Eq, &[largest, zero])
        };
        let divisor = self.op(Op::Select, &[is_zero, one, large]);
        let ratio = self.op(Op::Div, &[small, divisor]);
        let scaled = self.op(Op::Mul, &[small, ratio]);
        let sum = self.op(Op::Add, &[large, scaled]);
        let denominator = self.op(Op::Select, &[is_zero, abs_re, sum]);
        let re_ratio = self.op(Op::Mul, &[a.0, ratio]);
        let im_ratio = self.op(Op::Mul, &[a.1, ratio]);
        // By the real part: re = a.re + a.im*ratio, im = a.im - a.re*ratio; else re = a.re*ratio + a.im, im = a.im*ratio - a.re.
        let first = self.op(Op::Select, &[by_re, a.0, re_ratio]);
        let second = self.op(Op::Select, &[by_re, im_ratio, a.1]);
        let re = self.op(Op::Add, &[first, second]);
        let minuend = self.op(Op::Select, &[by_re, a.1, im_ratio]);
        let subtrahend = self.op(Op::Select, &[by_re, re_ratio, a.0]);
        let im = self.op(Op::Sub, &[minuend, subtrahend]);
        let re = self.op(Op::Select, &[is_zero, a.0, re]);
        let im = self.op(Op::Select, &[is_zero, a.1, im]);
        (self.op(Op::Div, &[re, denominator]), self.op(Op::Div, &[im, denominator]))
    }

    /// `abs(z)`.
    pub(super) fn complex_abs(&mut self, re: Value, im: Value) -> Value {
        self.op(Op::Math(Math::Hypot), &[re, im])
    }

    /// The conjugate of a number; a real one is its own.
    pub(super) fn conjugate(&mut self, val: &Val) -> Val {
        match val {
            Val::Complex(re, im) => Val::Complex(*re, self.op(Op::Neg, &[*im])),
            real => real.clone(),
        }
    }
}
