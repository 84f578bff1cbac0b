//! Jumping ahead: the register's step is linear over GF(2), so any number of steps is one 160x160
//! bit matrix.
//!
//! Owns the matrices: the powers of two of the step by repeated squaring, made once per process
//! (under a millisecond) at first use. The counter word is not their business: it moves by a
//! multiple of a constant. Must not know what a jump is for.

use once_cell::race::OnceBox;

use super::recurrence::step;

/// Bits of a register.
const BITS: usize = 160;
/// Groups of four bits.
const NIBBLES: usize = BITS / 4;
/// Neighbouring subsequences start 2^67 draws apart.
const SUBSEQUENCE_LOG2: usize = 67;

/// A register as a vector over GF(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Vector([u64; 3]);

impl Vector {
    const ZERO: Self = Self([0; 3]);

    fn unit(bit: usize) -> Self {
        let mut words = [0; 3];
        words[bit / 64] = 1 << (bit % 64);
        Self(words)
    }

    fn pack(register: [u32; 5]) -> Self {
        let [a, b, c, d, e] = register.map(u64::from);
        Self([a | b << 32, c | d << 32, e])
    }

    fn unpack(self) -> [u32; 5] {
        let [a, b, c] = self.0;
        [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32, c as u32]
    }

    fn nibble(self, i: usize) -> usize {
        (self.0[i / 16] >> (4 * (i % 16))) as usize & 15
    }

    fn add(self, other: Self) -> Self {
        Self([self.0[0] ^ other.0[0], self.0[1] ^ other.0[1], self.0[2] ^ other.0[2]])
    }
}

/// A matrix as what it makes of every four-bit group: a product with a vector is forty look-ups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    groups: Box<[[Vector; 16]; NIBBLES]>,
}

impl Jump {
    /// The linear map that sends the unit vector `bit` to `column(bit)`.
    fn from_columns(column: impl Fn(usize) -> Vector) -> Self {
        let mut groups = Box::new([[Vector::ZERO; 16]; NIBBLES]);
        for (i, group) in groups.iter_mut().enumerate() {
            for bit in 0..4 {
                let column = column(4 * i + bit);
                for low in 0..1 << bit {
                    group[(1 << bit) + low] = group[low].add(column);
                }
            }
        }
        Self { groups }
    }

    fn image(&self, vector: Vector) -> Vector {
        let mut sum = Vector::ZERO;
        for (i, group) in self.groups.iter().enumerate() {
            sum = sum.add(group[vector.nibble(i)]);
        }
        sum
    }

    /// This jump after `first`.
    fn after(&self, first: &Self) -> Self {
        Self::from_columns(|bit| self.image(first.groups[bit / 4][1 << (bit % 4)]))
    }

    /// The register after the jump.
    pub(super) fn apply(&self, register: [u32; 5]) -> [u32; 5] {
        self.image(Vector::pack(register)).unpack()
    }

    /// From the start of a subsequence to the start of the next.
    pub(super) fn subsequence() -> &'static Self {
        &powers()[SUBSEQUENCE_LOG2]
    }

    /// `steps` draws ahead.
    pub(super) fn by(steps: u64) -> Self {
        let factors = (0..64).filter(|i| steps >> i & 1 == 1).map(|i| &powers()[i]);
        factors.fold(Self::from_columns(Vector::unit), |product, factor| factor.after(&product))
    }
}

/// The jumps by 2^0, 2^1, … 2^67 draws.
fn powers() -> &'static [Jump; SUBSEQUENCE_LOG2 + 1] {
    static POWERS: OnceBox<[Jump; SUBSEQUENCE_LOG2 + 1]> = OnceBox::new();
    POWERS.get_or_init(|| {
        let one = Jump::from_columns(|bit| Vector::pack(step(Vector::unit(bit).unpack())));
        let mut next = one;
        Box::new(std::array::from_fn(|_| {
            let twice = next.after(&next);
            std::mem::replace(&mut next, twice)
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: [u32; 5] = [1, 0x8000_0000, 0xdead_beef, 12345, 0xffff_0001];

    #[test]
    fn a_jump_is_as_many_steps() {
        for steps in [0, 1, 2, 3, 159, 160, 161, 1000, 65_537] {
            let walked = (0..steps).fold(REGISTER, |register, _| step(register));
            assert_eq!(Jump::by(steps).apply(REGISTER), walked, "{steps} steps");
        }
    }

    #[test]
    fn jumps_add_up() {
        let far = 0x9876_5432_1234_5678_u64;
        let there = Jump::by(far).apply(Jump::by(u64::MAX - far).apply(REGISTER));
        assert_eq!(there, Jump::by(u64::MAX).apply(REGISTER));
        let two_halves = Jump::by(1 << 63).apply(Jump::by(1 << 63).apply(REGISTER));
        assert_eq!(powers()[64].apply(REGISTER), two_halves);
    }

    /// The step generates the multiplicative group of GF(2^160), so its period is 2^160 - 1 and
    /// squaring it 160 times gives it back.
    #[test]
    fn the_step_has_full_period_under_squaring() {
        let mut power = powers()[SUBSEQUENCE_LOG2].clone();
        for _ in SUBSEQUENCE_LOG2..BITS {
            power = power.after(&power);
        }
        assert_eq!(power, powers()[0]);
    }
}
