//! Level 1, `gemv` and `ger`: the fast way for plain arrays.
//!
//! Admitted are exact ndarrays of one of the four types, aligned and native, and finite Python numbers; results are numbers, new vectors, or `out` where that is the operand that the routine
//! updates. All else, and every error, goes to the function of that name in `verdigris.blas`, which does the same call slowly or says what is wrong. Nothing has been written by then.

use num_complex::Complex;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use verdigris_blas::{self as blas, Backend, Cpu, Error, Scalar};

use super::gemm::{number, scalar, trans};
use super::operand::{COMPLEX64, COMPLEX128, FLOAT32, FLOAT64, Fault, Operands, Raw, new_array, new_number};
use crate::interned::intern;
use crate::{fork, gate};

type Object<'a, 'py> = &'a Bound<'py, PyAny>;

/// Elements from which the GIL is released.
const LONG_CALL: usize = 1 << 14;

/// Calls the function of the type with that number of NumPy's; no type, no answer.
macro_rules! typed {
    ($number:expr, $f:ident($($argument:expr),*)) => {
        match $number {
            FLOAT32 => $f::<f32>($($argument),*),
            FLOAT64 => $f::<f64>($($argument),*),
            COMPLEX64 => $f::<Complex<f32>>($($argument),*),
            COMPLEX128 => $f::<Complex<f64>>($($argument),*),
            _ => Ok(None),
        }
    };
}

/// Does the work on so many elements; `None` if the call is refused.
fn done<R: Send>(py: Python<'_>, elements: usize, work: impl FnOnce() -> Result<R, Fault> + Send) -> PyResult<Option<R>> {
    let tried = || Ok::<_, Error>(work().ok());
    if elements >= LONG_CALL { gate::detached(py, tried) } else { gate::attached(py, tried) }
}

/// A coefficient, or 1 where none is given.
fn coefficient(object: Option<Object<'_, '_>>, default: f64) -> Option<Complex<f64>> {
    object.map_or(Some(Complex::new(default, 0.0)), number)
}

/// A function of `verdigris.blas`.
struct Slow {
    function: PyOnceLock<Py<PyAny>>,
    module: &'static str,
    name: &'static str,
}

impl Slow {
    const fn new(module: &'static str, name: &'static str) -> Slow {
        Slow { function: PyOnceLock::new(), module, name }
    }

    fn call<'py>(
        &self,
        arguments: impl pyo3::call::PyCallArgs<'py>,
        py: Python<'py>,
        keywords: &[(&Bound<'py, PyString>, Option<Object<'_, 'py>>)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let find = || Ok(py.import(self.module)?.getattr(self.name)?.unbind());
        let given = PyDict::new(py);
        for (name, value) in keywords {
            if let Some(value) = value {
                given.set_item(name, value)?;
            }
        }
        fork::once(py, &self.function, find)?.bind(py).call(arguments, Some(&given))
    }
}

fn product<'py, T: Scalar>(py: Python<'py>, raws: [&Raw; 2], conj: bool) -> PyResult<Option<Bound<'py, PyAny>>>
where
    Cpu: Backend<T>,
{
    let value = done(py, raws[0].elements(), || {
        let mut operands = Operands::new("dot", &raws);
        let (x, y) = (operands.vec::<T>("x")?, operands.vec::<T>("y")?);
        Ok(if conj { blas::dotc(&Cpu, x, y)? } else { blas::dot(&Cpu, x, y)? })
    })?;
    value.map(|value| new_number(py, value)).transpose()
}

fn dots<'py>(x: Object<'_, 'py>, y: Object<'_, 'py>, stream: Option<Object<'_, 'py>>, conj: bool, slow: &Slow) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if stream.is_none()
        && let (Some(left), Some(right)) = (Raw::exact(x), Raw::exact(y))
        && let Some(value) = typed!(left.number, product(py, [&left, &right], conj))?
    {
        return Ok(value);
    }
    slow.call((x, y), py, &[(intern!(py, "stream"), stream)])
}

/// The sum of x[i] * y[i], nothing conjugated.
#[pyfunction(name = "dot")]
#[pyo3(signature = (x, y, *, stream=None))]
pub(crate) fn blas_dot<'py>(x: Object<'_, 'py>, y: Object<'_, 'py>, stream: Option<Object<'_, 'py>>) -> PyResult<Bound<'py, PyAny>> {
    static SLOW: Slow = Slow::new("verdigris.blas._vector", "dot");
    dots(x, y, stream, false, &SLOW)
}

/// The sum of conj(x[i]) * y[i].
#[pyfunction(name = "dotc")]
#[pyo3(signature = (x, y, *, stream=None))]
pub(crate) fn blas_dotc<'py>(x: Object<'_, 'py>, y: Object<'_, 'py>, stream: Option<Object<'_, 'py>>) -> PyResult<Bound<'py, PyAny>> {
    static SLOW: Slow = Slow::new("verdigris.blas._vector", "dotc");
    dots(x, y, stream, true, &SLOW)
}

fn size<'py, T: Scalar>(py: Python<'py>, raw: [&Raw; 1], norm: bool) -> PyResult<Option<Bound<'py, PyAny>>>
where
    Cpu: Backend<T>,
{
    let value = done(py, raw[0].elements(), || {
        let x = Operands::new("nrm2", &raw).vec::<T>("x")?;
        Ok(if norm { blas::nrm2(&Cpu, x)? } else { blas::asum(&Cpu, x)? })
    })?;
    value.map(|value| new_number(py, value)).transpose()
}

fn sizes<'py>(x: Object<'_, 'py>, stream: Option<Object<'_, 'py>>, norm: bool, slow: &Slow) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if stream.is_none()
        && let Some(raw) = Raw::exact(x)
        && let Some(value) = typed!(raw.number, size(py, [&raw], norm))?
    {
        return Ok(value);
    }
    slow.call((x,), py, &[(intern!(py, "stream"), stream)])
}

/// The Euclidean norm, without overflow or underflow on the way.
#[pyfunction(name = "nrm2")]
#[pyo3(signature = (x, *, stream=None))]
pub(crate) fn blas_nrm2<'py>(x: Object<'_, 'py>, stream: Option<Object<'_, 'py>>) -> PyResult<Bound<'py, PyAny>> {
    static SLOW: Slow = Slow::new("verdigris.blas._vector", "nrm2");
    sizes(x, stream, true, &SLOW)
}

/// The sum of |re x[i]| + |im x[i]|.
#[pyfunction(name = "asum")]
#[pyo3(signature = (x, *, stream=None))]
pub(crate) fn blas_asum<'py>(x: Object<'_, 'py>, stream: Option<Object<'_, 'py>>) -> PyResult<Bound<'py, PyAny>> {
    static SLOW: Slow = Slow::new("verdigris.blas._vector", "asum");
    sizes(x, stream, false, &SLOW)
}

/// `y ← αx + y`, or `made ← αx + y`.
fn add<T: Scalar>(py: Python<'_>, raws: [&Raw; 2], made: Option<[&Raw; 1]>, alpha: Complex<f64>) -> PyResult<Option<()>>
where
    Cpu: Backend<T>,
{
    let Some(alpha) = scalar::<T>(alpha) else { return Ok(None) };
    done(py, raws[0].elements(), || {
        let mut operands = Operands::new("axpy", &raws);
        let x = operands.vec::<T>("x")?;
        let Some(made) = made else { return Ok(blas::axpy(&Cpu, alpha, x, operands.vec_mut("y")?)?) };
        let mut out = Operands::new("axpy", &made).vec_mut::<T>("out")?;
        blas::copy(&Cpu, operands.vec("y")?, out.rb_mut())?;
        Ok(blas::axpy(&Cpu, alpha, x, out)?)
    })
}

/// alpha x + y. `out=y` works in place.
#[pyfunction(name = "axpy")]
#[pyo3(signature = (x, y, *, alpha=None, out=None, stream=None))]
pub(crate) fn blas_axpy<'py>(
    x: Object<'_, 'py>,
    y: Object<'_, 'py>,
    alpha: Option<Object<'_, 'py>>,
    out: Option<Object<'_, 'py>>,
    stream: Option<Object<'_, 'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if stream.is_none()
        && out.is_none_or(|out| out.is(y))
        && let Some(alpha) = coefficient(alpha, 1.0)
        && let (Some(left), Some(right)) = (Raw::exact(x), Raw::exact(y))
        && let Some(result) = fast_axpy(alpha, [&left, &right], y, out.is_some())?
    {
        return Ok(result);
    }
    static SLOW: Slow = Slow::new("verdigris.blas._vector", "axpy");
    SLOW.call((x, y), py, &[(intern!(py, "alpha"), alpha), (intern!(py, "out"), out), (intern!(py, "stream"), stream)])
}

/// In place, or to a new array, if there can be one.
fn fast_axpy<'py>(alpha: Complex<f64>, raws: [&Raw; 2], y: Object<'_, 'py>, in_place: bool) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (py, kind) = (y.py(), raws[1].number);
    if in_place {
        return Ok(typed!(kind, add(py, raws, None, alpha))?.map(|()| y.clone()));
    }
    if raws[0].number != kind || raws[1].shape().len() != 1 || raws[0].shape() != raws[1].shape() {
        return Ok(None);
    }
    let result = new_array(py, kind, raws[1].shape())?;
    let Some(made) = Raw::exact(&result) else { return Ok(None) };
    Ok(typed!(kind, add(py, raws, Some([&made]), alpha))?.map(|()| result))
}

fn times<T: Scalar>(py: Python<'_>, raws: [&Raw; 2], numbers: [Complex<f64>; 2], flag: blas::Trans, target: [&Raw; 1]) -> PyResult<Option<()>>
where
    Cpu: Backend<T>,
{
    let (Some(alpha), Some(beta)) = (scalar::<T>(numbers[0]), scalar::<T>(numbers[1])) else { return Ok(None) };
    done(py, raws[0].elements(), || {
        let (mut operands, mut to) = (Operands::new("gemv", &raws), Operands::new("gemv", &target));
        let (a, x) = (operands.mat::<T>("a")?.op(flag), operands.vec("x")?);
        Ok(blas::gemv(&Cpu, alpha, a, x, beta, to.vec_mut("y")?)?)
    })
}

/// alpha op(a) x + beta y.
#[pyfunction(name = "gemv")]
#[pyo3(signature = (a, x, y=None, *, alpha=None, beta=None, trans=None, out=None, stream=None))]
#[allow(clippy::too_many_arguments, reason = "BLAS's own")]
pub(crate) fn blas_gemv<'py>(
    a: Object<'_, 'py>,
    x: Object<'_, 'py>,
    y: Option<Object<'_, 'py>>,
    alpha: Option<Object<'_, 'py>>,
    beta: Option<Object<'_, 'py>>,
    trans: Option<Object<'_, 'py>>,
    out: Option<Object<'_, 'py>>,
    stream: Option<Object<'_, 'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    if stream.is_none()
        && y.is_none_or(|y| out.is_some_and(|out| out.is(y)))
        && let Some(result) = fast_gemv(a, x, [alpha, beta], trans, out)?
    {
        return Ok(result);
    }
    static SLOW: Slow = Slow::new("verdigris.blas._matvec", "gemv");
    let keywords = [
        (intern!(py, "y"), y),
        (intern!(py, "alpha"), alpha),
        (intern!(py, "beta"), beta),
        (intern!(py, "trans"), trans),
        (intern!(py, "out"), out),
        (intern!(py, "stream"), stream),
    ];
    SLOW.call((a, x), py, &keywords)
}

fn fast_gemv<'py>(
    a: Object<'_, 'py>,
    x: Object<'_, 'py>,
    [alpha, beta]: [Option<Object<'_, 'py>>; 2],
    flag: Option<Object<'_, 'py>>,
    out: Option<Object<'_, 'py>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = a.py();
    let (Some(left), Some(right)) = (Raw::exact(a), Raw::exact(x)) else { return Ok(None) };
    let (Some(alpha), Some(beta)) = (coefficient(alpha, 1.0), coefficient(beta, 0.0)) else { return Ok(None) };
    let Some(flag) = flag.map_or(Some(blas::Trans::No), trans) else { return Ok(None) };
    let (kind, raws) = (left.number, [&left, &right]);
    let result = match out {
        Some(out) => out.clone(),
        None if beta == Complex::new(0.0, 0.0) && raws[0].shape().len() == 2 && matches!(kind, FLOAT32 | FLOAT64 | COMPLEX64 | COMPLEX128) => {
            new_array(py, kind, &[raws[0].shape()[usize::from(flag != blas::Trans::No)]])?
        }
        None => return Ok(None),
    };
    let Some(target) = Raw::exact(&result) else { return Ok(None) };
    Ok(typed!(kind, times(py, raws, [alpha, beta], flag, [&target]))?.map(|()| result))
}

fn outer<T: Scalar>(py: Python<'_>, raws: [&Raw; 3], alpha: Complex<f64>) -> PyResult<Option<()>>
where
    Cpu: Backend<T>,
{
    let Some(alpha) = scalar::<T>(alpha) else { return Ok(None) };
    done(py, raws[2].elements(), || {
        let mut operands = Operands::new("ger", &raws);
        let (x, y) = (operands.vec::<T>("x")?, operands.vec("y")?);
        Ok(blas::ger(&Cpu, alpha, x, y, operands.mat_mut("a")?)?)
    })
}

/// alpha x yᵀ + a, nothing conjugated (as `geru`); without `a`, to zeros.
#[pyfunction(name = "ger")]
#[pyo3(signature = (x, y, a=None, *, alpha=None, out=None, stream=None))]
pub(crate) fn blas_ger<'py>(
    x: Object<'_, 'py>,
    y: Object<'_, 'py>,
    a: Option<Object<'_, 'py>>,
    alpha: Option<Object<'_, 'py>>,
    out: Option<Object<'_, 'py>>,
    stream: Option<Object<'_, 'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if stream.is_none()
        && let Some(out) = out
        && a.is_none_or(|a| a.is(out))
        && let Some(alpha) = coefficient(alpha, 1.0)
        && let (Some(left), Some(right), Some(target)) = (Raw::exact(x), Raw::exact(y), Raw::exact(out))
        && typed!(target.number, outer(py, [&left, &right, &target], alpha))?.is_some()
    {
        return Ok(out.clone());
    }
    static SLOW: Slow = Slow::new("verdigris.blas._matvec", "ger");
    let keywords = [(intern!(py, "a"), a), (intern!(py, "alpha"), alpha), (intern!(py, "out"), out), (intern!(py, "stream"), stream)];
    SLOW.call((x, y), py, &keywords)
}
