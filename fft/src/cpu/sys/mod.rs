//! Memory on the CPU: the one folder of the backend that dereferences addresses.
//!
//! Owns work areas ([`scratch`], [`Temporary`]) and the strips of lanes that passes read and write ([`Field`], [`Strip`]). The numbers were judged by
//! [`crate::call`]; the memory behind them was vouched for by whoever made the operands. Knows no transform.
#![allow(unsafe_code)]

mod mirror;
mod planar;
mod scratch;
mod strip;

pub(crate) use mirror::mirror;
pub(crate) use scratch::{Plain, Temporary, copy, scratch};
pub(crate) use strip::{Ends, Field, Lane, Strip};

use crate::scalar::Real;

/// The lanes of a pass of a judged call.
///
/// Its sides come from the call's operands, or from temporaries as large, within whose extents the pass's lengths and lanes are; outputs do not overlap themselves.
pub(crate) fn field<T: Real>(from: Ends<T>, to: Ends<T>, lanes: Vec<Lane>, width: usize) -> Field<T> {
    // SAFETY: as said above; the backend makes passes from nothing else.
    unsafe { Field::new(from, to, lanes, width) }
}
