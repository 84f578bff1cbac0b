//! Jumping ahead: a step of each recurrence is a 3x3 matrix modulo its prime.
//!
//! Owns the matrices and their powers. Must not know what a jump is for.

use super::{M1, M2, Words};

type Matrix = [[u64; 3]; 3];

/// Any number of steps of both recurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump(Matrix, Matrix);

const ONE: Jump = Jump([[0, 1, 0], [0, 0, 1], [M1 - 810_728, 1_403_580, 0]], [[0, 1, 0], [0, 0, 1], [M2 - 1_370_589, 0, 527_612]]);

const NONE: Jump = Jump([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);

/// A sum of three products: each is below 2^64 - 2^40, so they are reduced one by one. (By a constant: a division would take five times as long.)
fn dot<const MODULUS: u64>(a: [u64; 3], b: [u64; 3]) -> u64 {
    (a[0] * b[0] % MODULUS + a[1] * b[1] % MODULUS + a[2] * b[2] % MODULUS) % MODULUS
}

fn product<const MODULUS: u64>(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| dot::<MODULUS>(a[i], [b[0][j], b[1][j], b[2][j]])))
}

fn image<const MODULUS: u64>(matrix: &Matrix, words: [u32; 3]) -> [u32; 3] {
    std::array::from_fn(|i| dot::<MODULUS>(matrix[i], words.map(u64::from)) as u32)
}

impl Jump {
    fn after(&self, first: &Self) -> Self {
        Self(product::<M1>(&self.0, &first.0), product::<M2>(&self.1, &first.1))
    }

    /// `steps` draws ahead.
    pub(super) fn by(steps: u64) -> Self {
        let (mut sum, mut power) = (NONE, ONE);
        for bit in 0..64 {
            if steps >> bit & 1 == 1 {
                sum = power.after(&sum);
            }
            power = power.after(&power);
        }
        sum
    }

    /// `2^log2` draws ahead.
    pub(super) fn by_power(log2: u32) -> Self {
        (0..log2).fold(ONE, |power, _| power.after(&power))
    }

    /// The words after the jump.
    pub(super) fn apply(&self, words: Words) -> Words {
        (image::<M1>(&self.0, words.0), image::<M2>(&self.1, words.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_add_up() {
        let words = ([1, 2, 3], [4_294_944_442, 5, 6]);
        let far = 0x9876_5432_1234_5678_u64;
        assert_eq!(Jump::by(far).apply(Jump::by(u64::MAX - far).apply(words)), Jump::by(u64::MAX).apply(words));
        assert_eq!(Jump::by(1 << 40), Jump::by_power(40));
        assert_eq!(Jump::by(3).apply(words), ONE.apply(ONE.apply(ONE.apply(words))));
    }
}
