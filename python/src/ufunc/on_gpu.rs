//! Calls on a GPU: host arrays are copied there and results back, device arrays stay.
//!
//! Owns the taking apart of a plain call (inputs, `out=`, a stream) and what becomes of each operand. What is no such call, and every error that NumPy words, is answered with `None`: the host's way then
//! does the call, on copies, or fails in NumPy's own words. Loops, casting and broadcasting are `verdigris-vectorize`'s.
#![allow(unsafe_code)]

use std::sync::Arc;

use numpy::{PyArrayDescr, PyUntypedArray, PyUntypedArrayMethods};

use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyFloat, PyInt, PyTuple};

use verdigris_compiler::types::ScalarType;
use verdigris_device::array::Array;
use verdigris_device::cuda::Stream;
use verdigris_device::layout::{Layout as ArrayLayout, Order};
use verdigris_vectorize::broadcast::{Dims, broadcast_shape};
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::run::OnDevice;
use verdigris_vectorize::{Error, Layout};

use super::core::{AnyLoop, Core};
use crate::cuda::{self, DeviceNDArray};
use crate::gate;
use crate::interned::intern;

/// An input as it was given.
enum Given<'py> {
    Device(Bound<'py, DeviceNDArray>),
    Host(Bound<'py, PyUntypedArray>),
    /// A Python number, which takes the loop's type.
    Weak(Bound<'py, PyAny>, Argument),
}

fn numpy<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyModule>> {
    py.import(intern!(py, "numpy"))
}

/// Whether an array is in the memory of a stream's device.
fn is_on(array: &Array, stream: &Stream) -> bool {
    array.gpu().is_some_and(|memory| memory.context() == stream.context())
}

impl<'py> Given<'py> {
    /// `None` for an object that has a say of its own, or that no array can be made of.
    fn of(object: &Bound<'py, PyAny>) -> PyResult<Option<Given<'py>>> {
        if let Ok(array) = object.cast_exact::<DeviceNDArray>() {
            return Ok(Some(Given::Device(array.clone())));
        }
        if object.is_exact_instance_of::<PyFloat>() {
            return Ok(Some(Given::Weak(object.clone(), Argument::Float)));
        }
        if object.is_exact_instance_of::<PyInt>() {
            return Ok(Some(Given::Weak(object.clone(), Argument::Int)));
        }
        if object.is_exact_instance_of::<PyComplex>() {
            return Ok(Some(Given::Weak(object.clone(), Argument::Complex)));
        }
        if let Ok(array) = object.cast::<PyUntypedArray>() {
            // Subclasses are NumPy's affair.
            let plain = numpy(object.py())?.getattr(intern!(object.py(), "ndarray"))?;
            return Ok(array.get_type().is(&plain).then(|| Given::Host(array.clone())));
        }
        if object.hasattr(intern!(object.py(), "__array_ufunc__"))? && !is_generic(object)? {
            return Ok(None);
        }
        let made = numpy(object.py())?.call_method1(intern!(object.py(), "asarray"), (object,))?;
        Ok(made.cast_into::<PyUntypedArray>().ok().map(Given::Host))
    }

    fn argument(&self, py: Python<'py>) -> PyResult<Option<Argument>> {
        let typed = |dtype: &Bound<'py, PyArrayDescr>| -> Option<Argument> { cuda::scalar_type(dtype).map(Argument::Typed) };
        Ok(match self {
            Given::Device(array) => typed(array.get().dtype(py)),
            Given::Host(array) => typed(&array.dtype()),
            Given::Weak(_, argument) => Some(*argument),
        })
    }

    fn shape(&self) -> Dims {
        match self {
            Given::Device(array) => array.get().memory().layout().shape().iter().map(|n| *n as isize).collect(),
            Given::Host(array) => array.shape().iter().map(|n| *n as isize).collect(),
            Given::Weak(..) => Dims::new(),
        }
    }

    /// The elements in the stream's device's memory, as the loop's type.
    fn on(&self, py: Python<'py>, ty: ScalarType, stream: &Stream) -> PyResult<Array> {
        let array = match self {
            Given::Device(array) => {
                let own = array.get();
                if is_on(own.memory(), stream) && cuda::scalar_type(own.dtype(py)) == Some(ty) {
                    return Ok(own.memory().view());
                }
                array.call_method0(intern!(py, "copy_to_host"))?
            }
            Given::Host(array) => array.clone().into_any(),
            Given::Weak(value, _) => numpy(py)?.call_method1(intern!(py, "asarray"), (value, PyArrayDescr::new(py, ty.name())?))?,
        };
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "copy"), false)?;
        let array = array.call_method(intern!(py, "astype"), (PyArrayDescr::new(py, ty.name())?,), Some(&keywords))?;
        cuda::host_to_gpu(array.cast::<PyUntypedArray>()?, stream)
    }
}

fn is_generic(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.is_instance(&numpy(object.py())?.getattr(intern!(object.py(), "generic"))?)
}

/// A result: where it is computed, and the host array that it goes to, if one was given.
struct Target<'py> {
    device: Array,
    given: Option<Bound<'py, PyAny>>,
    to_host: Option<Bound<'py, PyUntypedArray>>,
}

/// Elements along a loop's axes and along the core's of each operand.
struct Shapes {
    outer: Dims,
    sizes: Vec<isize>,
}

fn shapes(layout: Option<&Layout>, inputs: &[Dims]) -> Option<Shapes> {
    let Some(layout) = layout else {
        return Some(Shapes { outer: broadcast_shape(inputs.iter().map(|s| &s[..])).ok()?, sizes: Vec::new() });
    };
    let given: Vec<Option<&[isize]>> = inputs.iter().map(|s| Some(&s[..])).chain(layout.outputs.iter().map(|_| None)).collect();
    let sizes = layout.sizes(&given).ok()?;
    let outer = inputs.iter().zip(&layout.inputs).map(|(shape, core)| &shape[..shape.len() - core.len()]);
    Some(Shapes { outer: broadcast_shape(outer).ok()?, sizes })
}

/// Calls a function on the stream's device if the call is a plain one.
pub(super) fn call<'py>(
    core: &Core,
    args: &Bound<'py, PyTuple>,
    out: Option<&Bound<'py, PyAny>>,
    stream: &Stream,
    most_threads: Option<u32>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = args.py();
    let (count, results) = (core.inputs, core.outputs);
    if args.len() < count || args.len() > count + results || (args.len() > count && out.is_some()) {
        return Ok(None);
    }
    let layout = core.cores.as_ref().map(|cores| &cores.layout);
    if let Some(cores) = &core.cores
        && (cores.layout.dimensions.iter().any(|d| d.optional) || !cores.writable.is_empty())
    {
        return Ok(None);
    }
    let mut outs: Vec<Option<Bound<'py, PyAny>>> = args.iter().skip(count).map(Some).collect();
    match out.map(|out| (out, out.cast_exact::<PyTuple>())) {
        None => {}
        Some((_, Ok(tuple))) => outs.extend(tuple.iter().map(Some)),
        Some((one, Err(_))) => outs.push(Some(one.clone())),
    }
    outs.iter_mut().for_each(|one| *one = one.take().filter(|one| !one.is_none()));
    if outs.len() > results {
        return Ok(None);
    }
    outs.resize(results, None);
    let mut inputs = Vec::with_capacity(count);
    let mut arguments = Vec::with_capacity(count);
    for object in args.iter().take(count) {
        let Some(given) = Given::of(&object)? else { return Ok(None) };
        let Some(argument) = given.argument(py)? else { return Ok(None) };
        inputs.push(given);
        arguments.push(argument);
    }
    let own: Vec<Dims> = inputs.iter().map(Given::shape).collect();
    let Some(Shapes { outer, sizes }) = shapes(layout, &own) else { return Ok(None) };
    let engine = core.engine(py)?;
    let chosen = gate::detached(py, || match engine.choose(&arguments) {
        Ok(chosen) => Ok(Some(chosen)),
        Err(Error::NoLoop { .. }) => Ok(None),
        Err(error) => Err(error),
    })?;
    let Some(lp) = chosen else { return Ok(None) };
    let core_axes = |k: usize| layout.map_or(&[][..], |layout| if k < count { &layout.inputs[k][..] } else { &layout.outputs[k - count][..] });
    let mut targets = Vec::with_capacity(results);
    for (k, (given, ty)) in outs.into_iter().zip(lp.outputs()).enumerate() {
        let shape: Vec<usize> = outer.iter().copied().chain(core_axes(count + k).iter().map(|d| sizes[*d])).map(|n| n as usize).collect();
        let Some(target) = target(py, given, &shape, *ty, stream)? else { return Ok(None) };
        targets.push(target);
    }
    let stays = inputs.iter().any(|input| matches!(input, Given::Device(_))) || targets.iter().any(|t| t.given.is_some() && t.to_host.is_none());
    let mut arrays = Vec::with_capacity(count + results);
    for (given, ty) in inputs.iter().zip(lp.inputs()) {
        arrays.push(given.on(py, *ty, stream)?);
    }
    for array in &mut arrays {
        // A core array that an output lies over is read while others are written; of elements the very same may be.
        let clash = |target: &Target<'_>| {
            Arc::ptr_eq(target.device.buffer(), array.buffer())
                && (layout.is_some() || array.pointer() != target.device.pointer() || array.layout() != target.device.layout())
        };
        if targets.iter().any(clash) {
            *array = apart(py, array, stream)?;
        }
    }
    arrays.extend(targets.iter().map(|target| target.device.view()));
    gate::detached(py, || run(&lp, stream, &outer, &sizes, &arrays, core_axes, most_threads))?;
    finish(py, targets, &lp, stays, stream).map(Some)
}

/// The same elements in memory of their own.
fn apart(py: Python<'_>, array: &Array, stream: &Stream) -> PyResult<Array> {
    gate::detached(py, || {
        let layout = ArrayLayout::contiguous(array.layout().shape(), array.layout().itemsize(), Order::C)?;
        let copy = Array::new_on(stream, layout)?;
        // SAFETY: the copy is new; the array is held by its object, and freed behind the copy.
        unsafe { copy.copy_from_on(Some(stream), array) }?;
        Ok::<_, verdigris_device::DeviceError>(copy)
    })
}

/// Where a result is computed; `None` if NumPy has to judge the output that was given.
fn target<'py>(py: Python<'py>, given: Option<Bound<'py, PyAny>>, shape: &[usize], ty: ScalarType, stream: &Stream) -> PyResult<Option<Target<'py>>> {
    let new = || gate::attached(py, || ArrayLayout::contiguous(shape, ty.size(), Order::C).and_then(|layout| Array::new_on(stream, layout)));
    let Some(given) = given else { return Ok(Some(Target { device: new()?, given: None, to_host: None })) };
    if let Ok(device) = given.cast_exact::<DeviceNDArray>() {
        let own = device.get();
        let layout = own.memory().layout();
        let shares = layout.size() > 0 && layout.shape().iter().zip(layout.strides()).any(|(n, s)| *n > 1 && *s == 0);
        if !is_on(own.memory(), stream) || shares || layout.shape() != shape || cuda::scalar_type(own.dtype(py)) != Some(ty) {
            return Ok(None);
        }
        let device = own.memory().view();
        return Ok(Some(Target { device, given: Some(given), to_host: None }));
    }
    let Ok(host) = given.cast::<PyUntypedArray>() else { return Ok(None) };
    let writeable: bool = host.getattr(intern!(py, "flags"))?.getattr(intern!(py, "writeable"))?.extract()?;
    if !writeable || host.shape() != shape || cuda::scalar_type(&host.dtype()) != Some(ty) {
        return Ok(None);
    }
    let host = host.clone();
    Ok(Some(Target { device: new()?, given: Some(given), to_host: Some(host) }))
}

fn run<'a>(
    lp: &AnyLoop,
    stream: &Stream,
    outer: &[isize],
    sizes: &[isize],
    arrays: &[Array],
    core_axes: impl Fn(usize) -> &'a [usize],
    most_threads: Option<u32>,
) -> Result<(), Error> {
    // Extents and strides as the loop counts them; a core axis that is stretched steps by nothing.
    let lie: Vec<(Dims, Dims, Dims)> = arrays
        .iter()
        .enumerate()
        .map(|(k, array)| {
            let (layout, core) = (array.layout(), core_axes(k));
            let loops = layout.ndim() - core.len();
            let shape = layout.shape()[..loops].iter().map(|n| *n as isize).collect();
            let strides = layout.strides()[..loops].iter().copied().collect();
            let core =
                core.iter().enumerate().map(|(n, d)| if layout.shape()[loops + n] as isize == sizes[*d] { layout.strides()[loops + n] } else { 0 });
            (shape, strides, core.collect())
        })
        .collect();
    let operands: Vec<OnDevice<'_>> = arrays
        .iter()
        .zip(&lie)
        .map(|(array, (shape, strides, core))| OnDevice { address: array.pointer().addr() as u64, shape, strides, core })
        .collect();
    for memory in arrays.iter().filter_map(Array::gpu) {
        memory.join(stream).map_err(verdigris_gpu::Error::Device)?;
    }
    // SAFETY: the arrays are of the stream's device, of the loop's types and of the shapes that were matched; their memory is freed behind the launch; inputs that an output overlaps otherwise were
    // copied apart.
    unsafe {
        match lp {
            AnyLoop::Elements(lp) => lp.run_on(stream, outer, &operands, most_threads),
            AnyLoop::Cores(lp) => lp.run_on(stream, outer, sizes, &operands, most_threads),
        }
    }
}

/// Hands the results over: as device arrays where an operand was one, else as the host's, for which the launch is waited for.
fn finish<'py>(py: Python<'py>, targets: Vec<Target<'py>>, lp: &AnyLoop, stays: bool, stream: &Stream) -> PyResult<Bound<'py, PyAny>> {
    let mut results = Vec::with_capacity(targets.len());
    for (Target { device, given, to_host }, ty) in targets.into_iter().zip(lp.outputs()) {
        results.push(match (given, to_host) {
            (Some(given), None) => given,
            (Some(given), Some(host)) => {
                cuda::gpu_to_host(&device, &host, stream)?;
                given
            }
            (None, _) => {
                let scalar = device.layout().ndim() == 0;
                let array = Bound::new(py, DeviceNDArray::of(device, PyArrayDescr::new(py, ty.name())?))?;
                if stays {
                    array.into_any()
                } else {
                    let host =
                        numpy(py)?.call_method1(intern!(py, "empty"), (array.getattr(intern!(py, "shape"))?, PyArrayDescr::new(py, ty.name())?))?;
                    cuda::gpu_to_host(array.get().memory(), host.cast::<PyUntypedArray>()?, stream)?;
                    if scalar { host.get_item(PyTuple::empty(py))? } else { host }
                }
            }
        });
    }
    if results.len() == 1 {
        return Ok(results.pop().expect("one result"));
    }
    Ok(PyTuple::new(py, results)?.into_any())
}
