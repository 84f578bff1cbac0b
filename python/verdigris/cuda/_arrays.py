"""Arrays made like others, and host arrays that a GPU would pin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from verdigris._verdigris import DeviceNDArray, device_array


def device_array_like(ary: Any, stream: Any = 0) -> DeviceNDArray:
    """A device array with the shape, dtype and order of `ary`."""
    if not isinstance(ary, DeviceNDArray):
        ary = np.asanyarray(ary)
    steps = [abs(step) for step, extent in zip(ary.strides, ary.shape, strict=True) if extent > 1]
    fortran = len(steps) > 1 and steps == sorted(steps) and steps != sorted(steps, reverse=True)
    return device_array(ary.shape, ary.dtype, None, "F" if fortran else "C", stream)


def pinned_array(shape: Any, dtype: Any = np.float64, strides: Any = None, order: Literal["C", "F"] = "C") -> np.ndarray:
    """A host array that copies fast to the device; on the CPU device, an ordinary one."""
    if strides is not None:
        axes = zip(np.atleast_1d(shape), np.atleast_1d(strides), strict=True)
        nbytes = np.dtype(dtype).itemsize + sum((extent - 1) * abs(step) for extent, step in axes)
        return np.ndarray(shape, dtype, np.empty(nbytes, np.uint8), 0, strides)
    return np.empty(shape, dtype, order)


def mapped_array(
    shape: Any,
    dtype: Any = np.float64,
    strides: Any = None,
    order: Literal["C", "F"] = "C",
    stream: Any = 0,
    portable: bool = False,
    wc: bool = False,
) -> np.ndarray:
    """A host array that the device uses where it lies; kernels take it as any NumPy array."""
    del stream, portable, wc
    return pinned_array(shape, dtype, strides, order)


def managed_array(
    shape: Any,
    dtype: Any = np.float64,
    strides: Any = None,
    order: Literal["C", "F"] = "C",
    stream: Any = 0,
    attach_global: bool = True,
) -> np.ndarray:
    """A host array in memory that host and device share; kernels take it as any NumPy array."""
    del stream, attach_global
    return pinned_array(shape, dtype, strides, order)


def pinned_array_like(ary: Any) -> np.ndarray:
    """A `pinned_array` with the shape, dtype and layout of another array."""
    if isinstance(ary, DeviceNDArray):
        ary = np.lib.stride_tricks.as_strided(np.empty(0, ary.dtype), ary.shape, ary.strides)
    return np.empty_like(ary, subok=False)


def mapped_array_like(ary: Any, stream: Any = 0, portable: bool = False, wc: bool = False) -> np.ndarray:
    """A `mapped_array` with the shape, dtype and layout of another array."""
    del stream, portable, wc
    return pinned_array_like(ary)


@contextlib.contextmanager
def pinned(*arrays: np.ndarray) -> Iterator[None]:
    """Pins host arrays for as long as the block runs; on the CPU device there is nothing to do."""
    for array in arrays:
        if not isinstance(array, np.ndarray):
            raise TypeError(f"pinned takes NumPy arrays, not {type(array).__name__}")
    yield


def is_cuda_array(obj: Any) -> bool:
    """Whether an object is an array in device memory."""
    return isinstance(obj, DeviceNDArray) or hasattr(type(obj), "__cuda_array_interface__")
