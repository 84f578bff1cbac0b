//! Products of low-precision arrays.
//!
//! Owns the pairs of types that there are. NumPy has no bfloat16 of its own: such arrays come as uint16.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use verdigris_blas::half::{bf16, f16};
use verdigris_blas::{Cuda, Low, MatMut, MatRef, Narrow, Trans, gemm_int, gemm_low, judge_low};

use super::operand::{FLOAT32, Fault, Operands, Raw, gpu_of};
use crate::cuda;
use crate::error::Class;
use crate::gate;

/// NumPy's numbers of the other types as they come.
const INT8: i32 = 1;
const UINT16: i32 = 4;
const INT32: i32 = 5;
const FLOAT16: i32 = 23;

/// How a call is spelt, apart from its operands.
struct Options {
    flags: (Trans, Trans),
    scale: (f64, f64),
    dry: bool,
}

/// The operands of a product.
type Product<'a, I, O> = (MatRef<'a, I>, MatRef<'a, I>, MatMut<'a, O>);

/// The operands as elements of the call's types; `None` where the call is judged and not run, which has been done then.
fn taken<'a, I: Low, O: Copy>(options: &Options, numbers: (i32, i32), a: &mut Operands<'a>) -> Result<Option<Product<'a, I, O>>, Fault> {
    let (left, right, to) = (a.mat_of("a", numbers.0)?, a.mat_of("b", numbers.0)?, a.mat_mut_of("c", numbers.1)?);
    if options.dry {
        judge_low(options.flags.0, options.flags.1, left, right, &to)?;
        return Ok(None);
    }
    Ok(Some((left, right, to)))
}

fn run<I: Low, O: Narrow>(options: &Options, gpu: Option<&Cuda>, numbers: (i32, i32), a: &mut Operands<'_>) -> Result<(), Fault> {
    let Some((left, right, to)) = taken::<I, O>(options, numbers, a)? else { return Ok(()) };
    let ((ta, tb), (alpha, beta)) = (options.flags, (options.scale.0 as f32, options.scale.1 as f32));
    Ok(match gpu {
        Some(gpu) => gpu.gemm_low(ta, tb, alpha, left, right, beta, to),
        None => gemm_low(ta, tb, alpha, left, right, beta, to),
    }?)
}

fn run_int(options: &Options, gpu: Option<&Cuda>, a: &mut Operands<'_>) -> Result<(), Fault> {
    let Some((left, right, to)) = taken::<i8, i32>(options, (INT8, INT32), a)? else { return Ok(()) };
    let ((ta, tb), (alpha, beta)) = (options.flags, (options.scale.0 as i32, options.scale.1 as i32));
    Ok(match gpu {
        Some(gpu) => gpu.gemm_int(ta, tb, alpha, left, right, beta, to),
        None => gemm_int(ta, tb, alpha, left, right, beta, to),
    }?)
}

/// `alpha op(a) op(b) + beta c` into c. `transa` and `transb` say whether to transpose; `dry` has the call judged and not run.
#[pyfunction]
#[pyo3(signature = (arrays, transa, transb, alpha, beta, stream=None, dry=false))]
#[allow(clippy::too_many_arguments, reason = "one for each kind of argument")]
pub(crate) fn blas_mixed(
    py: Python<'_>,
    arrays: &Bound<'_, PyList>,
    transa: bool,
    transb: bool,
    alpha: f64,
    beta: f64,
    stream: Option<&Bound<'_, PyAny>>,
    dry: bool,
) -> PyResult<()> {
    let stream = cuda::order(py, stream)?;
    let raws = arrays
        .iter()
        .map(|object| Raw::of(&object).ok_or_else(|| PyTypeError::new_err(format!("gemm takes arrays, not {}", object.get_type()))))
        .collect::<PyResult<Vec<Raw>>>()?;
    let flag = |turned| if turned { Trans::Yes } else { Trans::No };
    let gpu = if dry { None } else { gpu_of(py, &raws, stream.as_ref())? };
    let options = Options { flags: (flag(transa), flag(transb)), scale: (alpha, beta), dry };
    gate::detached(py, move || {
        let numbers = (raws.first().map_or(-1, |raw| raw.number), raws.last().map_or(-1, |raw| raw.number));
        let operands: Vec<&Raw> = raws.iter().collect();
        let mut a = Operands::new("gemm", &operands);
        match numbers {
            (FLOAT16, FLOAT16) => run::<f16, f16>(&options, gpu.as_ref(), numbers, &mut a),
            (FLOAT16, FLOAT32) => run::<f16, f32>(&options, gpu.as_ref(), numbers, &mut a),
            (UINT16, UINT16) => run::<bf16, bf16>(&options, gpu.as_ref(), numbers, &mut a),
            (UINT16, FLOAT32) => run::<bf16, f32>(&options, gpu.as_ref(), numbers, &mut a),
            (INT8, FLOAT32) => run::<i8, f32>(&options, gpu.as_ref(), numbers, &mut a),
            (INT8, INT32) => run_int(&options, gpu.as_ref(), &mut a),
            _ => Err(Fault::Operand(Class::Argument, "bad-dtype", "gemm".to_owned(), "c", "is of a type that these operands do not make".into())),
        }
    })
}
