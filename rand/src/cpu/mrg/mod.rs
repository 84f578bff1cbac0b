//! MRG32k3a as cuRAND's host library serves it: 81920 lanes (4096 in the legacy ordering), visited in turn.
//!
//! Owns the recurrence (P. L'Ecuyer, "Good parameters and implementations for combined multiple recursive random number generators", 1999),
//! cuRAND's way from a seed to its words, and where each lane starts. Must not know what is made of the draws.

mod block;
mod matrix;

pub(in crate::cpu) use block::Block;

use matrix::Jump;

use super::item::{self, RUN};
use super::lanes::Lanes;
use super::pairs::Recurrence;
use crate::backend::Origin;

/// The state of one generator.
pub(super) type Backend = Lanes<Block>;

/// The modulus of the first recurrence.
const M1: u64 = 4_294_967_087;
/// The modulus of the second recurrence.
const M2: u64 = 4_294_944_443;
/// Neighbouring lanes start 2^76 draws apart.
const LANE_LOG2: u32 = 76;

/// What MRG32k3a's draws stand for: whole numbers from 1 to `M1`, of 32 bits whatever is made of them.
pub(super) struct Numbers;

impl item::Numbers for Numbers {
    const WIDE: usize = 1;

    #[inline(always)]
    fn bits(x: u32) -> u32 {
        (f64::from(x) * 1.000_000_048_662) as u32
    }

    #[inline(always)]
    fn unit_f32(x: u32) -> f32 {
        Self::unit_f64(x, 0) as f32
    }

    #[inline(always)]
    fn unit_f64(x: u32, _: u32) -> f64 {
        f64::from(x) * 2.328_306_549_837_829e-10
    }
}

/// Three words of each recurrence, the oldest first.
type Words = ([u32; 3], [u32; 3]);

fn seeded(seed: u64) -> Words {
    let word = |factor: u64, modulus: u64| if seed == 0 { 12345 } else { (12345 * factor % modulus) as u32 };
    let low = u64::from(seed as u32 ^ 0x5555_5555);
    let high = u64::from((seed >> 32) as u32 ^ 0xaaaa_aaaa);
    ([word(low, M1), word(high, M1), word(low, M1)], [word(high, M2), word(low, M2), word(high, M2)])
}

impl Recurrence for Block {
    type Numbers = Numbers;

    fn place(origin: Origin) -> (Vec<Self>, usize) {
        let lanes = origin.layout.lanes;
        let cursor = (origin.offset % lanes as u64) as usize;
        let mut words = Jump::by(origin.offset / lanes as u64).apply(seeded(origin.seed));
        let next = Jump::by_power(LANE_LOG2);
        let mut blocks = vec![Block::EMPTY; lanes / RUN];
        for lane in 0..lanes {
            blocks[lane / RUN].set(lane % RUN, words);
            words = next.apply(words);
        }
        for lane in 0..cursor {
            blocks[lane / RUN].draw_one(lane % RUN);
        }
        (blocks, cursor)
    }

    fn advance(blocks: &mut [Self], each: u64) {
        if each > 0 {
            let jump = Jump::by(each);
            for block in blocks {
                block.advance(&jump);
            }
        }
    }
}
