//! Normal and lognormal requests.
//!
//! Owns the rule that some generators make such values in pairs. The deviation is not judged: cuRAND computes `z *
//! sigma + mean` literally for a negative, zero or NaN sigma too, and so do we. Must not know how a
//! value is made.

use crate::error::Error;

/// What is done with the normal value in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Normal,
    /// The exponential of it.
    LogNormal,
}

/// A request for normal values: an even number where they come in pairs.
#[derive(Debug)]
pub(crate) struct Normal<'a, T> {
    pub(crate) out: &'a mut [T],
    pub(crate) mean: T,
    pub(crate) sigma: T,
    pub(crate) shape: Shape,
}

impl<'a, T: Copy> Normal<'a, T> {
    pub(crate) fn new(out: &'a mut [T], mean: T, sigma: T, shape: Shape, pairs: bool) -> Result<Self, Error> {
        if pairs && !out.len().is_multiple_of(2) {
            return Err(Error::OddLength { len: out.len() });
        }
        Ok(Self { out, mean, sigma, shape })
    }
}
