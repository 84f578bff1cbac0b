//! Rows of lengths with large prime factors, by Bluestein's algorithm.
//!
//! Owns the kernel that makes a convolution of a transform: with c(j) = exp(-i pi j^2 / n), `x` times `c` convolved with the conjugate of `c`, times `c`. The
//! convolution is done by two transforms of a length that [`super::split`] is good at, on as many threads as that uses.

use num_complex::Complex;

use super::pass::in_shares;
use super::split::Split;
use super::sys::{self, Blocks, Strip};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Elements of a thread's share.
const SHARE: usize = 32 << 10;

/// The convolution's length is a multiple of this, which fills registers.
const STEP: usize = 64;

/// A planned transform of rows.
pub(crate) struct Chirp<T: Real> {
    /// The chirp of the transform's direction.
    turns: Vec<Complex<T>>,
    /// The spectrum of its conjugate, over the length.
    response: Vec<Complex<T>>,
    inner: Split<T>,
}

impl<T: Real> Chirp<T> {
    /// Plans, where there is a length for the convolution.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Chirp<T>> {
        let least = 2 * n - 1;
        let inner = (least.next_multiple_of(STEP)..2 * least).step_by(STEP).find_map(|m| Split::new(m, Direction::Forward))?;
        let m = inner.len();
        let angle = |j: usize| (j as u128 * j as u128 % (2 * n as u128)) as usize;
        let wide: Vec<Complex<f64>> = (0..n).map(|j| root::<f64>(angle(j), 2 * n)).collect();
        // In float64 and once: its own error goes into every result.
        let mut response = vec![Complex::new(0.0, 0.0); m];
        response[0] = wide[0].conj() / m as f64;
        for j in 1..n {
            response[j] = wide[j].conj() / m as f64;
            response[m - j] = response[j];
        }
        super::rows::Rows::<f64>::new(m, Direction::Forward).in_place(&mut response, 1.0).ok()?;
        let narrow = |z: &Complex<f64>| Complex::new(T::of(z.re), T::of(z.im));
        // The response being even, its conjugate's spectrum is its spectrum's conjugate.
        let directed = |z: Complex<T>| if direction == Direction::Inverse { z.conj() } else { z };
        let response = response.iter().map(narrow).map(directed).collect();
        Some(Chirp { turns: wide.iter().map(narrow).map(directed).collect(), response, inner })
    }

    pub(super) fn bytes(&self) -> usize {
        (self.turns.len() + self.response.len()) * size_of::<Complex<T>>() + self.inner.bytes()
    }

    pub(super) fn work_len(&self) -> usize {
        self.inner.len() + self.inner.work_len()
    }

    /// Transforms one lane, a dense row, into that of another strip or the same.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, lane: usize, factor: T) -> Result<(), Error> {
        let (n, m) = (self.turns.len(), self.inner.len());
        sys::with_area::<T, _>(m, |area| {
            let area = sys::area_row(area, m);
            let x = from.complex_rows(lane, 1);
            each_block(&area, m, |first, block| {
                let known = n.saturating_sub(first).min(block.len());
                for ((z, x), turn) in block.iter_mut().zip(&x[first.min(n)..]).zip(&self.turns[first.min(n)..]) {
                    *z = *x * *turn;
                }
                block[known..].fill(Complex::new(T::ZERO, T::ZERO));
                Ok(())
            })?;
            self.inner.run(&area, &area, 0..1, T::of(1.0))?;
            // The inverse transform is the conjugate of the transform of the conjugate.
            each_block(&area, m, |first, block| {
                block.iter_mut().zip(&self.response[first..]).for_each(|(z, h)| *z = (*z * *h).conj());
                Ok(())
            })?;
            self.inner.run(&area, &area, 0..1, T::of(1.0))?;
            let z = area.complex_rows(0, 1);
            each_block(&to.some(lane..lane + 1), n, |first, block| {
                for ((y, z), turn) in block.iter_mut().zip(&z[first..]).zip(&self.turns[first..]) {
                    *y = z.conj() * *turn * factor;
                }
                Ok(())
            })
        })?
    }
}

/// Works on the first `n` elements of a strip's one row, a block after another, on as many threads as are worth it.
fn each_block<T: Real>(row: &Strip<T>, n: usize, work: impl Fn(usize, &mut [Complex<T>]) -> Result<(), Error> + Sync) -> Result<(), Error> {
    let blocks = Blocks::new(row, n, SHARE);
    in_shares(blocks.count(), 1, |index| {
        let (first, block) = blocks.block(index);
        work(first, block)
    })
}
