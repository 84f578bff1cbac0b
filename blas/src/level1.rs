//! Level 1: vectors.
//!
//! Owns the checked calls and the free functions over them. `rotg` and `rotmg` take numbers alone and need no backend. In every routine with two vectors both have the same
//! length and share no memory.

use crate::backend::Backend;
use crate::check::Judge;
use crate::error::Error;
use crate::scalar::{Real, Scalar};
use crate::view::{VecMut, VecRef};

/// `y ← αx + y`.
pub struct Axpy<'a, T> {
    pub(crate) alpha: T,
    pub(crate) x: VecRef<'a, T>,
    pub(crate) y: VecMut<'a, T>,
}

/// `y ← x`.
pub struct Copy<'a, T> {
    pub(crate) x: VecRef<'a, T>,
    pub(crate) y: VecMut<'a, T>,
}

/// `x ↔ y`.
pub struct Swap<'a, T> {
    pub(crate) x: VecMut<'a, T>,
    pub(crate) y: VecMut<'a, T>,
}

/// `Σ xᵢyᵢ`, x conjugated if so.
pub struct Dot<'a, T> {
    pub(crate) x: VecRef<'a, T>,
    pub(crate) y: VecRef<'a, T>,
    pub(crate) conj: bool,
}

/// `x ← cx + sy`, `y ← cy - conj(s)x`.
pub struct Rot<'a, T: Scalar> {
    pub(crate) x: VecMut<'a, T>,
    pub(crate) y: VecMut<'a, T>,
    pub(crate) c: T::Real,
    pub(crate) s: T,
}

/// `(x, y) ← H (x, y)` with the 2x2 matrix of the parameters.
pub struct Rotm<'a, T> {
    pub(crate) x: VecMut<'a, T>,
    pub(crate) y: VecMut<'a, T>,
    /// h11, h21, h12, h22, the implied ones put in; `None` is the identity.
    pub(crate) h: Option<[T; 4]>,
}

fn pair<T: Scalar>(routine: &'static str, x: VecRef<'_, T>, y: &VecMut<'_, T>) -> Result<(), Error> {
    let judge = Judge(routine);
    judge.len("y", y.len(), x.len())?;
    judge.apart("y", &y.rb().place(), &[("x", x.place())])
}

impl<'a, T: Scalar> Axpy<'a, T> {
    /// # Errors
    /// Lengths differ, or x and y share memory.
    pub fn new(alpha: T, x: VecRef<'a, T>, y: VecMut<'a, T>) -> Result<Self, Error> {
        pair("axpy", x, &y)?;
        Ok(Axpy { alpha, x, y })
    }
}

impl<'a, T: Scalar> Copy<'a, T> {
    /// # Errors
    /// Lengths differ, or x and y share memory.
    pub fn new(x: VecRef<'a, T>, y: VecMut<'a, T>) -> Result<Self, Error> {
        pair("copy", x, &y)?;
        Ok(Copy { x, y })
    }
}

impl<'a, T: Scalar> Swap<'a, T> {
    /// # Errors
    /// Lengths differ, or x and y share memory.
    pub fn new(x: VecMut<'a, T>, y: VecMut<'a, T>) -> Result<Self, Error> {
        pair("swap", x.rb(), &y)?;
        Ok(Swap { x, y })
    }
}

impl<'a, T: Scalar> Dot<'a, T> {
    /// # Errors
    /// Lengths differ.
    pub fn new(x: VecRef<'a, T>, y: VecRef<'a, T>, conj: bool) -> Result<Self, Error> {
        Judge(if conj { "dotc" } else { "dot" }).len("y", y.len(), x.len())?;
        Ok(Dot { x, y, conj: T::COMPLEX && conj })
    }
}

impl<'a, T: Scalar> Rot<'a, T> {
    /// # Errors
    /// Lengths differ, or x and y share memory.
    pub fn new(x: VecMut<'a, T>, y: VecMut<'a, T>, c: T::Real, s: T) -> Result<Self, Error> {
        pair("rot", x.rb(), &y)?;
        Ok(Rot { x, y, c, s })
    }
}

impl<'a, T: Real> Rotm<'a, T> {
    /// `param` is flag, h11, h21, h12, h22, as `rotmg` gives it.
    ///
    /// # Errors
    /// Lengths differ, x and y share memory, or the flag is none of -2, -1, 0, 1.
    pub fn new(x: VecMut<'a, T>, y: VecMut<'a, T>, param: [T; 5]) -> Result<Self, Error> {
        pair("rotm", x.rb(), &y)?;
        let [flag, h11, h21, h12, h22] = param;
        let one = T::ONE;
        let h = match flag.to_f64() {
            -2.0 => None,
            -1.0 => Some([h11, h21, h12, h22]),
            0.0 => Some([one, h21, h12, one]),
            1.0 => Some([h11, -one, one, h22]),
            other => return Judge("rotm").value("param", format!("flagged {other}"), "flagged -2, -1, 0 or 1 in its first element"),
        };
        Ok(Rotm { x, y, h })
    }
}

/// `y ← αx + y`.
///
/// # Errors
/// As [`Axpy::new`], and the backend's.
pub fn axpy<T: Scalar>(on: &(impl Backend<T> + ?Sized), alpha: T, x: VecRef<'_, T>, y: VecMut<'_, T>) -> Result<(), Error> {
    on.axpy(Axpy::new(alpha, x, y)?)
}

/// `y ← x`.
///
/// # Errors
/// As [`Copy::new`], and the backend's.
pub fn copy<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>, y: VecMut<'_, T>) -> Result<(), Error> {
    on.copy(Copy::new(x, y)?)
}

/// `x ↔ y`.
///
/// # Errors
/// As [`Swap::new`], and the backend's.
pub fn swap<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecMut<'_, T>, y: VecMut<'_, T>) -> Result<(), Error> {
    on.swap(Swap::new(x, y)?)
}

/// `x ← αx`. With α = 0 the old values are not read.
///
/// # Errors
/// The backend's.
pub fn scal<T: Scalar>(on: &(impl Backend<T> + ?Sized), alpha: T, x: VecMut<'_, T>) -> Result<(), Error> {
    on.scal(alpha, x)
}

/// `Σ xᵢyᵢ`, nothing conjugated (cuBLAS's `dot` and `dotu`).
///
/// # Errors
/// As [`Dot::new`], and the backend's.
pub fn dot<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>, y: VecRef<'_, T>) -> Result<T, Error> {
    on.dot(Dot::new(x, y, false)?)
}

/// `Σ conj(xᵢ)yᵢ`.
///
/// # Errors
/// As [`Dot::new`], and the backend's.
pub fn dotc<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>, y: VecRef<'_, T>) -> Result<T, Error> {
    on.dot(Dot::new(x, y, true)?)
}

/// The Euclidean norm, without overflow or underflow on the way.
///
/// # Errors
/// The backend's.
pub fn nrm2<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>) -> Result<T::Real, Error> {
    on.nrm2(x)
}

/// `Σ |re xᵢ| + |im xᵢ|`.
///
/// # Errors
/// The backend's.
pub fn asum<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>) -> Result<T::Real, Error> {
    on.asum(x)
}

/// Index of the first element with the largest `|re| + |im|`, a NaN being the largest; `None` of an empty vector.
///
/// # Errors
/// The backend's.
pub fn amax<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>) -> Result<Option<usize>, Error> {
    on.amax(x)
}

/// Index of the first element with the smallest `|re| + |im|`, a NaN being the smallest; `None` of an empty vector.
///
/// # Errors
/// The backend's.
pub fn amin<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecRef<'_, T>) -> Result<Option<usize>, Error> {
    on.amin(x)
}

/// `x ← cx + sy`, `y ← cy - conj(s)x`.
///
/// # Errors
/// As [`Rot::new`], and the backend's.
pub fn rot<T: Scalar>(on: &(impl Backend<T> + ?Sized), x: VecMut<'_, T>, y: VecMut<'_, T>, c: T::Real, s: T) -> Result<(), Error> {
    on.rot(Rot::new(x, y, c, s)?)
}

/// The modified rotation.
///
/// # Errors
/// As [`Rotm::new`], and the backend's.
pub fn rotm<T: Real>(on: &(impl Backend<T> + ?Sized), x: VecMut<'_, T>, y: VecMut<'_, T>, param: [T; 5]) -> Result<(), Error> {
    on.rotm(Rotm::new(x, y, param)?)
}

/// The rotation that takes `(a, b)` to `(r, 0)`: `(r, z, c, s)`. `z` is BLAS's one-number form of a real rotation; of a complex one it is `b`, left as it is.
///
/// Real numbers are scaled by their sum of sizes first, so that nothing overflows; `r` has the sign of the larger one (Lawson and others, 1979).
pub fn rotg<T: Scalar>(a: T, b: T) -> (T, T, T::Real, T) {
    let (one, zero) = (T::Real::ONE, T::Real::ZERO);
    let (size_a, size_b) = (a.modulus(), b.modulus());
    if T::COMPLEX {
        if size_a == zero {
            let s = T::from_parts(b.re() / size_b, -b.im() / size_b);
            return if size_b == zero { (T::ZERO, b, one, T::ZERO) } else { (T::from_real(size_b), b, zero, s) };
        }
        if size_b == zero {
            return (a, b, one, T::ZERO);
        }
        let scale = size_a.max_of(size_b).binade();
        let (ra, rb) = (size_a / scale, size_b / scale);
        let norm = scale * (ra * ra + rb * rb).sqrt();
        let unit = T::from_parts(a.re() / size_a, a.im() / size_a);
        let s = unit * b.conj();
        return (unit.scale(norm), b, size_a / norm, T::from_parts(s.re() / norm, s.im() / norm));
    }
    let (a, b) = (a.re(), b.re());
    if size_b == zero {
        return (T::from_real(a), T::ZERO, one, T::ZERO);
    }
    let larger = size_a > size_b;
    let sign = one.copysign(if larger { a } else { b });
    let scale = size_a.max_of(size_b).binade();
    let (ra, rb) = (a / scale, b / scale);
    let r = sign * scale * (ra * ra + rb * rb).sqrt();
    let (c, s) = (a / r, b / r);
    let z = if larger {
        s
    } else if c != zero {
        one / c
    } else {
        one
    };
    (T::from_real(r), T::from_real(z), c, T::from_real(s))
}

/// What `rotmg` makes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Modified<T> {
    /// Flag, h11, h21, h12, h22, for `rotm`.
    pub param: [T; 5],
    /// The new `d1`.
    pub d1: T,
    /// The new `d2`.
    pub d2: T,
    /// The new `x1`.
    pub x1: T,
}

/// The modified rotation that takes `(√d1 x1, √d2 y1)` to `(√d1' x1', 0)` (Lawson and others, 1979, with Hopkins's rescaling).
pub fn rotmg<T: Real>(d1: T, d2: T, x1: T, y1: T) -> Modified<T> {
    let (zero, one) = (T::ZERO, T::ONE);
    let gam = T::from_f64(4096.0);
    let (large, small) = (T::from_f64(16_777_216.0), one / T::from_f64(16_777_216.0));
    let gone = Modified { param: [-one, zero, zero, zero, zero], d1: zero, d2: zero, x1: zero };
    if d1 < zero {
        return gone;
    }
    let p2 = d2 * y1;
    if p2 == zero {
        return Modified { param: [T::from_f64(-2.0), zero, zero, zero, zero], d1, d2, x1 };
    }
    let p1 = d1 * x1;
    let (q1, q2) = (p1 * x1, p2 * y1);
    let (mut d1, mut d2, mut x1) = (d1, d2, x1);
    let (mut h11, mut h21, mut h12, mut h22);
    let mut flag;
    if Real::abs(q1) > Real::abs(q2) {
        (h21, h12) = (-y1 / x1, p2 / p1);
        (h11, h22) = (one, one);
        let u = one - h12 * h21;
        // In exact arithmetic u is at least 1.
        if u <= zero {
            return gone;
        }
        flag = zero;
        (d1, d2, x1) = (d1 / u, d2 / u, x1 * u);
    } else {
        if q2 < zero {
            return gone;
        }
        flag = one;
        (h11, h22) = (p1 / p2, x1 / y1);
        (h21, h12) = (-one, one);
        let u = one + h11 * h22;
        (d1, d2) = (d2 / u, d1 / u);
        x1 = y1 * u;
    }
    // Rescaling makes all four entries explicit.
    while d1 != zero && (d1 <= small || d1 >= large) {
        flag = -one;
        if d1 <= small {
            (d1, x1, h11, h12) = (d1 * gam * gam, x1 / gam, h11 / gam, h12 / gam);
        } else {
            if !d1.is_finite() {
                break;
            }
            (d1, x1, h11, h12) = (d1 / (gam * gam), x1 * gam, h11 * gam, h12 * gam);
        }
    }
    while d2 != zero && (Real::abs(d2) <= small || Real::abs(d2) >= large) {
        flag = -one;
        if Real::abs(d2) <= small {
            (d2, h21, h22) = (d2 * gam * gam, h21 / gam, h22 / gam);
        } else {
            if !d2.is_finite() {
                break;
            }
            (d2, h21, h22) = (d2 / (gam * gam), h21 * gam, h22 * gam);
        }
    }
    let param = if flag == zero {
        [flag, zero, h21, h12, zero]
    } else if flag == one {
        [flag, h11, zero, zero, h22]
    } else {
        [flag, h11, h21, h12, h22]
    };
    Modified { param, d1, d2, x1 }
}
