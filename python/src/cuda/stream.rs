//! Streams and events, as Python objects.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use verdigris_device::stream;

use crate::error::IntoPyErr;

/// A queue of work. On the CPU work has ended when the call that ordered it returns.
#[pyclass(frozen, weakref, module = "verdigris.cuda")]
pub(crate) struct Stream(stream::Stream);

/// A mark between pieces of work.
#[pyclass(frozen, weakref, module = "verdigris.cuda")]
pub(crate) struct Event {
    event: stream::Event,
    timing: bool,
}

/// Orders a piece of work on what a `stream=` argument names: `None` and 0 are the default stream.
///
/// # Errors
/// `TypeError` if it is no stream.
pub(crate) fn order(py: Python<'_>, object: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let _ = py;
    let Some(object) = object else { return Ok(()) };
    if let Ok(stream) = object.cast::<Stream>() {
        stream.get().0.order();
        return Ok(());
    }
    // 0, 1 and 2 are CUDA's default, legacy default and per-thread default streams.
    if object.is_none() || object.extract::<u8>().is_ok_and(|n| n <= 2) {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("stream must be a stream of verdigris.cuda, or 0, not {}", object.get_type())))
}

#[pymethods]
impl Stream {
    #[new]
    fn new() -> Stream {
        Stream(stream::Stream::new())
    }

    /// Waits for the work ordered so far.
    fn synchronize(&self) {
        self.0.synchronize();
    }

    /// Pieces of work ordered so far.
    #[getter]
    fn ordered(&self) -> u64 {
        self.0.ordered()
    }

    /// A context manager that waits at its end.
    fn auto_synchronize(slf: Py<Stream>) -> Py<Stream> {
        slf
    }

    /// Calls `callback(stream, status, arg)` when the work ordered so far has ended, which it has. What it raises goes to `sys.unraisablehook`: on a GPU there is nobody to
    /// catch it.
    #[pyo3(signature = (callback, arg=None))]
    fn add_callback(slf: &Bound<'_, Stream>, callback: &Bound<'_, PyAny>, arg: Option<Bound<'_, PyAny>>) {
        slf.get().0.order();
        if let Err(raised) = callback.call1((slf, 0, arg)) {
            raised.write_unraisable(slf.py(), Some(callback));
        }
    }

    /// An awaitable that is done when the work ordered so far has ended; its result is the stream.
    fn async_done<'py>(slf: &Bound<'py, Stream>) -> PyResult<Bound<'py, PyAny>> {
        let future = slf.py().import("asyncio")?.call_method0("get_running_loop")?.call_method0("create_future")?;
        future.call_method1("set_result", (slf,))?;
        Ok(future)
    }

    fn __enter__(slf: Py<Stream>) -> Py<Stream> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyAny>) {
        self.0.synchronize();
    }

    fn __repr__(&self) -> String {
        format!("<Stream {} on cpu>", self.0.id())
    }
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (timing=true))]
    fn new(timing: bool) -> Event {
        Event { event: stream::Event::new(), timing }
    }

    /// Marks the place behind all work ordered on the stream so far.
    #[pyo3(signature = (stream=None))]
    fn record(&self, py: Python<'_>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        order(py, stream)?;
        self.event.record();
        Ok(())
    }

    /// Whether the work before it has ended.
    fn query(&self) -> bool {
        self.event.query()
    }

    /// Waits for the work before it.
    fn synchronize(&self) {}

    /// Has work ordered on the stream later wait for this event.
    #[pyo3(signature = (stream=None))]
    fn wait(&self, py: Python<'_>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        order(py, stream)
    }

    /// Milliseconds from this event to `evtend`.
    fn elapsed_time(&self, py: Python<'_>, evtend: &Bound<'_, Event>) -> PyResult<f64> {
        if !self.timing || !evtend.get().timing {
            return Err(pyo3::exceptions::PyValueError::new_err("an event made with timing=False records no time"));
        }
        self.event.elapsed_ms(&evtend.get().event).map_err(|error| error.into_py_err(py))
    }
}
