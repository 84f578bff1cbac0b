//! The extension module `verdigris._verdigris`.
//!
//! Owns what stands between Python and the crates below: taking arguments apart ([`definition`], [`meaning`], [`types`]), the border where the GIL is released and
//! errors change their form ([`gate`], [`error`]), the environment and forks ([`config`], [`machine`], [`fork`]), kernels and device arrays ([`cuda`]), and a thin class
//! for each thing that Python holds. All that computes is in the crates; all that a user reads is in the Python package.

mod backends;
mod blas;
mod config;
mod cuda;
mod definition;
mod error;
mod fft;
mod fork;
mod gate;
mod interned;
mod machine;
mod meaning;
mod rand;
mod row;
mod sorting;
mod types;
mod ufunc;

/// The module.
/// Makes what the `numpy` crate would make when first used: it lets go of the GIL meanwhile, and a process forked there would wait for it for ever.
fn warm(py: pyo3::Python<'_>) {
    use numpy::{PyArray1, PyArrayMethods};
    drop(PyArray1::<f64>::zeros(py, 1, false).readonly());
}

#[pyo3::pymodule(name = "_verdigris")]
mod module {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::backends::{PyLowered, math_row, op_rows};
    #[pymodule_export]
    use crate::blas::{blas_asum, blas_axpy, blas_dot, blas_dotc, blas_gemv, blas_ger, blas_nrm2};
    #[pymodule_export]
    use crate::blas::{blas_gemm, blas_mixed, blas_rotg, blas_rotmg, blas_run};
    #[pymodule_export]
    use crate::cuda::{DeviceFunction, DeviceNDArray, Event, Kernel, Launcher, Overload, Stream};
    #[pymodule_export]
    use crate::cuda::{Gpu, HostMemory, Pinned, current_gpu, external_stream, gpus, select_gpu};
    #[pymodule_export]
    use crate::cuda::{compile_ptx, device_array, from_cuda_array_interface, from_dlpack, to_device};
    #[pymodule_export]
    use crate::definition::PyFunction;
    #[pymodule_export]
    use crate::fft::{FftPlan, fft_cache_clear, fft_cache_info, fft_cache_limit, fft_execute, fft_fast_length, fft_row};
    #[pymodule_export]
    use crate::fork::{after_fork, before_fork};
    #[pymodule_export]
    use crate::machine::{clear_cache, facts, find_library, get_num_threads, set_device, set_library_directories, set_num_threads, set_thread_limit};
    #[pymodule_export]
    use crate::meaning::register_builtin;
    #[pymodule_export]
    use crate::rand::{PyBits, PyGenerator, load_curand};
    #[pymodule_export]
    use crate::sorting::sort_pairs;
    #[pymodule_export]
    use crate::ufunc::PyUfunc;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::warm(module.py());
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::gate::remember_places();
        crate::cuda::print_to_stdout();
        verdigris_compiler::cache::enable();
        crate::fork::register(module)
    }
}
