//! Where each lane stands at the start of a stream.
//!
//! Owns cuRAND's layouts and the meaning of an offset: `offset` items of one draw each were served,
//! lane 0 first. Must not know what was served before.

use super::LANES;
use super::block::Block;
use super::jump::Jump;
use super::recurrence::{WEYL, Words, seeded};
use crate::backend::Origin;
use crate::cpu::item::RUN;
use crate::generator::Spread;

/// Between the seeds of neighbouring lanes.
const SEED_STEP: u64 = 3_133_713;

/// The lanes at `origin`, and the lane that serves first.
pub(super) fn place(origin: Origin) -> (Vec<Block>, usize) {
    let cursor = (origin.offset % LANES as u64) as usize;
    let rows = origin.offset / LANES as u64;
    let first = seeded(origin.seed);
    let mut blocks = vec![Block::EMPTY; LANES / RUN];
    let counted = |counter: u32| counter.wrapping_add(WEYL.wrapping_mul(rows as u32));
    match origin.layout.spread {
        // Jumps commute: skip the rows once, before the walk over the subsequences. The counter is
        // the same at the start of each: 2^67 is 0 modulo 2^32.
        Spread::Subsequences => {
            let next = Jump::subsequence();
            let mut register = Jump::by(rows).apply(first.register);
            for lane in 0..LANES {
                blocks[lane / RUN].set(lane % RUN, Words { register, counter: counted(first.counter) });
                register = next.apply(register);
            }
        }
        Spread::Seeds => {
            let skip = Jump::by(rows);
            for lane in 0..LANES {
                let words = seeded(origin.seed.wrapping_add(SEED_STEP.wrapping_mul(lane as u64)));
                let words = Words { register: skip.apply(words.register), counter: counted(words.counter) };
                blocks[lane / RUN].set(lane % RUN, words);
            }
        }
    }
    // Lanes below the cursor come round after the others, one row on; past item 2^64 - 1 comes item 0.
    if rows == u64::MAX / LANES as u64 && cursor > 0 {
        let (first_row, _) = place(Origin { offset: 0, ..origin });
        for lane in 0..cursor {
            blocks[lane / RUN].set(lane % RUN, first_row[lane / RUN].get(lane % RUN));
        }
    } else {
        for lane in 0..cursor {
            blocks[lane / RUN].draw_one(lane % RUN);
        }
    }
    (blocks, cursor)
}
