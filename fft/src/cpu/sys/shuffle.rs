//! Lanes of registers moved about, by the instructions that the portable names do not reach.

use crate::scalar::Real;

/// Two registers of interleaved complex numbers to one of real and one of imaginary parts; what this is not for comes back.
#[inline(always)]
pub(crate) fn split<T, V: Copy>(pair: [V; 2]) -> Result<[V; 2], [V; 2]> {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: registers of that size and type exist only where the processor has them.
    unsafe {
        use std::arch::x86_64::*;
        if size_of::<T>() == 4 && size_of::<V>() == 64 {
            let [a, b] = cast::<_, [__m512; 2]>(pair);
            return Ok(cast([_mm512_shuffle_ps::<0x88>(a, b), _mm512_shuffle_ps::<0xdd>(a, b)]));
        }
        if size_of::<T>() == 4 && size_of::<V>() == 32 {
            let [a, b] = cast::<_, [__m256; 2]>(pair);
            return Ok(cast([_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b)]));
        }
    }
    Err(pair)
}

/// The reverse of [`split`].
#[inline(always)]
pub(crate) fn join<T, V: Copy>(pair: [V; 2]) -> Result<[V; 2], [V; 2]> {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::*;
        if size_of::<T>() == 4 && size_of::<V>() == 64 {
            let [re, im] = cast::<_, [__m512; 2]>(pair);
            return Ok(cast([_mm512_unpacklo_ps(re, im), _mm512_unpackhi_ps(re, im)]));
        }
        if size_of::<T>() == 4 && size_of::<V>() == 32 {
            let [re, im] = cast::<_, [__m256; 2]>(pair);
            return Ok(cast([_mm256_unpacklo_ps(re, im), _mm256_unpackhi_ps(re, im)]));
        }
    }
    Err(pair)
}

/// Has the processor fetch what will soon be used: some elements from an address on, which may be any.
#[inline]
pub(super) fn prefetch<T>(at: *const T, elements: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..elements * size_of::<T>()).step_by(64) {
        // SAFETY: a hint, of which no address is wrong.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast::<i8>().wrapping_add(line)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (at, elements);
}

/// A register's lanes in the reverse order; what this is not for comes back.
#[inline(always)]
pub(crate) fn reverse<T, V: Copy>(v: V) -> Result<V, V> {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::*;
        match (size_of::<T>(), size_of::<V>()) {
            (4, 64) => {
                let order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
                return Ok(cast(_mm512_permutexvar_ps(order, cast(v))));
            }
            (8, 64) => return Ok(cast(_mm512_permutexvar_pd(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), cast(v)))),
            (4, 32) => return Ok(cast(_mm256_permutevar8x32_ps(cast(v), _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0)))),
            (8, 32) => return Ok(cast(_mm256_permute4x64_pd::<0x1b>(cast(v)))),
            _ => {}
        }
    }
    Err(v)
}

/// # Safety
/// Both types have the same size, and every pattern of bytes is one of the second.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn cast<A, B>(a: A) -> B {
    debug_assert_eq!(size_of::<A>(), size_of::<B>());
    // SAFETY: the caller's promise.
    unsafe { std::mem::transmute_copy(&a) }
}

/// Copies a square of `R` by `R` elements, its columns to rows: column c goes to row `order[c]`. Rows begin `2 R` elements apart on both sides.
///
/// # Safety
/// The elements may be read and written, `order` is below `R`, and the processor has registers of `R` elements.
#[inline(always)]
pub(super) unsafe fn turn_square<T: Real, const R: usize>(from: *const T, to: *mut T, order: &[usize; R]) {
    let row = |column: usize| to.wrapping_add(2 * R * order[column]);
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        match (size_of::<T>(), R) {
            (4, 16) => return x86::sixteen(from.cast(), |column| row(column).cast()),
            (4, 8) => return x86::eight(from.cast(), |column| row(column).cast()),
            (8, 8) => return x86::wide_eight(from.cast(), |column| row(column).cast()),
            (8, 4) => return x86::wide_four(from.cast(), |column| row(column).cast()),
            _ => {}
        }
        for column in 0..R {
            for k in 0..R {
                row(column).add(k).write(from.add(2 * R * k + column).read());
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::array::from_fn;

    /// Quarters of four registers turned: result i has quarter i of each.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn quarters(a: __m512d, b: __m512d, c: __m512d, d: __m512d) -> [__m512d; 4] {
        let (even, odd) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
        let (even_too, odd_too) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
        [
            _mm512_shuffle_f64x2::<0x88>(even, even_too),
            _mm512_shuffle_f64x2::<0x88>(odd, odd_too),
            _mm512_shuffle_f64x2::<0xdd>(even, even_too),
            _mm512_shuffle_f64x2::<0xdd>(odd, odd_too),
        ]
    }

    /// # Safety
    /// 16 rows of 16 elements may be read at `from` and written at `to`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn sixteen(from: *const f32, to: impl Fn(usize) -> *mut f32) {
        // SAFETY: the caller's promise.
        let rows: [__m512; 16] = from_fn(|k| unsafe { _mm512_loadu_ps(from.add(32 * k)) });
        // Of four rows each: lane L of result c has column 4 L + c.
        let fours: [[__m512d; 4]; 4] = from_fn(|k| {
            let (a, b, c, d) = (rows[4 * k], rows[4 * k + 1], rows[4 * k + 2], rows[4 * k + 3]);
            let (low, high) = (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(a, b)));
            let (low_too, high_too) = (_mm512_castps_pd(_mm512_unpacklo_ps(c, d)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d)));
            [
                _mm512_unpacklo_pd(low, low_too),
                _mm512_unpackhi_pd(low, low_too),
                _mm512_unpacklo_pd(high, high_too),
                _mm512_unpackhi_pd(high, high_too),
            ]
        });
        #[expect(clippy::needless_range_loop, reason = "a column of all four")]
        for c in 0..4 {
            let columns = quarters(fours[0][c], fours[1][c], fours[2][c], fours[3][c]);
            for (lane, column) in columns.into_iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { _mm512_storeu_pd(to(4 * lane + c).cast(), column) };
            }
        }
    }

    /// # Safety
    /// 8 rows of 8 elements may be read at `from` and written at `to`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn wide_eight(from: *const f64, to: impl Fn(usize) -> *mut f64) {
        // SAFETY: the caller's promise.
        let rows: [__m512d; 8] = from_fn(|k| unsafe { _mm512_loadu_pd(from.add(16 * k)) });
        let low: [__m512d; 4] = from_fn(|k| _mm512_unpacklo_pd(rows[2 * k], rows[2 * k + 1]));
        let high: [__m512d; 4] = from_fn(|k| _mm512_unpackhi_pd(rows[2 * k], rows[2 * k + 1]));
        let (even, odd) = (quarters(low[0], low[1], low[2], low[3]), quarters(high[0], high[1], high[2], high[3]));
        for k in 0..4 {
            // SAFETY: the caller's promise.
            unsafe {
                _mm512_storeu_pd(to(2 * k), even[k]);
                _mm512_storeu_pd(to(2 * k + 1), odd[k]);
            }
        }
    }

    /// # Safety
    /// 8 rows of 8 elements may be read at `from` and written at `to`.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn eight(from: *const f32, to: impl Fn(usize) -> *mut f32) {
        // SAFETY: the caller's promise.
        let rows: [__m256; 8] = from_fn(|k| unsafe { _mm256_loadu_ps(from.add(16 * k)) });
        let fours: [[__m256d; 4]; 2] = from_fn(|k| {
            let (a, b, c, d) = (rows[4 * k], rows[4 * k + 1], rows[4 * k + 2], rows[4 * k + 3]);
            let (low, high) = (_mm256_castps_pd(_mm256_unpacklo_ps(a, b)), _mm256_castps_pd(_mm256_unpackhi_ps(a, b)));
            let (low_too, high_too) = (_mm256_castps_pd(_mm256_unpacklo_ps(c, d)), _mm256_castps_pd(_mm256_unpackhi_ps(c, d)));
            [
                _mm256_unpacklo_pd(low, low_too),
                _mm256_unpackhi_pd(low, low_too),
                _mm256_unpacklo_pd(high, high_too),
                _mm256_unpackhi_pd(high, high_too),
            ]
        });
        #[expect(clippy::needless_range_loop, reason = "a column of all four")]
        for c in 0..4 {
            // SAFETY: the caller's promise.
            unsafe {
                _mm256_storeu_pd(to(c).cast(), _mm256_permute2f128_pd::<0x20>(fours[0][c], fours[1][c]));
                _mm256_storeu_pd(to(4 + c).cast(), _mm256_permute2f128_pd::<0x31>(fours[0][c], fours[1][c]));
            }
        }
    }

    /// # Safety
    /// 4 rows of 4 elements may be read at `from` and written at `to`.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn wide_four(from: *const f64, to: impl Fn(usize) -> *mut f64) {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, b) = (_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(8)));
            let (c, d) = (_mm256_loadu_pd(from.add(16)), _mm256_loadu_pd(from.add(24)));
            let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (even_too, odd_too) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            _mm256_storeu_pd(to(0), _mm256_permute2f128_pd::<0x20>(even, even_too));
            _mm256_storeu_pd(to(1), _mm256_permute2f128_pd::<0x20>(odd, odd_too));
            _mm256_storeu_pd(to(2), _mm256_permute2f128_pd::<0x31>(even, even_too));
            _mm256_storeu_pd(to(3), _mm256_permute2f128_pd::<0x31>(odd, odd_too));
        }
    }
}
