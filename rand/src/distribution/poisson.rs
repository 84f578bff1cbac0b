//! Poisson requests.
//!
//! Owns the range of the mean. cuRAND answers a NaN mean with zeros and no error; that is the one
//! request it takes that we refuse. Must not know how the numbers are made.

use crate::error::Error;

/// The largest mean that cuRAND accepts.
const LARGEST: f64 = 400_000.0;

/// A request with a mean in `(0, 400000]`.
#[derive(Debug)]
pub(crate) struct Poisson<'a> {
    out: &'a mut [u32],
    lambda: f64,
}

impl<'a> Poisson<'a> {
    pub(crate) fn new(out: &'a mut [u32], lambda: f64) -> Result<Self, Error> {
        if lambda > 0.0 && lambda <= LARGEST { Ok(Self { out, lambda }) } else { Err(Error::Lambda { lambda }) }
    }

    /// The output and the mean.
    pub(crate) fn into_parts(self) -> (&'a mut [u32], f64) {
        (self.out, self.lambda)
    }
}
