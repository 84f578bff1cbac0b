//! The requests that cuRAND has.
//!
//! Owns the calls that fill slices with what the library's host generator gives for the same settings and calls. Requests are judged here, before
//! anything changes. Must not know how a recurrence works.

use super::Generator;
use crate::distribution::{Normal, Poisson, Shape};
use crate::error::Error;

impl Generator {
    /// Fills `out` with random 32-bit integers.
    ///
    /// # Errors
    /// [`Error::Width`] for the generators of 64-bit draws, [`Error::Multiple`] for a quasirandom generator.
    pub fn generate_u32(&mut self, out: &mut [u32]) -> Result<(), Error> {
        if self.kind.is_wide() {
            return Err(Error::Width { kind: self.kind, bits: 32 });
        }
        self.check_len(out.len())?;
        self.serve(out.len(), |backend| backend.bits(out));
        Ok(())
    }

    /// Fills `out` with random 64-bit integers: native ones of the 64-bit quasirandom generators; of a pseudorandom generator, which in cuRAND has
    /// none, what two values of [`generate_u32`](Self::generate_u32) give, the first one low.
    ///
    /// # Errors
    /// [`Error::Width`] for the quasirandom generators of 32-bit draws, [`Error::Multiple`] for the others.
    pub fn generate_u64(&mut self, out: &mut [u64]) -> Result<(), Error> {
        if self.kind.is_quasi() && !self.kind.is_wide() {
            return Err(Error::Width { kind: self.kind, bits: 64 });
        }
        self.check_len(out.len())?;
        self.serve(out.len(), |backend| backend.words(out));
        Ok(())
    }

    /// Fills `out` with uniform numbers in `(0, 1]`, 32 bits of randomness each.
    ///
    /// # Errors
    /// [`Error::Multiple`] for a quasirandom generator.
    pub fn uniform_f32(&mut self, out: &mut [f32]) -> Result<(), Error> {
        self.check_len(out.len())?;
        self.serve(out.len(), |backend| backend.uniform(out));
        Ok(())
    }

    /// Fills `out` with normal numbers as cuRAND makes them: `z * sigma + mean`, whatever `sigma` is. They depend on the machine's C library;
    /// [`normal_f32`](Self::normal_f32) does not.
    ///
    /// # Errors
    /// [`Error::OddLength`] for XORWOW and MRG32k3a, which make pairs; [`Error::Multiple`] for a quasirandom generator.
    pub fn curand_normal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        self.curand_shape_f32(out, mean, sigma, Shape::Normal)
    }

    /// Fills `out` with lognormal numbers as cuRAND makes them: the exponential of what
    /// [`curand_normal_f32`](Self::curand_normal_f32) gives.
    ///
    /// # Errors
    /// As [`curand_normal_f32`](Self::curand_normal_f32).
    pub fn curand_lognormal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        self.curand_shape_f32(out, mean, sigma, Shape::LogNormal)
    }

    fn curand_shape_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32, shape: Shape) -> Result<(), Error> {
        self.check_len(out.len())?;
        let call = Normal::new(out, mean, sigma, shape, self.kind.makes_pairs())?;
        self.serve(call.out.len(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with uniform numbers in `(0, 1]`, as many bits as cuRAND gives them: 53 for XORWOW, Philox and Sobol64, 32 for the others.
    ///
    /// # Errors
    /// [`Error::Multiple`] for a quasirandom generator.
    pub fn uniform_f64(&mut self, out: &mut [f64]) -> Result<(), Error> {
        self.check_len(out.len())?;
        self.serve(out.len(), |backend| backend.uniform(out));
        Ok(())
    }

    /// Fills `out` with normal numbers as cuRAND makes them: `z * sigma + mean`, whatever `sigma` is. They depend on the machine's C library;
    /// [`normal_f64`](Self::normal_f64) does not.
    ///
    /// # Errors
    /// [`Error::OddLength`] for XORWOW and MRG32k3a, which make pairs; [`Error::Multiple`] for a quasirandom generator.
    pub fn curand_normal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        self.curand_shape_f64(out, mean, sigma, Shape::Normal)
    }

    /// Fills `out` with lognormal numbers as cuRAND makes them: the exponential of what
    /// [`curand_normal_f64`](Self::curand_normal_f64) gives.
    ///
    /// # Errors
    /// As [`curand_normal_f64`](Self::curand_normal_f64).
    pub fn curand_lognormal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        self.curand_shape_f64(out, mean, sigma, Shape::LogNormal)
    }

    fn curand_shape_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64, shape: Shape) -> Result<(), Error> {
        self.check_len(out.len())?;
        let call = Normal::new(out, mean, sigma, shape, self.kind.makes_pairs())?;
        self.serve(call.out.len(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with Poisson numbers of mean `lambda`.
    ///
    /// # Errors
    /// [`Error::Lambda`] unless `0 < lambda <= 400000`; [`Error::Multiple`] for a quasirandom generator.
    pub fn poisson(&mut self, out: &mut [u32], lambda: f64) -> Result<(), Error> {
        self.check_len(out.len())?;
        let len = out.len();
        let call = Poisson::new(out, lambda)?;
        self.serve(len, |backend| backend.poisson(call));
        Ok(())
    }
}
