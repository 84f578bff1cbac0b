//! The unsafe ground of the CPU backend: one output shared by columns, and one loop compiled for
//! several instruction sets.
//!
//! Owns every pointer and every `target_feature` of the crate; what it offers is safe to call. The
//! loop is the same Rust in each version and no version has licence to fuse or reorder
//! floating-point operations, so all give the same bits. Must not know what is drawn.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use super::item::{Draws, Item, MAX_DRAWS, RUN};
use super::lanes::Block;

/// An instruction set that the loop was compiled for. Only [`Level::detect`] and
/// [`Level::available`] make one, so holding one proves that this CPU has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The widest that this CPU has and that `VERDIGRIS_CPU`, the name of a processor (read once), has too.
    pub(crate) fn detect() -> Self {
        static CHOSEN: OnceLock<Level> = OnceLock::new();
        *CHOSEN.get_or_init(|| Self::of_processor(&std::env::var("VERDIGRIS_CPU").unwrap_or_default()))
    }

    fn of_processor(name: &str) -> Self {
        let widest = Self::widest();
        match name {
            "x86-64" | "x86-64-v2" | "core2" | "nehalem" | "westmere" | "sandybridge" | "ivybridge" => Self(Set::Baseline),
            #[cfg(target_arch = "x86_64")]
            "x86-64-v3" | "haswell" | "broadwell" | "skylake" | "alderlake" | "znver1" | "znver2" | "znver3" if widest.0 == Set::Avx512 => {
                Self(Set::Avx2)
            }
            _ => widest,
        }
    }

    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
            {
                return Self(Set::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Baseline)
    }
}

#[cfg(test)]
impl Level {
    /// Every one that this CPU has.
    pub(crate) fn available() -> Vec<Self> {
        let sets = [
            Set::Baseline,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512,
        ];
        let widest = Self::widest().0 as usize;
        sets.into_iter().filter(|&set| set as usize <= widest).map(Self).collect()
    }
}

/// Runs `work` compiled for the level's instructions: what is inlined into it is, too.
pub(crate) fn run<R>(level: Level, work: impl FnOnce() -> R) -> R {
    match level.0 {
        Set::Baseline => work(),
        // SAFETY: a `Level` of this set exists only if the CPU was found to have its features.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { run_avx2(work) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { run_avx512(work) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
fn run_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// For every row of the tile: one item from each lane of the block.
pub(super) fn rows<B: Block, I: Item>(level: Level, item: &I, block: &mut B, tile: Tile<'_, I::Value>) {
    match level.0 {
        Set::Baseline => rows_here(item, block, tile),
        // SAFETY: a `Level` of this set exists only if the CPU was found to have its features.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { rows_avx2(item, block, tile) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { rows_avx512(item, block, tile) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn rows_avx2<B: Block, I: Item>(item: &I, block: &mut B, tile: Tile<'_, I::Value>) {
    rows_here(item, block, tile);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
fn rows_avx512<B: Block, I: Item>(item: &I, block: &mut B, tile: Tile<'_, I::Value>) {
    rows_here(item, block, tile);
}

#[inline(always)]
fn rows_here<B: Block, I: Item>(item: &I, block: &mut B, tile: Tile<'_, I::Value>) {
    let mut draws: Draws = [[0; RUN]; MAX_DRAWS];
    for out in tile {
        for draws in draws.iter_mut().take(I::DRAWS) {
            block.draw(draws);
        }
        item.emit(&draws, out);
    }
}

/// Some columns of an output seen as rows of a fixed width, of which the first may begin and the
/// last may end anywhere.
///
/// Several `Columns` of one output lie side by side, so that threads can write without knowing of
/// each other. Columns are counted from the share's own first.
pub(super) struct Columns<'a, T> {
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
    pub(super) fn split(out: &'a mut [T], skipped: usize, width: usize, each: usize) -> Vec<Self> {
        assert!(skipped < width && each > 0, "row 0 must hold the first value, and a share a column");
        let (len, out) = (out.len(), out.as_mut_ptr());
        let share = |start: usize| {
            let own = start..(start + each).min(width);
            Self { out, len, skipped, width, own, owner: PhantomData }
        };
        (0..width).step_by(each).map(share).collect()
    }

    /// Rows of which the output holds anything.
    pub(super) fn rows(&self) -> usize {
        (self.skipped + self.len).div_ceil(self.width)
    }

    /// Rows that the output holds whole; may be empty, and then start after its end.
    pub(super) fn whole_rows(&self) -> Range<usize> {
        usize::from(self.skipped > 0)..(self.skipped + self.len) / self.width
    }

    /// The part of some columns that the output holds of a row.
    pub(super) fn present(&self, row: usize, columns: Range<usize>) -> Range<usize> {
        let base = row * self.width + self.own.start;
        let start = columns.start.max(self.skipped.saturating_sub(base));
        let end = columns.end.min((self.skipped + self.len).saturating_sub(base));
        start..end.max(start)
    }

    /// Some columns of some rows, row after row. The output must hold all of it.
    pub(super) fn tile(&mut self, rows: Range<usize>, columns: Range<usize>) -> Tile<'_, T> {
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
pub(super) struct Tile<'a, T> {
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
