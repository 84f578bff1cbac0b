//! Streams and events, as Python objects.
//!
//! Owns what `stream=` may be and the two classes, which are of the device there is: on the CPU a name and a moment, on a GPU the driver's.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use verdigris_device::{cuda, stream};
use verdigris_gpu::{self as gpu, Waited};

use super::device;
use crate::error::IntoPyErr;
use crate::gate;

/// A queue of work. On the CPU work has ended when the call that ordered it returns.
#[pyclass(frozen, weakref, module = "verdigris.cuda")]
pub(crate) struct Stream(Kind);

enum Kind {
    Cpu(stream::Stream),
    Gpu(cuda::Stream),
}

/// A mark between pieces of work.
#[pyclass(frozen, weakref, module = "verdigris.cuda")]
pub(crate) struct Event {
    mark: Mark,
    timing: bool,
}

enum Mark {
    Cpu(stream::Event),
    Gpu(cuda::Event),
}

/// Orders a piece of work on what a `stream=` argument names: `None` and 0 are the default stream. Gives the GPU's stream if one of its own was named; `None` is the default stream, or the CPU.
///
/// # Errors
/// `TypeError` if it is no stream.
pub(crate) fn order(py: Python<'_>, object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<cuda::Stream>> {
    let Some(object) = object else { return Ok(None) };
    if let Ok(stream) = object.cast::<Stream>() {
        return Ok(match &stream.get().0 {
            Kind::Cpu(stream) => {
                stream.order();
                None
            }
            Kind::Gpu(stream) => Some(stream.clone()),
        });
    }
    // 0, 1 and 2 are CUDA's default, legacy default and per-thread default streams.
    if object.is_none() {
        return Ok(None);
    }
    match object.extract::<u8>() {
        Ok(0 | 1) => Ok(None),
        Ok(2) => Ok(device::gpu(py)?.map(cuda::Stream::per_thread)),
        _ => Err(PyTypeError::new_err(format!("stream must be a stream of verdigris.cuda, or 0, not {}", object.get_type()))),
    }
}

/// The stream of the GPU that work goes to: the one named, or the default one of the thread's GPU. `None` on the CPU.
///
/// # Errors
/// As [`order`].
pub(crate) fn of_gpu(py: Python<'_>, object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<cuda::Stream>> {
    let named = order(py, object)?;
    or_default(py, named)
}

/// The stream that [`order`] gave, or the default one of the thread's GPU. `None` on the CPU.
///
/// # Errors
/// `DeviceError`: the device asked for cannot be had.
pub(crate) fn or_default(py: Python<'_>, named: Option<cuda::Stream>) -> PyResult<Option<cuda::Stream>> {
    let context = device::gpu(py)?;
    Ok(context.map(|context| named.unwrap_or_else(|| cuda::Stream::default_of(context))))
}

/// Tells what launches left behind, now that something was waited for: printed lines are shown.
///
/// # Errors
/// The first failure of a thread, or the driver's.
pub(super) fn told(py: Python<'_>, context: &'static cuda::Context, waited: Waited<'_>) -> PyResult<()> {
    gate::detached(py, || gpu::collect(context, waited))
}

impl Stream {
    pub(super) fn gpu(stream: cuda::Stream) -> Stream {
        Stream(Kind::Gpu(stream))
    }
}

#[pymethods]
impl Stream {
    /// A stream of its own; on a GPU one that does not wait for the default stream if it is `non_blocking`, served before others of a higher number in `priority`.
    #[new]
    #[pyo3(signature = (non_blocking=false, priority=0))]
    fn new(py: Python<'_>, non_blocking: bool, priority: i32) -> PyResult<Stream> {
        Ok(Stream(match device::gpu(py)? {
            None => Kind::Cpu(stream::Stream::new()),
            Some(context) => Kind::Gpu(gate::attached(py, || cuda::Stream::new(context, non_blocking, priority))?),
        }))
    }

    /// Waits for the work ordered so far.
    fn synchronize(&self, py: Python<'_>) -> PyResult<()> {
        match &self.0 {
            Kind::Cpu(stream) => stream.synchronize(),
            Kind::Gpu(stream) => {
                gate::detached(py, || stream.synchronize())?;
                told(py, stream.context(), Waited::Stream(stream))?;
            }
        }
        Ok(())
    }

    /// Whether the work ordered so far has ended.
    fn query(&self, py: Python<'_>) -> PyResult<bool> {
        match &self.0 {
            Kind::Cpu(_) => Ok(true),
            Kind::Gpu(stream) => gate::detached(py, || stream.query()),
        }
    }

    /// Pieces of work ordered so far: on the CPU, where they are counted.
    #[getter]
    fn ordered(&self) -> Option<u64> {
        match &self.0 {
            Kind::Cpu(stream) => Some(stream.ordered()),
            Kind::Gpu(_) => None,
        }
    }

    /// The driver's handle, for other libraries; 0 on the CPU.
    #[getter]
    fn handle(&self) -> usize {
        match &self.0 {
            Kind::Cpu(_) => 0,
            Kind::Gpu(stream) => stream.raw(),
        }
    }

    /// CuPy's and PyTorch's way of passing streams.
    fn __cuda_stream__(&self) -> (u32, usize) {
        (0, self.handle())
    }

    /// A context manager that waits at its end.
    fn auto_synchronize(slf: Py<Stream>) -> Py<Stream> {
        slf
    }

    /// Calls `callback(stream, status, arg)` when the work ordered so far has ended; `status` is 0, or what the driver says went wrong in that work. What it raises goes to `sys.unraisablehook`: there may be
    /// nobody to catch it. On a GPU it is called by a thread of the driver's.
    #[pyo3(signature = (callback, arg=None))]
    fn add_callback(slf: &Bound<'_, Stream>, callback: &Bound<'_, PyAny>, arg: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        let py = slf.py();
        match &slf.get().0 {
            Kind::Cpu(stream) => {
                stream.order();
                if let Err(raised) = callback.call1((slf, 0, arg)) {
                    raised.write_unraisable(py, Some(callback));
                }
                Ok(())
            }
            Kind::Gpu(stream) => {
                let (callback, stream_object, arg) = (callback.clone().unbind(), slf.clone().unbind(), arg.map(Bound::unbind));
                let told = move |outcome: Result<(), verdigris_device::DeviceError>| {
                    let status = match outcome {
                        Err(verdigris_device::DeviceError::Cuda { status, .. }) => status,
                        Err(_) => 999,
                        Ok(()) => 0,
                    };
                    // At the end of the process there may be no interpreter left to call into.
                    let _ = Python::try_attach(|py| {
                        if let Err(raised) = callback.call1(py, (stream_object, status, arg)) {
                            raised.write_unraisable(py, Some(callback.bind(py)));
                        }
                    });
                };
                gate::attached(py, || stream.add_callback(told))
            }
        }
    }

    /// An awaitable that is done when the work ordered so far has ended; its result is the stream.
    fn async_done<'py>(slf: &Bound<'py, Stream>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let running = py.import("asyncio")?.call_method0("get_running_loop")?;
        let future = running.call_method0("create_future")?;
        match &slf.get().0 {
            Kind::Cpu(_) => {
                future.call_method1("set_result", (slf,))?;
            }
            Kind::Gpu(_) => {
                let settle = py.import("verdigris.cuda._device")?.getattr("settle")?.call1((&running, &future))?;
                Stream::add_callback(slf, &settle, None)?;
            }
        }
        Ok(future)
    }

    fn __enter__(slf: Py<Stream>) -> Py<Stream> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyAny>) -> PyResult<()> {
        self.synchronize(py)
    }

    fn __repr__(&self) -> String {
        match &self.0 {
            Kind::Cpu(stream) => format!("<Stream {} on cpu>", stream.id()),
            Kind::Gpu(stream) => format!("<Stream {:#x} on cuda:{}>", stream.raw(), stream.context().ordinal()),
        }
    }
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (timing=true))]
    fn new(py: Python<'_>, timing: bool) -> PyResult<Event> {
        let mark = match device::gpu(py)? {
            None => Mark::Cpu(stream::Event::new()),
            Some(context) => Mark::Gpu(gate::attached(py, || cuda::Event::new(context, timing))?),
        };
        Ok(Event { mark, timing })
    }

    /// Marks the place behind all work ordered on the stream so far.
    #[pyo3(signature = (stream=None))]
    fn record(&self, py: Python<'_>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let named = order(py, stream)?;
        match &self.mark {
            Mark::Cpu(event) => {
                event.record();
                Ok(())
            }
            Mark::Gpu(event) => {
                let stream = named.unwrap_or_else(|| cuda::Stream::default_of(event.context()));
                gate::attached(py, || event.record(&stream))
            }
        }
    }

    /// Whether the work before it has ended.
    fn query(&self, py: Python<'_>) -> PyResult<bool> {
        match &self.mark {
            Mark::Cpu(event) => Ok(event.query()),
            Mark::Gpu(event) => gate::detached(py, || event.query()),
        }
    }

    /// Waits for the work before it.
    fn synchronize(&self, py: Python<'_>) -> PyResult<()> {
        match &self.mark {
            Mark::Cpu(_) => Ok(()),
            Mark::Gpu(event) => {
                gate::detached(py, || event.synchronize())?;
                told(py, event.context(), Waited::Something)
            }
        }
    }

    /// Has work ordered on the stream later wait for this event.
    #[pyo3(signature = (stream=None))]
    fn wait(&self, py: Python<'_>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let named = order(py, stream)?;
        match &self.mark {
            Mark::Cpu(_) => Ok(()),
            Mark::Gpu(event) => {
                let stream = named.unwrap_or_else(|| cuda::Stream::default_of(event.context()));
                gate::attached(py, || stream.wait(event))
            }
        }
    }

    /// Milliseconds from this event to `evtend`.
    fn elapsed_time(&self, py: Python<'_>, evtend: &Bound<'_, Event>) -> PyResult<f64> {
        if !self.timing || !evtend.get().timing {
            return Err(PyValueError::new_err("an event made with timing=False records no time"));
        }
        match (&self.mark, &evtend.get().mark) {
            (Mark::Cpu(start), Mark::Cpu(end)) => start.elapsed_ms(end).map_err(|error| error.into_py_err(py)),
            (Mark::Gpu(start), Mark::Gpu(end)) => gate::attached(py, || start.elapsed_ms(end)),
            // The device is one for the whole process.
            _ => Err(verdigris_device::DeviceError::NotRecorded.into_py_err(py)),
        }
    }
}
