//! XORWOW as cuRAND's host library serves it: 4096 lanes, visited in turn.
//!
//! Owns the recurrence and where each lane starts. Must not know why the stream starts where it starts, nor what is made of the draws.

mod block;
mod jump;
mod place;
mod recurrence;

pub(in crate::cpu) use block::Block;

use jump::Jump;

use super::item;
use super::lanes::Lanes;
use super::pairs::Recurrence;
use crate::backend::Origin;
use crate::scalar::{SCALE_32, unit_f64};

/// The state of one generator.
pub(super) type Backend = Lanes<Block>;

/// Lanes of a generator.
const LANES: usize = 4096;

/// What XORWOW's draws stand for: 32 bits each.
pub(super) struct Numbers;

impl item::Numbers for Numbers {
    const WIDE: usize = 2;

    #[inline(always)]
    fn unit_f64(x: u32, y: u32) -> f64 {
        unit_f64(x, y)
    }

    #[inline(always)]
    fn angle_f32(x: u32) -> f32 {
        const TURN: f32 = SCALE_32 * std::f32::consts::TAU;
        x as f32 * TURN + TURN / 2.0
    }
}

impl Recurrence for Block {
    type Numbers = Numbers;

    fn place(origin: Origin) -> (Vec<Self>, usize) {
        place::place(origin)
    }

    fn advance(blocks: &mut [Self], each: u64) {
        if each > 0 {
            let jump = Jump::by(each);
            for block in blocks {
                block.advance(&jump, each);
            }
        }
    }
}
