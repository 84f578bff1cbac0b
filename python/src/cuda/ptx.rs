//! PTX of a function for a signature, made without a GPU.
//!
//! Owns what `cuda.compile` and its kin ask of the compiler. Options have been judged by `verdigris/cuda/_compile.py`; what PTX is made of a function is `verdigris_compiler::llvm::ptx`'s affair.

use std::sync::Arc;

use pyo3::prelude::*;

use verdigris_compiler::ir::Kind;
use verdigris_compiler::llvm::ptx::{self, Arch, Entry, Module, Options};
use verdigris_compiler::lower;

use crate::definition::PyFunction;
use crate::error::{Bug, Class, Exception, IntoPyErr};
use crate::{gate, types};

impl IntoPyErr for ptx::Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        match self {
            ptx::Error::Unsupported(diagnostic) => diagnostic.into_py_err(py),
            other => Bug::Broken(other.to_string()).into_py_err(py),
        }
    }
}

/// Why there is no PTX.
enum Error {
    Function(Box<verdigris_compiler::diagnostic::Diagnostic>),
    Ptx(ptx::Error),
}

impl IntoPyErr for Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        match self {
            Error::Function(diagnostic) => diagnostic.into_py_err(py),
            Error::Ptx(error) => error.into_py_err(py),
        }
    }
}

/// The architecture of a compute capability.
///
/// # Errors
/// `UnsupportedError` if it is too old.
pub(crate) fn arch(py: Python<'_>, (major, minor): (u8, u8)) -> PyResult<Arch> {
    let unknown = |error: ptx::UnknownArch| Exception::new(py, Class::Unsupported, error.to_string()).with("code", "compute-capability").build();
    Arch::new(major, minor).map_err(unknown)
}

/// PTX of a kernel, or of a function that other code calls (`device`), and the name of its entry, and the type of what it returns as text.
#[pyfunction]
#[pyo3(signature = (function, signature, cc, *, device, fma, fastmath, boundscheck, lineinfo, optimise, max_threads=None, min_blocks=None, max_registers=None))]
#[expect(clippy::too_many_arguments, reason = "the options of `cuda.compile`")]
pub(crate) fn compile_ptx(
    py: Python<'_>,
    function: &Bound<'_, PyFunction>,
    signature: &Bound<'_, PyAny>,
    cc: (u8, u8),
    device: bool,
    fma: bool,
    fastmath: bool,
    boundscheck: bool,
    lineinfo: bool,
    optimise: bool,
    max_threads: Option<u32>,
    min_blocks: Option<u32>,
    max_registers: Option<u32>,
) -> PyResult<(String, String, String)> {
    let arch = arch(py, cc)?;
    let definition = function.get().definition(py)?;
    let types::Signature { args, returns } = types::signature(signature)?;
    let mut options = Options::default();
    options.check_bounds = boundscheck;
    options.line_info = lineinfo;
    options.optimise = optimise;
    options.most_threads = max_threads;
    options.least_blocks = min_blocks;
    options.most_registers = max_registers;
    let (kind, entry) = if device { (Kind::Core, Entry::Function) } else { (Kind::Kernel, Entry::Kernel) };
    let lowering = lower::Options { kind, fma, fastmath, zero_division: false };
    gate::detached(py, || -> Result<(String, String, String), Error> {
        let lowered = lower::lower(&definition, &args, lowering, returns.as_ref().filter(|_| device))
            .and_then(lower::Lowered::of_arguments_alone)
            .map_err(Error::Function)?;
        let made: Arc<Module> = ptx::compile(&lowered.ir, &entry, arch, &options).map_err(Error::Ptx)?;
        Ok((made.text.clone(), made.entry.clone(), lowered.result.to_string()))
    })
}
