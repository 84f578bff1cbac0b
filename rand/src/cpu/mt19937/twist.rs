//! One sequence of MT19937 (M. Matsumoto and T. Nishimura, "Mersenne twister", 1998; the initialisation of 2002).
//!
//! Owns the recurrence, the tempering and the way from a seed to 624 words. Must not know of lanes.

/// Words of a state.
pub(super) const N: usize = 624;
/// The distance of the recurrence's middle term.
const M: usize = 397;

/// The 624 words that the next 624 are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State(Box<[u32; N]>);

/// The word that comes 624 after `oldest`.
#[inline(always)]
pub(super) fn next(oldest: u32, second: u32, middle: u32) -> u32 {
    let mixed = (oldest & 0x8000_0000) | (second & 0x7fff_ffff);
    middle ^ (mixed >> 1) ^ (0_u32.wrapping_sub(mixed & 1) & 0x9908_b0df)
}

/// The output for a word.
#[inline(always)]
pub(super) fn temper(mut word: u32) -> u32 {
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c_5680;
    word ^= word << 15 & 0xefc6_0000;
    word ^ word >> 18
}

impl State {
    pub(super) fn seeded(seed: u32) -> Self {
        let mut words = [seed; N];
        for i in 1..N {
            let before = words[i - 1];
            words[i] = 1_812_433_253_u32.wrapping_mul(before ^ before >> 30).wrapping_add(i as u32);
        }
        Self(Box::new(words))
    }

    pub(super) fn from_words(words: [u32; N]) -> Self {
        Self(Box::new(words))
    }

    pub(super) fn words(&self) -> &[u32; N] {
        &self.0
    }

    #[inline(always)]
    pub(super) fn word(&self, i: usize) -> u32 {
        self.0[i]
    }

    /// The next 624 words in place of these.
    pub(super) fn twist(&mut self) {
        let words = &mut *self.0;
        for i in 0..N - M {
            words[i] = next(words[i], words[i + 1], words[i + M]);
        }
        for i in N - M..N - 1 {
            words[i] = next(words[i], words[i + 1], words[i + M - N]);
        }
        words[N - 1] = next(words[N - 1], words[0], words[M - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authors_ten_thousandth_output() {
        let mut state = State::seeded(5489);
        for _ in 0..=9999 / N {
            state.twist();
        }
        assert_eq!(temper(state.word(9999 % N)), 4_123_659_995);
    }
}
