//! Complex transforms of dense rows: the choice of the way for a length.
//!
//! Owns that choice, and runs over rows of arrays and of work areas. Knows no axes.

use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex;
use pulp::Arch;
use rustfft::{Fft, FftDirection, FftPlanner, FftPlannerScalar};

use super::chirp::Chirp;
use super::columns::Columns;
use super::line::Line;
use super::processor;
use super::split::Split;
use super::sys::{self, Strip, scratch};
use crate::error::Error;
use crate::scalar::Real;
use crate::spec::Direction;

/// Rows shorter than this are better left to one transform in registers.
const SHORTEST_SPLIT: usize = 1024;
/// Shorter rows with large prime factors are `rustfft`'s.
const SHORTEST_CHIRP: usize = 4096;

/// Prime factors up to this are `rustfft`'s too.
const LARGEST_RADIX: usize = 500;

/// The largest prime factor.
fn largest_factor(mut n: usize) -> usize {
    let mut factor = 2;
    while factor * factor <= n {
        if n.is_multiple_of(factor) {
            n /= factor;
        } else {
            factor += 1;
        }
    }
    n
}

/// Lengths of rows that are transformed as the lanes of a strip where there are enough of them: the strips stay in a second-level cache.
const TOGETHER: Range<usize> = 32..4097;

/// A shorter length that is, too: `rustfft` rounds angles of almost a turn for its roots of unity, which is off by more than all sums together, and takes longer.
const SHORTER: usize = 26;

/// A planned transform of rows.
pub(crate) struct Rows<T: Real> {
    n: usize,
    way: Way<T>,
    /// For several rows of a length that is too short for a register.
    pair: Option<Line<T>>,
    /// For neighbouring lanes, and for rows together; where the length has that form.
    columns: Option<Columns<T>>,
}

enum Way<T: Real> {
    Registers(Arc<dyn Fft<T>>),
    Line(Line<T>),
    Split(Split<T>),
    Chirp(Box<Chirp<T>>),
}

impl<T: Real> Way<T> {
    fn new(n: usize, direction: Direction) -> Way<T> {
        if let Some(line) = Line::new(n, direction) {
            return Way::Line(line);
        }
        if n >= SHORTEST_SPLIT
            && let Some(split) = Split::new(n, direction)
        {
            return Way::Split(split);
        }
        if n >= SHORTEST_CHIRP
            && largest_factor(n) > LARGEST_RADIX
            && let Some(chirp) = Chirp::new(n, direction)
        {
            return Way::Chirp(Box::new(chirp));
        }
        let direction = match direction {
            Direction::Forward => FftDirection::Forward,
            Direction::Inverse => FftDirection::Inverse,
        };
        // A planner keeps what it has planned: each plan gets its own, so that dropping the plan frees it.
        Way::Registers(match processor::arch() {
            Arch::Scalar => FftPlannerScalar::new().plan_fft(n, direction),
            _ => FftPlanner::new().plan_fft(n, direction),
        })
    }
}

impl<T: Real> Rows<T> {
    /// Plans.
    pub(super) fn new(n: usize, direction: Direction) -> Rows<T> {
        Rows { n, way: Way::new(n, direction), pair: Line::pair(n, direction), columns: Columns::new(n, direction) }
    }

    /// The form for neighbouring lanes, where the length has one.
    pub(super) fn columns(&self) -> Option<&Columns<T>> {
        self.columns.as_ref()
    }

    /// Rows that are best transformed at once.
    pub(super) fn together(&self) -> usize {
        match &self.columns {
            _ if matches!(self.way, Way::Line(_)) => 1,
            _ if self.pair.is_some() => 2,
            Some(columns) if TOGETHER.contains(&self.n) || self.n == SHORTER => columns.width(),
            _ => 1,
        }
    }

    /// The length.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// Bytes it keeps, about.
    pub(super) fn bytes(&self) -> usize {
        let way = match &self.way {
            Way::Registers(fft) => (self.n + fft.get_inplace_scratch_len()) * size_of::<Complex<T>>(),
            Way::Line(line) => line.bytes(),
            Way::Split(split) => split.bytes(),
            Way::Chirp(chirp) => chirp.bytes(),
        };
        way + self.pair.as_ref().map_or(0, Line::bytes) + self.columns.as_ref().map_or(0, Columns::bytes)
    }

    /// Complex elements that a run works in, for one row or one strip.
    pub(super) fn work_len(&self) -> usize {
        let way = match &self.way {
            Way::Registers(fft) => fft.get_inplace_scratch_len().max(fft.get_immutable_scratch_len()),
            Way::Line(line) => line.work_len(),
            Way::Split(split) => split.work_len(),
            Way::Chirp(chirp) => chirp.work_len(),
        };
        way.max(self.pair.as_ref().map_or(0, Line::work_len)).max(self.columns.as_ref().map_or(0, Columns::work_len))
    }

    /// Transforms the lanes of a strip, which are dense rows of at most the length, into those of another (of the length) or the same, the results multiplied by `factor`.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        if from.len < self.n {
            // Padded rows are made where the result goes.
            for lane in 0..to.count {
                let row = to.complex_rows_mut(lane, 1);
                if !from.same_place(to) && from.len > 0 {
                    row[..from.len].copy_from_slice(from.complex_rows(lane, 1));
                }
                row[from.len..].fill(Complex::new(T::ZERO, T::ZERO));
            }
            return self.whole(to, to, factor);
        }
        self.whole(from, to, factor)
    }

    fn whole(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        if let Some(pair) = &self.pair
            && to.count > 1
        {
            return T::line(pair, from, to, factor);
        }
        let together = self.together();
        if let Some(columns) = &self.columns
            && together > 1
            && 2 * to.count > together
        {
            return (0..to.count).step_by(together).try_for_each(|first| {
                let lanes = first..to.count.min(first + together);
                T::columns(columns, &from.some(lanes.clone()), &to.some(lanes), factor)
            });
        }
        match &self.way {
            Way::Registers(fft) => registers(&**fft, from, to, factor),
            Way::Line(line) => T::line(line, from, to, factor),
            Way::Split(split) => split.run(from, to, 0..to.count, factor),
            Way::Chirp(chirp) => (0..to.count).try_for_each(|lane| chirp.run(from, to, lane, factor)),
        }
    }

    /// Transforms dense rows in place.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn in_place(&self, rows: &mut [Complex<T>], factor: T) -> Result<(), Error> {
        let strip = sys::rows_mut::<T, _>(rows, self.n);
        self.whole(&strip, &strip, factor)
    }
}

fn registers<T: Real>(fft: &dyn Fft<T>, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
    let in_place = from.same_place(to);
    let together = from.rows_together().min(to.rows_together());
    let length = if in_place { fft.get_inplace_scratch_len() } else { fft.get_immutable_scratch_len() };
    scratch::<Complex<T>, 1, _>([length], |[work]| {
        for first in (0..to.count).step_by(together) {
            let out = to.complex_rows_mut(first, together);
            if in_place {
                fft.process_with_scratch(out, work);
            } else {
                fft.process_immutable_with_scratch(from.complex_rows(first, together), out, work);
            }
            scale(out, factor);
        }
    })
}

fn scale<T: Real>(row: &mut [Complex<T>], factor: T) {
    if factor != T::of(1.0) {
        row.iter_mut().for_each(|z| *z = *z * factor);
    }
}
