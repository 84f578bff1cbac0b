//! Random numbers into NumPy arrays and arrays of a GPU.
//!
//! Owns [`PyGenerator`]: a generator with its lock. Arrays in a GPU's memory are filled there, as far as NVIDIA's cuRAND has the distribution. `verdigris/rand` has judged shapes and dtypes
//! before; what is judged here is what memory safety needs. Knows nothing of the
//! streams themselves.

mod bits;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use numpy::Element;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use verdigris_device::pool;
use verdigris_rand::cuda::{self, Request};
use verdigris_rand::{Error, Generator, Kind};

use crate::cuda::{DeviceNDArray, order};
use crate::error::{Class, Exception};
use crate::row::Row;
use crate::{gate, machine};

pub(crate) use bits::PyBits;

/// The array of a call, in errors.
const FILLED: &str = "the array to fill";

/// A stream of random numbers. Calls from several threads take turns.
#[pyclass(frozen, name = "Generator", module = "verdigris._verdigris")]
pub(crate) struct PyGenerator(Mutex<cuda::Generator>);

/// A kind by its name, or by cuRAND's number of it.
#[derive(FromPyObject)]
pub(crate) enum KindName {
    Number(u32),
    Name(String),
}

impl KindName {
    fn kind(&self) -> Result<Kind, Error> {
        match self {
            Self::Number(number) => Kind::try_from(*number),
            Self::Name(name) => name.parse(),
        }
    }
}

impl PyGenerator {
    fn fill<T, F>(&self, array: &Bound<'_, PyAny>, draw: F) -> PyResult<()>
    where
        T: Element + Send,
        F: FnOnce(&mut Generator, &mut [T]) -> Result<(), Error> + Send,
    {
        let mut held = Row::<T>::borrow(array, FILLED)?;
        let out = held.slice()?;
        gate::detached(array.py(), || {
            let mut held = self.held();
            let generator = held.host_mut();
            pool::install(|| draw(generator, out))
        })
    }

    /// Fills an array in a GPU's memory.
    fn fill_on_gpu(&self, array: &Bound<'_, DeviceNDArray>, request: Option<Request>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let py = array.py();
        let Some(request) = request else {
            return Err(Exception::new(py, Class::Unsupported, "such numbers are not made in a GPU's memory: fill a NumPy array and copy it")
                .with("code", "rand")
                .build());
        };
        machine::announce_libraries(py)?;
        let stream = order(py, stream)?;
        let memory = array.get().memory();
        gate::detached(py, || self.held().fill(request, memory, stream.as_ref()))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, cuda::Generator> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks what was set.
    fn settings<R: Send>(&self, py: Python<'_>, ask: impl FnOnce(&Generator) -> R + Send) -> R {
        // Another thread may hold the lock for as long as it fills an array, and it needs no GIL to go on.
        py.detach(|| ask(self.held().settings()))
    }

    /// Asks where it stands.
    fn standing<R: Send>(&self, py: Python<'_>, ask: impl FnOnce(&Generator) -> R + Send) -> R {
        py.detach(|| ask(self.held().host()))
    }

    /// Changes it, unless it is so already.
    fn change(
        &self,
        py: Python<'_>,
        already: impl FnOnce(&Generator) -> bool + Send,
        change: impl FnOnce(&mut Generator) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        gate::detached(py, || {
            let mut held = self.held();
            if already(held.settings()) {
                return Ok(());
            }
            let generator = held.host_mut();
            pool::install(|| change(generator))
        })
    }

    fn of(generator: Generator) -> PyGenerator {
        PyGenerator(Mutex::new(generator.into()))
    }
}

#[pymethods]
impl PyGenerator {
    /// A generator by its name or cuRAND's number of its kind.
    #[new]
    #[pyo3(signature = (kind, seed=None, offset=None, ordering=None, dims=None))]
    fn new(
        py: Python<'_>,
        kind: KindName,
        seed: Option<u64>,
        offset: Option<u64>,
        ordering: Option<u32>,
        dims: Option<usize>,
    ) -> PyResult<PyGenerator> {
        gate::detached(py, || {
            let mut builder = Generator::builder(kind.kind()?);
            if let Some(seed) = seed {
                builder = builder.seed(seed);
            }
            if let Some(offset) = offset {
                builder = builder.offset(offset);
            }
            if let Some(ordering) = ordering {
                builder = builder.ordering(ordering.try_into()?);
            }
            if let Some(dims) = dims {
                builder = builder.dims(dims);
            }
            builder.build().map(PyGenerator::of)
        })
    }

    /// The generator whose state these bytes are.
    #[staticmethod]
    fn restored(py: Python<'_>, state: Vec<u8>) -> PyResult<PyGenerator> {
        gate::detached(py, || Generator::restored(&state).map(PyGenerator::of))
    }

    /// The state as bytes.
    fn saved<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.standing(py, |g| g.saved()))
    }

    /// Takes over the state of bytes that a generator of the same kind saved.
    fn restore(&self, py: Python<'_>, state: Vec<u8>) -> PyResult<()> {
        self.change(
            py,
            |_| false,
            |g| {
                let restored = Generator::restored(&state)?;
                if restored.kind() != g.kind() {
                    return Err(Error::State);
                }
                *g = restored;
                Ok(())
            },
        )
    }

    #[getter]
    fn kind(&self, py: Python<'_>) -> &'static str {
        self.settings(py, |g| g.kind().name())
    }

    #[getter]
    fn is_quasi(&self, py: Python<'_>) -> bool {
        self.settings(py, |g| g.kind().is_quasi())
    }

    #[getter]
    fn seed(&self, py: Python<'_>) -> u64 {
        self.settings(py, |g| g.seed())
    }

    #[getter]
    fn position(&self, py: Python<'_>) -> u64 {
        self.standing(py, |g| g.position())
    }

    #[getter]
    fn dims(&self, py: Python<'_>) -> usize {
        self.settings(py, |g| g.dims())
    }

    #[getter]
    fn ordering(&self, py: Python<'_>) -> String {
        self.settings(py, |g| g.ordering().to_string())
    }

    fn set_seed(&self, py: Python<'_>, seed: u64) -> PyResult<()> {
        self.change(py, |g| g.kind().has_seed() && g.seed() == seed, |g| g.set_seed(seed))
    }

    fn set_offset(&self, py: Python<'_>, offset: u64) -> PyResult<()> {
        self.change(py, |_| false, |g| g.set_offset(offset))
    }

    fn set_dims(&self, py: Python<'_>, dims: usize) -> PyResult<()> {
        self.change(py, |g| g.kind().is_quasi() && g.dims() == dims, |g| g.set_dims(dims))
    }

    fn set_ordering(&self, py: Python<'_>, ordering: u32) -> PyResult<()> {
        self.change(py, |g| ordering.try_into().is_ok_and(|ordering| g.ordering() == ordering), |g| g.set_ordering(ordering.try_into()?))
    }

    fn skip(&self, py: Python<'_>, n: u64) -> PyResult<()> {
        self.change(
            py,
            |_| false,
            |g| {
                g.skip(n);
                Ok(())
            },
        )
    }

    fn spawn(&self, py: Python<'_>, n: usize) -> Vec<PyGenerator> {
        py.detach(|| self.held().spawn(n)).into_iter().map(PyGenerator::of).collect()
    }

    /// Fills a contiguous array of one dimension, or any array in a GPU's memory, with what `what` names, of parameters `a` and `b`. A GPU's is filled on `stream`.
    #[pyo3(signature = (what, array, a=0.0, b=0.0, stream=None))]
    fn draw(&self, what: &str, array: &Bound<'_, PyAny>, a: f64, b: f64, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        if let Ok(array) = array.cast::<DeviceNDArray>()
            && array.get().memory().gpu().is_some()
        {
            return self.fill_on_gpu(array, request(what, a, b), stream);
        }
        match what {
            "bits_u32" => self.fill::<u32, _>(array, Generator::generate_u32),
            "bits_u64" => self.fill::<u64, _>(array, Generator::generate_u64),
            "uniform_f32" => self.fill::<f32, _>(array, Generator::uniform_f32),
            "uniform_f64" => self.fill::<f64, _>(array, Generator::uniform_f64),
            "curand_normal_f32" => self.fill::<f32, _>(array, |g, out| g.curand_normal_f32(out, a as f32, b as f32)),
            "curand_normal_f64" => self.fill::<f64, _>(array, |g, out| g.curand_normal_f64(out, a, b)),
            "curand_lognormal_f32" => self.fill::<f32, _>(array, |g, out| g.curand_lognormal_f32(out, a as f32, b as f32)),
            "curand_lognormal_f64" => self.fill::<f64, _>(array, |g, out| g.curand_lognormal_f64(out, a, b)),
            "poisson_u32" => self.fill::<u32, _>(array, |g, out| g.poisson(out, a)),
            "random_f32" => self.fill::<f32, _>(array, Generator::random_f32),
            "random_f64" => self.fill::<f64, _>(array, Generator::random_f64),
            "between_f32" => self.fill::<f32, _>(array, |g, out| g.between_f32(out, a as f32, b as f32)),
            "between_f64" => self.fill::<f64, _>(array, |g, out| g.between_f64(out, a, b)),
            "normal_f32" => self.fill::<f32, _>(array, |g, out| g.normal_f32(out, a as f32, b as f32)),
            "normal_f64" => self.fill::<f64, _>(array, |g, out| g.normal_f64(out, a, b)),
            "lognormal_f32" => self.fill::<f32, _>(array, |g, out| g.lognormal_f32(out, a as f32, b as f32)),
            "lognormal_f64" => self.fill::<f64, _>(array, |g, out| g.lognormal_f64(out, a, b)),
            "exponential_f32" => self.fill::<f32, _>(array, |g, out| g.exponential_f32(out, a as f32)),
            "exponential_f64" => self.fill::<f64, _>(array, |g, out| g.exponential_f64(out, a)),
            "gamma_f64" => self.fill::<f64, _>(array, |g, out| g.gamma_f64(out, a, b)),
            _ => Err(Exception::new(array.py(), Class::BadValue, format!("there is no distribution {what}")).with("code", "rand").build()),
        }
    }

    /// Fills with whole numbers from `low` to `high`, both included.
    fn integers_i64(&self, array: &Bound<'_, PyAny>, low: i64, high: i64) -> PyResult<()> {
        self.fill::<i64, _>(array, |g, out| g.integers(out, low, high))
    }

    /// Fills with whole numbers from `low` to `high`, both included.
    fn integers_u64(&self, array: &Bound<'_, PyAny>, low: u64, high: u64) -> PyResult<()> {
        self.fill::<u64, _>(array, |g, out| g.integers_u64(out, low, high))
    }

    /// Fills with numbers of successes.
    fn binomial_i64(&self, array: &Bound<'_, PyAny>, trials: u64, p: f64) -> PyResult<()> {
        self.fill::<i64, _>(array, |g, out| g.binomial(out, trials, p))
    }

    /// Puts the elements in a random order.
    fn shuffle_i64(&self, array: &Bound<'_, PyAny>) -> PyResult<()> {
        self.fill::<i64, _>(array, Generator::shuffle)
    }
}

/// What cuRAND is asked for by a name of [`PyGenerator::draw`]'s.
fn request(what: &str, a: f64, b: f64) -> Option<Request> {
    Some(match what {
        "bits_u32" => Request::Bits32,
        "bits_u64" => Request::Bits64,
        "uniform_f32" => Request::Uniform32,
        "uniform_f64" => Request::Uniform64,
        "curand_normal_f32" => Request::Normal32 { mean: a as f32, sigma: b as f32 },
        "curand_normal_f64" => Request::Normal64 { mean: a, sigma: b },
        "curand_lognormal_f32" => Request::LogNormal32 { mean: a as f32, sigma: b as f32 },
        "curand_lognormal_f64" => Request::LogNormal64 { mean: a, sigma: b },
        "poisson_u32" => Request::Poisson { lambda: a },
        _ => return None,
    })
}

/// Names the libcurand to read scrambled Sobol's and MTGP32's tables from.
#[pyfunction]
pub(crate) fn load_curand(library: PathBuf) {
    verdigris_rand::load_curand(&library);
}
