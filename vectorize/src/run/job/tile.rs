//! Rows computed several at a time, where an operand's elements lie along another axis than the others'.
//!
//! Read row by row, such an operand (a transposed matrix) would give one element of every line of memory that is fetched. A tile is as many rows as make a line or two of it, and as
//! many columns as make a piece; its elements are turned on the way through the buffers. Knows what a [`Job`] knows; loops that may fail are left to whole rows, as the first element that
//! fails is the first in order.

use smallvec::SmallVec;

use super::super::memory::{Tile, copy_tile};
use super::{Access, BUFFERED_PIECE, Job, Kind, LINE, Worker};
use crate::broadcast::{Dims, Plan, offset};
use crate::error::Error;

/// Bytes of an operand that lie together in a tile.
const RUN_BYTES: usize = 128;
/// Fewest and most rows of a tile.
const ROWS: [usize; 2] = [8, 64];

/// How rows are cut into tiles.
pub(super) struct Tiles {
    /// Rows along the axis whose elements lie together, rows a tile, tiles of rows.
    rows: [usize; 3],
    /// Columns a tile, tiles of columns.
    columns: [usize; 2],
    /// Extents of the axes but those of rows and columns.
    outer: Dims,
    ways: SmallVec<[Way; 4]>,
}

/// How an operand lies in tiles.
struct Way {
    /// Bytes from row to row.
    row: isize,
    /// Bytes between elements along the outer axes.
    outer: Dims,
    /// Whether it is turned.
    turned: bool,
}

impl Tiles {
    pub(super) fn count(&self) -> usize {
        self.outer.iter().map(|e| *e as usize).product::<usize>() * self.rows[2] * self.columns[1]
    }
}

impl Job<'_> {
    /// The tiles that suit the operands, if any is to be turned.
    pub(super) fn tiled(&mut self, plan: &Plan) -> Result<Option<Tiles>, Error> {
        let (shape, last) = (plan.shape(), plan.shape().len() - 1);
        // Only an operand that is read or written through a buffer can be turned.
        let turned = |k: usize, axis: usize| {
            let (access, s) = (&self.accesses[k], plan.strides(k));
            let near = s[axis] != 0 && s[axis].unsigned_abs() <= LINE / 2 && s[last].unsigned_abs() >= LINE;
            near && matches!(access.kind, Kind::Stepped) && (access.plain || k < self.inputs)
        };
        let axis = (0..self.accesses.len()).find_map(|k| (0..last).find(|axis| shape[*axis] as usize >= ROWS[0] && turned(k, *axis)));
        let Some(axis) = axis else { return Ok(None) };
        if self.lp.warp(false)?.may_fail() {
            return Ok(None);
        }
        let others = |dims: &[isize]| -> Dims { (0..last).filter(|a| *a != axis).map(|a| dims[a]).collect() };
        let ways: SmallVec<[Way; 4]> =
            (0..self.accesses.len()).map(|k| Way { row: plan.strides(k)[axis], outer: others(plan.strides(k)), turned: turned(k, axis) }).collect();
        let widest = self.accesses.iter().zip(&ways).filter(|(_, way)| way.turned).map(|(access, _)| access.size).max().unwrap_or(1);
        let rows = shape[axis] as usize;
        let each = (RUN_BYTES / widest).clamp(ROWS[0], ROWS[1]);
        self.piece = BUFFERED_PIECE;
        let columns = BUFFERED_PIECE / each;
        // Every row's output must lie alike to lines.
        let output = &ways[self.inputs];
        self.lined &= ((output.row | output.outer.iter().fold(0, |bits, s| bits | s)) as usize).is_multiple_of(LINE);
        self.stream &= self.lined;
        let across = self.length + if self.lined { LINE } else { 0 };
        Ok(Some(Tiles { rows: [rows, each, rows.div_ceil(each)], columns: [columns, across.div_ceil(columns)], outer: others(shape), ways }))
    }

    /// Computes one tile.
    pub(super) fn tile(&self, worker: &mut Worker, tiles: &Tiles, unit: usize) -> Result<(), Error> {
        let [all_rows, each, row_tiles] = tiles.rows;
        let [width, column_tiles] = tiles.columns;
        let (place, rest) = (unit % column_tiles, unit / column_tiles);
        let (row, outer) = (rest % row_tiles * each, rest / row_tiles);
        let rows = each.min(all_rows - row);
        let base = |k: usize| -> *mut u8 {
            let (access, way) = (&self.accesses[k], &tiles.ways[k]);
            access.pointer.wrapping_offset(offset(&tiles.outer, &way.outer, outer) + row as isize * way.row)
        };
        let shift = if self.lined { self.shift(base(self.inputs)) } else { 0 };
        let start = (place * width).saturating_sub(shift).min(self.length);
        let n = self.length.min((place + 1) * width - shift) - start;
        if n == 0 {
            return Ok(());
        }
        let at = |k: usize| base(k).wrapping_offset(start as isize * self.accesses[k].step);
        // From row to row where the loop reads and writes.
        let mut firsts: SmallVec<[(*mut u8, isize); 8]> = SmallVec::new();
        for (k, access) in self.accesses.iter().enumerate() {
            let way = &tiles.ways[k];
            firsts.push(match access.kind {
                Kind::Direct => (at(k), way.row),
                Kind::Uniform if access.plain => (at(k), way.row),
                Kind::Uniform | Kind::Stepped | Kind::Grid => {
                    let buffer = worker.buffer(self, k);
                    self.fetch_tile(worker, k, way, at(k), [rows, n], buffer);
                    (buffer, (width * access.size) as isize)
                }
            });
        }
        for r in 0..rows as isize {
            for (pointer, (first, step)) in worker.pointers.iter_mut().zip(&firsts) {
                *pointer = first.wrapping_offset(r * step);
            }
            // SAFETY: each pointer is to `n` contiguous, aligned elements of the loop's type (one for a uniform input), by the maker's promise or in a buffer.
            unsafe {
                match &worker.streaming {
                    Some(entry) if !worker.exact && (start > 0 || shift == 0) => entry.call(&worker.pointers, n, 0, &worker.host)?,
                    _ => worker.entry.call(&worker.pointers, n, 0, &worker.host)?,
                }
            }
            self.judge_flags(worker, n, 0)?;
        }
        worker.host.check()?;
        for (k, access) in self.accesses.iter().enumerate().skip(self.inputs) {
            if let (Kind::Stepped, Some(scatter)) = (access.kind, access.scatter) {
                let (way, buffer, target) = (&tiles.ways[k], worker.buffer(self, k), at(k));
                let pitch = (width * access.size) as isize;
                if way.turned {
                    let tile = Tile { extents: [rows, n], from: [pitch, access.size as isize], to: [way.row, access.step] };
                    // SAFETY: results from the buffer to as many elements of the output.
                    unsafe { copy_tile(access.size, buffer, target, tile) };
                } else {
                    for r in 0..rows as isize {
                        // SAFETY: as above, of one row.
                        unsafe { scatter(buffer.wrapping_offset(r * pitch), target.wrapping_offset(r * way.row), access.step, n) };
                    }
                }
            }
        }
        Ok(())
    }

    /// Fills a buffer with an input's elements of a tile of so many rows and columns, row by row.
    fn fetch_tile(&self, worker: &mut Worker, k: usize, way: &Way, source: *mut u8, [rows, n]: [usize; 2], buffer: *mut u8) {
        let access: &Access = &self.accesses[k];
        let (Some(gather), Some(tiles)) = (access.gather, &self.tiles) else { return };
        let size = access.size as isize;
        let pitch = tiles.columns[0] as isize * size;
        if way.turned && access.plain {
            let tile = Tile { extents: [rows, n], from: [way.row, access.step], to: [pitch, size] };
            // SAFETY: elements of the operand, to a buffer that has room for a tile.
            unsafe { copy_tile(access.size, source, buffer, tile) };
        } else if way.turned {
            let columns = worker.buffer(self, 2 * self.accesses.len() - self.inputs);
            let column = rows as isize * size;
            for c in 0..n as isize {
                // SAFETY: as above, of one column.
                unsafe { gather(source.wrapping_offset(c * access.step), way.row, rows, columns.wrapping_offset(c * column)) };
            }
            // SAFETY: from one buffer to another.
            unsafe { copy_tile(access.size, columns, buffer, Tile { extents: [rows, n], from: [size, column], to: [pitch, size] }) };
        } else {
            let n = if let Kind::Uniform = access.kind { 1 } else { n };
            for r in 0..rows as isize {
                // SAFETY: as above, of one row.
                unsafe { gather(source.wrapping_offset(r * way.row), access.step, n, buffer.wrapping_offset(r * pitch)) };
            }
        }
    }
}
