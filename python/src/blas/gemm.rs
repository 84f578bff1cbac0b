//! `gemm`: the fast way for plain arrays.
//!
//! Admitted are two exact ndarrays of one of the four types, aligned and native, and finite Python numbers; the result is a new array, or `out` if that is such an array. All else, and every
//! error, goes to `verdigris.blas._matrix.gemm`, which does the same call slowly or says what is wrong. Nothing has been written by then.

use num_complex::Complex;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyComplex, PyDict, PyFloat, PyInt, PyString};

use verdigris_blas::{Backend, Cpu, Error, Gemm, Scalar, Trans};

use super::operand::{COMPLEX64, COMPLEX128, FLOAT32, FLOAT64, Fault, Operands, Raw, new_array};
use crate::interned::intern;
use crate::{fork, gate};

/// Multiplications from which the GIL is released.
const LONG_CALL: usize = 32 * 32 * 32;

/// A finite number of Python's.
pub(super) fn number(object: &Bound<'_, PyAny>) -> Option<Complex<f64>> {
    let value = if let Ok(float) = object.cast_exact::<PyFloat>() {
        Complex::new(float.value(), 0.0)
    } else if let Ok(int) = object.cast_exact::<PyInt>() {
        Complex::new(int.extract::<i32>().ok()?.into(), 0.0)
    } else {
        let complex = object.cast_exact::<PyComplex>().ok()?;
        Complex::new(complex.real(), complex.imag())
    };
    (value.re.is_finite() && value.im.is_finite()).then_some(value)
}

/// A flag in its usual spelling.
pub(super) fn trans(object: &Bound<'_, PyAny>) -> Option<Trans> {
    let flag = object.cast_exact::<PyString>().ok()?;
    match flag.to_str().ok()? {
        "N" => Some(Trans::No),
        "T" => Some(Trans::Yes),
        "C" => Some(Trans::Conj),
        _ => None,
    }
}

/// A coefficient in the operands' type, if that holds it.
pub(super) fn scalar<T: Scalar>(value: Complex<f64>) -> Option<T> {
    use verdigris_blas::Real;
    let (re, im) = (T::Real::from_f64(value.re), T::Real::from_f64(value.im));
    (re.is_finite() && im.is_finite() && (T::COMPLEX || value.im == 0.0)).then(|| T::from_parts(re, im))
}

struct Call<'r> {
    raws: [&'r Raw; 3],
    trans: [Trans; 2],
    alpha: Complex<f64>,
    beta: Complex<f64>,
}

fn views<'r, T: Scalar>(call: &'r Call<'r>, alpha: T, beta: T) -> Result<Gemm<'r, T>, Fault> {
    let mut operands = Operands::new("gemm", &call.raws);
    let (a, b) = (operands.mat("a")?.op(call.trans[0]), operands.mat("b")?.op(call.trans[1]));
    Ok(Gemm::new(alpha, a, b, beta, operands.mat_mut("c")?)?)
}

/// Judges and runs; `None` if anything does not fit.
fn run<T: Scalar>(py: Python<'_>, call: &Call<'_>) -> PyResult<Option<()>>
where
    Cpu: Backend<T>,
{
    let (Some(alpha), Some(beta)) = (scalar::<T>(call.alpha), scalar::<T>(call.beta)) else { return Ok(None) };
    let work = || match views(call, alpha, beta) {
        Ok(checked) => Cpu.gemm(checked).map(|()| true),
        Err(_) => Ok::<bool, Error>(false),
    };
    let size = call.raws[2].elements().saturating_mul(call.raws[0].shape().iter().copied().max().unwrap_or(0));
    let done = if size >= LONG_CALL { gate::detached(py, work)? } else { gate::attached(py, work)? };
    Ok(done.then_some(()))
}

fn fast<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    scalars: [Option<&Bound<'py, PyAny>>; 2],
    flags: [Option<&Bound<'py, PyAny>>; 2],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = a.py();
    let (Some(left), Some(right)) = (Raw::exact(a), Raw::exact(b)) else { return Ok(None) };
    let given = |object: Option<&Bound<'py, PyAny>>, default: f64| object.map_or(Some(Complex::new(default, 0.0)), number);
    let flag = |object: Option<&Bound<'py, PyAny>>| object.map_or(Some(Trans::No), trans);
    let (Some(alpha), Some(beta)) = (given(scalars[0], 1.0), given(scalars[1], 0.0)) else { return Ok(None) };
    let (Some(ta), Some(tb)) = (flag(flags[0]), flag(flags[1])) else { return Ok(None) };
    let number = left.number;
    if !matches!(number, FLOAT32 | FLOAT64 | COMPLEX64 | COMPLEX128) || left.shape().len() != 2 || right.shape().len() != 2 {
        return Ok(None);
    }
    let result = match out {
        Some(out) => out.clone(),
        None if beta == Complex::new(0.0, 0.0) => {
            let rows = left.shape()[usize::from(ta != Trans::No)];
            let cols = right.shape()[usize::from(tb == Trans::No)];
            if left.shape()[usize::from(ta == Trans::No)] != right.shape()[usize::from(tb != Trans::No)] {
                return Ok(None);
            }
            new_array(py, number, &[rows, cols])?
        }
        None => return Ok(None),
    };
    let Some(target) = Raw::exact(&result) else { return Ok(None) };
    let call = Call { raws: [&left, &right, &target], trans: [ta, tb], alpha, beta };
    let done = match number {
        FLOAT32 => run::<f32>(py, &call)?,
        FLOAT64 => run::<f64>(py, &call)?,
        COMPLEX64 => run::<Complex<f32>>(py, &call)?,
        _ => run::<Complex<f64>>(py, &call)?,
    };
    Ok(done.map(|()| result))
}

/// alpha op(a) op(b) + beta c: the product of two matrices.
#[pyfunction(name = "gemm")]
#[pyo3(signature = (a, b, c=None, *, alpha=None, beta=None, transa=None, transb=None, out=None, stream=None))]
#[allow(clippy::too_many_arguments, reason = "BLAS's own")]
pub(crate) fn blas_gemm<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    c: Option<&Bound<'py, PyAny>>,
    alpha: Option<&Bound<'py, PyAny>>,
    beta: Option<&Bound<'py, PyAny>>,
    transa: Option<&Bound<'py, PyAny>>,
    transb: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    stream: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    if c.is_none_or(|c| out.is_some_and(|out| out.is(c)))
        && stream.is_none()
        && let Some(result) = fast(a, b, out, [alpha, beta], [transa, transb])?
    {
        return Ok(result);
    }
    static SLOW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = a.py();
    let slow = fork::once(py, &SLOW, || Ok(py.import("verdigris.blas._matrix")?.getattr("gemm")?.unbind()))?;
    let keywords = PyDict::new(py);
    let names = [
        intern!(py, "c"),
        intern!(py, "alpha"),
        intern!(py, "beta"),
        intern!(py, "transa"),
        intern!(py, "transb"),
        intern!(py, "out"),
        intern!(py, "stream"),
    ];
    for (name, value) in names.into_iter().zip([c, alpha, beta, transa, transb, out, stream]) {
        if let Some(value) = value {
            keywords.set_item(name, value)?;
        }
    }
    slow.bind(py).call((a, b), Some(&keywords))
}
