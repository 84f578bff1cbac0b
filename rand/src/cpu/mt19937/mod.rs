//! MT19937 as cuRAND's host library serves it: 8192 lanes of one sequence, far apart, each visited for eight values.
//!
//! Owns the columns: an output is rows of 65536 values, eight from each lane, and the values that a row takes from a lane are not neighbours in
//! its sequence. Lanes are made when first needed: each costs a jump. Must not know what is made of the draws.

mod jump;
mod twist;

use std::ops::Range;
use std::sync::Arc;

use super::counts::Family;
use super::item::{self, Draws, RUN};
use super::lanes;
use super::twisters::{Twister, Twisters};
use crate::backend::Origin;
use crate::scalar::{WIDE_SCALE_32, middle_f64};
use crate::state::{Reader, Writer};
use twist::{N, State};

/// The state of one generator.
pub(super) type Backend = Twisters<Block>;

/// Lanes of a generator.
pub(crate) const LANES: usize = 8192;
/// Values taken from a lane in a row.
const VISIT: usize = 8;
/// Lanes of a block.
const BLOCK_LANES: usize = RUN / VISIT;
/// Rows after which each of a lane's words was taken once.
const ROWS: usize = N / VISIT;

/// What MT19937's draws stand for: 32 bits, whatever is made of them.
pub(super) struct Numbers;

impl item::Numbers for Numbers {
    const WIDE: usize = 1;

    #[inline(always)]
    fn unit_f32(x: u32) -> f32 {
        ((f64::from(x) + 0.5) * WIDE_SCALE_32) as f32
    }

    #[inline(always)]
    fn unit_f64(x: u32, _: u32) -> f64 {
        middle_f64(x)
    }
}

/// Sixteen lanes.
#[derive(Clone)]
pub(super) struct Block {
    /// The first lane of the generator, from which the block's are reached by jumps.
    first: Arc<State>,
    /// The number of the block's first lane.
    number: usize,
    /// None until something is drawn.
    states: Option<Vec<State>>,
    /// The next row of the 78 that the states hold; `ROWS` if they must be twisted first.
    row: usize,
    /// The row that is being given out.
    current: [u32; RUN],
}

impl Block {
    fn states(&mut self) -> &mut Vec<State> {
        self.states.get_or_insert_with(|| jump::lanes(&self.first, self.number, BLOCK_LANES))
    }

    /// Where a row's first value lies in a lane's words, and how far apart its values are; row 0 is a list.
    fn place(row: usize, visit: usize) -> usize {
        const FIRST: [usize; VISIT] = [0, 113, 170, 283, 340, 397, 510, 567];
        const GROUP: [usize; 11] = [1, 57, 114, 171, 227, 284, 341, 398, 454, 511, 568];
        if row == 0 { FIRST[visit] } else { GROUP[(row - 1) / 7] + 7 * visit + (row - 1) % 7 }
    }
}

impl lanes::Block for Block {
    #[inline(always)]
    fn draw(&mut self, out: &mut [u32; RUN]) {
        let row = if self.row == ROWS {
            self.states().iter_mut().for_each(State::twist);
            0
        } else {
            self.row
        };
        let places: [usize; VISIT] = std::array::from_fn(|visit| Self::place(row, visit));
        for (out, state) in out.as_chunks_mut::<VISIT>().0.iter_mut().zip(self.states()) {
            for (out, place) in out.iter_mut().zip(places) {
                *out = state.word(place);
            }
        }
        for out in out.iter_mut() {
            *out = twist::temper(*out);
        }
        self.row = row + 1;
    }

    fn draw_some(&mut self, columns: Range<usize>, _: usize, out: &mut Draws) {
        if columns.start == 0 {
            let mut current = [0; RUN];
            self.draw(&mut current);
            self.current = current;
        }
        out[0][..columns.len()].copy_from_slice(&self.current[columns]);
    }

    fn save(&self, writer: &mut Writer) {
        writer.u32(self.row as u32);
        writer.u32(u32::from(self.states.is_some()));
        if let Some(states) = &self.states {
            states.iter().for_each(|state| writer.all(state.words()));
            writer.all(&self.current);
        }
    }

    fn load(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.row = reader.below(ROWS + 1)?;
        self.states = None;
        if reader.u32()? == 1 {
            let mut states = Vec::with_capacity(BLOCK_LANES);
            for _ in 0..BLOCK_LANES {
                let mut words = [0; N];
                reader.all(&mut words)?;
                states.push(State::from_words(words));
            }
            self.states = Some(states);
            reader.all(&mut self.current)?;
        }
        Some(())
    }
}

impl Twister for Block {
    type Numbers = Numbers;
    const FAMILY: Family = Family::Mt19937;

    fn place(origin: Origin) -> Vec<Self> {
        let first = Arc::new(State::seeded(origin.seed as u32));
        let block = |number| Self { first: Arc::clone(&first), number, states: None, row: ROWS, current: [0; RUN] };
        (0..LANES).step_by(BLOCK_LANES).map(block).collect()
    }
}
