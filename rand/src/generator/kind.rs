//! Names of generators and orderings, and their cuRAND numbers.
//!
//! Owns which generator has which ordering and setters. Knows nothing of state or machines.

use std::fmt;

use crate::error::Error;

/// A generator: cuRAND's, and Owen-scrambled Sobol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Marsaglia's XORWOW, cuRAND's default (`CURAND_RNG_PSEUDO_XORWOW`, 101;
    /// `CURAND_RNG_PSEUDO_DEFAULT`, 100).
    Xorwow,
    /// L'Ecuyer's MRG32k3a (121).
    Mrg32k3a,
    /// Saito's MTGP32 (141). Its parameter sets are read from an installed cuRAND.
    Mtgp32,
    /// Matsumoto's and Nishimura's MT19937 (142).
    Mt19937,
    /// Salmon's Philox4x32-10 (161).
    Philox4x32,
    /// Sobol's sequence of 32 bits with Joe and Kuo's direction numbers (201; `CURAND_RNG_QUASI_DEFAULT`, 200).
    Sobol32,
    /// NVIDIA's scrambled Sobol of 32 bits (202). Its tables are read from an installed cuRAND.
    ScrambledSobol32,
    /// Sobol's sequence of 64 bits (203).
    Sobol64,
    /// NVIDIA's scrambled Sobol of 64 bits (204). Its tables are read from an installed cuRAND.
    ScrambledSobol64,
    /// `Sobol32` with Owen's scrambling by the seed, our own: the values are no other library's.
    OwenSobol32,
    /// `Sobol64` with Owen's scrambling by the seed, our own: the values are no other library's.
    OwenSobol64,
}

/// How a generator's lanes are laid out in the output (`curandOrdering`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ordering {
    /// 100.
    Best,
    /// 101.
    Default,
    /// 102; XORWOW only: lane `i` has the seed `seed + i * 3133713` in place of a subsequence of its own; no
    /// distance between lanes is guaranteed.
    Seeded,
    /// 103.
    Legacy,
    /// 104: depends on the GPU, so it exists on none but a GPU.
    Dynamic,
    /// 201: the one of quasirandom generators.
    Quasi,
}

/// How the lanes of a generator come apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// Lanes are subsequences of one sequence.
    Subsequences,
    /// Lanes have seeds of their own.
    Seeds,
}

/// Orderings of one layout give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) lanes: usize,
    pub(crate) spread: Spread,
}

impl Kind {
    /// Every generator.
    pub const ALL: [Self; 11] = [
        Self::Xorwow,
        Self::Mrg32k3a,
        Self::Mtgp32,
        Self::Mt19937,
        Self::Philox4x32,
        Self::Sobol32,
        Self::ScrambledSobol32,
        Self::Sobol64,
        Self::ScrambledSobol64,
        Self::OwenSobol32,
        Self::OwenSobol64,
    ];

    /// The layout that an ordering means for this generator; refuses an ordering that it does not
    /// have.
    pub(super) fn layout(self, ordering: Ordering) -> Result<Layout, Error> {
        use Ordering::{Best, Default, Legacy, Quasi, Seeded};
        let lanes = match (self, ordering) {
            (Self::Xorwow, Best | Default | Seeded | Legacy) => 4096,
            (Self::Mrg32k3a, Best | Default) => 81_920,
            (Self::Mrg32k3a, Legacy) => 4096,
            (Self::Mtgp32, Best | Default) => 192 * 256,
            (Self::Mtgp32, Legacy) => 64 * 256,
            (Self::Mt19937, Default | Legacy) => 65_536,
            (Self::Philox4x32, Best | Default | Legacy) => 65_536,
            (kind, Quasi) if kind.is_quasi() => 1,
            _ => return Err(Error::Ordering { kind: self, ordering }),
        };
        let spread = if ordering == Seeded { Spread::Seeds } else { Spread::Subsequences };
        Ok(Layout { lanes, spread })
    }

    /// Whether this is a quasirandom generator: it has dimensions, and its length is a multiple of them.
    #[must_use]
    pub fn is_quasi(self) -> bool {
        matches!(self, Self::Sobol32 | Self::ScrambledSobol32 | Self::Sobol64 | Self::ScrambledSobol64 | Self::OwenSobol32 | Self::OwenSobol64)
    }

    /// Whether its draws have 64 bits.
    #[must_use]
    pub fn is_wide(self) -> bool {
        matches!(self, Self::Sobol64 | Self::ScrambledSobol64 | Self::OwenSobol64)
    }

    /// Whether a seed changes anything.
    #[must_use]
    pub fn has_seed(self) -> bool {
        !self.is_quasi() || matches!(self, Self::OwenSobol32 | Self::OwenSobol64)
    }

    /// Whether it can start at an offset: the twisters cannot.
    #[must_use]
    pub fn has_offset(self) -> bool {
        !matches!(self, Self::Mt19937 | Self::Mtgp32)
    }

    /// Whether cuRAND makes its normal numbers in pairs and refuses odd lengths.
    #[must_use]
    pub fn makes_pairs(self) -> bool {
        matches!(self, Self::Xorwow | Self::Mrg32k3a)
    }

    /// cuRAND's number of it (`curandRngType`); those of our own have none.
    pub(crate) fn curand_number(self) -> Option<u32> {
        Some(match self {
            Self::Xorwow => 101,
            Self::Mrg32k3a => 121,
            Self::Mtgp32 => 141,
            Self::Mt19937 => 142,
            Self::Philox4x32 => 161,
            Self::Sobol32 => 201,
            Self::ScrambledSobol32 => 202,
            Self::Sobol64 => 203,
            Self::ScrambledSobol64 => 204,
            Self::OwenSobol32 | Self::OwenSobol64 => return None,
        })
    }

    /// Whether it is one of cuRAND's.
    pub(crate) fn is_curands(self) -> bool {
        self.curand_number().is_some()
    }

    pub(super) fn default_ordering(self) -> Ordering {
        if self.is_quasi() { Ordering::Quasi } else { Ordering::Default }
    }

    /// The lower-case name that [`FromStr`](std::str::FromStr) reads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xorwow => "xorwow",
            Self::Mrg32k3a => "mrg32k3a",
            Self::Mtgp32 => "mtgp32",
            Self::Mt19937 => "mt19937",
            Self::Philox4x32 => "philox",
            Self::Sobol32 => "sobol32",
            Self::ScrambledSobol32 => "scrambled_sobol32",
            Self::Sobol64 => "sobol64",
            Self::ScrambledSobol64 => "scrambled_sobol64",
            Self::OwenSobol32 => "owen_sobol32",
            Self::OwenSobol64 => "owen_sobol64",
        }
    }
}

/// From its name in lower case: `"xorwow"`, `"philox"`, `"scrambled_sobol32"`.
impl std::str::FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(Error::UnknownName)
    }
}

/// From cuRAND's `curandRngType`.
impl TryFrom<u32> for Kind {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        match number {
            100 | 101 => Ok(Self::Xorwow),
            121 => Ok(Self::Mrg32k3a),
            141 => Ok(Self::Mtgp32),
            142 => Ok(Self::Mt19937),
            161 => Ok(Self::Philox4x32),
            200 | 201 => Ok(Self::Sobol32),
            202 => Ok(Self::ScrambledSobol32),
            203 => Ok(Self::Sobol64),
            204 => Ok(Self::ScrambledSobol64),
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
            201 => Ok(Self::Quasi),
            _ => Err(Error::UnknownOrdering { number }),
        }
    }
}

impl Ordering {
    /// cuRAND's number of it (`curandOrdering`).
    pub(crate) fn curand_number(self) -> u32 {
        match self {
            Self::Best => 100,
            Self::Default => 101,
            Self::Seeded => 102,
            Self::Legacy => 103,
            Self::Dynamic => 104,
            Self::Quasi => 201,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xorwow => "XORWOW",
            Self::Mrg32k3a => "MRG32k3a",
            Self::Mtgp32 => "MTGP32",
            Self::Mt19937 => "MT19937",
            Self::Philox4x32 => "Philox4x32-10",
            Self::Sobol32 => "Sobol32",
            Self::ScrambledSobol32 => "scrambled Sobol32",
            Self::Sobol64 => "Sobol64",
            Self::ScrambledSobol64 => "scrambled Sobol64",
            Self::OwenSobol32 => "Owen-scrambled Sobol32",
            Self::OwenSobol64 => "Owen-scrambled Sobol64",
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
            Self::Quasi => "quasi",
        })
    }
}
