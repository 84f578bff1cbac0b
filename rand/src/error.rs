//! What a caller can do wrong, as data.
//!
//! Owns the crate's one error type. Every variant is raised before a generator changes, so the
//! position in the stream is the same after an error as before it. Knows no backend.

use std::fmt;

use crate::generator::{Kind, Ordering};

/// A request that no generator, or not this one, can serve. The generator is unchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Normal and lognormal numbers are made in pairs; the output's length is odd.
    OddLength {
        /// Values asked for.
        len: usize,
    },
    /// A Poisson mean outside `(0, 400000]`, or NaN.
    Lambda {
        /// The mean as given.
        lambda: f64,
    },
    /// The generator has no such ordering.
    Ordering {
        /// The generator asked.
        kind: Kind,
        /// The ordering it does not have.
        ordering: Ordering,
    },
    /// No generator of this crate has this cuRAND number (`curandRngType`).
    UnknownKind {
        /// The number as given.
        number: u32,
    },
    /// No pseudorandom ordering has this cuRAND number (`curandOrdering`).
    UnknownOrdering {
        /// The number as given.
        number: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OddLength { len } => {
                write!(f, "normal and lognormal numbers come in pairs, but {len} values were asked for; ask for an even number")
            }
            Self::Lambda { lambda } => write!(f, "the mean of a Poisson distribution must be above 0 and at most 400000, not {lambda}"),
            Self::Ordering { kind, ordering } => {
                write!(f, "{kind} has no {ordering} ordering on a CPU")
            }
            Self::UnknownKind { number } => {
                write!(f, "no generator has the cuRAND number {number}")
            }
            Self::UnknownOrdering { number } => {
                write!(f, "no pseudorandom ordering has the cuRAND number {number}")
            }
        }
    }
}

impl std::error::Error for Error {}
