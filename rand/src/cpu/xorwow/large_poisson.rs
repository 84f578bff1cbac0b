//! Poisson numbers of a large mean: normal ones, scaled and rounded.
//!
//! Owns the pairs that are split between two visits of a lane: the first visit draws and uses the
//! sine, the second uses the cosine and draws nothing. The kept half survives calls of any other
//! kind, as in cuRAND. Must not know the range of the mean.

use super::{Backend, LANES};
use crate::cpu::item::{RUN, box_muller_f32};

impl Backend {
    pub(super) fn large_poisson(&mut self, lambda: f64, out: &mut [u32]) {
        self.kept.resize(LANES, None);
        let deviation = lambda.sqrt();
        for value in out {
            let lane = self.cursor;
            let z = self.kept[lane].take().unwrap_or_else(|| {
                let block = &mut self.blocks[lane / RUN];
                let x = block.draw_one(lane % RUN);
                let y = block.draw_one(lane % RUN);
                let (sin, cos) = box_muller_f32(x, y);
                self.kept[lane] = Some(cos);
                sin
            });
            *value = (deviation * f64::from(z) + lambda + 0.5) as u32;
            self.cursor = (lane + 1) % LANES;
        }
    }
}
