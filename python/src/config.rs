//! The environment variables.
//!
//! Owns the list of all that the package obeys, and the processor that compilation is for. The device and the size of the pool are judged where they are used, in
//! `verdigris-device`. All are read when something first needs them, never at import, and once.

use std::sync::OnceLock;

use pyo3::prelude::*;
use verdigris_compiler::llvm::{self, Cpu};

use crate::error::IntoPyErr;

/// Every variable with what it does.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("VERDIGRIS_DEVICE", "auto (default), cpu, cuda or cuda:N: where kernels run"),
    ("VERDIGRIS_CUDA_LIB_DIR", "where cuBLAS, cuFFT and cuRAND are looked for first"),
    ("VERDIGRIS_NUM_THREADS", "threads of the pool; before OMP_NUM_THREADS"),
    ("VERDIGRIS_CACHE", "0 keeps compiled code in memory only"),
    ("VERDIGRIS_CACHE_DIR", "where compiled code is kept, instead of ~/.cache/verdigris"),
    ("VERDIGRIS_CACHE_LIMIT", "most MiB of compiled code kept (256)"),
    ("VERDIGRIS_PTX_DUMP", "folder for the PTX of everything that is compiled"),
    ("VERDIGRIS_TIMINGS", "1 says on standard error how long each stage of each compilation took"),
    ("VERDIGRIS_CPU", "compile for this processor, by LLVM's name (haswell, znver3, x86-64), instead of the machine's own"),
];

/// The processor to compile for: this machine's, or the one that `VERDIGRIS_CPU` names.
///
/// # Errors
/// `DeviceError` if the variable names none that can be used here.
pub(crate) fn cpu(py: Python<'_>) -> PyResult<&'static Cpu> {
    static CPU: OnceLock<Result<Cpu, llvm::Error>> = OnceLock::new();
    let found = CPU.get_or_init(|| {
        let name = std::env::var("VERDIGRIS_CPU").unwrap_or_default();
        let name = name.trim();
        Cpu::new((!name.is_empty()).then_some(name))
    });
    found.as_ref().map_err(|error| error.clone().into_py_err(py))
}
