//! Rows of lengths with large prime factors, by Bluestein's algorithm.
//!
//! Owns the kernel that makes a convolution of a transform: with c(j) = exp(-i pi j^2 / n), `x` times `c` convolved with the conjugate of `c`, times `c`. The
//! convolution is done by two transforms of a length that [`super::split`] is good at, on as many threads as that uses. The first of them neither reads the zeros that the row
//! is filled up with nor leaves the product of spectra to a pass of its own; the second writes no more than is asked for.

use num_complex::Complex;
use pulp::Arch;

use super::columns::register_lanes;
use super::pass::in_shares;
use super::processor;
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
    response: Vec<T>,
    there: Split<T>,
    back: Split<T>,
    arch: Arch,
}

/// The length of at least that many elements which makes least work.
fn length<T: Real>(least: usize) -> Option<usize> {
    let lanes = register_lanes::<T>();
    let is_smooth = |mut m: usize| {
        for factor in [2, 3, 5, 7] {
            while m.is_multiple_of(factor) {
                m /= factor;
            }
        }
        m == 1
    };
    let candidates = (least.next_multiple_of(STEP)..2 * least).step_by(STEP).filter(|&m| is_smooth(m));
    // An eighth more is more than a better length gains.
    let near = candidates.take_while(|&m| m <= least + least / 8 + STEP);
    near.filter_map(|m| Split::<T>::cheapest(m).filter(|(_, rows)| rows.is_multiple_of(lanes)).map(|(work, _)| (work, m))).min().map(|(_, m)| m)
}

impl<T: Real> Chirp<T> {
    /// Plans, where there is a length for the convolution.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Chirp<T>> {
        let m = length::<T>(2 * n - 1)?;
        let (there, back) = (Split::new(m, Direction::Forward)?, Split::new(m, Direction::Inverse)?);
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
        let response: Vec<_> = response.iter().map(narrow).map(directed).collect();
        let response = there.factors(&response);
        Some(Chirp { turns: wide.iter().map(narrow).map(directed).collect(), response, there, back, arch: processor::arch() })
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.turns[..]) + size_of_val(&self.response[..]) + self.there.bytes() + self.back.bytes()
    }

    pub(super) fn work_len(&self) -> usize {
        self.there.len() + self.there.work_len()
    }

    /// Transforms one lane, a dense row, into that of another strip or the same.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, lane: usize, factor: T) -> Result<(), Error> {
        let (n, m) = (self.turns.len(), self.there.len());
        sys::with_area::<T, _>(m, |area| {
            let whole = sys::area_row(area, m);
            let x = from.complex_rows(lane, 1);
            // Filled up to whole rows of the matrix, of which there are enough then.
            let known = n.next_multiple_of(self.there.columns());
            each_block(&whole, known, |first, block| {
                let count = n.saturating_sub(first).min(block.len());
                let (x, turns) = (&x[first.min(n)..][..count], &self.turns[first.min(n)..][..count]);
                self.arch.dispatch(|| block.iter_mut().zip(x).zip(turns).for_each(|((z, x), turn)| *z = *x * *turn));
                block[count..].fill(Complex::new(T::ZERO, T::ZERO));
                Ok(())
            })?;
            self.there.multiplied(&sys::area_row(area, known), &whole, 0..1, T::of(1.0), Some(&self.response))?;
            let wanted = sys::area_row(area, n.next_multiple_of(self.back.rows()));
            self.back.run(&whole, &wanted, 0..1, T::of(1.0))?;
            let z = whole.complex_rows(0, 1);
            each_block(&to.some(lane..lane + 1), n, |first, block| {
                let (z, turns) = (&z[first..][..block.len()], &self.turns[first..][..block.len()]);
                self.arch.dispatch(|| block.iter_mut().zip(z).zip(turns).for_each(|((y, z), turn)| *y = *z * *turn * factor));
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
