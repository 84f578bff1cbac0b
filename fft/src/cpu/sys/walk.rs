//! A pass of a transform of neighbouring lanes: its walk over memory.
//!
//! Reads and writes whole registers without a check at each: what is read and written is checked once a pass. Called from code compiled for the processor's widest
//! registers, into which all of this is inlined.

use num_complex::Complex;
use pulp::Simd;

use super::super::lanes::{Arithmetic, Butterfly, Lanes, Pair, width};
use super::strip::Strip;
use crate::scalar::Real;

/// A pass: `rest * before` butterflies, each of elements that lie `rest * before` apart, to elements that lie `before` apart.
pub(crate) struct Pass<T> {
    pub(crate) radix: usize,
    /// Length of the sub-transforms after the pass.
    pub(crate) rest: usize,
    /// Sub-transforms before it.
    pub(crate) before: usize,
    /// Factors of elements 1 to radix - 1 of the butterflies, those of number 0 (which are 1) included.
    pub(crate) turns: Vec<Complex<T>>,
}

/// Where a pass reads: a row of lanes for each element.
pub(crate) trait Source<T: Lanes>: Copy {
    /// Whether elements below `n` can be loaded.
    fn has<S: Simd>(&self, n: usize) -> bool;
    /// An element.
    ///
    /// # Safety
    /// [`Source::has`] it.
    unsafe fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S>;
}

/// Where a pass writes.
pub(crate) trait Sink<T: Lanes> {
    /// Whether it is the last pass, of one sub-transform: nothing is turned after it.
    const LAST: bool;
    /// Whether elements below `n` can be stored.
    fn has<S: Simd>(&self, n: usize) -> bool;
    /// Stores an element.
    ///
    /// # Safety
    /// [`Sink::has`] it.
    unsafe fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>);
}

/// A work area that is read: real parts and imaginary parts of each element.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a, T>(pub(crate) &'a [T]);

impl<T: Lanes> Source<T> for Read<'_, T> {
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        self.0.len() >= n * 2 * width::<T, S>()
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, _: Arithmetic<S>, index: usize) -> Pair<T, S> {
        let row = 2 * width::<T, S>();
        // SAFETY: the caller's promise.
        T::load::<S>(unsafe { self.0.get_unchecked(index * row..(index + 1) * row) })
    }
}

/// A work area that is written.
pub(crate) struct Write<'a, T>(pub(crate) &'a mut [T]);

impl<T: Lanes> Sink<T> for Write<'_, T> {
    const LAST: bool = false;
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        self.0.len() >= n * 2 * width::<T, S>()
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(&mut self, _: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let row = 2 * width::<T, S>();
        // SAFETY: the caller's promise.
        T::store::<S>(pair, unsafe { self.0.get_unchecked_mut(index * row..(index + 1) * row) });
    }
}

/// A strip of neighbours that is read; what its lanes lack is zero. The inverse transform is the forward one with the parts of each number exchanged before and after.
pub(crate) struct From<'a, T> {
    pub(crate) strip: &'a Strip<T>,
    pub(crate) exchanged: bool,
}

impl<T> Clone for From<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for From<'_, T> {}

impl<T: Real> Source<T> for From<'_, T> {
    #[inline(always)]
    fn has<S: Simd>(&self, _: usize) -> bool {
        self.strip.fills(width::<T, S>())
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S> {
        if index >= self.strip.len {
            return [T::splat(simd.0, T::ZERO); 2];
        }
        let row = self.strip.data.wrapping_offset(self.strip.step * index as isize).cast_const();
        // SAFETY: an element of the strip, whose lanes are neighbours and as many as the register has.
        let [re, im] = T::split(simd.0, unsafe { std::slice::from_raw_parts(row, 2 * width::<T, S>()) });
        if self.exchanged { [im, re] } else { [re, im] }
    }
}

/// A strip of neighbours that is written; what its lanes lack is not wanted.
pub(crate) struct To<'a, T> {
    pub(crate) strip: &'a Strip<T>,
    pub(crate) exchanged: bool,
    pub(crate) factor: T,
    pub(crate) turns: Option<Turns<'a, T>>,
}

/// Factors of a strip's results: of result k in lane l the root of unity number `k (first + l)`.
#[derive(Clone, Copy)]
pub(crate) enum Turns<'a, T> {
    /// All of them, for each k a row of interleaved parts.
    All(&'a [T]),
    /// Factors of any kind: for each k, `step` after those of the one before, a row of interleaved parts; the last row ends the slice.
    Along {
        /// The rows.
        rows: &'a [T],
        /// From one row to the next.
        step: usize,
    },
    /// Those of a strip with `first` 0, to be turned on.
    From {
        /// For each k a row of interleaved parts.
        lanes: &'a [T],
        /// The root of unity number m is `high[m >> shift]` times `low` of the rest.
        high: &'a [Complex<T>],
        /// See `high`.
        low: &'a [Complex<T>],
        /// See `high`.
        shift: u32,
        /// Number of the strip's first lane.
        first: usize,
    },
}

impl<T: Real> Sink<T> for To<'_, T> {
    const LAST: bool = true;
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        let enough = match self.turns {
            None => true,
            Some(Turns::Along { rows, step }) => n > 0 && rows.len() >= (n - 1) * step + 2 * width::<T, S>(),
            Some(Turns::All(rows) | Turns::From { lanes: rows, .. }) => rows.len() >= n * 2 * width::<T, S>(),
        };
        enough && self.strip.fills(width::<T, S>())
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        if index >= self.strip.len {
            return;
        }
        let row = 2 * width::<T, S>();
        let pair = match self.turns {
            None => simd.scale::<T>(pair, T::splat(simd.0, self.factor)),
            Some(Turns::All(rows)) => {
                // SAFETY: the caller's promise.
                let turns = unsafe { rows.get_unchecked(index * row..(index + 1) * row) };
                simd.turn::<T>(pair, T::split(simd.0, turns))
            }
            Some(Turns::Along { rows, step }) => {
                // SAFETY: the caller's promise.
                let factors = unsafe { rows.get_unchecked(index * step..index * step + row) };
                simd.turn::<T>(pair, T::split(simd.0, factors))
            }
            Some(Turns::From { lanes, high, low, shift, first }) => {
                let number = index * first;
                let first = high[number >> shift] * low[number & ((1 << shift) - 1)];
                let first = [T::splat(simd.0, first.re), T::splat(simd.0, first.im)];
                // SAFETY: the caller's promise.
                let turns = unsafe { lanes.get_unchecked(index * row..(index + 1) * row) };
                simd.turn::<T>(pair, simd.turn::<T>(T::split(simd.0, turns), first))
            }
        };
        let [re, im] = pair;
        let pair = if self.exchanged { [im, re] } else { [re, im] };
        let to = self.strip.data.wrapping_offset(self.strip.step * index as isize);
        // SAFETY: an element of the strip, which is this worker's alone, its lanes being neighbours and as many as the register has.
        T::join(simd.0, pair, unsafe { std::slice::from_raw_parts_mut(to, row) });
    }
}

/// Goes through a pass.
///
/// # Panics
/// If source or sink lack an element, or the pass lacks turns.
#[inline(always)]
pub(crate) fn walk<T: Real + Butterfly<R>, S: Simd, A: Source<T>, B: Sink<T>, const R: usize>(
    simd: Arithmetic<S>,
    pass: &Pass<T>,
    source: A,
    mut sink: B,
) {
    let &Pass { rest, before, .. } = pass;
    let apart = rest * before;
    assert!(source.has::<S>(R * apart) && sink.has::<S>(R * apart));
    assert!(if B::LAST { rest == 1 } else { pass.turns.len() == rest * (R - 1) });
    for p in 0..rest {
        let mut turns = [[T::splat(simd.0, T::ZERO); 2]; R];
        if !B::LAST {
            for (turn, z) in turns[1..].iter_mut().zip(&pass.turns[p * (R - 1)..][..R - 1]) {
                *turn = [T::splat(simd.0, z.re), T::splat(simd.0, z.im)];
            }
        }
        for q in 0..before {
            let mut a = turns;
            for (k, element) in a.iter_mut().enumerate() {
                // SAFETY: below R times `apart`, which the source has.
                *element = unsafe { source.load(simd, p * before + k * apart + q) };
            }
            let b = T::butterfly(simd, a);
            for j in 0..R {
                let turned = if B::LAST || j == 0 { b[j] } else { simd.turn::<T>(b[j], turns[j]) };
                // SAFETY: below R times `apart`, which the sink has.
                unsafe { sink.store(simd, (R * p + j) * before + q, turned) };
            }
        }
    }
}
