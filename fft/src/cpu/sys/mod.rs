//! Memory on the CPU: the one folder of the backend that dereferences addresses.
//!
//! Owns work areas ([`scratch`], [`Temporary`]) and the strips of lanes that passes read and write ([`Field`], [`Strip`]). The numbers were judged by
//! [`crate::call`]; the memory behind them was vouched for by whoever made the operands. Knows no transform.
#![allow(unsafe_code)]

mod blocks;
mod first;
mod mirror;
mod panels;
mod scratch;
pub(crate) mod shuffle;
mod strip;
mod transpose;
mod walk;

pub(crate) use blocks::{Blocks, Pairs};
pub(crate) use first::First;
pub(crate) use mirror::mirror;
pub(crate) use panels::{Panels, Squares};
pub(crate) use scratch::{Plain, Temporary, copy, scratch, with_area};
pub(crate) use strip::{Ends, Field, Lane, Strip};
pub(crate) use walk::{Ahead, Both, From, Pass, Placed, Read, Rows, Sink, Source, To, Turned, Write, walk};

use num_complex::Complex;

use crate::scalar::Real;

/// The lanes of a pass of a judged call.
///
/// Its sides come from the call's operands, or from temporaries as large, within whose extents the pass's lengths and lanes are; outputs do not overlap themselves.
pub(crate) fn field<T: Real>(from: Ends<T>, to: Ends<T>, lanes: impl IntoIterator<Item = Lane>, width: usize) -> Field<T> {
    // SAFETY: as said above; the backend makes passes from nothing else.
    unsafe { Field::new(from, to, lanes, width) }
}

/// Elements by their number of `T`.
pub(crate) trait Parts<T> {
    const PARTS: isize;
}

impl<T: Real> Parts<T> for T {
    const PARTS: isize = 1;
}

impl<T: Real> Parts<T> for Complex<T> {
    const PARTS: isize = 2;
}

/// Two dense rows as strips of one lane, the first to be read and the second to be written.
pub(crate) fn rows<T: Real, A: Parts<T>, B: Parts<T>>(from: &[A], to: &mut [B]) -> (Strip<T>, Strip<T>) {
    let from = Strip { data: from.as_ptr().cast_mut().cast(), step: A::PARTS, len: from.len(), lane: 0, count: 1 };
    (from, rows_mut(to, to.len()))
}

/// Complex elements as their parts.
pub(crate) fn parts_of<T: Real>(row: &[Complex<T>]) -> &[T] {
    // SAFETY: a complex element is two `T`.
    unsafe { std::slice::from_raw_parts(row.as_ptr().cast(), 2 * row.len()) }
}

/// As [`parts_of`], to be written.
pub(crate) fn parts_of_mut<T: Real>(row: &mut [Complex<T>]) -> &mut [T] {
    // SAFETY: a complex element is two `T`.
    unsafe { std::slice::from_raw_parts_mut(row.as_mut_ptr().cast(), 2 * row.len()) }
}

/// Dense rows of `n` elements as the lanes of a strip, to be read and written.
pub(crate) fn rows_mut<T: Real, E: Parts<T>>(rows: &mut [E], n: usize) -> Strip<T> {
    let step = E::PARTS;
    Strip { data: rows.as_mut_ptr().cast(), step, len: n, lane: step * n as isize, count: rows.len() / n.max(1) }
}

/// The row of `n` complex elements at the place that [`with_area`] gave.
pub(crate) fn area_row<T: Real>(area: *mut T, n: usize) -> Strip<T> {
    Strip { data: area, step: 2, len: n, lane: 2 * n as isize, count: 1 }
}
