//! The block cipher-like function of Philox4x32-10 (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
//!
//! Owns the ten rounds, for a run of neighbouring lanes at a time. Must not know what the words are for.

/// Lanes worked on together.
pub(super) const WIDTH: usize = 16;

/// A block of each lane: word `w` of lane `i` is `block[w][i]`, in the low half.
pub(super) type Blocks = [[u64; WIDTH]; 4];

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const LOW: u64 = 0xffff_ffff;

/// `WIDTH` lanes from `first` on.
#[inline(always)]
pub(super) fn lanes(first: usize) -> [u64; WIDTH] {
    std::array::from_fn(|i| (first + i) as u64)
}

/// The blocks at one counter of some lanes (the low halves of them).
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "four rows are walked at once")]
pub(super) fn blocks(key: [u32; 2], lanes: &[u64; WIDTH], counter: u64) -> Blocks {
    let mut words = [[counter & LOW; WIDTH], [counter >> 32; WIDTH], *lanes, [0; WIDTH]];
    let mut key = key;
    for _ in 0..10 {
        for i in 0..WIDTH {
            // The halves above the words are rubbish until the end: products take the low halves only.
            let first = (words[0][i] & LOW) * MULTIPLIERS[0];
            let second = (words[2][i] & LOW) * MULTIPLIERS[1];
            let (one, three) = (words[1][i], words[3][i]);
            words[0][i] = (second >> 32) ^ one ^ u64::from(key[0]);
            words[1][i] = second;
            words[2][i] = (first >> 32) ^ three ^ u64::from(key[1]);
            words[3][i] = first;
        }
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The authors' vector for a counter and a key of zeros (kat_vectors of Random123).
    #[test]
    fn known_answer() {
        let words = blocks([0, 0], &lanes(0), 0);
        assert_eq!(words.map(|word| word[0] as u32), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    }
}
