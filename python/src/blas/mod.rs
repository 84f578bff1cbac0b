//! BLAS on NumPy's and device arrays.
//!
//! Owns the entries that `verdigris/blas` calls: [`gemm`] and [`vectors`], with a fast way for plain arrays, [`routines`] for every routine by its name, and [`mixed`] for low
//! precision. The Python side has made arrays of
//! all operands; [`operand`] takes them apart and judges what is NumPy's affair (dtypes, dimensions, write flags), and shapes and shared
//! memory are judged by `verdigris-blas`. The GIL is released while a routine runs.

mod gemm;
mod mixed;
mod operand;
mod routines;
mod vectors;

pub(crate) use gemm::blas_gemm;
pub(crate) use mixed::blas_mixed;
pub(crate) use routines::{blas_rotg, blas_rotmg, blas_run};
pub(crate) use vectors::{blas_asum, blas_axpy, blas_dot, blas_dotc, blas_gemv, blas_ger, blas_nrm2};
