//! Generators that are many recurrences ("lanes") visited in turn.
//!
//! Owns the cursor and the walk over an output. What a block of lanes holds and how it steps is its own; items say what a visit makes of the
//! draws. Must not know why the stream starts where it starts.

mod fill;
mod large_poisson;

use std::ops::Range;

use super::item::{Draws, RUN};
use crate::state::{Reader, Writer};

/// [`RUN`] neighbouring lanes.
pub(in crate::cpu) trait Block: Clone + Send + Sync {
    /// One draw from every lane.
    fn draw(&mut self, out: &mut [u32; RUN]);
    /// `count` draws from each of some lanes, left in the first columns of `out`.
    fn draw_some(&mut self, lanes: Range<usize>, count: usize, out: &mut Draws);
    /// Writes the block's state.
    fn save(&self, writer: &mut Writer);
    /// Reads what `save` wrote.
    fn load(&mut self, reader: &mut Reader<'_>) -> Option<()>;
}

/// All lanes of a generator; none until it is started.
#[derive(Clone)]
pub(in crate::cpu) struct Lanes<B> {
    pub(in crate::cpu) blocks: Vec<B>,
    /// The lane that serves next.
    pub(in crate::cpu) cursor: usize,
    /// Second values of normal pairs kept by large Poisson requests for a lane's next visit; empty until there is one.
    pub(in crate::cpu) kept: Vec<Option<f32>>,
}

impl<B> Default for Lanes<B> {
    fn default() -> Self {
        Self { blocks: Vec::new(), cursor: 0, kept: Vec::new() }
    }
}

impl<B: Block> Lanes<B> {
    pub(in crate::cpu) fn lanes(&self) -> usize {
        self.blocks.len() * RUN
    }

    /// From fresh lanes.
    pub(in crate::cpu) fn restart(&mut self, blocks: Vec<B>, cursor: usize) {
        *self = Self { blocks, cursor, kept: Vec::new() };
    }

    pub(in crate::cpu) fn save(&self, writer: &mut Writer) {
        writer.u32(self.cursor as u32);
        writer.u32(self.kept.len() as u32);
        for kept in &self.kept {
            writer.u32(u32::from(kept.is_some()));
            writer.u32(kept.unwrap_or(0.0).to_bits());
        }
        for block in &self.blocks {
            block.save(writer);
        }
    }

    /// Reads what `save` wrote into started lanes.
    pub(in crate::cpu) fn load(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.cursor = reader.below(self.lanes())?;
        let kept = reader.below(self.lanes() + 1)?;
        self.kept.clear();
        for _ in 0..kept {
            let (some, value) = (reader.u32()?, reader.u32()?);
            self.kept.push((some == 1).then_some(f32::from_bits(value)));
        }
        self.blocks.iter_mut().try_for_each(|block| block.load(reader))
    }
}
