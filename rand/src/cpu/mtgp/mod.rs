//! MTGP32 as cuRAND's host library serves it: 192 twisters (64 in the other orderings), each with parameters of its own, 256 values in turn.
//!
//! Owns the recurrence (M. Saito and M. Matsumoto, "Variants of Mersenne twister suitable for graphic processors", 2013), the way from a seed to
//! its words and the columns. The parameters are `tables`'s; whoever built the generator saw that they are there. Must not know what is made of
//! the draws.

use std::ops::Range;
use std::sync::Arc;

use super::counts::Family;
use super::item::{self, Draws, RUN};
use super::lanes;
use super::twisters::{Twister, Twisters};
use crate::backend::Origin;
use crate::scalar::upper_f64;
use crate::state::{Reader, Writer};
use crate::tables::{self, TwisterSet};

/// The state of one generator.
pub(super) type Backend = Twisters<Block>;

/// Words of a twister's state.
const N: usize = 351;
/// Values taken from a twister in a row.
const VISIT: usize = 256;
/// Blocks of a twister; each keeps a state of its own, so that they need nothing of each other.
const PARTS: usize = VISIT / RUN;

/// What MTGP32's draws stand for: 32 bits, whatever is made of them.
pub(super) struct Numbers;

impl item::Numbers for Numbers {
    const WIDE: usize = 1;

    #[inline(always)]
    fn unit_f64(x: u32, _: u32) -> f64 {
        upper_f64(x)
    }
}

/// Half of the values of one twister.
#[derive(Clone)]
pub(super) struct Block {
    set: Arc<TwisterSet>,
    part: usize,
    /// The oldest first.
    words: [u32; N],
    /// The row that is being given out.
    current: [u32; RUN],
}

impl Block {
    fn seeded(set: Arc<TwisterSet>, part: usize, seed: u32) -> Self {
        let hidden = set.recursion[4] ^ set.recursion[8] << 16;
        let fold = hidden.wrapping_add(hidden >> 16);
        let fold = fold.wrapping_add(fold >> 8);
        let mut words = [(fold & 0xff) * 0x0101_0101; N];
        words[0] = seed;
        words[1] = hidden;
        for i in 1..N {
            let before = words[i - 1];
            words[i] ^= 1_812_433_253_u32.wrapping_mul(before ^ before >> 30).wrapping_add(i as u32);
        }
        Self { set, part, words, current: [0; RUN] }
    }
}

impl lanes::Block for Block {
    fn draw(&mut self, out: &mut [u32; RUN]) {
        let set = &*self.set;
        let middle = set.middle as usize;
        let mut words = [0; N + VISIT];
        words[..N].copy_from_slice(&self.words);
        for i in 0..VISIT {
            let mixed = (words[i] & set.mask) ^ words[i + 1];
            let mixed = mixed ^ mixed << set.left;
            let mixed = mixed ^ words[i + middle] >> set.right;
            words[N + i] = mixed ^ set.recursion[(mixed & 15) as usize];
        }
        let first = self.part * RUN;
        for (i, out) in (first..).zip(out.iter_mut()) {
            let other = words[i + middle - 1];
            let other = other ^ other >> 16;
            let other = other ^ other >> 8;
            *out = words[N + i] ^ set.tempering[(other & 15) as usize];
        }
        self.words.copy_from_slice(&words[VISIT..]);
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
        writer.all(&self.words);
        writer.all(&self.current);
    }

    fn load(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        reader.all(&mut self.words)?;
        reader.all(&mut self.current)
    }
}

impl Twister for Block {
    type Numbers = Numbers;
    const FAMILY: Family = Family::Mtgp32;

    fn place(origin: Origin) -> Vec<Self> {
        let twisters = origin.layout.lanes / VISIT;
        let folded = origin.seed as u32 ^ (origin.seed >> 32) as u32;
        let sets = tables::twister_sets().unwrap_or_default();
        let block = |(i, set): (usize, &Arc<TwisterSet>)| {
            let seed = folded.wrapping_add(i as u32).wrapping_add(1);
            std::array::from_fn::<_, PARTS, _>(|part| Self::seeded(Arc::clone(set), part, seed))
        };
        sets.iter().take(twisters).enumerate().flat_map(block).collect()
    }
}
