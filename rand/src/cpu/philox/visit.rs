//! What one visit to a lane makes of its blocks.
//!
//! Owns the formulas, four values at a time; each operation rounds on its own as in cuRAND's host code. Must not know which lanes are visited, nor
//! where the output lies.

use super::cipher::{self, Blocks, WIDTH};
use super::{Run, VALUES};
use crate::cpu::counts::Large;
use crate::cpu::histogram::Histogram;
use crate::cpu::item::{Affine, Numbers as _, polar_f32, polar_f64};
use crate::cpu::xorwow::Numbers;
use crate::scalar::{unit_f32, unit_f64};

/// How to make four values of a lane's blocks.
pub(super) trait Visit: Sync {
    type Value: Copy + Default + Send;
    /// Counter blocks of a visit.
    const BLOCKS: u64;
    /// The values of `WIDTH` visits; `b` counts only if `BLOCKS` is 2.
    fn emit(&self, a: &Blocks, b: &Blocks, out: &mut [Self::Value; WIDTH * VALUES]);
}

/// Fills `out` with the values of a run.
#[inline(always)]
pub(super) fn run<V: Visit>(key: [u32; 2], run: Run, visit: &V, out: &mut [V::Value]) {
    let (mut lane, mut rest, mut skipped) = (run.lane as u32, out, run.skipped);
    while !rest.is_empty() {
        let a = cipher::blocks(key, lane, run.counter);
        let b = if V::BLOCKS == 2 { cipher::blocks(key, lane, run.counter.wrapping_add(1)) } else { a };
        if skipped == 0 && rest.len() >= WIDTH * VALUES {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(WIDTH * VALUES);
            if let Some(now) = now.first_chunk_mut() {
                visit.emit(&a, &b, now);
            }
            rest = later;
        } else {
            let mut values = [V::Value::default(); WIDTH * VALUES];
            visit.emit(&a, &b, &mut values);
            let here = rest.len().min(values.len() - skipped);
            let (now, later) = std::mem::take(&mut rest).split_at_mut(here);
            now.copy_from_slice(&values[skipped..skipped + here]);
            rest = later;
            skipped = 0;
        }
        lane += WIDTH as u32;
    }
}

#[inline(always)]
fn each<T>(a: &Blocks, out: &mut [T; WIDTH * VALUES], value: impl Fn(u32) -> T) {
    for (i, out) in out.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
        for (w, out) in out.iter_mut().enumerate() {
            *out = value(a[w][i] as u32);
        }
    }
}

/// The words.
pub(super) struct Raw;

impl Visit for Raw {
    type Value = u32;
    const BLOCKS: u64 = 1;

    #[inline(always)]
    fn emit(&self, a: &Blocks, _: &Blocks, out: &mut [u32; WIDTH * VALUES]) {
        each(a, out, |word| word);
    }
}

/// Uniform float32 numbers in `(0, 1]`.
pub(super) struct Uniform;

impl Visit for Uniform {
    type Value = f32;
    const BLOCKS: u64 = 1;

    #[inline(always)]
    fn emit(&self, a: &Blocks, _: &Blocks, out: &mut [f32; WIDTH * VALUES]) {
        each(a, out, unit_f32);
    }
}

/// Uniform float64 numbers in `(0, 1]`.
pub(super) struct WideUniform;

impl Visit for WideUniform {
    type Value = f64;
    const BLOCKS: u64 = 2;

    #[inline(always)]
    fn emit(&self, a: &Blocks, b: &Blocks, out: &mut [f64; WIDTH * VALUES]) {
        for (i, out) in out.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
            let unit = |block: &Blocks, w: usize| unit_f64(block[w][i] as u32, block[w + 1][i] as u32);
            *out = [unit(a, 0), unit(a, 2), unit(b, 0), unit(b, 2)];
        }
    }
}

/// Pairs of normal or lognormal numbers.
pub(super) struct Pairs<A>(pub(super) A);

/// Two pairs of standard normal float32 numbers.
#[inline(always)]
fn pairs_f32(a: &Blocks, i: usize) -> [f32; VALUES] {
    let pair = |w: usize| polar_f32(unit_f32(a[w][i] as u32), Numbers::angle_f32(a[w + 1][i] as u32));
    let ((p, q), (r, s)) = (pair(0), pair(2));
    [p, q, r, s]
}

impl<const EXP: bool> Visit for Pairs<Affine<f32, EXP>> {
    type Value = f32;
    const BLOCKS: u64 = 1;

    #[inline(always)]
    fn emit(&self, a: &Blocks, _: &Blocks, out: &mut [f32; WIDTH * VALUES]) {
        for (i, out) in out.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
            *out = pairs_f32(a, i).map(|z| self.0.of(z));
        }
    }
}

impl<const EXP: bool> Visit for Pairs<Affine<f64, EXP>> {
    type Value = f64;
    const BLOCKS: u64 = 2;

    #[inline(always)]
    fn emit(&self, a: &Blocks, b: &Blocks, out: &mut [f64; WIDTH * VALUES]) {
        for (i, out) in out.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
            let pair = |block: &Blocks| {
                let word = |w: usize| block[w][i] as u32;
                polar_f64(unit_f64(word(0), word(1)), unit_f64(word(2), word(3)))
            };
            let ((p, q), (r, s)) = (pair(a), pair(b));
            *out = [p, q, r, s].map(|z| self.0.of(z));
        }
    }
}

/// Poisson numbers of one word each.
pub(super) struct Counted(pub(super) Histogram);

impl Visit for Counted {
    type Value = u32;
    const BLOCKS: u64 = 1;

    #[inline(always)]
    fn emit(&self, a: &Blocks, _: &Blocks, out: &mut [u32; WIDTH * VALUES]) {
        each(a, out, |word| self.0.value(word));
    }
}

/// Poisson numbers of a large mean.
pub(super) struct Rounded(pub(super) Large);

impl Visit for Rounded {
    type Value = u32;
    const BLOCKS: u64 = 1;

    #[inline(always)]
    fn emit(&self, a: &Blocks, _: &Blocks, out: &mut [u32; WIDTH * VALUES]) {
        for (i, out) in out.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
            *out = pairs_f32(a, i).map(|z| self.0.value(z));
        }
    }
}
