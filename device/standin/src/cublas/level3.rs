//! Level 3 and extensions.

use super::element::{Dense, Elements, Form, ONE, Z, ZERO, letter_of};
use super::{NOT_SUPPORTED, flags, later, leading, need, real, scalar};
use crate::state::Outcome;

/// C = alpha P + beta C, the old C not read where beta is 0.
fn add(m: &mut Elements<'_>, alpha: Z, product: &Dense, beta: Z, (c, ldc): (u64, i64)) -> Outcome {
    for j in 0..product.cols {
        for i in 0..product.rows {
            let old = if beta == ZERO { ZERO } else { beta * m.get(c, i + j * ldc)? };
            m.set(c, i + j * ldc, alpha * product.get(i, j) + old)?;
        }
    }
    Ok(())
}

fn rows_of(flag: i32, rows: i64, cols: i64) -> i64 {
    if flag == 0 { rows } else { cols }
}

pub(super) struct Product {
    pub(super) flags: (i32, i32),
    pub(super) shape: (i64, i64, i64),
    pub(super) alpha: Z,
    pub(super) lda: i64,
    pub(super) ldb: i64,
    pub(super) beta: Z,
    pub(super) ldc: i64,
}

impl Product {
    pub(super) fn check(&self) -> Outcome {
        let (m, n, k) = self.shape;
        flags(0, self.flags.0, 0)?;
        flags(0, self.flags.1, 0)?;
        need(n >= 0 && k >= 0)?;
        leading(self.lda, rows_of(self.flags.0, m, k))?;
        leading(self.ldb, rows_of(self.flags.1, k, n))?;
        leading(self.ldc, m)
    }

    pub(super) fn run(&self, e: &mut Elements<'_>, a: u64, b: u64, c: u64) -> Outcome {
        let (m, n, k) = self.shape;
        let product = if self.alpha == ZERO {
            Dense::zeros(m, n)
        } else {
            e.op(self.flags.0, a, self.lda, m, k)?.times(&e.op(self.flags.1, b, self.ldb, k, n)?)
        };
        add(e, self.alpha, &product, self.beta, (c, self.ldc))
    }
}

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
) -> Outcome {
    let product = Product { flags: (transa, transb), shape: (m, n, k), alpha: scalar(letter, alpha), lda, ldb, beta: scalar(letter, beta), ldc };
    product.check()?;
    later(handle, letter, move |e| product.run(e, a, b, c))
}

/// Products of one type into another: int8 only from whole fours of bytes.
pub(super) fn gemm_ex(
    handle: usize,
    flags: (i32, i32),
    shape: (i64, i64, i64),
    numbers: (usize, usize),
    [(a, atype, lda), (b, btype, ldb), (c, ctype, ldc)]: [(u64, i32, i64); 3],
    compute: i32,
    algorithm: i32,
) -> Outcome {
    let (Some(from), Some(to)) = (letter_of(atype), letter_of(ctype)) else { return Err(NOT_SUPPORTED) };
    let known = matches!((from, to, compute), ('h', 'h' | 'S', 68) | ('w', 'w' | 'S', 68) | ('b', 'S', 68) | ('b', 'i', 72));
    let fours = from != 'b' || [a, b, lda as u64, ldb as u64].iter().all(|at| at % 4 == 0);
    if atype != btype || !known || !fours || algorithm != -1 {
        return Err(NOT_SUPPORTED);
    }
    let kind = if compute == 72 { 'i' } else { 'S' };
    let product = Product { flags, shape, alpha: scalar(kind, numbers.0), lda, ldb, beta: scalar(kind, numbers.1), ldc };
    product.check()?;
    let (m, n, k) = shape;
    later(handle, from, move |e| {
        let made = e.op(flags.0, a, lda, m, k)?.times(&e.op(flags.1, b, ldb, k, n)?);
        e.letter = to;
        add(e, product.alpha, &made, product.beta, (c, ldc))
    })
}

fn self_mm(
    letter: char,
    handle: usize,
    (side, uplo, hermitian): (i32, i32, bool),
    (m, n): (i64, i64),
    alpha: usize,
    (a, lda): (u64, i64),
    (b, ldb): (u64, i64),
    beta: usize,
    c: (u64, i64),
) -> Outcome {
    flags(uplo, 0, side)?;
    let order = if side == 0 { m } else { n };
    leading(lda, order)?;
    leading(ldb, m)?;
    leading(c.1, m)?;
    let (alpha, beta) = (scalar(letter, alpha), scalar(letter, beta));
    later(handle, letter, move |e| {
        let a = e.triangle(Form::Full(a, lda), uplo, order)?.whole(uplo, hermitian);
        let b = e.matrix(b, ldb, m, n)?;
        let product = if side == 0 { a.times(&b) } else { b.times(&a) };
        add(e, alpha, &product, beta, c)
    })
}

pub(super) fn symm(
    letter: char,
    handle: usize,
    side: i32,
    uplo: i32,
    m: i64,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    b: u64,
    ldb: i64,
    beta: usize,
    c: u64,
    ldc: i64,
) -> Outcome {
    self_mm(letter, handle, (side, uplo, false), (m, n), alpha, (a, lda), (b, ldb), beta, (c, ldc))
}
pub(super) fn hemm(
    letter: char,
    handle: usize,
    side: i32,
    uplo: i32,
    m: i64,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    b: u64,
    ldb: i64,
    beta: usize,
    c: u64,
    ldc: i64,
) -> Outcome {
    self_mm(letter, handle, (side, uplo, true), (m, n), alpha, (a, lda), (b, ldb), beta, (c, ldc))
}

/// The updates: of one matrix, of two in both orders, or of two in one.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    One,
    Both,
    Product,
}

fn update(
    letter: char,
    handle: usize,
    kind: Kind,
    (uplo, trans, hermitian): (i32, i32, bool),
    (n, k): (i64, i64),
    alpha: Z,
    (a, lda): (u64, i64),
    (b, ldb): (u64, i64),
    beta: Z,
    (c, ldc): (u64, i64),
) -> Outcome {
    flags(uplo, trans, 0)?;
    // The plain transpose of a Hermitian update, and the conjugate one of a complex symmetric, are none.
    need(if hermitian { trans != 1 } else { trans != 2 || matches!(letter, 'S' | 'D') })?;
    leading(lda, rows_of(trans, n, k))?;
    leading(ldb, rows_of(trans, n, k))?;
    leading(ldc, n)?;
    later(handle, letter, move |e| {
        let turn = if hermitian { 2 } else { 1 };
        let left = e.op(trans, a, lda, n, k)?;
        let right = if kind == Kind::One { left.clone() } else { e.op(trans, b, ldb, n, k)? };
        let first = left.times(&right.op(turn));
        let second = right.times(&left.op(turn));
        for j in 0..n {
            for i in 0..n {
                if if uplo == 1 { i > j } else { i < j } {
                    continue;
                }
                let old = if beta == ZERO { ZERO } else { beta * e.get(c, i + j * ldc)? };
                let mut sum = alpha * first.get(i, j) + old;
                if kind == Kind::Both {
                    sum = sum + alpha.conj_if(hermitian) * second.get(i, j);
                }
                e.set(c, i + j * ldc, if hermitian && i == j { Z(sum.0, 0.0) } else { sum })?;
            }
        }
        Ok(())
    })
}

pub(super) fn syrk(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    beta: usize,
    c: u64,
    ldc: i64,
) -> Outcome {
    update(letter, handle, Kind::One, (uplo, trans, false), (n, k), scalar(letter, alpha), (a, lda), (a, lda), scalar(letter, beta), (c, ldc))
}
pub(super) fn herk(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
    n: i64,
    k: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    beta: usize,
    c: u64,
    ldc: i64,
) -> Outcome {
    update(letter, handle, Kind::One, (uplo, trans, true), (n, k), real(letter, alpha), (a, lda), (a, lda), real(letter, beta), (c, ldc))
}
pub(super) fn syr2k(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
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
) -> Outcome {
    update(letter, handle, Kind::Both, (uplo, trans, false), (n, k), scalar(letter, alpha), (a, lda), (b, ldb), scalar(letter, beta), (c, ldc))
}
pub(super) fn her2k(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
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
) -> Outcome {
    update(letter, handle, Kind::Both, (uplo, trans, true), (n, k), scalar(letter, alpha), (a, lda), (b, ldb), real(letter, beta), (c, ldc))
}
pub(super) fn syrkx(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
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
) -> Outcome {
    update(letter, handle, Kind::Product, (uplo, trans, false), (n, k), scalar(letter, alpha), (a, lda), (b, ldb), scalar(letter, beta), (c, ldc))
}
pub(super) fn herkx(
    letter: char,
    handle: usize,
    uplo: i32,
    trans: i32,
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
) -> Outcome {
    update(letter, handle, Kind::Product, (uplo, trans, true), (n, k), scalar(letter, alpha), (a, lda), (b, ldb), real(letter, beta), (c, ldc))
}

/// op(A) B or B op(A), or with the inverse; A triangular.
pub(super) fn beside(
    e: &mut Elements<'_>,
    (side, uplo, trans, diag): (i32, i32, i32, i32),
    alpha: Z,
    (a, lda): (u64, i64),
    b: &Dense,
    solve: bool,
) -> Outcome<Dense> {
    let order = if side == 0 { b.rows } else { b.cols };
    let a = e.triangle(Form::Full(a, lda), uplo, order)?.unit_if(diag == 1).op(trans);
    let mut scaled = b.clone();
    for j in 0..b.cols {
        for i in 0..b.rows {
            scaled.set(i, j, alpha * b.get(i, j));
        }
    }
    Ok(match (side == 0, solve) {
        (true, false) => a.times(&scaled),
        (false, false) => scaled.times(&a),
        (true, true) => a.solve(scaled),
        // X A = B is Aᵀ Xᵀ = Bᵀ.
        (false, true) => a.op(1).solve(scaled.op(1)).op(1),
    })
}

fn check_beside((side, uplo, trans, diag): (i32, i32, i32, i32), (m, n): (i64, i64), lda: i64, ldb: i64) -> Outcome {
    flags(uplo, trans, diag)?;
    need((0..=1).contains(&side) && n >= 0)?;
    leading(lda, if side == 0 { m } else { n })?;
    leading(ldb, m)
}

pub(super) fn trmm(
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
    c: u64,
    ldc: i64,
) -> Outcome {
    let options = (side, uplo, trans, diag);
    check_beside(options, (m, n), lda, ldb)?;
    leading(ldc, m)?;
    let alpha = scalar(letter, alpha);
    later(handle, letter, move |e| {
        let b = e.matrix(b, ldb, m, n)?;
        let made = beside(e, options, alpha, (a, lda), &b, false)?;
        e.set_matrix(c, ldc, &made)
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
) -> Outcome {
    let options = (side, uplo, trans, diag);
    check_beside(options, (m, n), lda, ldb)?;
    let alpha = scalar(letter, alpha);
    later(handle, letter, move |e| {
        let given = e.matrix(b, ldb, m, n)?;
        let made = beside(e, options, alpha, (a, lda), &given, true)?;
        e.set_matrix(b, ldb, &made)
    })
}

pub(super) fn geam(
    letter: char,
    handle: usize,
    transa: i32,
    transb: i32,
    m: i64,
    n: i64,
    alpha: usize,
    a: u64,
    lda: i64,
    beta: usize,
    b: u64,
    ldb: i64,
    c: u64,
    ldc: i64,
) -> Outcome {
    flags(0, transa, 0)?;
    flags(0, transb, 0)?;
    leading(lda, rows_of(transa, m, n))?;
    leading(ldb, rows_of(transb, m, n))?;
    leading(ldc, m)?;
    // In place is only what lies alike.
    need((a != c || transa == 0 && lda == ldc) && (b != c || transb == 0 && ldb == ldc))?;
    let (alpha, beta) = (scalar(letter, alpha), scalar(letter, beta));
    later(handle, letter, move |e| {
        let left = if alpha == ZERO { Dense::zeros(m, n) } else { e.op(transa, a, lda, m, n)? };
        let right = if beta == ZERO { Dense::zeros(m, n) } else { e.op(transb, b, ldb, m, n)? };
        let mut sum = Dense::zeros(m, n);
        for j in 0..n {
            for i in 0..m {
                sum.set(i, j, alpha * left.get(i, j) + beta * right.get(i, j));
            }
        }
        add(e, ONE, &sum, ZERO, (c, ldc))
    })
}

pub(super) fn dgmm(letter: char, handle: usize, side: i32, m: i64, n: i64, a: u64, lda: i64, x: u64, incx: i64, c: u64, ldc: i64) -> Outcome {
    need((0..=1).contains(&side))?;
    leading(lda, m)?;
    leading(ldc, m)?;
    later(handle, letter, move |e| {
        let a = e.matrix(a, lda, m, n)?;
        let x = e.vector(x, incx, if side == 0 { m } else { n })?;
        let mut made = Dense::zeros(m, n);
        for j in 0..n {
            for i in 0..m {
                made.set(i, j, a.get(i, j) * x[if side == 0 { i } else { j } as usize]);
            }
        }
        e.set_matrix(c, ldc, &made)
    })
}

pub(super) fn tpttr(letter: char, handle: usize, uplo: i32, n: i32, ap: u64, a: u64, lda: i32) -> Outcome {
    flags(uplo, 0, 0)?;
    leading(lda.into(), n.into())?;
    later(handle, letter, move |e| {
        let triangle = e.triangle(Form::Packed(ap), uplo, n.into())?;
        e.set_triangle(Form::Full(a, lda.into()), uplo, &triangle)
    })
}

pub(super) fn trttp(letter: char, handle: usize, uplo: i32, n: i32, a: u64, lda: i32, ap: u64) -> Outcome {
    flags(uplo, 0, 0)?;
    leading(lda.into(), n.into())?;
    later(handle, letter, move |e| {
        let triangle = e.triangle(Form::Full(a, lda.into()), uplo, n.into())?;
        e.set_triangle(Form::Packed(ap), uplo, &triangle)
    })
}
