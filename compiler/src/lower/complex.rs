//! Complex arithmetic on pairs of floats, with CPython's formulas.
//!
//! Division by zero, where CPython raises, gives NumPy's values.

use super::Lowerer;
use super::value::Val;
use crate::ir::Value;
use crate::op::{Math, Op};
use crate::syntax::{BinaryOp, CompareOp};
use crate::types::{ScalarType, binary_arithmetic};

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

    /// Two numbers of which at least one is complex, in their common type.
    pub(super) fn complex_pair(&mut self, l: &Val, r: &Val) -> Option<((Value, Value), (Value, Value))> {
        if !(matches!(l, Val::Complex(..)) || matches!(r, Val::Complex(..))) {
            return None;
        }
        let t = binary_arithmetic(self.scalar_type(l)?, self.scalar_type(r)?);
        self.to_complex(l, t).zip(self.to_complex(r, t))
    }

    /// NumPy's order of complex numbers: by the real parts, of equal ones by the imaginary parts; a NaN in either number is before and behind nothing.
    pub(super) fn complex_order(&mut self, op: CompareOp, a: (Value, Value), b: (Value, Value)) -> Value {
        let strict = match op {
            CompareOp::Lt | CompareOp::Le => Op::Lt,
            _ => Op::Gt,
        };
        let apart = self.op(strict, &[a.0, b.0]);
        let (nan, other) = (self.op(Op::IsNan, &[a.1]), self.op(Op::IsNan, &[b.1]));
        let nan = self.op(Op::Or, &[nan, other]);
        let numbers = self.op(Op::Not, &[nan]);
        let apart = self.op(Op::And, &[apart, numbers]);
        let level = self.op(Op::Eq, &[a.0, b.0]);
        let imaginary = self.op(super::compare::row(op), &[a.1, b.1]);
        let level = self.op(Op::And, &[level, imaginary]);
        self.op(Op::Or, &[apart, level])
    }

    /// `numpy.minimum` and `maximum` of complex numbers, where a NaN wins (`keeps_nan`), or `fmin` and `fmax`, where it loses.
    pub(super) fn complex_extreme(&mut self, least: bool, keeps_nan: bool, a: (Value, Value), b: (Value, Value)) -> Val {
        let before = self.complex_order(if least { CompareOp::Le } else { CompareOp::Ge }, a, b);
        let asked = if keeps_nan { a } else { b };
        let (re, im) = (self.op(Op::IsNan, &[asked.0]), self.op(Op::IsNan, &[asked.1]));
        let nan = self.op(Op::Or, &[re, im]);
        let first = self.op(Op::Or, &[before, nan]);
        let re = self.op(Op::Select, &[first, a.0, b.0]);
        Val::Complex(re, self.op(Op::Select, &[first, a.1, b.1]))
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
