//! Whole numbers in a range, and orders of things.
//!
//! Owns the scaling: a draw times the width of the range, the whole part of it. It rejects nothing, so that every value takes the same number of
//! draws; the least likely value is less likely than the most likely one by at most 2^-32 of that. Must not know how a generator draws.

use super::stream::{Holder, Turn};
use crate::error::Error;
use crate::generator::Generator;

/// From `low` on, as many as `count`, at most 2^32.
struct Whole {
    low: u64,
    count: u64,
}

impl Turn<u64> for Whole {
    #[inline(always)]
    fn turn(&self, out: &mut [u64]) {
        let Self { low, count } = *self;
        for value in out {
            // The upper half of the product of 64 and 33 bits.
            let high = (*value >> 32) * count + (((*value & 0xffff_ffff) * count) >> 32);
            *value = low.wrapping_add(high >> 32);
        }
    }
}

impl Generator {
    /// Fills `out` with whole numbers from `low` to `high`, both included, all equally likely (to 2^-32 of that). 64 bits each if there are at
    /// most 2^32 of them, else 128 bits.
    ///
    /// # Errors
    /// [`Error::Range`] if `high` is below `low`; [`Error::Quasi`].
    pub fn integers(&mut self, out: &mut [i64], low: i64, high: i64) -> Result<(), Error> {
        if high < low {
            return Err(Error::Range);
        }
        // One less than how many there are.
        let last = high.wrapping_sub(low) as u64;
        self.scaled(out, last, low as u64)
    }

    /// As [`integers`](Self::integers), unsigned.
    ///
    /// # Errors
    /// [`Error::Range`] if `high` is below `low`; [`Error::Quasi`].
    pub fn integers_u64(&mut self, out: &mut [u64], low: u64, high: u64) -> Result<(), Error> {
        if high < low {
            return Err(Error::Range);
        }
        self.scaled(out, high - low, low)
    }

    /// Numbers from `low` on, `last` the highest above it; of either signedness.
    fn scaled<T: Holder>(&mut self, out: &mut [T], last: u64, low: u64) -> Result<(), Error> {
        let out: &mut [u64] = bytemuck::cast_slice_mut(out);
        self.need_pseudo("whole numbers in a range")?;
        let count = u128::from(last) + 1;
        if count <= 1 << 32 {
            self.convert_64(out, &Whole { low, count: count as u64 })
        } else {
            let mut draws = [0; 512];
            for out in out.chunks_mut(draws.len() / 2) {
                self.raw_64(&mut draws[..2 * out.len()]);
                for (value, draws) in out.iter_mut().zip(draws.as_chunks::<2>().0) {
                    let [lower, upper] = draws.map(u128::from);
                    // The upper 128 bits of the product of 128 and 65 bits.
                    let product = upper * count + ((lower * count) >> 64);
                    *value = low.wrapping_add((product >> 64) as u64);
                }
            }
            Ok(())
        }
    }

    /// Puts things in a random order, each of the orders equally likely (R. Durstenfeld, 1964): 64 bits for each thing but the first.
    ///
    /// # Errors
    /// [`Error::Quasi`].
    pub fn shuffle<T>(&mut self, things: &mut [T]) -> Result<(), Error> {
        self.need_pseudo("orders")?;
        let mut draws = [0; 512];
        let mut last = things.len().saturating_sub(1);
        while last > 0 {
            let now = last.min(draws.len());
            self.raw_64(&mut draws[..now]);
            for &bits in &draws[..now] {
                let other = ((u128::from(bits) * (last as u128 + 1)) >> 64) as usize;
                things.swap(last, other);
                last -= 1;
            }
        }
        Ok(())
    }
}
