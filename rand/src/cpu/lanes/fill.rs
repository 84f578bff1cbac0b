//! The walk over an output: which block writes where, in what order, on which core.
//!
//! Owns the order of the walk. An output is rows of one item a lane, the first of which begins at the
//! cursor's column; a block writes the same columns of every row. So blocks need nothing of each
//! other: they are shared out over the cores, and each core goes down the rows a cache's worth at a
//! time. What is larger than the caches is made inside one, and written past them. Must not know what an item is.

use std::ops::Range;

use bytemuck::Zeroable;
use rayon::prelude::*;

use super::{Block, Lanes};
use crate::cpu::item::{Draws, Item, MAX_DRAWS, RUN};
use crate::cpu::sys::{self, Columns, Level, STREAM_BYTES, Stream, Tile, Work};

/// Items from which a request is worth several cores: some 50 microseconds of work.
const PARALLEL_ITEMS: usize = 1 << 16;
/// Bytes of output to write before going back for the next block: well inside a level-2 cache.
const TILE_BYTES: usize = 256 * 1024;
/// The same where what is written is only on its way out: the blocks stay in the cache too.
const STREAM_TILE_BYTES: usize = 128 * 1024;
/// Blocks that write neighbouring columns before what they wrote is sent out.
const STREAM_BLOCKS: usize = 32;

impl<B: Block> Lanes<B> {
    /// Fills `out` with items, from the cursor on; returns how many.
    pub(in crate::cpu) fn fill<I: Item>(&mut self, item: &I, out: &mut [I::Value]) -> u64 {
        let items = out.len() / I::VALUES;
        let tasks = if items >= PARALLEL_ITEMS { rayon::current_num_threads().min(self.blocks.len()) } else { 1 };
        let far = size_of_val(out) >= STREAM_BYTES;
        self.fill_at(Level::detect(), tasks, far, item, out);
        items as u64
    }

    /// Fills `out` in `tasks` shares, past the caches if `far`. Nothing of that, nor the level, changes a bit.
    fn fill_at<I: Item>(&mut self, level: Level, tasks: usize, far: bool, item: &I, out: &mut [I::Value]) {
        let items = out.len() / I::VALUES;
        let (lanes, blocks_each) = (self.lanes(), self.blocks.len().div_ceil(tasks));
        let columns = Columns::split(out, self.cursor * I::VALUES, lanes * I::VALUES, blocks_each * RUN * I::VALUES);
        if tasks == 1 {
            for (blocks, columns) in self.blocks.chunks_mut(blocks_each).zip(columns) {
                walk(level, lanes, far, item, blocks, columns);
            }
        } else {
            let shares = self.blocks.par_chunks_mut(blocks_each).zip(columns);
            shares.for_each(|(blocks, columns)| walk(level, lanes, far, item, blocks, columns));
        }
        self.cursor = (self.cursor + items) % lanes;
    }
}

/// Fills the columns of some neighbouring blocks, from the first row to the last.
fn walk<B: Block, I: Item>(level: Level, lanes: usize, far: bool, item: &I, blocks: &mut [B], mut columns: Columns<'_, I::Value>) {
    let whole = columns.whole_rows();
    for row in 0..whole.start {
        part_of_row(level, item, blocks, &mut columns, row);
    }
    if whole.start < whole.end {
        if far {
            whole_rows_far(level, item, blocks, &mut columns, whole.clone());
        } else {
            whole_rows(level, lanes, item, blocks, &mut columns, whole.clone());
        }
    }
    for row in whole.end.max(whole.start)..columns.rows() {
        part_of_row(level, item, blocks, &mut columns, row);
    }
}

fn whole_rows<B: Block, I: Item>(level: Level, lanes: usize, item: &I, blocks: &mut [B], columns: &mut Columns<'_, I::Value>, whole: Range<usize>) {
    let tile_rows = (TILE_BYTES / (lanes * I::VALUES * size_of::<I::Value>())).max(1);
    for first in whole.clone().step_by(tile_rows) {
        let rows = first..(first + tile_rows).min(whole.end);
        for (i, block) in blocks.iter_mut().enumerate() {
            sys::run(level, Rows { item, block, tile: columns.tile(rows.clone(), own(i, I::VALUES)) });
        }
    }
}

fn whole_rows_far<B: Block, I: Item>(level: Level, item: &I, blocks: &mut [B], columns: &mut Columns<'_, I::Value>, whole: Range<usize>) {
    let width = blocks.len().min(STREAM_BLOCKS) * RUN * I::VALUES;
    let tile_rows = (STREAM_TILE_BYTES / (width * size_of::<I::Value>())).max(1);
    let mut held = vec![I::Value::zeroed(); width * tile_rows];
    let stream = Stream::new();
    for first in whole.clone().step_by(tile_rows) {
        let rows = first..(first + tile_rows).min(whole.end);
        for (group, blocks) in blocks.chunks_mut(STREAM_BLOCKS).enumerate() {
            let here = blocks.len() * RUN * I::VALUES;
            let held = &mut held[..here * rows.len()];
            for mut columns in Columns::split(held, 0, here, here) {
                for (i, block) in blocks.iter_mut().enumerate() {
                    sys::run(level, Rows { item, block, tile: columns.tile(0..rows.len(), own(i, I::VALUES)) });
                }
            }
            let start = group * STREAM_BLOCKS * RUN * I::VALUES;
            for (out, held) in columns.tile(rows.clone(), start..start + here).zip(held.chunks(here)) {
                stream.copy(held, out);
            }
        }
    }
}

/// For every row of the tile: one item from each lane of the block.
struct Rows<'a, B, I: Item> {
    item: &'a I,
    block: &'a mut B,
    tile: Tile<'a, I::Value>,
}

impl<B: Block, I: Item> Work for Rows<'_, B, I> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        let mut draws: Draws = [[0; RUN]; MAX_DRAWS];
        for out in self.tile {
            for draws in draws.iter_mut().take(I::DRAWS) {
                self.block.draw(draws);
            }
            self.item.emit(&draws, out);
        }
    }
}

/// Values of block `i` in a row of its share's columns.
fn own(i: usize, values: usize) -> Range<usize> {
    i * RUN * values..(i + 1) * RUN * values
}

/// Fills what is there of a row that the output does not hold whole.
fn part_of_row<B: Block, I: Item>(level: Level, item: &I, blocks: &mut [B], columns: &mut Columns<'_, I::Value>, row: usize) {
    for (i, block) in blocks.iter_mut().enumerate() {
        let present = columns.present(row, own(i, I::VALUES));
        if present.len() == RUN * I::VALUES {
            sys::run(level, Rows { item, block, tile: columns.tile(row..row + 1, present) });
        } else if !present.is_empty() {
            let first = present.start / I::VALUES % RUN;
            let lanes = first..first + present.len() / I::VALUES;
            for out in columns.tile(row..row + 1, present) {
                some_lanes(item, block, lanes.clone(), out);
            }
        }
    }
}

/// One item from each of some neighbouring lanes of a block.
fn some_lanes<B: Block, I: Item>(item: &I, block: &mut B, lanes: Range<usize>, out: &mut [I::Value]) {
    let mut draws: Draws = [[0; RUN]; MAX_DRAWS];
    block.draw_some(lanes, I::DRAWS, &mut draws);
    item.emit(&draws, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Backend as _, Origin};
    use crate::cpu::item::{Bits, Pair, Uniform};
    use crate::cpu::xorwow::{self, Numbers};
    use crate::generator::{Layout, Spread};
    use std::fmt::Debug;
    use std::marker::PhantomData;

    const LANES: usize = 4096;

    fn started() -> Lanes<xorwow::Block> {
        let mut backend = xorwow::Backend::default();
        backend.start(Origin { seed: 7, offset: 5003, layout: Layout { lanes: LANES, spread: Spread::Seeds }, dims: 1 });
        backend
    }

    /// Every level and number of shares gives the bits of the plainest walk: single draws of single lanes.
    fn same_everywhere<I: Item<Value: Default + Debug + PartialEq>>(item: &I) {
        // Head, whole rows and tail; a part of one row; parts of two rows, none whole.
        for items in [3 * LANES + 700, 300, 4000, 20 * LANES] {
            let mut plain = started();
            let mut want = vec![I::Value::default(); items * I::VALUES];
            for (i, out) in want.chunks_mut(I::VALUES).enumerate() {
                let lane = (5003 + i) % LANES;
                let lanes = lane % RUN..lane % RUN + 1;
                some_lanes(item, &mut plain.blocks[lane / RUN], lanes, out);
            }
            for level in Level::available() {
                for (tasks, far) in [(1, false), (2, false), (5, false), (LANES / RUN, false), (1, true), (3, true)] {
                    let mut backend = started();
                    let mut got = vec![I::Value::default(); want.len()];
                    backend.fill_at(level, tasks, far, item, &mut got);
                    assert!(got == want, "{level:?}, {tasks} tasks, far {far}, {items} items");
                    assert_eq!(backend.cursor, (5003 + items) % LANES);
                }
            }
        }
    }

    #[test]
    fn no_level_or_number_of_shares_changes_a_bit() {
        const N: PhantomData<Numbers> = PhantomData;
        same_everywhere(&Bits(N));
        same_everywhere(&Uniform::<Numbers, f32>(N, PhantomData));
        same_everywhere(&Uniform::<Numbers, f64>(N, PhantomData));
        same_everywhere(&Pair::<Numbers, f32, false>::new(0.5, 2.0));
        same_everywhere(&Pair::<Numbers, f64, true>::new(0.5, 2.0));
    }
}
