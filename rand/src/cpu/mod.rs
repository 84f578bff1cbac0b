//! The generators on a CPU.
//!
//! Owns everything that draws numbers here: recurrences, the items made of their draws, the walk
//! over an output on several cores. Requests arrive checked by `distribution`; where the stream
//! starts was decided by `generator`. Must not know of GPUs.

mod counts;
mod histogram;
mod item;
mod lanes;
mod libm;
mod mrg;
mod mt19937;
mod mtgp;
mod pairs;
mod philox;
mod quantile;
mod sobol;
pub(crate) mod sys;
mod twisters;
mod xorwow;

use crate::backend::Backend;
use crate::generator::Kind;

/// A generator's state, not yet started.
pub(crate) fn backend(kind: Kind) -> Box<dyn Backend> {
    match kind {
        Kind::Xorwow => Box::new(xorwow::Backend::default()),
        Kind::Mrg32k3a => Box::new(mrg::Backend::default()),
        Kind::Philox4x32 => Box::new(philox::Backend::default()),
        Kind::Mt19937 => Box::new(mt19937::Backend::default()),
        Kind::Mtgp32 => Box::new(mtgp::Backend::default()),
        Kind::Sobol32 => Box::new(sobol::Backend::<u32>::new(sobol::Source::JoeKuo)),
        Kind::ScrambledSobol32 => Box::new(sobol::Backend::<u32>::new(sobol::Source::Scrambled)),
        Kind::OwenSobol32 => Box::new(sobol::Backend::<u32>::new(sobol::Source::Owen)),
        Kind::Sobol64 => Box::new(sobol::Backend::<u64>::new(sobol::Source::JoeKuo)),
        Kind::ScrambledSobol64 => Box::new(sobol::Backend::<u64>::new(sobol::Source::Scrambled)),
        Kind::OwenSobol64 => Box::new(sobol::Backend::<u64>::new(sobol::Source::Owen)),
    }
}

/// 64-bit draws out of 32-bit ones: two each, the first one low.
fn paired(out: &mut [u64], bits: impl FnOnce(&mut [u32]) -> u64) -> u64 {
    let served = bits(bytemuck::cast_slice_mut(out));
    if cfg!(target_endian = "big") {
        for word in out {
            *word = word.rotate_left(32);
        }
    }
    served
}
