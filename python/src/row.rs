//! NumPy arrays of one dimension as slices to write.
//!
//! Owns the borrow of such an array for the length of a call, and what is said of one that cannot be had so. The Python side has made the array with its dtype and shape; that the caller did is not believed.

use numpy::{Element, PyArray1, PyArrayMethods, PyReadwriteArray1};
use pyo3::prelude::*;

use crate::error::{Class, Exception};

/// An array of one dimension, borrowed from Python to be written.
pub(crate) struct Row<'py, T: Element> {
    held: PyReadwriteArray1<'py, T>,
    what: &'static str,
}

fn refused(py: Python<'_>, text: String) -> PyErr {
    Exception::new(py, Class::Argument, text).with("code", "bad-array").build()
}

impl<'py, T: Element> Row<'py, T> {
    /// An array that errors call `what`.
    ///
    /// # Errors
    /// It is no array of these elements and one dimension, or cannot be written.
    pub(crate) fn borrow(array: &Bound<'py, PyAny>, what: &'static str) -> PyResult<Row<'py, T>> {
        let py = array.py();
        let typed =
            array.cast::<PyArray1<T>>().map_err(|_| refused(py, format!("{what} has not the dtype or the dimensions that the call needs")))?;
        let held = typed.try_readwrite().map_err(|error| refused(py, format!("{what} cannot be written: {error}")))?;
        Ok(Row { held, what })
    }

    /// Its elements.
    ///
    /// # Errors
    /// They do not lie one after the other, or are not aligned.
    pub(crate) fn slice(&mut self) -> PyResult<&mut [T]> {
        let (py, what) = (self.held.py(), self.what);
        self.held.as_slice_mut().map_err(|_| refused(py, format!("{what} is not contiguous or not aligned")))
    }
}
