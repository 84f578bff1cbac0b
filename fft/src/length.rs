//! Lengths that transforms are fast at.
//!
//! Owns the search for numbers with small prime factors only: 2, 3, 5, 7, 11 for complex transforms, 2, 3, 5 for real ones, which is SciPy's choice too, so that
//! programs pad alike with either.

/// The least fast length that is at least `n`; `None` where it would not fit.
pub fn next_fast_len(n: usize, real: bool) -> Option<usize> {
    if n <= 6 {
        return Some(n);
    }
    let mut best = n.checked_next_power_of_two()?;
    for_each_odd(best, real, &mut |odd| {
        // The least odd * 2^k that reaches n.
        let need = n.div_ceil(odd);
        if let Some(even) = need.checked_next_power_of_two().and_then(|two| two.checked_mul(odd)) {
            best = best.min(even);
        }
    });
    Some(best)
}

/// The greatest fast length that is at most `n`; 0 for 0.
pub fn prev_fast_len(n: usize, real: bool) -> usize {
    if n <= 6 {
        return n;
    }
    let mut best = 1;
    for_each_odd(n, real, &mut |odd| {
        let room = n / odd;
        if room > 0 {
            best = best.max(odd << room.ilog2());
        }
    });
    best
}

/// Calls `found` with every product of the odd radices that is at most `limit`.
fn for_each_odd(limit: usize, real: bool, found: &mut impl FnMut(usize)) {
    fn extend(product: usize, radices: &[usize], limit: usize, found: &mut impl FnMut(usize)) {
        let Some((&radix, rest)) = radices.split_first() else { return found(product) };
        let mut product = product;
        loop {
            extend(product, rest, limit, found);
            match product.checked_mul(radix) {
                Some(next) if next <= limit => product = next,
                _ => return,
            }
        }
    }
    extend(1, if real { &[5, 3] } else { &[11, 7, 5, 3] }, limit, found);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fast(mut n: usize, real: bool) -> bool {
        for p in if real { [2, 3, 5, 5, 5] } else { [2, 3, 5, 7, 11] } {
            while n.is_multiple_of(p) {
                n /= p;
            }
        }
        n == 1
    }

    #[test]
    fn neighbours_are_found_as_by_trying() {
        for real in [false, true] {
            for n in 1..3000 {
                assert_eq!(next_fast_len(n, real), (n..).find(|&m| is_fast(m, real)), "{n}");
                assert_eq!(Some(prev_fast_len(n, real)), (1..=n).rev().find(|&m| is_fast(m, real)), "{n}");
            }
        }
        assert_eq!(next_fast_len(usize::MAX, false), None);
        assert!(prev_fast_len(usize::MAX, true) > usize::MAX / 2);
    }
}
