//! Products of low-precision matrices by cuBLAS: float16 and bfloat16 summed in float32, int8 in int32 or float32.
//!
//! Calls are judged here as on the CPU. int8 is taken in fours: a matrix whose columns do not begin at multiples of four bytes is copied to one where they do.
#![allow(unsafe_code)]

use std::any::TypeId;
use std::ffi::c_int;

use half::{bf16, f16};
use verdigris_device::layout::{Layout, Order};

use super::Cuda;
use super::memory::{Columns, Flag, Run, as_columns, as_rows, at, layout, number};
use crate::error::Error;
use crate::mixed::{Low, Narrow, judged};
use crate::operand::Trans;
use crate::view::{MatMut, MatRef};

/// `CUDA_R_8I` and `CUDA_R_32I`.
const INT8: c_int = 3;
const INT32: c_int = 10;

/// `cudaDataType_t` of an element that float32 holds: float32, float16, bfloat16 or int8, which the trait is sealed over.
fn number_of<T: Low>() -> c_int {
    let of = TypeId::of::<T>();
    if of == TypeId::of::<f16>() {
        2
    } else if of == TypeId::of::<bf16>() {
        14
    } else if of == TypeId::of::<i8>() {
        INT8
    } else {
        0
    }
}

/// `CUBLAS_COMPUTE_32F` and `CUBLAS_COMPUTE_32I`.
const FLOAT: c_int = 68;
const INT: c_int = 72;
/// `CUBLAS_GEMM_DEFAULT`.
const DEFAULT: c_int = -1;

impl Cuda {
    /// As [`crate::gemm_low`], in the GPU's memory.
    ///
    /// # Errors
    /// Shapes do not fit, C shares memory with A or B; the driver's and cuBLAS's.
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    pub fn gemm_low<I: Low, O: Narrow>(
        &self,
        transa: Trans,
        transb: Trans,
        alpha: f32,
        a: MatRef<'_, I>,
        b: MatRef<'_, I>,
        beta: f32,
        c: MatMut<'_, O>,
    ) -> Result<(), Error> {
        let (a, b) = judged([transa, transb], a, b, &c)?;
        self.run("gemm_ex")?.low((number(&alpha), number(&beta), beta != 0.0), (number_of::<I>(), number_of::<O>(), FLOAT), a, b, c)
    }

    /// As [`crate::gemm_int`], in the GPU's memory.
    ///
    /// # Errors
    /// As [`Cuda::gemm_low`].
    #[expect(clippy::too_many_arguments, reason = "BLAS's own")]
    pub fn gemm_int(
        &self,
        transa: Trans,
        transb: Trans,
        alpha: i32,
        a: MatRef<'_, i8>,
        b: MatRef<'_, i8>,
        beta: i32,
        c: MatMut<'_, i32>,
    ) -> Result<(), Error> {
        let (a, b) = judged([transa, transb], a, b, &c)?;
        self.run("gemm_ex")?.low((number(&alpha), number(&beta), beta != 0), (INT8, INT32, INT), a, b, c)
    }
}

impl Run<'_> {
    /// A matrix column after column (`rows`: row after row), copied where it does not lie so, or its columns do not begin at multiples of so many bytes.
    fn plain<T: Copy>(&mut self, m: MatRef<'_, T>, rows: bool, multiple: usize) -> Result<Columns, Error> {
        let found = if rows { as_rows(m) } else { as_columns(m) };
        let size = size_of::<T>();
        let even = |found: &Columns| found.at.is_multiple_of(multiple.max(1) as u64) && (found.ld as usize * size).is_multiple_of(multiple);
        if let Some(found) = found.filter(even) {
            return Ok(found);
        }
        let m = if rows { m.transposed() } else { m };
        let (r, c) = m.shape();
        let ld = (r.max(1) * size).next_multiple_of(multiple.max(size)) / size;
        let to = self.memory(ld * c * size)?;
        if !m.is_empty() {
            self.not_broadcast(&[r, c], &[m.row_stride(), m.col_stride()])?;
            let made = layout(&[r, c], &[1, ld as isize], size)?;
            let from = layout(&[r, c], &[m.row_stride(), m.col_stride()], size)?;
            self.move_to((to, &made), (at(m.as_ptr()), &from))?;
        }
        Ok(Columns { at: to, ld: ld as i64 })
    }

    fn low<I: Copy, O: Copy>(
        mut self,
        (alpha, beta, reads): (super::sys::Number, super::sys::Number, bool),
        (from, to, compute): (c_int, c_int, c_int),
        a: MatRef<'_, I>,
        b: MatRef<'_, I>,
        call: MatMut<'_, O>,
    ) -> Result<(), Error> {
        let result = call.rb();
        if result.is_empty() {
            return Ok(());
        }
        let (rows, found) = match (as_columns(result), as_rows(result)) {
            (Some(found), _) => (false, Some(found)),
            (None, Some(found)) => (true, Some(found)),
            (None, None) => (false, None),
        };
        let c = match found {
            Some(found) => found,
            None => {
                let (r, cols) = result.shape();
                let dense = Layout::contiguous(&[r, cols], size_of::<O>(), Order::F)?;
                let place = layout(&[r, cols], &[result.row_stride(), result.col_stride()], size_of::<O>())?;
                let made = self.memory(dense.nbytes())?;
                if reads {
                    self.move_to((made, &dense), (at(result.as_ptr()), &place))?;
                }
                self.back.push(((made, dense), (at(result.as_ptr()), place)));
                Columns { at: made, ld: r.max(1) as i64 }
            }
        };
        let (a, b) = if rows { (b.transposed(), a.transposed()) } else { (a, b) };
        let (m, n, k) = (a.rows() as i64, b.cols() as i64, a.cols() as i64);
        let multiple = if size_of::<I>() == 1 { 4 } else { 1 };
        let mut factor = |x: MatRef<'_, I>| -> Result<(Flag, Columns), Error> {
            let turned = as_columns(x).is_none() && as_rows(x).is_some();
            Ok((if turned { Flag::T } else { Flag::N }, self.plain(x, turned, multiple)?))
        };
        let ((fa, a), (fb, b)) = (factor(a)?, factor(b)?);
        // SAFETY: matrices on the stream's device that are m x k, k x n and m x n as their flags say, of the types said; the numbers are of the computation's type.
        self.end(|library, handle| unsafe {
            let (fa, fb) = (fa as c_int, fb as c_int);
            library.core.cublasGemmEx_64(handle, fa, fb, m, n, k, alpha, a.at, from, a.ld, b.at, from, b.ld, beta, c.at, to, c.ld, compute, DEFAULT)
        })
    }
}
