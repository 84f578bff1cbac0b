//! A pass of a transform of neighbouring lanes: its walk over memory.
//!
//! Reads and writes whole registers without a check at each: what is read and written is checked once a pass. Called from code compiled for the processor's widest
//! registers, into which all of this is inlined.

use num_complex::Complex;
use pulp::Simd;

use super::super::lanes::{Arithmetic, Butterfly, Lanes, Pair, width};
use super::shuffle::prefetch;
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
    /// Whether what the next butterfly reads is to be fetched ahead.
    fn far(&self) -> bool {
        false
    }
    /// Has an element fetched; any number will do.
    fn fetch<S: Simd>(&self, _index: usize) {}
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
    /// Whether the places that the next butterfly writes are to be fetched ahead.
    fn far(&self) -> bool {
        false
    }
    /// Has the place of an element fetched; any number will do.
    fn fetch<S: Simd>(&self, _index: usize) {}
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

/// A strip of neighbours that is read. The inverse transform is the forward one with the parts of each number `EXCHANGED` before and after.
pub(crate) struct From<'a, T, const EXCHANGED: bool>(pub(crate) &'a Strip<T>);

impl<T, const EXCHANGED: bool> Clone for From<'_, T, EXCHANGED> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, const EXCHANGED: bool> Copy for From<'_, T, EXCHANGED> {}

impl<T: Real, const EXCHANGED: bool> Source<T> for From<'_, T, EXCHANGED> {
    #[inline(always)]
    fn far(&self) -> bool {
        self.0.is_far()
    }
    #[inline(always)]
    fn fetch<S: Simd>(&self, index: usize) {
        self.0.fetch(index, 2 * width::<T, S>());
    }
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        self.0.fills(width::<T, S>()) && self.0.len >= n
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S> {
        let row = self.0.data.wrapping_offset(self.0.step * index as isize).cast_const();
        // SAFETY: an element of the strip, whose lanes are neighbours and as many as the register has.
        let [re, im] = T::split(simd.0, unsafe { std::slice::from_raw_parts(row, 2 * width::<T, S>()) });
        if EXCHANGED { [im, re] } else { [re, im] }
    }
}

/// Two strips of neighbours that are read at once, each half as many as a register has lanes.
pub(crate) struct Both<'a, T, const EXCHANGED: bool>(pub(crate) [&'a Strip<T>; 2]);

impl<T, const EXCHANGED: bool> Clone for Both<'_, T, EXCHANGED> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, const EXCHANGED: bool> Copy for Both<'_, T, EXCHANGED> {}

impl<T: Real, const EXCHANGED: bool> Source<T> for Both<'_, T, EXCHANGED> {
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        self.0.iter().all(|strip| strip.fills(width::<T, S>() / 2) && strip.len >= n)
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S> {
        // SAFETY: an element of each strip, whose lanes are neighbours and half as many as the register has.
        let [first, second] = self.0.map(|strip| unsafe {
            std::slice::from_raw_parts(strip.data.wrapping_offset(strip.step * index as isize).cast_const(), width::<T, S>())
        });
        let [re, im] = T::split_two(simd.0, first, second);
        if EXCHANGED { [im, re] } else { [re, im] }
    }
}

/// A strip of neighbours that is written.
///
/// # Safety
/// `index` is below the strip's length, its lanes are neighbours and as many as the register has.
#[inline(always)]
unsafe fn write<T: Real, S: Simd, const EXCHANGED: bool>(strip: &Strip<T>, simd: Arithmetic<S>, index: usize, [re, im]: Pair<T, S>) {
    let pair = if EXCHANGED { [im, re] } else { [re, im] };
    let to = strip.data.wrapping_offset(strip.step * index as isize);
    // SAFETY: an element of the strip, which is this worker's alone.
    T::join(simd.0, pair, unsafe { std::slice::from_raw_parts_mut(to, 2 * width::<T, S>()) });
}

/// A strip that is written, results multiplied by a factor.
pub(crate) struct To<'a, T, const EXCHANGED: bool> {
    pub(crate) strip: &'a Strip<T>,
    pub(crate) factor: T,
}

impl<T: Real, const EXCHANGED: bool> Sink<T> for To<'_, T, EXCHANGED> {
    const LAST: bool = true;
    #[inline(always)]
    fn far(&self) -> bool {
        self.strip.is_far()
    }
    #[inline(always)]
    fn fetch<S: Simd>(&self, index: usize) {
        self.strip.fetch(index, 2 * width::<T, S>());
    }
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        self.strip.fills(width::<T, S>()) && self.strip.len >= n
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let pair = simd.scale::<T>(pair, T::splat(simd.0, self.factor));
        // SAFETY: the caller's promise, and `has`.
        unsafe { write::<T, S, EXCHANGED>(self.strip, simd, index, pair) };
    }
}

/// A strip that is written, results multiplied each by its own factor.
pub(crate) struct Turned<'a, T, const EXCHANGED: bool> {
    pub(crate) strip: &'a Strip<T>,
    pub(crate) by: Rows<'a, T>,
}

/// Factors of a strip's results: for each, `step` elements after those of the one before, real parts and imaginary parts in the order of a split register.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    pub(crate) rows: &'a [T],
    pub(crate) step: usize,
}

impl<T: Real, const EXCHANGED: bool> Sink<T> for Turned<'_, T, EXCHANGED> {
    const LAST: bool = true;
    #[inline(always)]
    fn far(&self) -> bool {
        self.strip.is_far()
    }
    #[inline(always)]
    fn fetch<S: Simd>(&self, index: usize) {
        self.strip.fetch(index, 2 * width::<T, S>());
    }
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        let enough = n > 0 && self.by.rows.len() >= (n - 1) * self.by.step + 2 * width::<T, S>();
        enough && self.strip.fills(width::<T, S>()) && self.strip.len >= n
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let first = index * self.by.step;
        // SAFETY: the caller's promise, and `has`.
        unsafe {
            let factors = T::load::<S>(self.by.rows.get_unchecked(first..first + 2 * width::<T, S>()));
            write::<T, S, EXCHANGED>(self.strip, simd, index, simd.turn::<T>(pair, factors));
        }
    }
}

/// A work area that is written, results turned, each in the place of its lane among as many as a register has: for squares that are turned next.
pub(crate) struct Placed<'a, T> {
    pub(crate) area: &'a mut [T],
    /// The place of a result in its group.
    pub(crate) places: &'a [usize],
    /// Factors of the results of the first strip: real parts and imaginary parts in the order of a split register.
    pub(crate) lanes: &'a [T],
    /// For each result, the number that turns those on to this strip's.
    pub(crate) by: &'a [Complex<T>],
}

impl<T: Real> Sink<T> for Placed<'_, T> {
    const LAST: bool = true;
    #[inline(always)]
    fn has<S: Simd>(&self, n: usize) -> bool {
        let width = width::<T, S>();
        let area =
            self.area.len() >= n.next_multiple_of(width) * 2 * width && self.places.len() == width && self.places.iter().all(|&place| place < width);
        area && self.lanes.len() >= n * 2 * width && self.by.len() >= n
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let width = width::<T, S>();
        let row = 2 * width;
        // SAFETY: the caller's promise, and `has`: places are below the width, so rows are below the next multiple of it.
        unsafe {
            let (lanes, by) = (self.lanes.get_unchecked(index * row..(index + 1) * row), *self.by.get_unchecked(index));
            let factors = simd.turn::<T>(T::load::<S>(lanes), [T::splat(simd.0, by.re), T::splat(simd.0, by.im)]);
            let place = index / width * width + *self.places.get_unchecked(index % width);
            T::store::<S>(simd.turn::<T>(pair, factors), self.area.get_unchecked_mut(place * row..(place + 1) * row));
        }
    }
}

/// Has the function into which this is inlined align its frame as registers are. Else those that do not fit are kept across two cache lines each, which halves the speed
/// of large butterflies.
#[inline(always)]
pub(super) fn align_frame() {
    #[repr(align(64))]
    struct Aligned(#[allow(dead_code, reason = "has a place, and is never read")] [u8; 64]);
    std::hint::black_box(&mut std::mem::MaybeUninit::<Aligned>::uninit());
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// Memory that will be wanted soon, some lines of which are fetched at each butterfly: all at once they would fill the processor's line buffers, and what is worked on wait for them.
pub(crate) struct Ahead {
    /// Addresses, which may be any, and lines from there on.
    parts: [(*const u8, usize); 2],
    each: usize,
}

impl Ahead {
    /// None.
    pub(crate) fn none() -> Ahead {
        Ahead { parts: [(std::ptr::null(), 0); 2], each: 0 }
    }

    /// Some lanes from one on of each of two strips, dense rows one after the other, so many lines at a step that all are fetched in `steps`.
    pub(crate) fn rows<T: Real>(from: &Strip<T>, to: &Strip<T>, (lane, rows): (usize, usize), steps: usize) -> Ahead {
        let lines = |strip: &Strip<T>| (rows * strip.len * 2 * size_of::<T>()).div_ceil(LINE);
        let part = |strip: &Strip<T>| (strip.address(lane).cast_const().cast(), lines(strip));
        let each = lines(from).max(lines(to)).div_ceil(steps.max(1));
        let to = if from.same_place(to) { (std::ptr::null(), 0) } else { part(to) };
        Ahead { parts: [part(from), to], each }
    }

    /// Has the next lines fetched.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        for (at, left) in &mut self.parts {
            if *left > 0 {
                let lines = self.each.min(*left);
                prefetch(*at, lines * LINE);
                *at = at.wrapping_add(lines * LINE);
                *left -= lines;
            }
        }
    }
}

/// Goes through a pass; `ahead` goes on a step at each butterfly.
///
/// # Panics
/// If source or sink lack an element, or the pass lacks turns.
#[inline(always)]
pub(crate) fn walk<T: Real + Butterfly<R>, S: Simd, A: Source<T>, B: Sink<T>, const R: usize>(
    simd: Arithmetic<S>,
    pass: &Pass<T>,
    source: A,
    mut sink: B,
    ahead: &mut Ahead,
) {
    align_frame();
    let (far_source, far_sink) = (source.far(), sink.far());

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
            ahead.step();
            // Of the first pass, which is of one sub-transform, the next p; of the last one the next q.
            if far_source && p + 1 < rest {
                for k in 0..R {
                    source.fetch::<S>((p + 1) * before + k * apart + q);
                }
            }
            if far_sink && q + 1 < before {
                for j in 0..R {
                    sink.fetch::<S>((R * p + j) * before + q + 1);
                }
            }
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
