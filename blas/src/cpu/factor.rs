//! Factorizations of one matrix: recursive LU over products and triangular solutions, QR by reflectors.
//!
//! LU is Toledo's recursion over columns; QR is LAPACK's `geqr2` with its convention of reflectors `I - τ v vᴴ`, v₁ = 1, applied conjugated.

use super::matmat::{Triangle, multiply_here, tri_solve};
use super::vector;
use crate::operand::{Trans, Uplo};
use crate::scalar::{Real, Scalar};
use crate::view::{MatMut, MatRef};

/// Columns that are factored one by one.
const LEAF: usize = 8;

fn exchange_rows<T: Scalar>(mut a: MatMut<'_, T>, i: usize, j: usize) {
    if i != j {
        for col in 0..a.cols() {
            let (x, y) = (a.get(i, col), a.get(j, col));
            a.set(i, col, y);
            a.set(j, col, x);
        }
    }
}

/// `A = P L U` in place, without exchanges where no pivots are asked for; the number of the first zero pivot, or 0.
pub(super) fn lu<T: Scalar>(mut a: MatMut<'_, T>, mut pivots: Option<&mut [i32]>) -> i32 {
    let (rows, n) = a.shape();
    if n <= LEAF {
        let mut info = 0;
        for j in 0..n.min(rows) {
            if let Some(pivots) = pivots.as_deref_mut() {
                let below = vector::amax(a.rb().col(j).part(j..rows)).unwrap_or(0) + j;
                pivots[j] = below as i32;
                exchange_rows(a.rb_mut(), j, below);
            }
            let pivot = a.get(j, j);
            if pivot == T::ZERO {
                if info == 0 {
                    info = j as i32 + 1;
                }
                continue;
            }
            for i in j + 1..rows {
                let factor = a.get(i, j).over(pivot);
                a.set(i, j, factor);
                for col in j + 1..n {
                    let value = a.get(i, col) - factor * a.get(j, col);
                    a.set(i, col, value);
                }
            }
        }
        return info;
    }
    let h = n / 2;
    let (left, right) = a.rb_mut().split_cols(h);
    let first = lu(left, pivots.as_deref_mut().map(|p| &mut p[..h]));
    if let Some(pivots) = pivots.as_deref() {
        let mut right = right;
        (0..h).for_each(|i| exchange_rows(right.rb_mut(), i, pivots[i] as usize));
    }
    let (left, right) = a.rb_mut().split_cols(h);
    let (mut above, mut below) = right.split_rows(h);
    let left = left.rb();
    tri_solve(Triangle::new(left.part(0..h, 0..h), Uplo::Lower, Trans::No, true), T::ONE, above.rb_mut());
    multiply_here(-T::ONE, left.part(h..rows, 0..h).n(), above.rb().n(), T::ONE, below.rb_mut());
    let second = lu(below, pivots.as_deref_mut().map(|p| &mut p[h..n]));
    if let Some(pivots) = pivots {
        let (left, _) = a.split_cols(h);
        let (_, mut lower) = left.split_rows(h);
        for (i, pivot) in pivots[h..n].iter_mut().enumerate() {
            exchange_rows(lower.rb_mut(), i, *pivot as usize);
            *pivot += h as i32;
        }
    }
    match (first, second) {
        (0, 0) => 0,
        (0, second) => second + h as i32,
        (first, _) => first,
    }
}

/// `B ← op(A)⁻¹ B` with the factors of A.
pub(super) fn solve<T: Scalar>(trans: Trans, lu: MatRef<'_, T>, pivots: Option<&[i32]>, mut b: MatMut<'_, T>) {
    let n = lu.rows();
    if n == 0 || b.cols() == 0 {
        return;
    }
    let lower = Triangle::new(lu, Uplo::Lower, trans, true);
    let upper = Triangle::new(lu, Uplo::Upper, trans, false);
    let pivots = pivots.unwrap_or(&[]);
    if trans == Trans::No {
        pivots.iter().enumerate().for_each(|(i, &p)| exchange_rows(b.rb_mut(), i, p as usize));
        tri_solve(lower, T::ONE, b.rb_mut());
        tri_solve(upper, T::ONE, b);
    } else {
        tri_solve(upper, T::ONE, b.rb_mut());
        tri_solve(lower, T::ONE, b.rb_mut());
        pivots.iter().enumerate().rev().for_each(|(i, &p)| exchange_rows(b.rb_mut(), i, p as usize));
    }
}

/// `C ← (I - τ v vᴴ) C`, v being 1 and then the column.
fn reflect<T: Scalar>(tau: T, v: &[T], mut c: MatMut<'_, T>) {
    if tau == T::ZERO {
        return;
    }
    for j in 0..c.cols() {
        let mut column = c.rb_mut().col(j);
        let mut sum = column.get(0);
        for (i, v) in v.iter().enumerate() {
            sum += v.conj() * column.get(i + 1);
        }
        let factor = tau * sum;
        column.set(0, column.get(0) - factor);
        for (i, v) in v.iter().enumerate() {
            let value = column.get(i + 1) - factor * *v;
            column.set(i + 1, value);
        }
    }
}

/// `A = Q R` in place.
pub(super) fn qr<T: Scalar>(mut a: MatMut<'_, T>, tau: &mut [T]) {
    let (m, n) = a.shape();
    for (j, tau) in tau.iter_mut().enumerate() {
        let mut column = a.rb_mut().col(j).part(j..m);
        let head = column.get(0);
        let below = vector::nrm2(column.rb().part(1..m - j));
        if below == T::Real::ZERO && head.im() == T::Real::ZERO {
            *tau = T::ZERO;
            continue;
        }
        // The norm of both, without overflow.
        let size = head.modulus().max_of(below);
        let (p, q) = (head.modulus() / size, below / size);
        let beta = -(size * (p * p + q * q).sqrt()).copysign(head.re());
        *tau = T::from_parts((beta - head.re()) / beta, -head.im() / beta);
        let divisor = head - T::from_real(beta);
        column.set(0, T::from_real(beta));
        column.part(1..m - j).map(|_, value| value.over(divisor));
        let v = a.rb().col(j).part(j + 1..m).to_vec();
        // Applied from the left is Hᴴ.
        reflect(tau.conj(), &v, a.rb_mut().part(j..m, j + 1..n));
    }
}

/// `min ‖AX - B‖`; the number of the first zero on R's diagonal, or 0.
pub(super) fn least_squares<T: Scalar>(mut a: MatMut<'_, T>, mut b: MatMut<'_, T>) -> i32 {
    let (m, n) = a.shape();
    let mut tau = vec![T::ZERO; n];
    qr(a.rb_mut(), &mut tau);
    if let Some(j) = (0..n).find(|&j| a.get(j, j) == T::ZERO) {
        return j as i32 + 1;
    }
    let cols = b.cols();
    for (j, tau) in tau.iter().enumerate() {
        let v = a.rb().col(j).part(j + 1..m).to_vec();
        reflect(tau.conj(), &v, b.rb_mut().part(j..m, 0..cols));
    }
    if n > 0 && cols > 0 {
        tri_solve(Triangle::new(a.rb().part(0..n, 0..n), Uplo::Upper, Trans::No, false), T::ONE, b.part(0..n, 0..cols));
    }
    0
}
