//! From one lane to another: the recurrence is linear over GF(2), so a jump by `s` steps is the polynomial `x^s` modulo the characteristic
//! polynomial, applied to the sequence.
//!
//! Owns the polynomials: lanes lie 2^(2^11) steps apart, so the first is `x` squared 2048 times (kept in `data/mt19937-lane.bin`, which a test
//! remakes), and the jumps over 2, 4, ... lanes are further squares, made once per process at first use. Must not know what a lane is for.

use once_cell::race::OnceBox;

use super::LANES;
use super::twist::{N, State, next};
use crate::cpu::sys::{self, Level, Work};

/// The degree of the characteristic polynomial: bits of a state that matter.
const DEGREE: usize = 19937;
/// 64-bit words of a polynomial.
const WORDS: usize = DEGREE.div_ceil(64);
/// The jump from one lane to the next, the lowest coefficient first.
static LANE: &[u8; 8 * WORDS] = include_bytes!("../../../data/mt19937-lane.bin");
/// Jumps over 1, 2, 4, ... lanes.
const POWERS: usize = LANES.ilog2() as usize;

/// The powers of `x` in the characteristic polynomial, less the highest; found from an output by the Berlekamp-Massey algorithm.
#[rustfmt::skip]
const TERMS: [u16; 134] = [
    0, 1189, 1416, 1585, 1643, 1870, 2493, 2773, 3000, 3227, 3454, 3681, 3908, 4135, 4362, 4753, 5661, 6337,
    6569, 7129, 7477, 7525, 7583, 7752, 7979, 8206, 9505, 9901, 9969, 10128, 10693, 10761, 10920, 11089, 11147, 11157,
    11215, 11321, 11374, 11384, 11485, 11611, 11712, 11717, 11838, 11881, 11944, 11997, 12277, 12335, 12393, 12504, 12509, 12620,
    12673, 12731, 12736, 12789, 12905, 12958, 12963, 13137, 13185, 13190, 13243, 13301, 13412, 13528, 13533, 13639, 13697, 13760,
    13813, 13866, 14093, 14151, 14209, 14320, 14325, 14436, 14547, 14552, 14605, 14721, 14774, 14779, 14953, 15001, 15006, 15059,
    15117, 15228, 15344, 15349, 15455, 15513, 15576, 15629, 15682, 15909, 15967, 16025, 16136, 16141, 16252, 16363, 16368, 16421,
    16537, 16590, 16595, 16817, 16822, 16875, 16933, 17044, 17160, 17271, 17329, 17445, 17498, 17725, 17783, 17841, 17952, 18068,
    18179, 18237, 18406, 18633, 18691, 18860, 19087, 19314,
];

/// A polynomial of a degree below `DEGREE`; bit `i` is the coefficient of `x^i`.
type Polynomial = [u64; WORDS];

/// The square, reduced.
fn square(polynomial: &Polynomial) -> Polynomial {
    let mut wide = [0_u64; 2 * WORDS];
    for (pair, &word) in wide.as_chunks_mut::<2>().0.iter_mut().zip(polynomial) {
        *pair = [spread(word as u32), spread((word >> 32) as u32)];
    }
    // x^(DEGREE + i) is the sum of x^(i + term): from the top word of 64 coefficients down.
    for i in (0..2 * WORDS - WORDS + 1).rev() {
        let high = take(&wide, DEGREE + 64 * i);
        if high == 0 {
            continue;
        }
        put(&mut wide, DEGREE + 64 * i, high);
        for &term in &TERMS {
            put(&mut wide, 64 * i + usize::from(term), high);
        }
    }
    std::array::from_fn(|i| wide[i])
}

/// The bits of a word with a zero after each.
fn spread(word: u32) -> u64 {
    let mut bits = u64::from(word);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

/// The 64 coefficients from `at` on.
fn take(words: &[u64], at: usize) -> u64 {
    let (word, bit) = (at / 64, at % 64);
    let low = words.get(word).copied().unwrap_or(0) >> bit;
    let high = if bit == 0 { 0 } else { words.get(word + 1).copied().unwrap_or(0) << (64 - bit) };
    low | high
}

/// Adds 64 coefficients from `at` on; those past the end are zero.
fn put(words: &mut [u64], at: usize, value: u64) {
    let (word, bit) = (at / 64, at % 64);
    if let Some(low) = words.get_mut(word) {
        *low ^= value << bit;
    }
    if bit != 0
        && let Some(high) = words.get_mut(word + 1)
    {
        *high ^= value >> (64 - bit);
    }
}

/// The jumps over 1, 2, 4, ... lanes.
fn powers() -> &'static [Polynomial; POWERS] {
    static JUMPS: OnceBox<[Polynomial; POWERS]> = OnceBox::new();
    JUMPS.get_or_init(|| {
        let lane = std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|k| LANE[8 * i + k])));
        let mut jumps = Box::new([lane; POWERS]);
        for i in 1..POWERS {
            jumps[i] = square(&jumps[i - 1]);
        }
        jumps
    })
}

/// Four neighbouring coefficients choose one of sixteen sums.
const GROUP: usize = 4;
/// Words of the sequence that a jump adds up.
const LENGTH: usize = WORDS * 64 + N;
/// Steps that need nothing of each other: the nearest word that a step takes is so far back.
const APART: usize = 227;

/// Words to a line of the caches.
const LINE: usize = 16;
/// Words that are added up for each of the groups of a line: a state, and what their shifts within the line take off.
const SUMMED: usize = N + LINE;

/// One row of sums, aligned like the lines of the caches.
#[derive(Clone)]
#[repr(align(64))]
struct Row([u32; LENGTH]);

/// What a jump works with, kept from one to the next.
struct Room {
    sequence: Vec<u32>,
    /// The sums that coefficients `c` choose: word `i` of them is the sum of `sequence[i + b]` over the bits `b` of `c`.
    sums: Vec<Row>,
}

impl Room {
    fn new() -> Self {
        Self { sequence: vec![0; LENGTH], sums: vec![Row([0; LENGTH]); 1 << GROUP] }
    }
}

/// The state after a jump: the sum of the sequence shifted by each power in the polynomial.
struct Jumped<'a> {
    room: &'a mut Room,
    polynomial: &'a Polynomial,
    state: &'a State,
}

impl Work for Jumped<'_> {
    type Output = State;

    #[inline(always)]
    fn go(self) -> State {
        let Room { sequence, sums } = self.room;
        sequence[..N].copy_from_slice(self.state.words());
        for start in (N..LENGTH).step_by(APART) {
            let (done, rest) = sequence.split_at_mut(start);
            let count = rest.len().min(APART);
            let before = |distance: usize| &done[start - distance..][..count];
            let (oldest, second, middle) = (before(N), before(N - 1), before(APART));
            for (i, word) in rest[..count].iter_mut().enumerate() {
                *word = next(oldest[i], second[i], middle[i]);
            }
        }
        for choice in 1..1_usize << GROUP {
            let bit = choice.ilog2() as usize;
            let (done, rest) = sums.split_at_mut(choice);
            let shorter = LENGTH - GROUP;
            let (without, shifted) = (&done[choice & !(1 << bit)].0[..shorter], &sequence[bit..bit + shorter]);
            for ((sum, without), shifted) in rest[0].0.iter_mut().zip(without).zip(shifted) {
                *sum = without ^ shifted;
            }
        }
        // The four groups of a line have sums of their own, so that every row is read at the beginning of a line; their shifts come last.
        let mut summed = [[0_u32; SUMMED]; LINE / GROUP];
        for (group, summed) in summed.iter_mut().enumerate() {
            for (i, &coefficients) in self.polynomial.iter().enumerate() {
                // The same group of four lines at a time: the sums are read and written once for all four.
                let chosen = |line: usize| {
                    let choice = (coefficients >> (LINE * line + GROUP * group)) as usize & 15;
                    &sums[choice].0[64 * i + LINE * line..][..SUMMED]
                };
                let (a, b, c, d) = (chosen(0), chosen(1), chosen(2), chosen(3));
                for (k, sum) in summed.iter_mut().enumerate() {
                    *sum ^= (a[k] ^ b[k]) ^ (c[k] ^ d[k]);
                }
            }
        }
        let mut words = [0_u32; N];
        for (group, summed) in summed.iter().enumerate() {
            for (word, sum) in words.iter_mut().zip(&summed[GROUP * group..]) {
                *word ^= sum;
            }
        }
        State::from_words(words)
    }
}

fn jumped(level: Level, room: &mut Room, polynomial: &Polynomial, state: &State) -> State {
    sys::run(level, Jumped { room, polynomial, state })
}

/// Some neighbouring lanes.
pub(super) fn lanes(first: &State, number: usize, count: usize) -> Vec<State> {
    let level = Level::detect();
    let mut room = Room::new();
    let mut state = first.clone();
    for (bit, jump) in powers().iter().enumerate() {
        if number >> bit & 1 == 1 {
            state = jumped(level, &mut room, jump, &state);
        }
    }
    let mut states = vec![state];
    while states.len() < count {
        let state = jumped(level, &mut room, &powers()[0], &states[states.len() - 1]);
        states.push(state);
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power_of_x(exponent: usize) -> Polynomial {
        let mut polynomial = [0; WORDS];
        polynomial[exponent / 64] = 1 << (exponent % 64);
        polynomial
    }

    fn jumped(polynomial: &Polynomial, state: &State) -> State {
        let mut states = Level::available().into_iter().map(|level| super::jumped(level, &mut Room::new(), polynomial, state));
        let first = states.next().unwrap();
        assert!(states.all(|state| state == first));
        first
    }

    #[test]
    fn the_lane_is_x_squared_2048_times() {
        assert_eq!((0..2048).fold(power_of_x(1), |power, _| square(&power)), powers()[0]);
    }

    #[test]
    fn a_jump_is_as_many_steps() {
        let state = State::seeded(7);
        let mut twice = state.clone();
        twice.twist();
        twice.twist();
        let jumped_twice = jumped(&power_of_x(2 * N), &state);
        // 31 bits of the first word do not matter.
        assert_eq!(jumped_twice.words()[1..], twice.words()[1..]);
        assert_eq!(jumped(&square(&power_of_x(N)), &state), jumped_twice);
    }

    #[test]
    fn squares_are_reduced() {
        // x^(2 * 15000) reduced is a jump by 30000 steps.
        let state = State::seeded(9);
        let far = jumped(&square(&power_of_x(15_000)), &state);
        let near = jumped(&power_of_x(15_000), &jumped(&power_of_x(15_000), &state));
        assert_eq!(far.words()[1..], near.words()[1..]);
    }
}
