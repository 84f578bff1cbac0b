//! Small products: what a batch is made of.
//!
//! Owns the way of a product whose packed operands fit on the stack: no memory is asked for, no thread, a left operand with contiguous columns is read where it is, and so is a real right one. The tiles are
//! [`super::micro`]'s, so that the sums are those of [`super::blocked`].
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::micro::{Kernels, Tile, kernels};
use super::pack::{self, Source};
use crate::operand::Op;
use crate::scalar::Scalar;
use crate::view::MatMut;

/// The largest extent taken.
const LARGEST: usize = 40;
/// Room for an operand: its extent rounded up to whole tiles, two parts an element.
const ROOM: usize = 2 * 48 * LARGEST;

/// `C ← αAB + βC` if this is the place for it; α is not 0, no extent is.
pub(super) fn gemm<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: &mut MatMut<'_, T>) -> bool {
    if c.rows().max(c.cols()).max(a.cols()) > LARGEST {
        return false;
    }
    // Along the columns of C where those are the near neighbours.
    let turned = c.rb().col_stride().abs() < c.rb().row_stride().abs();
    let (a, b, c) = if turned { (b.transposed(), a.transposed(), c.rb_mut().transposed()) } else { (a, b, c.rb_mut()) };
    if T::COMPLEX { product::<T, true>(alpha, a, b, beta, c) } else { product::<T, false>(alpha, a, b, beta, c) }
}

/// Room for both operands, packed.
type Rooms<R> = MaybeUninit<[[R; ROOM]; 2]>;

fn product<T: Scalar, const C: bool>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: MatMut<'_, T>) -> bool {
    let Some(kernels) = kernels::<T::Real>(C) else { return false };
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    assert!(a.rows() == m && b.rows() == k && b.cols() == n, "gemm of {m}x{k} and {}x{n}", b.rows());
    // A stack so large costs more than such a product where nothing is packed.
    let in_place = !C && a.mat.row_stride() == 1 && a.mat.col_stride() >= 0;
    if in_place { tiles::<T, C>(kernels, alpha, a, b, beta, c, None) } else { packing::<T, C>(kernels, alpha, a, b, beta, c) }
    true
}

#[inline(never)]
fn packing<T: Scalar, const C: bool>(
    kernels: &Kernels<T::Real>,
    alpha: T,
    a: Op<'_, T>,
    b: Op<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) {
    let mut rooms = Rooms::uninit();
    tiles::<T, C>(kernels, alpha, a, b, beta, c, Some(&mut rooms));
}

/// `rooms` may be missing where the columns of A are neighbours, and real.
#[inline(always)]
fn tiles<T: Scalar, const C: bool>(
    kernels: &Kernels<T::Real>,
    alpha: T,
    a: Op<'_, T>,
    b: Op<'_, T>,
    beta: T,
    mut c: MatMut<'_, T>,
    rooms: Option<&mut Rooms<T::Real>>,
) {
    let (m, n, k, parts) = (c.rows(), c.cols(), a.cols(), 1 + usize::from(C));
    let (lanes, most) = (kernels.lanes, if C { kernels.of_height.len() } else { kernels.direct.len() });
    // Tiles of about one height.
    let all = m.div_ceil(lanes);
    let tallest = all.div_ceil(all.div_ceil(most)) * lanes;
    let step = |stride: isize| stride * parts as isize;
    // Complex numbers are two parts (`repr(C)`), a real scalar is its own (`Real: Scalar<Real = Self>`).
    let left = Source { at: a.mat.as_ptr().cast::<T::Real>(), along: step(a.mat.col_stride()), across: step(a.mat.row_stride()), conj: a.conj };
    let right = Source { at: b.mat.as_ptr().cast::<T::Real>(), along: step(b.mat.row_stride()), across: step(b.mat.col_stride()), conj: b.conj };
    let (rs, cs) = (step(c.rb().row_stride()), step(c.rb().col_stride()));
    let to = c.as_mut_ptr().cast::<T::Real>();
    let packed_left = rooms.map_or(std::ptr::null_mut(), |rooms| rooms.as_mut_ptr().cast::<T::Real>());
    let packed_right = packed_left.wrapping_add(ROOM);
    for col in (0..if C { n } else { 0 }).step_by(kernels.cols) {
        // SAFETY: columns of B; extents of at most `LARGEST` are at most 48 when rounded up to tiles, so there is room.
        unsafe { pack::panel::<T::Real, C, false>(right.from(col, 0), k, kernels.cols.min(n - col), kernels.cols, packed_right.add(col * k * parts)) };
    }
    for row in (0..m).step_by(tallest) {
        let rows = (m - row).min(tallest);
        let registers = rows.div_ceil(lanes);
        let height = registers * lanes;
        let from = left.from(row, 0);
        let in_place = !C && from.across == 1 && from.along >= 0;
        if !in_place {
            // SAFETY: as above, of A.
            unsafe { pack::panel::<T::Real, C, true>(from, k, rows, height, packed_left) };
        }
        let (width, kernel) = if C { (kernels.cols, kernels.of_height[registers - 1]) } else { kernels.direct[registers - 1] };
        for col in (0..n).step_by(width) {
            let b = if C { packed_right.wrapping_add(col * k * parts).cast_const() } else { right.from(col, 0).at };
            let tile = Tile {
                depth: k,
                a: if in_place { from.at } else { packed_left.cast_const() },
                step: if in_place { from.along as usize } else { height * parts },
                b,
                b_steps: (right.along, right.across),
                a_ahead: 0,
                c_ahead: 0,
                ahead: b,
                c: to.wrapping_offset(row as isize * rs + col as isize * cs),
                rs,
                cs,
                rows,
                cols: width.min(n - col),
                alpha: [alpha.re(), alpha.im()],
                beta: [beta.re(), beta.im()],
            };
            // SAFETY: the panels are packed, or the operands' own; the tile is C's, exclusively ours; the kernels are this processor's.
            unsafe { kernel(&tile) };
        }
    }
}
