//! Products of small real matrices, without packing: what a batch is made of.
//!
//! Owns the register blocks. Taken where C and A have contiguous columns (or C and B contiguous rows, which is the same of the transposes); all else goes to the `gemm` crate,
//! whose preparations cost more than such a product.
#![allow(unsafe_code)]

use super::level::{Kernel, run};
use crate::operand::Op;
use crate::scalar::{Real, Scalar};
use crate::view::{MatMut, MatRef};

/// The largest extent taken.
const LARGEST: usize = 40;

struct Product<R> {
    m: usize,
    n: usize,
    k: usize,
    a: *const R,
    acs: isize,
    b: *const R,
    brs: isize,
    bcs: isize,
    c: *mut R,
    ccs: isize,
    alpha: R,
    beta: R,
}

impl<R: Real> Product<R> {
    /// Columns `j..j + N` of C, rows `i..i + M`.
    ///
    /// # Safety
    /// They are there, and A, B and C are as [`gemm`] says.
    #[inline(always)]
    unsafe fn block<const FMA: bool, const M: usize, const N: usize>(&self, i: usize, j: usize) {
        let mut sums = [[R::ZERO; M]; N];
        for p in 0..self.k as isize {
            // SAFETY: column p of A has rows i..i + M, row p of B columns j..j + N.
            unsafe {
                let a = &*self.a.offset(p * self.acs + i as isize).cast::<[R; M]>();
                for (q, sums) in sums.iter_mut().enumerate() {
                    let b = *self.b.offset(p * self.brs + (j + q) as isize * self.bcs);
                    for l in 0..M {
                        sums[l] = if FMA { a[l].mul_add(b, sums[l]) } else { a[l] * b + sums[l] };
                    }
                }
            }
        }
        for (q, sums) in sums.iter().enumerate() {
            // SAFETY: column j + q of C has rows i..i + M, exclusively ours.
            let c = unsafe { &mut *self.c.offset((j + q) as isize * self.ccs + i as isize).cast::<[R; M]>() };
            for l in 0..M {
                let new = self.alpha * sums[l];
                c[l] = if self.beta == R::ZERO { new } else { self.beta * c[l] + new };
            }
        }
    }

    /// All columns of rows `i..i + M`.
    ///
    /// # Safety
    /// As [`Product::block`].
    #[inline(always)]
    unsafe fn rows<const FMA: bool, const M: usize>(&self, i: usize) {
        let fours = self.n / 4 * 4;
        // SAFETY: the caller's promise; the columns are C's.
        unsafe {
            for j in (0..fours).step_by(4) {
                self.block::<FMA, M, 4>(i, j);
            }
            for j in fours..self.n {
                self.block::<FMA, M, 1>(i, j);
            }
        }
    }
}

impl<R: Real> Kernel for Product<R> {
    type Out = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let mut i = 0;
        // SAFETY: each band of rows lies in 0..m.
        unsafe {
            while self.m - i >= 16 {
                self.rows::<FMA, 16>(i);
                i += 16;
            }
            if self.m - i >= 8 {
                self.rows::<FMA, 8>(i);
                i += 8;
            }
            if self.m - i >= 4 {
                self.rows::<FMA, 4>(i);
                i += 4;
            }
            while i < self.m {
                self.rows::<FMA, 1>(i);
                i += 1;
            }
        }
    }
}

/// `C ← αAB + βC` if this is the place for it; α is not 0, no extent is.
pub(super) fn gemm<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: &mut MatMut<'_, T>) -> bool {
    if T::COMPLEX || c.rows().max(c.cols()).max(a.cols()) > LARGEST {
        return false;
    }
    let contiguous = |m: MatRef<'_, T>| m.row_stride() == 1 || m.rows() == 1;
    if contiguous(c.rb()) && contiguous(a.mat) {
        in_columns(alpha, a.mat, b.mat, beta, c.rb_mut());
    } else if contiguous(c.rb().transposed()) && contiguous(b.mat.transposed()) {
        in_columns(alpha, b.mat.transposed(), a.mat.transposed(), beta, c.rb_mut().transposed());
    } else {
        return false;
    }
    true
}

fn in_columns<T: Scalar>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    assert!(a.rows() == m && b.rows() == k && b.cols() == n, "gemm of {m}x{k} and {}x{n}", b.rows());
    run(Product {
        m,
        n,
        k,
        // A real scalar is its own part (`Real: Scalar<Real = Self>`).
        a: a.as_ptr().cast::<T::Real>(),
        acs: a.col_stride(),
        b: b.as_ptr().cast::<T::Real>(),
        brs: b.row_stride(),
        bcs: b.col_stride(),
        ccs: c.rb().col_stride(),
        c: c.as_mut_ptr().cast::<T::Real>(),
        alpha: alpha.re(),
        beta: beta.re(),
    });
}
