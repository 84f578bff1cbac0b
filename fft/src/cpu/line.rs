//! Rows whose two halves of the work stay in a first-level cache.
//!
//! Owns the kernel for rows of a length that is a multiple of the square of a register's lanes. It is the split of [`super::split`] with as many rows as a register has lanes:
//! one butterfly of that radix transforms the columns, and squares are turned on their way to a work area; what is left is one strip whose lanes are the results, all of it in
//! separated parts. A row is read once and written once.

use std::mem::swap;

use pulp::Arch;

use super::columns::{lane_order, passes, register_lanes, run_pass};
use super::processor::{self, in_registers};
use super::sys::{Ahead, First, From, Pass, Read, Strip, To, Write, scratch};
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
        let (passes, arch) = (passes(n / width)?, processor::arch());
        let order = lane_order::<T>();
        let mut turns = Vec::with_capacity(2 * n);
        for first in (0..n / width).step_by(width) {
            for k in 0..width {
                let row = |part: fn(num_complex::Complex<T>) -> T| order.iter().map(move |&column| part(root(k * (first + column) % n, n)));
                turns.extend(row(|z| z.re));
                turns.extend(row(|z| z.im));
            }
        }
        Some(Line { n, inverse: direction == Direction::Inverse, width, turns, order, passes, arch })
    }

    pub(super) fn bytes(&self) -> usize {
        (self.turns.len() + 2 * self.passes.iter().map(|pass| pass.turns.len()).sum::<usize>()) * size_of::<T>()
    }

    /// Complex elements that a run works in.
    pub(super) fn work_len(&self) -> usize {
        2 * self.n + self.width * self.width
    }

    /// Steps that what is fetched ahead takes on the way through a row.
    fn butterflies(&self) -> usize {
        let square = self.width * self.width;
        2 * (self.n / square) + self.passes.iter().map(|pass| self.n / self.width / pass.radix).sum::<usize>()
    }

    /// Transforms the lanes of a strip, dense rows of the length, into those of another or the same.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        if self.inverse { self.directed::<true>(from, to, factor) } else { self.directed::<false>(from, to, factor) }
    }

    fn directed<const EXCHANGED: bool>(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        let (n, width) = (self.n, self.width);
        assert!(from.len >= n && to.len >= n);
        let last = self.passes.len() - 1;
        scratch::<T, 3, _>([2 * n, 2 * n, 2 * width * width], |[a, b, square]| {
            for lane in 0..to.count {
                let (row, out) = (from.first(n).folded(lane, width), to.first(n).folded(lane, width));
                let mut ahead = if lane + 1 < to.count { Ahead::rows(from, to, lane + 1, self.butterflies()) } else { Ahead::none() };
                let (mut source, mut target) = (&mut *a, &mut *b);
                let row = From::<T, EXCHANGED>(&row);
                in_registers(self.arch, First { row, turns: &self.turns, order: &self.order, square, area: source, ahead: &mut ahead });
                for pass in &self.passes[..last] {
                    run_pass(self.arch, pass, Read(source), Write(&mut *target), &mut ahead);
                    swap(&mut source, &mut target);
                }
                run_pass(self.arch, &self.passes[last], Read(source), To::<T, EXCHANGED> { strip: &out, factor }, &mut ahead);
            }
        })
    }
}
