//! Triangular solutions with small real triangles: the leaves of the recursion in [`super::matmat`].
//!
//! Owns the kernel: a strip of right-hand sides, three registers wide, goes through the triangle eight rows at a time, products and substitution in registers. A column's solution does not
//! depend on the strip that it is in. A triangle whose inverse diagonal is not exact enough to be a number (zero, subnormal or not finite) is left to the plain way.
#![allow(unsafe_code)]

use super::lanes::Lanes;
use super::pack::{self, Source};
use crate::operand::Op;
use crate::scalar::{Real, Scalar};
use crate::view::MatMut;

/// Rows of the largest triangle taken.
pub(super) const LARGEST: usize = 64;
/// Rows that are solved in registers.
const ROWS: usize = 8;
/// Registers of a strip.
const WIDE: usize = 3;
/// The widest strip.
const STRIP: usize = 16 * WIDE;

/// A triangle in the order of its solution: for each eight rows the columns before them, eight elements each, then the eight by eight triangle with inverses on its diagonal.
struct Triangle<R> {
    packed: Vec<R>,
    blocks: usize,
}

/// A strip's width, and what solves one.
type Solver<R> = (usize, unsafe fn(&Triangle<R>, *mut R, bool));

impl<R: Real> Triangle<R> {
    /// `None` if an inverse is no normal number. Rows from `n` on are those of the identity.
    fn new(n: usize, unit: bool, element: impl Fn(usize, usize) -> R) -> Option<Triangle<R>> {
        let blocks = n.div_ceil(ROWS);
        let mut packed = Vec::with_capacity(blocks * (blocks + 1) / 2 * ROWS * ROWS);
        for block in 0..blocks {
            for p in 0..(block + 1) * ROWS {
                for i in block * ROWS..(block + 1) * ROWS {
                    packed.push(if p == i {
                        let diagonal = if unit || i >= n { R::ONE } else { element(i, i) };
                        let inverse = R::ONE / diagonal;
                        let size = Real::abs(inverse);
                        if !(size >= R::TINY && size <= R::HUGE && Real::abs(diagonal) >= R::TINY) {
                            return None;
                        }
                        inverse
                    } else if p > i || i >= n || p >= n {
                        R::ZERO
                    } else {
                        element(i, p)
                    });
                }
            }
        }
        Some(Triangle { packed, blocks })
    }

    /// Solves for a strip: `blocks` times eight rows of `WIDE` registers, one after the other from the first solved, up or down.
    ///
    /// # Safety
    /// The strip is as long as that; the processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn solve<V: Lanes<Part = R>>(&self, strip: *mut R, down: bool) {
        let mut t = self.packed.as_ptr();
        let row = if down { (WIDE * V::N) as isize } else { -((WIDE * V::N) as isize) };
        // SAFETY: the triangle has for each block the columns that are read here; the strip has the rows.
        unsafe {
            for block in 0..self.blocks {
                let own = strip.offset((block * ROWS) as isize * row);
                let mut rows = [[V::splat(R::ZERO); WIDE]; ROWS];
                for (i, registers) in rows.iter_mut().enumerate() {
                    for (v, register) in registers.iter_mut().enumerate() {
                        *register = V::load(own.offset(i as isize * row).add(v * V::N));
                    }
                }
                for p in 0..block * ROWS {
                    let mut known = [V::splat(R::ZERO); WIDE];
                    for (v, known) in known.iter_mut().enumerate() {
                        *known = V::load(strip.offset(p as isize * row).add(v * V::N));
                    }
                    for (i, registers) in rows.iter_mut().enumerate() {
                        let factor = V::splat(*t.add(i));
                        for v in 0..WIDE {
                            registers[v] = known[v].fnma(factor, registers[v]);
                        }
                    }
                    t = t.add(ROWS);
                }
                for p in 0..ROWS {
                    let inverse = V::splat(*t.add(p));
                    let mut known = rows[p];
                    for (v, known) in known.iter_mut().enumerate() {
                        *known = known.mul(inverse);
                        known.store(own.offset(p as isize * row).add(v * V::N));
                    }
                    #[expect(clippy::needless_range_loop, reason = "each row is registers, whose number must be known here")]
                    for i in p + 1..ROWS {
                        let factor = V::splat(*t.add(i));
                        for v in 0..WIDE {
                            rows[i][v] = known[v].fnma(factor, rows[i][v]);
                        }
                    }
                    t = t.add(ROWS);
                }
            }
        }
    }

    /// As [`Triangle::solve`], in the registers of this processor; the strip's width with them.
    #[cfg(target_arch = "x86_64")]
    fn solver() -> Option<Solver<R>> {
        use super::level::Width;
        use std::any::Any;
        use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};
        static S_512: Solver<f32> = (16 * WIDE, wide::<__m512>);
        static D_512: Solver<f64> = (8 * WIDE, wide::<__m512d>);
        static S_256: Solver<f32> = (8 * WIDE, narrow::<__m256>);
        static D_256: Solver<f64> = (4 * WIDE, narrow::<__m256d>);
        let found: &'static dyn Any = match (super::level::width(), size_of::<R>()) {
            (Width::Avx512, 4) => &S_512,
            (Width::Avx512, _) => &D_512,
            (Width::Avx2, 4) => &S_256,
            (Width::Avx2, _) => &D_256,
            (Width::Baseline, _) => return None,
        };
        found.downcast_ref().copied()
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn solver() -> Option<Solver<R>> {
        None
    }
}

/// # Safety
/// As [`Triangle::solve`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn wide<V: Lanes>(triangle: &Triangle<V::Part>, strip: *mut V::Part, down: bool) {
    // SAFETY: the caller's promise.
    unsafe { triangle.solve::<V>(strip, down) }
}

/// # Safety
/// As [`Triangle::solve`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn narrow<V: Lanes>(triangle: &Triangle<V::Part>, strip: *mut V::Part, down: bool) {
    // SAFETY: the caller's promise.
    unsafe { triangle.solve::<V>(strip, down) }
}

/// `B ← T⁻¹B` for a real triangle of at most [`LARGEST`] rows; whether it was done. Rows are solved from the first, or from the last.
pub(super) fn solve<T: Scalar>(op: Op<'_, T>, ascending: bool, unit: bool, b: &mut MatMut<'_, T>) -> bool {
    let n = op.rows();
    if T::COMPLEX || n > LARGEST {
        return false;
    }
    let Some((width, solver)) = Triangle::<T::Real>::solver() else { return false };
    let row = |step: usize| if ascending { step } else { n - 1 - step };
    let Some(triangle) = Triangle::new(n, unit, |i, p| op.mat.get(row(i), row(p)).re()) else { return false };
    assert!(b.rows() == n, "a triangle of {n} rows beside {}", b.rows());
    let mut strip = [T::Real::ZERO; LARGEST * STRIP];
    let (rs, cs, cols) = (b.rb().row_stride(), b.rb().col_stride(), b.cols());
    // Rows beyond the triangle's, of zeros, come last in its order.
    let padding = triangle.blocks * ROWS - n;
    let top = if ascending { 0 } else { padding };
    let begin = if ascending { 0 } else { triangle.blocks * ROWS - 1 };
    // A real scalar is its own part (`Real: Scalar<Real = Self>`).
    let first = b.as_mut_ptr().cast::<T::Real>();
    let rows = strip.as_mut_ptr();
    for from in (0..cols).step_by(width) {
        let count = width.min(cols - from);
        let here = first.wrapping_offset(from as isize * cs);
        // SAFETY: rows and columns of B, exclusively ours; the strip has room for the most rows of the widest; solver and copies are this processor's.
        unsafe {
            let into = rows.add(top * width);
            pack::elements::<T::Real, false, false>(Source { at: here.cast_const(), along: rs, across: cs, conj: false }, n, count, width, into);
            solver(&triangle, rows.add(begin * width), ascending);
            if rs == 1 && cs >= n as isize {
                let turned = Source { at: into.cast_const(), along: 1, across: width as isize, conj: false };
                pack::elements::<T::Real, false, false>(turned, count, n, cs as usize, here);
            } else if cs == 1 && rs >= count as isize {
                let straight = Source { at: into.cast_const(), along: width as isize, across: 1, conj: false };
                pack::elements::<T::Real, false, false>(straight, n, count, rs as usize, here);
            } else {
                for i in 0..n {
                    for j in 0..count {
                        *here.offset(i as isize * rs + j as isize * cs) = *into.add(i * width + j);
                    }
                }
            }
        }
    }
    true
}
