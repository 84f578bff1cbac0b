//! The backend of the Mersenne twisters, MT19937 and MTGP32: one draw makes one value of any kind.
//!
//! Owns the choice of item for each request. Requests were checked by `distribution`. Must not know a recurrence.

use std::marker::PhantomData;

use super::counts::{Counts, Family};
use super::item::{self, Affine, Counted, Inverse, Numbers};
use super::lanes::{Block, Lanes};
use crate::backend::{Backend, Floats, Origin};
use crate::distribution::{Normal, Poisson};
use crate::state::{Reader, Writer};

/// A block of a twister's columns.
pub(super) trait Twister: Block + 'static {
    /// What the draws stand for.
    type Numbers: Numbers;
    /// How Poisson numbers are made.
    const FAMILY: Family;
    /// The blocks of a stream at its start.
    fn place(origin: Origin) -> Vec<Self>;
}

/// A twister's lanes. A type of its own, for `Lanes` is the backend of other recurrences.
#[derive(Clone)]
pub(super) struct Twisters<T>(Lanes<T>);

impl<T> Default for Twisters<T> {
    fn default() -> Self {
        Self(Lanes::default())
    }
}

impl<T: Twister> Backend for Twisters<T> {
    fn start(&mut self, origin: Origin) {
        self.0.restart(T::place(origin), 0);
    }

    fn set_dims(&mut self, _: usize) {}

    fn bits(&mut self, out: &mut [u32]) -> u64 {
        self.0.fill(&item::Bits::<T::Numbers>(PhantomData), out);
        out.len() as u64
    }

    fn words(&mut self, out: &mut [u64]) -> u64 {
        self.bits(bytemuck::cast_slice_mut(out));
        super::order_words(out);
        2 * out.len() as u64
    }

    fn poisson(&mut self, call: Poisson<'_>) -> u64 {
        let (out, lambda) = call.into_parts();
        self.0.fill(&Counted::<T::Numbers>(&Counts::new(T::FAMILY, lambda), PhantomData), out);
        out.len() as u64
    }

    fn skip(&mut self, mut n: u64) {
        let mut rest = vec![0; n.min(1 << 20) as usize];
        while n > 0 {
            let now = n.min(1 << 20);
            self.bits(&mut rest[..now as usize]);
            n -= now;
        }
    }

    fn copy(&self) -> Box<dyn Backend> {
        Box::new(self.clone())
    }

    fn save(&self, writer: &mut Writer) {
        self.0.save(writer);
    }

    fn load(&mut self, origin: Origin, reader: &mut Reader<'_>) -> Option<()> {
        self.start(origin);
        self.0.load(reader)
    }
}

impl<T: Twister> Floats<f32> for Twisters<T> {
    fn uniform(&mut self, out: &mut [f32]) -> u64 {
        self.0.fill(&item::Uniform::<T::Numbers, f32>(PhantomData, PhantomData), out);
        out.len() as u64
    }

    fn normal(&mut self, call: Normal<'_, f32>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if item::exponential(shape) {
            self.0.fill(&Inverse::<f32, true>(Affine { mean, sigma }), out);
        } else {
            self.0.fill(&Inverse::<f32, false>(Affine { mean, sigma }), out);
        }
        out.len() as u64
    }
}

impl<T: Twister> Floats<f64> for Twisters<T> {
    fn uniform(&mut self, out: &mut [f64]) -> u64 {
        self.0.fill(&item::Uniform::<T::Numbers, f64>(PhantomData, PhantomData), out);
        out.len() as u64
    }

    fn normal(&mut self, call: Normal<'_, f64>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if item::exponential(shape) {
            self.0.fill(&Inverse::<f64, true>(Affine { mean, sigma }), out);
        } else {
            self.0.fill(&Inverse::<f64, false>(Affine { mean, sigma }), out);
        }
        out.len() as u64
    }
}
