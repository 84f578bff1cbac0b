//! Arguments of a launch, from Python objects.
//!
//! Owns what may be passed and what it becomes: device arrays as they are, NumPy arrays by way of a copy, Python's and NumPy's numbers, tuples of these. Which
//! types the kernel then accepts is decided below.
#![allow(unsafe_code)]

use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};

use verdigris_cuda_jit::{Args, Error, args};
use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, Memory, Stream};
use verdigris_gpu::Waited;

use super::array::DeviceNDArray;
use super::host::{self, Host};
use super::{interop, stream};
use crate::error::IntoPyErr;
use crate::interned::intern;
use crate::{gate, meaning};

/// Arguments, and the copies made for them.
pub(super) struct Taken<'py> {
    pub(super) args: Args<'static>,
    copies: Vec<Copied<'py>>,
    /// The stream of the GPU that the launch goes to; `None` on the CPU.
    stream: Option<Stream>,
    /// Device arrays among the arguments, on a GPU.
    pub(super) arrays: Vec<Array>,
}

/// A NumPy array and its copy on the device.
struct Copied<'py> {
    host: Host<'py>,
    device: Array,
    /// Whether what the kernel wrote goes back.
    back: bool,
    /// The NumPy record that the array is a copy of.
    record: Option<Bound<'py, PyAny>>,
}

/// What cannot be passed, in words.
type Refused = String;

impl<'py> Taken<'py> {
    /// Takes the arguments of a launch. What they point to is held by `objects` and by this.
    ///
    /// # Errors
    /// `ArgumentError` naming the first that cannot be passed.
    pub(super) fn new(
        objects: &Bound<'py, PyTuple>,
        kernel: &str,
        parameter: impl Fn(usize) -> String,
        stream: Option<Stream>,
    ) -> PyResult<Taken<'py>> {
        let mut taken = Taken { args: Args::with_capacity(objects.len()), copies: Vec::new(), stream, arrays: Vec::new() };
        for (i, object) in objects.iter_borrowed().enumerate() {
            if let Err(reason) = taken.push(&object)? {
                let error = Error::Argument { kernel: kernel.to_owned(), parameter: parameter(i), reason };
                return Err(error.into_py_err(objects.py()));
            }
        }
        Ok(taken)
    }

    fn push(&mut self, object: &Bound<'py, PyAny>) -> PyResult<Result<(), Refused>> {
        if let Ok(array) = object.cast_exact::<DeviceNDArray>() {
            return Ok(self.push_device(array.get()));
        }
        if let Ok(value) = object.cast_exact::<PyFloat>() {
            self.args.scalar(value.value());
        } else if let Ok(value) = object.cast_exact::<PyBool>() {
            self.args.scalar(value.is_true());
        } else if let Ok(value) = object.cast_exact::<PyInt>() {
            return self.push_int(value);
        } else if let Ok(value) = object.cast_exact::<PyComplex>() {
            self.args.scalar(num_complex::Complex::new(value.real(), value.imag()));
        } else if let Ok(array) = object.cast::<PyUntypedArray>() {
            return self.push_numpy(array, true);
        } else if host::push_scalar(&mut self.args, object) {
        } else if object.is_none() {
            self.args.none();
        } else if let Ok(items) = object.cast::<PyTuple>() {
            return self.push_tuple(items);
        } else if let Some(copy) = host::copied_record(object)? {
            let pushed = self.push_numpy(&copy, true)?;
            if pushed.is_ok() {
                self.copies.last_mut().expect("pushed just now").record = Some(object.clone());
            }
            return Ok(pushed);
        } else if let Ok(value) = object.cast::<PyInt>() {
            // IntEnum and its like.
            return self.push_int(value);
        } else if let Ok(value) = object.cast::<PyFloat>() {
            self.args.scalar(value.value());
        } else if meaning::is_enum(object)? {
            return self.push(&object.getattr(intern!(object.py(), "value"))?);
        } else if let Some(mode) = object.get_type().getattr_opt(intern!(object.py(), "__verdigris_transfer__"))? {
            // `cuda.In`, `cuda.Out` and `cuda.InOut`.
            let array = object.getattr(intern!(object.py(), "array"))?;
            return match array.cast::<PyUntypedArray>() {
                Ok(array) => self.push_numpy(array, mode.extract()?),
                Err(_) => self.push(&array),
            };
        } else if let Some(array) = self.shared(object)? {
            return Ok(self.push_device(&array));
        } else {
            let class = object.get_type().fully_qualified_name()?;
            return Ok(Err(format!("a {class}: kernels take arrays, numbers and tuples of these")));
        }
        Ok(Ok(()))
    }

    /// An array in the device's memory.
    fn push_device(&mut self, array: &DeviceNDArray) -> Result<(), Refused> {
        let (ty, words) = array.as_argument().map_err(Clone::clone)?;
        let memory = array.memory();
        match (memory.gpu().map(Memory::context), self.stream.as_ref().map(Stream::context)) {
            (None, None) => {}
            (Some(of), Some(on)) if std::ptr::eq(of, on) => self.arrays.push(memory.view()),
            (of, on) => {
                let name = |context: Option<&Context>| context.map_or("the CPU".to_owned(), |context| format!("GPU {}", context.ordinal()));
                return Err(format!("a device array on {}, and the launch is on {}", name(of), name(on)));
            }
        }
        // SAFETY: the array's memory is as its type says, and the tuple of arguments, or `arrays`, holds it during the launch. Two launches that write it at once race as they would on a GPU.
        unsafe { self.args.prepared(ty.clone(), words) };
        Ok(())
    }

    /// An array of another library in a GPU's memory; `None` for another object.
    fn shared(&self, object: &Bound<'py, PyAny>) -> PyResult<Option<DeviceNDArray>> {
        let py = object.py();
        if self.stream.is_none() {
            return Ok(None);
        }
        if let Some(description) = object.getattr_opt(intern!(py, "__cuda_array_interface__"))? {
            return interop::from_cuda_array_interface(py, description.cast()?, Some(object.clone().unbind()), true).map(Some);
        }
        if object.hasattr(intern!(py, "__dlpack__"))? && object.hasattr(intern!(py, "__dlpack_device__"))? {
            return interop::from_dlpack(py, object).map(Some);
        }
        Ok(None)
    }

    fn push_int(&mut self, value: &Bound<'py, PyInt>) -> PyResult<Result<(), Refused>> {
        if let Ok(int) = value.extract::<i64>() {
            self.args.scalar(int);
        } else if let Ok(int) = value.extract::<u64>() {
            self.args.scalar(int);
        } else {
            return Ok(Err("an int that does not fit 64 bits".to_owned()));
        }
        Ok(Ok(()))
    }

    fn push_tuple(&mut self, items: &Bound<'py, PyTuple>) -> PyResult<Result<(), Refused>> {
        // The tuple's items are pushed to the same words; its type is made of theirs.
        let mut inner = Taken {
            args: Args::with_capacity(items.len()),
            copies: std::mem::take(&mut self.copies),
            stream: self.stream.clone(),
            arrays: std::mem::take(&mut self.arrays),
        };
        for item in items.iter_borrowed() {
            if let Err(reason) = inner.push(&item)? {
                return Ok(Err(format!("{reason} (in a tuple)")));
            }
        }
        self.copies = inner.copies;
        self.arrays = inner.arrays;
        match meaning::named_tuple(items.get_type().as_any())? {
            Some(named) if named.fields.len() == items.len() => self.args.append_named(named, inner.args),
            _ => self.args.append_tuple(inner.args),
        };
        Ok(Ok(()))
    }

    fn push_numpy(&mut self, array: &Bound<'py, PyUntypedArray>, back: bool) -> PyResult<Result<(), Refused>> {
        let elem = match host::scalar_type(&array.dtype()) {
            Some(elem) => Ok(elem),
            None => match host::record_type(&array.dtype())? {
                Some(record) => Err(record),
                None => return Ok(Err(unsupported_dtype(&array.dtype().to_string()))),
            },
        };
        // One array passed twice is one array in the kernel too.
        let known = self.copies.iter().position(|copied| copied.host.array().is(array));
        let at = match known {
            Some(at) => at,
            None => {
                let host = Host::new(array.clone())?;
                let device = host.to_device(host.order(), self.stream.as_ref(), false)?;
                self.copies.push(Copied { host, device, back: false, record: None });
                self.copies.len() - 1
            }
        };
        self.copies[at].back |= back;
        let Copied { host, device, .. } = &self.copies[at];
        let layout = device.layout();
        // What a kernel writes to a copy that stays on the device is lost, and may be: that is what `cuda.In` says.
        let readonly = back && !host.is_writeable();
        let elem = match elem {
            Ok(elem) => elem,
            Err(record) => {
                // SAFETY: as below.
                let pushed = unsafe { self.args.raw_records(record, readonly, device.pointer(), layout.shape(), layout.strides()) };
                return Ok(pushed.map(drop).map_err(|reason| reason.to_string()));
            }
        };
        match args::array_type(elem, layout.shape(), layout.strides(), readonly) {
            Ok(ty) => {
                // SAFETY: the copy is dense device memory of this type, held by `self` until after the launch, and no one else knows it.
                unsafe { self.args.raw_array(ty, device.pointer(), layout.shape(), layout.strides()) };
                Ok(Ok(()))
            }
            Err(reason) => Ok(Err(reason.to_string())),
        }
    }

    /// Whether NumPy arrays were copied for the launch.
    pub(super) fn has_copies(&self) -> bool {
        !self.copies.is_empty()
    }

    /// Brings what the kernel wrote back to the NumPy arrays; on a GPU the launch has then ended.
    ///
    /// # Errors
    /// None that the arrays could have now; an array resized meanwhile.
    pub(super) fn copy_back(self) -> PyResult<()> {
        let mut outcome = Ok(());
        for Copied { host, device, back, record } in &self.copies {
            if *back && host.is_writeable() {
                // On the launch's stream, behind it, and waited for.
                let copied = host.copy_from_waiting(device, self.stream.as_ref());
                // A thread that failed is told with the first copy; the others are made all the same.
                outcome = outcome.and(copied);
                if let Some(record) = record {
                    for name in host.array().dtype().names().unwrap_or_default() {
                        record.set_item(&name, host.array().get_item(&name)?)?;
                    }
                }
            }
        }
        if let Some(stream) = &self.stream
            && outcome.is_ok()
            && !self.copies.is_empty()
        {
            // Those that are not copied back were copied here: the launch ends with the call, as with those.
            let py = self.copies[0].host.array().py();
            gate::detached(py, || stream.synchronize())?;
            stream::told(py, stream.context(), Waited::Stream(stream))?;
        }
        outcome
    }
}

/// Why an array of that dtype cannot be passed.
pub(super) fn unsupported_dtype(dtype: &str) -> Refused {
    format!(
        "an array of {dtype}: kernels take arrays of bool, int8 to int64, uint8 to uint64, float16 to float64, complex64, complex128, datetime64, timedelta64, strings of at most 256 characters and records of these, in native byte order"
    )
}
