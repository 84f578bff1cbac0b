//! SplitMix64 (G. Steele, D. Lea and C. Flood, 2014): as much randomness as a value needs, from one 64-bit draw.
//!
//! Owns the sequence. Must not know what it is for.

use super::open_unit;
use crate::erfcinv::normals_f64;

/// A sequence.
pub(super) struct Split(pub(super) u64);

impl Split {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.0;
        let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A uniform number in `(0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        open_unit(self.bits())
    }

    pub(super) fn normal(&mut self) -> f64 {
        let mut z = [0.0];
        normals_f64(&[self.bits() as i64 >> 11], &mut z);
        z[0]
    }
}
