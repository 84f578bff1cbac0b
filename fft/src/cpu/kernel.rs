//! Transforms of single axes: what is planned, cached and shared.
//!
//! Owns the kernels of an axis, by kind and length. Knows no arrays and no threads.

use num_complex::Complex;

use super::real::{FromHalf, ToHalf};
use super::rows::Rows;
use super::trig::Trig;
use crate::error::Error;
use crate::scalar::Real;
use crate::spec::{Direction, Kind};

/// A planned transform of rows of one length.
pub(crate) enum Kernel<T: Real> {
    /// Complex to complex.
    Complex(Rows<T>),
    /// Real to the half spectrum, forward.
    Half(ToHalf<T>),
    /// Half spectrum to real, inverse.
    Real(FromHalf<T>),
    /// Cosine or sine transform.
    Trig(Trig<T>),
}

/// What tells kernels apart, beside the element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The transform.
    pub(crate) kind: Kind,
    /// Its direction, for C2C; `Forward` else.
    pub(crate) direction: Direction,
    /// Its length.
    pub(crate) n: usize,
}

impl Key {
    pub(crate) fn new(kind: Kind, direction: Direction, n: usize) -> Key {
        // The other kinds conjugate what goes in or comes out.
        let direction = if kind == Kind::C2C { direction } else { Direction::Forward };
        Key { kind, direction, n }
    }
}

/// Elements of plan and scratch that planning may need a row element, Bluestein's algorithm in float64 counted.
const PLAN_ELEMENTS: usize = 16;

impl<T: Real> Kernel<T> {
    /// Plans.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn plan(key: Key) -> Result<Kernel<T>, Error> {
        // Planning cannot report a lack of memory: see that there is some before it starts.
        if key.n > 1 << 16 {
            let bytes = key.n.saturating_mul(PLAN_ELEMENTS * size_of::<Complex<T>>());
            Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Error::OutOfMemory { bytes })?;
        }
        Ok(match key.kind {
            Kind::C2C => Kernel::Complex(Rows::new(key.n, key.direction)),
            Kind::R2C => Kernel::Half(ToHalf::new(key.n)),
            Kind::C2R => Kernel::Real(FromHalf::new(key.n)),
            Kind::Dct(ty) => Kernel::Trig(Trig::new(ty, false, key.n)),
            Kind::Dst(ty) => Kernel::Trig(Trig::new(ty, true, key.n)),
        })
    }

    /// Bytes it keeps, about.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Kernel::Complex(rows) => rows.bytes(),
            Kernel::Half(half) => half.bytes(),
            Kernel::Real(real) => real.bytes(),
            Kernel::Trig(trig) => trig.bytes(),
        }
    }

    /// Rows that are best transformed at once.
    pub(crate) fn together(&self) -> usize {
        match self {
            Kernel::Complex(rows) => rows.together(),
            Kernel::Half(half) => half.together(),
            Kernel::Real(real) => real.together(),
            Kernel::Trig(_) => 1,
        }
    }

    /// Complex elements of scratch that one row (or strip of columns) needs.
    pub(crate) fn work_len(&self) -> usize {
        match self {
            Kernel::Complex(rows) => rows.work_len(),
            Kernel::Half(half) => half.work_len(),
            Kernel::Real(real) => real.work_len(),
            Kernel::Trig(trig) => trig.work_len(),
        }
    }
}
