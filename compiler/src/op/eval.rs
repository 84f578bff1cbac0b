//! The value of each row on constants: the meaning of the IR's arithmetic.
//!
//! [`eval`] is the reference that every backend is compared with; docs/semantics.md says the same in words. The caller has checked operand count and
//! types against the op table (the builder and the verifier do); a misuse panics. Knows nothing of functions, threads or machines.

use super::{Form, Math, Op, exact};
use crate::math;
use crate::types::{Scalar, ScalarType};

/// The result of a row.
///
/// # Panics
/// If [`Op::result`] does not allow these operands.
pub fn eval(op: Op, args: &[Scalar]) -> Scalar {
    match (op, args) {
        (Op::Select, &[cond, yes, no]) => {
            if cond.as_bool() {
                yes
            } else {
                no
            }
        }
        (Op::Cast(to @ (ScalarType::F16 | ScalarType::BF16)), &[value]) => Scalar::f32(crate::types::half::rounded_to(to, value.as_f64())),
        (Op::Cast(to), &[value]) => cast(to, value),
        (Op::ToBits, &[x]) => Scalar::from_bits(if x.ty() == ScalarType::F32 { ScalarType::I32 } else { ScalarType::I64 }, x.bits()),
        (Op::OfBits, &[x]) => Scalar::from_bits(if x.ty() == ScalarType::I32 { ScalarType::F32 } else { ScalarType::F64 }, x.bits()),
        (Op::Math(m), _) if m.form() != Form::Machine => math::call(m, args),
        (Op::Fmod, &[x, _]) if x.ty().is_float() => math::call(Math::Fmod, args),
        (Op::Pow, &[x, _]) if x.ty().is_float() => math::call(Math::Pow, args),
        _ => match args.first().map(|a| a.ty()) {
            Some(ScalarType::F64) => floats(op, args, Scalar::as_f64, Scalar::f64),
            Some(ScalarType::F32) => floats(op, args, Scalar::as_f32, Scalar::f32),
            Some(ty) => integers(op, args, ty),
            None => None,
        }
        .unwrap_or_else(|| panic!("{} is not defined for {args:?}", op.name())),
    }
}

/// Rows on integers and bool. Everything that only looks at low bits works on them directly: [`Scalar::from_bits`] wraps.
#[inline]
fn integers(op: Op, args: &[Scalar], ty: ScalarType) -> Option<Scalar> {
    let wrap = |bits: u64| Some(Scalar::from_bits(ty, bits));
    let truth = |b: bool| Some(Scalar::bool(b));
    match (op, args) {
        (Op::Neg, &[a]) => wrap(a.bits().wrapping_neg()),
        (Op::Abs, &[a]) => wrap(a.as_int().unsigned_abs() as u64),
        (Op::Not, &[a]) => wrap(!a.bits()),
        (_, &[a, b]) => match op {
            Op::Add => wrap(a.bits().wrapping_add(b.bits())),
            Op::Sub => wrap(a.bits().wrapping_sub(b.bits())),
            Op::Mul => wrap(a.bits().wrapping_mul(b.bits())),
            Op::FloorDiv => Some(Scalar::int(ty, floor_div(a.as_int(), b.as_int()))),
            Op::Mod => {
                let (a, b) = (a.as_int(), b.as_int());
                Some(Scalar::int(ty, if b == 0 { 0 } else { a - b * floor_div(a, b) }))
            }
            Op::Pow => Some(power(ty, a, b)),
            Op::Min => Some(if less(b, a) { b } else { a }),
            Op::Max => Some(if less(a, b) { b } else { a }),
            Op::And => wrap(a.bits() & b.bits()),
            Op::Or => wrap(a.bits() | b.bits()),
            Op::Xor => wrap(a.bits() ^ b.bits()),
            Op::Shl => wrap(if in_width(b) { a.bits() << b.bits() } else { 0 }),
            Op::Shr => {
                let count = if in_width(b) { b.bits() as u32 } else { 127 };
                Some(Scalar::int(ty, a.as_int() >> count))
            }
            Op::Eq => truth(a.bits() == b.bits()),
            Op::Ne => truth(a.bits() != b.bits()),
            Op::Lt => truth(less(a, b)),
            Op::Le => truth(!less(b, a)),
            Op::Gt => truth(less(b, a)),
            Op::Ge => truth(!less(a, b)),
            _ => None,
        },
        _ => None,
    }
}

#[inline]
fn less(a: Scalar, b: Scalar) -> bool {
    match a.ty() {
        ScalarType::I64 => (a.bits() as i64) < (b.bits() as i64),
        _ => a.as_int() < b.as_int(),
    }
}

/// Quotient rounded down; by zero it is zero.
fn floor_div(a: i128, b: i128) -> i128 {
    if b == 0 {
        return 0;
    }
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

/// Whether a shift count is at least zero and below the width of its type.
fn in_width(count: Scalar) -> bool {
    (0..count.ty().bits() as i128).contains(&count.as_int())
}

/// Integer power by squaring, wrapping. A negative exponent is the truncated true value: 1 for base 1, ±1 for base -1, else 0 (base 0 included).
fn power(ty: ScalarType, base: Scalar, exponent: Scalar) -> Scalar {
    if exponent.as_int() < 0 {
        let odd = exponent.bits() & 1 == 1;
        return Scalar::int(
            ty,
            match base.as_int() {
                1 => 1,
                -1 if odd => -1,
                -1 => 1,
                _ => 0,
            },
        );
    }
    let (mut result, mut square, mut left) = (1u64, base.bits(), exponent.bits());
    while left != 0 {
        if left & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        left >>= 1;
    }
    Scalar::from_bits(ty, result)
}

/// The float types, with what rows need of std.
trait Number:
    Copy
    + PartialOrd
    + std::ops::Neg<Output = Self>
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    const HALF: Self;
    fn abs(self) -> Self;
    fn fmod(self, divisor: Self) -> Self;
    fn fma(self, factor: Self, term: Self) -> Self;
    fn machine(self, math: Math) -> Self;
    fn floor(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn is_infinite(self) -> bool;
    fn is_finite(self) -> bool;
}

macro_rules! number {
    ($t:ident $fma:ident) => {
        impl Number for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const HALF: $t = 0.5;
            fn abs(self) -> $t {
                <$t>::abs(self)
            }
            fn fmod(self, divisor: $t) -> $t {
                // Rust's `%` of floats is C's fmod, which is exact.
                self % divisor
            }
            fn fma(self, factor: $t, term: $t) -> $t {
                exact::$fma(self, factor, term)
            }
            fn machine(self, math: Math) -> $t {
                match math {
                    Math::Sqrt => self.sqrt(),
                    Math::Floor => <$t>::floor(self),
                    Math::Ceil => self.ceil(),
                    Math::Trunc => self.trunc(),
                    Math::Rint => self.round_ties_even(),
                    other => panic!("{} is no instruction of one operand", other.name()),
                }
            }
            fn floor(self) -> $t {
                <$t>::floor(self)
            }
            fn copysign(self, sign: $t) -> $t {
                <$t>::copysign(self, sign)
            }
            fn is_infinite(self) -> bool {
                <$t>::is_infinite(self)
            }
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}
number!(f32 fmaf);
number!(f64 fma);

/// Rows on float32 and float64; each rounds once, in its own type.
#[inline]
fn floats<F: Number>(op: Op, args: &[Scalar], get: fn(Scalar) -> F, give: fn(F) -> Scalar) -> Option<Scalar> {
    let truth = |b: bool| Some(Scalar::bool(b));
    let number = |x: F| Some(give(x));
    match *args {
        [a, b] => {
            let (a, b) = (get(a), get(b));
            match op {
                Op::Add => number(a + b),
                Op::Sub => number(a - b),
                Op::Mul => number(a * b),
                Op::Div => number(a / b),
                Op::FloorDiv => number(float_floor_div(a, b)),
                Op::Mod => number(float_mod(a, b)),
                Op::Math(Math::Copysign) => number(a.copysign(b)),
                Op::Min => number(if b < a { b } else { a }),
                Op::Max => number(if b > a { b } else { a }),
                Op::Eq => truth(a == b),
                Op::Ne => truth(a != b),
                Op::Lt => truth(a < b),
                Op::Le => truth(a <= b),
                Op::Gt => truth(a > b),
                Op::Ge => truth(a >= b),
                _ => None,
            }
        }
        [a] => {
            let a = get(a);
            match op {
                Op::Neg => number(-a),
                Op::Abs => number(a.abs()),
                Op::Math(m) => number(a.machine(m)),
                Op::IsNan => truth(a.partial_cmp(&a).is_none()),
                Op::IsInf => truth(a.is_infinite()),
                Op::IsFinite => truth(a.is_finite()),
                _ => None,
            }
        }
        [a, b, c] if op == Op::Fma => number(get(a).fma(get(b), get(c))),
        _ => None,
    }
}

/// `a // b` as CPython computes it: from the exact remainder, so that it agrees with `%`. By zero it is a / b, as in NumPy.
fn float_floor_div<F: Number>(a: F, b: F) -> F {
    if b == F::ZERO {
        return a / b;
    }
    let remainder = a.fmod(b);
    let mut quotient = (a - remainder) / b;
    if remainder != F::ZERO && (b < F::ZERO) != (remainder < F::ZERO) {
        quotient = quotient - F::ONE;
    }
    if quotient == F::ZERO {
        return F::ZERO.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > F::HALF { floor + F::ONE } else { floor }
}

/// `a % b`: the exact remainder, moved to the divisor's sign; a zero has the divisor's sign too. By zero it is NaN.
fn float_mod<F: Number>(a: F, b: F) -> F {
    let remainder = a.fmod(b);
    if remainder == F::ZERO {
        F::ZERO.copysign(b)
    } else if (b < F::ZERO) != (remainder < F::ZERO) {
        remainder + b
    } else {
        remainder
    }
}

fn cast(to: ScalarType, value: Scalar) -> Scalar {
    use ScalarType::*;
    let from = value.ty();
    if from.is_float() {
        // `as` truncates, saturates and takes NaN to 0.
        let x = value.as_f64();
        match to {
            Bool => Scalar::bool(x != 0.0),
            I8 => Scalar::int(to, (x as i8).into()),
            I16 => Scalar::int(to, (x as i16).into()),
            I32 => Scalar::int(to, (x as i32).into()),
            I64 => Scalar::int(to, (x as i64).into()),
            U8 => Scalar::int(to, (x as u8).into()),
            U16 => Scalar::int(to, (x as u16).into()),
            U32 => Scalar::int(to, (x as u32).into()),
            U64 => Scalar::int(to, (x as u64).into()),
            _ if to == from => value,
            F32 | F64 => Scalar::float(to, x),
            C64 | C128 | F16 | BF16 | DateTime(_) | TimeDelta(_) => panic!("{to} is the type of no IR value"),
        }
    } else {
        match to {
            Bool => Scalar::bool(value.bits() != 0),
            F32 => Scalar::f32(value.as_int() as f32),
            F64 => Scalar::f64(value.as_int() as f64),
            C64 | C128 | F16 | BF16 | DateTime(_) | TimeDelta(_) => panic!("{to} is the type of no IR value"),
            _ => Scalar::int(to, value.as_int()),
        }
    }
}

#[cfg(test)]
#[path = "eval_tests.rs"]
mod tests;
