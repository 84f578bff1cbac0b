//! Products of low-precision matrices: float16 and bfloat16 summed in float32, int8 in int32.
//!
//! Owns the checked calls and how the CPU does them: operands widened, the product taken in float32 and rounded once at the end; integers in parts of columns so short that
//! float32 holds every sum exactly. Knows no other routine.

use half::{bf16, f16};

use crate::check::Judge;
use crate::cpu;
use crate::error::Error;
use crate::operand::Trans;
use crate::view::{MatMut, MatRef};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for i8 {}
    impl Sealed for half::f16 {}
    impl Sealed for half::bf16 {}
}

/// An element that float32 holds exactly.
pub trait Low: sealed::Sealed + Copy + Send + Sync + 'static {
    /// As float32.
    fn widen(self) -> f32;
}

/// An element that float32 rounds to.
pub trait Narrow: Low {
    /// Rounded from float32, to nearest even.
    fn narrow(value: f32) -> Self;
}

macro_rules! element {
    ($($t:ty: $widen:path $(, $narrow:path)?;)*) => {$(
        impl Low for $t {
            fn widen(self) -> f32 {
                $widen(self)
            }
        }
        $(impl Narrow for $t {
            fn narrow(value: f32) -> Self {
                $narrow(value)
            }
        })?
    )*};
}

element! {
    i8: f32::from;
    f32: std::convert::identity, std::convert::identity;
    f16: f16::to_f32, f16::from_f32;
    bf16: bf16::to_f32, bf16::from_f32;
}

/// The operands as they are multiplied, once they are judged.
pub(crate) fn judged<'a, I: Low, O: Copy>(
    trans: [Trans; 2],
    a: MatRef<'a, I>,
    b: MatRef<'a, I>,
    c: &MatMut<'_, O>,
) -> Result<(MatRef<'a, I>, MatRef<'a, I>), Error> {
    let turned = |m: MatRef<'a, I>, trans| if trans == Trans::No { m } else { m.transposed() };
    let (judge, a, b) = (Judge("gemm"), turned(a, trans[0]), turned(b, trans[1]));
    judge.product(a.shape(), b.shape(), c.shape())?;
    judge.apart("c", &c.rb().place(), &[("a", a.place()), ("b", b.place())])?;
    Ok((a, b))
}

/// Judges a product of low-precision matrices, and runs none.
///
/// # Errors
/// Shapes do not fit, or C shares memory with A or B.
pub fn judge_low<I: Low, O: Copy>(transa: Trans, transb: Trans, a: MatRef<'_, I>, b: MatRef<'_, I>, c: &MatMut<'_, O>) -> Result<(), Error> {
    judged([transa, transb], a, b, c).map(|_| ())
}

/// `C ← α op(A) op(B) + βC`, computed in float32 and rounded once to C's type. With β = 0 the old C is not read.
///
/// # Errors
/// Shapes do not fit, C shares memory with A or B, or there is no memory for the wide copies.
pub fn gemm_low<I: Low, O: Narrow>(
    transa: Trans,
    transb: Trans,
    alpha: f32,
    a: MatRef<'_, I>,
    b: MatRef<'_, I>,
    beta: f32,
    mut c: MatMut<'_, O>,
) -> Result<(), Error> {
    let (a, b) = judged([transa, transb], a, b, &c)?;
    let product = cpu::wide_product(a.cols(), a, b)?;
    let product = product.first().map(cpu::Wide::view);
    let sum = |i: usize, j: usize| product.map_or(0.0, |p| p.get(i, j));
    match (alpha == 0.0, beta == 0.0) {
        (true, true) => c.fill_with(|_, _| O::narrow(0.0)),
        (true, false) => c.map(|_, _, old| O::narrow(beta * old.widen())),
        (false, true) => c.fill_with(|i, j| O::narrow(alpha * sum(i, j))),
        (false, false) => c.map(|i, j, old| O::narrow(alpha * sum(i, j) + beta * old.widen())),
    }
    Ok(())
}

/// Products that float32 adds exactly: 1024 of at most 2^14 each make 2^24.
const EXACT: usize = 1024;

/// `C ← α op(A) op(B) + βC` in int32, which wraps. With β = 0 the old C is not read.
///
/// # Errors
/// As [`gemm_low`].
pub fn gemm_int(
    transa: Trans,
    transb: Trans,
    alpha: i32,
    a: MatRef<'_, i8>,
    b: MatRef<'_, i8>,
    beta: i32,
    mut c: MatMut<'_, i32>,
) -> Result<(), Error> {
    let (a, b) = judged([transa, transb], a, b, &c)?;
    let parts = cpu::wide_product(EXACT, a, b)?;
    let parts: Vec<_> = parts.iter().map(cpu::Wide::view).collect();
    let sum = |i: usize, j: usize| parts.iter().fold(0_i32, |sum, part| sum.wrapping_add(part.get(i, j) as i32)).wrapping_mul(alpha);
    if beta == 0 {
        c.fill_with(sum);
    } else {
        c.map(|i, j, old| old.wrapping_mul(beta).wrapping_add(sum(i, j)));
    }
    Ok(())
}
