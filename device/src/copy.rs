//! Copies between strided arrays.
//!
//! The callers ([`crate::array`] and hosts with arrays of their own) have checked that both sides are memory; here shapes become loops, and large loops
//! go over the pool.
#![allow(unsafe_code)]

use crate::pool;

/// Below this many bytes one thread copies: waking another costs as much.
const PARALLEL_BYTES: usize = 1 << 20;
/// Bytes of a part of a parallel copy.
const PART_BYTES: usize = 256 << 10;

/// One axis of a copy: extent and both strides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) extent: usize,
    pub(crate) to: isize,
    pub(crate) from: isize,
}

/// Copies every element of a strided array to the same index of another.
///
/// # Safety
/// For every index within `shape`, both element addresses are valid for `itemsize` bytes (to write, to read) and initialised on the reading side; the two
/// arrays do not overlap, and no other thread writes either while this runs.
///
/// # Panics
/// If there are not as many strides as extents.
pub unsafe fn copy_strided(shape: &[usize], itemsize: usize, to: *mut u8, to_strides: &[isize], from: *const u8, from_strides: &[isize]) {
    assert!(shape.len() == to_strides.len() && shape.len() == from_strides.len());
    if shape.contains(&0) || itemsize == 0 {
        return;
    }
    let axes = coalesce(shape, itemsize, to_strides, from_strides);
    let bytes = shape.iter().product::<usize>() * itemsize;
    let (outer, inner) = (axes[0], &axes[1..]);
    // The outermost axis is what parts are cut from.
    let outer_bytes = bytes / outer.extent;
    let per_part = (PART_BYTES / outer_bytes.max(1)).max(1);
    let parts = if bytes < PARALLEL_BYTES { 1 } else { outer.extent.div_ceil(per_part) };
    let ends = (Address(to), Address(from.cast_mut()));
    let copy_part = |part: usize| {
        let (to, from) = (&ends.0, &ends.1);
        let (first, count) = if parts == 1 { (0, outer.extent) } else { (part * per_part, per_part.min(outer.extent - part * per_part)) };
        let part = Axis { extent: count, ..outer };
        // SAFETY: the part's elements are some of the arrays', which the caller vouches for.
        unsafe { copy_axes(part, inner, itemsize, to.0.offset(outer.to * first as isize), from.0.offset(outer.from * first as isize)) };
    };
    if parts == 1 { copy_part(0) } else { pool::run(parts, &copy_part) }
}

/// An address that workers may use: the parts they write are disjoint.
struct Address(*mut u8);

// SAFETY: see the type; the caller of `copy_strided` vouches for the memory.
unsafe impl Sync for Address {}

/// The axes of the copy, the largest destination stride outermost, neighbours merged where both sides allow. Never empty. If both sides are dense the
/// last axis counts bytes, with stride 1.
pub(crate) fn coalesce(shape: &[usize], itemsize: usize, to: &[isize], from: &[isize]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = (0..shape.len()).filter(|&i| shape[i] != 1).map(|i| Axis { extent: shape[i], to: to[i], from: from[i] }).collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.to.unsigned_abs()));
    axes.push(Axis { extent: itemsize, to: 1, from: 1 });
    let mut merged: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        match merged.last_mut() {
            Some(outer) if outer.to == axis.to * axis.extent as isize && outer.from == axis.from * axis.extent as isize => {
                *outer = Axis { extent: outer.extent * axis.extent, ..axis };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Safety: as [`copy_strided`], for the axes `outer` and then `inner`, of which the last counts bytes.
unsafe fn copy_axes(outer: Axis, inner: &[Axis], itemsize: usize, to: *mut u8, from: *const u8) {
    // SAFETY: every address formed is one of an element of the axes given, as the caller vouches.
    unsafe {
        match inner {
            [] => std::ptr::copy_nonoverlapping(from, to, outer.extent),
            [bytes] if bytes.extent == itemsize => match itemsize {
                1 => copy_items::<u8>(outer, to, from),
                2 => copy_items::<u16>(outer, to, from),
                4 => copy_items::<u32>(outer, to, from),
                8 => copy_items::<u64>(outer, to, from),
                16 => copy_items::<u128>(outer, to, from),
                _ => copy_runs(outer, itemsize, to, from),
            },
            [bytes] => copy_runs(outer, bytes.extent, to, from),
            [next, rest @ ..] => {
                for i in 0..outer.extent as isize {
                    copy_axes(*next, rest, itemsize, to.offset(outer.to * i), from.offset(outer.from * i));
                }
            }
        }
    }
}

/// Safety: as [`copy_axes`].
unsafe fn copy_items<T: Copy>(axis: Axis, to: *mut u8, from: *const u8) {
    for i in 0..axis.extent as isize {
        // SAFETY: element i of the axis; nothing is said of its alignment.
        unsafe { to.offset(axis.to * i).cast::<T>().write_unaligned(from.offset(axis.from * i).cast::<T>().read_unaligned()) };
    }
}

/// Safety: as [`copy_axes`].
unsafe fn copy_runs(axis: Axis, bytes: usize, to: *mut u8, from: *const u8) {
    for i in 0..axis.extent as isize {
        // SAFETY: run i of the axis.
        unsafe { std::ptr::copy_nonoverlapping(from.offset(axis.from * i), to.offset(axis.to * i), bytes) };
    }
}
