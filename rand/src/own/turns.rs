//! What a draw's bits are turned into, for the distributions that need no more than those.
//!
//! Owns the formulas; parameters were judged by the calls in `own`. Must not know where the bits come from.

use super::open_unit;
use super::stream::Turn;
use crate::erfcinv::{normals_f32, normals_f64};
use crate::math::{exp_f32, exp_f64, ln_f32, ln_f64};
use crate::scalar::SCALE_53;

/// Values converted together.
const GROUP: usize = 256;

/// A uniform float64 in `[0, 1)`, 53 bits.
#[inline(always)]
fn half_open_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 * SCALE_53
}

/// A uniform float32 in `[0, 1)`, 24 bits.
#[inline(always)]
fn half_open_f32(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Turns values one by one. Parameters are copied first: the values stored could be them, for all that the compiler knows, and no vectors then.
macro_rules! each {
    ($what:ty, $float:ty, |$own:ident, $bits:ident| $value:expr) => {
        impl Turn<$float> for $what {
            #[inline(always)]
            fn turn(&self, out: &mut [$float]) {
                let $own = *self;
                for value in out {
                    let $bits = value.to_bits();
                    *value = $value;
                }
            }
        }
    };
}

/// Uniform in `[0, 1)`.
#[derive(Clone, Copy)]
pub(super) struct Random;

each!(Random, f32, |_own, bits| half_open_f32(bits));
each!(Random, f64, |_own, bits| half_open_f64(bits));

/// Uniform in `[low, high)`; `width` is their difference.
#[derive(Clone, Copy)]
pub(super) struct Between<T> {
    pub(super) low: T,
    pub(super) high: T,
    pub(super) width: T,
}

impl<T: Copy + PartialOrd> Between<T> {
    #[inline(always)]
    fn below_high(self, scaled: T) -> T {
        if scaled < self.high { scaled } else { self.low }
    }
}

each!(Between<f32>, f32, |own, bits| own.below_high(own.low + own.width * half_open_f32(bits)));
each!(Between<f64>, f64, |own, bits| own.below_high(own.low + own.width * half_open_f64(bits)));

/// Exponential of mean `scale`.
#[derive(Clone, Copy)]
pub(super) struct Exponential<T> {
    pub(super) scale: T,
}

// Near 0 the float32 unit is exact, near 1 it rounds: 1 gives 0.
each!(Exponential<f32>, f32, |own, bits| -ln_f32((bits as f32 + 0.5) * (1.0 / 4_294_967_296.0)) * own.scale);
each!(Exponential<f64>, f64, |own, bits| -ln_f64(open_unit(bits)) * own.scale);

/// Normal, or its exponential if `EXP`.
#[derive(Clone, Copy)]
pub(super) struct Shaped<T, const EXP: bool> {
    pub(super) mean: T,
    pub(super) sigma: T,
}

macro_rules! shaped {
    ($float:ty, $part:ty, $normals:ident, $exp:ident, |$bits:ident| $of_bits:expr) => {
        impl<const EXP: bool> Turn<$float> for Shaped<$float, EXP> {
            #[inline(always)]
            fn turn(&self, out: &mut [$float]) {
                let Self { mean, sigma } = *self;
                let mut parts: [$part; GROUP] = [0; GROUP];
                for out in out.chunks_mut(GROUP) {
                    for (part, value) in parts.iter_mut().zip(out.iter()) {
                        let $bits = value.to_bits();
                        *part = $of_bits;
                    }
                    $normals(&parts[..out.len()], out);
                    for value in out {
                        let scaled = *value * sigma + mean;
                        *value = if EXP { $exp(scaled) } else { scaled };
                    }
                }
            }
        }
    };
}

// Below 2^31 and 2^63 are the negative ones: the order of the draws is kept.
shaped!(f32, i32, normals_f32, exp_f32, |bits| (bits ^ 0x8000_0000) as i32);
shaped!(f64, i64, normals_f64, exp_f64, |bits| (bits ^ 1 << 63) as i64 >> 11);
