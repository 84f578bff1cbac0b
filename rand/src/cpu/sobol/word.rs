//! The words that points are made of: 32 or 64 bits.
//!
//! Owns cuRAND's conversions of each. Must not know of dimensions.

use std::ops::BitXor;
use std::sync::Arc;

use super::owen;
use crate::cpu::counts::Family;
use crate::cpu::quantile::Quantile;
use crate::tables::{self, Scrambled};

/// A word of a point.
pub(in crate::cpu) trait Word: Copy + Default + BitXor<Output = Self> + Send + Sync + 'static {
    const BITS: usize;
    const FAMILY: Family;
    /// The number of a point, from its position.
    fn index(position: u64) -> u64;
    /// `m` at bit `shift`.
    fn shifted(m: u64, shift: usize) -> Self;
    /// `self` moved down.
    fn down(self, shift: usize) -> Self;
    fn scrambled() -> Option<Arc<Scrambled<Self>>>;
    fn owen_seed(seed: u64, dimension: u64) -> Self;
    fn owen(x: Self, seed: Self) -> Self;
    fn short(self) -> u32;
    fn long(self) -> u64;
    fn unit<T: Quantile>(self) -> T;
    fn normal<T: Quantile>(self) -> T;
}

impl Word for u32 {
    const BITS: usize = 32;
    const FAMILY: Family = Family::Sobol32;

    #[inline(always)]
    fn index(position: u64) -> u64 {
        position & 0xffff_ffff
    }

    fn shifted(m: u64, shift: usize) -> Self {
        (m as u32) << shift
    }

    fn down(self, shift: usize) -> Self {
        self >> shift
    }

    fn scrambled() -> Option<Arc<Scrambled<Self>>> {
        tables::scrambled_32()
    }

    fn owen_seed(seed: u64, dimension: u64) -> Self {
        (owen::seed(seed, dimension) >> 32) as u32
    }

    #[inline(always)]
    fn owen(x: Self, seed: Self) -> Self {
        owen::scrambled_32(x, seed)
    }

    #[inline(always)]
    fn short(self) -> u32 {
        self
    }

    #[inline(always)]
    fn long(self) -> u64 {
        u64::from(self) << 32
    }

    #[inline(always)]
    fn unit<T: Quantile>(self) -> T {
        T::unit_of(self)
    }

    #[inline(always)]
    fn normal<T: Quantile>(self) -> T {
        T::normal_of(self)
    }
}

impl Word for u64 {
    const BITS: usize = 64;
    const FAMILY: Family = Family::Sobol64;

    #[inline(always)]
    fn index(position: u64) -> u64 {
        position
    }

    fn shifted(m: u64, shift: usize) -> Self {
        m << shift
    }

    fn down(self, shift: usize) -> Self {
        self >> shift
    }

    fn scrambled() -> Option<Arc<Scrambled<Self>>> {
        tables::scrambled_64()
    }

    fn owen_seed(seed: u64, dimension: u64) -> Self {
        owen::seed(seed, dimension)
    }

    #[inline(always)]
    fn owen(x: Self, seed: Self) -> Self {
        owen::scrambled_64(x, seed)
    }

    #[inline(always)]
    fn short(self) -> u32 {
        (self >> 32) as u32
    }

    #[inline(always)]
    fn long(self) -> u64 {
        self
    }

    #[inline(always)]
    fn unit<T: Quantile>(self) -> T {
        T::unit_of_long(self)
    }

    #[inline(always)]
    fn normal<T: Quantile>(self) -> T {
        T::normal_of_long(self)
    }
}
