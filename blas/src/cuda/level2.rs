//! Level 2 by cuBLAS.
//!
//! A symmetric matrix that lies row after row is one that lies column after column with the other triangle; a Hermitian one is the conjugate of such a one, which the vectors, or a copy, make up for.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::memory::{Flag, Run, as_columns, as_rows, number, unit, uplo};
use crate::error::Error;
use crate::level2::{Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec};
use crate::operand::{Form, FormMut};
use crate::scalar::Scalar;

impl Run<'_> {
    /// What cuBLAS has for real elements alone.
    fn real_only<T: Scalar>(&mut self, hermitian: bool, routine: &'static str) -> Result<(), Error> {
        self.routine = routine;
        if T::COMPLEX && !hermitian {
            return self.unsupported("cuBLAS has no complex symmetric form of it: copy the operands to the host, or give the matrix in full");
        }
        Ok(())
    }

    pub(super) fn gemv<T: Scalar>(mut self, c: Gemv<'_, T>) -> Result<(), Error> {
        let (rows, cols) = (c.a.rows() as i64, c.a.cols() as i64);
        if cols == 0 {
            // cuBLAS would leave y as it is.
            let y = self.line_mut(&c.y);
            return self.scaled(c.beta, (1, rows), y.at, y.inc.abs());
        }
        let (flag, a) = self.factor(c.a)?;
        let (x, y) = (self.line(c.x)?, self.line_mut(&c.y));
        let (m, n) = if flag == Flag::N { (rows, cols) } else { (cols, rows) };
        // SAFETY: what is in memory has m rows and n columns, the vectors fit them, all on the stream's device.
        self.end(|library, handle| unsafe {
            library.gemv::<T>(handle, flag as c_int, m, n, number(&c.alpha), a.at, a.ld, x.at, x.inc, number(&c.beta), y.at, y.inc)
        })
    }

    /// A matrix in memory times a number; zeros if that is 0, whatever was there.
    pub(super) fn scaled<T: Scalar>(self, beta: T, (rows, cols): (i64, i64), at: u64, ld: i64) -> Result<(), Error> {
        let (beta, zero) = (number(&beta), T::ZERO);
        let plain = Flag::N as c_int;
        // SAFETY: a matrix of that shape on the stream's device, in place.
        self.end(|library, handle| unsafe { library.geam::<T>(handle, plain, plain, rows, cols, beta, at, ld, number(&zero), at, ld, at, ld) })
    }

    pub(super) fn gbmv<T: Scalar>(mut self, c: Gbmv<'_, T>) -> Result<(), Error> {
        let (m, n) = (c.rows as i64, c.ab.cols() as i64);
        let ab = self.lying(c.ab, false)?;
        let (x, y) = (self.line(c.x)?, self.line_mut(&c.y));
        // SAFETY: as above; the band has kl + ku + 1 rows.
        self.end(|library, handle| unsafe {
            let (kl, ku) = (c.kl as i64, c.ku as i64);
            library.gbmv::<T>(
                handle,
                Flag::of(c.trans) as c_int,
                m,
                n,
                kl,
                ku,
                number(&c.alpha),
                ab.at,
                ab.ld,
                x.at,
                x.inc,
                number(&c.beta),
                y.at,
                y.inc,
            )
        })
    }

    pub(super) fn self_mv<T: Scalar>(mut self, c: SelfMv<'_, T>) -> Result<(), Error> {
        let n = c.a.n() as i64;
        let (alpha, beta, hermitian) = (number(&c.alpha), number(&c.beta), c.hermitian);
        match c.a.form {
            Form::Full(a) => {
                let (stored, a) = match (as_columns(a), as_rows(a)) {
                    (Some(found), _) => (c.a.uplo, found),
                    (None, Some(found)) if !hermitian => (c.a.uplo.flipped(), found),
                    _ => (c.a.uplo, self.copied(a, false)?),
                };
                let (x, y) = (self.line(c.x)?, self.line_mut(&c.y));
                // SAFETY: a matrix of n rows and columns and vectors of n elements on the stream's device.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        library.hemv::<T>(handle, uplo(stored), n, alpha, a.at, a.ld, x.at, x.inc, beta, y.at, y.inc)
                    } else {
                        library.symv::<T>(handle, uplo(stored), n, alpha, a.at, a.ld, x.at, x.inc, beta, y.at, y.inc)
                    }
                })
            }
            Form::Band(ab, k) => {
                self.real_only::<T>(hermitian, "sbmv")?;
                let ab = self.lying(ab, false)?;
                let (x, y, k) = (self.line(c.x)?, self.line_mut(&c.y), k as i64);
                // SAFETY: as above, in k + 1 rows.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        library.hbmv::<T>(handle, uplo(c.a.uplo), n, k, alpha, ab.at, ab.ld, x.at, x.inc, beta, y.at, y.inc)
                    } else {
                        library.sbmv::<T>(handle, uplo(c.a.uplo), n, k, alpha, ab.at, ab.ld, x.at, x.inc, beta, y.at, y.inc)
                    }
                })
            }
            Form::Packed(ap, _) => {
                self.real_only::<T>(hermitian, "spmv")?;
                let ap = self.neighbours(ap)?;
                let (x, y) = (self.line(c.x)?, self.line_mut(&c.y));
                // SAFETY: as above, packed.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        library.hpmv::<T>(handle, uplo(c.a.uplo), n, alpha, ap, x.at, x.inc, beta, y.at, y.inc)
                    } else {
                        library.spmv::<T>(handle, uplo(c.a.uplo), n, alpha, ap, x.at, x.inc, beta, y.at, y.inc)
                    }
                })
            }
        }
    }

    pub(super) fn tri_mv<T: Scalar>(self, c: TriVec<'_, T>) -> Result<(), Error> {
        self.tri(c, false)
    }

    pub(super) fn tri_sv<T: Scalar>(self, c: TriVec<'_, T>) -> Result<(), Error> {
        self.tri(c, true)
    }

    fn tri<T: Scalar>(mut self, c: TriVec<'_, T>, solve: bool) -> Result<(), Error> {
        let (n, stored, diag) = (c.a.n() as i64, c.a.uplo, unit(c.unit));
        let x = self.line_mut(&c.x);
        match c.a.form {
            Form::Full(a) => {
                let (stored, flag, a) = self.triangle(a, stored, c.trans, false)?;
                let (stored, flag) = (uplo(stored), flag as c_int);
                // SAFETY: a matrix of n rows and columns and a vector of n elements on the stream's device.
                self.end(|library, handle| unsafe {
                    if solve {
                        library.trsv::<T>(handle, stored, flag, diag, n, a.at, a.ld, x.at, x.inc)
                    } else {
                        library.trmv::<T>(handle, stored, flag, diag, n, a.at, a.ld, x.at, x.inc)
                    }
                })
            }
            Form::Band(ab, k) => {
                let (ab, k) = (self.lying(ab, false)?, k as i64);
                // SAFETY: as above, in k + 1 rows.
                self.end(|library, handle| unsafe {
                    if solve {
                        library.tbsv::<T>(handle, uplo(stored), Flag::of(c.trans) as c_int, diag, n, k, ab.at, ab.ld, x.at, x.inc)
                    } else {
                        library.tbmv::<T>(handle, uplo(stored), Flag::of(c.trans) as c_int, diag, n, k, ab.at, ab.ld, x.at, x.inc)
                    }
                })
            }
            Form::Packed(ap, _) => {
                let ap = self.neighbours(ap)?;
                // SAFETY: as above, packed.
                self.end(|library, handle| unsafe {
                    if solve {
                        library.tpsv::<T>(handle, uplo(stored), Flag::of(c.trans) as c_int, diag, n, ap, x.at, x.inc)
                    } else {
                        library.tpmv::<T>(handle, uplo(stored), Flag::of(c.trans) as c_int, diag, n, ap, x.at, x.inc)
                    }
                })
            }
        }
    }

    pub(super) fn ger<T: Scalar>(mut self, c: Ger<'_, T>) -> Result<(), Error> {
        let (m, n) = (c.x.len() as i64, c.y.len() as i64);
        let a = self.target(&c.a, true)?;
        let alpha = number(&c.alpha);
        let conj = T::COMPLEX && c.conj;
        if a.rows && conj {
            // The transpose gains conj(y) xᵀ: a product of the conjugate transpose of y as a row, and x as a row.
            let (x, y, one) = (self.forward(c.x)?, self.forward(c.y)?, T::ONE);
            // SAFETY: vectors of m and n elements and a matrix of n rows and m columns on the stream's device.
            return self.end(|library, handle| unsafe {
                library.gemm::<T>(handle, Flag::C as c_int, Flag::N as c_int, n, m, 1, alpha, y.at, y.inc, x.at, x.inc, number(&one), a.at, a.ld)
            });
        }
        let (x, y) = (self.line(c.x)?, self.line(c.y)?);
        // SAFETY: as above, the matrix of m rows, or of n where it is the transpose.
        self.end(|library, handle| unsafe {
            match (a.rows, conj) {
                (true, _) => library.ger::<T>(handle, n, m, alpha, y.at, y.inc, x.at, x.inc, a.at, a.ld),
                (false, false) => library.ger::<T>(handle, m, n, alpha, x.at, x.inc, y.at, y.inc, a.at, a.ld),
                (false, true) => library.gerc::<T>(handle, m, n, alpha, x.at, x.inc, y.at, y.inc, a.at, a.ld),
            }
        })
    }

    pub(super) fn self_rank1<T: Scalar>(mut self, c: SelfRank1<'_, T>) -> Result<(), Error> {
        let (n, stored, hermitian) = (c.a.n() as i64, c.a.uplo, c.hermitian);
        match &c.a.form {
            FormMut::Full(a) => {
                let a = self.target(a, true)?;
                let stored = uplo(if a.rows { stored.flipped() } else { stored });
                let x = if a.rows && hermitian { self.conjugate(c.x)? } else { self.line(c.x)? };
                // SAFETY: a matrix of n rows and columns and a vector of n elements on the stream's device; a Hermitian update takes its number as a real one.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        let alpha = c.alpha.re();
                        library.her::<T>(handle, stored, n, number(&alpha), x.at, x.inc, a.at, a.ld)
                    } else {
                        library.syr::<T>(handle, stored, n, number(&c.alpha), x.at, x.inc, a.at, a.ld)
                    }
                })
            }
            FormMut::Packed(ap, _) => {
                self.real_only::<T>(hermitian, "spr")?;
                let (ap, x) = (self.neighbours_mut(ap)?, self.line(c.x)?);
                // SAFETY: as above, packed.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        let alpha = c.alpha.re();
                        library.hpr::<T>(handle, uplo(stored), n, number(&alpha), x.at, x.inc, ap)
                    } else {
                        library.spr::<T>(handle, uplo(stored), n, number(&c.alpha), x.at, x.inc, ap)
                    }
                })
            }
        }
    }

    pub(super) fn self_rank2<T: Scalar>(mut self, c: SelfRank2<'_, T>) -> Result<(), Error> {
        let (n, stored, hermitian, alpha) = (c.a.n() as i64, c.a.uplo, c.hermitian, number(&c.alpha));
        match &c.a.form {
            FormMut::Full(a) => {
                let a = self.target(a, true)?;
                let stored = uplo(if a.rows { stored.flipped() } else { stored });
                // The transpose of a Hermitian update is that with the conjugates, exchanged.
                let (x, y) = if a.rows && hermitian { (self.conjugate(c.y)?, self.conjugate(c.x)?) } else { (self.line(c.x)?, self.line(c.y)?) };
                // SAFETY: as above.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        library.her2::<T>(handle, stored, n, alpha, x.at, x.inc, y.at, y.inc, a.at, a.ld)
                    } else {
                        library.syr2::<T>(handle, stored, n, alpha, x.at, x.inc, y.at, y.inc, a.at, a.ld)
                    }
                })
            }
            FormMut::Packed(ap, _) => {
                self.real_only::<T>(hermitian, "spr2")?;
                let (ap, x, y) = (self.neighbours_mut(ap)?, self.line(c.x)?, self.line(c.y)?);
                // SAFETY: as above, packed.
                self.end(|library, handle| unsafe {
                    if hermitian {
                        library.hpr2::<T>(handle, uplo(stored), n, alpha, x.at, x.inc, y.at, y.inc, ap)
                    } else {
                        library.spr2::<T>(handle, uplo(stored), n, alpha, x.at, x.inc, y.at, y.inc, ap)
                    }
                })
            }
        }
    }
}
