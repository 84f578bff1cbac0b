//! Poisson numbers of a large mean: normal ones, scaled and rounded.
//!
//! Owns the pairs that are split between two visits of a lane: the first visit draws and uses the
//! sine, the second uses the cosine and draws nothing. The kept half survives calls of any other
//! kind, as in cuRAND. Must not know the range of the mean.

use super::{Block, Lanes};
use crate::cpu::counts::Large;
use crate::cpu::item::{Draws, MAX_DRAWS, Numbers, RUN, polar_f32};

impl<B: Block> Lanes<B> {
    pub(in crate::cpu) fn large_poisson<N: Numbers>(&mut self, lambda: f64, out: &mut [u32]) -> u64 {
        let lanes = self.lanes();
        self.kept.resize(lanes, None);
        let large = Large::new(lambda);
        let mut draws: Draws = [[0; RUN]; MAX_DRAWS];
        for value in out.iter_mut() {
            let lane = self.cursor;
            let z = self.kept[lane].take().unwrap_or_else(|| {
                self.blocks[lane / RUN].draw_some(lane % RUN..lane % RUN + 1, 2, &mut draws);
                let (sin, cos) = polar_f32(N::unit_f32(draws[0][0]), N::angle_f32(draws[1][0]));
                self.kept[lane] = Some(cos);
                sin
            });
            *value = large.value(z);
            self.cursor = (lane + 1) % lanes;
        }
        out.len() as u64
    }
}
