//! What kernels print goes to `sys.stdout`, as Python's own `print` does.
//!
//! Called with text by threads that hold no GIL, when a launch ends or has printed much. Knows nothing of how the text was made.

use pyo3::prelude::*;

/// Sends it there from now on.
pub(crate) fn print_to_stdout() {
    verdigris_compiler::abi::set_printer(|text| {
        Python::attach(|py| {
            let written = py.import("sys").and_then(|sys| sys.getattr("stdout")).and_then(|out| match out.is_none() {
                true => Ok(()),
                false => out.call_method1("write", (text,)).map(drop),
            });
            if let Err(raised) = written {
                raised.write_unraisable(py, None);
            }
        });
    });
}
