//! Checked requests: an output to fill and the parameters of its distribution.
//!
//! Owns the rules on lengths and parameters. A value of these types exists only if its constructor
//! accepted the request, so what holds one has nothing left to judge. Must not know how numbers are
//! made or on which machine.

mod normal;
mod poisson;

pub(crate) use normal::{Normal, Shape};
pub(crate) use poisson::Poisson;
