//! Level 2.

use super::element::{Dense, Elements, Form, Matrix, Vector, Z, ZERO};
use super::{Call, flags, leading, need};
use crate::state::Outcome;

fn column(values: Vec<Z>) -> Dense {
    let mut made = Dense::zeros(values.len() as i64, 1);
    values.into_iter().enumerate().for_each(|(i, z)| made.set(i as i64, 0, z));
    made
}

fn values(column: &Dense) -> Vec<Z> {
    (0..column.rows).map(|i| column.get(i, 0)).collect()
}

/// y = alpha A x + beta y, the old y not read where beta is 0.
fn add(e: &mut Elements<'_>, alpha: Z, a: &Dense, x: Vector, beta: Z, y: Vector) -> Outcome {
    let product = values(&a.times(&column(e.vector(x, a.cols)?)));
    let old = if beta == ZERO { vec![ZERO; product.len()] } else { e.vector(y, a.rows)? };
    let new: Vec<Z> = product.iter().zip(&old).map(|(p, o)| alpha * *p + beta * *o).collect();
    e.set_vector(y, &new)
}

pub(super) fn gemv(call: Call, trans: i32, (rows, cols): (i64, i64), alpha: usize, a: Matrix, x: Vector, beta: usize, y: Vector) -> Outcome {
    flags(0, trans, 0)?;
    leading(a.1, rows)?;
    need(cols >= 0 && x.1 != 0 && y.1 != 0)?;
    if rows == 0 || cols == 0 {
        return Ok(());
    }
    let (alpha, beta) = (call.scalar(alpha), call.scalar(beta));
    call.later(move |e| {
        let a = e.matrix(a, rows, cols)?.op(trans);
        add(e, alpha, &a, x, beta, y)
    })
}

pub(super) fn gbmv(
    call: Call,
    trans: i32,
    (rows, cols): (i64, i64),
    (kl, ku): (i64, i64),
    alpha: usize,
    (a, lda): Matrix,
    x: Vector,
    beta: usize,
    y: Vector,
) -> Outcome {
    flags(0, trans, 0)?;
    leading(lda, kl + ku + 1)?;
    need(x.1 != 0 && y.1 != 0)?;
    let (alpha, beta) = (call.scalar(alpha), call.scalar(beta));
    call.later(move |e| {
        let mut band = Dense::zeros(rows, cols);
        for j in 0..cols {
            for i in (j - ku).max(0)..(j + kl + 1).min(rows) {
                band.set(i, j, e.get(a, ku + i - j + j * lda)?);
            }
        }
        add(e, alpha, &band.op(trans), x, beta, y)
    })
}

/// The product of a symmetric or Hermitian matrix and a vector.
pub(super) fn self_mv(call: Call, (uplo, hermitian): (i32, bool), n: i64, alpha: usize, a: Form, x: Vector, beta: usize, y: Vector) -> Outcome {
    flags(uplo, 0, 0)?;
    a.check(n)?;
    need(n >= 0 && x.1 != 0 && y.1 != 0)?;
    let (alpha, beta) = (call.scalar(alpha), call.scalar(beta));
    call.later(move |e| {
        let a = e.triangle(a, uplo, n)?.whole(uplo, hermitian);
        add(e, alpha, &a, x, beta, y)
    })
}

/// The product of a triangular matrix, or of its inverse, and a vector.
pub(super) fn triangular(call: Call, (uplo, trans, diag): (i32, i32, i32), n: i64, a: Form, solve: bool, x: Vector) -> Outcome {
    flags(uplo, trans, diag)?;
    a.check(n)?;
    need(n >= 0 && x.1 != 0)?;
    call.later(move |e| {
        let a = e.triangle(a, uplo, n)?.unit_if(diag == 1).op(trans);
        let given = column(e.vector(x, n)?);
        let made = if solve { a.solve(given) } else { a.times(&given) };
        e.set_vector(x, &values(&made))
    })
}

/// A + alpha x yᵀ, or of the conjugates of y.
pub(super) fn outer(call: Call, (rows, cols): (i64, i64), alpha: usize, x: Vector, conj: bool, y: Vector, a: Matrix) -> Outcome {
    leading(a.1, rows)?;
    need(cols >= 0 && x.1 != 0 && y.1 != 0)?;
    let alpha = call.scalar(alpha);
    call.later(move |e| {
        let (left, right) = (e.vector(x, rows)?, e.vector(y, cols)?);
        let mut made = e.matrix(a, rows, cols)?;
        for j in 0..cols {
            for i in 0..rows {
                made.set(i, j, made.get(i, j) + alpha * left[i as usize] * right[j as usize].conj_if(conj));
            }
        }
        e.set_matrix(a, &made)
    })
}

/// A + alpha x yᴴ + conj(alpha) y xᴴ, or without conjugates; of one vector, A + alpha x xᴴ.
pub(super) fn update(call: Call, (uplo, hermitian): (i32, bool), n: i64, alpha: Z, x: Vector, y: Option<Vector>, a: Form) -> Outcome {
    flags(uplo, 0, 0)?;
    a.check(n)?;
    need(n >= 0 && x.1 != 0 && y.is_none_or(|y| y.1 != 0))?;
    call.later(move |e| {
        let left = e.vector(x, n)?;
        let right = y.map(|y| e.vector(y, n)).transpose()?;
        let mut made = e.triangle(a, uplo, n)?;
        for j in 0..n {
            for i in 0..n {
                let at = |v: &Vec<Z>, k: i64| v[k as usize];
                let gained = match &right {
                    None => alpha * at(&left, i) * at(&left, j).conj_if(hermitian),
                    Some(right) => {
                        alpha * at(&left, i) * at(right, j).conj_if(hermitian)
                            + alpha.conj_if(hermitian) * at(right, i) * at(&left, j).conj_if(hermitian)
                    }
                };
                let sum = made.get(i, j) + gained;
                made.set(i, j, if hermitian && i == j { Z(sum.0, 0.0) } else { sum });
            }
        }
        e.set_triangle(a, uplo, &made)
    })
}
