"""Arrays made like others, host arrays that a GPU reaches, and arrays shared with other libraries."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from verdigris import _verdigris
from verdigris._verdigris import DeviceNDArray, device_array
from verdigris.errors import UnsupportedError


def device_array_like(ary: Any, stream: Any = 0) -> DeviceNDArray:
    """A device array with the shape, dtype and order of `ary`."""
    if not isinstance(ary, DeviceNDArray):
        ary = np.asanyarray(ary)
    steps = [abs(step) for step, extent in zip(ary.strides, ary.shape, strict=True) if extent > 1]
    fortran = len(steps) > 1 and steps == sorted(steps) and steps != sorted(steps, reverse=True)
    return device_array(ary.shape, ary.dtype, None, "F" if fortran else "C", stream)


def _host_array(shape: Any, dtype: Any, strides: Any, order: Literal["C", "F"], **kind: Any) -> np.ndarray:
    """An array in host memory: an ordinary one on the CPU, one that the GPU reaches where the device is a GPU."""
    dtype = np.dtype(dtype)
    if strides is not None:
        axes = list(zip(np.atleast_1d(shape), np.atleast_1d(strides), strict=True))
        nbytes = dtype.itemsize + sum(int(extent - 1) * abs(int(step)) for extent, step in axes if extent)
        nbytes = 0 if any(extent == 0 for extent, _ in axes) else nbytes
    else:
        nbytes = int(np.prod(np.atleast_1d(shape), dtype=object)) * dtype.itemsize
    if _verdigris.current_gpu() is None:
        return (
            np.empty(shape, dtype, order) if strides is None else np.ndarray(shape, dtype, np.empty(nbytes, np.uint8), 0, strides)
        )
    memory = np.asarray(_verdigris.HostMemory(nbytes, **kind))
    return np.ndarray(shape, dtype, memory, 0, strides, order)


def pinned_array(shape: Any, dtype: Any = np.float64, strides: Any = None, order: Literal["C", "F"] = "C") -> np.ndarray:
    """A host array that copies fast to the device, and without being waited for on a stream of its own; on the CPU
    device, an ordinary one."""
    return _host_array(shape, dtype, strides, order, kind="pinned")


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
    del stream
    return _host_array(shape, dtype, strides, order, kind="mapped", portable=portable, write_combined=wc)


def managed_array(
    shape: Any,
    dtype: Any = np.float64,
    strides: Any = None,
    order: Literal["C", "F"] = "C",
    stream: Any = 0,
    attach_global: bool = True,
) -> np.ndarray:
    """A host array in memory that host and device share; kernels take it as any NumPy array."""
    del stream
    return _host_array(shape, dtype, strides, order, kind="managed", attach_global=attach_global)


def _like(ary: Any, make: Any, **options: Any) -> np.ndarray:
    """A host array with the shape, dtype and layout that `np.empty_like` would give."""
    if isinstance(ary, DeviceNDArray):
        ary = np.lib.stride_tricks.as_strided(np.empty(0, ary.dtype), ary.shape, ary.strides)
    if _verdigris.current_gpu() is None:
        return np.empty_like(ary, subok=False)
    # What NumPy would choose, without its memory: of one element, repeated.
    shape, dtype = ary.shape, ary.dtype
    axes = sorted(range(ary.ndim), key=lambda axis: abs(ary.strides[axis]))
    strides, step = [0] * ary.ndim, dtype.itemsize
    for axis in axes:
        strides[axis] = step
        step *= shape[axis]
    made: np.ndarray = make(shape, dtype, tuple(strides), **options)
    return made


def pinned_array_like(ary: Any) -> np.ndarray:
    """A `pinned_array` with the shape, dtype and layout of another array."""
    return _like(ary, pinned_array)


def mapped_array_like(ary: Any, stream: Any = 0, portable: bool = False, wc: bool = False) -> np.ndarray:
    """A `mapped_array` with the shape, dtype and layout of another array."""
    return _like(ary, mapped_array, stream=stream, portable=portable, wc=wc)


@contextlib.contextmanager
def pinned(*arrays: np.ndarray) -> Iterator[None]:
    """Pins host arrays for as long as the block runs; on the CPU device there is nothing to do."""
    for array in arrays:
        if not isinstance(array, np.ndarray):
            raise TypeError(f"pinned takes NumPy arrays, not {type(array).__name__}")
    held = []
    try:
        if _verdigris.current_gpu() is not None:
            for array in arrays:
                low, high = np.lib.array_utils.byte_bounds(array)
                held.append(_verdigris.Pinned(low, high - low, array))
        yield
    finally:
        for one in held:
            one.close()


@contextlib.contextmanager
def mapped(*arrays: np.ndarray, **options: Any) -> Iterator[Any]:
    """Host arrays as the device uses them for as long as the block runs: one, or a list of several. Kernels take them as they
    are, so they come back themselves, pinned."""
    for name in options:
        if name not in ("stream", "portable"):
            raise TypeError(f"mapped() got an unexpected keyword argument {name!r}")
    with pinned(*arrays):
        yield arrays[0] if len(arrays) == 1 else list(arrays)


def is_cuda_array(obj: Any) -> bool:
    """Whether an object is an array in device memory."""
    return isinstance(obj, DeviceNDArray) or hasattr(obj, "__cuda_array_interface__")


def from_cuda_array_interface(desc: dict[str, Any], owner: Any = None, sync: bool = True) -> DeviceNDArray:
    """A device array over memory of a GPU that a `__cuda_array_interface__` describes; `owner` is held with it.

    With `sync`, work ordered on the default stream from now on waits for the stream that the description names.
    """
    return _verdigris.from_cuda_array_interface(desc, owner, sync)


def as_cuda_array(obj: Any, sync: bool = True) -> DeviceNDArray:
    """A device array that shares the memory of another library's array (CuPy's, PyTorch's), which it holds."""
    if isinstance(obj, DeviceNDArray):
        return obj
    if _verdigris.current_gpu() is None:
        text = "cuda.as_cuda_array: the device is the CPU, and there is no GPU whose memory could be shared: use cuda.to_device"
        raise UnsupportedError(text, code="unsupported-on-device")
    try:
        description = obj.__cuda_array_interface__
    except AttributeError:
        raise TypeError(f"a {type(obj).__name__} has no __cuda_array_interface__: use cuda.to_device for host arrays") from None
    return _verdigris.from_cuda_array_interface(description, obj, sync)


def from_dlpack(obj: Any) -> DeviceNDArray:
    """A device array that shares the memory of an object with `__dlpack__` on the same device: a GPU's where the device is a
    GPU, the host's where it is the CPU."""
    return _verdigris.from_dlpack(obj)
