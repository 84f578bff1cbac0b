//! One output shared by columns.
//!
//! Owns the pointers by which several threads write into one output without knowing of each other. Must not know what is written.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

/// Some columns of an output seen as rows of a fixed width, of which the first may begin and the
/// last may end anywhere.
///
/// Several `Columns` of one output lie side by side, so that threads can write without knowing of
/// each other. Columns are counted from the share's own first.
pub(in crate::cpu) struct Columns<'a, T> {
    /// The output.
    out: *mut T,
    len: usize,
    /// Values of row 0 that lie before the output's start.
    skipped: usize,
    /// Values in a row.
    width: usize,
    /// This share's columns of each row.
    own: Range<usize>,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: a `Columns` is exclusive access to its own part of a `&mut [T]`, which may be sent where
// `T` may.
unsafe impl<T: Send> Send for Columns<'_, T> {}

impl<'a, T> Columns<'a, T> {
    /// Shares out the columns of `out`, `each` to a share. Row 0 begins `skipped` values before
    /// `out`.
    pub(in crate::cpu) fn split(out: &'a mut [T], skipped: usize, width: usize, each: usize) -> Vec<Self> {
        assert!(skipped < width && each > 0, "row 0 must hold the first value, and a share a column");
        let (len, out) = (out.len(), out.as_mut_ptr());
        let share = |start: usize| {
            let own = start..(start + each).min(width);
            Self { out, len, skipped, width, own, owner: PhantomData }
        };
        (0..width).step_by(each).map(share).collect()
    }

    /// Rows of which the output holds anything.
    pub(in crate::cpu) fn rows(&self) -> usize {
        (self.skipped + self.len).div_ceil(self.width)
    }

    /// Rows that the output holds whole; may be empty, and then start after its end.
    pub(in crate::cpu) fn whole_rows(&self) -> Range<usize> {
        usize::from(self.skipped > 0)..(self.skipped + self.len) / self.width
    }

    /// The part of some columns that the output holds of a row.
    pub(in crate::cpu) fn present(&self, row: usize, columns: Range<usize>) -> Range<usize> {
        let base = row * self.width + self.own.start;
        let start = columns.start.max(self.skipped.saturating_sub(base));
        let end = columns.end.min((self.skipped + self.len).saturating_sub(base));
        start..end.max(start)
    }

    /// Some columns of some rows, row after row. The output must hold all of it.
    pub(in crate::cpu) fn tile(&mut self, rows: Range<usize>, columns: Range<usize>) -> Tile<'_, T> {
        assert!(columns.start <= columns.end && columns.end <= self.own.len(), "columns of another share");
        assert!(rows.start < rows.end && rows.end <= self.rows(), "rows that are not there");
        let start = rows.start * self.width + self.own.start + columns.start;
        let end = (rows.end - 1) * self.width + self.own.start + columns.end;
        assert!(self.skipped <= start && end - self.skipped <= self.len, "rows that the output does not hold");
        Tile {
            // SAFETY: `start - skipped <= end - skipped <= len`, so this stays inside the output or
            // one past it.
            next: unsafe { self.out.add(start - self.skipped) },
            rows: rows.len(),
            columns: columns.len(),
            width: self.width,
            owner: PhantomData,
        }
    }
}

/// Some columns of some rows: an iterator over slices that do not overlap.
pub(in crate::cpu) struct Tile<'a, T> {
    next: *mut T,
    /// Rows to come.
    rows: usize,
    columns: usize,
    width: usize,
    owner: PhantomData<&'a mut [T]>,
}

impl<'a, T> Iterator for Tile<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a mut [T]> {
        self.rows = self.rows.checked_sub(1)?;
        let row = self.next;
        // Past the last row this may leave the output; it is not used then.
        self.next = row.wrapping_add(self.width);
        // SAFETY: `Columns::tile` saw that each of its rows lies inside the output, which is
        // borrowed mutably for 'a. Within a tile, rows do not overlap (`columns <= width`); tiles
        // of one `Columns` follow each other (`&mut self`); those of others have other columns.
        Some(unsafe { std::slice::from_raw_parts_mut(row, self.columns) })
    }
}
