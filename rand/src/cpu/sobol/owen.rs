//! Owen's nested uniform scrambling by a hash (B. Burley, "Practical hash-based Owen scrambling", 2020).
//!
//! Owns the hash. A bit is flipped by a hash of the bits above it: on the reversed word that is any function of which each output bit depends on
//! lower input bits only, so sums with an odd hash and products with even numbers will do (the Laine-Karras form). Must not know whose points
//! these are.

/// The scrambling seed of a dimension (SplitMix64's output function over both).
pub(super) fn seed(seed: u64, dimension: u64) -> u64 {
    let mut z = seed.wrapping_add(dimension.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[inline(always)]
pub(super) fn scrambled_32(x: u32, seed: u32) -> u32 {
    let mut x = x.reverse_bits().wrapping_add(seed);
    x ^= x.wrapping_mul(0x6c50_b47c);
    x ^= x.wrapping_mul(0xb82f_1e52);
    x ^= x.wrapping_mul(0xc7af_e638);
    x ^= x.wrapping_mul(0x8d22_f6e6);
    x.reverse_bits()
}

#[inline(always)]
pub(super) fn scrambled_64(x: u64, seed: u64) -> u64 {
    let mut x = x.reverse_bits().wrapping_add(seed);
    x ^= x.wrapping_mul(0x9e37_79b9_7f4a_7c16);
    x ^= x.wrapping_mul(0xbf58_476d_1ce4_e5ba);
    x ^= x.wrapping_mul(0x94d0_49bb_1331_11ec);
    x ^= x.wrapping_mul(0xd6e8_feb8_6659_fd92);
    x.reverse_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_depends_on_those_above_it_only() {
        for i in 0..32 {
            let low = |x: u32| scrambled_32(x, 0x1234_5679);
            // Changing bit i leaves all above it as they are, and flips it.
            let (a, b) = (low(0xdead_beef), low(0xdead_beef ^ (1 << i)));
            assert_eq!((a ^ b) >> i, 1, "bit {i}");
        }
        for i in 0..64 {
            let (a, b) = (scrambled_64(0xdead_beef_0bad_cafe, 99), scrambled_64(0xdead_beef_0bad_cafe ^ (1 << i), 99));
            assert_eq!((a ^ b) >> i, 1, "bit {i}");
        }
    }
}
