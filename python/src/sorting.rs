//! Stable sorts of keys with values, for `verdigris.compat.pyculib.sorting`.
//!
//! Keys have been made unsigned numbers of the same order there; what memory safety needs is judged here. Knows no dtypes.

use pyo3::prelude::*;
use verdigris_device::DeviceError;

use crate::error::{Class, Exception};
use crate::gate;
use crate::row::Row;

/// Sorts keys in place, and reorders `values` with them; equal keys keep their order.
#[pyfunction]
#[pyo3(signature = (keys, values, descending, mask, segments))]
pub(crate) fn sort_pairs(keys: &Bound<'_, PyAny>, values: &Bound<'_, PyAny>, descending: bool, mask: u64, segments: Vec<usize>) -> PyResult<()> {
    let py = keys.py();
    let (mut keys, mut values) = (Row::<u64>::borrow(keys, "the array of keys")?, Row::<u32>::borrow(values, "the array of values")?);
    let (keys, values) = (keys.slice()?, values.slice()?);
    if keys.len() != values.len() || segments.iter().any(|&cut| cut > keys.len()) || !segments.is_sorted() {
        return Err(Exception::new(py, Class::Shape, "keys, values and segments do not fit each other").with("code", "sort").build());
    }
    gate::detached(py, || {
        let mut start = 0;
        let mut pairs: Vec<(u64, u32)> = keys.iter().copied().zip(values.iter().copied()).collect();
        for end in segments.into_iter().chain([pairs.len()]) {
            let segment = &mut pairs[start..end];
            if descending {
                segment.sort_by_key(|&(key, _)| std::cmp::Reverse(key & mask));
            } else {
                segment.sort_by_key(|&(key, _)| key & mask);
            }
            start = end;
        }
        for ((key, value), pair) in keys.iter_mut().zip(values).zip(pairs) {
            (*key, *value) = pair;
        }
        Ok::<(), DeviceError>(())
    })
}
