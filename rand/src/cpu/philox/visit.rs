//! What visits to lanes make of their words.
//!
//! Owns the formulas; each operation rounds on its own as in cuRAND's host code. Must not know which lanes are visited, nor where the output lies.

use bytemuck::Zeroable;

use super::cipher::{self, Blocks, WIDTH};
use super::{Run, VALUES};
use crate::cpu::counts::Large;
use crate::cpu::histogram::Histogram;
use crate::cpu::item::{Affine, Numbers as _, RUN, polar_f64};
use crate::cpu::sys::Work;
use crate::cpu::xorwow::Numbers;
use crate::scalar::{unit_f32, unit_f64};

/// How to make values of words.
pub(super) trait Visit: Sync {
    type Value: bytemuck::Pod + Send;
    /// Counter blocks of a visit: words of a value.
    const BLOCKS: usize;
    /// The values of some whole visits.
    fn emit(&self, words: &[u32], out: &mut [Self::Value]);
}

/// Values made together.
const GROUP: usize = 2 * RUN;
/// The most words that those take.
const MOST_WORDS: usize = 2 * GROUP;

/// Fills `out` with the values of a run.
pub(super) struct Fill<'a, V: Visit> {
    pub(super) key: [u32; 2],
    pub(super) run: Run,
    pub(super) visit: &'a V,
    pub(super) out: &'a mut [V::Value],
}

impl<V: Visit> Work for Fill<'_, V> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        let Self { key, run, visit, out } = self;
        let (mut lanes, mut rest, mut skipped) = (cipher::lanes(run.lane), out, run.skipped);
        let mut pairs = [0_u64; MOST_WORDS / 2];
        let pairs = &mut pairs[..GROUP * V::BLOCKS / 2];
        while !rest.is_empty() {
            for pairs in pairs.chunks_exact_mut(WIDTH * VALUES * V::BLOCKS / 2) {
                for block in 0..V::BLOCKS {
                    lay(&cipher::blocks(key, &lanes, run.counter.wrapping_add(block as u64)), &mut pairs[2 * block..], V::BLOCKS);
                }
                lanes.iter_mut().for_each(|lane| *lane += WIDTH as u64);
            }
            let words: &[u32] = bytemuck::cast_slice(pairs);
            if skipped == 0 && rest.len() >= GROUP {
                let (now, later) = std::mem::take(&mut rest).split_at_mut(GROUP);
                visit.emit(words, now);
                rest = later;
            } else {
                let mut values = [V::Value::zeroed(); GROUP];
                visit.emit(words, &mut values);
                let here = rest.len().min(GROUP - skipped);
                let (now, later) = std::mem::take(&mut rest).split_at_mut(here);
                now.copy_from_slice(&values[skipped..skipped + here]);
                rest = later;
                skipped = 0;
            }
        }
    }
}

/// Lays the words of each lane down in their order, two to a pair, in the first half of what all `blocks` of the lane take.
#[inline(always)]
fn lay(block: &Blocks, pairs: &mut [u64], blocks: usize) {
    let pair = |low: u64, high: u64| if cfg!(target_endian = "big") { low << 32 | high & 0xffff_ffff } else { low & 0xffff_ffff | high << 32 };
    for i in 0..WIDTH {
        pairs[2 * blocks * i] = pair(block[0][i], block[1][i]);
        pairs[2 * blocks * i + 1] = pair(block[2][i], block[3][i]);
    }
}

/// Values of one word each.
#[inline(always)]
fn each<T>(words: &[u32], out: &mut [T], value: impl Fn(u32) -> T) {
    for (out, &word) in out.iter_mut().zip(words) {
        *out = value(word);
    }
}

/// The words.
pub(super) struct Raw;

impl Visit for Raw {
    type Value = u32;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [u32]) {
        out.copy_from_slice(words);
    }
}

/// Uniform float32 numbers in `(0, 1]`.
pub(super) struct Uniform;

impl Visit for Uniform {
    type Value = f32;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [f32]) {
        each(words, out, unit_f32);
    }
}

/// Uniform float64 numbers in `(0, 1]`.
pub(super) struct WideUniform;

impl Visit for WideUniform {
    type Value = f64;
    const BLOCKS: usize = 2;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [f64]) {
        for (out, &[low, high]) in out.iter_mut().zip(words.as_chunks().0) {
            *out = unit_f64(low, high);
        }
    }
}

/// Pairs of normal or lognormal numbers.
pub(super) struct Pairs<A>(pub(super) A);

impl<const EXP: bool> Visit for Pairs<Affine<f32, EXP>> {
    type Value = f32;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [f32]) {
        let (mut units, mut angles) = ([1.0; RUN], [0.0; RUN]);
        for ((unit, angle), &[x, y]) in units.iter_mut().zip(&mut angles).zip(words.as_chunks().0) {
            (*unit, *angle) = (unit_f32(x), Numbers::angle_f32(y));
        }
        self.0.pairs(&units, &angles, out);
    }
}

impl<const EXP: bool> Visit for Pairs<Affine<f64, EXP>> {
    type Value = f64;
    const BLOCKS: usize = 2;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [f64]) {
        for (pair, &[a, b, c, d]) in out.as_chunks_mut().0.iter_mut().zip(words.as_chunks().0) {
            let (first, second) = polar_f64(unit_f64(a, b), unit_f64(c, d));
            *pair = [self.0.of(first), self.0.of(second)];
        }
    }
}

/// Poisson numbers of one word each.
pub(super) struct Counted(pub(super) Histogram);

impl Visit for Counted {
    type Value = u32;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [u32]) {
        each(words, out, |word| self.0.value(word));
    }
}

/// Poisson numbers of a large mean.
pub(super) struct Rounded(pub(super) Large);

impl Visit for Rounded {
    type Value = u32;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn emit(&self, words: &[u32], out: &mut [u32]) {
        let mut values = [0.0; GROUP];
        let values = &mut values[..out.len()];
        Pairs(Affine::<f32, false> { mean: 0.0, sigma: 1.0 }).emit(words, values);
        for (out, value) in out.iter_mut().zip(values) {
            *out = self.0.value(*value);
        }
    }
}
