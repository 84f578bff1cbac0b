//! Rows whose two halves of the work stay in a first-level cache.
//!
//! Owns the kernel for rows of a length that is a multiple of the square of a register's lanes, or half of that square, two such rows at once. It is the split of [`super::split`] with as many rows as a register has lanes:
//! one butterfly of that radix transforms the columns, and squares are turned on their way to a work area; what is left is one strip whose lanes are the results, all of it in
//! separated parts. A row is read once and written once.

use std::mem::swap;

use pulp::Arch;

use super::columns::{lane_order, passes, register_lanes, run_pass};
use super::processor::{self, in_registers};
use super::sys::{Ahead, Both, First, From, Pass, Read, Strip, To, Write, scratch};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Bytes of a row that leaves room for its work areas in a second-level cache.
const LONGEST_BYTES: usize = 256 << 10;

/// A planned transform of rows.
pub(crate) struct Line<T> {
    n: usize,
    inverse: bool,
    width: usize,
    /// Rows that are transformed at once: their columns fill a register.
    together: usize,
    /// Factors after the first pass: of each group of columns, for each result, real and imaginary parts.
    turns: Vec<T>,
    /// The column that each lane of a split register holds.
    order: Vec<usize>,
    passes: Vec<Pass<T>>,
    arch: Arch,
}

impl<T: Real> Line<T> {
    /// Plans, where the length and the processor have this form.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Line<T>> {
        let width = register_lanes::<T>();
        if width == 0 || !n.is_multiple_of(width * width) || n * 2 * size_of::<T>() > LONGEST_BYTES {
            return None;
        }
        Line::planned(n, 1, direction)
    }

    /// Plans for two rows at once, where these fill a register together.
    pub(super) fn pair(n: usize, direction: Direction) -> Option<Line<T>> {
        let width = register_lanes::<T>();
        if width == 0 || 2 * n != width * width { None } else { Line::planned(n, 2, direction) }
    }

    fn planned(n: usize, together: usize, direction: Direction) -> Option<Line<T>> {
        let (width, order) = (register_lanes::<T>(), lane_order::<T>());
        let columns = n / width;
        let (passes, arch) = (passes(columns)?, processor::arch());
        let mut turns = Vec::with_capacity(2 * n * together);
        for first in (0..together * columns).step_by(width) {
            for k in 0..width {
                let row = |part: fn(num_complex::Complex<T>) -> T| order.iter().map(move |&place| part(root(k * ((first + place) % columns) % n, n)));
                turns.extend(row(|z| z.re));
                turns.extend(row(|z| z.im));
            }
        }
        Some(Line { n, inverse: direction == Direction::Inverse, width, together, turns, order, passes, arch })
    }

    pub(super) fn bytes(&self) -> usize {
        (self.turns.len() + 2 * self.passes.iter().map(|pass| pass.turns.len()).sum::<usize>()) * size_of::<T>()
    }

    /// Complex elements that a run works in.
    pub(super) fn work_len(&self) -> usize {
        2 * self.together * self.n + self.width * self.width
    }

    /// Steps that what is fetched ahead takes on the way through the rows.
    fn butterflies(&self) -> usize {
        let square = self.width * self.width;
        let n = self.together * self.n;
        2 * (n / square) + self.passes.iter().map(|pass| n / self.width / pass.radix).sum::<usize>()
    }

    /// Transforms the lanes of a strip, dense rows of the length, into those of another or the same.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        if self.inverse { self.directed::<true>(from, to, factor) } else { self.directed::<false>(from, to, factor) }
    }

    fn directed<const EXCHANGED: bool>(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        let (n, width, together) = (self.n, self.width, self.together);
        assert!(from.len >= n && to.len >= n);
        let (from, to) = (&from.first(n), &to.first(n));
        scratch::<T, 3, _>([2 * together * n, 2 * n, 2 * width * width], |[area, other, square]| {
            for lane in (0..to.count).step_by(together) {
                // The last row may have no fellow: it is read twice then, and written once.
                let last = (lane + together).min(to.count);
                let ahead = &mut if last < to.count { Ahead::rows(from, to, (last, together), self.butterflies()) } else { Ahead::none() };
                let (turns, order, groups) = (&self.turns[..], &self.order[..], together * n / (width * width));
                if together == 1 {
                    let row = &from.folded(lane, width);
                    in_registers(self.arch, First { row: From::<T, EXCHANGED>(row), groups, turns, order, square, area, ahead });
                } else {
                    let [first, second] = [lane, last - 1].map(|lane| from.folded(lane, width / 2));
                    in_registers(self.arch, First { row: Both::<T, EXCHANGED>([&first, &second]), groups, turns, order, square, area, ahead });
                }
                for (lane, area) in (lane..last).zip(area.chunks_exact_mut(2 * n)) {
                    self.columns::<EXCHANGED>(area, other, &to.folded(lane, width), factor, ahead);
                }
            }
        })
    }

    /// The passes after the first, over the columns of one row.
    fn columns<const EXCHANGED: bool>(&self, area: &mut [T], other: &mut [T], out: &Strip<T>, factor: T, ahead: &mut Ahead) {
        let last = self.passes.len() - 1;
        let (mut source, mut target) = (area, other);
        for pass in &self.passes[..last] {
            run_pass(self.arch, pass, Read(source), Write(&mut *target), ahead);
            swap(&mut source, &mut target);
        }
        run_pass(self.arch, &self.passes[last], Read(source), To::<T, EXCHANGED> { strip: out, factor }, ahead);
    }
}
