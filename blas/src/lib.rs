//! cuBLAS's routines, on a CPU and by cuBLAS itself on a GPU, over matrix views with any strides.
//!
//! Matrices stand in the mathematical view: element (i, j) is where a view's strides say, so row-major, column-major and strided memory give the same result and nothing is
//! transposed behind your back.
//!
//! ```
//! use verdigris_blas::{Cpu, MatMut, MatRef, gemm};
//!
//! let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // 2 x 3, row after row
//! let mut c = [0.0; 9];
//! let view = MatRef::row_major(&a, 2, 3)?;
//! gemm(&Cpu, 1.0, view.t(), view.n(), 0.0, MatMut::row_major(&mut c, 3, 3)?)?;
//! assert_eq!(c, [17.0, 22.0, 27.0, 22.0, 29.0, 36.0, 27.0, 36.0, 45.0]);
//!
//! let wrong = gemm(&Cpu, 1.0, view.n(), view.n(), 0.0, MatMut::row_major(&mut c, 2, 3)?);
//! assert_eq!(wrong.unwrap_err().to_string(), "gemm: `b` has shape (2, 3), and the other operands ask for (3, 3)");
//! # Ok::<(), verdigris_blas::Error>(())
//! ```
//!
//! # How a call goes
//!
//! A free function (`gemm`, `trsm`, …) builds a call value, whose constructor is the one place that judges shapes, strides and shared memory; then it hands the value to a
//! [`Backend`], which re-checks nothing. β = 0 means that the old output is not read; α = 0 that A and B are not. Results do not depend on the number of threads.
//!
//! # Threads
//!
//! Large calls are split over the process's pool (`verdigris_device::pool`), whose size is `VERDIGRIS_NUM_THREADS`, else `OMP_NUM_THREADS`, else the processors there are.
//!
//! # On a GPU
//!
//! [`Cuda`] is NVIDIA's cuBLAS on a stream: the same calls over views of a GPU's memory, C order by transposition, copies (on the GPU) only of what cuBLAS cannot be told.
//!
//! # Another BLAS
//!
//! `VERDIGRIS_BLAS=mkl`, `openblas` or a library's path has [`Cpu`] run `gemm`, `syrk`, `herk` and `trsm` by that library's CBLAS where the strides allow; the default is this crate's own.

mod backend;
mod batch;
mod check;
mod cpu;
pub mod cuda;
mod dry;
mod error;
mod extension;
mod factor;
mod level1;
mod level2;
mod level3;
mod mixed;
mod operand;
mod overlap;
mod scalar;
mod stack;
mod view;

pub use backend::Backend;
pub use batch::{GemmBatch, TriBatch, gemm_batched, gemm_grouped, trsm_batched};
pub use cpu::Cpu;
pub use cuda::Cuda;
pub use dry::Dry;
pub use error::Error;
pub use extension::{Dgmm, Geam, Pack, Unpack, dgmm, geam, tpttr, trttp};
pub use factor::{Gels, Geqrf, Getrf, Getri, Getrs, gels_batched, geqrf_batched, getrf_batched, getri_batched, getrs_batched};
pub use half;
pub use level1::{Axpy, Copy, Dot, Modified, Rot, Rotm, Swap, amax, amin, asum, axpy, copy, dot, dotc, nrm2, rot, rotg, rotm, rotmg, scal, swap};
pub use level2::{
    Gbmv, Gemv, Ger, SelfMv, SelfRank1, SelfRank2, TriVec, gbmv, gemv, ger, gerc, hbmv, hemv, her, her2, hpmv, hpr, hpr2, sbmv, spmv, spr, spr2,
    symv, syr, syr2, tbmv, tbsv, tpmv, tpsv, trmv, trsv,
};
pub use level3::{Gemm, RankK, SelfMm, TriMat, gemm, gemm3m, hemm, her2k, herk, herkx, symm, syr2k, syrk, syrkx, trmm, trsm};
pub use mixed::{Low, Narrow, gemm_int, gemm_low, judge_low};
pub use num_complex;
pub use operand::{Diag, Op, Side, Stored, StoredMut, Trans, Uplo};
pub use scalar::{Real, Scalar};
pub use stack::{StackMut, StackRef};
pub use view::{MatMut, MatRef, VecMut, VecRef};
