//! Direction numbers of S. Joe and F. Kuo ("Constructing Sobol sequences with better two-dimensional projections", 2008; new-joe-kuo-6).
//!
//! Owns the packed table (made by `dev/golden/pack_joe_kuo.py`, which says how) and the recurrence that makes vectors of it. Must not know
//! what the vectors are for.

use super::word::Word;

static PACKED: &[u8] = include_bytes!("../../../data/joe-kuo.bin");

/// Takes bits from the table, lowest first.
struct Bits {
    at: usize,
}

impl Bits {
    fn take(&mut self, count: usize) -> u64 {
        let mut value = 0;
        for i in 0..count {
            let bit = PACKED[self.at / 8] >> (self.at % 8) & 1;
            value |= u64::from(bit) << i;
            self.at += 1;
        }
        value
    }
}

/// The vectors of the first `dims` dimensions (at most 20000), `W::BITS` to each.
pub(super) fn joe_kuo<W: Word>(dims: usize) -> Vec<W> {
    let mut vectors = Vec::with_capacity(dims * W::BITS);
    let mut table = Bits { at: 0 };
    for dimension in 0..dims {
        if dimension == 0 {
            vectors.extend((0..W::BITS).map(|i| W::shifted(1, W::BITS - 1 - i)));
            continue;
        }
        let degree = table.take(5) as usize;
        let inner = table.take(degree - 1);
        let start = vectors.len();
        for i in 0..degree.min(W::BITS) {
            let m = table.take(i) << 1 | 1;
            vectors.push(W::shifted(m, W::BITS - 1 - i));
        }
        for i in degree..W::BITS {
            let oldest: W = vectors[start + i - degree];
            let mut vector = oldest ^ oldest.down(degree);
            for k in 1..degree {
                if inner >> (degree - 1 - k) & 1 == 1 {
                    vector = vector ^ vectors[start + i - k];
                }
            }
            vectors.push(vector);
        }
    }
    vectors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_all_dimensions_and_no_more() {
        assert_eq!(joe_kuo::<u32>(20_000).len(), 20_000 * 32);
        // The published rows of dimensions 2 and 3: m = 1 and m = 1, 3.
        let vectors = joe_kuo::<u32>(3);
        assert_eq!(vectors[32..36], [1 << 31, 3 << 30, 5 << 29, 15 << 28]);
        assert_eq!(vectors[64..67], [1 << 31, 3 << 30, 3 << 29]);
    }
}
