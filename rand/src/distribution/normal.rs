//! Normal and lognormal requests.
//!
//! Owns the rule that such values come in pairs. The deviation is not judged: cuRAND computes `z *
//! sigma + mean` literally for a negative, zero or NaN sigma too, and so do we. Must not know how a
//! pair is made.

use crate::error::Error;

/// What is done with the normal value in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Normal,
    /// The exponential of it.
    LogNormal,
}

/// A request for an even number of values.
#[derive(Debug)]
pub(crate) struct Normal<'a, T> {
    out: &'a mut [T],
    mean: T,
    sigma: T,
    shape: Shape,
}

impl<'a, T: Copy> Normal<'a, T> {
    pub(crate) fn new(out: &'a mut [T], mean: T, sigma: T, shape: Shape) -> Result<Self, Error> {
        if !out.len().is_multiple_of(2) {
            return Err(Error::OddLength { len: out.len() });
        }
        Ok(Self { out, mean, sigma, shape })
    }

    /// How many pairs are asked for.
    pub(crate) fn pairs(&self) -> usize {
        self.out.len() / 2
    }

    /// The output (of even length), mean, sigma and shape.
    pub(crate) fn into_parts(self) -> (&'a mut [T], T, T, Shape) {
        (self.out, self.mean, self.sigma, self.shape)
    }
}
