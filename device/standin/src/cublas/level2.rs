//! Level 2.

use super::element::{Dense, Elements, Form, Z, ZERO};
use super::{flags, later, leading, need, real, scalar};
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
fn add(m: &mut Elements<'_>, alpha: Z, a: &Dense, x: (u64, i64), beta: Z, y: (u64, i64)) -> Outcome {
    let product = values(&a.times(&column(m.vector(x.0, x.1, a.cols)?)));
    let old = if beta == ZERO { vec![ZERO; product.len()] } else { m.vector(y.0, y.1, a.rows)? };
    let new: Vec<Z> = product.iter().zip(&old).map(|(p, o)| alpha * *p + beta * *o).collect();
    m.set_vector(y.0, y.1, &new)
}

pub(super) fn gemv(
    letter: char,
    handle: usize,
    trans: i32,
    rows: i64,
    cols: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    flags(0, trans, 0)?;
    leading(lda, rows)?;
    need(cols >= 0 && incx != 0 && incy != 0)?;
    if rows == 0 || cols == 0 {
        return Ok(());
    }
    let (alpha, beta) = (scalar(letter, alpha), scalar(letter, beta));
    later(handle, letter, move |m| {
        let a = m.matrix(a, lda, rows, cols)?.op(trans);
        add(m, alpha, &a, (x, incx), beta, (y, incy))
    })
}

pub(super) fn gbmv(
    letter: char,
    handle: usize,
    trans: i32,
    rows: i64,
    cols: i64,
    kl: i64,
    ku: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    flags(0, trans, 0)?;
    leading(lda, kl + ku + 1)?;
    need(incx != 0 && incy != 0)?;
    let (alpha, beta) = (scalar(letter, alpha), scalar(letter, beta));
    later(handle, letter, move |m| {
        let mut band = Dense::zeros(rows, cols);
        for j in 0..cols {
            for i in (j - ku).max(0)..(j + kl + 1).min(rows) {
                band.set(i, j, m.get(a, ku + i - j + j * lda)?);
            }
        }
        add(m, alpha, &band.op(trans), (x, incx), beta, (y, incy))
    })
}

fn self_mv(
    letter: char,
    handle: usize,
    (uplo, hermitian): (i32, bool),
    n: i64,
    alpha: usize,
    form: Form,
    x: (u64, i64),
    beta: usize,
    y: (u64, i64),
) -> Outcome {
    flags(uplo, 0, 0)?;
    need(n >= 0 && x.1 != 0 && y.1 != 0)?;
    let (alpha, beta) = (scalar(letter, alpha), scalar(letter, beta));
    later(handle, letter, move |m| {
        let a = m.triangle(form, uplo, n)?.whole(uplo, hermitian);
        add(m, alpha, &a, x, beta, y)
    })
}

pub(super) fn symv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    leading(lda, n)?;
    self_mv(letter, handle, (uplo, false), n, alpha, Form::Full(a, lda), (x, incx), beta, (y, incy))
}
pub(super) fn hemv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    leading(lda, n)?;
    self_mv(letter, handle, (uplo, true), n, alpha, Form::Full(a, lda), (x, incx), beta, (y, incy))
}
pub(super) fn sbmv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    leading(lda, k + 1)?;
    self_mv(letter, handle, (uplo, false), n, alpha, Form::Band(a, lda, k), (x, incx), beta, (y, incy))
}
pub(super) fn hbmv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    leading(lda, k + 1)?;
    self_mv(letter, handle, (uplo, true), n, alpha, Form::Band(a, lda, k), (x, incx), beta, (y, incy))
}
pub(super) fn spmv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    alpha: usize,
    ap: u64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    self_mv(letter, handle, (uplo, false), n, alpha, Form::Packed(ap), (x, incx), beta, (y, incy))
}
pub(super) fn hpmv(
    letter: char,
    handle: usize,
    uplo: i32,
    n: i64,
    alpha: usize,
    ap: u64,
    x: u64,
    incx: i64,
    beta: usize,
    y: u64,
    incy: i64,
) -> Outcome {
    self_mv(letter, handle, (uplo, true), n, alpha, Form::Packed(ap), (x, incx), beta, (y, incy))
}

fn tri(letter: char, handle: usize, (uplo, trans, diag): (i32, i32, i32), n: i64, form: Form, x: (u64, i64), solve: bool) -> Outcome {
    flags(uplo, trans, diag)?;
    need(n >= 0 && x.1 != 0)?;
    later(handle, letter, move |m| {
        let a = m.triangle(form, uplo, n)?.unit_if(diag == 1).op(trans);
        let given = column(m.vector(x.0, x.1, n)?);
        let made = if solve { a.solve(given) } else { a.times(&given) };
        m.set_vector(x.0, x.1, &values(&made))
    })
}

pub(super) fn trmv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, a: u64, lda: i64, x: u64, incx: i64) -> Outcome {
    leading(lda, n)?;
    tri(letter, handle, (uplo, trans, diag), n, Form::Full(a, lda), (x, incx), false)
}
pub(super) fn trsv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, a: u64, lda: i64, x: u64, incx: i64) -> Outcome {
    leading(lda, n)?;
    tri(letter, handle, (uplo, trans, diag), n, Form::Full(a, lda), (x, incx), true)
}
pub(super) fn tbmv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) -> Outcome {
    leading(lda, k + 1)?;
    tri(letter, handle, (uplo, trans, diag), n, Form::Band(a, lda, k), (x, incx), false)
}
pub(super) fn tbsv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, k: i64, a: u64, lda: i64, x: u64, incx: i64) -> Outcome {
    leading(lda, k + 1)?;
    tri(letter, handle, (uplo, trans, diag), n, Form::Band(a, lda, k), (x, incx), true)
}
pub(super) fn tpmv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, ap: u64, x: u64, incx: i64) -> Outcome {
    tri(letter, handle, (uplo, trans, diag), n, Form::Packed(ap), (x, incx), false)
}
pub(super) fn tpsv(letter: char, handle: usize, uplo: i32, trans: i32, diag: i32, n: i64, ap: u64, x: u64, incx: i64) -> Outcome {
    tri(letter, handle, (uplo, trans, diag), n, Form::Packed(ap), (x, incx), true)
}

fn outer(
    letter: char,
    handle: usize,
    (rows, cols): (i64, i64),
    alpha: usize,
    x: (u64, i64),
    y: (u64, i64),
    conj: bool,
    (a, lda): (u64, i64),
) -> Outcome {
    leading(lda, rows)?;
    need(cols >= 0 && x.1 != 0 && y.1 != 0)?;
    let alpha = scalar(letter, alpha);
    later(handle, letter, move |m| {
        let (left, right) = (m.vector(x.0, x.1, rows)?, m.vector(y.0, y.1, cols)?);
        let mut made = m.matrix(a, lda, rows, cols)?;
        for j in 0..cols {
            for i in 0..rows {
                made.set(i, j, made.get(i, j) + alpha * left[i as usize] * right[j as usize].conj_if(conj));
            }
        }
        m.set_matrix(a, lda, &made)
    })
}

pub(super) fn ger(
    letter: char,
    handle: usize,
    rows: i64,
    cols: i64,
    alpha: usize,
    x: u64,
    incx: i64,
    y: u64,
    incy: i64,
    a: u64,
    lda: i64,
) -> Outcome {
    outer(letter, handle, (rows, cols), alpha, (x, incx), (y, incy), false, (a, lda))
}
pub(super) fn gerc(
    letter: char,
    handle: usize,
    rows: i64,
    cols: i64,
    alpha: usize,
    x: u64,
    incx: i64,
    y: u64,
    incy: i64,
    a: u64,
    lda: i64,
) -> Outcome {
    outer(letter, handle, (rows, cols), alpha, (x, incx), (y, incy), true, (a, lda))
}

/// alpha x yᴴ + conj(alpha) y xᴴ, or without conjugates; of one vector, alpha x xᴴ.
fn update(
    letter: char,
    handle: usize,
    (uplo, hermitian): (i32, bool),
    n: i64,
    alpha: Z,
    x: (u64, i64),
    y: Option<(u64, i64)>,
    form: Form,
) -> Outcome {
    flags(uplo, 0, 0)?;
    need(n >= 0 && x.1 != 0 && y.is_none_or(|y| y.1 != 0))?;
    later(handle, letter, move |m| {
        let left = m.vector(x.0, x.1, n)?;
        let right = y.map(|y| m.vector(y.0, y.1, n)).transpose()?;
        let mut made = m.triangle(form, uplo, n)?;
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
        m.set_triangle(form, uplo, &made)
    })
}

pub(super) fn syr(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) -> Outcome {
    leading(lda, n)?;
    update(letter, handle, (uplo, false), n, scalar(letter, alpha), (x, incx), None, Form::Full(a, lda))
}
pub(super) fn her(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, a: u64, lda: i64) -> Outcome {
    leading(lda, n)?;
    update(letter, handle, (uplo, true), n, real(letter, alpha), (x, incx), None, Form::Full(a, lda))
}
pub(super) fn spr(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) -> Outcome {
    update(letter, handle, (uplo, false), n, scalar(letter, alpha), (x, incx), None, Form::Packed(ap))
}
pub(super) fn hpr(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, ap: u64) -> Outcome {
    update(letter, handle, (uplo, true), n, real(letter, alpha), (x, incx), None, Form::Packed(ap))
}
pub(super) fn syr2(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) -> Outcome {
    leading(lda, n)?;
    update(letter, handle, (uplo, false), n, scalar(letter, alpha), (x, incx), Some((y, incy)), Form::Full(a, lda))
}
pub(super) fn her2(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, a: u64, lda: i64) -> Outcome {
    leading(lda, n)?;
    update(letter, handle, (uplo, true), n, scalar(letter, alpha), (x, incx), Some((y, incy)), Form::Full(a, lda))
}
pub(super) fn spr2(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) -> Outcome {
    update(letter, handle, (uplo, false), n, scalar(letter, alpha), (x, incx), Some((y, incy)), Form::Packed(ap))
}
pub(super) fn hpr2(letter: char, handle: usize, uplo: i32, n: i64, alpha: usize, x: u64, incx: i64, y: u64, incy: i64, ap: u64) -> Outcome {
    update(letter, handle, (uplo, true), n, scalar(letter, alpha), (x, incx), Some((y, incy)), Form::Packed(ap))
}
