//! One long row by two passes of columns.
//!
//! Owns the kernel for lengths whose row outgrows the caches: n = a b, the row seen as a matrix of a by b. The first pass transforms its columns and turns each element
//! (Gentleman and Sande's twiddle factors), the second transforms the rows and writes them as columns, which is where they belong in the result. Both passes stream
//! over memory once and are shared among threads, which one transform of the whole row could not be.

use num_complex::Complex;

use super::columns::{Columns, Turns};
use super::sys::{self, Ends, Field, Lane, Strip, Temporary};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Shorter rows are faster in one go.
const SHORTEST: usize = 1 << 17;
/// Strips of a thread's share.
const SHARE: usize = 4;

/// A planned transform of a long row.
pub(crate) struct Large<T> {
    down: Columns<T>,
    across: Columns<T>,
    /// Factors of the lanes of the first strip, a row of interleaved parts for each result of the first pass.
    lanes: Vec<T>,
    /// Roots of unity in steps of 2^shift, and the steps between.
    high: Vec<Complex<T>>,
    low: Vec<Complex<T>>,
    shift: u32,
}

impl<T: Real> Large<T> {
    /// Plans, where the length has two factors of about its root that columns can do.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Large<T>> {
        if n < SHORTEST {
            return None;
        }
        let middle = n.isqrt();
        let rows = (middle / 8..=middle).rev().find(|&a| a > 0 && n.is_multiple_of(a) && Columns::<T>::can(a) && Columns::<T>::can(n / a))?;
        let (down, across) = (Columns::new(rows, direction)?, Columns::new(n / rows, direction)?);
        let width = down.width();
        let shift = n.ilog2() / 2;
        let step = 1usize << shift;
        let lanes = (0..rows).flat_map(|k| (0..width).map(move |l| root::<T>(k * l % n, n))).flat_map(|z| [z.re, z.im]).collect();
        let high = (0..n.div_ceil(step)).map(|m| root(m * step, n)).collect();
        let low = (0..step).map(|m| root(m, n)).collect();
        Some(Large { down, across, lanes, high, low, shift })
    }

    pub(super) fn bytes(&self) -> usize {
        let element = size_of::<Complex<T>>();
        self.down.bytes() + self.across.bytes() + self.lanes.len() * element / 2 + (self.high.len() + self.low.len()) * element
    }

    /// Transforms the one lane of a strip of dense rows into that of another, or of itself.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, lane: usize, factor: T) -> Result<(), Error> {
        let (a, b) = (self.down.len(), self.across.len());
        let between = Temporary::new::<T>(vec![a, b], true)?;
        let middle = || Ends { data: between.data(), step: 2 * b as isize, len: a };
        let columns = |ends: Ends<T>, to: Ends<T>, lane: Lane, width| sys::field(ends, to, vec![lane], width);
        // Down the columns of the matrix, which are neighbours.
        let source = Ends { data: from.address(lane), step: 2 * b as isize, len: a };
        let width = self.down.width();
        let field = columns(source, middle(), Lane { extent: b, from: 2, to: 2 }, width);
        each_strip(&field, |index, from, to| {
            let turns = Turns { lanes: &self.lanes, high: &self.high, low: &self.low, shift: self.shift, first: index * width };
            T::columns(&self.down, from, to, T::of(1.0), Some(&turns))
        })?;
        // Along the rows, which become the columns of the result.
        let source = Ends { data: between.data(), step: 2, len: b };
        let target = Ends { data: to.address(lane), step: 2 * a as isize, len: b };
        let field = columns(source, target, Lane { extent: a, from: 2 * b as isize, to: 2 }, self.across.width());
        each_strip(&field, |_, from, to| T::columns(&self.across, from, to, factor, None))
    }
}

/// Works on every strip, on as many threads as are worth it; gives the first error.
pub(super) fn each_strip<T: Real>(field: &Field<T>, work: impl Fn(usize, &Strip<T>, &Strip<T>) -> Result<(), Error> + Sync) -> Result<(), Error> {
    super::pass::in_shares(field.count(), SHARE, |index| {
        let (from, to) = field.strip(index);
        work(index, &from, &to)
    })
}
