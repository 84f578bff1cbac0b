//! One row cut into blocks that threads work on.

use num_complex::Complex;

use super::strip::Strip;
use crate::scalar::Real;

/// Consecutive elements, a block after another. Each block is to be taken by one worker.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    data: *mut Complex<T>,
    n: usize,
    size: usize,
}

// SAFETY: workers take disjoint blocks of memory that the strip's worker had to itself.
unsafe impl<T: Real> Sync for Blocks<T> {}

impl<T: Real> Blocks<T> {
    /// The first `n` elements of a strip's first lane, a dense row.
    ///
    /// # Panics
    /// If it is none, or shorter.
    pub(crate) fn new(row: &Strip<T>, n: usize, size: usize) -> Blocks<T> {
        assert!(row.is_complex_rows() && n <= row.len);
        Blocks { data: row.address(0).cast(), n, size }
    }

    /// Blocks there are.
    pub(crate) fn count(&self) -> usize {
        self.n.div_ceil(self.size)
    }

    /// The number of a block's first element, and its elements.
    ///
    /// # Panics
    /// If there is no such block.
    #[allow(clippy::mut_from_ref, reason = "blocks are disjoint, each taken by one worker")]
    pub(crate) fn block(&self, index: usize) -> (usize, &mut [Complex<T>]) {
        assert!(index < self.count());
        let first = index * self.size;
        // SAFETY: elements of the row, in this block alone.
        (first, unsafe { std::slice::from_raw_parts_mut(self.data.wrapping_add(first), self.size.min(self.n - first)) })
    }
}

/// The pairs of elements k and m - k of a row, for 0 < k < m/2, some at a time.
#[derive(Debug)]
pub(crate) struct Pairs<T> {
    data: *mut Complex<T>,
    m: usize,
    size: usize,
}

// SAFETY: as for blocks.
unsafe impl<T: Real> Sync for Pairs<T> {}

impl<T: Real> Pairs<T> {
    /// Those of a lane, a dense row of at least `m` elements.
    ///
    /// # Panics
    /// If it is none, or shorter.
    pub(crate) fn new(row: &Strip<T>, lane: usize, m: usize, size: usize) -> Pairs<T> {
        assert!(row.is_complex_rows() && m <= row.len);
        Pairs { data: row.address(lane).cast(), m, size }
    }

    fn pairs(&self) -> usize {
        self.m.saturating_sub(1) / 2
    }

    /// Blocks there are.
    pub(crate) fn count(&self) -> usize {
        self.pairs().div_ceil(self.size)
    }

    /// The least k of a block, its elements k in order, and its elements m - k, in order too: the last belongs to the first k.
    ///
    /// # Panics
    /// If there is no such block.
    #[allow(clippy::mut_from_ref, reason = "blocks are disjoint, each taken by one worker")]
    pub(crate) fn block(&self, index: usize) -> (usize, &mut [Complex<T>], &mut [Complex<T>]) {
        assert!(index < self.count());
        let first = 1 + index * self.size;
        let count = self.size.min(self.pairs() + 1 - first);
        // SAFETY: elements of the row: k below m/2 and m - k above it, in this block alone.
        unsafe {
            let lower = std::slice::from_raw_parts_mut(self.data.wrapping_add(first), count);
            let upper = std::slice::from_raw_parts_mut(self.data.wrapping_add(self.m + 1 - first - count), count);
            (first, lower, upper)
        }
    }
}
