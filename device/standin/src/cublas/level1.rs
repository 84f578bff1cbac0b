//! Level 1.

use super::element::{Vector, Z, ZERO, to_host, width};
use super::{Call, need};
use crate::state::Outcome;

pub(super) fn axpy(call: Call, n: i64, alpha: usize, x: Vector, y: Vector) -> Outcome {
    let alpha = call.scalar(alpha);
    call.later(move |e| {
        let sums: Vec<Z> = e.vector(x, n)?.into_iter().zip(e.vector(y, n)?).map(|(a, b)| alpha * a + b).collect();
        e.set_vector(y, &sums)
    })
}

pub(super) fn copy(call: Call, n: i64, x: Vector, y: Vector) -> Outcome {
    call.later(move |e| {
        let values = e.vector(x, n)?;
        e.set_vector(y, &values)
    })
}

pub(super) fn swap(call: Call, n: i64, x: Vector, y: Vector) -> Outcome {
    call.later(move |e| {
        let (a, b) = (e.vector(x, n)?, e.vector(y, n)?);
        e.set_vector(x, &b)?;
        e.set_vector(y, &a)
    })
}

/// A single vector has no elements where its step is not positive.
fn length(n: i64, (_, step): Vector) -> i64 {
    if step > 0 { n } else { 0 }
}

pub(super) fn scal(call: Call, n: i64, alpha: usize, x: Vector) -> Outcome {
    let alpha = call.scalar(alpha);
    call.later(move |e| {
        let values: Vec<Z> = e.vector(x, length(n, x))?.into_iter().map(|z| alpha * z).collect();
        e.set_vector(x, &values)
    })
}

/// The sum of products, of conjugates of x if asked for.
pub(super) fn dot(call: Call, n: i64, x: Vector, conj: bool, y: Vector, result: usize) -> Outcome {
    let sum = call.now(move |e| {
        let (a, b) = (e.vector(x, n)?, e.vector(y, n)?);
        Ok(a.iter().zip(&b).fold(ZERO, |sum, (a, b)| sum + a.conj_if(conj) * *b))
    })?;
    to_host(call.letter, result, sum);
    Ok(())
}

/// A real number of one vector.
pub(super) fn size(call: Call, n: i64, x: Vector, of: fn(Vec<Z>) -> f64, result: usize) -> Outcome {
    let value = call.now(move |e| Ok(of(e.vector(x, length(n, x))?)))?;
    to_host(call.real_letter(), result, Z(value, 0.0));
    Ok(())
}

pub(super) fn norm(x: Vec<Z>) -> f64 {
    x.into_iter().map(Z::squared).sum::<f64>().sqrt()
}

pub(super) fn sum(x: Vec<Z>) -> f64 {
    x.into_iter().map(Z::size).sum()
}

/// The place, from 1, of the first element that none is better than; 0 where there is none.
pub(super) fn extreme(call: Call, n: i64, x: Vector, better: fn(f64, f64) -> bool, result: *mut i64) -> Outcome {
    let place = call.now(move |e| {
        let sizes: Vec<f64> = e.vector(x, length(n, x))?.into_iter().map(Z::size).collect();
        let mut best = 0;
        (1..sizes.len()).for_each(|i| best = if better(sizes[i], sizes[best]) { i } else { best });
        Ok(if sizes.is_empty() { 0 } else { best as i64 + 1 })
    })?;
    crate::call::put(result, place)
}

/// Both vectors by what a function makes of a pair of their elements.
fn pairs(call: Call, n: i64, x: Vector, y: Vector, of: impl Fn(Z, Z) -> (Z, Z) + Send + 'static) -> Outcome {
    call.later(move |e| {
        let (first, second): (Vec<Z>, Vec<Z>) = e.vector(x, n)?.into_iter().zip(e.vector(y, n)?).map(|(a, b)| of(a, b)).unzip();
        e.set_vector(x, &first)?;
        e.set_vector(y, &second)
    })
}

pub(super) fn rot(call: Call, n: i64, x: Vector, y: Vector, c: usize, s: usize) -> Outcome {
    let (c, s) = (call.real(c), call.scalar(s));
    pairs(call, n, x, y, move |a, b| (c * a + s * b, c * b - s.conj_if(true) * a))
}

pub(super) fn rotm(call: Call, n: i64, x: Vector, y: Vector, param: usize) -> Outcome {
    let at = |i: usize| call.scalar(param + i * width(call.letter));
    need(at(0) == Z(-1.0, 0.0))?;
    let (h11, h21, h12, h22) = (at(1), at(2), at(3), at(4));
    pairs(call, n, x, y, move |a, b| (h11 * a + h12 * b, h21 * a + h22 * b))
}
