//! Distributions of our own, on top of any generator's raw draws: the same bits on every processor, thread count and machine.
//!
//! Owns their formulas and how much each value takes from the stream: always the same, so that a request can be split anywhere. A float32 value
//! takes one 32-bit draw, any other value 64 bits: two draws of a 32-bit generator, the first one low, or one point of a quasirandom generator.
//! Values that need more randomness than that (gamma, binomial) take it from a SplitMix64 sequence that the 64 bits start. Arithmetic is `math`'s.
//! Must not know how a generator draws.

mod binomial;
mod gamma;
mod split;
mod stream;
mod turns;
mod whole;

use crate::error::Error;
use crate::generator::Generator;
use crate::scalar::SCALE_53;
use turns::{Between, Exponential, Random, Shaped};

/// The middle of what a 64-bit draw stands for among 2^53 parts of `(0, 1)`; never 0 or 1.
#[inline(always)]
pub(crate) fn open_unit(bits: u64) -> f64 {
    // 2^53 parts have no middles among float64 numbers: 2^52 do.
    ((bits >> 12) as f64 + 0.5) * (2.0 * SCALE_53)
}

fn finite(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() { Ok(()) } else { Err(Error::Parameter { name, rule: "finite", value }) }
}

fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    if value >= 0.0 && value.is_finite() { Ok(()) } else { Err(Error::Parameter { name, rule: "finite and not negative", value }) }
}

fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(Error::Parameter { name, rule: "finite and above 0", value }) }
}

impl Generator {
    /// Fills `out` with uniform numbers in `[0, 1)`: multiples of 2^-24. One 32-bit draw each.
    ///
    /// # Errors
    /// [`Error::Multiple`] for a quasirandom generator, here and below.
    pub fn random_f32(&mut self, out: &mut [f32]) -> Result<(), Error> {
        self.convert_32(out, &Random)
    }

    /// Fills `out` with uniform numbers in `[0, 1)`: multiples of 2^-53. 64 bits each.
    ///
    /// # Errors
    /// [`Error::Multiple`].
    pub fn random_f64(&mut self, out: &mut [f64]) -> Result<(), Error> {
        self.convert_64(out, &Random)
    }

    /// Fills `out` with uniform numbers in `[low, high)`: `low + (high - low) * u` with `u` as of [`random_f32`](Self::random_f32); what rounds up to
    /// `high` is `low`.
    ///
    /// # Errors
    /// [`Error::Range`] unless `low < high` and their difference is finite; [`Error::Multiple`].
    pub fn between_f32(&mut self, out: &mut [f32], low: f32, high: f32) -> Result<(), Error> {
        let width = high - low;
        if !(low < high && width.is_finite()) {
            return Err(Error::Range);
        }
        self.convert_32(out, &Between { low, high, width })
    }

    /// As [`between_f32`](Self::between_f32), of [`random_f64`](Self::random_f64)'s numbers.
    ///
    /// # Errors
    /// [`Error::Range`] unless `low < high` and their difference is finite; [`Error::Multiple`].
    pub fn between_f64(&mut self, out: &mut [f64], low: f64, high: f64) -> Result<(), Error> {
        let width = high - low;
        if !(low < high && width.is_finite()) {
            return Err(Error::Range);
        }
        self.convert_64(out, &Between { low, high, width })
    }

    /// Fills `out` with normal numbers by the inverse distribution function: one 32-bit draw each, any length, increasing with the draw, and odd
    /// about its middle. The largest is 6.23 standard deviations from the mean.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the mean is finite and sigma finite and not negative; [`Error::Multiple`].
    pub fn normal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        finite("mean", mean.into())?;
        not_negative("sigma", sigma.into())?;
        self.convert_32(out, &Shaped::<_, false> { mean, sigma })
    }

    /// As [`normal_f32`](Self::normal_f32), 64 bits each; the largest is 8.21 standard deviations from the mean.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the mean is finite and sigma finite and not negative; [`Error::Multiple`].
    pub fn normal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        finite("mean", mean)?;
        not_negative("sigma", sigma)?;
        self.convert_64(out, &Shaped::<_, false> { mean, sigma })
    }

    /// Fills `out` with the exponentials of normal numbers as of [`normal_f32`](Self::normal_f32).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the mean is finite and sigma finite and not negative; [`Error::Multiple`].
    pub fn lognormal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        finite("mean", mean.into())?;
        not_negative("sigma", sigma.into())?;
        self.convert_32(out, &Shaped::<_, true> { mean, sigma })
    }

    /// Fills `out` with the exponentials of normal numbers as of [`normal_f64`](Self::normal_f64).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the mean is finite and sigma finite and not negative; [`Error::Multiple`].
    pub fn lognormal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        finite("mean", mean)?;
        not_negative("sigma", sigma)?;
        self.convert_64(out, &Shaped::<_, true> { mean, sigma })
    }

    /// Fills `out` with exponential numbers of mean `scale`: `-ln(u) * scale`. One 32-bit draw each.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the scale is finite and not negative; [`Error::Multiple`].
    pub fn exponential_f32(&mut self, out: &mut [f32], scale: f32) -> Result<(), Error> {
        not_negative("scale", scale.into())?;
        self.convert_32(out, &Exponential { scale })
    }

    /// As [`exponential_f32`](Self::exponential_f32), 64 bits each.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the scale is finite and not negative; [`Error::Multiple`].
    pub fn exponential_f64(&mut self, out: &mut [f64], scale: f64) -> Result<(), Error> {
        not_negative("scale", scale)?;
        self.convert_64(out, &Exponential { scale })
    }
}
