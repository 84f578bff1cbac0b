//! The element types: float32 and float64.
//!
//! Owns the sealed trait that the rest is generic over, and angles on the unit circle, computed exactly enough to round once. Knows no transform.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub};

use num_complex::Complex;

/// A real element type: `f32` or `f64`. Complex elements are [`Complex`] of it.
pub trait Real: sealed::Scalar {}

impl Real for f32 {}
impl Real for f64 {}

pub(crate) mod sealed {
    use super::*;
    use crate::cpu::{Lanes, Plain};

    /// What the crate asks of an element type.
    pub trait Scalar:
        Copy
        + Debug
        + Default
        + PartialEq
        + Send
        + Sync
        + 'static
        + Add<Output = Self>
        + Sub<Output = Self>
        + Mul<Output = Self>
        + Neg<Output = Self>
        + AddAssign
        + MulAssign
        + rustfft::FftNum
        + Lanes
        + Plain
    {
        /// The number 0.
        const ZERO: Self;
        /// Rounds.
        fn of(value: f64) -> Self;
    }

    impl Scalar for f32 {
        const ZERO: f32 = 0.0;
        fn of(value: f64) -> f32 {
            value as f32
        }
    }

    impl Scalar for f64 {
        const ZERO: f64 = 0.0;
        fn of(value: f64) -> f64 {
            value
        }
    }
}

/// `exp(-2 pi i k / n)` for `k < n`: the angle is brought into the first octant by whole numbers before it is rounded.
pub(crate) fn root<T: Real>(k: usize, n: usize) -> Complex<T> {
    debug_assert!(k < n);
    let (k, n) = (k as u128, n as u128);
    // Eighths of the circle, and what is left of the angle in units of 1/8n turns.
    let (octant, rest) = (8 * k / n, 8 * k % n);
    let odd = octant & 1 == 1;
    let part = if odd { n - rest } else { rest };
    let (sin, cos) = (std::f64::consts::FRAC_PI_4 * (part as f64 / n as f64)).sin_cos();
    let (cos, sin) = match octant.div_ceil(2) % 4 {
        0 => (cos, if odd { -sin } else { sin }),
        1 => (if odd { sin } else { -sin }, cos),
        2 => (-cos, if odd { sin } else { -sin }),
        _ => (if odd { -sin } else { sin }, -cos),
    };
    Complex::new(T::of(cos), T::of(-sin))
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn roots_are_those_of_the_angle_and_exact_at_the_axes() {
        for n in [1usize, 2, 3, 4, 5, 7, 8, 12, 16, 97, 1024] {
            for k in 0..n {
                let z = root::<f64>(k, n);
                let angle = -2.0 * std::f64::consts::PI * k as f64 / n as f64;
                assert!((z.re - angle.cos()).abs() < 2e-15 && (z.im - angle.sin()).abs() < 2e-15, "{k}/{n}: {z}");
            }
        }
        assert_eq!((root::<f64>(1, 4).re, root::<f64>(1, 4).im), (0.0, -1.0));
        assert_eq!((root::<f64>(2, 4).re, root::<f64>(2, 4).im.abs()), (-1.0, 0.0));
        assert_eq!((root::<f64>(3, 4).re.abs(), root::<f64>(3, 4).im), (0.0, 1.0));
    }
}
