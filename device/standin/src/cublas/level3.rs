//! Level 3 and extensions.

use super::element::{Dense, Elements, Form, Matrix, ONE, Vector, Z, ZERO, letter_of};
use super::{Call, NOT_SUPPORTED, flags, leading, need};
use crate::state::Outcome;

/// C = alpha P + beta C, the old C not read where beta is 0.
fn add(e: &mut Elements<'_>, alpha: Z, product: &Dense, beta: Z, (c, ldc): Matrix) -> Outcome {
    for j in 0..product.cols {
        for i in 0..product.rows {
            let old = if beta == ZERO { ZERO } else { beta * e.get(c, i + j * ldc)? };
            e.set(c, i + j * ldc, alpha * product.get(i, j) + old)?;
        }
    }
    Ok(())
}

fn rows_of(flag: i32, rows: i64, cols: i64) -> i64 {
    if flag == 0 { rows } else { cols }
}

/// alpha op(A) op(B) + beta C, but for its places.
pub(super) struct Product {
    pub(super) flags: (i32, i32),
    pub(super) shape: (i64, i64, i64),
    pub(super) alpha: Z,
    pub(super) beta: Z,
}

impl Product {
    pub(super) fn check(&self, lda: i64, ldb: i64, ldc: i64) -> Outcome {
        let (m, n, k) = self.shape;
        flags(0, self.flags.0, 0)?;
        flags(0, self.flags.1, 0)?;
        need(n >= 0 && k >= 0)?;
        leading(lda, rows_of(self.flags.0, m, k))?;
        leading(ldb, rows_of(self.flags.1, k, n))?;
        leading(ldc, m)
    }

    pub(super) fn run(&self, e: &mut Elements<'_>, a: Matrix, b: Matrix, c: Matrix) -> Outcome {
        let (m, n, k) = self.shape;
        let product = if self.alpha == ZERO { Dense::zeros(m, n) } else { e.op(self.flags.0, a, m, k)?.times(&e.op(self.flags.1, b, k, n)?) };
        add(e, self.alpha, &product, self.beta, c)
    }
}

pub(super) fn gemm(call: Call, flags: (i32, i32), shape: (i64, i64, i64), alpha: usize, a: Matrix, b: Matrix, beta: usize, c: Matrix) -> Outcome {
    let product = Product { flags, shape, alpha: call.scalar(alpha), beta: call.scalar(beta) };
    product.check(a.1, b.1, c.1)?;
    call.later(move |e| product.run(e, a, b, c))
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
    let sums = Call { letter: if compute == 72 { 'i' } else { 'S' }, handle };
    let product = Product { flags, shape, alpha: sums.scalar(numbers.0), beta: sums.scalar(numbers.1) };
    product.check(lda, ldb, ldc)?;
    let (m, n, k) = shape;
    Call { letter: from, handle }.later(move |e| {
        let made = e.op(flags.0, (a, lda), m, k)?.times(&e.op(flags.1, (b, ldb), k, n)?);
        e.letter = to;
        add(e, product.alpha, &made, product.beta, (c, ldc))
    })
}

/// The product of a symmetric or Hermitian matrix and another, in the order of the side.
pub(super) fn self_mm(
    call: Call,
    (side, uplo, hermitian): (i32, i32, bool),
    (m, n): (i64, i64),
    alpha: usize,
    a: Matrix,
    b: Matrix,
    beta: usize,
    c: Matrix,
) -> Outcome {
    flags(uplo, 0, side)?;
    let (a, order) = (Form::Full(a), if side == 0 { m } else { n });
    a.check(order)?;
    leading(b.1, m)?;
    leading(c.1, m)?;
    let (alpha, beta) = (call.scalar(alpha), call.scalar(beta));
    call.later(move |e| {
        let a = e.triangle(a, uplo, order)?.whole(uplo, hermitian);
        let b = e.matrix(b, m, n)?;
        let product = if side == 0 { a.times(&b) } else { b.times(&a) };
        add(e, alpha, &product, beta, c)
    })
}

/// The updates: of one matrix, of two in both orders, or of two in one.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Update {
    One,
    Both,
    Product,
}

/// A triangle of C from op(A) op(B)ᴴ, or without conjugates; B is A where the update is of one.
pub(super) fn update(
    call: Call,
    kind: Update,
    (uplo, trans, hermitian): (i32, i32, bool),
    (n, k): (i64, i64),
    alpha: Z,
    a: Matrix,
    b: Matrix,
    beta: Z,
    (c, ldc): Matrix,
) -> Outcome {
    flags(uplo, trans, 0)?;
    // The plain transpose of a Hermitian update, and the conjugate one of a complex symmetric, are none.
    need(if hermitian { trans != 1 } else { trans != 2 || matches!(call.letter, 'S' | 'D') })?;
    leading(a.1, rows_of(trans, n, k))?;
    leading(b.1, rows_of(trans, n, k))?;
    leading(ldc, n)?;
    call.later(move |e| {
        let turn = if hermitian { 2 } else { 1 };
        let left = e.op(trans, a, n, k)?;
        let right = if kind == Update::One { left.clone() } else { e.op(trans, b, n, k)? };
        let first = left.times(&right.op(turn));
        let second = right.times(&left.op(turn));
        for j in 0..n {
            for i in 0..n {
                if if uplo == 1 { i > j } else { i < j } {
                    continue;
                }
                let old = if beta == ZERO { ZERO } else { beta * e.get(c, i + j * ldc)? };
                let mut sum = alpha * first.get(i, j) + old;
                if kind == Update::Both {
                    sum = sum + alpha.conj_if(hermitian) * second.get(i, j);
                }
                e.set(c, i + j * ldc, if hermitian && i == j { Z(sum.0, 0.0) } else { sum })?;
            }
        }
        Ok(())
    })
}

/// alpha op(A) B or alpha B op(A), or with the inverse, A triangular; but for its places.
pub(super) struct Beside {
    /// Side, triangle, transpose, diagonal.
    pub(super) options: (i32, i32, i32, i32),
    pub(super) shape: (i64, i64),
    pub(super) alpha: Z,
    pub(super) solve: bool,
}

impl Beside {
    /// The rows and columns of A.
    fn order(&self) -> i64 {
        if self.options.0 == 0 { self.shape.0 } else { self.shape.1 }
    }

    pub(super) fn check(&self, lda: i64, ldb: i64, ldc: i64) -> Outcome {
        let ((side, uplo, trans, diag), (m, n)) = (self.options, self.shape);
        flags(uplo, trans, diag)?;
        need((0..=1).contains(&side) && n >= 0)?;
        leading(lda, self.order())?;
        leading(ldb, m)?;
        leading(ldc, m)
    }

    pub(super) fn run(&self, e: &mut Elements<'_>, a: Matrix, b: Matrix, c: Matrix) -> Outcome {
        let ((side, uplo, trans, diag), (m, n)) = (self.options, self.shape);
        let a = e.triangle(Form::Full(a), uplo, self.order())?.unit_if(diag == 1).op(trans);
        let mut scaled = e.matrix(b, m, n)?;
        for j in 0..n {
            for i in 0..m {
                scaled.set(i, j, self.alpha * scaled.get(i, j));
            }
        }
        let made = match (side == 0, self.solve) {
            (true, false) => a.times(&scaled),
            (false, false) => scaled.times(&a),
            (true, true) => a.solve(scaled),
            // X A = B is Aᵀ Xᵀ = Bᵀ.
            (false, true) => a.op(1).solve(scaled.op(1)).op(1),
        };
        e.set_matrix(c, &made)
    }
}

pub(super) fn beside(
    call: Call,
    options: (i32, i32, i32, i32),
    shape: (i64, i64),
    alpha: usize,
    a: Matrix,
    solve: bool,
    b: Matrix,
    c: Matrix,
) -> Outcome {
    let beside = Beside { options, shape, alpha: call.scalar(alpha), solve };
    beside.check(a.1, b.1, c.1)?;
    call.later(move |e| beside.run(e, a, b, c))
}

pub(super) fn geam(
    call: Call,
    (transa, transb): (i32, i32),
    (m, n): (i64, i64),
    alpha: usize,
    a: Matrix,
    beta: usize,
    b: Matrix,
    c: Matrix,
) -> Outcome {
    flags(0, transa, 0)?;
    flags(0, transb, 0)?;
    leading(a.1, rows_of(transa, m, n))?;
    leading(b.1, rows_of(transb, m, n))?;
    leading(c.1, m)?;
    // In place is only what lies alike.
    need((a.0 != c.0 || transa == 0 && a.1 == c.1) && (b.0 != c.0 || transb == 0 && b.1 == c.1))?;
    let (alpha, beta) = (call.scalar(alpha), call.scalar(beta));
    call.later(move |e| {
        let left = if alpha == ZERO { Dense::zeros(m, n) } else { e.op(transa, a, m, n)? };
        let right = if beta == ZERO { Dense::zeros(m, n) } else { e.op(transb, b, m, n)? };
        let mut sum = Dense::zeros(m, n);
        for j in 0..n {
            for i in 0..m {
                sum.set(i, j, alpha * left.get(i, j) + beta * right.get(i, j));
            }
        }
        add(e, ONE, &sum, ZERO, c)
    })
}

pub(super) fn dgmm(call: Call, side: i32, (m, n): (i64, i64), a: Matrix, x: Vector, c: Matrix) -> Outcome {
    need((0..=1).contains(&side))?;
    leading(a.1, m)?;
    leading(c.1, m)?;
    call.later(move |e| {
        let a = e.matrix(a, m, n)?;
        let x = e.vector(x, if side == 0 { m } else { n })?;
        let mut made = Dense::zeros(m, n);
        for j in 0..n {
            for i in 0..m {
                made.set(i, j, a.get(i, j) * x[if side == 0 { i } else { j } as usize]);
            }
        }
        e.set_matrix(c, &made)
    })
}

/// A triangle from one form of storage to another.
pub(super) fn restore(call: Call, uplo: i32, n: i32, from: Form, to: Form) -> Outcome {
    let n = n.into();
    flags(uplo, 0, 0)?;
    from.check(n)?;
    to.check(n)?;
    call.later(move |e| {
        let triangle = e.triangle(from, uplo, n)?;
        e.set_triangle(to, uplo, &triangle)
    })
}
