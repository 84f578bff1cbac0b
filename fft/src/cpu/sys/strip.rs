//! Lanes of an array along one axis, in strips of neighbours, as rows or planes that kernels can work on.

use std::ops::Range;

use num_complex::Complex;
use smallvec::SmallVec;

use super::shuffle::prefetch;
use super::transpose::{Matrix, transpose};
use crate::scalar::Real;

/// One axis across the lanes: its extent and the strides of both sides, in units of `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) extent: usize,
    pub(crate) from: isize,
    pub(crate) to: isize,
}

/// One side of a pass: where its first lane begins, its stride along the lanes and their length.
#[derive(Debug)]
pub(crate) struct Ends<T> {
    pub(crate) data: *mut T,
    pub(crate) step: isize,
    pub(crate) len: usize,
}

/// All lanes of a pass, on both sides.
///
/// The workers of a pass share it; each strip is taken by one of them.
#[derive(Debug)]
pub(crate) struct Field<T> {
    from: Ends<T>,
    to: Ends<T>,
    lanes: SmallVec<[Lane; 4]>,
    width: usize,
    across: usize,
    count: usize,
}

// SAFETY: the addresses are of arrays that the caller of the transform borrowed for its length; workers write disjoint lanes.
unsafe impl<T: Real> Sync for Field<T> {}
// SAFETY: as above.
unsafe impl<T: Real> Send for Field<T> {}

impl<T: Real> Field<T> {
    /// The lanes, `width` neighbours along the last lane axis to a strip.
    ///
    /// # Safety
    /// Every element of both sides, at any index within the lanes' extents and the sides' lengths, is memory of the judged call (or a temporary) that nobody else
    /// uses; no two lanes of the writing side share elements, and where a lane shares memory with the reading side it is with its own lane alone.
    pub(crate) unsafe fn new(from: Ends<T>, to: Ends<T>, lanes: impl IntoIterator<Item = Lane>, width: usize) -> Field<T> {
        let mut lanes: SmallVec<[Lane; 4]> = lanes.into_iter().collect();
        if lanes.is_empty() {
            lanes.push(Lane { extent: 1, from: 0, to: 0 });
        }
        let inner = lanes[lanes.len() - 1].extent;
        let across = inner.div_ceil(width);
        let count = lanes[..lanes.len() - 1].iter().map(|lane| lane.extent).product::<usize>() * across;
        Field { from, to, lanes, width, across, count }
    }

    /// Strips there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The two sides of a strip.
    ///
    /// # Panics
    /// If there is no such strip.
    pub(crate) fn strip(&self, index: usize) -> (Strip<T>, Strip<T>) {
        assert!(index < self.count);
        let (outer, inner) = self.lanes.split_at(self.lanes.len() - 1);
        let inner = inner[0];
        let mut rest = index / self.across;
        let first = index % self.across * self.width;
        let (mut from, mut to) = (inner.from * first as isize, inner.to * first as isize);
        for lane in outer.iter().rev() {
            let at = (rest % lane.extent) as isize;
            rest /= lane.extent;
            from += lane.from * at;
            to += lane.to * at;
        }
        let count = self.width.min(inner.extent - first);
        let side = |ends: &Ends<T>, offset: isize, lane: isize| Strip {
            data: ends.data.wrapping_offset(offset),
            step: ends.step,
            len: ends.len,
            lane,
            count,
        };
        (side(&self.from, from, inner.from), side(&self.to, to, inner.to))
    }
}

/// Some neighbouring lanes of one side. Only a [`Field`] makes them.
#[derive(Debug)]
pub(crate) struct Strip<T> {
    pub(super) data: *mut T,
    pub(super) step: isize,
    /// Elements of a lane.
    pub(crate) len: usize,
    pub(super) lane: isize,
    /// Lanes.
    pub(crate) count: usize,
}

impl<T: Real> Strip<T> {
    /// Where a lane begins: a place for the ends of a pass within it.
    ///
    /// # Panics
    /// If there is no such lane.
    pub(crate) fn address(&self, lane: usize) -> *mut T {
        assert!(lane < self.count);
        self.data.wrapping_offset(self.lane * lane as isize)
    }

    /// Whether its lanes are neighbours and `width` of them.
    #[inline(always)]
    pub(crate) fn fills(&self, width: usize) -> bool {
        self.lane == 2 && self.count == width
    }

    /// Copies lanes to a buffer in which they are neighbours, `width` to a row of it and `n` rows, zeros where there is none; `work` gets that strip.
    ///
    /// # Panics
    /// If the buffer is too small.
    pub(crate) fn with_neighbours<R>(&self, buffer: &mut [T], width: usize, n: usize, work: impl FnOnce(&Strip<T>) -> R) -> R {
        assert!(self.count <= width && self.len <= n && 2 * width * n <= buffer.len());
        let known = if self.count < width { 0 } else { 2 * width * self.len };
        buffer[known..2 * width * n].fill(T::ZERO);
        let near = Strip { data: buffer.as_mut_ptr(), step: 2 * width as isize, len: self.len, lane: 2, count: self.count };
        // SAFETY: the lanes of this strip, and a buffer large enough that nobody else has.
        unsafe { near.copy_of(self) };
        work(&Strip { count: width, len: n, ..near })
    }

    /// Has `fill` write a strip of neighbours in a buffer, `width` to a row of it and `n` rows, and copies those that there are to the lanes.
    ///
    /// # Panics
    /// If the buffer is too small.
    pub(crate) fn from_neighbours(&self, buffer: &mut [T], width: usize, n: usize, fill: impl FnOnce(&Strip<T>)) {
        assert!(self.count <= width && self.len <= n && 2 * width * n <= buffer.len());
        let near = Strip { data: buffer.as_mut_ptr(), step: 2 * width as isize, len: n, lane: 2, count: width };
        fill(&near);
        // SAFETY: the buffer as `fill` left it, and lanes that are this worker's alone.
        unsafe { self.copy_of(&Strip { count: self.count, len: self.len, ..near }) };
    }

    /// Copies the complex elements of another strip as large.
    ///
    /// # Safety
    /// Those may be read and these written, and no memory is both.
    unsafe fn copy_of(&self, from: &Strip<T>) {
        // SAFETY: elements of both strips.
        unsafe {
            if from.step == 2 && self.lane == 2 {
                transpose(
                    Matrix { data: from.data.cast_const(), step: from.lane },
                    Matrix { data: self.data, step: self.step },
                    self.count,
                    self.len,
                );
            } else if from.lane == 2 && self.step == 2 {
                transpose(
                    Matrix { data: from.data.cast_const(), step: from.step },
                    Matrix { data: self.data, step: self.lane },
                    self.len,
                    self.count,
                );
            } else {
                for j in 0..self.len as isize {
                    let (from_row, row) = (from.data.wrapping_offset(from.step * j), self.data.wrapping_offset(self.step * j));
                    for l in 0..self.count as isize {
                        let element = from_row.wrapping_offset(from.lane * l).cast::<Complex<T>>().read();
                        row.wrapping_offset(self.lane * l).cast::<Complex<T>>().write(element);
                    }
                }
            }
        }
    }

    /// Dense rows of real elements as rows of half as many complex ones.
    ///
    /// # Panics
    /// If lanes are no such rows.
    pub(crate) fn paired(&self) -> Strip<T> {
        assert!(self.is_real_rows());
        Strip { step: 2, len: self.len / 2, ..*self }
    }

    /// The first elements of the lanes.
    ///
    /// # Panics
    /// If there are not as many.
    pub(crate) fn first(&self, len: usize) -> Strip<T> {
        assert!(len <= self.len);
        Strip { len, ..*self }
    }

    /// Some of its lanes.
    ///
    /// # Panics
    /// If there are no such lanes.
    pub(crate) fn some(&self, lanes: Range<usize>) -> Strip<T> {
        assert!(lanes.end <= self.count);
        Strip { data: self.address(lanes.start), count: lanes.len(), ..*self }
    }

    /// One lane, a dense row, as the rows of a matrix of `width` columns: a strip of neighbours.
    ///
    /// # Panics
    /// If it is no dense row, or `width` does not divide it.
    pub(crate) fn folded(&self, lane: usize, width: usize) -> Strip<T> {
        assert!(self.is_complex_rows() && self.len.is_multiple_of(width));
        Strip { data: self.address(lane), step: 2 * width as isize, len: self.len / width, lane: 2, count: width }
    }

    /// Whether elements of a lane lie so far apart, few to a page, that a processor does not see by itself what comes next.
    #[inline(always)]
    pub(crate) fn is_far(&self) -> bool {
        const FAR: usize = 2048;
        self.step.unsigned_abs() * size_of::<T>() >= FAR
    }

    /// Has the processor fetch an element of the first lanes, `parts` units of `T`; any number will do.
    #[inline(always)]
    pub(crate) fn fetch(&self, index: usize, parts: usize) {
        prefetch(self.data.wrapping_offset(self.step * index as isize), parts);
    }

    /// The step from lane to lane.
    pub(crate) fn apart(&self) -> isize {
        self.lane
    }

    /// Whether both begin at one address.
    pub(crate) fn same_place(&self, other: &Strip<T>) -> bool {
        self.data == other.data
    }

    /// Whether lanes are dense rows of complex elements.
    pub(crate) fn is_complex_rows(&self) -> bool {
        self.step == 2 || self.len == 1
    }

    /// Whether lanes are dense rows of real elements.
    pub(crate) fn is_real_rows(&self) -> bool {
        self.step == 1 || self.len == 1
    }

    /// The lanes that one row after another lie in memory with no gap: all, or one.
    pub(crate) fn rows_together(&self) -> usize {
        if self.is_complex_rows() && (self.lane == 2 * self.len as isize || self.count == 1) { self.count } else { 1 }
    }

    /// Complex lanes `first..first + count`, which lie in dense rows without gaps.
    ///
    /// # Panics
    /// If they do not.
    pub(crate) fn complex_rows(&self, first: usize, count: usize) -> &[Complex<T>] {
        assert!(self.is_complex_rows() && first + count <= self.count && (count == 1 || self.rows_together() == self.count));
        // SAFETY: these elements are the lanes', whose memory the field's maker vouched for; nobody writes them while this worker reads.
        unsafe { std::slice::from_raw_parts(self.data.wrapping_offset(self.lane * first as isize).cast(), count * self.len) }
    }

    /// As [`Strip::complex_rows`], to be written.
    ///
    /// # Panics
    /// If they are no such rows.
    #[allow(clippy::mut_from_ref, reason = "a strip stands for memory that its worker alone uses; reads of the same lanes have ended")]
    pub(crate) fn complex_rows_mut(&self, first: usize, count: usize) -> &mut [Complex<T>] {
        assert!(self.is_complex_rows() && first + count <= self.count && (count == 1 || self.rows_together() == self.count));
        // SAFETY: as above, and these lanes are this worker's alone.
        unsafe { std::slice::from_raw_parts_mut(self.data.wrapping_offset(self.lane * first as isize).cast(), count * self.len) }
    }

    /// One lane of reals that is a dense row.
    ///
    /// # Panics
    /// If it is not.
    pub(crate) fn real_row(&self, lane: usize) -> &[T] {
        assert!(self.is_real_rows() && lane < self.count);
        // SAFETY: as in `complex_rows`.
        unsafe { std::slice::from_raw_parts(self.data.wrapping_offset(self.lane * lane as isize), self.len) }
    }

    /// As [`Strip::real_row`], to be written.
    ///
    /// # Panics
    /// As there.
    #[allow(clippy::mut_from_ref, reason = "as for complex rows")]
    pub(crate) fn real_row_mut(&self, lane: usize) -> &mut [T] {
        assert!(self.is_real_rows() && lane < self.count);
        // SAFETY: as in `complex_rows_mut`.
        unsafe { std::slice::from_raw_parts_mut(self.data.wrapping_offset(self.lane * lane as isize), self.len) }
    }

    /// Copies the lanes to rows of `n` elements each; what a lane lacks is zero.
    ///
    /// # Panics
    /// If lanes are longer than `n`, or the rows too few.
    pub(crate) fn gather_complex(&self, rows: &mut [Complex<T>], n: usize) {
        assert!(self.len <= n && self.count * n <= rows.len());
        let dense = Strip { data: rows.as_mut_ptr().cast(), step: 2, len: self.len, lane: 2 * n as isize, count: self.count };
        // SAFETY: the lanes of this strip, and rows large enough that nobody else has.
        unsafe { dense.copy_of(self) };
        pad(rows, n, self.len, self.count, Complex::new(T::ZERO, T::ZERO));
    }

    /// As [`Strip::gather_complex`], for reals.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn gather_real(&self, rows: &mut [T], n: usize) {
        assert!(self.len <= n && self.count * n <= rows.len());
        self.blocks(|lane, j| {
            // SAFETY: element j of a lane of this strip.
            rows[lane * n + j] = unsafe { self.data.wrapping_offset(self.lane * lane as isize + self.step * j as isize).read() };
        });
        pad(rows, n, self.len, self.count, T::ZERO);
    }

    /// Copies dense rows of as many elements as the lanes have to the lanes.
    ///
    /// # Panics
    /// If the rows are too few.
    pub(crate) fn scatter_complex(&self, rows: &mut [Complex<T>]) {
        assert!(self.count * self.len <= rows.len());
        let dense = Strip { data: rows.as_mut_ptr().cast(), step: 2, len: self.len, lane: 2 * self.len as isize, count: self.count };
        // SAFETY: rows that nobody else has, and the lanes of this strip, which are this worker's alone.
        unsafe { self.copy_of(&dense) };
    }

    /// As [`Strip::scatter_complex`], for reals, each multiplied by `factor`.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn scatter_real(&self, rows: &[T], factor: T) {
        let n = self.len;
        assert!(self.count * n <= rows.len());
        self.blocks(|lane, j| {
            // SAFETY: element j of a lane of this strip, which is this worker's alone.
            unsafe { self.data.wrapping_offset(self.lane * lane as isize + self.step * j as isize).write(rows[lane * n + j] * factor) };
        });
    }

    /// Visits every element in an order that uses whole cache lines on both sides: along the lanes where those are dense, else in blocks.
    #[inline(always)]
    fn blocks(&self, mut visit: impl FnMut(usize, usize)) {
        const BLOCK: usize = 8;
        if self.step.unsigned_abs() <= self.lane.unsigned_abs() || self.count == 1 {
            for lane in 0..self.count {
                (0..self.len).for_each(|j| visit(lane, j));
            }
            return;
        }
        let mut begin = 0;
        while begin < self.len {
            let end = self.len.min(begin + BLOCK);
            for lane in 0..self.count {
                (begin..end).for_each(|j| visit(lane, j));
            }
            begin = end;
        }
    }
}

/// Fills the ends of `count` rows of `n` elements, of which the first `len` are there.
fn pad<E: Copy>(rows: &mut [E], n: usize, len: usize, count: usize, zero: E) {
    if len < n {
        rows.chunks_exact_mut(n).take(count).for_each(|row| row[len..].fill(zero));
    }
}
