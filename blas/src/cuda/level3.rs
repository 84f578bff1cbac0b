//! Level 3 and cuBLAS's extensions by cuBLAS.
//!
//! A result that lies row after row is computed as its transpose: products exchange their factors, sides and triangles are the other ones, and a Hermitian update is that of the conjugates.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::memory::{Flag, Run, as_columns, as_rows, number, other, side, unit, uplo};
use crate::error::Error;
use crate::extension::{Dgmm, Geam, Pack, Unpack};
use crate::level3::{Gemm, Rank, RankK, SelfMm, TriMat};
use crate::scalar::Scalar;

impl Run<'_> {
    pub(super) fn gemm<T: Scalar>(self, c: Gemm<'_, T>) -> Result<(), Error> {
        self.product(c, false)
    }

    /// The routine for real elements is `gemm`.
    pub(super) fn gemm3m<T: Scalar>(self, c: Gemm<'_, T>) -> Result<(), Error> {
        self.product(c, T::COMPLEX)
    }

    fn product<T: Scalar>(mut self, call: Gemm<'_, T>, three: bool) -> Result<(), Error> {
        let c = self.target(&call.c, true)?;
        let (a, b) = if c.rows { (call.b.transposed(), call.a.transposed()) } else { (call.a, call.b) };
        let (m, n, k) = (a.rows() as i64, b.cols() as i64, a.cols() as i64);
        if m == 0 || n == 0 {
            return Ok(());
        }
        if k == 0 {
            return self.scaled(call.beta, (m, n), c.at, c.ld);
        }
        let ((fa, a), (fb, b)) = (self.factor(a)?, self.factor(b)?);
        let (fa, fb, alpha, beta) = (fa as c_int, fb as c_int, number(&call.alpha), number(&call.beta));
        // SAFETY: matrices on the stream's device that are m x k, k x n and m x n as their flags say.
        self.end(|library, handle| unsafe {
            if three {
                library.gemm3m::<T>(handle, fa, fb, m, n, k, alpha, a.at, a.ld, b.at, b.ld, beta, c.at, c.ld)
            } else {
                library.gemm::<T>(handle, fa, fb, m, n, k, alpha, a.at, a.ld, b.at, b.ld, beta, c.at, c.ld)
            }
        })
    }

    pub(super) fn self_mm<T: Scalar>(mut self, call: SelfMm<'_, T>) -> Result<(), Error> {
        let c = self.target(&call.c, true)?;
        let (rows, cols) = call.b.shape();
        let (m, n) = if c.rows { (cols, rows) } else { (rows, cols) };
        let on = if c.rows { other(call.side) } else { call.side };
        let b = self.lying(call.b, c.rows)?;
        // In the transposed world a Hermitian A is what lies row after row.
        let (stored, a) = match (as_columns(call.a), as_rows(call.a)) {
            (Some(found), _) if !call.hermitian || !c.rows => (call.uplo, found),
            (_, Some(found)) if !call.hermitian || c.rows => (call.uplo.flipped(), found),
            _ if c.rows => (call.uplo.flipped(), self.copied(call.a, true)?),
            _ => (call.uplo, self.copied(call.a, false)?),
        };
        let (alpha, beta, on, stored, m, n) = (number(&call.alpha), number(&call.beta), side(on), uplo(stored), m as i64, n as i64);
        // SAFETY: B and C are m x n, A square on its side, all on the stream's device.
        self.end(|library, handle| unsafe {
            if call.hermitian {
                library.hemm::<T>(handle, on, stored, m, n, alpha, a.at, a.ld, b.at, b.ld, beta, c.at, c.ld)
            } else {
                library.symm::<T>(handle, on, stored, m, n, alpha, a.at, a.ld, b.at, b.ld, beta, c.at, c.ld)
            }
        })
    }

    pub(super) fn rank_k<T: Scalar>(mut self, call: RankK<'_, T>) -> Result<(), Error> {
        let c = self.target(&call.c, true)?;
        let (n, k) = (call.a.rows() as i64, call.a.cols() as i64);
        let stored = uplo(if c.rows { call.uplo.flipped() } else { call.uplo });
        let (mut a, mut b) = (call.a, call.b);
        if c.rows {
            (a, b) = (b, a);
            if call.hermitian {
                (a.conj, b.conj) = (!a.conj, !b.conj);
            }
        }
        // Plain is what is not conjugated, of a Hermitian update; of a symmetric one either will do.
        let turned = if call.hermitian { a.conj } else { as_columns(a.mat).is_none() && as_rows(a.mat).is_some() };
        let flag = match (turned, call.hermitian) {
            (false, _) => Flag::N,
            (true, true) => Flag::C,
            (true, false) => Flag::T,
        } as c_int;
        let (alpha, beta, hermitian) = (number(&call.alpha), number(&call.beta), call.hermitian);
        let (real_alpha, real_beta) = (call.alpha.re(), call.beta.re());
        let (real_alpha, real_beta) = (number(&real_alpha), number(&real_beta));
        let at = self.lying(a.mat, turned)?;
        if call.kind == Rank::K {
            // SAFETY: A is n x k as its flag says and C square, on the stream's device; a Hermitian update takes its numbers as real ones.
            return self.end(|library, handle| unsafe {
                if hermitian {
                    library.herk::<T>(handle, stored, flag, n, k, real_alpha, at.at, at.ld, real_beta, c.at, c.ld)
                } else {
                    library.syrk::<T>(handle, stored, flag, n, k, alpha, at.at, at.ld, beta, c.at, c.ld)
                }
            });
        }
        let bt = self.lying(b.mat, turned)?;
        // SAFETY: as above, B as A.
        self.end(|library, handle| unsafe {
            match (call.kind == Rank::TwoK, hermitian) {
                (true, true) => library.her2k::<T>(handle, stored, flag, n, k, alpha, at.at, at.ld, bt.at, bt.ld, real_beta, c.at, c.ld),
                (true, false) => library.syr2k::<T>(handle, stored, flag, n, k, alpha, at.at, at.ld, bt.at, bt.ld, beta, c.at, c.ld),
                (false, true) => library.herkx::<T>(handle, stored, flag, n, k, alpha, at.at, at.ld, bt.at, bt.ld, real_beta, c.at, c.ld),
                (false, false) => library.syrkx::<T>(handle, stored, flag, n, k, alpha, at.at, at.ld, bt.at, bt.ld, beta, c.at, c.ld),
            }
        })
    }

    pub(super) fn tri_mm<T: Scalar>(self, call: TriMat<'_, T>) -> Result<(), Error> {
        self.tri_mat(call, false)
    }

    pub(super) fn tri_sm<T: Scalar>(self, call: TriMat<'_, T>) -> Result<(), Error> {
        self.tri_mat(call, true)
    }

    fn tri_mat<T: Scalar>(mut self, call: TriMat<'_, T>, solve: bool) -> Result<(), Error> {
        let b = self.target(&call.b, true)?;
        let (rows, cols) = call.b.shape();
        let (m, n, on) = if b.rows { (cols as i64, rows as i64, other(call.side)) } else { (rows as i64, cols as i64, call.side) };
        let (stored, flag, a) = self.triangle(call.a, call.uplo, call.trans, b.rows)?;
        let (on, stored, flag, diag, alpha) = (side(on), uplo(stored), flag as c_int, unit(call.unit), number(&call.alpha));
        // SAFETY: B is m x n, A square on its side, on the stream's device; the product may be made in place.
        self.end(|library, handle| unsafe {
            if solve {
                library.trsm::<T>(handle, on, stored, flag, diag, m, n, alpha, a.at, a.ld, b.at, b.ld)
            } else {
                library.trmm::<T>(handle, on, stored, flag, diag, m, n, alpha, a.at, a.ld, b.at, b.ld, b.at, b.ld)
            }
        })
    }

    pub(super) fn geam<T: Scalar>(mut self, call: Geam<'_, T>) -> Result<(), Error> {
        let c = self.target(&call.c, true)?;
        let (a, b) = if c.rows { (call.a.transposed(), call.b.transposed()) } else { (call.a, call.b) };
        let (m, n) = (a.rows() as i64, a.cols() as i64);
        if m == 0 || n == 0 {
            return Ok(());
        }
        let ((fa, a), (fb, b)) = (self.factor(a)?, self.factor(b)?);
        let (alpha, beta) = (number(&call.alpha), number(&call.beta));
        // SAFETY: matrices on the stream's device that are m x n as their flags say.
        self.end(|library, handle| unsafe {
            library.geam::<T>(handle, fa as c_int, fb as c_int, m, n, alpha, a.at, a.ld, beta, b.at, b.ld, c.at, c.ld)
        })
    }

    pub(super) fn dgmm<T: Scalar>(mut self, call: Dgmm<'_, T>) -> Result<(), Error> {
        let c = self.target(&call.c, true)?;
        let (rows, cols) = call.a.shape();
        let (m, n, on) = if c.rows { (cols as i64, rows as i64, other(call.side)) } else { (rows as i64, cols as i64, call.side) };
        if m == 0 || n == 0 {
            return Ok(());
        }
        let a = self.lying(call.a, c.rows)?;
        let x = self.line(call.x)?;
        // SAFETY: A and C are m x n, x as long as its side, on the stream's device.
        self.end(|library, handle| unsafe { library.dgmm::<T>(handle, side(on), m, n, a.at, a.ld, x.at, x.inc, c.at, c.ld) })
    }

    pub(super) fn pack<T: Scalar>(mut self, call: Pack<'_, T>) -> Result<(), Error> {
        let (n, a, ap) = (self.int(call.a.cols())?, self.lying(call.a, false)?, self.neighbours_mut(&call.ap)?);
        let ld = self.int(a.ld as usize)?;
        // SAFETY: a matrix of n rows and columns and its triangle packed, on the stream's device.
        self.end(|library, handle| unsafe { library.trttp::<T>(handle, uplo(call.uplo), n, a.at, ld, ap) })
    }

    pub(super) fn unpack<T: Scalar>(mut self, call: Unpack<'_, T>) -> Result<(), Error> {
        let (n, ap, a) = (self.int(call.a.cols())?, self.neighbours(call.ap)?, self.target(&call.a, false)?);
        let ld = self.int(a.ld as usize)?;
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.tpttr::<T>(handle, uplo(call.uplo), n, ap, a.at, ld) })
    }
}
