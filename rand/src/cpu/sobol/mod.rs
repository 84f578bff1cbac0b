//! Sobol's sequences as cuRAND's host library serves them: all values of dimension 0, then of dimension 1, and so on; each call goes on in every
//! dimension.
//!
//! Owns the position and the walk along a dimension in Gray-code order (I. Antonov and V. Saleev, 1979). Whoever made the call saw that the length
//! is a multiple of the dimensions, and whoever built the generator that its tables are there. Must not know where the stream's start comes from.

mod directions;
mod owen;
mod word;

use std::sync::Arc;

use rayon::prelude::*;

use super::counts::Counts;
use super::item::{Affine, exponential};
use super::quantile::Quantile;
use super::sys::{self, Level};
use crate::backend::{self, Floats, Origin};
use crate::distribution::{Normal, Poisson};
use crate::state::{Reader, Writer};
use word::Word;

/// Where vectors come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Joe and Kuo's numbers, 2008.
    JoeKuo,
    /// NVIDIA's scrambled ones.
    Scrambled,
    /// Joe and Kuo's, and a scrambling of our own on top.
    Owen,
}

/// Points that one core makes at a time.
const SHARE: usize = 1 << 15;
/// Neighbouring points that differ from the first of them by the same vectors everywhere.
const GROUP: usize = 64;
const GROUP_LOG2: usize = 6;

/// What a dimension's points are made of.
#[derive(Clone, Copy)]
struct Axis<'a, W> {
    vectors: &'a [W],
    constant: W,
    /// The seed of this dimension's scrambling, if any.
    owen: Option<W>,
}

/// The state of one generator.
#[derive(Clone)]
pub(in crate::cpu) struct Backend<W> {
    source: Source,
    seed: u64,
    dims: usize,
    /// Points given out of every dimension.
    position: u64,
    /// For at least `dims` dimensions.
    vectors: Arc<Vec<W>>,
    constants: Arc<Vec<W>>,
}

impl<W: Word> Backend<W> {
    pub(super) fn new(source: Source) -> Self {
        Self { source, seed: 0, dims: 1, position: 0, vectors: Arc::default(), constants: Arc::default() }
    }

    fn axis(&self, dimension: usize) -> Axis<'_, W> {
        Axis {
            vectors: &self.vectors[dimension * W::BITS..(dimension + 1) * W::BITS],
            constant: self.constants.get(dimension).copied().unwrap_or_default(),
            owen: (self.source == Source::Owen).then(|| W::owen_seed(self.seed, dimension as u64)),
        }
    }

    fn prepare(&mut self) {
        if self.vectors.len() >= self.dims * W::BITS {
            return;
        }
        match self.source {
            Source::JoeKuo | Source::Owen => self.vectors = Arc::new(directions::joe_kuo(self.dims)),
            Source::Scrambled => {
                if let Some(table) = W::scrambled() {
                    (self.vectors, self.constants) = (Arc::new(table.vectors.clone()), Arc::new(table.constants.clone()));
                }
            }
        }
    }

    /// Fills `out` with what `value` makes of the points.
    fn fill<T: Send>(&mut self, out: &mut [T], value: impl Fn(W) -> T + Sync) -> u64 {
        let points = out.len() / self.dims;
        let level = Level::detect();
        let mut shares = Vec::new();
        for (dimension, out) in out.chunks_mut(points.max(1)).enumerate() {
            for (i, out) in out.chunks_mut(SHARE).enumerate() {
                shares.push((self.axis(dimension), self.position.wrapping_add((i * SHARE) as u64), out));
            }
        }
        let one = |(axis, first, out): (Axis<'_, W>, u64, &mut [T])| sys::run(level, Walk { axis, first, out, value: &value });
        if shares.len() > 1 && rayon::current_num_threads() > 1 {
            shares.into_par_iter().with_min_len(16).for_each(one);
        } else {
            shares.into_iter().for_each(one);
        }
        self.position = self.position.wrapping_add(points as u64);
        points as u64
    }
}

/// The bits that tell which vectors a point is the sum of.
fn gray(point: u64) -> u64 {
    point ^ (point >> 1)
}

/// The point before constants and scrambling.
fn plain<W: Word>(vectors: &[W], point: u64) -> W {
    let mut bits = gray(W::index(point));
    let mut sum = W::default();
    while bits != 0 {
        sum = sum ^ vectors[bits.trailing_zeros() as usize];
        bits &= bits - 1;
    }
    sum
}

/// The values of the points from `first` on.
struct Walk<'a, W, T, F> {
    axis: Axis<'a, W>,
    first: u64,
    out: &'a mut [T],
    value: &'a F,
}

impl<W: Word, T, F: Fn(W) -> T> sys::Work for Walk<'_, W, T, F> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        walk(self.axis, self.first, self.out, self.value);
    }
}

#[inline(always)]
fn walk<W: Word, T>(axis: Axis<'_, W>, first: u64, out: &mut [T], value: &impl Fn(W) -> T) {
    let finished = |x: W| {
        let x = x ^ axis.constant;
        match axis.owen {
            Some(seed) => value(W::owen(x, seed)),
            None => value(x),
        }
    };
    let lead = (first.wrapping_neg() % GROUP as u64) as usize;
    let (head, rest) = out.split_at_mut(lead.min(out.len()));
    let mut point = first;
    for out in head {
        *out = finished(plain(axis.vectors, point));
        point = point.wrapping_add(1);
    }
    if rest.is_empty() {
        return;
    }
    let mut offsets = [W::default(); GROUP];
    for i in 1..GROUP {
        offsets[i] = offsets[i - 1] ^ axis.vectors[i.trailing_zeros() as usize];
    }
    for out in rest.chunks_mut(GROUP) {
        let base = plain(axis.vectors, point);
        for (out, &offset) in out.iter_mut().zip(&offsets) {
            *out = finished(base ^ offset);
        }
        point = point.wrapping_add(1 << GROUP_LOG2);
    }
}

impl<W: Word> backend::Backend for Backend<W> {
    fn start(&mut self, origin: Origin) {
        self.seed = origin.seed;
        self.position = origin.offset;
        self.set_dims(origin.dims);
    }

    fn set_dims(&mut self, dims: usize) {
        self.dims = dims;
        self.prepare();
    }

    fn bits(&mut self, out: &mut [u32]) -> u64 {
        self.fill(out, W::short)
    }

    fn words(&mut self, out: &mut [u64]) -> u64 {
        self.fill(out, W::long)
    }

    fn poisson(&mut self, call: Poisson<'_>) -> u64 {
        let (out, lambda) = call.into_parts();
        match Counts::new(W::FAMILY, lambda) {
            Counts::Histogram(histogram) => self.fill(out, |x| histogram.value(x.short())),
            Counts::Cumulative(cumulative) => self.fill(out, |x| cumulative.value(x.unit())),
            Counts::Large(large) => self.fill(out, |x| large.value(x.normal())),
            Counts::LargeSingle(lambda) => self.fill(out, |x| super::counts::Large::single(lambda, x.normal())),
        }
    }

    fn skip(&mut self, n: u64) {
        self.position = self.position.wrapping_add(n);
    }

    fn copy(&self) -> Box<dyn backend::Backend> {
        Box::new(self.clone())
    }

    fn save(&self, writer: &mut Writer) {
        writer.u64(self.position);
    }

    fn load(&mut self, origin: Origin, reader: &mut Reader<'_>) -> Option<()> {
        self.start(origin);
        self.position = reader.u64()?;
        Some(())
    }
}

impl<W: Word, T: Quantile> Floats<T> for Backend<W> {
    fn uniform(&mut self, out: &mut [T]) -> u64 {
        self.fill(out, W::unit)
    }

    fn normal(&mut self, call: Normal<'_, T>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if exponential(shape) {
            self.fill(out, |x| Affine::<T, true> { mean, sigma }.of(x.normal()))
        } else {
            self.fill(out, |x| Affine::<T, false> { mean, sigma }.of(x.normal()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend as _;
    use crate::generator::{Layout, Spread};

    fn drawn(source: Source, dims: usize, offset: u64, points: usize) -> Vec<u32> {
        let mut backend = Backend::<u32>::new(source);
        backend.start(Origin { seed: 5, offset, layout: Layout { lanes: 1, spread: Spread::Subsequences }, dims });
        let mut out = vec![0; dims * points];
        backend.bits(&mut out);
        out
    }

    #[test]
    fn the_walk_is_the_sum_of_vectors_at_every_point() {
        let vectors = directions::joe_kuo::<u32>(3);
        for first in [0, 1, 63, 64, 65, 100, 4_294_967_200] {
            let got = drawn(Source::JoeKuo, 3, first, 300);
            for (i, &got) in got.iter().enumerate() {
                let (dimension, point) = (i / 300, first + (i % 300) as u64);
                assert_eq!(got, plain(&vectors[dimension * 32..], point), "dimension {dimension} point {point}");
            }
        }
    }

    /// Owen's scrambling keeps what makes the sequence one: of the first 2^k points, one lies in each interval of length 2^-k.
    #[test]
    fn scrambled_points_are_still_a_net() {
        for dimension in 0..5 {
            let points = &drawn(Source::Owen, 5, 0, 4096)[dimension * 4096..(dimension + 1) * 4096];
            let mut seen = vec![false; 4096];
            for &point in points {
                let interval = (point >> 20) as usize;
                assert!(!seen[interval]);
                seen[interval] = true;
            }
            assert_ne!(points, &drawn(Source::JoeKuo, 5, 0, 4096)[dimension * 4096..(dimension + 1) * 4096]);
        }
    }
}
