//! Level 1 by cuBLAS.
#![allow(unsafe_code)]

use super::memory::{Run, answer, number};
use crate::error::Error;
use crate::level1::{Axpy, Copy, Dot, Rot, Rotm, Swap};
use crate::scalar::Scalar;
use crate::view::{VecMut, VecRef};

impl Run<'_> {
    pub(super) fn axpy<T: Scalar>(mut self, c: Axpy<'_, T>) -> Result<(), Error> {
        let (n, x, y) = (c.x.len() as i64, self.line(c.x)?, self.line_mut(&c.y));
        // SAFETY: vectors of n elements on the stream's device.
        self.end(|library, handle| unsafe { library.axpy::<T>(handle, n, number(&c.alpha), x.at, x.inc, y.at, y.inc) })
    }

    pub(super) fn copy<T: Scalar>(mut self, c: Copy<'_, T>) -> Result<(), Error> {
        let (n, x, y) = (c.x.len() as i64, self.line(c.x)?, self.line_mut(&c.y));
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.copy::<T>(handle, n, x.at, x.inc, y.at, y.inc) })
    }

    pub(super) fn swap<T: Scalar>(mut self, c: Swap<'_, T>) -> Result<(), Error> {
        let (n, x, y) = (c.x.len() as i64, self.line_mut(&c.x), self.line_mut(&c.y));
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.swap::<T>(handle, n, x.at, x.inc, y.at, y.inc) })
    }

    pub(super) fn scal<T: Scalar>(mut self, alpha: T, x: VecMut<'_, T>) -> Result<(), Error> {
        let (n, line) = (x.len() as i64, self.line_mut(&x));
        // The order is nothing here, and cuBLAS does nothing where steps are negative.
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.scal::<T>(handle, n, number(&alpha), line.at, line.inc.abs()) })
    }

    pub(super) fn dot<T: Scalar>(mut self, c: Dot<'_, T>) -> Result<T, Error> {
        let (n, x, y) = (c.x.len() as i64, self.line(c.x)?, self.line(c.y)?);
        let mut result = T::ZERO;
        let to = answer(&mut result);
        // SAFETY: as above; the result is a live local that is written before the call returns.
        self.end(|library, handle| unsafe {
            if c.conj {
                library.dotc::<T>(handle, n, x.at, x.inc, y.at, y.inc, to)
            } else {
                library.dot::<T>(handle, n, x.at, x.inc, y.at, y.inc, to)
            }
        })?;
        Ok(result)
    }

    pub(super) fn nrm2<T: Scalar>(mut self, x: VecRef<'_, T>) -> Result<T::Real, Error> {
        let (n, line) = (x.len() as i64, self.line(x)?);
        let mut result = T::Real::ZERO;
        let to = answer(&mut result);
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.nrm2::<T>(handle, n, line.at, line.inc.abs(), to) })?;
        Ok(result)
    }

    pub(super) fn asum<T: Scalar>(mut self, x: VecRef<'_, T>) -> Result<T::Real, Error> {
        let (n, line) = (x.len() as i64, self.line(x)?);
        let mut result = T::Real::ZERO;
        let to = answer(&mut result);
        // SAFETY: as above.
        self.end(|library, handle| unsafe { library.asum::<T>(handle, n, line.at, line.inc.abs(), to) })?;
        Ok(result)
    }

    /// The place of the largest or smallest element; cuBLAS counts from 1, and says 0 of none.
    pub(super) fn extreme<T: Scalar>(mut self, x: VecRef<'_, T>, largest: bool) -> Result<Option<usize>, Error> {
        let n = x.len() as i64;
        // The first of several is asked for, so the order counts, which cuBLAS takes forward only.
        let line = self.forward(x)?;
        let mut result = 0_i64;
        let to = &raw mut result;
        // SAFETY: as above.
        self.end(|library, handle| unsafe {
            if largest { library.amax::<T>(handle, n, line.at, line.inc, to) } else { library.amin::<T>(handle, n, line.at, line.inc, to) }
        })?;
        Ok(usize::try_from(result).ok().and_then(|place| place.checked_sub(1)))
    }

    pub(super) fn rot<T: Scalar>(mut self, c: Rot<'_, T>) -> Result<(), Error> {
        let (n, x, y) = (c.x.len() as i64, self.line_mut(&c.x), self.line_mut(&c.y));
        // SAFETY: vectors of n elements on the stream's device; the cosine is real and the sine of the vectors' type.
        self.end(|library, handle| unsafe { library.rot::<T>(handle, n, x.at, x.inc, y.at, y.inc, number(&c.c), number(&c.s)) })
    }

    pub(super) fn rotm<T: Scalar>(mut self, c: Rotm<'_, T>) -> Result<(), Error> {
        let Some(h) = c.h else { return Ok(()) };
        let (n, x, y) = (c.x.len() as i64, self.line_mut(&c.x), self.line_mut(&c.y));
        // All four given: the flag is -1.
        let param = [T::ZERO - T::ONE, h[0], h[1], h[2], h[3]];
        // SAFETY: as above; five parameters.
        self.end(|library, handle| unsafe { library.rotm::<T>(handle, n, x.at, x.inc, y.at, y.inc, param.as_ptr().cast()) })
    }
}
