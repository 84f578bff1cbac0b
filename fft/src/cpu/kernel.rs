//! Transforms of single rows: what is planned, cached and shared.
//!
//! Owns the choice of the algorithm for a length, and the only uses of `rustfft` and `realfft`. A row is dense; lanes that are not have been gathered before. Knows no
//! arrays and no threads.

use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftDirection, FftPlanner};

use super::columns::Columns;
use super::split::Large;
use super::trig::Trig;
use crate::error::Error;
use crate::scalar::Real;
use crate::spec::{Direction, Kind};

/// A planned transform of rows of one length.
pub(crate) enum Kernel<T: Real> {
    /// Complex to complex, with a second form for lanes that lie side by side, where the length has one.
    Complex {
        /// For dense rows.
        rows: Arc<dyn Fft<T>>,
        /// For neighbouring lanes.
        columns: Option<Columns<T>>,
        /// For long dense rows.
        large: Option<Large<T>>,
    },
    /// Real to the half spectrum, forward.
    Half(Arc<dyn RealToComplex<T>>),
    /// Half spectrum to real, inverse.
    Real(Arc<dyn ComplexToReal<T>>),
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

/// Elements of plan and scratch that planning may need a row element, Bluestein's algorithm counted.
const PLAN_ELEMENTS: usize = 8;

impl<T: Real> Kernel<T> {
    /// Plans.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn plan(key: Key) -> Result<Kernel<T>, Error> {
        // The planners cannot report a lack of memory: see that there is some before they start.
        if key.n > 1 << 16 {
            let bytes = key.n.saturating_mul(PLAN_ELEMENTS * size_of::<Complex<T>>());
            Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Error::OutOfMemory { bytes })?;
        }
        // A planner keeps what it has planned: each plan gets its own, so that dropping the plan frees it.
        Ok(match key.kind {
            Kind::C2C => Kernel::Complex {
                rows: complex(key.n, key.direction),
                columns: Columns::new(key.n, key.direction),
                large: Large::new(key.n, key.direction),
            },
            Kind::R2C => Kernel::Half(half(key.n)),
            Kind::C2R => Kernel::Real(real(key.n)),
            Kind::Dct(ty) => Kernel::Trig(Trig::new(ty, false, key.n)),
            Kind::Dst(ty) => Kernel::Trig(Trig::new(ty, true, key.n)),
        })
    }

    /// Bytes it keeps, about.
    pub(crate) fn bytes(&self) -> usize {
        let element = size_of::<Complex<T>>();
        match self {
            Kernel::Complex { rows, columns, large } => {
                let forms = columns.as_ref().map_or(0, Columns::bytes) + large.as_ref().map_or(0, Large::bytes);
                (rows.len() + rows.get_inplace_scratch_len()) * element + forms
            }
            Kernel::Half(fft) => (fft.len() + fft.get_scratch_len()) * element,
            Kernel::Real(fft) => (fft.len() + fft.get_scratch_len()) * element,
            Kernel::Trig(trig) => trig.bytes(),
        }
    }

    /// Complex elements of scratch that one row needs, its own copy included.
    pub(crate) fn work_len(&self) -> usize {
        match self {
            Kernel::Complex { rows, .. } => rows.get_inplace_scratch_len().max(rows.get_immutable_scratch_len()),
            Kernel::Half(fft) => fft.get_scratch_len(),
            Kernel::Real(fft) => fft.get_scratch_len(),
            Kernel::Trig(trig) => trig.work_len(),
        }
    }
}

pub(super) fn complex<T: Real>(n: usize, direction: Direction) -> Arc<dyn Fft<T>> {
    let direction = match direction {
        Direction::Forward => FftDirection::Forward,
        Direction::Inverse => FftDirection::Inverse,
    };
    FftPlanner::new().plan_fft(n, direction)
}

pub(super) fn half<T: Real>(n: usize) -> Arc<dyn RealToComplex<T>> {
    RealFftPlanner::new().plan_fft_forward(n)
}

pub(super) fn real<T: Real>(n: usize) -> Arc<dyn ComplexToReal<T>> {
    RealFftPlanner::new().plan_fft_inverse(n)
}

/// One real row to its half spectrum; the row is used up.
pub(super) fn run_half<T: Real>(fft: &dyn RealToComplex<T>, row: &mut [T], out: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
    let done = fft.process_with_scratch(row, out, scratch);
    debug_assert!(done.is_ok(), "lengths are the kernel's own");
}

/// One half spectrum to its real row; the spectrum is used up.
pub(super) fn run_real<T: Real>(fft: &dyn ComplexToReal<T>, row: &mut [Complex<T>], out: &mut [T], scratch: &mut [Complex<T>]) {
    // What a Hermitian array does not have is not looked at; `realfft` would call it an error.
    row[0].im = T::ZERO;
    if fft.len().is_multiple_of(2) {
        row[fft.len() / 2].im = T::ZERO;
    }
    let done = fft.process_with_scratch(row, out, scratch);
    debug_assert!(done.is_ok(), "lengths are the kernel's own");
}
