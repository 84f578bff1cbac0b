//! The generators on a CPU.
//!
//! Owns everything that draws numbers here: recurrences, the items made of their draws, the walk
//! over an output on several cores. Requests arrive checked by `distribution`; where the stream
//! starts was decided by `generator`. Must not know of GPUs.

mod histogram;
mod item;
mod sys;
mod xorwow;

use crate::backend::Backend;
use crate::generator::Kind;

/// A generator's state, not yet started.
pub(crate) fn backend(kind: Kind) -> Box<dyn Backend> {
    match kind {
        Kind::Xorwow => Box::new(xorwow::Backend::default()),
    }
}
