//! Small products: what a batch is made of.
//!
//! Owns the way of a product whose packed operands fit on the stack: no memory is asked for, no thread, a real left operand with contiguous columns is read where it is, and so is a real right one. What
//! depends on shapes and strides alone is found once for all products of a batch. The tiles are [`super::micro`]'s, so that the sums are those of [`super::blocked`].
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::micro::{Kernel, Kernels, Tile, kernels};
use super::pack::{self, Source};
use crate::operand::Op;
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// The largest extent taken, and where no operand has to be packed.
const LARGEST: usize = 40;
const LARGEST_IN_PLACE: usize = 128;
/// Room for an operand: its extent rounded up to whole tiles, two parts an element.
const ROOM: usize = 2 * 48 * LARGEST;

/// Room for both operands, packed.
type Rooms<R> = MaybeUninit<[[R; ROOM]; 2]>;

/// A view's rows, columns and strides.
type Form = (usize, usize, isize, isize);

fn form<T: Copy>(m: MatRef<'_, T>) -> Form {
    (m.rows(), m.cols(), m.row_stride(), m.col_stride())
}

/// Rows of C that are made together: tiles of that height, each with its columns, and those for the last columns where they are few.
#[derive(Clone, Copy)]
struct Band<R> {
    height: usize,
    wide: (usize, Kernel<R>),
    narrow: (usize, Kernel<R>),
}

/// How products of one form are made.
pub(super) struct Way<T: Scalar> {
    /// What A, B and C look like, and whether A and B are conjugated.
    forms: [Form; 3],
    conj: [bool; 2],
    /// C's columns are its far neighbours: its transpose is made.
    turned: bool,
    /// Steps of A and B, turned if so: along the sums, and across them.
    left: (isize, isize),
    right: (isize, isize),
    /// The product's extents, turned if so.
    extents: (usize, usize, usize),
    in_place: bool,
    bands: Band<T::Real>,
    last_band: Band<T::Real>,
    /// Columns of packed panels.
    panel: usize,
    tile: Tile<T::Real>,
}

/// `C ← αAB + βC` if this is the place for it; α is not 0, no extent is.
pub(super) fn gemm<T: Scalar>(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: &mut MatMut<'_, T>) -> bool {
    Way::new(alpha, a, b, beta, c.rb()).is_some_and(|way| way.run(a, b, c))
}

impl<T: Scalar> Way<T> {
    /// The way of products like this one, if this is the place for them; α is not 0, no extent is.
    pub(super) fn new(alpha: T, a: Op<'_, T>, b: Op<'_, T>, beta: T, c: MatRef<'_, T>) -> Option<Way<T>> {
        let largest = c.rows().max(c.cols()).max(a.cols());
        if largest > LARGEST_IN_PLACE {
            return None;
        }
        let kernels: &'static Kernels<T::Real> = kernels::<T::Real>(T::COMPLEX)?;
        assert!(a.rows() == c.rows() && b.rows() == a.cols() && b.cols() == c.cols(), "gemm of {:?} with {}x{}", c.shape(), b.rows(), b.cols());
        let (forms, conj) = ([form(a.mat), form(b.mat), form(c)], [a.conj, b.conj]);
        // Along the columns of C where those are the near neighbours.
        let turned = c.col_stride().abs() < c.row_stride().abs();
        let (a, b, c) = if turned { (b.transposed(), a.transposed(), c.transposed()) } else { (a, b, c) };
        let parts = 1 + usize::from(T::COMPLEX);
        let step = |stride: isize| stride * parts as isize;
        let (m, n, k) = (c.rows(), c.cols(), a.cols());
        let in_place = !T::COMPLEX && a.mat.row_stride() == 1 && a.mat.col_stride() >= 0;

        if largest > LARGEST && !in_place {
            return None;
        }
        // Bands of about one height; the tallest tiles are for products with one band.
        let all = m.div_ceil(kernels.lanes);
        let most = if all <= kernels.direct.len() { all } else { kernels.of_height.len() };
        let tallest = all.div_ceil(all.div_ceil(most));
        let band = |registers: usize| {
            let packed = (kernels.cols, kernels.of_height[(registers - 1).min(kernels.of_height.len() - 1)]);
            let (wide, narrow) = if T::COMPLEX { (packed, packed) } else { kernels.direct[registers - 1] };
            Band { height: registers * kernels.lanes, wide, narrow }
        };
        let nothing = std::ptr::null_mut::<T::Real>();
        let right = (step(b.mat.row_stride()), step(b.mat.col_stride()));
        let tile = Tile {
            depth: k,
            a: nothing,
            step: step(a.mat.col_stride()) as usize,
            b: nothing,
            b_steps: right,
            a_ahead: 0,
            c_ahead: 0,
            ahead: nothing,
            c: nothing,
            rs: step(c.row_stride()),
            cs: step(c.col_stride()),
            rows: 0,
            cols: 0,
            alpha: [alpha.re(), alpha.im()],
            beta: [beta.re(), beta.im()],
        };
        Some(Way {
            forms,
            conj,
            turned,
            left: (step(a.mat.col_stride()), step(a.mat.row_stride())),
            right,
            extents: (m, n, k),
            in_place,
            bands: band(tallest),
            last_band: band(all - (all - 1) / tallest * tallest),
            panel: kernels.cols,
            tile,
        })
    }

    /// Makes a product, if it is like the one that the way is of.
    pub(super) fn run(&self, a: Op<'_, T>, b: Op<'_, T>, c: &mut MatMut<'_, T>) -> bool {
        if self.forms != [form(a.mat), form(b.mat), form(c.rb())] || self.conj != [a.conj, b.conj] {
            return false;
        }
        let (a, b) = if self.turned { (b, a) } else { (a, b) };
        // Complex numbers are two parts (`repr(C)`), a real scalar is its own (`Real: Scalar<Real = Self>`).
        let left = Source { at: a.mat.as_ptr().cast::<T::Real>(), along: self.left.0, across: self.left.1, conj: a.conj };
        let right = Source { at: b.mat.as_ptr().cast::<T::Real>(), along: self.right.0, across: self.right.1, conj: b.conj };
        let to = c.as_mut_ptr().cast::<T::Real>();
        // SAFETY: the views are of the forms that the way was made for, C's is exclusively ours, and the kernels are this processor's. A stack so large costs more than such a product where
        // nothing is packed.
        unsafe {
            if self.in_place {
                self.bands::<false>(left, right, to, None);
            } else if T::COMPLEX {
                self.packing::<true>(left, right, to);
            } else {
                self.packing::<false>(left, right, to);
            }
        }
        true
    }

    /// # Safety
    /// As [`Way::bands`].
    #[inline(never)]
    unsafe fn packing<const C: bool>(&self, left: Source<T::Real>, right: Source<T::Real>, to: *mut T::Real) {
        let mut rooms = Rooms::uninit();
        // SAFETY: the caller's promise.
        unsafe { self.bands::<C>(left, right, to, Some(&mut rooms)) }
    }

    /// # Safety
    /// Operands and C are of the way's form; the processor has the kernels' instructions; `rooms` is missing only where the left operand is read where it is.
    #[inline(always)]
    unsafe fn bands<const C: bool>(&self, left: Source<T::Real>, right: Source<T::Real>, to: *mut T::Real, rooms: Option<&mut Rooms<T::Real>>) {
        let ((m, n, k), parts) = (self.extents, 1 + usize::from(C));
        let in_place = rooms.is_none();
        let packed_left = rooms.map_or(std::ptr::null_mut(), |rooms| rooms.as_mut_ptr().cast::<T::Real>());
        let packed_right = packed_left.wrapping_add(ROOM);
        if C {
            for col in (0..n).step_by(self.panel) {
                // SAFETY: columns of B; extents of at most `LARGEST` are at most 48 when rounded up to tiles, so there is room.
                unsafe {
                    pack::panel::<T::Real, C, false>(right.from(col, 0), k, self.panel.min(n - col), self.panel, packed_right.add(col * k * parts))
                };
            }
        }
        let mut tile = self.tile;
        let mut row = 0;
        while row < m {
            let band = if m - row > self.last_band.height { self.bands } else { self.last_band };
            tile.rows = band.height.min(m - row);
            let from = left.from(row, 0);
            if in_place {
                tile.a = from.at;
            } else {
                // SAFETY: as above, of A.
                unsafe { pack::panel::<T::Real, C, true>(from, k, tile.rows, band.height, packed_left) };
                (tile.a, tile.step) = (packed_left, band.height * parts);
            }
            let mut col = 0;
            while col < n {
                let (width, kernel) = if n - col <= band.narrow.0 { band.narrow } else { band.wide };
                tile.cols = width.min(n - col);
                tile.b = if C { packed_right.wrapping_add(col * k * parts) } else { right.from(col, 0).at };
                tile.ahead = tile.b;
                tile.c = to.wrapping_offset(row as isize * tile.rs + col as isize * tile.cs);
                // SAFETY: the panels are packed, or the operands' own; the tile is C's, exclusively ours.
                unsafe { kernel(&tile) };
                col += width;
            }
            row += band.height;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Real;
    use num_complex::Complex;

    /// Products of all small sizes against plain sums; what lies between the columns of C stays as it was.
    fn sizes<T: Scalar>() {
        if kernels::<T::Real>(T::COMPLEX).is_none() {
            return;
        }
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            T::Real::from_f64((state >> 40) as f64 / (1 << 23) as f64 - 1.0)
        };
        let numbers: Vec<T> = (0..LARGEST_IN_PLACE * (LARGEST_IN_PLACE + 4)).map(|_| T::from_parts(next(), next())).collect();
        let (alpha, sentinel) = (numbers[7], T::from_real(T::Real::from_f64(1e6)));
        let sizes: Vec<usize> = (1..=LARGEST).filter(|n| n % 7 < 3 || n % 8 == 0 || *n == 13).collect();
        let large = [(41, 3, 2), (128, 67, 33), (67, 128, 128), (100, 9, 64)];
        let small = sizes.iter().flat_map(|&m| sizes.iter().flat_map(move |&n| [1, 5, 40].map(|k| (m, n, k))));
        for (m, n, k) in small.chain(large) {
            let beta = if (m + n).is_multiple_of(2) { T::ZERO } else { numbers[8] };
            for (by_rows, a_by_rows) in [(false, false), (true, true), (false, true)] {
                let strides = |rows: usize, cols: usize, by_rows: bool| if by_rows { (cols as isize + 3, 1) } else { (1, rows as isize + 3) };
                let a = MatRef::strided(&numbers, 0, (m, k), strides(m, k, a_by_rows)).unwrap();
                let b = MatRef::strided(&numbers, 1, (k, n), strides(k, n, by_rows)).unwrap();
                let old = MatRef::strided(&numbers, 2, (m, n), strides(m, n, by_rows)).unwrap();
                let mut made = vec![sentinel; (LARGEST_IN_PLACE + 3) * LARGEST_IN_PLACE];
                let mut c = MatMut::strided(&mut made, 0, (m, n), strides(m, n, by_rows)).unwrap();
                c.fill_with(|i, j| if beta == T::ZERO { T::from_real(T::Real::from_f64(f64::NAN)) } else { old.get(i, j) });
                let here = gemm(alpha, a.n(), b.n(), beta, &mut c);
                let packed = T::COMPLEX || by_rows != a_by_rows;
                assert_eq!(here, !packed || m.max(n).max(k) <= LARGEST, "{m}x{n}x{k}");
                if !here {
                    continue;
                }
                for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let (mut sum, mut size) = (T::ZERO, 2.0);
                    for p in 0..k {
                        sum += a.get(i, p) * b.get(p, j);
                        size += (a.get(i, p).modulus() * b.get(p, j).modulus()).to_f64();
                    }
                    let wanted = alpha * sum + if beta == T::ZERO { T::ZERO } else { beta * old.get(i, j) };
                    let wrong = (c.get(i, j) - wanted).modulus().to_f64();
                    assert!(wrong <= 8.0 * (k + 2) as f64 * T::Real::EPSILON.to_f64() * size, "({i}, {j}) of {m}x{n}x{k}: off by {wrong:e}");
                    c.set(i, j, sentinel);
                }
                assert!(made.iter().all(|&x| x == sentinel), "{m}x{n}x{k} wrote beside C");
            }
        }
    }

    #[test]
    fn products_of_all_small_sizes() {
        sizes::<f32>();
        sizes::<f64>();
        sizes::<Complex<f32>>();
        sizes::<Complex<f64>>();
    }
}
