//! The innermost products: a tile of C in registers while a panel of A and one of B pass by.
//!
//! Owns the tiles' sizes for each type and instruction set, and how a tile in registers comes to C. An element's sum is taken in one register from the first product of the panels
//! to the last, whatever tile it is in, so that it does not depend on how C was cut. Who packed the panels, and where C is cut, is [`super::blocked`]'s.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::lanes::{Lanes, prefetch};
use crate::scalar::{Real, Scalar};

/// One tile's work. Complex numbers are two parts; steps are in parts.
#[derive(Clone, Copy)]
pub(super) struct Tile<R> {
    /// Products of an element.
    pub(super) depth: usize,
    /// A's panel: a column of the tile's full height after the other, `step` parts apart; complex ones as real parts and then imaginary parts.
    pub(super) a: *const R,
    pub(super) step: usize,
    /// B's panel: a row of the tile's full width after the other.
    pub(super) b: *const R,
    /// For kernels that read B where it is: from one of its rows to the next, and from one of its columns to the next.
    pub(super) b_steps: (isize, isize),
    /// How far on in A what is asked for lies, and how far on in C.
    pub(super) a_ahead: isize,
    pub(super) c_ahead: isize,
    /// Where to ask for `depth` parts that will be wanted soon; it need not be memory.
    pub(super) ahead: *const R,
    pub(super) c: *mut R,
    pub(super) rs: isize,
    pub(super) cs: isize,
    /// Rows and columns of C that are there.
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) alpha: [R; 2],
    pub(super) beta: [R; 2],
}

/// A kernel for tiles of a fixed size.
pub(super) type Kernel<R> = unsafe fn(&Tile<R>);

/// Kernels that read B where it is, for tiles of one height: with that many columns, and with few.
type Direct<R> = ((usize, Kernel<R>), (usize, Kernel<R>));

/// The kernels of a type.
pub(super) struct Kernels<R: 'static> {
    /// Rows of a register.
    pub(super) lanes: usize,
    /// Columns of a tile.
    pub(super) cols: usize,
    /// The kernels of tiles one, two, … registers high.
    pub(super) of_height: &'static [Kernel<R>],
    /// Those that read B where it is: as many as there are heights are as wide as the others, more may be taller; none for complex numbers.
    pub(super) direct: &'static [Direct<R>],
    /// Bytes of A that are packed at a time: they stay in the second cache.
    pub(super) block: usize,
    /// Products of an element that are summed at a time.
    pub(super) depth: usize,
}

/// The most parts of a tile, its two planes counted apart.
const LARGEST: usize = 16 * 3 * 8;

/// Products of a sum up to which it is ready before lines of C that are asked for at its beginning.
const FEW: usize = 24;

/// Has the lines of C come while the sums are taken. Columns are `parts` long.
#[inline(always)]
fn call_for<R>(tile: &Tile<R>, parts: usize) {
    if tile.rs.unsigned_abs() > 2 {
        return;
    }
    for j in 0..tile.cols {
        for line in 0..(parts * size_of::<R>()).div_ceil(64) {
            prefetch(tile.c.wrapping_offset(tile.c_ahead + j as isize * tile.cs).wrapping_add(line * (64 / size_of::<R>())).cast_const());
        }
    }
}

#[inline(always)]
unsafe fn real<V: Lanes, const H: usize, const W: usize>(tile: &Tile<V::Part>) {
    // SAFETY: the caller's promise.
    unsafe { sums::<V, H, W, false, false>(tile) }
}

/// As [`real`], B read where it is; columns that are not there are read as the last that is. A is read where the tile has rows alone, of which the last register has some.
#[inline(always)]
unsafe fn direct<V: Lanes, const H: usize, const W: usize>(tile: &Tile<V::Part>) {
    // SAFETY: the caller's promise.
    unsafe { if tile.rows == H * V::N { sums::<V, H, W, true, false>(tile) } else { sums::<V, H, W, true, true>(tile) } }
}

#[inline(always)]
unsafe fn sums<V: Lanes, const H: usize, const W: usize, const DIRECT: bool, const PART: bool>(tile: &Tile<V::Part>) {
    // SAFETY: the panels hold `depth` columns and rows of the tile's full size (its own rows, if `PART`), or B its own rows and columns; C's elements are there; the processor has the
    // instructions, as the caller saw to.
    unsafe {
        let some = V::first(tile.rows - (H - 1) * V::N);
        if tile.depth > FEW {
            call_for(tile, H * V::N);
        }
        let mut sums = [[V::splat(V::Part::ZERO); H]; W];
        let (mut a, mut b) = (tile.a, tile.b);
        let columns: [*const V::Part; W] = std::array::from_fn(|j| tile.b.wrapping_offset(j.min(tile.cols - 1) as isize * tile.b_steps.1));
        let mut row = 0;
        for p in 0..tile.depth {
            if !DIRECT {
                prefetch(tile.ahead.wrapping_add(p));
            }
            let mut left = [V::splat(V::Part::ZERO); H];
            for (v, left) in left.iter_mut().enumerate() {
                *left = if PART && v == H - 1 { V::load_some(a.add(v * V::N), some) } else { V::load(a.add(v * V::N)) };
                if !DIRECT {
                    prefetch(a.wrapping_offset(tile.a_ahead).wrapping_add(v * V::N));
                }
            }
            for (j, sums) in sums.iter_mut().enumerate() {
                let right = V::splat(if DIRECT { *columns[j].offset(row) } else { *b.add(j) });
                for v in 0..H {
                    sums[v] = left[v].fma(right, sums[v]);
                }
            }
            a = a.wrapping_add(tile.step);
            if DIRECT {
                row += tile.b_steps.0;
            } else {
                b = b.add(W);
            }
        }
        let (alpha, beta) = (tile.alpha[0], tile.beta[0]);
        if tile.rs == 1 {
            let (by, keep) = (V::splat(alpha), V::splat(beta));
            let new = |sum: V, old: V| sum.fma(by, old.mul(keep));
            if tile.rows == H * V::N && tile.cols == W {
                for (j, sums) in sums.iter().enumerate() {
                    for (v, &sum) in sums.iter().enumerate() {
                        let c = tile.c.offset(j as isize * tile.cs).add(v * V::N);
                        if beta == V::Part::ZERO { sum.mul(by) } else { new(sum, V::load(c)) }.store(c);
                    }
                }
                return;
            }
            for (j, sums) in sums.iter().enumerate() {
                if j < tile.cols {
                    for (v, &sum) in sums.iter().enumerate() {
                        let c = tile.c.offset(j as isize * tile.cs).add(v * V::N);
                        if v < H - 1 {
                            if beta == V::Part::ZERO { sum.mul(by) } else { new(sum, V::load(c)) }.store(c);
                        } else {
                            if beta == V::Part::ZERO { sum.mul(by) } else { new(sum, V::load_some(c, some)) }.store_some(c, some);
                        }
                    }
                }
            }
            return;
        }
        let mut plane = MaybeUninit::<[V::Part; LARGEST]>::uninit();
        let plane = plane.as_mut_ptr().cast::<V::Part>();
        for (j, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                sum.store(plane.add((j * H + v) * V::N));
            }
        }
        for j in 0..tile.cols.min(W) {
            for i in 0..tile.rows.min(H * V::N) {
                let c = tile.c.offset(i as isize * tile.rs + j as isize * tile.cs);
                let sum = *plane.add(j * H * V::N + i);
                *c = if beta == V::Part::ZERO { sum * alpha } else { sum.mul_add(alpha, *c * beta) };
            }
        }
    }
}

#[inline(always)]
unsafe fn complex<V: Lanes, const H: usize, const W: usize>(tile: &Tile<V::Part>) {
    // SAFETY: as in `real`.
    unsafe {
        call_for(tile, 2 * H * V::N);
        let mut re = [[V::splat(V::Part::ZERO); H]; W];
        let mut im = re;
        let (mut a, mut b) = (tile.a, tile.b);
        for p in 0..tile.depth {
            prefetch(tile.ahead.wrapping_add(p));
            let mut left = [[V::splat(V::Part::ZERO); H]; 2];
            for (v, part) in left.as_flattened_mut().iter_mut().enumerate() {
                *part = V::load(a.add(v * V::N));
                prefetch(a.wrapping_offset(tile.a_ahead).wrapping_add(v * V::N));
            }
            for j in 0..W {
                let (right, other) = (V::splat(*b.add(2 * j)), V::splat(*b.add(2 * j + 1)));
                for v in 0..H {
                    re[j][v] = left[0][v].fma(right, re[j][v]);
                    im[j][v] = left[0][v].fma(other, im[j][v]);
                }
                for v in 0..H {
                    re[j][v] = left[1][v].fnma(other, re[j][v]);
                    im[j][v] = left[1][v].fma(right, im[j][v]);
                }
            }
            a = a.wrapping_add(tile.step);
            b = b.add(2 * W);
        }
        let ([ar, ai], [br, bi]) = (tile.alpha, tile.beta);
        let mut planes = MaybeUninit::<[V::Part; LARGEST]>::uninit();
        let reals = planes.as_mut_ptr().cast::<V::Part>();
        let imaginaries = reals.add(LARGEST / 2);
        let (own, other) = (V::splat(ar), V::splat(ai));
        for j in 0..W {
            for v in 0..H {
                let (x, y) = (re[j][v], im[j][v]);
                y.fnma(other, x.mul(own)).store(reals.add((j * H + v) * V::N));
                y.fma(own, x.mul(other)).store(imaginaries.add((j * H + v) * V::N));
            }
        }
        let nothing = br == V::Part::ZERO && bi == V::Part::ZERO;
        for j in 0..tile.cols.min(W) {
            let (p, q) = (reals.add(j * H * V::N), imaginaries.add(j * H * V::N));
            let rows = tile.rows.min(H * V::N);
            if tile.rs == 2 {
                // Neighbours: a loop that the compiler makes vectors of.
                let c = std::slice::from_raw_parts_mut(tile.c.offset(j as isize * tile.cs).cast::<[V::Part; 2]>(), rows);
                let (p, q) = (std::slice::from_raw_parts(p, rows), std::slice::from_raw_parts(q, rows));
                if nothing {
                    for ((c, &p), &q) in c.iter_mut().zip(p).zip(q) {
                        *c = [p, q];
                    }
                } else {
                    for ((c, &p), &q) in c.iter_mut().zip(p).zip(q) {
                        *c = [p + br * c[0] - bi * c[1], q + br * c[1] + bi * c[0]];
                    }
                }
                continue;
            }
            for i in 0..rows {
                let c = tile.c.offset(i as isize * tile.rs + j as isize * tile.cs);
                let (p, q) = (*p.add(i), *q.add(i));
                let [u, v] = if nothing { [V::Part::ZERO; 2] } else { [*c, *c.add(1)] };
                *c = if nothing { p } else { p + br * u - bi * v };
                *c.add(1) = if nothing { q } else { q + br * v + bi * u };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod versions {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use super::super::lanes::Lanes;
    use super::{Kernels, Tile};

    macro_rules! version {
        ($name:ident, $features:literal, $body:ident) => {
            /// # Safety
            /// The processor has the features, and the tile is as its fields say.
            #[target_feature(enable = $features)]
            unsafe fn $name<V: Lanes, const H: usize, const W: usize>(tile: &Tile<V::Part>) {
                // SAFETY: the caller's promise.
                unsafe { super::$body::<V, H, W>(tile) }
            }
        };
    }

    version!(real_512, "avx512f,avx2,fma", real);
    version!(direct_512, "avx512f,avx2,fma", direct);
    version!(complex_512, "avx512f,avx2,fma", complex);
    version!(real_256, "avx2,fma", real);
    version!(direct_256, "avx2,fma", direct);
    version!(complex_256, "avx2,fma", complex);

    /// Columns of narrow tiles.
    const NARROW: usize = 4;
    const SECOND_CACHE: usize = 768 << 10;
    const SMALLER: usize = 160 << 10;

    pub(super) static S_512: Kernels<f32> = Kernels {
        lanes: 16,
        cols: 8,
        of_height: &[real_512::<__m512, 1, 8>, real_512::<__m512, 2, 8>, real_512::<__m512, 3, 8>],
        direct: &[
            ((8, direct_512::<__m512, 1, 8>), (NARROW, direct_512::<__m512, 1, NARROW>)),
            ((8, direct_512::<__m512, 2, 8>), (NARROW, direct_512::<__m512, 2, NARROW>)),
            ((8, direct_512::<__m512, 3, 8>), (NARROW, direct_512::<__m512, 3, NARROW>)),
        ],
        block: SECOND_CACHE,
        depth: 512,
    };
    pub(super) static D_512: Kernels<f64> = Kernels {
        lanes: 8,
        cols: 8,
        of_height: &[real_512::<__m512d, 1, 8>, real_512::<__m512d, 2, 8>, real_512::<__m512d, 3, 8>],
        direct: &[
            ((8, direct_512::<__m512d, 1, 8>), (NARROW, direct_512::<__m512d, 1, NARROW>)),
            ((8, direct_512::<__m512d, 2, 8>), (NARROW, direct_512::<__m512d, 2, NARROW>)),
            ((8, direct_512::<__m512d, 3, 8>), (NARROW, direct_512::<__m512d, 3, NARROW>)),
            ((4, direct_512::<__m512d, 4, 4>), (NARROW, direct_512::<__m512d, 4, NARROW>)),
        ],
        block: SECOND_CACHE,
        depth: 384,
    };
    pub(super) static C_512: Kernels<f32> = Kernels {
        lanes: 16,
        cols: 6,
        of_height: &[complex_512::<__m512, 1, 6>, complex_512::<__m512, 2, 6>],
        direct: &[],
        block: SECOND_CACHE,
        depth: 384,
    };
    pub(super) static Z_512: Kernels<f64> = Kernels {
        lanes: 8,
        cols: 6,
        of_height: &[complex_512::<__m512d, 1, 6>, complex_512::<__m512d, 2, 6>],
        direct: &[],
        block: SECOND_CACHE,
        depth: 256,
    };
    pub(super) static S_256: Kernels<f32> = Kernels {
        lanes: 8,
        cols: 4,
        of_height: &[real_256::<__m256, 1, 4>, real_256::<__m256, 2, 4>, real_256::<__m256, 3, 4>],
        direct: &[
            ((4, direct_256::<__m256, 1, 4>), (NARROW, direct_256::<__m256, 1, NARROW>)),
            ((4, direct_256::<__m256, 2, 4>), (NARROW, direct_256::<__m256, 2, NARROW>)),
            ((4, direct_256::<__m256, 3, 4>), (NARROW, direct_256::<__m256, 3, NARROW>)),
        ],
        block: SMALLER,
        depth: 384,
    };
    pub(super) static D_256: Kernels<f64> = Kernels {
        lanes: 4,
        cols: 4,
        of_height: &[real_256::<__m256d, 1, 4>, real_256::<__m256d, 2, 4>, real_256::<__m256d, 3, 4>],
        direct: &[
            ((4, direct_256::<__m256d, 1, 4>), (NARROW, direct_256::<__m256d, 1, NARROW>)),
            ((4, direct_256::<__m256d, 2, 4>), (NARROW, direct_256::<__m256d, 2, NARROW>)),
            ((4, direct_256::<__m256d, 3, 4>), (NARROW, direct_256::<__m256d, 3, NARROW>)),
        ],
        block: SMALLER,
        depth: 256,
    };
    pub(super) static C_256: Kernels<f32> =
        Kernels { lanes: 8, cols: 6, of_height: &[complex_256::<__m256, 1, 6>], direct: &[], block: SMALLER, depth: 256 };
    pub(super) static Z_256: Kernels<f64> =
        Kernels { lanes: 4, cols: 6, of_height: &[complex_256::<__m256d, 1, 6>], direct: &[], block: SMALLER, depth: 192 };
}

/// The kernels of a type with parts `R` on this processor, if it has any.
#[cfg(target_arch = "x86_64")]
pub(super) fn kernels<R: Real>(is_complex: bool) -> Option<&'static Kernels<R>> {
    kernels_of(super::level::width(), is_complex)
}

/// No processor of this architecture has any.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn kernels<R: Real>(_is_complex: bool) -> Option<&'static Kernels<R>> {
    None
}

#[cfg(target_arch = "x86_64")]
fn kernels_of<R: Real>(width: super::level::Width, is_complex: bool) -> Option<&'static Kernels<R>> {
    use versions::{C_256, C_512, D_256, D_512, S_256, S_512, Z_256, Z_512};
    width.version::<R, _>(is_complex, [&S_512, &D_512, &C_512, &Z_512, &S_256, &D_256, &C_256, &Z_256])
}
