//! Philox4x32-10 as cuRAND's host library serves it: 65536 lanes, each visited for four values.
//!
//! Owns the cursor, which may stand inside a visit, and each lane's block counter. A visit's values are made of one counter block (32-bit kinds)
//! or two (64-bit kinds); a call that begins inside a visit builds it anew for its own kind. Must not know why the stream starts where it starts.

mod cipher;
mod visit;

use bytemuck::Zeroable;
use rayon::prelude::*;

use super::counts::{LARGE_LAMBDA, Large};
use super::histogram::Histogram;
use super::item::{Affine, exponential};
use super::sys::{self, Level, STREAM_BYTES, Stream};
use crate::backend::{self, Floats, Origin};
use crate::distribution::{Normal, Poisson};
use crate::state::{Reader, Writer};
use visit::{Counted, Fill, Raw, Rounded, Uniform, Visit};

/// Lanes of a generator.
const LANES: usize = 65_536;
/// Values of a visit.
const VALUES: usize = 4;
/// Visits that one core makes at a time.
const SHARE: usize = 1 << 13;
/// Visits whose values are held before they are written past the caches.
const HELD: usize = 1 << 10;

/// The state of one generator.
#[derive(Clone, Default)]
pub(super) struct Backend {
    key: [u32; 2],
    /// The lane being visited.
    lane: usize,
    /// Values of that visit given out.
    given: usize,
    /// Block counters: `(first lane, counter)` of runs of lanes, in order, from lane 0. Calls sweep over the lanes, so there are few.
    counters: Vec<(usize, u64)>,
}

/// Neighbouring lanes with one counter, and the values wanted of them.
#[derive(Clone, Copy, Debug)]
struct Run {
    lane: usize,
    counter: u64,
    /// Values of the first visit to leave out.
    skipped: usize,
    values: usize,
}

impl Backend {
    /// Adds to the counters of the lanes from `first` up to `end`.
    fn count(&mut self, first: usize, end: usize, blocks: u64) {
        if first == end {
            return;
        }
        for edge in [first, end] {
            if edge < LANES
                && let Err(at) = self.counters.binary_search_by_key(&edge, |&(lane, _)| lane)
            {
                let counter = self.counters[at - 1].1;
                self.counters.insert(at, (edge, counter));
            }
        }
        for (lane, counter) in &mut self.counters {
            if (first..end).contains(lane) {
                *counter = counter.wrapping_add(blocks);
            }
        }
        self.counters.dedup_by_key(|&mut (_, counter)| counter);
    }

    /// What is visited for the next `values` values, of `blocks` blocks each visit; the state moves on.
    fn runs(&mut self, mut values: usize, blocks: u64) -> Vec<Run> {
        let mut runs = Vec::new();
        while values > 0 {
            let at = self.counters.partition_point(|&(lane, _)| lane <= self.lane) - 1;
            let end = self.counters.get(at + 1).map_or(LANES, |&(lane, _)| lane);
            let visits = (end - self.lane).min(SHARE);
            let here = values.min(visits * VALUES - self.given);
            runs.push(Run { lane: self.lane, counter: self.counters[at].1, skipped: self.given, values: here });
            let through = (self.given + here) / VALUES;
            self.count(self.lane, self.lane + through, blocks);
            self.lane = (self.lane + through) % LANES;
            self.given = (self.given + here) % VALUES;
            values -= here;
        }
        runs
    }

    fn fill<V: Visit>(&mut self, visit: &V, out: &mut [V::Value]) -> u64 {
        let far = size_of_val(out) >= STREAM_BYTES;
        self.fill_at(Level::detect(), far, visit, out)
    }

    fn fill_at<V: Visit>(&mut self, level: Level, far: bool, visit: &V, out: &mut [V::Value]) -> u64 {
        let counted = (self.given + out.len()) / VALUES;
        let key = self.key;
        let mut rest = out;
        let mut work = Vec::new();
        for run in self.runs(rest.len(), V::BLOCKS as u64) {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(run.values);
            work.push((run, now));
            rest = later;
        }
        let one = |(run, out): (Run, &mut [V::Value])| {
            if far {
                fill_far(level, key, run, visit, out);
            } else {
                sys::run(level, Fill { key, run, visit, out });
            }
        };
        if work.len() > 1 && rayon::current_num_threads() > 1 {
            work.into_par_iter().for_each(one);
        } else {
            work.into_iter().for_each(one);
        }
        counted as u64
    }
}

/// Fills past the caches.
fn fill_far<V: Visit>(level: Level, key: [u32; 2], mut run: Run, visit: &V, mut out: &mut [V::Value]) {
    let stream = Stream::new();
    let mut held = [V::Value::zeroed(); HELD * VALUES];
    while !out.is_empty() {
        let here = out.len().min(held.len() - run.skipped);
        let (now, later) = out.split_at_mut(here);
        let held = &mut held[..here];
        sys::run(level, Fill { key, run, visit, out: held });
        stream.copy(held, now);
        (out, run) = (later, Run { lane: run.lane + HELD, skipped: 0, ..run });
    }
}

impl backend::Backend for Backend {
    fn start(&mut self, origin: Origin) {
        let visits = origin.offset / VALUES as u64;
        let (rows, lane) = (visits / LANES as u64, (visits % LANES as u64) as usize);
        self.key = [origin.seed as u32, (origin.seed >> 32) as u32];
        self.given = (origin.offset % VALUES as u64) as usize;
        self.lane = lane;
        self.counters = vec![(0, rows)];
        self.count(0, lane, 1);
    }

    fn set_dims(&mut self, _: usize) {}

    fn bits(&mut self, out: &mut [u32]) -> u64 {
        self.fill(&Raw, out)
    }

    fn words(&mut self, out: &mut [u64]) -> u64 {
        super::paired(out, |out| self.bits(out))
    }

    fn poisson(&mut self, call: Poisson<'_>) -> u64 {
        let (out, lambda) = call.into_parts();
        if lambda < LARGE_LAMBDA { self.fill(&Counted(Histogram::poisson(lambda)), out) } else { self.fill(&Rounded(Large::new(lambda)), out) }
    }

    fn skip(&mut self, n: u64) {
        let cycle = (LANES * VALUES) as u64;
        for (_, counter) in &mut self.counters {
            *counter = counter.wrapping_add(n / cycle);
        }
        self.runs((n % cycle) as usize, 1);
    }

    fn copy(&self) -> Box<dyn backend::Backend> {
        Box::new(self.clone())
    }

    fn save(&self, writer: &mut Writer) {
        writer.u32(self.lane as u32);
        writer.u32(self.given as u32);
        writer.u32(self.counters.len() as u32);
        for &(lane, counter) in &self.counters {
            writer.u32(lane as u32);
            writer.u64(counter);
        }
    }

    fn load(&mut self, origin: Origin, reader: &mut Reader<'_>) -> Option<()> {
        self.start(origin);
        self.lane = reader.below(LANES)?;
        self.given = reader.below(VALUES)?;
        let runs = reader.below(LANES + 1)?;
        self.counters.clear();
        for _ in 0..runs {
            self.counters.push((reader.below(LANES)?, reader.u64()?));
        }
        let ordered = self.counters.is_sorted_by(|a, b| a.0 < b.0);
        (ordered && self.counters.first().is_some_and(|&(lane, _)| lane == 0)).then_some(())
    }
}

impl Floats<f32> for Backend {
    fn uniform(&mut self, out: &mut [f32]) -> u64 {
        self.fill(&Uniform, out)
    }

    fn normal(&mut self, call: Normal<'_, f32>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if exponential(shape) {
            self.fill(&visit::Pairs(Affine::<f32, true> { mean, sigma }), out)
        } else {
            self.fill(&visit::Pairs(Affine::<f32, false> { mean, sigma }), out)
        }
    }
}

impl Floats<f64> for Backend {
    fn uniform(&mut self, out: &mut [f64]) -> u64 {
        self.fill(&visit::WideUniform, out)
    }

    fn normal(&mut self, call: Normal<'_, f64>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if exponential(shape) {
            self.fill(&visit::Pairs(Affine::<f64, true> { mean, sigma }), out)
        } else {
            self.fill(&visit::Pairs(Affine::<f64, false> { mean, sigma }), out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend as _;
    use crate::generator::{Layout, Spread};

    #[test]
    fn no_level_changes_a_bit_and_counters_stay_few() {
        let origin = Origin { seed: 7, offset: 262_139, layout: Layout { lanes: LANES, spread: Spread::Subsequences }, dims: 1 };
        let draw = |level, far| {
            let mut backend = Backend::default();
            backend.start(origin);
            let (mut u, mut d, mut f) = (vec![0; 300_001], vec![0.0_f64; 100_003], vec![0.0_f32; 77]);
            backend.fill_at(level, far, &Raw, &mut u);
            backend.fill_at(level, far, &visit::WideUniform, &mut d);
            backend.fill_at(level, far, &Uniform, &mut f);
            backend.fill_at(level, far, &Raw, &mut u);
            assert!(backend.counters.len() < 8, "{:?}", backend.counters);
            (u, d, f)
        };
        let want = draw(Level::available()[0], false);
        for level in Level::available() {
            for far in [false, true] {
                assert!(draw(level, far) == want, "{level:?}, far {far}");
            }
        }
    }

    #[test]
    fn a_skip_is_as_many_draws() {
        for n in [0, 1, 3, 4, 5, 1000, 262_144, 300_007] {
            let origin = Origin { seed: 1, offset: 9, layout: Layout { lanes: LANES, spread: Spread::Subsequences }, dims: 1 };
            let (mut skipped, mut drawn) = (Backend::default(), Backend::default());
            skipped.start(origin);
            drawn.start(origin);
            skipped.skip(n);
            drawn.bits(&mut vec![0; n as usize]);
            let (mut a, mut b) = ([0; 50], [0; 50]);
            skipped.bits(&mut a);
            drawn.bits(&mut b);
            assert_eq!(a, b, "{n}");
        }
    }
}
