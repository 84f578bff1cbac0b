//! XORWOW as cuRAND's host library serves it: 4096 lanes, visited in turn.
//!
//! Owns the state of one generator and the choice of item for each request. Requests were checked
//! by `distribution`. Must not know why the stream starts where it starts.

mod block;
mod fill;
mod jump;
mod large_poisson;
mod place;
mod recurrence;

pub(super) use block::Block;

use std::marker::PhantomData;

use crate::backend::{self, Floats, Origin};
use crate::cpu::histogram::Histogram;
use crate::cpu::item::{self, RUN};
use crate::distribution::{Bits, Normal, Poisson, Shape, Uniform};

/// Lanes of a generator.
const LANES: usize = 4096;
/// Blocks of [`RUN`] lanes.
const BLOCKS: usize = LANES / RUN;
/// From this mean on, Poisson numbers are rounded normal ones.
const LARGE_LAMBDA: f64 = 2000.0;

/// The state of one generator; no lanes until it is started.
#[derive(Default)]
pub(super) struct Backend {
    blocks: Vec<Block>,
    /// The lane that serves next.
    cursor: usize,
    /// Second values of normal pairs kept by `poisson` for a lane's next visit; empty until there
    /// is one.
    kept: Vec<Option<f32>>,
}

impl backend::Backend for Backend {
    fn start(&mut self, origin: Origin) {
        (self.blocks, self.cursor) = place::place(origin);
        self.kept.clear();
    }

    fn bits(&mut self, call: Bits<'_>) {
        self.fill(&item::Bits, call.out);
    }

    fn poisson(&mut self, call: Poisson<'_>) {
        let (out, lambda) = call.into_parts();
        if lambda < LARGE_LAMBDA {
            self.fill(&Histogram::poisson(lambda), out);
        } else {
            self.large_poisson(lambda, out);
        }
    }
}

impl Floats<f32> for Backend {
    fn uniform(&mut self, call: Uniform<'_, f32>) {
        self.fill(&item::Uniform::<f32>(PhantomData), call.out);
    }

    fn normal(&mut self, call: Normal<'_, f32>) {
        let (out, mean, sigma, shape) = call.into_parts();
        match shape {
            Shape::Normal => self.fill(&item::Pair::<f32, false> { mean, sigma }, out),
            Shape::LogNormal => self.fill(&item::Pair::<f32, true> { mean, sigma }, out),
        }
    }
}

impl Floats<f64> for Backend {
    fn uniform(&mut self, call: Uniform<'_, f64>) {
        self.fill(&item::Uniform::<f64>(PhantomData), call.out);
    }

    fn normal(&mut self, call: Normal<'_, f64>) {
        let (out, mean, sigma, shape) = call.into_parts();
        match shape {
            Shape::Normal => self.fill(&item::Pair::<f64, false> { mean, sigma }, out),
            Shape::LogNormal => self.fill(&item::Pair::<f64, true> { mean, sigma }, out),
        }
    }
}
