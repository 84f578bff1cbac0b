//! Passes over the IR, the list of them, and analyses ([`divergence`], [`inside`], [`interval`], [`laps`], [`phases`], [`spins`], [`strides`]).
//!
//! A pass takes a whole [`Function`] and gives one that means the same (contraction: the same up to a rounding less). Passes know no target. [`prepare`] is
//! what stands between lowering and [`Verified::new`](crate::ir::Verified::new).

mod carry;
mod contract;
mod dead;
pub mod divergence;
pub mod inside;
pub mod interval;
pub mod laps;
pub mod phases;
pub mod spins;
pub mod strides;

pub use carry::{CARRIED, carry};
pub use contract::contract;
pub use dead::remove_unused;

use crate::ir::{Block, Function, Inst, Value};

/// Readies a lowered function for verification: contraction if `fma`, values carried from lap to lap, then removal of what nothing uses.
pub fn prepare(function: Function, fma: bool) -> Function {
    let function = if fma { contract(function) } else { function };
    remove_unused(carry(function))
}

/// Makes every block anew, inner ones first: `visit` may change an instruction in place, and put others before it.
fn rebuild(function: &mut Function, visit: &mut dyn FnMut(&mut Function, &mut Block, Value)) {
    fn block(f: &mut Function, old: Block, visit: &mut dyn FnMut(&mut Function, &mut Block, Value)) -> Block {
        let mut new = Vec::with_capacity(old.len());
        for at in old {
            let mut inst = std::mem::replace(&mut f.insts[at.index()], Inst::Param(0));
            for inner in inst.blocks_mut() {
                *inner = block(f, std::mem::take(inner), visit);
            }
            f.insts[at.index()] = inst;
            visit(f, &mut new, at);
            new.push(at);
        }
        new
    }
    let body = std::mem::take(&mut function.body);
    function.body = block(function, body, visit);
}
