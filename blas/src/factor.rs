//! Batched factorizations: LU with and without pivots, what is solved and inverted with it, QR, and least squares.
//!
//! Owns the checked calls and the free functions over them. Pivots are rows counted from 0: row `i` was exchanged with row `pivots[i]`. `info` of a matrix is 0, or the number (from
//! 1) of the first pivot that is exactly zero, as LAPACK's; such a matrix is factored all the same.

use crate::backend::Backend;
use crate::batch::apart;
use crate::check::Judge;
use crate::error::Error;
use crate::operand::Trans;
use crate::scalar::Scalar;
use crate::stack::{StackMut, StackRef};

/// `Aᵢ = Pᵢ Lᵢ Uᵢ`, in place.
pub struct Getrf<'a, T> {
    pub(crate) a: StackMut<'a, T>,
    /// Without pivoting where there is none.
    pub(crate) pivots: Option<&'a mut [i32]>,
    pub(crate) info: &'a mut [i32],
}

/// `Bᵢ ← op(Aᵢ)⁻¹ Bᵢ` with the factors.
pub struct Getrs<'a, T> {
    pub(crate) trans: Trans,
    pub(crate) lu: StackRef<'a, T>,
    pub(crate) pivots: Option<&'a [i32]>,
    pub(crate) b: StackMut<'a, T>,
}

/// `Cᵢ ← Aᵢ⁻¹` with the factors.
pub struct Getri<'a, T> {
    pub(crate) lu: StackRef<'a, T>,
    pub(crate) pivots: Option<&'a [i32]>,
    pub(crate) c: StackMut<'a, T>,
    pub(crate) info: &'a mut [i32],
}

/// `Aᵢ = Qᵢ Rᵢ`, in place, as LAPACK's reflectors.
pub struct Geqrf<'a, T> {
    pub(crate) a: StackMut<'a, T>,
    pub(crate) tau: &'a mut [T],
}

/// The least-squares solution of `AᵢX = Bᵢ`; A is replaced by its QR factors, the first rows of B by X.
pub struct Gels<'a, T> {
    pub(crate) a: StackMut<'a, T>,
    pub(crate) b: StackMut<'a, T>,
    pub(crate) info: &'a mut [i32],
}

fn square<T: Copy>(judge: Judge, a: &StackMut<'_, T>) -> Result<usize, Error> {
    judge.alike("a", a.odd_one(), a.shape())?;
    judge.square("a", a.shape())
}

fn pivots_in_range(judge: Judge, pivots: Option<&[i32]>, count: usize, n: usize) -> Result<(), Error> {
    let Some(pivots) = pivots else { return Ok(()) };
    judge.len("pivots", pivots.len(), count * n)?;
    match pivots.iter().find(|&&p| usize::try_from(p).map_or(true, |p| p >= n)) {
        None => Ok(()),
        Some(wrong) => judge.value("pivots", format!("holding {wrong}"), format!("row numbers from 0 to {}", n as isize - 1)),
    }
}

/// LU factors of every matrix, with partial pivoting if there is room for `pivots`.
///
/// # Errors
/// Shapes or counts do not fit; the backend's.
pub fn getrf_batched<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    a: StackMut<'a, T>,
    pivots: Option<&'a mut [i32]>,
    info: &'a mut [i32],
) -> Result<(), Error> {
    let judge = Judge("getrf_batched");
    let n = square(judge, &a)?;
    if let Some(pivots) = &pivots {
        judge.len("pivots", pivots.len(), a.count() * n)?;
    }
    judge.len("info", info.len(), a.count())?;
    on.getrf(Getrf { a, pivots, info })
}

/// Solutions with the factors of [`getrf_batched`].
///
/// # Errors
/// Shapes or counts do not fit, a pivot is no row, or B shares memory with the factors; the backend's.
pub fn getrs_batched<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    trans: Trans,
    lu: StackRef<'a, T>,
    pivots: Option<&'a [i32]>,
    b: StackMut<'a, T>,
) -> Result<(), Error> {
    let judge = Judge("getrs_batched");
    let n = judge.square("lu", lu.shape())?;
    judge.len("b", b.count(), lu.count())?;
    judge.shape("b", b.shape(), (n, b.shape().1))?;
    pivots_in_range(judge, pivots, lu.count(), n)?;
    apart(judge, "b", &b, &[("lu", &lu)])?;
    on.getrs(Getrs { trans, lu, pivots, b })
}

/// Inverses with the factors of [`getrf_batched`].
///
/// # Errors
/// Shapes or counts do not fit, a pivot is no row, or C shares memory with the factors; the backend's.
pub fn getri_batched<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    lu: StackRef<'a, T>,
    pivots: Option<&'a [i32]>,
    c: StackMut<'a, T>,
    info: &'a mut [i32],
) -> Result<(), Error> {
    let judge = Judge("getri_batched");
    let n = judge.square("lu", lu.shape())?;
    judge.len("c", c.count(), lu.count())?;
    judge.shape("c", c.shape(), (n, n))?;
    judge.len("info", info.len(), lu.count())?;
    pivots_in_range(judge, pivots, lu.count(), n)?;
    apart(judge, "c", &c, &[("lu", &lu)])?;
    on.getri(Getri { lu, pivots, c, info })
}

/// QR factors of every matrix: R in the upper triangle, below it the reflectors' vectors, their factors in `tau`, `min(m, n)` a matrix.
///
/// # Errors
/// Shapes or counts do not fit; the backend's.
pub fn geqrf_batched<'a, T: Scalar>(on: &(impl Backend<T> + ?Sized), a: StackMut<'a, T>, tau: &'a mut [T]) -> Result<(), Error> {
    let judge = Judge("geqrf_batched");
    if let Some(odd) = a.odd_one() {
        judge.shape("a", odd, a.shape())?;
    }
    judge.len("tau", tau.len(), a.count() * a.shape().0.min(a.shape().1))?;
    on.geqrf(Geqrf { a, tau })
}

/// Least-squares solutions: `AᵢX ≈ Bᵢ` for matrices with at least as many rows as columns and full rank. `info` is the number of the first zero on R's diagonal.
///
/// # Errors
/// Shapes or counts do not fit, or A has more columns than rows; the backend's.
pub fn gels_batched<'a, T: Scalar>(
    on: &(impl Backend<T> + ?Sized),
    a: StackMut<'a, T>,
    b: StackMut<'a, T>,
    info: &'a mut [i32],
) -> Result<(), Error> {
    let judge = Judge("gels_batched");
    let (m, n) = a.shape();
    for (name, odd, shape) in [("a", a.odd_one(), a.shape()), ("b", b.odd_one(), b.shape())] {
        if let Some(odd) = odd {
            judge.shape(name, odd, shape)?;
        }
    }
    if m < n {
        return judge.value("a", format!("of shape ({m}, {n})"), "at least as high as wide");
    }
    judge.len("b", b.count(), a.count())?;
    judge.shape("b", b.shape(), (m, b.shape().1))?;
    judge.len("info", info.len(), a.count())?;
    apart(judge, "b", &b, &[("a", &a.rb())])?;
    on.gels(Gels { a, b, info })
}
