//! A block of neighbouring lanes, words of one age side by side.
//!
//! Owns the step of a whole block. The words are rings whose start the block knows. Must not know which lanes of the generator these are.

use std::ops::Range;

use super::matrix::Jump;
use super::{M1, M2, Words};
use crate::cpu::item::{Draws, RUN};
use crate::cpu::lanes;
use crate::state::{Reader, Writer};

/// [`RUN`] lanes.
#[derive(Clone)]
#[repr(align(64))]
pub(in crate::cpu) struct Block {
    /// Word `i` of lane `l` is `x[(head + i) % 3][l]`, the oldest first.
    x: [[u32; RUN]; 3],
    y: [[u32; RUN]; 3],
    head: usize,
}

/// `value` modulo `2^32 - gap`, for values below 2^55 and gaps below 2^15.
#[inline(always)]
fn reduced(value: u64, gap: u64) -> u64 {
    let folded = (value >> 32) * gap + (value & 0xffff_ffff);
    let folded = (folded >> 32) * gap + (folded & 0xffff_ffff);
    let modulus = (1 << 32) - gap;
    if folded >= modulus { folded - modulus } else { folded }
}

/// The next word of each recurrence and the draw.
#[inline(always)]
fn step(x: [u32; 2], y: [u32; 2]) -> (u32, u32, u32) {
    let [oldest, middle] = x.map(u64::from);
    let next_x = reduced(1_403_580 * middle + 810_728 * (M1 - oldest), (1 << 32) - M1);
    let [oldest, newest] = y.map(u64::from);
    let next_y = reduced(527_612 * newest + 1_370_589 * (M2 - oldest), (1 << 32) - M2);
    let draw = if next_x <= next_y { next_x + M1 - next_y } else { next_x - next_y };
    (next_x as u32, next_y as u32, draw as u32)
}

impl Block {
    pub(super) const EMPTY: Self = Self { x: [[0; RUN]; 3], y: [[0; RUN]; 3], head: 0 };

    pub(super) fn set(&mut self, lane: usize, words: Words) {
        for i in 0..3 {
            self.x[(self.head + i) % 3][lane] = words.0[i];
            self.y[(self.head + i) % 3][lane] = words.1[i];
        }
    }

    fn get(&self, lane: usize) -> Words {
        let at = |i: usize| (self.head + i) % 3;
        (std::array::from_fn(|i| self.x[at(i)][lane]), std::array::from_fn(|i| self.y[at(i)][lane]))
    }

    pub(super) fn advance(&mut self, jump: &Jump) {
        for lane in 0..RUN {
            self.set(lane, jump.apply(self.get(lane)));
        }
    }

    /// One draw from one lane; the others stay.
    pub(super) fn draw_one(&mut self, lane: usize) -> u32 {
        let (x, y) = self.get(lane);
        let (next_x, next_y, draw) = step([x[0], x[1]], [y[0], y[2]]);
        self.set(lane, ([x[1], x[2], next_x], [y[1], y[2], next_y]));
        draw
    }

    #[inline(always)]
    fn draw_at<const OLDEST: usize, const MIDDLE: usize, const NEWEST: usize>(&mut self, out: &mut [u32; RUN]) {
        for (lane, out) in out.iter_mut().enumerate() {
            let (next_x, next_y, draw) = step([self.x[OLDEST][lane], self.x[MIDDLE][lane]], [self.y[OLDEST][lane], self.y[NEWEST][lane]]);
            self.x[OLDEST][lane] = next_x;
            self.y[OLDEST][lane] = next_y;
            *out = draw;
        }
    }
}

impl lanes::Block for Block {
    #[inline(always)]
    fn draw(&mut self, out: &mut [u32; RUN]) {
        match self.head {
            0 => self.draw_at::<0, 1, 2>(out),
            1 => self.draw_at::<1, 2, 0>(out),
            _ => self.draw_at::<2, 0, 1>(out),
        }
        self.head = if self.head == 2 { 0 } else { self.head + 1 };
    }

    fn draw_some(&mut self, lanes: Range<usize>, count: usize, out: &mut Draws) {
        for (i, lane) in lanes.enumerate() {
            for out in out.iter_mut().take(count) {
                out[i] = self.draw_one(lane);
            }
        }
    }

    fn save(&self, writer: &mut Writer) {
        for i in 0..3 {
            writer.all(&self.x[(self.head + i) % 3]);
            writer.all(&self.y[(self.head + i) % 3]);
        }
    }

    fn load(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.head = 0;
        for i in 0..3 {
            reader.all(&mut self.x[i])?;
            reader.all(&mut self.y[i])?;
        }
        let valid = |words: &[[u32; RUN]; 3], modulus: u64| words.iter().flatten().all(|&word| u64::from(word) < modulus);
        (valid(&self.x, M1) && valid(&self.y, M2)).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::lanes::Block as _;

    #[test]
    fn whole_and_single_draws_follow_the_recurrence() {
        let mut block = Block::EMPTY;
        let mut plain: Vec<([i64; 3], [i64; 3])> = Vec::new();
        for lane in 0..RUN {
            let words = ([lane as u32, 12345, (M1 - 1) as u32], [(M2 - 1) as u32, lane as u32, 7]);
            block.set(lane, words);
            plain.push((words.0.map(i64::from), words.1.map(i64::from)));
        }
        let mut out = [0; RUN];
        for _ in 0..20 {
            block.draw(&mut out);
            for (lane, (x, y)) in plain.iter_mut().enumerate() {
                let (m1, m2) = (M1 as i64, M2 as i64);
                let next_x = (1_403_580 * x[1] - 810_728 * x[0]).rem_euclid(m1);
                let next_y = (527_612 * y[2] - 1_370_589 * y[0]).rem_euclid(m2);
                (*x, *y) = ([x[1], x[2], next_x], [y[1], y[2], next_y]);
                let draw = if next_x <= next_y { next_x - next_y + m1 } else { next_x - next_y };
                assert_eq!(i64::from(out[lane]), draw);
            }
        }
        let before = block.clone();
        assert_eq!(block.draw_one(5), {
            let mut other = before;
            other.draw(&mut out);
            out[5]
        });
    }
}
