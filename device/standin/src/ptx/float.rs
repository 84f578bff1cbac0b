//! Operations of floating-point numbers, lane by lane, as the PTX manual has them: rounded to nearest even, subnormal numbers kept but with `.ftz`.
//!
//! A NaN that a single-precision operation gives is the one canonical NaN. Half and brain numbers are computed in double precision, which is exact enough ([`narrow`] sees what was lost).

use super::convert::{Format, Rounding, narrow, wide};
use super::integer::{one, test, three, two};
use super::parse::{Kind, Ty};
use super::program::{One, Test, Three, Two};

pub(super) const NAN: u32 = 0x7fff_ffff;

/// The bits of a result in single precision.
#[inline(always)]
pub(super) fn single(x: f32) -> u64 {
    u64::from(if x.is_nan() { NAN } else { x.to_bits() })
}

#[inline(always)]
fn double(x: f64) -> u64 {
    x.to_bits()
}

#[inline(always)]
pub(super) fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { f32::from_bits(x.to_bits() & 0x8000_0000) } else { x }
}

#[inline(always)]
fn f(bits: u32) -> f32 {
    f32::from_bits(bits)
}

#[inline(always)]
fn d(bits: u64) -> f64 {
    f64::from_bits(bits)
}

/// The formats of 16 bits.
fn format(ty: Ty) -> Option<Format> {
    match (ty.kind, ty.bits) {
        (Kind::Float, 16) => Some(Format::HALF),
        (Kind::Brain, 16) => Some(Format::BRAIN),
        _ => None,
    }
}

/// A function of 16-bit numbers by way of double precision; what was rounded away there is the second part.
macro_rules! halves {
    ($make:ident, $ty:expr, |$($x:ident),+| $e:expr) => {
        match format($ty)? {
            Format::HALF => Some($make!(u16, u64, |$($x),+| { $(let $x = wide($x, Format::HALF);)+ narrow($e, Format::HALF, Rounding::Near) })),
            _ => Some($make!(u16, u64, |$($x),+| { $(let $x = wide($x, Format::BRAIN);)+ narrow($e, Format::BRAIN, Rounding::Near) })),
        }
    };
}

/// The sum of two numbers and what was rounded away.
#[inline(always)]
fn sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    let lost = (a - (s - t)) + (b - t);
    (s, if lost.is_finite() { lost } else { 0.0 })
}

pub(super) fn unary(name: &str, ty: Ty, ftz: bool) -> Option<One> {
    macro_rules! singles {
        (|$a:ident| $e:expr) => {
            if ftz {
                Some(one!(u32, u64, |a| {
                    let $a = flushed(f(a));
                    single(flushed($e))
                }))
            } else {
                Some(one!(u32, u64, |a| {
                    let $a = f(a);
                    single($e)
                }))
            }
        };
    }
    macro_rules! doubles {
        (|$a:ident| $e:expr) => {
            Some(one!(u64, u64, |a| {
                let $a = d(a);
                double($e)
            }))
        };
    }
    match (name, ty.bits) {
        // Signs alone change, of NaNs as well.
        ("neg", 32) if !ftz => Some(one!(u32, u32, |a| a ^ 0x8000_0000)),
        ("abs", 32) if !ftz => Some(one!(u32, u32, |a| a & 0x7fff_ffff)),
        ("neg", 32) => singles!(|a| -a),
        ("abs", 32) => singles!(|a| a.abs()),
        ("neg", 64) => Some(one!(u64, u64, |a| a ^ 1 << 63)),
        ("abs", 64) => Some(one!(u64, u64, |a| a & !(1 << 63))),
        ("neg", 16) => Some(one!(u16, u16, |a| a ^ 0x8000)),
        ("abs", 16) => Some(one!(u16, u16, |a| a & 0x7fff)),
        ("sqrt.rn", 32) => singles!(|a| a.sqrt()),
        ("sqrt.rn", 64) => doubles!(|a| a.sqrt()),
        ("rcp.rn", 32) => singles!(|a| 1.0 / a),
        ("rcp.rn", 64) => doubles!(|a| 1.0 / a),
        // Of what is only near, the nearest; at these the manual says what comes.
        ("sqrt.approx", 32) => singles!(|a| a.sqrt()),
        ("rcp.approx", 32) => singles!(|a| 1.0 / a),
        ("rsqrt.approx", 32) => singles!(|a| (1.0 / f64::from(a).sqrt()) as f32),
        ("rsqrt.approx", 64) => doubles!(|a| 1.0 / a.sqrt()),
        ("ex2.approx", 32) => singles!(|a| f64::from(a).exp2() as f32),
        ("lg2.approx", 32) => singles!(|a| f64::from(a).log2() as f32),
        ("sin.approx", 32) => singles!(|a| f64::from(a).sin() as f32),
        ("cos.approx", 32) => singles!(|a| f64::from(a).cos() as f32),
        ("tanh.approx", 32) => singles!(|a| f64::from(a).tanh() as f32),
        _ => None,
    }
}

pub(super) fn binary(name: &str, ty: Ty, ftz: bool) -> Option<Two> {
    macro_rules! singles {
        (|$a:ident, $b:ident| $e:expr) => {
            if ftz {
                Some(two!(u32, u64, |a, b| {
                    let ($a, $b) = (flushed(f(a)), flushed(f(b)));
                    single(flushed($e))
                }))
            } else {
                Some(two!(u32, u64, |a, b| {
                    let ($a, $b) = (f(a), f(b));
                    single($e)
                }))
            }
        };
    }
    macro_rules! doubles {
        (|$a:ident, $b:ident| $e:expr) => {
            Some(two!(u64, u64, |a, b| {
                let ($a, $b) = (d(a), d(b));
                double($e)
            }))
        };
    }
    match (name, ty.bits) {
        // No rounding named is rounding to nearest; only that a sum may then be fused with a product before it is left open.
        ("add" | "add.rn", 32) => singles!(|a, b| a + b),
        ("add" | "add.rn", 64) => doubles!(|a, b| a + b),
        ("sub" | "sub.rn", 32) => singles!(|a, b| a - b),
        ("sub" | "sub.rn", 64) => doubles!(|a, b| a - b),
        ("mul" | "mul.rn", 32) => singles!(|a, b| a * b),
        ("mul" | "mul.rn", 64) => doubles!(|a, b| a * b),
        ("div.rn" | "div.full" | "div.approx", 32) => singles!(|a, b| a / b),
        ("div.rn", 64) => doubles!(|a, b| a / b),
        ("min", 32) => singles!(|a, b| least(a, b)),
        ("min", 64) => doubles!(|a, b| least(a, b)),
        ("max", 32) => singles!(|a, b| greatest(a, b)),
        ("max", 64) => doubles!(|a, b| greatest(a, b)),
        ("min.NaN", 32) => singles!(|a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { least(a, b) }),
        ("max.NaN", 32) => singles!(|a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { greatest(a, b) }),
        // The sign of the first, all else of the second.
        ("copysign", 32) => Some(two!(u32, u32, |a, b| a & 0x8000_0000 | b & 0x7fff_ffff)),
        ("copysign", 64) => Some(two!(u64, u64, |a, b| a & 1 << 63 | b & !(1 << 63))),
        ("add" | "add.rn", 16) => halves!(two, ty, |a, b| sum(a, b)),
        ("sub" | "sub.rn", 16) => halves!(two, ty, |a, b| sum(a, -b)),
        ("mul" | "mul.rn", 16) => halves!(two, ty, |a, b| (a * b, 0.0)),
        ("min", 16) => halves!(two, ty, |a, b| (least(a, b), 0.0)),
        ("max", 16) => halves!(two, ty, |a, b| (greatest(a, b), 0.0)),
        _ => None,
    }
}

pub(super) fn ternary(name: &str, ty: Ty, ftz: bool) -> Option<Three> {
    match (name, ty.bits) {
        ("fma.rn" | "mad.rn", 32) if ftz => Some(three!(u32, u64, |a, b, c| single(flushed(flushed(f(a)).mul_add(flushed(f(b)), flushed(f(c))))))),
        ("fma.rn" | "mad.rn", 32) => Some(three!(u32, u64, |a, b, c| single(f(a).mul_add(f(b), f(c))))),
        ("fma.rn" | "mad.rn", 64) => Some(three!(u64, u64, |a, b, c| double(d(a).mul_add(d(b), d(c))))),
        ("fma.rn", 16) => halves!(three, ty, |a, b, c| sum(a * b, c)),
        _ => None,
    }
}

/// Of a zero of each sign the negative one; of a NaN and a number the number.
#[inline(always)]
fn least<T: Copy + PartialOrd + Into<f64>>(a: T, b: T) -> T {
    if a.into().is_nan() || b < a || b == a && b.into().is_sign_negative() { b } else { a }
}

/// Of a zero of each sign the positive one; of a NaN and a number the number.
#[inline(always)]
fn greatest<T: Copy + PartialOrd + Into<f64>>(a: T, b: T) -> T {
    if a.into().is_nan() || b > a || b == a && !b.into().is_sign_negative() { b } else { a }
}

pub(super) fn compare(name: &str, ty: Ty, ftz: bool) -> Option<Test> {
    macro_rules! tests {
        (|$a:ident, $b:ident| $e:expr) => {
            match (ty.bits, ftz) {
                (32, false) => Some(test!(u32, |a, b| {
                    let ($a, $b) = (f(a), f(b));
                    $e
                })),
                (32, true) => Some(test!(u32, |a, b| {
                    let ($a, $b) = (flushed(f(a)), flushed(f(b)));
                    $e
                })),
                (64, false) => Some(test!(u64, |a, b| {
                    let ($a, $b) = (d(a), d(b));
                    $e
                })),
                (16, _) => match format(ty)? {
                    Format::HALF => Some(test!(u16, |a, b| {
                        let ($a, $b) = (wide(a, Format::HALF), wide(b, Format::HALF));
                        $e
                    })),
                    _ => Some(test!(u16, |a, b| {
                        let ($a, $b) = (wide(a, Format::BRAIN), wide(b, Format::BRAIN));
                        $e
                    })),
                },
                _ => None,
            }
        };
    }
    match name {
        "eq" => tests!(|a, b| a == b),
        "ne" => tests!(|a, b| a != b && !a.is_nan() && !b.is_nan()),
        "lt" => tests!(|a, b| a < b),
        "le" => tests!(|a, b| a <= b),
        "gt" => tests!(|a, b| a > b),
        "ge" => tests!(|a, b| a >= b),
        "equ" => tests!(|a, b| a == b || a.is_nan() || b.is_nan()),
        "neu" => tests!(|a, b| a != b),
        "ltu" => tests!(|a, b| a < b || a.is_nan() || b.is_nan()),
        "leu" => tests!(|a, b| a <= b || a.is_nan() || b.is_nan()),
        "gtu" => tests!(|a, b| a > b || a.is_nan() || b.is_nan()),
        "geu" => tests!(|a, b| a >= b || a.is_nan() || b.is_nan()),
        "num" => tests!(|a, b| !a.is_nan() && !b.is_nan()),
        "nan" => tests!(|a, b| a.is_nan() || b.is_nan()),
        _ => None,
    }
}

/// What `testp` asks of the first operand.
pub(super) fn property(name: &str, ty: Ty) -> Option<Test> {
    macro_rules! tests {
        (|$a:ident| $e:expr) => {
            match ty.bits {
                32 => Some(test!(u32, |a, _b| {
                    let $a = f(a);
                    $e
                })),
                64 => Some(test!(u64, |a, _b| {
                    let $a = d(a);
                    $e
                })),
                _ => None,
            }
        };
    }
    match name {
        "finite" => tests!(|a| a.is_finite()),
        "infinite" => tests!(|a| a.is_infinite()),
        "number" => tests!(|a| !a.is_nan()),
        "notanumber" => tests!(|a| a.is_nan()),
        "normal" => tests!(|a| a.is_normal()),
        "subnormal" => tests!(|a| a.is_subnormal()),
        _ => None,
    }
}
