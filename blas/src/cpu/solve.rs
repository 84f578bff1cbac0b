//! Triangular solutions with small triangles: the leaves of the recursion in [`super::matmat`].
//!
//! Owns the kernels: a strip of right-hand sides, up to three registers wide, goes through the triangle a block of rows at a time, products and substitution in registers. A column's solution
//! does not depend on the strip that it is in. A triangle whose inverse diagonal is not exact enough to be a number (zero, subnormal or not finite) is left to the plain way.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop, reason = "each row is registers, whose number must be known here")]

use std::ops::Range;

use super::blocked::{buffer, give_back};
use super::lanes::{Lanes, prefetch};
use super::pack::{self, Source};
use crate::operand::Op;
use crate::scalar::{Real, Scalar};
use crate::view::MatMut;

/// Bytes of the largest packed triangle: it stays in the second cache beside a strip.
const LARGEST: usize = 320 << 10;
/// Rows that are asked for ahead of their use.
const AHEAD: usize = 8;

/// A triangle's packed blocks, in the order of its solution: for each block of rows the columns before them, the block's elements of each, then its own triangle with inverses on the diagonal.
#[derive(Clone, Copy)]
struct Packed<R> {
    at: *const R,
    alpha: [R; 2],
}

/// Solves for some blocks of rows of a strip, those before them being solved: the strip's rows, each as many registers wide, stand one after the other in the order of their solution. The
/// triangle's part begins with the first of the blocks; gives where the next one's begins.
type Solver<R> = unsafe fn(Packed<R>, *mut R, Range<usize>) -> *const R;

/// How a processor solves for a type.
struct Way<R: 'static> {
    /// Rows of a block.
    rows: usize,
    /// Elements of a register.
    lanes: usize,
    /// The solvers of strips one, two, … registers wide.
    of_width: &'static [Solver<R>],
}

/// A block's rows one after the other, each with a number known to the compiler: a loop that it does not unroll would keep the rows in memory.
macro_rules! in_turn {
    ($p:ident of $rows:ident $body:block) => {
        in_turn!(@ $p $rows $body 0 1 2 3 4 5 6 7)
    };
    (@ $p:ident $rows:ident $body:block $($number:literal)*) => {$(
        if $number < $rows {
            const $p: usize = $number;
            $body
        }
    )*};
}

/// # Safety
/// The triangle is packed in blocks of `ROWS`, the strip has the rows; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn real<V: Lanes, const ROWS: usize, const WIDE: usize>(
    triangle: Packed<V::Part>,
    strip: *mut V::Part,
    blocks: Range<usize>,
) -> *const V::Part {
    let zero = <V::Part as Scalar>::ZERO;
    let mut t = triangle.at;
    let row = WIDE * V::N;
    // SAFETY: the triangle has for each block the columns that are read here; the strip has the rows.
    unsafe {
        let alpha = V::splat(triangle.alpha[0]);
        for block in blocks {
            let own = strip.add(block * ROWS * row);
            let mut rows = [[V::splat(zero); WIDE]; ROWS];
            for (i, registers) in rows.iter_mut().enumerate() {
                for (v, register) in registers.iter_mut().enumerate() {
                    *register = V::load(own.add(i * row).add(v * V::N)).mul(alpha);
                }
            }
            let mut before = strip.cast_const();
            for _ in 0..block * ROWS {
                prefetch(t.wrapping_add(AHEAD * ROWS));
                let mut known = [V::splat(zero); WIDE];
                for (v, known) in known.iter_mut().enumerate() {
                    *known = V::load(before.add(v * V::N));
                    prefetch(before.wrapping_add(AHEAD * row).wrapping_add(v * V::N));
                }
                for (i, registers) in rows.iter_mut().enumerate() {
                    let factor = V::splat(*t.add(i));
                    for v in 0..WIDE {
                        registers[v] = known[v].fnma(factor, registers[v]);
                    }
                }
                t = t.add(ROWS);
                before = before.add(row);
            }
            in_turn!(P of ROWS {
                let inverse = V::splat(*t.add(P * ROWS + P));
                for v in 0..WIDE {
                    rows[P][v] = rows[P][v].mul(inverse);
                    rows[P][v].store(own.add(P * row).add(v * V::N));
                }
                for i in 0..ROWS {
                    if i > P {
                        let factor = V::splat(*t.add(P * ROWS + i));
                        for v in 0..WIDE {
                            rows[i][v] = rows[P][v].fnma(factor, rows[i][v]);
                        }
                    }
                }
            });
            t = t.add(ROWS * ROWS);
        }
    }
    t
}

/// As [`real`]: elements of the triangle are pairs, a row of the strip its real parts and then its imaginary ones.
///
/// # Safety
/// As [`real`].
#[inline(always)]
unsafe fn complex<V: Lanes, const ROWS: usize, const WIDE: usize>(
    triangle: Packed<V::Part>,
    strip: *mut V::Part,
    blocks: Range<usize>,
) -> *const V::Part {
    let (zero, one) = (<V::Part as Scalar>::ZERO, <V::Part as Scalar>::ONE);
    let mut t = triangle.at;
    let imaginary = WIDE * V::N;
    let row = 2 * imaginary;
    // SAFETY: as in `real`.
    unsafe {
        let times = |x: V, y: V, re: V, im: V| (y.fnma(im, x.mul(re)), y.fma(re, x.mul(im)));
        for block in blocks {
            let own = strip.add(block * ROWS * row);
            let mut re = [[V::splat(zero); WIDE]; ROWS];
            let mut im = re;
            for i in 0..ROWS {
                for v in 0..WIDE {
                    let from = own.add(i * row).add(v * V::N);
                    (re[i][v], im[i][v]) = (V::load(from), V::load(from.add(imaginary)));
                }
            }
            if triangle.alpha != [one, zero] {
                let (own, other) = (V::splat(triangle.alpha[0]), V::splat(triangle.alpha[1]));
                for i in 0..ROWS {
                    for v in 0..WIDE {
                        (re[i][v], im[i][v]) = times(re[i][v], im[i][v], own, other);
                    }
                }
            }
            let mut before = strip.cast_const();
            for _ in 0..block * ROWS {
                prefetch(t.wrapping_add(AHEAD * 2 * ROWS));
                let mut known = [[V::splat(zero); WIDE]; 2];
                for (v, known) in known.as_flattened_mut().iter_mut().enumerate() {
                    *known = V::load(before.add(v * V::N));
                    prefetch(before.wrapping_add(AHEAD * row).wrapping_add(v * V::N));
                }
                for i in 0..ROWS {
                    let (own, other) = (V::splat(*t.add(2 * i)), V::splat(*t.add(2 * i + 1)));
                    for v in 0..WIDE {
                        re[i][v] = known[0][v].fnma(own, re[i][v]);
                        im[i][v] = known[0][v].fnma(other, im[i][v]);
                    }
                    for v in 0..WIDE {
                        re[i][v] = known[1][v].fma(other, re[i][v]);
                        im[i][v] = known[1][v].fnma(own, im[i][v]);
                    }
                }
                t = t.add(2 * ROWS);
                before = before.add(row);
            }
            in_turn!(P of ROWS {
                let (own_of, other_of) = (V::splat(*t.add(2 * (P * ROWS + P))), V::splat(*t.add(2 * (P * ROWS + P) + 1)));
                for v in 0..WIDE {
                    (re[P][v], im[P][v]) = times(re[P][v], im[P][v], own_of, other_of);
                    let to = own.add(P * row).add(v * V::N);
                    re[P][v].store(to);
                    im[P][v].store(to.add(imaginary));
                }
                for i in 0..ROWS {
                    if i > P {
                        let (own, other) = (V::splat(*t.add(2 * (P * ROWS + i))), V::splat(*t.add(2 * (P * ROWS + i) + 1)));
                        for v in 0..WIDE {
                            re[i][v] = im[P][v].fma(other, re[P][v].fnma(own, re[i][v]));
                            im[i][v] = im[P][v].fnma(own, re[P][v].fnma(other, im[i][v]));
                        }
                    }
                }
            });
            t = t.add(2 * ROWS * ROWS);
        }
    }
    t
}

#[cfg(target_arch = "x86_64")]
mod versions {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};
    use std::ops::Range;

    use super::super::lanes::Lanes;
    use super::{Packed, Way};

    macro_rules! version {
        ($name:ident, $features:literal, $body:ident) => {
            /// # Safety
            /// As the body; the processor has the features.
            #[target_feature(enable = $features)]
            unsafe fn $name<V: Lanes, const ROWS: usize, const WIDE: usize>(
                triangle: Packed<V::Part>,
                strip: *mut V::Part,
                blocks: Range<usize>,
            ) -> *const V::Part {
                // SAFETY: the caller's promise.
                unsafe { super::$body::<V, ROWS, WIDE>(triangle, strip, blocks) }
            }
        };
    }

    version!(real_512, "avx512f,avx2,fma", real);
    version!(complex_512, "avx512f,avx2,fma", complex);
    version!(real_256, "avx2,fma", real);
    version!(complex_256, "avx2,fma", complex);

    pub(super) static S_512: Way<f32> =
        Way { rows: 8, lanes: 16, of_width: &[real_512::<__m512, 8, 1>, real_512::<__m512, 8, 2>, real_512::<__m512, 8, 3>] };
    pub(super) static D_512: Way<f64> =
        Way { rows: 8, lanes: 8, of_width: &[real_512::<__m512d, 8, 1>, real_512::<__m512d, 8, 2>, real_512::<__m512d, 8, 3>] };
    pub(super) static C_512: Way<f32> =
        Way { rows: 4, lanes: 16, of_width: &[complex_512::<__m512, 4, 1>, complex_512::<__m512, 4, 2>, complex_512::<__m512, 4, 3>] };
    pub(super) static Z_512: Way<f64> =
        Way { rows: 4, lanes: 8, of_width: &[complex_512::<__m512d, 4, 1>, complex_512::<__m512d, 4, 2>, complex_512::<__m512d, 4, 3>] };
    pub(super) static S_256: Way<f32> =
        Way { rows: 4, lanes: 8, of_width: &[real_256::<__m256, 4, 1>, real_256::<__m256, 4, 2>, real_256::<__m256, 4, 3>] };
    pub(super) static D_256: Way<f64> =
        Way { rows: 4, lanes: 4, of_width: &[real_256::<__m256d, 4, 1>, real_256::<__m256d, 4, 2>, real_256::<__m256d, 4, 3>] };
    pub(super) static C_256: Way<f32> = Way { rows: 4, lanes: 8, of_width: &[complex_256::<__m256, 4, 1>] };
    pub(super) static Z_256: Way<f64> = Way { rows: 4, lanes: 4, of_width: &[complex_256::<__m256d, 4, 1>] };
}

/// How this processor solves for a type with parts `R`, if it has a way.
#[cfg(target_arch = "x86_64")]
fn way<R: Real>(is_complex: bool) -> Option<&'static Way<R>> {
    use versions::{C_256, C_512, D_256, D_512, S_256, S_512, Z_256, Z_512};
    super::level::width().version::<R, _>(is_complex, [&S_512, &D_512, &C_512, &Z_512, &S_256, &D_256, &C_256, &Z_256])
}

/// No processor of this architecture has any.
#[cfg(not(target_arch = "x86_64"))]
fn way<R: Real>(_is_complex: bool) -> Option<&'static Way<R>> {
    None
}

/// Packs a triangle; `None` if an inverse is no normal number. Rows from `n` on are those of the identity.
///
/// # Safety
/// `from` has the triangle's elements, the columns along and the rows across; `to` has room; the processor has AVX2.
unsafe fn pack<T: Scalar, const C: bool>(from: Source<T::Real>, n: usize, unit: bool, rows: usize, to: *mut T::Real) -> Option<()> {
    let item = 1 + usize::from(C);
    let element = |i: usize, p: usize| {
        let at = from.from(i, p).at;
        // SAFETY: an element of the triangle; an imaginary part only where there is one.
        let (re, im) = unsafe { (*at, if C { *at.add(1) } else { T::Real::ZERO }) };
        T::from_parts(re, if from.conj { -im } else { im })
    };
    let mut to = to;
    for start in (0..n).step_by(rows) {
        let count = rows.min(n - start);
        // SAFETY: as the caller promises.
        unsafe {
            pack::panel::<T::Real, C, false>(from.from(start, 0), start, count, rows, to);
            to = to.add(start * rows * item);
        }
        for p in start..start + rows {
            for i in start..start + rows {
                let value = if p == i {
                    let diagonal = if unit || i >= n { T::ONE } else { element(i, i) };
                    let inverse = T::ONE.over(diagonal);
                    let size = inverse.abs1();
                    if !(size >= T::Real::TINY && size <= T::Real::HUGE && diagonal.abs1() >= T::Real::TINY && diagonal.abs1() <= T::Real::HUGE) {
                        return None;
                    }
                    inverse
                } else if p > i || i >= n || p >= n {
                    T::ZERO
                } else {
                    element(i, p)
                };
                // SAFETY: the block's own room.
                unsafe {
                    *to = value.re();
                    if C {
                        *to.add(1) = value.im();
                    }
                    to = to.add(item);
                }
            }
        }
    }
    Some(())
}

/// `B ← αT⁻¹B` for a triangle that is small enough; whether it was done. Rows are solved from the first, or from the last. α is not 0.
pub(super) fn solve<T: Scalar>(op: Op<'_, T>, ascending: bool, unit: bool, alpha: T, b: &mut MatMut<'_, T>) -> bool {
    let Some(way) = way::<T::Real>(T::COMPLEX) else { return false };
    if T::COMPLEX { through::<T, true>(way, op, ascending, unit, alpha, b) } else { through::<T, false>(way, op, ascending, unit, alpha, b) }
}

fn through<T: Scalar, const C: bool>(way: &Way<T::Real>, op: Op<'_, T>, ascending: bool, unit: bool, alpha: T, b: &mut MatMut<'_, T>) -> bool {
    let (n, cols, item) = (op.rows(), b.cols(), 1 + usize::from(C));
    assert!(b.rows() == n && op.cols() == n, "a triangle of {n} rows beside {}", b.rows());
    let blocks = n.div_ceil(way.rows);
    let parts = blocks * (blocks + 1) / 2 * way.rows * way.rows * item;
    if parts * size_of::<T::Real>() > LARGEST {
        return false;
    }
    if n == 0 || cols == 0 {
        return true;
    }
    let line = 64 / size_of::<T::Real>();
    let room = parts.next_multiple_of(line);
    let widest = way.lanes * way.of_width.len();
    let strip_parts = blocks * way.rows * widest * item;
    let Some(mut lines) = buffer((room + strip_parts) * size_of::<T::Real>()) else { return false };
    let packed = lines.as_mut_ptr().cast::<T::Real>();
    let strip = packed.wrapping_add(room);
    // Complex numbers are two parts (`repr(C)`), a real scalar is its own (`Real: Scalar<Real = Self>`).
    let first = op.mat.as_ptr().cast::<T::Real>();
    let steps = (op.mat.row_stride() * item as isize, op.mat.col_stride() * item as isize);
    let source = if ascending {
        Source { at: first, across: steps.0, along: steps.1, conj: op.conj }
    } else {
        let last = first.wrapping_offset((n - 1) as isize * (steps.0 + steps.1));
        Source { at: last, across: -steps.0, along: -steps.1, conj: op.conj }
    };
    // SAFETY: the triangle's elements, and room computed above; a way is only where there is AVX2.
    let done = unsafe { pack::<T, C>(source, n, unit, way.rows, packed) }.is_some();
    if done {
        let triangle = Packed { at: packed.cast_const(), alpha: [alpha.re(), alpha.im()] };
        // SAFETY: B is exclusively ours and has `n` rows; the strip has room for the widest; solvers and copies are this processor's.
        unsafe { strips::<T, C>(way, triangle, n, ascending, b, strip) };
    }
    give_back(lines);
    done
}

/// Takes B's columns through the triangle, a strip at a time.
///
/// # Safety
/// The triangle has `n` rows, as B; `strip` has room for whole blocks of rows of the widest strip; the processor has the way's instructions.
unsafe fn strips<T: Scalar, const C: bool>(
    way: &Way<T::Real>,
    triangle: Packed<T::Real>,
    n: usize,
    ascending: bool,
    b: &mut MatMut<'_, T>,
    strip: *mut T::Real,
) {
    let item = 1 + usize::from(C);
    let step = |stride: isize| stride * item as isize;
    let (rs, cs, cols) = (step(b.rb().row_stride()), step(b.rb().col_stride()), b.cols());
    let to = b.as_mut_ptr().cast::<T::Real>();
    // Rows in the order of their solution.
    let (first, down) = if ascending { (to, rs) } else { (to.wrapping_offset((n as isize - 1) * rs), -rs) };
    // Rows that come and go at a time: few where each is a line or two, which is then still near when it is solved; all of them where neighbours stand in columns, far apart from each other.
    let near = if rs.abs() < cs.abs() { n.next_multiple_of(way.rows) } else { 2 * way.rows };
    let mut from = 0;
    while from < cols {
        let registers = (cols - from).div_ceil(way.lanes).min(way.of_width.len());
        let width = registers * way.lanes;
        let count = width.min(cols - from);
        let row = width * item;
        let mut rest = triangle;
        for start in (0..n).step_by(near) {
            let rows = near.min(n - start);
            let here = first.wrapping_offset(from as isize * cs + start as isize * down);
            // SAFETY: rows and columns of B; the strip has room for whole blocks, the last of which is filled up with zeros.
            unsafe {
                let own = strip.add(start * row);
                pack::panel::<T::Real, C, C>(Source { at: here.cast_const(), along: down, across: cs, conj: false }, rows, count, width, own);
                let beyond = rows.next_multiple_of(way.rows) - rows;
                own.add(rows * row).write_bytes(0, beyond * row);
                rest.at = way.of_width[registers - 1](rest, strip, start / way.rows..(start + rows + beyond) / way.rows);
                put_back::<T::Real, C>(own, (rows, count, width), here, (down, cs));
            }
        }
        from += count;
    }
}

/// Copies solved rows of a strip that wide to B.
///
/// # Safety
/// The strip has those rows and columns, and B has room for them; the processor has AVX2.
unsafe fn put_back<R: Real, const C: bool>(from: *const R, (rows, count, width): (usize, usize, usize), to: *mut R, (down, cs): (isize, isize)) {
    let row = (width * (1 + usize::from(C))) as isize;
    // SAFETY: as the caller promises.
    unsafe {
        if !C && down.abs() == 1 && cs > 0 {
            // Columns of neighbours, from the one that comes first in memory.
            let (at, to) = if down > 0 { (from, to) } else { (from.offset((rows as isize - 1) * row), to.sub(rows - 1)) };
            let turned = Source { at, along: 1, across: row * down, conj: false };
            pack::elements::<R, false, false>(turned, count, rows, cs as usize, to);
        } else if !C && cs == 1 && down > 0 {
            let straight = Source { at: from, along: row, across: 1, conj: false };
            pack::elements::<R, false, false>(straight, rows, count, down as usize, to);
        } else if !C && cs == 1 && down < 0 {
            let straight = Source { at: from.offset((rows as isize - 1) * row), along: -row, across: 1, conj: false };
            pack::elements::<R, false, false>(straight, rows, count, -down as usize, to.offset((rows as isize - 1) * down));
        } else {
            let put = |i: usize, j: usize| {
                let (at, to) = (from.offset(i as isize * row).add(j), to.offset(i as isize * down + j as isize * cs));
                *to = *at;
                if C {
                    *to.add(1) = *at.add(width);
                }
            };
            if down.abs() < cs.abs() {
                (0..count).for_each(|j| (0..rows).for_each(|i| put(i, j)));
            } else {
                (0..rows).for_each(|i| (0..count).for_each(|j| put(i, j)));
            }
        }
    }
}
