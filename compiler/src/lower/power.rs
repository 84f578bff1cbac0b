//! `**`.
//!
//! A constant small exponent is written out where that gives the same bits: integers always (they wrap), floats for 0, 1 and 2 only (C's pow rounds once,
//! a product of three factors twice), complex numbers as CPython does it up to 100. Everything else is the op table's `pow` or the polar form.

use super::Lowerer;
use super::fault::Result;
use super::value::Val;
use crate::ir::Value;
use crate::op::Op;
use crate::source::Span;
use crate::types::{Scalar, ScalarType, power};

/// Largest constant exponent of an integer that is written out.
const UNROLLED: i128 = 64;
/// Largest exponent for which CPython multiplies complex numbers.
const COMPLEX_UNROLLED: f64 = 100.0;

impl Lowerer {
    /// `left ** right`.
    pub(super) fn power(&mut self, (l, a): (&Val, ScalarType), (r, b): (&Val, ScalarType), span: Span) -> Result<Val> {
        let t = power(a, b);
        if t.is_complex() {
            return self.complex_power(l, r, t, span);
        }
        let (Val::Real(_), Val::Real(exponent)) = (l, r) else { unreachable!("real types have real values") };
        let base = self.to_real(l, t).expect("a real number");
        if let Some(c) = self.known(*exponent) {
            let n =
                if c.ty().is_float() { Some(c.as_f64()).filter(|x| x.fract() == 0.0 && x.abs() < 1e6).map(|x| x as i128) } else { Some(c.as_int()) };
            match n {
                Some(n @ 0..=UNROLLED) if t.is_integer() => return Ok(Val::Real(self.repeated(base, n as u32, t))),
                Some(0) => return Ok(Val::Real(self.float(t, 1.0))),
                Some(1) => return Ok(Val::Real(base)),
                Some(2) => return Ok(Val::Real(self.op(Op::Mul, &[base, base]))),
                _ => {}
            }
        }
        Ok(self.real_binary(Op::Pow, l, r, t))
    }

    /// Integer power by squaring.
    fn repeated(&mut self, base: Value, n: u32, t: ScalarType) -> Value {
        let (mut result, mut square, mut left) = (None, base, n);
        while left > 0 {
            if left & 1 == 1 {
                result = Some(match result {
                    Some(r) => self.op(Op::Mul, &[r, square]),
                    None => square,
                });
            }
            left >>= 1;
            if left > 0 {
                square = self.op(Op::Mul, &[square, square]);
            }
        }
        result.unwrap_or_else(|| self.constant(Scalar::int(t, 1)))
    }

    /// Computed in complex128, whatever the type: the polar form loses too many bits for complex64 to be computed in its own.
    fn complex_power(&mut self, l: &Val, r: &Val, t: ScalarType, span: Span) -> Result<Val> {
        let wide = ScalarType::C128;
        let base = self.to_complex(l, wide).expect("a number");
        let exponent = self.to_complex(r, wide).expect("a number");
        if let (Some(re), Some(im)) = (self.known(exponent.0), self.known(exponent.1)) {
            let (re, im) = (re.as_f64(), im.as_f64());
            if im == 0.0 && re.fract() == 0.0 && re.abs() <= COMPLEX_UNROLLED {
                let power = self.complex_repeated(base, re as i32, wide);
                return Ok(self.to_scalar(&power, t).expect("a number"));
            }
        }
        let power = self.library("complex_power", vec![Val::Complex(base.0, base.1), Val::Complex(exponent.0, exponent.1)], span)?;
        Ok(self.to_scalar(&power, t).expect("a number"))
    }

    fn complex_repeated(&mut self, base: (Value, Value), n: i32, t: ScalarType) -> Val {
        let part = t.part();
        let one = (self.float(part, 1.0), self.float(part, 0.0));
        let (mut result, mut square, mut left) = (None, base, n.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                result = Some(match result {
                    Some(r) => self.complex_mul(r, square),
                    None => self.one_times(square),
                });
            }
            left >>= 1;
            if left > 0 {
                square = self.complex_mul(square, square);
            }
        }
        let result = result.unwrap_or(one);
        let (re, im) = if n < 0 { self.complex_div(one, result) } else { result };
        Val::Complex(re, im)
    }

    /// `(1+0j) * z`, which CPython's powers begin with: it is `z` but for signs of zero, and for infinities.
    fn one_times(&mut self, (re, im): (Value, Value)) -> (Value, Value) {
        let zero = self.float(self.ty(re), 0.0);
        let none_im = self.op(Op::Mul, &[zero, im]);
        let none_re = self.op(Op::Mul, &[zero, re]);
        (self.op(Op::Sub, &[re, none_im]), self.op(Op::Add, &[im, none_re]))
    }
}
