//! The element types: S, D, C and Z.
//!
//! Owns what the routines ask of an element, and nothing about how many of them there are. Sealed: kernels, backends and Python know these four.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use num_complex::Complex;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for num_complex::Complex<f32> {}
    impl Sealed for num_complex::Complex<f64> {}
}

/// An element: `f32`, `f64`, `Complex<f32>` or `Complex<f64>`.
pub trait Scalar:
    sealed::Sealed
    + Copy
    + Debug
    + Default
    + PartialEq
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// The type of its parts: itself where real.
    type Real: Real;
    /// Whether it has an imaginary part.
    const COMPLEX: bool;
    /// BLAS's letter: `S`, `D`, `C` or `Z`.
    const LETTER: char;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// From real and imaginary part; the latter is dropped where real.
    fn from_parts(re: Self::Real, im: Self::Real) -> Self;
    /// The real part.
    fn re(self) -> Self::Real;
    /// The imaginary part, 0 where real.
    fn im(self) -> Self::Real;
    /// The conjugate.
    fn conj(self) -> Self;
    /// `self / by`, without overflow on the way where the quotient has none.
    fn over(self, by: Self) -> Self;

    /// From a real number.
    fn from_real(re: Self::Real) -> Self {
        Self::from_parts(re, Self::Real::ZERO)
    }

    /// The conjugate if asked for.
    fn conj_if(self, conj: bool) -> Self {
        if Self::COMPLEX && conj { self.conj() } else { self }
    }

    /// |re| + |im|: BLAS's size of a complex number.
    fn abs1(self) -> Self::Real {
        self.re().abs() + self.im().abs()
    }

    /// Times a real number.
    fn scale(self, by: Self::Real) -> Self {
        Self::from_parts(self.re() * by, self.im() * by)
    }

    /// The absolute value.
    fn modulus(self) -> Self::Real;
}

/// A real element.
pub trait Real: Scalar<Real = Self> + PartialOrd {
    /// Distance from 1 to the next number.
    const EPSILON: Self;
    /// The smallest normal number.
    const TINY: Self;
    /// The largest finite number.
    const HUGE: Self;

    /// |self|.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self * by + plus`, rounded once.
    fn mul_add(self, by: Self, plus: Self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Rounded from float64.
    fn from_f64(value: f64) -> Self;
    /// As float64.
    fn to_f64(self) -> f64;
    /// NaN?
    fn is_nan(self) -> bool;
    /// Neither infinite nor NaN?
    fn is_finite(self) -> bool;
    /// The power of two just below `self`, which is positive and finite.
    fn binade(self) -> Self;
    /// `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// The larger of two numbers, neither NaN.
    #[inline(always)]
    fn max_of(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

macro_rules! real {
    ($t:ty, $letter:literal) => {
        impl Scalar for $t {
            type Real = $t;
            const COMPLEX: bool = false;
            const LETTER: char = $letter;
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;

            #[inline(always)]
            fn from_parts(re: $t, _: $t) -> $t {
                re
            }
            #[inline(always)]
            fn re(self) -> $t {
                self
            }
            #[inline(always)]
            fn im(self) -> $t {
                0.0
            }
            #[inline(always)]
            fn conj(self) -> $t {
                self
            }
            #[inline(always)]
            fn over(self, by: $t) -> $t {
                self / by
            }
            #[inline(always)]
            fn modulus(self) -> $t {
                <$t>::abs(self)
            }
        }

        impl Real for $t {
            const EPSILON: $t = <$t>::EPSILON;
            const TINY: $t = <$t>::MIN_POSITIVE;
            const HUGE: $t = <$t>::MAX;

            #[inline(always)]
            fn abs(self) -> $t {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> $t {
                <$t>::sqrt(self)
            }
            #[inline(always)]
            fn mul_add(self, by: $t, plus: $t) -> $t {
                <$t>::mul_add(self, by, plus)
            }
            #[inline(always)]
            fn tanh(self) -> $t {
                <$t>::tanh(self)
            }
            #[inline(always)]
            fn from_f64(value: f64) -> $t {
                value as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$t>::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline(always)]
            fn binade(self) -> $t {
                // The exponent's bits alone; a subnormal counts as the smallest normal number.
                <$t>::from_bits(self.to_bits() & !((1 << (<$t>::MANTISSA_DIGITS - 1)) - 1)).max(<$t>::MIN_POSITIVE)
            }
            #[inline(always)]
            fn copysign(self, sign: $t) -> $t {
                <$t>::copysign(self, sign)
            }
        }

        impl Scalar for Complex<$t> {
            type Real = $t;
            const COMPLEX: bool = true;
            const LETTER: char = if $letter == 'S' { 'C' } else { 'Z' };
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);

            #[inline(always)]
            fn from_parts(re: $t, im: $t) -> Self {
                Complex::new(re, im)
            }
            #[inline(always)]
            fn re(self) -> $t {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $t {
                self.im
            }
            #[inline(always)]
            fn conj(self) -> Self {
                Complex::new(self.re, -self.im)
            }
            fn over(self, by: Self) -> Self {
                // Smith's division: the larger part of the divisor is divided out first.
                if by.im.abs() <= by.re.abs() {
                    let ratio = by.im / by.re;
                    let below = by.re + by.im * ratio;
                    Complex::new((self.re + self.im * ratio) / below, (self.im - self.re * ratio) / below)
                } else {
                    let ratio = by.re / by.im;
                    let below = by.re * ratio + by.im;
                    Complex::new((self.re * ratio + self.im) / below, (self.im * ratio - self.re) / below)
                }
            }
            #[inline(always)]
            fn modulus(self) -> $t {
                self.re.hypot(self.im)
            }
        }
    };
}

real!(f32, 'S');
real!(f64, 'D');
