//! Passes over the IR, the list of them, and analyses ([`divergence`], [`phases`]).
//!
//! A pass takes a whole [`Function`] and gives one that means the same (contraction: the same up to a rounding less). Passes know no target. [`prepare`] is
//! what stands between lowering and [`Verified::new`](crate::ir::Verified::new).

mod carry;
mod contract;
mod dead;
pub mod divergence;
pub mod phases;

pub use carry::carry;
pub use contract::contract;
pub use dead::remove_unused;

use crate::ir::Function;

/// Readies a lowered function for verification: contraction if `fma`, values carried from lap to lap, then removal of what nothing uses.
pub fn prepare(function: Function, fma: bool) -> Function {
    let function = if fma { contract(function) } else { function };
    remove_unused(carry(function))
}
