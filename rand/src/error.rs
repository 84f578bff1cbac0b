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
    /// cuRAND's normal and lognormal numbers of this generator are made in pairs; the output's length is odd.
    OddLength {
        /// Values asked for.
        len: usize,
    },
    /// The output of a quasirandom generator is not a multiple of its dimensions.
    Multiple {
        /// Values asked for.
        len: usize,
        /// Dimensions of the generator.
        dims: usize,
    },
    /// A number of dimensions outside 1 to 20000.
    Dims {
        /// The number as given.
        dims: usize,
    },
    /// A Poisson mean outside `(0, 400000]`, or NaN.
    Lambda {
        /// The mean as given.
        lambda: f64,
    },
    /// A parameter outside what its distribution takes.
    Parameter {
        /// What the parameter is called.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
        /// The value as given.
        value: f64,
    },
    /// An empty range of integers or floats.
    Range,
    /// The generator has no such ordering.
    Ordering {
        /// The generator asked.
        kind: Kind,
        /// The ordering it does not have.
        ordering: Ordering,
    },
    /// The generator has no such setting: a twister no offset, a quasirandom generator no seed, any other no dimensions.
    Setting {
        /// The generator asked.
        kind: Kind,
        /// The setting it does not have.
        setting: &'static str,
    },
    /// Raw draws of a width that the generator does not have.
    Width {
        /// The generator asked.
        kind: Kind,
        /// Bits of the draws asked for.
        bits: u32,
    },
    /// A distribution whose values take a varying part of the stream, asked of a quasirandom generator.
    Quasi {
        /// The generator asked.
        kind: Kind,
        /// The distribution.
        what: &'static str,
    },
    /// The generator's tables are not ours to ship, and no installed cuRAND has them.
    Tables {
        /// The generator asked for.
        kind: Kind,
    },
    /// Not a state that a generator of this version saved.
    State,
    /// No generator of this crate has this cuRAND number (`curandRngType`).
    UnknownKind {
        /// The number as given.
        number: u32,
    },
    /// No generator has this name.
    UnknownName,
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
            Self::Multiple { len, dims } => {
                write!(f, "a generator of {dims} dimensions fills a multiple of {dims} values, but {len} were asked for")
            }
            Self::Dims { dims } => write!(f, "a quasirandom generator has 1 to 20000 dimensions, not {dims}"),
            Self::Lambda { lambda } => write!(f, "the mean of a Poisson distribution must be above 0 and at most 400000, not {lambda}"),
            Self::Parameter { name, rule, value } => write!(f, "{name} must be {rule}, not {value}"),
            Self::Range => f.write_str("the range to draw from is empty, or its ends are not finite"),
            Self::Ordering { kind, ordering } => {
                write!(f, "{kind} has no {ordering} ordering on a CPU")
            }
            Self::Setting { kind, setting } => write!(f, "{kind} has no {setting}"),
            Self::Width { kind, bits } => {
                write!(f, "{kind} has no {bits}-bit draws; ask for {}-bit ones", if *bits == 32 { 64 } else { 32 })
            }
            Self::Quasi { kind, what } => {
                write!(f, "{kind} makes no {what}: each value would take a varying part of the sequence; use a pseudorandom generator")
            }
            Self::Tables { kind: kind @ Kind::Mtgp32 } => write!(
                f,
                "the parameter sets of {kind} are not part of verdigris, and no cuRAND with curand_mtgp32dc_p_11213.h was found; install \
                 cuRAND (`pip install nvidia-curand`) or name its library in VERDIGRIS_CURAND, or use mt19937 or philox"
            ),
            Self::Tables { kind } => write!(
                f,
                "the tables of {kind} are NVIDIA's and no part of verdigris, and no libcurand was found to read them from; install cuRAND \
                 (`pip install nvidia-curand nvidia-cuda-runtime`) or name its library in VERDIGRIS_CURAND, or use {}, which needs no tables",
                if kind.is_wide() { "owen_sobol64" } else { "owen_sobol32" }
            ),
            Self::State => f.write_str("this is no state that a generator of this kind saved"),
            Self::UnknownKind { number } => {
                write!(f, "no generator has the cuRAND number {number}")
            }
            Self::UnknownName => {
                f.write_str("no generator has this name; there are ")?;
                let names = Kind::ALL.map(Kind::name);
                f.write_str(&names.join(", "))
            }
            Self::UnknownOrdering { number } => {
                write!(f, "no pseudorandom ordering has the cuRAND number {number}")
            }
        }
    }
}

impl std::error::Error for Error {}
