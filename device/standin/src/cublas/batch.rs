//! Batches. Addresses of the matrices are in device memory.

use super::element::{Dense, Elements, ONE, ZERO, width};
use super::level3::{Beside, Product};
use super::{Call, flags, leading, need};
use crate::state::Outcome;

/// Matrices by the place of their addresses, and their leading dimension.
type Matrices<Int = i64> = (u64, Int);

/// Matrices by the first one, their leading dimension, and the elements from one to the next.
type Strided = (u64, i64, i64);

pub(super) fn gemm(
    call: Call,
    flags: (i32, i32),
    shape: (i64, i64, i64),
    alpha: usize,
    (a, lda): Matrices,
    (b, ldb): Matrices,
    beta: usize,
    (c, ldc): Matrices,
    count: i64,
) -> Outcome {
    let product = Product { flags, shape, alpha: call.scalar(alpha), beta: call.scalar(beta) };
    product.check(lda, ldb, ldc)?;
    need(count >= 0)?;
    call.later(move |e| {
        let (a, b, c) = (e.places(a, count)?, e.places(b, count)?, e.places(c, count)?);
        (0..count as usize).try_for_each(|i| product.run(e, (a[i], lda), (b[i], ldb), (c[i], ldc)))
    })
}

pub(super) fn gemm_strided(
    call: Call,
    flags: (i32, i32),
    shape: (i64, i64, i64),
    alpha: usize,
    a: Strided,
    b: Strided,
    beta: usize,
    c: Strided,
    count: i64,
) -> Outcome {
    let product = Product { flags, shape, alpha: call.scalar(alpha), beta: call.scalar(beta) };
    product.check(a.1, b.1, c.1)?;
    need(count >= 0 && a.2 >= 0 && b.2 >= 0 && c.2 >= 0)?;
    let width = width(call.letter) as i64;
    call.later(move |e| {
        (0..count).try_for_each(|i| {
            let at = |(base, ld, step): Strided| (base + (i * step * width) as u64, ld);
            product.run(e, at(a), at(b), at(c))
        })
    })
}

pub(super) fn trsm(
    call: Call,
    options: (i32, i32, i32, i32),
    shape: (i64, i64),
    alpha: usize,
    (a, lda): Matrices,
    (b, ldb): Matrices,
    count: i64,
) -> Outcome {
    let solve = Beside { options, shape, alpha: call.scalar(alpha), solve: true };
    solve.check(lda, ldb, ldb)?;
    need(count >= 0)?;
    call.later(move |e| {
        let (a, b) = (e.places(a, count)?, e.places(b, count)?);
        a.into_iter().zip(b).try_for_each(|(a, b)| solve.run(e, (a, lda), (b, ldb), (b, ldb)))
    })
}

pub(super) fn getrf(call: Call, n: i32, (a, lda): Matrices<i32>, pivots: u64, info: u64, count: i32) -> Outcome {
    leading(lda.into(), n.into())?;
    let size = i64::from(n);
    call.later(move |e| {
        for (number, place) in e.places(a, count.into())?.into_iter().enumerate() {
            let mut lu = e.matrix((place, lda.into()), size, size)?;
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
            e.set_matrix((place, lda.into()), &lu)?;
            if pivots != 0 {
                e.set_ints(pivots + (number * 4 * n as usize) as u64, &rows)?;
            }
            e.set_ints(info + 4 * number as u64, &[zero])?;
        }
        Ok(())
    })
}

/// The pivots of one matrix of a batch, from 1; none where none were asked for.
fn pivots_of(e: &mut Elements<'_>, pivots: u64, number: usize, n: i32) -> Outcome<Vec<i32>> {
    if pivots == 0 { Ok(Vec::new()) } else { e.ints(pivots + (number * 4 * n as usize) as u64, n as usize) }
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
    call: Call,
    trans: i32,
    (n, nrhs): (i32, i32),
    (a, lda): Matrices<i32>,
    pivots: u64,
    (b, ldb): Matrices<i32>,
    info: *mut i32,
    count: i32,
) -> Outcome {
    flags(0, trans, 0)?;
    leading(lda.into(), n.into())?;
    leading(ldb.into(), n.into())?;
    crate::call::put(info, 0)?;
    let size = i64::from(n);
    call.later(move |e| {
        let (a, b) = (e.places(a, count.into())?, e.places(b, count.into())?);
        for (number, (&a, b)) in a.iter().zip(b).enumerate() {
            let rows = pivots_of(e, pivots, number, n)?;
            let whole = product_of(&e.matrix((a, lda.into()), size, size)?, &rows).op(trans);
            let made = whole.solve(e.matrix((b, ldb.into()), size, nrhs.into())?);
            e.set_matrix((b, ldb.into()), &made)?;
        }
        Ok(())
    })
}

pub(super) fn getri(call: Call, n: i32, (a, lda): Matrices<i32>, pivots: u64, (c, ldc): Matrices<i32>, info: u64, count: i32) -> Outcome {
    leading(lda.into(), n.into())?;
    leading(ldc.into(), n.into())?;
    let size = i64::from(n);
    call.later(move |e| {
        let (a, c) = (e.places(a, count.into())?, e.places(c, count.into())?);
        for (number, (&a, c)) in a.iter().zip(c).enumerate() {
            let rows = pivots_of(e, pivots, number, n)?;
            let lu = e.matrix((a, lda.into()), size, size)?;
            let zero = (0..size).find(|&k| lu.get(k, k) == ZERO).map_or(0, |k| k as i32 + 1);
            if zero == 0 {
                let made = product_of(&lu, &rows).solve(Dense::zeros(size, size).unit_if(true));
                e.set_matrix((c, ldc.into()), &made)?;
            }
            e.set_ints(info + 4 * number as u64, &[zero])?;
        }
        Ok(())
    })
}
