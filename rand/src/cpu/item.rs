//! Items: what one visit to a lane makes of its draws.
//!
//! Owns the formulas of each distribution, over a run of neighbouring lanes at a time so that the
//! compiler can use vectors. Each operation rounds on its own as in cuRAND's host code; the C
//! library's functions are reached through `std`. Must not know which recurrence drew, nor where
//! the output lies.

use std::marker::PhantomData;

use super::counts::{Counts, Large};
use super::libm::Functions;
use super::quantile::Quantile;
use crate::distribution::Shape;
use crate::scalar::{self, Real};

/// Lanes that are drawn from at a time.
pub(super) const RUN: usize = 128;

/// The most draws that an item takes.
pub(super) const MAX_DRAWS: usize = 4;

/// Draws of a run of lanes: `draws[k][i]` is the `k`th of the `i`th lane.
pub(super) type Draws = [[u32; RUN]; MAX_DRAWS];

/// What a generator's draws stand for.
pub(super) trait Numbers: Send + Sync + 'static {
    /// Draws of a float64.
    const WIDE: usize;
    /// 32 random bits.
    #[inline(always)]
    fn bits(x: u32) -> u32 {
        x
    }
    /// A float32 in `(0, 1]`.
    #[inline(always)]
    fn unit_f32(x: u32) -> f32 {
        scalar::unit_f32(x)
    }
    /// A float64 in `(0, 1]`; `y` counts only if `WIDE` is 2.
    fn unit_f64(x: u32, y: u32) -> f64;
    /// An angle in `(0, 2 pi]`.
    #[inline(always)]
    fn angle_f32(x: u32) -> f32 {
        Self::unit_f32(x) * std::f32::consts::TAU
    }
}

/// How to make values of draws.
pub(super) trait Item: Sync {
    /// The type of a value.
    type Value: bytemuck::Pod + Send;
    /// Draws that an item takes from its lane.
    const DRAWS: usize;
    /// Values in an item.
    const VALUES: usize;
    /// Makes the items of the first `out.len() / VALUES` lanes of a run.
    fn emit(&self, draws: &Draws, out: &mut [Self::Value]);
}

/// The draw itself.
pub(super) struct Bits<N>(pub(super) PhantomData<N>);

impl<N: Numbers> Item for Bits<N> {
    type Value = u32;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [u32]) {
        for (value, &x) in out.iter_mut().zip(&draws[0]) {
            *value = N::bits(x);
        }
    }
}

/// Uniform in `(0, 1]`.
pub(super) struct Uniform<N, T>(pub(super) PhantomData<N>, pub(super) PhantomData<T>);

impl<N: Numbers> Item for Uniform<N, f32> {
    type Value = f32;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f32]) {
        for (value, &x) in out.iter_mut().zip(&draws[0]) {
            *value = N::unit_f32(x);
        }
    }
}

impl<N: Numbers> Item for Uniform<N, f64> {
    type Value = f64;
    const DRAWS: usize = N::WIDE;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f64]) {
        for (value, (&x, &y)) in out.iter_mut().zip(draws[0].iter().zip(&draws[1])) {
            *value = N::unit_f64(x, y);
        }
    }
}

/// What is made of a standard normal value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine<T, const EXP: bool> {
    pub(super) mean: T,
    pub(super) sigma: T,
}

impl<T: Real, const EXP: bool> Affine<T, EXP> {
    #[inline(always)]
    pub(super) fn of(self, z: T) -> T {
        let value = z * self.sigma + self.mean;
        if EXP { value.exp() } else { value }
    }
}

impl<const EXP: bool> Affine<f32, EXP> {
    /// Of the first pairs that uniform numbers and angles give, as many as `out` holds.
    #[inline(always)]
    pub(super) fn pairs(self, units: &[f32; RUN], angles: &[f32; RUN], out: &mut [f32]) {
        let functions = Functions::detect();
        let mut values = [0.0; 2 * RUN];
        functions.polar(units, angles, &mut values);
        let values = &mut values[..out.len()];
        values.iter_mut().for_each(|value| *value = *value * self.sigma + self.mean);
        if EXP {
            functions.exp(values);
        }
        out.copy_from_slice(values);
    }
}

/// Two standard normal values of a uniform number and an angle: the sine's and the cosine's.
#[inline(always)]
pub(super) fn polar_f32(unit: f32, angle: f32) -> (f32, f32) {
    let radius = (-2.0 * unit.ln()).sqrt();
    let (sin, cos) = angle.sin_cos();
    (sin * radius, cos * radius)
}

/// As [`polar_f32`], of two uniform numbers.
#[inline(always)]
pub(super) fn polar_f64(unit: f64, turn: f64) -> (f64, f64) {
    let angle = 2.0 * turn * std::f64::consts::PI;
    let radius = (-2.0 * unit.ln()).sqrt();
    let (sin, cos) = angle.sin_cos();
    (sin * radius, cos * radius)
}

/// A pair of normal values by the polar form of Box and Muller, lognormal if `EXP`.
pub(super) struct Pair<N, T, const EXP: bool> {
    affine: Affine<T, EXP>,
    numbers: PhantomData<N>,
}

impl<N, T, const EXP: bool> Pair<N, T, EXP> {
    pub(super) fn new(mean: T, sigma: T) -> Self {
        Self { affine: Affine { mean, sigma }, numbers: PhantomData }
    }
}

impl<N: Numbers, const EXP: bool> Item for Pair<N, f32, EXP> {
    type Value = f32;
    const DRAWS: usize = 2;
    const VALUES: usize = 2;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f32]) {
        self.affine.pairs(&draws[0].map(N::unit_f32), &draws[1].map(N::angle_f32), out);
    }
}

impl<N: Numbers, const EXP: bool> Item for Pair<N, f64, EXP> {
    type Value = f64;
    const DRAWS: usize = 2 * N::WIDE;
    const VALUES: usize = 2;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f64]) {
        for (i, pair) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let unit = N::unit_f64(draws[0][i], draws[1][i]);
            let turn = N::unit_f64(draws[N::WIDE][i], draws[N::WIDE + N::WIDE / 2][i]);
            let (first, second) = polar_f64(unit, turn);
            *pair = [self.affine.of(first), self.affine.of(second)];
        }
    }
}

/// Normal values by the inverse distribution function, one of each draw.
pub(super) struct Inverse<T, const EXP: bool>(pub(super) Affine<T, EXP>);

impl<T: Quantile, const EXP: bool> Item for Inverse<T, EXP> {
    type Value = T;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [T]) {
        for (value, &x) in out.iter_mut().zip(&draws[0]) {
            *value = self.0.of(T::normal_of(x));
        }
    }
}

/// Poisson numbers of one draw each.
pub(super) struct Counted<'a, N>(pub(super) &'a Counts, pub(super) PhantomData<N>);

impl<N: Numbers> Item for Counted<'_, N> {
    type Value = u32;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [u32]) {
        match self.0 {
            Counts::Histogram(histogram) => {
                for (value, &x) in out.iter_mut().zip(&draws[0]) {
                    *value = histogram.value(N::bits(x));
                }
            }
            Counts::Cumulative(cumulative) => {
                for (value, &x) in out.iter_mut().zip(&draws[0]) {
                    *value = cumulative.value(N::unit_f64(x, 0));
                }
            }
            Counts::Large(large) => {
                for (value, &x) in out.iter_mut().zip(&draws[0]) {
                    *value = large.value(f32::normal_of(x));
                }
            }
            Counts::LargeSingle(lambda) => {
                for (value, &x) in out.iter_mut().zip(&draws[0]) {
                    *value = Large::single(*lambda, f32::normal_of(x));
                }
            }
        }
    }
}

/// Whether a shape asks for the exponential.
pub(super) fn exponential(shape: Shape) -> bool {
    shape == Shape::LogNormal
}
