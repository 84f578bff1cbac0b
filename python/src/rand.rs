//! Random numbers into NumPy arrays.
//!
//! Owns [`PyGenerator`]: a generator with its lock, and the taking apart of the array to fill. `verdigris/rand.py` has judged dimensions and dtype with pyculib's
//! messages before; what is judged here is what memory safety needs. Knows nothing of the streams themselves.

use std::sync::{Mutex, PoisonError};

use numpy::{Element, PyArray1, PyArrayMethods, PyReadwriteArray1};
use pyo3::prelude::*;
use verdigris_device::pool;
use verdigris_rand::{Error, Generator, Kind};

use crate::error::{Class, Exception};
use crate::gate;

/// A stream of random numbers. Calls from several threads take turns.
#[pyclass(frozen, name = "Generator", module = "verdigris._verdigris")]
pub(crate) struct PyGenerator(Mutex<Generator>);

/// The array to fill, borrowed from Python for the call.
fn target<'py, T: Element>(array: &Bound<'py, PyAny>) -> PyResult<PyReadwriteArray1<'py, T>> {
    let refused = |why: &str| Exception::new(array.py(), Class::Argument, format!("the array to fill {why}")).with("code", "bad-array").build();
    let typed = array.cast::<PyArray1<T>>().map_err(|_| refused("has not the dtype or the dimensions asked for"))?;
    typed.try_readwrite().map_err(|error| refused(&format!("cannot be written: {error}")))
}

impl PyGenerator {
    fn fill<T, F>(&self, array: &Bound<'_, PyAny>, size: usize, draw: F) -> PyResult<()>
    where
        T: Element + Send,
        F: FnOnce(&mut Generator, &mut [T]) -> Result<(), Error> + Send,
    {
        let mut held = target::<T>(array)?;
        let unfit = |_| Exception::new(array.py(), Class::Argument, "the array to fill is not contiguous or not aligned").build();
        let whole = held.as_slice_mut().map_err(unfit)?;
        let len = whole.len();
        let Some(out) = whole.get_mut(..size) else {
            let message = format!("{size} numbers were asked for, but the array holds {len}");
            return Err(Exception::new(array.py(), Class::Shape, message).with("code", "too-short").build());
        };
        gate::detached(array.py(), || {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let generator: &mut Generator = &mut held;
            pool::install(|| draw(generator, out))
        })
    }

    fn with<R>(&self, py: Python<'_>, change: impl FnOnce(&mut Generator) -> R + Send) -> R
    where
        R: Send,
    {
        // Another thread may hold the lock for as long as it fills an array, and it needs no GIL to go on.
        py.detach(|| change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl PyGenerator {
    /// A generator by cuRAND's number of its kind.
    #[new]
    fn new(py: Python<'_>, kind: u32) -> PyResult<PyGenerator> {
        gate::attached(py, || Kind::try_from(kind).and_then(|kind| Generator::builder(kind).build()).map(|g| PyGenerator(Mutex::new(g))))
    }

    #[getter]
    fn seed(&self, py: Python<'_>) -> u64 {
        self.with(py, |g| g.seed())
    }

    #[getter]
    fn position(&self, py: Python<'_>) -> u64 {
        self.with(py, |g| g.position())
    }

    fn set_seed(&self, py: Python<'_>, seed: u64) {
        self.with(py, |g| g.set_seed(seed));
    }

    fn set_offset(&self, py: Python<'_>, offset: u64) {
        self.with(py, |g| g.set_offset(offset));
    }

    fn set_ordering(&self, py: Python<'_>, ordering: u32) -> PyResult<()> {
        gate::detached(py, || {
            let ordering = ordering.try_into()?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).set_ordering(ordering)
        })
    }

    fn bits_u32(&self, array: &Bound<'_, PyAny>, size: usize) -> PyResult<()> {
        self.fill::<u32, _>(array, size, Generator::generate_u32)
    }

    fn uniform_f32(&self, array: &Bound<'_, PyAny>, size: usize) -> PyResult<()> {
        self.fill::<f32, _>(array, size, Generator::uniform_f32)
    }

    fn uniform_f64(&self, array: &Bound<'_, PyAny>, size: usize) -> PyResult<()> {
        self.fill::<f64, _>(array, size, Generator::uniform_f64)
    }

    fn normal_f32(&self, array: &Bound<'_, PyAny>, mean: f32, sigma: f32, size: usize) -> PyResult<()> {
        self.fill::<f32, _>(array, size, |g, out| g.normal_f32(out, mean, sigma))
    }

    fn normal_f64(&self, array: &Bound<'_, PyAny>, mean: f64, sigma: f64, size: usize) -> PyResult<()> {
        self.fill::<f64, _>(array, size, |g, out| g.normal_f64(out, mean, sigma))
    }

    fn lognormal_f32(&self, array: &Bound<'_, PyAny>, mean: f32, sigma: f32, size: usize) -> PyResult<()> {
        self.fill::<f32, _>(array, size, |g, out| g.lognormal_f32(out, mean, sigma))
    }

    fn lognormal_f64(&self, array: &Bound<'_, PyAny>, mean: f64, sigma: f64, size: usize) -> PyResult<()> {
        self.fill::<f64, _>(array, size, |g, out| g.lognormal_f64(out, mean, sigma))
    }

    fn poisson_u32(&self, array: &Bound<'_, PyAny>, lambda: f64, size: usize) -> PyResult<()> {
        self.fill::<u32, _>(array, size, |g, out| g.poisson(out, lambda))
    }
}
