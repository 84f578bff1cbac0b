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

/// Where A, B and C of a product to come are, the same in all else; they need not be memory.
#[derive(Clone, Copy)]
pub(super) struct Coming<T>(pub(super) [*const T; 3]);

/// `C ← αAB + βC` if this is the place for it; α is not 0, no extent is. What is coming is asked for meanwhile.
pub(super) fn gemm<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: &mut MatMut<'_, T>, coming: Option<Coming<T>>) -> bool {
    if c.rows().max(c.cols()).max(a.cols()) > LARGEST {
        return false;
    }
    let Coming([next_a, next_b, next_c]) = coming.unwrap_or(Coming([a.mat.as_ptr(), b.mat.as_ptr(), c.rb().as_ptr()]));
    // Along the columns of C where those are the near neighbours.
    let turned = c.rb().col_stride().abs() < c.rb().row_stride().abs();
    let (a, b, c, coming) = if turned {
        (b.transposed(), a.transposed(), c.rb_mut().transposed(), [next_b, next_a, next_c])
    } else {
        (a, b, c.rb_mut(), [next_a, next_b, next_c])
    };
    if T::COMPLEX { product::<T, true>(alpha, a, b, beta, c, coming) } else { product::<T, false>(alpha, a, b, beta, c, coming) }
}

/// Bytes that are asked for at once.
const LINE: usize = 64;

/// Room for both operands, packed.
type Rooms<R> = MaybeUninit<[[R; ROOM]; 2]>;

fn product<T: Scalar, const C: bool>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: MatMut<'_, T>, coming: [*const T; 3]) -> bool {
    let Some(kernels) = kernels::<T::Real>(C) else { return false };
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    assert!(a.rows() == m && b.rows() == k && b.cols() == n, "gemm of {m}x{k} and {}x{n}", b.rows());
    // A stack so large costs more than such a product where nothing is packed.
    let in_place = !C && a.mat.row_stride() == 1 && a.mat.col_stride() >= 0;
    if in_place { tiles::<T, C>(kernels, alpha, a, b, beta, c, coming, None) } else { packing::<T, C>(kernels, alpha, a, b, beta, c, coming) }
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
    coming: [*const T; 3],
) {
    let mut rooms = Rooms::uninit();
    tiles::<T, C>(kernels, alpha, a, b, beta, c, coming, Some(&mut rooms));
}

/// `rooms` may be missing where the columns of A are neighbours, and real.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a product's, and what goes with it")]
fn tiles<T: Scalar, const C: bool>(
    kernels: &Kernels<T::Real>,
    alpha: T,
    a: Op<'_, T>,
    b: Op<'_, T>,
    beta: T,
    mut c: MatMut<'_, T>,
    coming: [*const T; 3],
    rooms: Option<&mut Rooms<T::Real>>,
) {
    let (m, n, k, parts) = (c.rows(), c.cols(), a.cols(), 1 + usize::from(C));
    let (lanes, most, width) = (kernels.lanes, kernels.of_height.len(), kernels.cols);
    let step = |stride: isize| stride * parts as isize;
    // Complex numbers are two parts (`repr(C)`), a real scalar is its own (`Real: Scalar<Real = Self>`).
    let left = Source { at: a.mat.as_ptr().cast::<T::Real>(), along: step(a.mat.col_stride()), across: step(a.mat.row_stride()), conj: a.conj };
    let right = Source { at: b.mat.as_ptr().cast::<T::Real>(), along: step(b.mat.row_stride()), across: step(b.mat.col_stride()), conj: b.conj };
    let (rs, cs) = (step(c.rb().row_stride()), step(c.rb().col_stride()));
    let to = c.as_mut_ptr().cast::<T::Real>();
    let coming = coming.map(|at| at.cast::<T::Real>());
    let from_here = |next: *const T::Real, here: *const T::Real| (next.addr() as isize).wrapping_sub(here.addr() as isize) / size_of::<T::Real>() as isize;
    let (a_ahead, c_ahead) = (from_here(coming[0], left.at), from_here(coming[2], to));
    let packed_left = rooms.map_or(std::ptr::null_mut(), |rooms| rooms.as_mut_ptr().cast::<T::Real>());
    let packed_right = packed_left.wrapping_add(ROOM);
    for col in (0..if C { n } else { 0 }).step_by(width) {
        // SAFETY: columns of B; extents of at most `LARGEST` are at most 48 when rounded up to tiles, so there is room.
        unsafe { pack::panel::<T::Real, C, false>(right.from(col, 0), k, width.min(n - col), width, packed_right.add(col * k * parts)) };
    }
    for row in (0..m).step_by(lanes * most) {
        let rows = (m - row).min(lanes * most);
        let registers = rows.div_ceil(lanes);
        let height = registers * lanes;
        let from = left.from(row, 0);
        let in_place = !C && from.across == 1 && from.along >= 0;
        if !in_place {
            // SAFETY: as above, of A.
            unsafe { pack::panel::<T::Real, C, true>(from, k, rows, height, packed_left) };
        }
        for col in (0..n).step_by(width) {
            let b = if C { packed_right.wrapping_add(col * k * parts).cast_const() } else { right.from(col, 0).at };
            let tile = Tile {
                depth: k,
                a: if in_place { from.at } else { packed_left.cast_const() },
                step: if in_place { from.along as usize } else { height * parts },
                b,
                b_steps: (right.along, right.across),
                a_ahead,
                c_ahead,
                // A part of it with each tile.
                ahead: coming[1].wrapping_add(if C { col * k * parts } else { col / width * k * LINE / size_of::<T::Real>() }),
                c: to.wrapping_offset(row as isize * rs + col as isize * cs),
                rs,
                cs,
                rows,
                cols: width.min(n - col),
                alpha: [alpha.re(), alpha.im()],
                beta: [beta.re(), beta.im()],
            };
            let kernel = if C { kernels.of_height[registers - 1] } else { kernels.direct[registers - 1] };
            // SAFETY: the panels are packed, or the operands' own; the tile is C's, exclusively ours; the kernels are this processor's.
            unsafe { kernel(&tile) };
        }
    }
}
