//! A block of neighbouring lanes, words of one kind side by side.
//!
//! Owns the step of a whole block, which touches three rows of words and moves none: the register
//! is a ring whose start the block knows. Must not know which lanes of the generator these are.

use std::ops::Range;

use super::jump::Jump;
use super::recurrence::{WEYL, Words, feed};
use crate::cpu::item::{Draws, RUN};
use crate::cpu::lanes;
use crate::state::{Reader, Writer};

/// [`RUN`] lanes.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(in crate::cpu) struct Block {
    /// Word `i` of lane `l`'s register is `ring[(head + i) % 5][l]`.
    ring: [[u32; RUN]; 5],
    /// A lane's counter is `counter[l] + weyl`.
    counter: [u32; RUN],
    weyl: u32,
    head: usize,
}

impl Block {
    pub(super) const EMPTY: Self = Self { ring: [[0; RUN]; 5], counter: [0; RUN], weyl: 0, head: 0 };

    /// Sets a lane of a block from which nothing was drawn yet.
    pub(super) fn set(&mut self, lane: usize, words: Words) {
        debug_assert_eq!((self.head, self.weyl), (0, 0));
        for (row, word) in self.ring.iter_mut().zip(words.register) {
            row[lane] = word;
        }
        self.counter[lane] = words.counter;
    }

    /// A lane of a block from which nothing was drawn yet.
    pub(super) fn get(&self, lane: usize) -> Words {
        debug_assert_eq!((self.head, self.weyl), (0, 0));
        Words { register: self.ring.map(|row| row[lane]), counter: self.counter[lane] }
    }

    /// Leaves out `each` draws of every lane, whose jump is given.
    pub(super) fn advance(&mut self, jump: &Jump, each: u64) {
        for lane in 0..RUN {
            let at = |i: usize| (self.head + i) % 5;
            let register = jump.apply(std::array::from_fn(|i| self.ring[at(i)][lane]));
            for (i, word) in register.into_iter().enumerate() {
                self.ring[at(i)][lane] = word;
            }
        }
        self.weyl = self.weyl.wrapping_add(WEYL.wrapping_mul(each as u32));
    }

    #[inline(always)]
    fn draw_at<const OLDEST: usize, const NEWEST: usize>(&mut self, out: &mut [u32; RUN]) {
        // A copy: what the loop stores could be this word, for all that the compiler knows, and no vectors then.
        let weyl = self.weyl.wrapping_add(WEYL);
        self.weyl = weyl;
        for (lane, out) in out.iter_mut().enumerate() {
            let word = feed(self.ring[OLDEST][lane], self.ring[NEWEST][lane]);
            self.ring[OLDEST][lane] = word;
            *out = word.wrapping_add(self.counter[lane]).wrapping_add(weyl);
        }
    }

    /// One draw from one lane; the others stay.
    pub(super) fn draw_one(&mut self, lane: usize) -> u32 {
        let at = |i: usize| (self.head + i) % 5;
        let word = feed(self.ring[at(0)][lane], self.ring[at(4)][lane]);
        for i in 0..4 {
            self.ring[at(i)][lane] = self.ring[at(i + 1)][lane];
        }
        self.ring[at(4)][lane] = word;
        self.counter[lane] = self.counter[lane].wrapping_add(WEYL);
        word.wrapping_add(self.counter[lane]).wrapping_add(self.weyl)
    }
}

impl lanes::Block for Block {
    #[inline(always)]
    fn draw(&mut self, out: &mut [u32; RUN]) {
        match self.head {
            0 => self.draw_at::<0, 4>(out),
            1 => self.draw_at::<1, 0>(out),
            2 => self.draw_at::<2, 1>(out),
            3 => self.draw_at::<3, 2>(out),
            _ => self.draw_at::<4, 3>(out),
        }
        self.head = if self.head == 4 { 0 } else { self.head + 1 };
    }

    fn draw_some(&mut self, lanes: Range<usize>, count: usize, out: &mut Draws) {
        for (i, lane) in lanes.enumerate() {
            for out in out.iter_mut().take(count) {
                out[i] = self.draw_one(lane);
            }
        }
    }

    fn save(&self, writer: &mut Writer) {
        for i in 0..5 {
            writer.all(&self.ring[(self.head + i) % 5]);
        }
        writer.all(&self.counter.map(|counter| counter.wrapping_add(self.weyl)));
    }

    fn load(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        *self = Self::EMPTY;
        self.ring.iter_mut().try_for_each(|row| reader.all(row))?;
        reader.all(&mut self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::super::recurrence::{seeded, step};
    use super::lanes::Block as _;
    use super::*;

    #[test]
    fn whole_and_single_draws_follow_the_recurrence_in_any_mix() {
        let mut block = Block::EMPTY;
        let mut plain: Vec<Words> = (0..RUN as u64).map(seeded).collect();
        for (lane, &words) in plain.iter().enumerate() {
            block.set(lane, words);
        }
        let next = |words: &mut Words| {
            words.register = step(words.register);
            words.counter = words.counter.wrapping_add(WEYL);
            words.register[4].wrapping_add(words.counter)
        };
        let mut out = [0; RUN];
        for round in 0..40 {
            if round % 3 == 0 {
                for lane in [0, 5, RUN - 1, round] {
                    assert_eq!(block.draw_one(lane), next(&mut plain[lane]));
                }
            } else {
                block.draw(&mut out);
                let want: Vec<u32> = plain.iter_mut().map(next).collect();
                assert_eq!(out.as_slice(), want);
            }
        }
    }
}
