//! `verdigris.fft`: transforms of NumPy and device arrays.
//!
//! Owns what needs speed or memory: a row without ceremony ([`fft_row`]), arrays in general ([`fft_execute`]), plans that are kept, the cache's controls. Axes, lengths,
//! norms and array-likes have been judged in `verdigris/fft` with SciPy's words; what memory safety needs is judged here and in `verdigris-fft`. Knows no algorithm.

mod aligned;
mod memory;

use std::num::NonZeroUsize;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use verdigris_device::cuda::Stream;
use verdigris_device::{DeviceError, pool};
use verdigris_fft::cuda::Cuda;
use verdigris_fft::{Direction, Error, Kind, Prepared, Real, Spec, TrigType};

use crate::cuda::order;
use crate::error::{Class, Exception, IntoPyErr};
use crate::{gate, machine};
use memory::{Element, Memory};

/// The transforms by the names that `verdigris/fft` gives them.
fn kind_of(py: Python<'_>, name: &str) -> PyResult<Kind> {
    use TrigType::{Four, One, Three, Two};
    Ok(match name {
        "c2c" => Kind::C2C,
        "r2c" => Kind::R2C,
        "c2r" => Kind::C2R,
        "dct1" => Kind::Dct(One),
        "dct2" => Kind::Dct(Two),
        "dct3" => Kind::Dct(Three),
        "dct4" => Kind::Dct(Four),
        "dst1" => Kind::Dst(One),
        "dst2" => Kind::Dst(Two),
        "dst3" => Kind::Dst(Three),
        "dst4" => Kind::Dst(Four),
        other => return Err(Exception::new(py, Class::BadValue, format!("there is no transform {other:?}")).build()),
    })
}

fn direction_of(forward: bool) -> Direction {
    if forward { Direction::Forward } else { Direction::Inverse }
}

/// A transform of either precision.
enum Either {
    Single(Prepared<f32>),
    Double(Prepared<f64>),
}

/// A planned transform, for arrays of any layout.
#[pyclass(frozen, name = "FftPlan", module = "verdigris._verdigris")]
pub(crate) struct FftPlan(Either);

#[pymethods]
impl FftPlan {
    #[new]
    fn new(py: Python<'_>, kind: &str, forward: bool, double: bool, axes: Vec<(usize, usize)>, factor: f64, orthogonal: bool) -> PyResult<FftPlan> {
        let kind = kind_of(py, kind)?;
        gate::detached(py, || {
            let spec = Spec::new(kind, direction_of(forward), &axes, factor)?.orthogonalized(orthogonal);
            Ok::<_, Error>(FftPlan(if double { Either::Double(Prepared::new(spec)?) } else { Either::Single(Prepared::new(spec)?) }))
        })
    }

    /// Bytes that a run works in on each thread.
    #[getter]
    fn workspace(&self) -> usize {
        match &self.0 {
            Either::Single(plan) => plan.workspace_bytes(),
            Either::Double(plan) => plan.workspace_bytes(),
        }
    }

    /// Transforms `x` into `out`, or into a new array; a GPU's on `stream`, into `out`.
    #[pyo3(signature = (x, out, workers, stream=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
        workers: Option<NonZeroUsize>,
        stream: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.0 {
            Either::Single(plan) => run(py, plan, x, out, workers, stream),
            Either::Double(plan) => run(py, plan, x, out, workers, stream),
        }
    }
}

fn run<'py, T: Real>(
    py: Python<'py>,
    plan: &Prepared<T>,
    x: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    workers: Option<NonZeroUsize>,
    stream: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let named = order(py, stream)?;
    let input = Memory::of(x)?;
    if input.gpu().is_some() || out.is_some_and(|out| Memory::of(out).is_ok_and(|out| out.gpu().is_some())) {
        return run_on_gpu::<T>(py, plan.spec(), &input, out, named.as_ref());
    }
    let made = match out {
        Some(out) => out.clone(),
        None => {
            // A cosine or sine transform of complex elements is that of their parts.
            let complex = matches!(plan.spec().kind(), Kind::C2C | Kind::R2C) || plan.spec().is_trigonometric() && input.element().complex;
            let element = Element { double: size_of::<T>() == 8, complex };
            let shape = plan.spec().output_shape(input.shape()).map_err(|error| error.into_py_err(py))?;
            memory::empty(py, element, &shape)?
        }
    };
    let output = Memory::of(&made)?;
    let (mut from, mut to) = (input.input::<T>()?, output.output::<T>()?);
    if plan.spec().is_trigonometric() && input.element().complex {
        (from, to) = (from.as_parts(), to.into_parts());
    }
    gate::detached(py, || limited(workers, || plan.run(from, to)))?;
    Ok(made)
}

/// Transforms an array of a GPU's into another.
fn run_on_gpu<'py, T: Real>(
    py: Python<'py>,
    spec: &Spec,
    input: &Memory<'_, 'py>,
    out: Option<&Bound<'py, PyAny>>,
    named: Option<&Stream>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(made) = out else {
        return Err(Exception::new(py, Class::Internal, "a transform of a GPU's array was given no array for its result").build());
    };
    let output = Memory::of(made)?;
    let (Some(from), Some(to)) = (input.gpu(), output.gpu()) else {
        let text = "one of input and output is in a GPU's memory and the other on the host: cuda.to_device and copy_to_host move them";
        return Err(Exception::new(py, Class::Device, text).with("code", "mixed-devices").build());
    };
    let on = |array: &verdigris_device::array::Array| array.ordered_on(named).map_err(|error| error.into_py_err(py));
    let (Some(stream), Some(other)) = (on(to)?, on(from)?) else {
        return Err(Exception::new(py, Class::Internal, "an array of a GPU's without a stream").build());
    };
    if stream.context() != other.context() {
        let (on, needed) = (other.context().ordinal(), stream.context().ordinal());
        return Err(DeviceError::OtherDevice { what: "array", on, needed }.into_py_err(py));
    }
    machine::announce_libraries(py)?;
    let (from, to) = (input.input::<T>()?, output.output::<T>()?);
    gate::detached(py, || Cuda::new(stream)?.run(spec, from, to))?;
    Ok(made.clone())
}

fn limited<R>(workers: Option<NonZeroUsize>, work: impl FnOnce() -> R) -> R {
    match workers {
        Some(limit) => pool::limited(limit, work),
        None => work(),
    }
}

/// Transforms `x` into `out`, or into a new array, with the cached plan; a GPU's array on `stream`, into `out`.
#[pyfunction]
#[pyo3(signature = (kind, forward, x, axes, factor, orthogonal, out, workers, stream=None))]
#[allow(clippy::too_many_arguments, reason = "one call from one place in Python")]
pub(crate) fn fft_execute<'py>(
    py: Python<'py>,
    kind: &str,
    forward: bool,
    x: &Bound<'py, PyAny>,
    axes: Vec<(usize, usize)>,
    factor: f64,
    orthogonal: bool,
    out: Option<&Bound<'py, PyAny>>,
    workers: Option<NonZeroUsize>,
    stream: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let kind = kind_of(py, kind)?;
    let element = Memory::of(x)?.element();
    let spec = || -> Result<Spec, Error> {
        let spec = Spec::new(kind, direction_of(forward), &axes, factor)?.orthogonalized(orthogonal);
        Ok(spec.of_real_input(!element.complex))
    };
    if element.double {
        run(py, &gate::detached(py, || Prepared::<f64>::new(spec()?))?, x, out, workers, stream)
    } else {
        run(py, &gate::detached(py, || Prepared::<f32>::new(spec()?))?, x, out, workers, stream)
    }
}

/// The one-dimensional transform of a plain array into `out`, or into a new array: `fft` 0, `ifft` 1, `rfft` 2, `irfft` 3, unscaled but for the inverses' 1/n. None where one of them is not an
/// array that this way is for; nothing has been written then.
#[pyfunction]
pub(crate) fn fft_row<'py>(
    py: Python<'py>,
    which: u8,
    x: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    workers: Option<NonZeroUsize>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    memory::row(py, which, x, out, workers)
}

/// Plans cached: hits, misses, plans, bytes, and the bounds of the last two.
#[pyfunction]
pub(crate) fn fft_cache_info(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let info = py.detach(verdigris_fft::cache_info);
    (info.hits, info.misses, info.plans, info.bytes, info.max_plans, info.max_bytes).into_pyobject(py)
}

/// Drops all cached plans.
#[pyfunction]
pub(crate) fn fft_cache_clear(py: Python<'_>) {
    py.detach(verdigris_fft::clear_cache);
}

/// Sets the bounds of the cache; None leaves one as it is.
#[pyfunction]
#[pyo3(signature = (plans, bytes))]
pub(crate) fn fft_cache_limit(py: Python<'_>, plans: Option<usize>, bytes: Option<usize>) {
    py.detach(|| verdigris_fft::limit_cache(plans, bytes));
}

/// The nearest fast length above or below; None where there is none.
#[pyfunction]
pub(crate) fn fft_fast_length(n: usize, real: bool, above: bool) -> Option<usize> {
    if above { verdigris_fft::next_fast_len(n, real) } else { Some(verdigris_fft::prev_fast_len(n, real)) }
}
