//! The numbers of one draw each that a quasirandom generator makes: uniform ones, and normal ones by the inverse distribution function, as cuRAND's
//! host library makes them. The twisters' normal numbers are the same.
//!
//! Owns its formulas; the inverse itself is `erfcinv`'s, which is good to a few units in the last place of a float64, so that float32 results
//! are cuRAND's and float64 ones within a few units. Must not know where draws come from.

use crate::erfcinv::erfcinv;
use crate::scalar::{Real, long_unit_f64, middle_f64, unit_f32, upper_f64};

/// A floating-point type with normal numbers.
pub(super) trait Quantile: Real {
    /// The uniform number of a 32-bit point.
    fn unit_of(x: u32) -> Self;
    /// The uniform number of a 64-bit point.
    fn unit_of_long(x: u64) -> Self;
    /// The normal number of a 32-bit draw.
    fn normal_of(x: u32) -> Self;
    /// The normal number of a 64-bit draw.
    fn normal_of_long(x: u64) -> Self;
}

impl Quantile for f32 {
    #[inline(always)]
    fn unit_of(x: u32) -> f32 {
        unit_f32(x)
    }

    #[inline(always)]
    fn unit_of_long(x: u64) -> f32 {
        unit_f32((x >> 32) as u32)
    }

    #[inline(always)]
    fn normal_of(x: u32) -> f32 {
        let upper = x > 0x8000_0000;
        let folded = if upper { !x } else { x };
        let p = unit_f32(folded);
        let magnitude = std::f32::consts::SQRT_2 * erfcinv(f64::from(2.0 * p)) as f32;
        if upper { magnitude } else { -magnitude }
    }

    #[inline(always)]
    fn normal_of_long(x: u64) -> f32 {
        Self::normal_of((x >> 32) as u32)
    }
}

impl Quantile for f64 {
    #[inline(always)]
    fn unit_of(x: u32) -> f64 {
        upper_f64(x)
    }

    #[inline(always)]
    fn unit_of_long(x: u64) -> f64 {
        long_unit_f64(x)
    }

    #[inline(always)]
    fn normal_of(x: u32) -> f64 {
        let upper = x > 0x8000_0000;
        let folded = if upper { !x } else { x };
        let p = middle_f64(folded);
        let magnitude = std::f64::consts::SQRT_2 * erfcinv(2.0 * p);
        if upper { magnitude } else { -magnitude }
    }

    #[inline(always)]
    fn normal_of_long(x: u64) -> f64 {
        let upper = x > 0x8000_0000_0000_0000;
        let folded = if upper { !x } else { x };
        let p = long_unit_f64(folded);
        let magnitude = std::f64::consts::SQRT_2 * erfcinv(2.0 * p);
        if upper { magnitude } else { -magnitude }
    }
}
