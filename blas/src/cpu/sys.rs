//! The unsafe ground of the CPU backend: complex slices as real ones, and the `gemm` crate's entry.
//!
//! Owns both casts and that call; what it offers is safe to use.
#![allow(unsafe_code)]

use gemm::Parallelism;

use crate::operand::Op;
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// The parts of complex numbers, one after the other; of real ones, themselves.
#[inline(always)]
pub(super) fn parts<T: Scalar>(slice: &[T]) -> &[T::Real] {
    // SAFETY: `Complex<R>` is two `R` one after the other (repr(C)); a real scalar is itself (`Real: Scalar<Real = Self>`). Scalar is sealed over these.
    unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), slice.len() * (1 + T::COMPLEX as usize)) }
}

/// As [`parts`], to write.
#[inline(always)]
pub(super) fn parts_mut<T: Scalar>(slice: &mut [T]) -> &mut [T::Real] {
    // SAFETY: as in `parts`; any parts make a number.
    unsafe { std::slice::from_raw_parts_mut(slice.as_mut_ptr().cast(), slice.len() * (1 + T::COMPLEX as usize)) }
}

/// `C ← αAB + βC` on this thread. α is not 0 and no extent is.
pub(super) fn gemm_here<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    let to = c.rb();
    let (rs, cs) = (to.row_stride(), to.col_stride());
    assert!(a.rows() == m && b.rows() == k && b.cols() == n, "gemm of {m}x{k} and {}x{n}", b.rows());
    // SAFETY: the views lie in memory lent for the call, C's exclusively; the shapes fit, as just asserted; `T` is one of the four types that the crate takes.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            cs,
            rs,
            beta != T::ZERO,
            a.mat.as_ptr(),
            a.mat.col_stride(),
            a.mat.row_stride(),
            b.mat.as_ptr(),
            b.mat.col_stride(),
            b.mat.row_stride(),
            beta,
            alpha,
            false,
            a.conj,
            b.conj,
            Parallelism::None,
        );
    }
}

/// The real or the imaginary parts of a complex matrix, as a matrix of their own.
pub(super) fn part_of<T: Scalar>(m: MatRef<'_, T>, imaginary: bool) -> MatRef<'_, T::Real> {
    assert!(T::COMPLEX, "a real matrix has no parts");
    let first = m.as_ptr().cast::<T::Real>().wrapping_add(usize::from(imaginary));
    // SAFETY: a complex number is its parts one after the other, so these are in the matrix's memory, twice its steps apart.
    unsafe { MatRef::from_raw(first, m.shape(), (2 * m.row_stride(), 2 * m.col_stride())) }
}
