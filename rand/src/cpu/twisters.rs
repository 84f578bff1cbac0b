//! The backend of the Mersenne twisters, MT19937 and MTGP32: one draw makes one value of any kind.
//!
//! Owns the choice of item for each request. Requests were checked by `distribution`. Must not know a recurrence.

use std::marker::PhantomData;

use super::counts::{Counts, Family};
use super::item::{self, Affine, Counted, Inverse, Item, Numbers, Uniform};
use super::lanes::{Block, Lanes};
use super::quantile::Quantile;
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
        self.0.fill(&item::Bits::<T::Numbers>(PhantomData), out)
    }

    fn words(&mut self, out: &mut [u64]) -> u64 {
        super::paired(out, |out| self.bits(out))
    }

    fn poisson(&mut self, call: Poisson<'_>) -> u64 {
        let (out, lambda) = call.into_parts();
        self.0.fill(&Counted::<T::Numbers>(&Counts::new(T::FAMILY, lambda), PhantomData), out)
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

impl<T: Twister, F: Quantile> Floats<F> for Twisters<T>
where
    Uniform<T::Numbers, F>: Item<Value = F>,
{
    fn uniform(&mut self, out: &mut [F]) -> u64 {
        self.0.fill(&Uniform::<T::Numbers, F>(PhantomData, PhantomData), out)
    }

    fn normal(&mut self, call: Normal<'_, F>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if item::exponential(shape) {
            self.0.fill(&Inverse::<F, true>(Affine { mean, sigma }), out)
        } else {
            self.0.fill(&Inverse::<F, false>(Affine { mean, sigma }), out)
        }
    }
}
