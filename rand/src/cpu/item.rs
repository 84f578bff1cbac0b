//! Items: what one visit to a lane makes of its draws.
//!
//! Owns the formulas of each distribution, over a run of neighbouring lanes at a time so that the
//! compiler can use vectors. Each operation rounds on its own as in cuRAND's host code; the C
//! library's functions are reached through `std`. Must not know which recurrence drew, nor where
//! the output lies.

use std::marker::PhantomData;

use crate::scalar::{SCALE_32, unit_f32, unit_f64};

/// Lanes that are drawn from at a time.
pub(super) const RUN: usize = 128;

/// The most draws that an item takes.
pub(super) const MAX_DRAWS: usize = 4;

/// Draws of a run of lanes: `draws[k][i]` is the `k`th of the `i`th lane.
pub(super) type Draws = [[u32; RUN]; MAX_DRAWS];

/// How to make values of draws.
pub(super) trait Item: Sync {
    /// The type of a value.
    type Value: Copy + Send;
    /// Draws that an item takes from its lane.
    const DRAWS: usize;
    /// Values in an item.
    const VALUES: usize;
    /// Makes the items of the first `out.len() / VALUES` lanes of a run.
    fn emit(&self, draws: &Draws, out: &mut [Self::Value]);
}

/// The draw itself.
pub(super) struct Bits;

impl Item for Bits {
    type Value = u32;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [u32]) {
        out.copy_from_slice(&draws[0][..out.len()]);
    }
}

/// Uniform in `(0, 1]`.
pub(super) struct Uniform<T>(pub(super) PhantomData<T>);

impl Item for Uniform<f32> {
    type Value = f32;
    const DRAWS: usize = 1;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f32]) {
        for (value, &x) in out.iter_mut().zip(&draws[0]) {
            *value = unit_f32(x);
        }
    }
}

impl Item for Uniform<f64> {
    type Value = f64;
    const DRAWS: usize = 2;
    const VALUES: usize = 1;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f64]) {
        for (value, (&x, &y)) in out.iter_mut().zip(draws[0].iter().zip(&draws[1])) {
            *value = unit_f64(x, y);
        }
    }
}

/// A pair of normal values by the polar form of Box and Muller, lognormal if `EXP`.
pub(super) struct Pair<T, const EXP: bool> {
    pub(super) mean: T,
    pub(super) sigma: T,
}

/// A pair of standard normal float32 values of two draws.
#[inline(always)]
pub(super) fn box_muller_f32(x: u32, y: u32) -> (f32, f32) {
    const TURN: f32 = SCALE_32 * std::f32::consts::TAU;
    let angle = y as f32 * TURN + TURN / 2.0;
    let radius = (-2.0 * unit_f32(x).ln()).sqrt();
    let (sin, cos) = angle.sin_cos();
    (sin * radius, cos * radius)
}

/// A pair of standard normal float64 values of four draws.
#[inline(always)]
fn box_muller_f64(x: [u32; 2], y: [u32; 2]) -> (f64, f64) {
    let angle = 2.0 * unit_f64(y[0], y[1]) * std::f64::consts::PI;
    let radius = (-2.0 * unit_f64(x[0], x[1]).ln()).sqrt();
    let (sin, cos) = angle.sin_cos();
    (sin * radius, cos * radius)
}

impl<const EXP: bool> Item for Pair<f32, EXP> {
    type Value = f32;
    const DRAWS: usize = 2;
    const VALUES: usize = 2;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f32]) {
        let shape = |z: f32| {
            let value = z * self.sigma + self.mean;
            if EXP { value.exp() } else { value }
        };
        for (i, pair) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let (first, second) = box_muller_f32(draws[0][i], draws[1][i]);
            *pair = [shape(first), shape(second)];
        }
    }
}

impl<const EXP: bool> Item for Pair<f64, EXP> {
    type Value = f64;
    const DRAWS: usize = 4;
    const VALUES: usize = 2;

    #[inline(always)]
    fn emit(&self, draws: &Draws, out: &mut [f64]) {
        let shape = |z: f64| {
            let value = z * self.sigma + self.mean;
            if EXP { value.exp() } else { value }
        };
        for (i, pair) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let (first, second) = box_muller_f64([draws[0][i], draws[1][i]], [draws[2][i], draws[3][i]]);
            *pair = [shape(first), shape(second)];
        }
    }
}
