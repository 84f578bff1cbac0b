//! Matrices of complex elements turned in SIMD registers.
//!
//! Rows become columns in square blocks as wide as a cache line, by shuffles; what does not fill a block goes element by element. Must not know what the matrices are.

use num_complex::Complex;

use crate::scalar::Real;

/// Where a matrix lies: its first element and the step from row to row in units of `T`. Elements of a row are neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<P> {
    pub(super) data: P,
    pub(super) step: isize,
}

/// Copies a matrix of `rows` by `columns` complex elements to one of `columns` by `rows`.
///
/// # Safety
/// All elements of `from` may be read and all of `to` written, and no memory is both.
pub(super) unsafe fn transpose<T: Real>(from: Matrix<*const T>, to: Matrix<*mut T>, rows: usize, columns: usize) {
    // SAFETY: the caller's promise, and the features are there.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        match (std::is_x86_feature_detected!("avx512f"), std::is_x86_feature_detected!("avx2")) {
            (true, _) if size_of::<T>() == 4 => return x86::by_eight(from.cast(), to.cast(), rows, columns),
            (true, _) => return x86::wide_by_four(from.cast(), to.cast(), rows, columns),
            (_, true) if size_of::<T>() == 4 => return x86::by_four(from.cast(), to.cast(), rows, columns),
            (_, true) => return x86::wide_by_two(from.cast(), to.cast(), rows, columns),
            _ => {}
        }
        plain(from, to, rows, 0..columns);
    }
}

impl<T> Matrix<*const T> {
    #[cfg(target_arch = "x86_64")]
    fn cast<E>(self) -> Matrix<*const E> {
        Matrix { data: self.data.cast(), step: self.step }
    }
    fn at(self, row: usize, column: usize) -> *const T {
        self.data.wrapping_offset(self.step * row as isize + 2 * column as isize)
    }
}

impl<T> Matrix<*mut T> {
    #[cfg(target_arch = "x86_64")]
    fn cast<E>(self) -> Matrix<*mut E> {
        Matrix { data: self.data.cast(), step: self.step }
    }
    fn at(self, row: usize, column: usize) -> *mut T {
        self.data.wrapping_offset(self.step * row as isize + 2 * column as isize)
    }
}

/// Some columns, element by element.
///
/// # Safety
/// As [`transpose`].
unsafe fn plain<T: Real>(from: Matrix<*const T>, to: Matrix<*mut T>, rows: usize, columns: std::ops::Range<usize>) {
    for column in columns {
        for row in 0..rows {
            // SAFETY: elements of the two matrices.
            unsafe { to.at(column, row).cast::<Complex<T>>().write(from.at(row, column).cast::<Complex<T>>().read()) };
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Complex, Matrix, plain};

    /// The loops over blocks: `$block` turns one, the rest is done plainly.
    macro_rules! in_blocks {
        ($(#[$doc:meta])* $name:ident, $type:ty, $features:literal, $side:literal, $block:ident) => {
            $(#[$doc])*
            ///
            /// # Safety
            /// As [`super::transpose`], on a processor with the features.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $name(from: Matrix<*const $type>, to: Matrix<*mut $type>, rows: usize, columns: usize) {
                let (whole_rows, whole_columns) = (rows / $side * $side, columns / $side * $side);
                for column in (0..whole_columns).step_by($side) {
                    for row in (0..whole_rows).step_by($side) {
                        // SAFETY: a block within both matrices.
                        unsafe { $block(from.at(row, column), from.step, to.at(column, row), to.step) };
                    }
                }
                // SAFETY: elements of both matrices.
                unsafe {
                    plain(from, to, rows, whole_columns..columns);
                    for column in 0..whole_columns {
                        for row in whole_rows..rows {
                            to.at(column, row).cast::<Complex<$type>>().write(from.at(row, column).cast::<Complex<$type>>().read());
                        }
                    }
                }
            }
        };
    }

    in_blocks!(
        /// Elements of 8 bytes, 8 to a register.
        by_eight, f32, "avx512f", 8, eight
    );
    in_blocks!(
        /// Elements of 16 bytes, 4 to a register.
        wide_by_four, f64, "avx512f", 4, wide_four
    );
    in_blocks!(
        /// Elements of 8 bytes, 4 to a register.
        by_four, f32, "avx2", 4, four
    );
    in_blocks!(
        /// Elements of 16 bytes, 2 to a register.
        wide_by_two, f64, "avx2", 2, wide_two
    );

    /// Quarters of four registers turned: result i has quarter i of each.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn quarters(a: __m512d, b: __m512d, c: __m512d, d: __m512d) -> [__m512d; 4] {
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
    /// 8 rows of 8 elements at either place.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn eight(from: *const f32, from_step: isize, to: *mut f32, to_step: isize) {
        // SAFETY: the caller's promise.
        let load = |row: isize| unsafe { _mm512_loadu_pd(from.wrapping_offset(from_step * row).cast()) };
        // Pairs of rows: elements of even columns, of odd ones.
        let pair = |row: isize| {
            let (a, b) = (load(row), load(row + 1));
            (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b))
        };
        let (a, b, c, d) = (pair(0), pair(2), pair(4), pair(6));
        let (even, odd) = (quarters(a.0, b.0, c.0, d.0), quarters(a.1, b.1, c.1, d.1));
        for k in 0..4 {
            let row = 2 * k as isize;
            // SAFETY: the caller's promise.
            unsafe {
                _mm512_storeu_pd(to.wrapping_offset(to_step * row).cast(), even[k]);
                _mm512_storeu_pd(to.wrapping_offset(to_step * (row + 1)).cast(), odd[k]);
            }
        }
    }

    /// # Safety
    /// 4 rows of 4 elements at either place.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn wide_four(from: *const f64, from_step: isize, to: *mut f64, to_step: isize) {
        // SAFETY: the caller's promise.
        let load = |row: isize| unsafe { _mm512_loadu_pd(from.wrapping_offset(from_step * row)) };
        let turned = quarters(load(0), load(1), load(2), load(3));
        for (row, vector) in turned.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { _mm512_storeu_pd(to.wrapping_offset(to_step * row as isize), vector) };
        }
    }

    /// # Safety
    /// 4 rows of 4 elements at either place.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn four(from: *const f32, from_step: isize, to: *mut f32, to_step: isize) {
        // SAFETY: the caller's promise.
        let load = |row: isize| unsafe { _mm256_loadu_pd(from.wrapping_offset(from_step * row).cast()) };
        let (a, b, c, d) = (load(0), load(1), load(2), load(3));
        let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
        let (even_too, odd_too) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
        let turned = [
            _mm256_permute2f128_pd::<0x20>(even, even_too),
            _mm256_permute2f128_pd::<0x20>(odd, odd_too),
            _mm256_permute2f128_pd::<0x31>(even, even_too),
            _mm256_permute2f128_pd::<0x31>(odd, odd_too),
        ];
        for (row, vector) in turned.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { _mm256_storeu_pd(to.wrapping_offset(to_step * row as isize).cast(), vector) };
        }
    }

    /// # Safety
    /// 2 rows of 2 elements at either place.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn wide_two(from: *const f64, from_step: isize, to: *mut f64, to_step: isize) {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, b) = (_mm256_loadu_pd(from), _mm256_loadu_pd(from.wrapping_offset(from_step)));
            _mm256_storeu_pd(to, _mm256_permute2f128_pd::<0x20>(a, b));
            _mm256_storeu_pd(to.wrapping_offset(to_step), _mm256_permute2f128_pd::<0x31>(a, b));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned<T: Real>() {
        for (rows, columns) in [(1, 1), (3, 5), (8, 8), (16, 24), (17, 33), (4, 100), (100, 4), (7, 16)] {
            let (from_step, to_step) = (2 * columns + 6, 2 * rows + 2);
            let x: Vec<T> = (0..rows * from_step).map(|i| T::of(i as f64)).collect();
            let mut y = vec![T::of(-1.0); columns * to_step];
            // SAFETY: both matrices lie in their vectors.
            unsafe {
                let from = Matrix { data: x.as_ptr(), step: from_step as isize };
                transpose(from, Matrix { data: y.as_mut_ptr(), step: to_step as isize }, rows, columns);
            }
            for c in 0..columns {
                for r in 0..rows {
                    let at = |part| (x[r * from_step + 2 * c + part], y[c * to_step + 2 * r + part]);
                    assert!(at(0).0 == at(0).1 && at(1).0 == at(1).1, "{rows} x {columns}: {r}, {c}");
                }
                assert!(y[c * to_step + 2 * rows..][..2].iter().all(|&gap| gap == T::of(-1.0)), "written between rows");
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        turned::<f32>();
        turned::<f64>();
    }
}
