//! The recurrence itself, one lane at a time (Marsaglia, "Xorshift RNGs", 2003), and cuRAND's way
//! from a seed to its words.
//!
//! Owns the step and the seeding. Must not know of lanes and blocks.

/// What the counter word gains with every draw.
pub(super) const WEYL: u32 = 362_437;

/// The state of a lane: a shift register of five words and a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) register: [u32; 5],
    pub(super) counter: u32,
}

/// The word that enters the register as `oldest` leaves it.
#[inline(always)]
pub(super) fn feed(oldest: u32, newest: u32) -> u32 {
    let t = oldest ^ (oldest >> 2);
    newest ^ (newest << 4) ^ t ^ (t << 1)
}

/// The register one draw later.
pub(super) fn step(register: [u32; 5]) -> [u32; 5] {
    let [v0, v1, v2, v3, v4] = register;
    [v1, v2, v3, v4, feed(v0, v4)]
}

/// The words of a seed, as cuRAND scrambles it.
pub(super) fn seeded(seed: u64) -> Words {
    let low = seed as u32 ^ 0xaad2_6b49;
    let high = (seed >> 32) as u32 ^ 0xf7dc_efdd;
    let t0 = low.wrapping_mul(1_099_087_573);
    let t1 = high.wrapping_mul(2_591_861_531);
    Words {
        register: [
            123_456_789_u32.wrapping_add(t0),
            362_436_069 ^ t0,
            521_288_629_u32.wrapping_add(t1),
            88_675_123 ^ t1,
            5_783_321_u32.wrapping_add(t0),
        ],
        counter: 6_615_241_u32.wrapping_add(t0).wrapping_add(t1),
    }
}
