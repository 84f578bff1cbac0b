//! Level 1.

use super::element::{Z, ZERO, to_host};
use super::{later, need, now, real, scalar};
use crate::state::Outcome;

pub(super) fn axpy(letter: char, handle: usize, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64) -> Outcome {
    let alpha = scalar(letter, alpha);
    later(handle, letter, move |m| {
        let (a, b) = (m.vector(x, incx, n)?, m.vector(y, incy, n)?);
        let sums: Vec<Z> = a.iter().zip(&b).map(|(a, b)| alpha * *a + *b).collect();
        m.set_vector(y, incy, &sums)
    })
}

pub(super) fn copy(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64) -> Outcome {
    later(handle, letter, move |m| {
        let values = m.vector(x, incx, n)?;
        m.set_vector(y, incy, &values)
    })
}

pub(super) fn swap(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64) -> Outcome {
    later(handle, letter, move |m| {
        let (a, b) = (m.vector(x, incx, n)?, m.vector(y, incy, n)?);
        m.set_vector(x, incx, &b)?;
        m.set_vector(y, incy, &a)
    })
}

pub(super) fn scal(letter: char, handle: usize, n: i64, alpha: usize, x: u64, incx: i64) -> Outcome {
    let alpha = scalar(letter, alpha);
    let n = if incx > 0 { n } else { 0 };
    later(handle, letter, move |m| {
        let values: Vec<Z> = m.vector(x, incx, n)?.into_iter().map(|z| alpha * z).collect();
        m.set_vector(x, incx, &values)
    })
}

fn product(letter: char, handle: usize, n: i64, (x, incx): (u64, i64), (y, incy): (u64, i64), conj: bool, result: usize) -> Outcome {
    let sum = now(handle, letter, move |m| {
        let (a, b) = (m.vector(x, incx, n)?, m.vector(y, incy, n)?);
        Ok(a.iter().zip(&b).fold(ZERO, |sum, (a, b)| sum + a.conj_if(conj) * *b))
    })?;
    to_host(letter, result, sum);
    Ok(())
}

pub(super) fn dot(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) -> Outcome {
    product(letter, handle, n, (x, incx), (y, incy), false, result)
}

pub(super) fn dotc(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64, result: usize) -> Outcome {
    product(letter, handle, n, (x, incx), (y, incy), true, result)
}

fn size(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: usize, of: fn(Vec<Z>) -> f64) -> Outcome {
    let n = if incx > 0 { n } else { 0 };
    let value = now(handle, letter, move |m| Ok(of(m.vector(x, incx, n)?)))?;
    to_host(if matches!(letter, 'S' | 'C') { 'S' } else { 'D' }, result, Z(value, 0.0));
    Ok(())
}

pub(super) fn nrm2(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: usize) -> Outcome {
    size(letter, handle, n, x, incx, result, |x| x.into_iter().map(Z::squared).sum::<f64>().sqrt())
}

pub(super) fn asum(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: usize) -> Outcome {
    size(letter, handle, n, x, incx, result, |x| x.into_iter().map(Z::size).sum())
}

fn extreme(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: *mut i64, better: fn(f64, f64) -> bool) -> Outcome {
    let n = if incx > 0 { n } else { 0 };
    let place = now(handle, letter, move |m| {
        let sizes: Vec<f64> = m.vector(x, incx, n)?.into_iter().map(Z::size).collect();
        let mut best = 0;
        (1..sizes.len()).for_each(|i| best = if better(sizes[i], sizes[best]) { i } else { best });
        Ok(if sizes.is_empty() { 0 } else { best as i64 + 1 })
    })?;
    crate::call::put(result, place)
}

pub(super) fn amax(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: *mut i64) -> Outcome {
    extreme(letter, handle, n, x, incx, result, |a, b| a > b)
}

pub(super) fn amin(letter: char, handle: usize, n: i64, x: u64, incx: i64, result: *mut i64) -> Outcome {
    extreme(letter, handle, n, x, incx, result, |a, b| a < b)
}

pub(super) fn rot(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64, c: usize, s: usize) -> Outcome {
    let (c, s) = (real(letter, c), scalar(letter, s));
    later(handle, letter, move |m| {
        let (a, b) = (m.vector(x, incx, n)?, m.vector(y, incy, n)?);
        let (first, second): (Vec<Z>, Vec<Z>) = a.iter().zip(&b).map(|(a, b)| (c * *a + s * *b, c * *b - s.conj_if(true) * *a)).unzip();
        m.set_vector(x, incx, &first)?;
        m.set_vector(y, incy, &second)
    })
}

pub(super) fn rotm(letter: char, handle: usize, n: i64, x: u64, incx: i64, y: u64, incy: i64, param: usize) -> Outcome {
    let at = |i: usize| scalar(letter, param + i * super::element::width(letter));
    need(at(0) == Z(-1.0, 0.0))?;
    let (h11, h21, h12, h22) = (at(1), at(2), at(3), at(4));
    later(handle, letter, move |m| {
        let (a, b) = (m.vector(x, incx, n)?, m.vector(y, incy, n)?);
        let (first, second): (Vec<Z>, Vec<Z>) = a.iter().zip(&b).map(|(a, b)| (h11 * *a + h12 * *b, h21 * *a + h22 * *b)).unzip();
        m.set_vector(x, incx, &first)?;
        m.set_vector(y, incy, &second)
    })
}
