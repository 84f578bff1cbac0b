//! Rows by two passes of columns.
//!
//! Owns the kernel for rows of composite length: n = a b, the row seen as a matrix of a by b. The first pass transforms its columns, turns each element (Gentleman and Sande's
//! twiddle factors) and leaves the columns as rows of panels ([`Panels`]), a panel for each strip of the second; this transforms the columns of those, whose results are in order. All work is on whole registers of neighbours,
//! and of a row that outgrows the caches both passes stream over memory once and are shared among threads, which one transform of the whole row could not be.

use std::ops::Range;

use num_complex::Complex;

use super::columns::{Columns, Turns, lane_order, register_lanes};
use super::sys::{self, Ends, Lane, Panels, Rows, Strip};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Bytes of a thread's share, and of a transform that is shared: what is smaller goes from cache to cache in more time than it saves where the processors are far from each other.
const SHARE: usize = 128 << 10;
const SHARED: usize = 4 * SHARE;

/// A planned transform of rows.
pub(crate) struct Split<T> {
    down: Columns<T>,
    across: Columns<T>,
    /// The turns of the first strip: for each result as many as a register has lanes.
    lanes: Vec<T>,
    /// For each strip, for each result, the number that turns those on.
    by: Vec<Complex<T>>,
    /// The column that each lane of a split register holds, and the lane that holds each.
    order: Vec<usize>,
    places: Vec<usize>,
}

/// The roots of unity `k j` for `j` below a register's lanes: a row for each `k`, parts separated in the order of a split register.
fn rows_of_turns<T: Real>(rows: usize, order: &[usize], n: usize) -> impl Iterator<Item = T> {
    (0..rows).flat_map(move |k| {
        let root = move |lane: usize| root::<T>(k * lane % n, n);
        order.iter().map(move |&lane| root(lane).re).chain(order.iter().map(move |&lane| root(lane).im))
    })
}

impl<T: Real> Split<T> {
    /// Plans, where the length has two factors that columns can do.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Split<T>> {
        let rows = Split::<T>::factor(n)?;
        let (down, across) = (Columns::new(rows, direction)?, Columns::new(n / rows, direction)?);
        let (width, columns, order) = (down.width(), n / rows, lane_order::<T>());
        let mut places = vec![0; width];
        order.iter().enumerate().for_each(|(lane, &column)| places[column] = lane);
        let lanes = rows_of_turns(rows, &order, n).collect();
        let by = (0..columns).step_by(width).flat_map(|first| (0..rows).map(move |k| root(k * first % n, n))).collect();
        Some(Split { down, across, lanes, by, order, places })
    }

    /// The number of rows that makes least work, by passes over registers.
    fn factor(n: usize) -> Option<usize> {
        Split::<T>::cheapest(n).map(|(_, rows)| rows)
    }

    /// The least work for a length, in passes over an element, and the number of rows that makes it.
    pub(super) fn cheapest(n: usize) -> Option<(usize, usize)> {
        let width = register_lanes::<T>();
        if width == 0 {
            return None;
        }
        let cost = |rows: usize| {
            let columns = n / rows;
            let one = |n: usize, lanes: usize| Some(n * lanes.next_multiple_of(width) * (Columns::<T>::passes(n)? + 1));
            Some((one(rows, columns)? + one(columns, rows)?, rows))
        };
        (2..=n.isqrt()).filter(|&rows| n.is_multiple_of(rows)).filter_map(cost).min()
    }

    /// The length.
    pub(super) fn len(&self) -> usize {
        self.down.len() * self.across.len()
    }

    /// The rows that a row is seen as: results come in rows of as many.
    pub(super) fn rows(&self) -> usize {
        self.down.len()
    }

    /// The columns of those.
    pub(super) fn columns(&self) -> usize {
        self.across.len()
    }

    /// Factors in the form that [`Split::multiplied`] takes.
    ///
    /// # Panics
    /// If registers do not fill the rows.
    pub(super) fn factors(&self, row: &[Complex<T>]) -> Vec<T> {
        assert!(self.fills() && row.len() == self.len());
        let order = lane_order::<T>();
        let parts = |block: &[Complex<T>]| {
            let re = order.iter().map(|&lane| block[lane].re);
            re.chain(order.iter().map(|&lane| block[lane].im)).collect::<Vec<_>>()
        };
        row.chunks_exact(order.len()).flat_map(parts).collect()
    }

    /// Whether every strip of the second pass has as many lanes as a register.
    pub(super) fn fills(&self) -> bool {
        self.down.len().is_multiple_of(self.down.width())
    }

    /// Complex elements that a run works in, for one row.
    pub(super) fn work_len(&self) -> usize {
        let (a, b, width) = (self.down.len(), self.across.len(), self.down.width());
        Panels::<T>::room(a.div_ceil(width), b, width) + 2 * width * a.next_multiple_of(width).max(b)
    }

    pub(super) fn bytes(&self) -> usize {
        let turns = size_of_val(&self.lanes[..]) + size_of_val(&self.by[..]);
        self.down.bytes() + self.across.bytes() + turns
    }

    /// Transforms some lanes of a strip, which are dense rows, into those of another or the same. What rows of `from` lack is zero, what
    /// those of `to` lack is not written: both have whole rows of the matrix.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, lanes: Range<usize>, factor: T) -> Result<(), Error> {
        self.multiplied(from, to, lanes, factor, None)
    }

    /// As [`Split::run`]; results are multiplied by those of a row of as many factors instead of by one, where a row is given: [`Split::factors`].
    ///
    /// # Errors
    /// There is no memory.
    ///
    /// # Panics
    /// If a row is given and [`Split::fills`] is false.
    pub(super) fn multiplied(&self, from: &Strip<T>, to: &Strip<T>, lanes: Range<usize>, factor: T, by: Option<&[T]>) -> Result<(), Error> {
        assert!(by.is_none_or(|parts| self.fills() && parts.len() == 2 * self.len()));
        let (a, b, width) = (self.down.len(), self.across.len(), self.down.width());
        let (panels, strips) = (a.div_ceil(width), b.div_ceil(width));
        Panels::with(lanes.len() * panels, b, width, |between| {
            // Down the columns of the matrix, which are neighbours.
            let ends = || Ends { data: from.address(lanes.start), step: 2 * b as isize, len: a.min(from.len.div_ceil(b)) };
            each_strip(ends, [(lanes.len(), from.apart()), (b, 2)], width, a, |index, strip| {
                let (lane, number) = (index / strips, index % strips);
                let turns = Turns { lanes: &self.lanes, by: &self.by[number * a..][..a], places: &self.places, order: &self.order };
                T::down(&self.down, strip, turns, between, lane * panels, number * width)
            })?;
            // Along what were rows, now columns; in the result too.
            let ends = || Ends { data: to.address(lanes.start), step: 2 * a as isize, len: b.min(to.len.div_ceil(a)) };
            each_strip(ends, [(lanes.len(), to.apart()), (a, 2)], width, b, |index, strip| {
                let by = by.map(|parts| Rows { rows: &parts[index % panels * 2 * width..], step: 2 * a });
                T::across(&self.across, between.panel(index, b), strip, factor, by)
            })
        })?
    }
}

/// Works on every strip of one side's lanes of `n` elements, on as many threads as are worth it; gives the first error.
fn each_strip<T: Real>(
    ends: impl Fn() -> Ends<T>,
    lanes: [(usize, isize); 2],
    width: usize,
    n: usize,
    work: impl Fn(usize, &Strip<T>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let field = sys::field(ends(), ends(), lanes.map(|(extent, step)| Lane { extent, from: step, to: step }), width);
    let (count, bytes) = (field.count(), width * n * size_of::<Complex<T>>());
    let share = if count * bytes < SHARED { count } else { SHARE / bytes };
    super::pass::in_shares(count, share, |index| work(index, &field.strip(index).0))
}
