//! The backend of generators whose lanes make pairs of normal numbers: XORWOW and MRG32k3a.
//!
//! Owns the choice of item for each request. Requests were checked by `distribution`. Must not know a recurrence.

use std::marker::PhantomData;

use super::counts::{Counts, LARGE_LAMBDA};
use super::histogram::Histogram;
use super::item::{self, Counted, Item, Numbers, Pair, Uniform};
use super::lanes::{Block, Lanes};
use crate::backend::{Backend, Floats, Origin};
use crate::distribution::{Normal, Poisson};
use crate::state::{Reader, Writer};

/// A block of lanes that can be started anywhere and whose draws are some kind of numbers.
pub(super) trait Recurrence: Block + 'static {
    /// What the draws stand for.
    type Numbers: Numbers;
    /// The lanes at `origin`, and the lane that serves first.
    fn place(origin: Origin) -> (Vec<Self>, usize);
    /// Leaves out `each` draws of every lane.
    fn advance(blocks: &mut [Self], each: u64);
}

impl<R: Recurrence> Backend for Lanes<R> {
    fn start(&mut self, origin: Origin) {
        let (blocks, cursor) = R::place(origin);
        self.restart(blocks, cursor);
    }

    fn set_dims(&mut self, _: usize) {}

    fn bits(&mut self, out: &mut [u32]) -> u64 {
        self.fill(&item::Bits::<R::Numbers>(PhantomData), out)
    }

    fn words(&mut self, out: &mut [u64]) -> u64 {
        super::paired(out, |out| self.bits(out))
    }

    fn poisson(&mut self, call: Poisson<'_>) -> u64 {
        let (out, lambda) = call.into_parts();
        if lambda < LARGE_LAMBDA {
            let counts = Counts::Histogram(Histogram::poisson(lambda));
            self.fill(&Counted::<R::Numbers>(&counts, PhantomData), out)
        } else {
            self.large_poisson::<R::Numbers>(lambda, out)
        }
    }

    fn skip(&mut self, n: u64) {
        let lanes = self.lanes();
        R::advance(&mut self.blocks, n / lanes as u64);
        let mut rest = vec![0; (n % lanes as u64) as usize];
        self.bits(&mut rest);
    }

    fn copy(&self) -> Box<dyn Backend> {
        Box::new(self.clone())
    }

    fn save(&self, writer: &mut Writer) {
        Lanes::save(self, writer);
    }

    fn load(&mut self, origin: Origin, reader: &mut Reader<'_>) -> Option<()> {
        self.start(origin);
        Lanes::load(self, reader)
    }
}

impl<R: Recurrence, T> Floats<T> for Lanes<R>
where
    Uniform<R::Numbers, T>: Item<Value = T>,
    Pair<R::Numbers, T, false>: Item<Value = T>,
    Pair<R::Numbers, T, true>: Item<Value = T>,
{
    fn uniform(&mut self, out: &mut [T]) -> u64 {
        self.fill(&Uniform::<R::Numbers, T>(PhantomData, PhantomData), out)
    }

    fn normal(&mut self, call: Normal<'_, T>) -> u64 {
        let Normal { out, mean, sigma, shape } = call;
        if item::exponential(shape) {
            self.fill(&Pair::<R::Numbers, T, true>::new(mean, sigma), out)
        } else {
            self.fill(&Pair::<R::Numbers, T, false>::new(mean, sigma), out)
        }
    }
}
