//! Rows by two passes of columns.
//!
//! Owns the kernel for rows of composite length: n = a b, the row seen as a matrix of a by b. The first pass transforms its columns, turns each element (Gentleman and Sande's
//! twiddle factors) and writes the columns as rows; the second transforms the columns of that, whose results are in order. All work is on whole registers of neighbours,
//! and of a row that outgrows the caches both passes stream over memory once and are shared among threads, which one transform of the whole row could not be.

use std::ops::Range;

use num_complex::Complex;

use super::columns::{Columns, Turns, lane_order, register_lanes};
use super::sys::{self, Ends, Field, Lane, Rows, Strip};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Bytes of a thread's share.
const SHARE: usize = 128 << 10;
/// Bytes of turns of which all are kept.
const TURNS_BYTES: usize = 256 << 10;

/// A planned transform of rows.
pub(crate) struct Split<T> {
    down: Columns<T>,
    across: Columns<T>,
    turns: Table<T>,
}

enum Table<T> {
    /// For each strip of the first pass its rows of turns.
    All(Vec<T>),
    /// Those of the first strip, and what turns them on: the root of unity number m is `high[m >> shift]` times `low` of the rest.
    Steps { lanes: Vec<T>, high: Vec<Complex<T>>, low: Vec<Complex<T>>, shift: u32 },
}

/// The roots of unity `k j` for those `j`, as many as a register has lanes: a row for each `k`, parts separated in the order of a split register.
fn rows_of_turns<T: Real>(rows: usize, first: usize, order: &[usize], n: usize) -> impl Iterator<Item = T> {
    (0..rows).flat_map(move |k| {
        let root = move |lane: usize| root::<T>(k * (first + lane) % n, n);
        order.iter().map(move |&lane| root(lane).re).chain(order.iter().map(move |&lane| root(lane).im))
    })
}

impl<T: Real> Split<T> {
    /// Plans, where the length has two factors that columns can do.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Split<T>> {
        let rows = Split::<T>::factor(n)?;
        let (down, across) = (Columns::new(rows, direction)?, Columns::new(n / rows, direction)?);
        let (width, columns, order) = (down.width(), n / rows, lane_order::<T>());
        let turns = if n * size_of::<Complex<T>>() <= TURNS_BYTES {
            Table::All((0..columns).step_by(width).flat_map(|first| rows_of_turns(rows, first, &order, n)).collect())
        } else {
            let shift = n.ilog2() / 2;
            let step = 1usize << shift;
            Table::Steps {
                lanes: rows_of_turns(rows, 0, &order, n).collect(),
                high: (0..n.div_ceil(step)).map(|m| root(m * step, n)).collect(),
                low: (0..step).map(|m| root(m, n)).collect(),
                shift,
            }
        };
        Some(Split { down, across, turns })
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

    /// From one row of what is between the passes to the next, in elements: whole lines, and not a multiple of what caches place them by.
    fn apart(&self) -> usize {
        let a = self.down.len().next_multiple_of(64 / size_of::<Complex<T>>());
        if (a * size_of::<Complex<T>>()).is_multiple_of(1024) { a + self.down.width() } else { a }
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
        self.across.len() * self.apart() + 2 * self.down.width() * self.down.len().max(self.across.len())
    }

    pub(super) fn bytes(&self) -> usize {
        let turns = match &self.turns {
            Table::All(rows) => rows.len() * size_of::<T>(),
            Table::Steps { lanes, high, low, .. } => lanes.len() * size_of::<T>() + (high.len() + low.len()) * size_of::<Complex<T>>(),
        };
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
        let (count, apart) = (lanes.len(), self.apart());
        let (step, row) = (2 * apart as isize, 2 * (apart * b) as isize);
        sys::with_area(count * apart * b, |middle| {
            // Down the columns of the matrix, which are neighbours, to rows.
            let field = sys::field(
                Ends { data: from.address(lanes.start), step: 2 * b as isize, len: a.min(from.len.div_ceil(b)) },
                Ends { data: middle, step: 2, len: a },
                [Lane { extent: count, from: from.apart(), to: row }, Lane { extent: b, from: 2, to: step }],
                width,
            );
            let strips = b.div_ceil(width);
            each_strip(&field, width * a, |index, from, to| {
                let strip = index % strips;
                match &self.turns {
                    Table::All(rows) => {
                        let turns = Turns::Rows(Rows { rows: &rows[strip * 2 * width * a..][..2 * width * a], step: 2 * width });
                        T::columns(&self.down, from, to, T::of(1.0), Some(turns))
                    }
                    Table::Steps { lanes, high, low, shift } => {
                        let by = |k: usize| {
                            let number = k * strip * width;
                            high[number >> shift] * low[number & ((1 << shift) - 1)]
                        };
                        T::columns(&self.down, from, to, T::of(1.0), Some(Turns::On { lanes, by: &by }))
                    }
                }
            })?;
            // Along what were rows, now columns; in the result too.
            let field = sys::field(
                Ends { data: middle, step, len: b },
                Ends { data: to.address(lanes.start), step: 2 * a as isize, len: b.min(to.len.div_ceil(a)) },
                [Lane { extent: count, from: row, to: to.apart() }, Lane { extent: a, from: 2, to: 2 }],
                width,
            );
            let strips = a.div_ceil(width);
            each_strip(&field, width * b, |index, from, to| {
                let along = by.map(|parts| Turns::Rows(Rows { rows: &parts[index % strips * 2 * width..], step: 2 * a }));
                T::columns(&self.across, from, to, factor, along)
            })
        })?
    }
}

/// Works on every strip, on as many threads as are worth it; gives the first error.
fn each_strip<T: Real>(
    field: &Field<T>,
    elements: usize,
    work: impl Fn(usize, &Strip<T>, &Strip<T>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    super::pass::in_shares(field.count(), SHARE / (elements * size_of::<Complex<T>>()), |index| {
        let (from, to) = field.strip(index);
        work(index, &from, &to)
    })
}
