//! `os.fork`: no compilation and no choice of a device may be half done while the process is copied.
//!
//! Owns the hooks that Python calls around a fork. The thread pool needs none: `verdigris-device` makes another where the process id has changed.

use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use verdigris_compiler::llvm;
use verdigris_device::choice;

thread_local! {
    /// What this thread holds while it forks. A list, because a hook of another package may fork in turn.
    static HELD: RefCell<Vec<(choice::Held, llvm::Held, verdigris_cuda_jit::Held, verdigris_fft::Held)>> =
        const { RefCell::new(Vec::new()) };
}

/// Waits for compilations and choices under way and holds off new ones.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    // A compilation that ends may have to take the GIL afterwards, to hand over its result.
    py.detach(|| {
        // Kernels first: what compiles one goes on to hold the compiler. Ufuncs are not held: a short call compiles with the GIL, and waiting for a fork with it would stop the forking thread.
        let kernels = verdigris_cuda_jit::hold_for_fork();
        let plans = verdigris_fft::hold_for_fork();
        HELD.with_borrow_mut(|all| all.push((choice::hold_for_fork(), llvm::hold_for_fork(), kernels, plans)));
    });
}

/// Lets them go on, in parent and child.
#[pyfunction]
pub(crate) fn after_fork() {
    HELD.with_borrow_mut(|all| drop(all.pop()));
}

/// Has Python call the hooks of `module`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let hooks = PyDict::new(module.py());
    let after = module.getattr("after_fork")?;
    hooks.set_item("before", module.getattr("before_fork")?)?;
    hooks.set_item("after_in_parent", &after)?;
    hooks.set_item("after_in_child", &after)?;
    module.py().import("os")?.getattr("register_at_fork")?.call((), Some(&hooks))?;
    Ok(())
}
