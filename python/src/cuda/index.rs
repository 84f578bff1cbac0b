//! Basic indexes and shapes from Python objects.

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PySlice, PyString, PyTuple};

use verdigris_device::array::Array;

use crate::error::IntoPyErr;

/// An int or a sequence of ints, each from 0.
///
/// # Errors
/// It is something else.
pub(super) fn shape(object: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    extents(object)?
        .into_iter()
        .map(|extent| usize::try_from(extent).map_err(|_| PyValueError::new_err("negative dimensions are not allowed")))
        .collect()
}

/// An int or a sequence of ints.
///
/// # Errors
/// It is something else.
pub(super) fn strides(object: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    extents(object)
}

fn extents(object: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    if let Ok(one) = object.extract::<isize>() {
        return Ok(vec![one]);
    }
    let wrong = || PyTypeError::new_err(format!("a shape is an int or a sequence of ints, not {}", object.get_type()));
    if object.is_instance_of::<PyString>() {
        return Err(wrong());
    }
    object.try_iter().map_err(|_| wrong())?.map(|item| item?.extract()).collect()
}

/// A shape for `size` elements, in which one extent may be -1.
///
/// # Errors
/// It is no shape, or the elements do not fill it.
pub(super) fn new_shape(object: &Bound<'_, PyAny>, size: usize) -> PyResult<Vec<usize>> {
    let extents = extents(object)?;
    let known = extents.iter().filter(|e| **e >= 0).try_fold(1usize, |product, &e| product.checked_mul(e.unsigned_abs()));
    let free = extents.iter().filter(|e| **e < 0).count();
    let wrong = || PyValueError::new_err(format!("cannot reshape array of size {size} into shape {extents:?}"));
    let known = known.ok_or_else(wrong)?;
    if extents.iter().any(|e| *e < -1) || free > 1 || (free == 1 && (known == 0 || !size.is_multiple_of(known))) || (free == 0 && known != size) {
        return Err(wrong());
    }
    Ok(extents.iter().map(|&e| usize::try_from(e).unwrap_or_else(|_| size / known)).collect())
}

/// The view that an index means, and whether it indexes every axis (so that it is one element).
///
/// # Errors
/// An index out of bounds, too many of them, or one that is no int, slice or `...`.
pub(super) fn select(array: &Array, key: &Bound<'_, PyAny>) -> PyResult<(Array, bool)> {
    let py = key.py();
    let keys: Vec<Bound<'_, PyAny>> = match key.cast::<PyTuple>() {
        Ok(keys) => keys.iter().collect(),
        Err(_) => vec![key.clone()],
    };
    let is_ellipsis = |key: &Bound<'_, PyAny>| key.cast::<PyEllipsis>().is_ok();
    let ellipses = keys.iter().filter(|key| is_ellipsis(key)).count();
    let (indexed, ndim) = (keys.len() - ellipses, array.layout().ndim());
    if ellipses > 1 {
        return Err(PyIndexError::new_err("an index can only have a single ellipsis ('...')"));
    }
    if indexed > ndim {
        return Err(PyIndexError::new_err(format!("too many indices for array: array is {ndim}-dimensional, but {indexed} were indexed")));
    }
    let mut view = array.view();
    let mut axis = 0;
    // Which axis of the whole array it is, for messages.
    let mut original = 0;
    for key in &keys {
        if is_ellipsis(key) {
            axis += ndim - indexed;
            original += ndim - indexed;
            continue;
        }
        let extent = view.layout().shape()[axis];
        if let Ok(slice) = key.cast::<PySlice>() {
            let length = isize::try_from(extent).unwrap_or(isize::MAX);
            let range = slice.indices(length)?;
            let start = usize::try_from(range.start).unwrap_or(0);
            view = view.slice(axis, start, range.step, range.slicelength).map_err(|error| error.into_py_err(py))?;
            axis += 1;
        } else {
            let at = position(key)?;
            let found = if at < 0 { at.checked_add_unsigned(extent) } else { Some(at) };
            let found = found.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < extent);
            let Some(found) = found else {
                return Err(PyIndexError::new_err(format!("index {at} is out of bounds for axis {original} with size {extent}")));
            };
            view = view.index(axis, found).map_err(|error| error.into_py_err(py))?;
        }
        original += 1;
    }
    let whole = view.layout().ndim() == 0 && ellipses == 0;
    Ok((view, whole))
}

fn position(key: &Bound<'_, PyAny>) -> PyResult<isize> {
    if !key.is_instance_of::<PyBool>()
        && let Ok(at) = key.extract::<isize>()
    {
        return Ok(at);
    }
    Err(PyIndexError::new_err("device arrays take ints, slices and `...` as indices"))
}
