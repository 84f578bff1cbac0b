//! Logarithm and exponential of our own: the same bits on every processor.
//!
//! Owns both for float64 and float32, each a short run of IEEE operations that round on their own (nothing is fused but what says so) and no branch, so that loops over them become vectors. Series and reductions are the textbook ones; errors against mpmath are
//! in the tests. Arguments are judged by the callers: the logarithm takes positive normal numbers.

use crate::scalar::Real;

/// The value of a polynomial at `x`, by Horner's rule; the constant term comes first.
#[inline(always)]
pub(crate) fn polynomial<T: Real, const N: usize>(coefficients: &[T; N], x: T) -> T {
    let mut sum = coefficients[N - 1];
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum * x + coefficient;
    }
    sum
}

/// As [`polynomial`], each step rounded once: a fused multiply-add, which a processor without one gets from the C library, to the bit and slowly.
#[inline(always)]
pub(crate) fn fused_polynomial<T: Real, const N: usize>(coefficients: &[T; N], x: T) -> T {
    let mut sum = coefficients[N - 1];
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, coefficient);
    }
    sum
}

/// Both functions for one type. The logarithm of 2 is in two parts, of which the higher has so few bits that its product with an exponent is exact.
macro_rules! functions {
    (
        $float:ident, $bits:ident as $signed:ident,
        ln: $ln:ident, $ln_by:ident, $ln_error:literal, root $root:literal, $terms:literal $artanh:expr,
        exp: $exp:ident, $exp_error:literal, range $least:literal to $most:literal, magic $magic:literal, $series:expr,
        ln 2: $ln2_high:literal, $ln2_low:literal
    ) => {
        #[doc = concat!("The natural logarithm of a positive normal number, within ", $ln_error, " ULP.")]
        #[inline(always)]
        pub(crate) fn $ln(x: $float) -> $float {
            $ln_by(x, polynomial)
        }

        #[inline(always)]
        fn $ln_by(x: $float, polynomial: impl Fn(&[$float; $terms], $float) -> $float) -> $float {
            const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            // x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
            let bits = x.to_bits().wrapping_sub($root);
            let k = (bits as $signed >> MANTISSA) as i32 as $float;
            let f = $float::from_bits((bits & ((1 << MANTISSA) - 1)).wrapping_add($root)) - 1.0;
            // ln(1 + f) = 2 artanh(s) = 2 s + 2 s (s^2/3 + s^4/5 + ...), and 2 s = f - s f.
            let s = f / (2.0 + f);
            let z = s * s;
            let r = 2.0 * z * polynomial(&$artanh, z);
            let half_square = 0.5 * f * f;
            // f - s f (1 - ...) arranged so that the large terms are added last.
            k * $ln2_high - ((half_square - (s * (half_square + r) + k * $ln2_low)) - f)
        }

        #[doc = concat!("The exponential, within ", $exp_error, " ULP where the result is normal; 0 and infinity past the ends, NaN of NaN.")]
        #[inline(always)]
        pub(crate) fn $exp(x: $float) -> $float {
            const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            /// Adding it rounds to an integer, found in the low bits: 1.5 times two to the bits of the mantissa.
            const MAGIC: $float = $magic;
            let clamped = if x > $most { $most } else { x };
            let clamped = if clamped < $least { $least } else { clamped };
            let shifted = clamped * std::$float::consts::LOG2_E + MAGIC;
            let k = shifted - MAGIC;
            let r = (clamped - k * $ln2_high) - k * $ln2_low;
            let power = 1.0 + (r + r * r * polynomial(&$series, r));
            // 2^k in two halves, so that the ends of the range are reached.
            let k = shifted.to_bits().wrapping_sub(MAGIC.to_bits()) as i32;
            let half = k >> 1;
            let scale = |k: i32| $float::from_bits((($float::MAX_EXP - 1 + k) as $bits) << MANTISSA);
            power * scale(half) * scale(k - half)
        }
    };
}

functions!(
    f64, u64 as i64,
    ln: ln_f64, ln_f64_by, "1", root 0x3fe6_a09e_667f_3bcd,
    11 [
        1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0, 1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0, 1.0 / 23.0,
    ],
    exp: exp_f64, "1", range -746.0 to 710.0, magic 6_755_399_441_055_744.0,
    [
        0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40_320.0, 1.0 / 362_880.0, 1.0 / 3_628_800.0,
        1.0 / 39_916_800.0, 1.0 / 479_001_600.0, 1.0 / 6_227_020_800.0,
    ],
    ln 2: 6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10
);

functions!(
    f32, u32 as i32,
    ln: ln_f32, ln_f32_by, "2", root 0x3f35_04f3,
    4 [1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0],
    exp: exp_f32, "2", range -104.0 to 89.0, magic 12_582_912.0,
    [0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0],
    ln 2: 0.693_359_4, -2.121_944_4e-4
);

/// [`ln_f64`] with its polynomial's steps fused.
#[inline(always)]
pub(crate) fn fused_ln_f64(x: f64) -> f64 {
    ln_f64_by(x, fused_polynomial)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulp_f64(got: f64, want: f64) -> i64 {
        (got.to_bits() as i64 - want.to_bits() as i64).abs()
    }

    /// glibc's functions are within 1 ULP, so 2 from them is what 1 from the truth allows.
    #[test]
    fn close_to_the_c_library() {
        let mut x = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..200_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = (x >> 11) as f64 / 9_007_199_254_740_992.0 + 1e-17;
            for value in [unit, unit * 1e-9, 1.0 - unit * 1e-6, 1.0 + unit, unit * 1e12] {
                let (got, want) = (ln_f64(value), value.ln());
                assert!(ulp_f64(got, want) <= 2 || (got - want).abs() < 1e-300, "ln {value:?}: {got:?} for {want:?}");
                let (got, want) = (ln_f32(value as f32), (value as f32).ln());
                assert!((got - want).abs() <= 2.0 * f32::EPSILON * want.abs() + 1e-38, "ln {value:?}: {got:?} for {want:?}");
            }
            let value = (unit - 0.5) * 1400.0;
            assert!(ulp_f64(exp_f64(value), value.exp()) <= 2, "exp {value}");
            let value = ((unit - 0.5) * 170.0) as f32;
            let (got, want) = (exp_f32(value), value.exp());
            assert!((got - want).abs() <= 2.0 * f32::EPSILON * want, "exp {value}: {got} for {want}");
        }
        assert_eq!((ln_f64(1.0), ln_f32(1.0), exp_f64(0.0), exp_f32(0.0)), (0.0, 0.0, 1.0, 1.0));
        assert_eq!((exp_f64(1e9), exp_f64(-1e9), exp_f32(1e9), exp_f32(-1e9)), (f64::INFINITY, 0.0, f32::INFINITY, 0.0));
        assert_eq!((exp_f64(f64::INFINITY), exp_f64(f64::NEG_INFINITY)), (f64::INFINITY, 0.0));
        assert!(exp_f64(f64::NAN).is_nan() && exp_f32(f32::NAN).is_nan());
        assert_eq!(exp_f64(-745.0), 5e-324);
    }
}
