//! Names of generators and orderings, and their cuRAND numbers.
//!
//! Owns which generator has which ordering. Knows nothing of state or machines.

use std::fmt;

use crate::error::Error;

/// A generator of cuRAND's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Marsaglia's XORWOW, cuRAND's default (`CURAND_RNG_PSEUDO_XORWOW`, 101;
    /// `CURAND_RNG_PSEUDO_DEFAULT`, 100).
    Xorwow,
}

/// How a pseudorandom generator's lanes are laid out in the output (`curandOrdering`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ordering {
    /// 100; for XORWOW the same as `Default`.
    Best,
    /// 101.
    Default,
    /// 102: lane `i` has the seed `seed + i * 3133713` in place of a subsequence of its own; no
    /// distance between lanes is guaranteed.
    Seeded,
    /// 103; for XORWOW the same as `Default`.
    Legacy,
    /// 104: depends on the GPU, so it exists on none but a GPU.
    Dynamic,
}

/// Orderings of one layout give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Lanes are subsequences of one sequence, 2^67 draws apart.
    Subsequences,
    /// Lanes have seeds of their own.
    Seeds,
}

impl Kind {
    /// The layout that an ordering means for this generator; refuses an ordering that it does not
    /// have.
    pub(super) fn layout(self, ordering: Ordering) -> Result<Layout, Error> {
        match (self, ordering) {
            (Self::Xorwow, Ordering::Best | Ordering::Default | Ordering::Legacy) => Ok(Layout::Subsequences),
            (Self::Xorwow, Ordering::Seeded) => Ok(Layout::Seeds),
            (Self::Xorwow, Ordering::Dynamic) => Err(Error::Ordering { kind: self, ordering }),
        }
    }
}

/// From cuRAND's `curandRngType`.
impl TryFrom<u32> for Kind {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        match number {
            100 | 101 => Ok(Self::Xorwow),
            _ => Err(Error::UnknownKind { number }),
        }
    }
}

/// From cuRAND's `curandOrdering`.
impl TryFrom<u32> for Ordering {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        match number {
            100 => Ok(Self::Best),
            101 => Ok(Self::Default),
            102 => Ok(Self::Seeded),
            103 => Ok(Self::Legacy),
            104 => Ok(Self::Dynamic),
            _ => Err(Error::UnknownOrdering { number }),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xorwow => "XORWOW",
        })
    }
}

impl fmt::Display for Ordering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Best => "best",
            Self::Default => "default",
            Self::Seeded => "seeded",
            Self::Legacy => "legacy",
            Self::Dynamic => "dynamic",
        })
    }
}
