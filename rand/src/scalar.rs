//! From random bits to a number in `(0, 1]`, one value at a time.
//!
//! Owns cuRAND's uniform formulas, and what the two floating-point types have in common: the ground under every distribution. Each operation is an
//! IEEE operation of its own: nothing may be fused that does not say so, nor reordered, and Rust does neither. Must not
//! know where the bits come from or where the values go.

use std::ops::{Add, Mul};

/// A floating-point type; the exponential is the C library's.
pub(crate) trait Real: bytemuck::Pod + Send + Sync + Add<Output = Self> + Mul<Output = Self> {
    fn exp(self) -> Self;
    fn mul_add(self, factor: Self, term: Self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn exp(self) -> Self {
        self.exp()
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn exp(self) -> Self {
        self.exp()
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}

/// 2^-32.
pub(crate) const SCALE_32: f32 = 1.0 / 4_294_967_296.0;
/// 2^-32, twice as wide.
pub(crate) const WIDE_SCALE_32: f64 = 1.0 / 4_294_967_296.0;
/// 2^-53.
pub(crate) const SCALE_53: f64 = 1.0 / 9_007_199_254_740_992.0;

/// The uniform float32 of one draw. The conversion rounds, so draws near 2^32 give exactly 1.
#[inline(always)]
pub(crate) fn unit_f32(x: u32) -> f32 {
    x as f32 * SCALE_32 + SCALE_32 / 2.0
}

/// The uniform float64 of two draws: `x` low, `y` 21 bits higher, the eleven bits of both XORed.
#[inline(always)]
pub(crate) fn unit_f64(x: u32, y: u32) -> f64 {
    let bits = u64::from(x) ^ (u64::from(y) << 21);
    bits as f64 * SCALE_53 + SCALE_53 / 2.0
}

/// The float64 in the middle of what one draw stands for.
#[inline(always)]
pub(crate) fn middle_f64(x: u32) -> f64 {
    f64::from(x) * WIDE_SCALE_32 + WIDE_SCALE_32 / 2.0
}

/// The float64 at the upper end of what one draw stands for.
#[inline(always)]
pub(crate) fn upper_f64(x: u32) -> f64 {
    f64::from(x) * WIDE_SCALE_32 + WIDE_SCALE_32
}

/// The uniform float64 of one 64-bit draw.
#[inline(always)]
pub(crate) fn long_unit_f64(x: u64) -> f64 {
    (x >> 11) as f64 * SCALE_53 + SCALE_53 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniforms_are_above_zero_and_reach_one() {
        assert_eq!(unit_f32(0), 2.0_f32.powi(-33));
        assert_eq!(unit_f32(u32::MAX), 1.0);
        assert_eq!(unit_f64(0, 0), 2.0_f64.powi(-54));
        assert_eq!(unit_f64(0x001f_ffff, u32::MAX), 1.0);
        assert_eq!(unit_f64(1, 0), 1.5 * 2.0_f64.powi(-53));
        assert_eq!((middle_f64(0), upper_f64(u32::MAX)), (2.0_f64.powi(-33), 1.0));
        assert_eq!((long_unit_f64(0x7ff), long_unit_f64(u64::MAX)), (2.0_f64.powi(-54), 1.0));
    }
}
