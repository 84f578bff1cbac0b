//! The C math library: the one place that declares its functions.
//!
//! Owns the declarations, the call of a [`Math`] row on constants ([`call`]), the symbol of each row ([`symbol`]) and the table of addresses ([`symbols`]) that
//! compiled code is linked against. Because both go through the same symbols, interpreter and compiled code agree to the bit. Operand types have been
//! checked by the op table's type rule. Knows nothing of the IR or of LLVM.
#![allow(unsafe_code)]

use super::Math;
use crate::types::{Scalar, ScalarType};

macro_rules! library {
    (
        rows { $($variant:ident ($($x:ident),*) $double:ident $single:ident;)* }
        others { $($other:ident($($y:ident: $t:ty),*) -> $r:ty;)* }
    ) => {
        // SAFETY: the signatures are those of ISO C's <math.h>; each function takes and gives floats by value and is defined for every argument. The
        // sign that `lgamma` leaves in the C global `signgam` is read by nobody here.
        #[link(name = "m")]
        unsafe extern "C" {
            $(safe fn $double($($x: f64),*) -> f64; safe fn $single($($x: f32),*) -> f32;)*
            $(safe fn $other($($y: $t),*) -> $r;)*
        }

        /// The C function of a row on operands of that float type.
        ///
        /// # Panics
        /// If the type is no float.
        pub fn symbol(math: Math, ty: ScalarType) -> &'static str {
            match (math, ty) {
                $((Math::$variant, ScalarType::F64) => stringify!($double), (Math::$variant, ScalarType::F32) => stringify!($single),)*
                (_, other) => panic!("{} takes floats, not {other}", math.name()),
            }
        }

        /// Name and address of every function that compiled code may call.
        pub fn symbols() -> Vec<(&'static str, *const ())> {
            vec![
                $((stringify!($double), $double as *const ()), (stringify!($single), $single as *const ()),)*
                $((stringify!($other), $other as *const ()),)*
            ]
        }

        /// The value of a row.
        pub(super) fn call(math: Math, args: &[Scalar]) -> Scalar {
            match (math, args) {
                $((Math::$variant, &[$($x),*]) => match args[0].ty() {
                    ScalarType::F32 => Scalar::f32($single($($x.as_f32()),*)),
                    _ => Scalar::f64($double($($x.as_f64()),*)),
                },)*
                _ => panic!("{} takes {} operands, not {}", math.name(), math.arity(), args.len()),
            }
        }
    };
}

library! {
    rows {
        Sqrt(x) sqrt sqrtf;
        Floor(x) floor floorf;
        Ceil(x) ceil ceilf;
        Trunc(x) trunc truncf;
        Rint(x) rint rintf;
        Copysign(x, y) copysign copysignf;
        Exp(x) exp expf;
        Exp2(x) exp2 exp2f;
        Expm1(x) expm1 expm1f;
        Log(x) log logf;
        Log2(x) log2 log2f;
        Log10(x) log10 log10f;
        Log1p(x) log1p log1pf;
        Sin(x) sin sinf;
        Cos(x) cos cosf;
        Tan(x) tan tanf;
        Asin(x) asin asinf;
        Acos(x) acos acosf;
        Atan(x) atan atanf;
        Atan2(y, x) atan2 atan2f;
        Sinh(x) sinh sinhf;
        Cosh(x) cosh coshf;
        Tanh(x) tanh tanhf;
        Asinh(x) asinh asinhf;
        Acosh(x) acosh acoshf;
        Atanh(x) atanh atanhf;
        Cbrt(x) cbrt cbrtf;
        Hypot(x, y) hypot hypotf;
        Erf(x) erf erff;
        Erfc(x) erfc erfcf;
        Gamma(x) tgamma tgammaf;
        Lgamma(x) lgamma lgammaf;
        Nextafter(x, y) nextafter nextafterf;
    }
    others {
        fmod(x: f64, y: f64) -> f64;
        fmodf(x: f32, y: f32) -> f32;
        pow(x: f64, y: f64) -> f64;
        powf(x: f32, y: f32) -> f32;
        fma(x: f64, y: f64, z: f64) -> f64;
        fmaf(x: f32, y: f32, z: f32) -> f32;
    }
}

/// A float type with the functions that are no [`Math`] rows.
pub(super) trait Float: Copy + PartialOrd + std::ops::Neg<Output = Self> {
    /// C's `fmod`: exact, sign of the dividend.
    fn fmod(self, divisor: Self) -> Self;
    /// C's `pow`.
    fn pow(self, exponent: Self) -> Self;
    /// self * factor + term, rounded once.
    fn fma(self, factor: Self, term: Self) -> Self;
}

impl Float for f64 {
    fn fmod(self, divisor: f64) -> f64 {
        fmod(self, divisor)
    }
    fn pow(self, exponent: f64) -> f64 {
        pow(self, exponent)
    }
    fn fma(self, factor: f64, term: f64) -> f64 {
        fma(self, factor, term)
    }
}

impl Float for f32 {
    fn fmod(self, divisor: f32) -> f32 {
        fmodf(self, divisor)
    }
    fn pow(self, exponent: f32) -> f32 {
        powf(self, exponent)
    }
    fn fma(self, factor: f32, term: f32) -> f32 {
        fmaf(self, factor, term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_both_symbols_in_the_table() {
        let table = symbols();
        for &m in Math::ALL {
            for ty in [ScalarType::F64, ScalarType::F32] {
                assert!(table.iter().any(|(name, address)| *name == symbol(m, ty) && !address.is_null()), "{m:?} {ty}");
            }
            assert_eq!(symbol(m, ScalarType::F64), m.name(), "a row is printed by its C name");
            assert_eq!(symbol(m, ScalarType::F32), format!("{}f", m.name()));
        }
    }

    #[test]
    fn table_has_no_name_twice() {
        let mut names: Vec<_> = symbols().into_iter().map(|(n, _)| n).collect();
        names.sort_unstable();
        let total = names.len();
        names.dedup();
        assert_eq!(names.len(), total);
    }

    #[test]
    fn rows_are_the_functions_they_name() {
        // One value a row where no other row agrees: catches a row bound to its neighbour's symbol.
        let x = 0.6875f64;
        let expected = |m: Math| match m {
            Math::Sqrt => x.sqrt(),
            Math::Floor => 0.0,
            Math::Ceil | Math::Rint => 1.0,
            Math::Trunc => 0.0,
            Math::Copysign => -x,
            Math::Exp => x.exp(),
            Math::Exp2 => x.exp2(),
            Math::Expm1 => x.exp_m1(),
            Math::Log => x.ln(),
            Math::Log2 => x.log2(),
            Math::Log10 => x.log10(),
            Math::Log1p => x.ln_1p(),
            Math::Sin => x.sin(),
            Math::Cos => x.cos(),
            Math::Tan => x.tan(),
            Math::Asin => x.asin(),
            Math::Acos => x.acos(),
            Math::Atan => x.atan(),
            Math::Atan2 => x.atan2(-1.5),
            Math::Sinh => x.sinh(),
            Math::Cosh => x.cosh(),
            Math::Tanh => x.tanh(),
            Math::Asinh => (x + (x * x + 1.0).sqrt()).ln(),
            Math::Acosh => f64::NAN,
            Math::Atanh => 0.5 * ((1.0 + x) / (1.0 - x)).ln(),
            Math::Cbrt => x.cbrt(),
            Math::Hypot => x.hypot(-1.5),
            Math::Erf => 0.669_084_66,
            Math::Erfc => 0.330_915_34,
            Math::Gamma => 1.318_297_42,
            Math::Lgamma => 0.276_341_07,
            Math::Nextafter => x.next_down(),
        };
        for &m in Math::ALL {
            let args: &[f64] = if m.arity() == 2 { &[x, -1.5] } else { &[x] };
            let double = call(m, &args.iter().map(|a| Scalar::f64(*a)).collect::<Vec<_>>()).as_f64();
            let single = call(m, &args.iter().map(|a| Scalar::f32(*a as f32)).collect::<Vec<_>>()).as_f64();
            let want = expected(m);
            let near = |got: f64, by: f64| (got - want).abs() <= by || (got.is_nan() && want.is_nan());
            assert!(near(double, 1e-6), "{m:?}: {double} for {want}");
            assert!(near(single, 1e-6), "{m:?} single: {single} for {want}");
        }
        assert_eq!(call(Math::Acosh, &[Scalar::f64(1.0)]).as_f64(), 0.0);
        assert_eq!(call(Math::Rint, &[Scalar::f64(2.5)]).as_f64(), 2.0);
        assert_eq!(call(Math::Ceil, &[Scalar::f64(0.25)]).as_f64(), 1.0);
        assert_eq!(call(Math::Floor, &[Scalar::f64(-0.25)]).as_f64(), -1.0);
        assert_eq!(call(Math::Trunc, &[Scalar::f64(-0.25)]).bits(), (-0.0f64).to_bits());
    }
}
