//! Products of low-precision arrays.
//!
//! Owns the pairs of types that there are. NumPy has no bfloat16 of its own: such arrays come as uint16.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use verdigris_blas::half::{bf16, f16};
use verdigris_blas::{Cuda, Low, Narrow, Trans, gemm_int, gemm_low, judge_low};

use super::operand::{Fault, Operands, Raw, gpu_of};
use crate::cuda;
use crate::error::Class;
use crate::gate;

/// NumPy's numbers of the types as they come.
const INT8: i32 = 1;
const UINT16: i32 = 4;
const INT32: i32 = 5;
const FLOAT32: i32 = 11;
const FLOAT16: i32 = 23;

/// How a call is spelt, apart from its operands.
struct Options {
    flags: (Trans, Trans),
    scale: (f64, f64),
    dry: bool,
}

fn run<I: Low, O: Narrow>(options: &Options, gpu: Option<&Cuda>, numbers: (i32, i32), a: &mut Operands<'_>) -> Result<(), Fault> {
    let Options { flags, scale, dry } = *options;
    let (left, right, to) = (a.mat_of::<I>("a", numbers.0)?, a.mat_of::<I>("b", numbers.0)?, a.mat_mut_of::<O>("c", numbers.1)?);
    if dry {
        return Ok(judge_low(flags.0, flags.1, left, right, &to)?);
    }
    match gpu {
        Some(gpu) => Ok(gpu.gemm_low(flags.0, flags.1, scale.0 as f32, left, right, scale.1 as f32, to)?),
        None => Ok(gemm_low(flags.0, flags.1, scale.0 as f32, left, right, scale.1 as f32, to)?),
    }
}

fn run_int(options: &Options, gpu: Option<&Cuda>, a: &mut Operands<'_>) -> Result<(), Fault> {
    let Options { flags, scale, dry } = *options;
    let (left, right, to) = (a.mat_of::<i8>("a", INT8)?, a.mat_of::<i8>("b", INT8)?, a.mat_mut_of("c", INT32)?);
    if dry {
        return Ok(judge_low(flags.0, flags.1, left, right, &to)?);
    }
    match gpu {
        Some(gpu) => Ok(gpu.gemm_int(flags.0, flags.1, scale.0 as i32, left, right, scale.1 as i32, to)?),
        None => Ok(gemm_int(flags.0, flags.1, scale.0 as i32, left, right, scale.1 as i32, to)?),
    }
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
        let mut a = Operands::new("gemm", &raws);
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
