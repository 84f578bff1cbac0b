//! The one map from our errors to Python's.
//!
//! Owns, for each error type of the crates below, which class of `verdigris.errors` it becomes and what attributes it carries. The classes are Python's, looked up
//! when first needed. Text comes from the error's own `Display` or rendering; nothing here words a fault of the user's.

use pyo3::exceptions::{PyIndexError, PyMemoryError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use verdigris_compiler::abi::{Failure, Site, SiteKind};
use verdigris_compiler::diagnostic::{Diagnostic, Family};
use verdigris_compiler::ir::Raise;
use verdigris_compiler::llvm;
use verdigris_compiler::source::Location;

use crate::fork;

/// An error of ours that has a Python form.
pub(crate) trait IntoPyErr {
    /// The exception to raise.
    fn into_py_err(self, py: Python<'_>) -> PyErr;
}

/// A fault of verdigris itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Something panicked.
    Panic {
        /// What it said.
        message: String,
        /// File, line and column of our source, if the panic was on the thread that reports it.
        place: Option<String>,
    },
    /// A stage found another's result impossible.
    Broken(String),
}

/// A class of `verdigris.errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Typing,
    Unsupported,
    Argument,
    Shape,
    BadValue,
    Launch,
    Device,
    LibraryNotFound,
    Internal,
    KernelIndex,
    KernelValue,
    KernelUnboundLocal,
    KernelRecursion,
    DivergentBarrier,
    Deadlock,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Class::Typing => "TypingError",
            Class::Unsupported => "UnsupportedError",
            Class::Argument => "ArgumentError",
            Class::Shape => "ShapeError",
            Class::BadValue => "BadValueError",
            Class::Launch => "LaunchError",
            Class::Device => "DeviceError",
            Class::LibraryNotFound => "LibraryNotFound",
            Class::Internal => "InternalError",
            Class::KernelIndex => "KernelIndexError",
            Class::KernelValue => "KernelValueError",
            Class::KernelUnboundLocal => "KernelUnboundLocalError",
            Class::KernelRecursion => "KernelRecursionError",
            Class::DivergentBarrier => "DivergentBarrier",
            Class::Deadlock => "DeadlockError",
        }
    }
}

/// An exception in the making: its class, its text and its attributes.
pub(crate) struct Exception<'py> {
    class: Class,
    message: String,
    details: Bound<'py, PyDict>,
}

impl<'py> Exception<'py> {
    pub(crate) fn new(py: Python<'py>, class: Class, message: impl Into<String>) -> Exception<'py> {
        Exception { class, message: message.into(), details: PyDict::new(py) }
    }

    /// Adds an attribute.
    pub(crate) fn with(self, name: &str, value: impl IntoPyObject<'py>) -> Exception<'py> {
        // An attribute that cannot be made is left out: the error itself matters more.
        let _ = self.details.set_item(name, value);
        self
    }

    /// Adds the code and the place in the user's source.
    pub(crate) fn at(self, code: &str, place: &Location) -> Exception<'py> {
        self.with("code", code).with("filename", &*place.file).with("lineno", place.line).with("offset", place.column)
    }

    /// The exception itself; whatever goes wrong in making it is raised instead.
    pub(crate) fn build(self) -> PyErr {
        self.raise().unwrap_or_else(|error| error)
    }

    fn raise(self) -> PyResult<PyErr> {
        static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let py = self.details.py();
        let module = fork::once(py, &MODULE, || py.import("verdigris.errors").map(Bound::unbind))?;
        let class = module.bind(py).getattr(self.class.name())?.cast_into::<PyType>()?;
        let value = class.call(PyTuple::new(py, [self.message])?, Some(&self.details))?;
        Ok(PyErr::from_value(value))
    }
}

impl IntoPyErr for PyErr {
    fn into_py_err(self, _py: Python<'_>) -> PyErr {
        self
    }
}

impl IntoPyErr for std::convert::Infallible {
    fn into_py_err(self, _py: Python<'_>) -> PyErr {
        match self {}
    }
}

impl IntoPyErr for Bug {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let text = match self {
            Bug::Panic { message, place: Some(place) } => format!("{message} ({place})"),
            Bug::Panic { message, place: None } => message,
            Bug::Broken(what) => what,
        };
        let message = format!("this is a fault of verdigris {}, please report it: {text}", env!("CARGO_PKG_VERSION"));
        Exception::new(py, Class::Internal, message).with("code", "internal").build()
    }
}

impl IntoPyErr for Box<Diagnostic> {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let class = match self.code.family() {
            Family::Typing => Class::Typing,
            Family::Unsupported => Class::Unsupported,
        };
        Exception::new(py, class, self.render()).at(self.code.as_str(), &self.location()).build()
    }
}

impl IntoPyErr for llvm::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let code = match &self {
            llvm::Error::UnknownCpu(_) => "unknown-cpu",
            llvm::Error::CpuNotHere(_) => "cpu-not-here",
            _ => return Bug::Broken(self.to_string()).into_py_err(py),
        };
        Exception::new(py, Class::Device, format!("VERDIGRIS_CPU: {self}")).with("code", code).build()
    }
}

impl IntoPyErr for verdigris_rand::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_rand::Error::{
            Dims, Lambda, Multiple, OddLength, Ordering, Parameter, Quasi, Range, Setting, State, Tables, UnknownKind, UnknownName, UnknownOrdering,
            Width,
        };
        let (class, code) = match self {
            OddLength { .. } => (Class::Shape, "odd-length"),
            Multiple { .. } => (Class::Shape, "not-a-multiple"),
            Dims { .. } => (Class::BadValue, "dims"),
            Lambda { .. } => (Class::BadValue, "lambda"),
            Parameter { .. } => (Class::BadValue, "parameter"),
            Range => (Class::BadValue, "range"),
            Ordering { .. } | UnknownOrdering { .. } => (Class::BadValue, "ordering"),
            Setting { .. } => (Class::BadValue, "no-such-setting"),
            Width { .. } => (Class::BadValue, "width"),
            Quasi { .. } => (Class::BadValue, "quasirandom"),
            Tables { .. } => (Class::LibraryNotFound, "tables"),
            State => (Class::BadValue, "state"),
            UnknownKind { .. } | UnknownName => (Class::BadValue, "generator-kind"),
            _ => (Class::BadValue, "rand"),
        };
        Exception::new(py, class, self.to_string()).with("code", code).build()
    }
}

impl IntoPyErr for verdigris_rand::cuda::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_rand::cuda::Error::{Device, Refused};
        match self {
            Refused(error) => error.into_py_err(py),
            Device(error) => error.into_py_err(py),
            other => Exception::new(py, Class::Argument, other.to_string()).with("code", "bad-array").build(),
        }
    }
}

impl IntoPyErr for verdigris_blas::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_blas::Error::{Aliasing, Device, LibraryNotFound, OutOfMemory, Overlap, Reach, Shape, Unsupported, Value};
        let message = self.to_string();
        let (class, code, place) = match self {
            Shape { routine, operand, .. } => (Class::Shape, "shape-mismatch", Some((routine, operand))),
            Value { routine, operand, .. } => (Class::BadValue, "bad-value", Some((routine, operand))),
            Aliasing { routine, operand, .. } => (Class::BadValue, "aliasing", Some((routine, operand))),
            Overlap { routine, operand } => (Class::BadValue, "overlap", Some((routine, operand))),
            Reach { .. } => (Class::Shape, "reach", None),
            OutOfMemory { .. } => return PyMemoryError::new_err(message),
            LibraryNotFound { .. } => (Class::LibraryNotFound, "library-not-found", None),
            Unsupported { routine, .. } => {
                return Exception::new(py, Class::Unsupported, message).with("code", "unsupported-on-device").with("routine", routine).build();
            }
            Device(error) => return error.into_py_err(py),
            _ => (Class::BadValue, "blas", None),
        };
        let exception = Exception::new(py, class, message).with("code", code);
        match place {
            Some((routine, operand)) => exception.with("routine", routine).with("operand", operand).build(),
            None => exception.build(),
        }
    }
}

impl IntoPyErr for verdigris_fft::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_fft::Error::{ElementType, Gpu, Length, Norm, NotOnGpu, OutOfMemory, OverlappingOutput, TooLarge};
        let message = self.to_string();
        let (class, code) = match self {
            OutOfMemory { .. } => return PyMemoryError::new_err(message),
            ElementType { .. } => (Class::Argument, "element-type"),
            Length { .. } => (Class::BadValue, "fft-length"),
            Norm { .. } => (Class::BadValue, "fft-norm"),
            OverlappingOutput => (Class::BadValue, "overlap"),
            TooLarge => (Class::Shape, "too-large"),
            NotOnGpu { .. } => (Class::Unsupported, "unsupported-on-device"),
            Gpu(error) => return error.into_py_err(py),
            _ => (Class::Shape, "shape"),
        };
        Exception::new(py, class, message).with("code", code).build()
    }
}

impl IntoPyErr for verdigris_device::library::LibraryError {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        Exception::new(py, Class::LibraryNotFound, self.to_string()).with("code", "library-not-found").build()
    }
}

impl IntoPyErr for verdigris_device::DeviceError {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_device::DeviceError::{
            AlreadyChosen, Cuda, Forked, Index, Library, MemoryLimit, NoGpu, NoLibrary, NoSuchDevice, NotOnHost, NotRecorded, OtherDevice,
            OutOfMemory, Shape, TooLarge, Unfit, UnknownDevice,
        };
        let message = self.to_string();
        let (class, code) = match self {
            // Python's own class for it, which callers know how to catch.
            OutOfMemory { .. } | MemoryLimit { .. } => return PyMemoryError::new_err(message),
            // The driver's own number and name go along.
            Cuda { status, name, .. } => return Exception::new(py, Class::Device, message).with("code", name).with("status", status).build(),
            Library { status, name, .. } => return Exception::new(py, Class::Device, message).with("code", name).with("status", status).build(),
            NoLibrary(error) => return error.into_py_err(py),
            NoSuchDevice { .. } => (Class::Device, "no-device"),
            Forked => (Class::Device, "forked"),
            OtherDevice { .. } | NotOnHost => (Class::Device, "wrong-device"),
            UnknownDevice(_) => (Class::Device, "unknown-device"),
            NoGpu { .. } => (Class::Device, "no-gpu"),
            Unfit(_) => (Class::Device, "unfit-device"),
            AlreadyChosen { .. } => (Class::Device, "already-chosen"),
            TooLarge => (Class::Shape, "too-large"),
            Shape(_) => (Class::Shape, "shape"),
            Index { .. } => return PyIndexError::new_err(message),
            NotRecorded => (Class::Device, "not-recorded"),
            _ => (Class::Device, "device"),
        };
        Exception::new(py, class, message).with("code", code).build()
    }
}

/// A failed thread of a launch, or element of a ufunc's call.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// What the compiled code recorded.
    pub(crate) failure: Failure,
    /// The place it stands for.
    pub(crate) site: Site,
    /// For a barrier: the one at which others were.
    pub(crate) other: Option<Site>,
    /// `blockIdx` and `threadIdx` of the thread; `None` for a ufunc.
    pub(crate) thread: Option<([u64; 3], [u64; 3])>,
}

impl IntoPyErr for Failed {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        let Failed { failure, site, other, thread } = self;
        let place = &site.location;
        if let SiteKind::Raise(raise) = &site.kind {
            return raised(py, raise, place, failure.thread, thread).unwrap_or_else(|error| error);
        }
        let (class, code, what) = match &site.kind {
            SiteKind::Index { array } => {
                let what = match failure.index {
                    Some((axis, index, extent)) => format!("index {index} is out of bounds for axis {axis} of `{array}`, which has size {extent}"),
                    None => format!("an index into `{array}` is out of bounds"),
                };
                (Class::KernelIndex, "index-out-of-bounds", what)
            }
            SiteKind::TupleIndex => (Class::KernelIndex, "index-out-of-bounds", "tuple index out of range".to_owned()),
            SiteKind::Value(complaint) => (Class::KernelValue, "bad-value", complaint.text().to_owned()),
            SiteKind::ZeroStep => (Class::KernelValue, "zero-step", "range() step must not be zero".to_owned()),
            SiteKind::Raise(raise) => (Class::Internal, "raise", raise.class.clone()),
            SiteKind::Barrier => (Class::DivergentBarrier, "divergent-barrier", verdigris_cuda_jit::diverged(other.as_ref())),
            SiteKind::Wait => (Class::Deadlock, "deadlock", verdigris_cuda_jit::deadlocked(other.as_ref())),
            SiteKind::Recursion(name) => {
                (Class::KernelRecursion, "recursion-depth", format!("the calls of `{name}` by itself are too deep for the stack"))
            }
            SiteKind::Unassigned(name) => (Class::KernelUnboundLocal, "unassigned-variable", format!("`{name}` is read before it is assigned")),
        };
        let who = match thread {
            Some(([bx, by, bz], [tx, ty, tz])) => format!("block ({bx}, {by}, {bz}), thread ({tx}, {ty}, {tz})"),
            None => format!("element {}", failure.thread),
        };
        let message = format!("{what}\n  --> {}:{}:{}, {who}", place.file, place.line, place.column);
        let mut exception = Exception::new(py, class, message).at(code, place);
        if let Some((block, thread)) = thread {
            exception = exception.with("block", <(u64, u64, u64)>::from(block)).with("thread", <(u64, u64, u64)>::from(thread));
        }
        match &site.kind {
            SiteKind::Index { array } => {
                exception = exception.with("array", array);
                if let Some((axis, index, extent)) = failure.index {
                    exception = exception.with("axis", axis).with("index", index).with("extent", extent);
                }
            }
            SiteKind::Unassigned(name) => exception = exception.with("variable", name),
            SiteKind::Recursion(name) => exception = exception.with("function", name),
            SiteKind::Barrier | SiteKind::Wait => {
                if let Some(other) = &other {
                    exception = exception.with("other_lineno", other.location.line);
                }
            }
            SiteKind::TupleIndex | SiteKind::ZeroStep | SiteKind::Value(_) | SiteKind::Raise(_) => {}
        }
        exception.build()
    }
}

/// The user's exception, with the thread and the place at the end of its first argument if that is text, and as a note; `block`, `thread`, `filename` and `lineno` are set
/// where its class allows.
fn raised(py: Python<'_>, raise: &Raise, place: &Location, element: u64, thread: Option<([u64; 3], [u64; 3])>) -> PyResult<PyErr> {
    let who = match thread {
        Some(([bx, by, bz], [tx, ty, tz])) => format!("block ({bx}, {by}, {bz}), thread ({tx}, {ty}, {tz})"),
        None => format!("element {element}"),
    };
    let at = format!("--> {}:{}:{}, {who}", place.file, place.line, place.column);
    let class = match crate::meaning::exception(py, raise.token) {
        Some(class) => class,
        None => py.import("builtins")?.getattr(raise.class.as_str())?,
    };
    let args = py.import("ast")?.call_method1("literal_eval", (raise.args.as_str(),))?.cast_into::<PyTuple>()?;
    let mut items: Vec<Bound<'_, PyAny>> = args.iter().collect();
    match items.first_mut() {
        Some(first) => {
            if let Ok(text) = first.extract::<String>() {
                *first = format!("{text}\n  {at}").into_pyobject(py)?.into_any();
            }
        }
        None => items.push(at.clone().into_pyobject(py)?.into_any()),
    }
    // A class may not take what was added; then it gets what the user wrote, and if it refuses that too, the fault is the user's.
    let value = match class.call1(PyTuple::new(py, items)?) {
        Ok(value) => value,
        Err(_) => class.call1(args)?,
    };
    value.call_method1("add_note", (format!("raised in compiled code {at}"),))?;
    let _ = value.setattr("filename", &*place.file);
    let _ = value.setattr("lineno", place.line);
    if let Some((block, thread)) = thread {
        let _ = value.setattr("block", <(u64, u64, u64)>::from(block));
        let _ = value.setattr("thread", <(u64, u64, u64)>::from(thread));
    }
    Ok(PyErr::from_value(value))
}

impl IntoPyErr for verdigris_gpu::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_gpu::{Error::Failed as ThreadFailed, Place};
        match self {
            ThreadFailed(failed) => {
                let place = failed.place();
                let (mut failure, site) = (failed.failure, failed.site);
                let thread = match place {
                    Place::Thread { block, thread } => Some((block, thread)),
                    Place::Element(element) => {
                        failure.thread = element;
                        None
                    }
                };
                Failed { failure, site, other: None, thread }.into_py_err(py)
            }
            other => verdigris_cuda_jit::Error::from(other).into_py_err(py),
        }
    }
}

impl IntoPyErr for verdigris_cuda_jit::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        use verdigris_cuda_jit::Error::{Argument, ArgumentCount, Compiler, Device, Diagnostic, Interrupted, Launch, NoOverload, Signature, Thread};
        let message = self.to_string();
        let (class, code) = match self {
            Diagnostic(diagnostic) => return diagnostic.into_py_err(py),
            Compiler(error) => return error.into_py_err(py),
            Thread(error) => {
                let thread = Some((error.block_index(), error.thread_index()));
                return Failed { failure: error.failure, site: error.site, other: error.other, thread }.into_py_err(py);
            }
            Interrupted => return crate::cuda::interrupted(),
            Device(error) => return error.into_py_err(py),
            Signature { .. } => (Class::Argument, "bad-signature"),
            ArgumentCount { .. } => (Class::Argument, "argument-count"),
            Argument { .. } => (Class::Argument, "bad-argument"),
            NoOverload { .. } => (Class::Argument, "no-overload"),
            Launch(_) => (Class::Launch, "launch-limits"),
            _ => (Class::Internal, "internal"),
        };
        Exception::new(py, class, message).with("code", code).build()
    }
}
