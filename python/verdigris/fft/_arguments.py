"""What a call is about, judged as SciPy judges it: arrays, axes, lengths, norms, workers.

Errors are of SciPy's kinds and mostly in its words. What verdigris does not transform (long doubles, Python objects, other
libraries' arrays) is found out here by raising `Unserved`; `_transform.served` then passes the call on to SciPy.
"""

from __future__ import annotations

import contextlib
import operator
import os
from _thread import _local as thread_local  # what `threading.local` is, without loading that module at import
from collections.abc import Iterator, Sequence
from numbers import Number
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, get_num_threads, to_device
from ..errors import BadValueError

FLOATS = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex64), np.dtype(np.complex128))
_HALF = np.dtype(np.float16)


class Unserved(Exception):
    """The call is not for verdigris; `what` says why."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def is_foreign(x: Any) -> bool:
    """Whether `x` is an array of another library, which SciPy may know what to do with."""
    kind = type(x)
    if isinstance(x, np.ndarray | np.generic | DeviceNDArray):
        return False
    return any(hasattr(kind, name) for name in ("__array_namespace__", "__cuda_array_interface__", "__torch_function__"))


def as_array(x: Any) -> Any:
    """`x` as an array (a device array stays one) of float32, float64, complex64 or complex128, native and aligned.

    float16 becomes float32; integers and booleans become float64.
    """
    if isinstance(x, DeviceNDArray):
        return x if x.dtype in FLOATS else to_device(as_array(x.copy_to_host()))
    if type(x) is not np.ndarray:
        if is_foreign(x):
            raise Unserved(f"an array of {type(x).__module__}.{type(x).__qualname__}")
        x = np.asarray(x)
    dtype = x.dtype
    if dtype in FLOATS and dtype.isnative:
        return x if x.flags.aligned else x.copy()
    if dtype.newbyteorder("=") == _HALF:
        return x.astype(np.float32)
    if dtype.kind not in "fc":
        if dtype.kind == "O":
            raise Unserved("an array of Python objects")
        return np.asarray(x, np.float64)
    native = dtype.newbyteorder("=")
    if native not in FLOATS:
        raise Unserved(f"an array of {dtype}")
    return x.astype(native)


def is_owned(array: Any, x: Any) -> bool:
    """Whether `array`, made from `x`, is memory that nobody else sees."""
    if array is x or isinstance(array, DeviceNDArray) or (not isinstance(x, np.ndarray) and hasattr(x, "__array__")):
        return False
    return array.base is None


def norm_factor(norm: str | None, forward: bool, points: float) -> float:
    """The factor of a transform in that direction over that many points."""
    if norm is None or norm == "backward":
        return 1.0 if forward else 1.0 / points
    if norm == "forward":
        return 1.0 / points if forward else 1.0
    if norm == "ortho":
        return 1.0 / points**0.5
    raise BadValueError(f'Invalid norm value {norm!r}, should be "backward", "ortho" or "forward"', code="fft-norm")


# --- workers ---


class _Default(thread_local):
    # None: the pool.
    workers: int | None = None


by_default = _Default()
_processors = os.cpu_count() or 1


def count_workers(workers: int | None) -> int | None:
    """How many threads a call may use; None for the pool's own number."""
    if workers is None:
        return by_default.workers
    workers = operator.index(workers)
    if workers < 0:
        if workers < -_processors:
            message = f"workers value out of range; got {workers}, must not be less than {-_processors}"
            raise BadValueError(message, code="workers")
        return workers + 1 + _processors
    if workers == 0:
        raise BadValueError("workers must not be zero", code="workers")
    return workers


@contextlib.contextmanager
def set_workers(workers: int | None) -> Iterator[None]:
    """Within the block, calls of this thread that say nothing of workers use at most that many threads."""
    before = by_default.workers
    by_default.workers = count_workers(workers)
    try:
        yield
    finally:
        by_default.workers = before


def get_workers() -> int:
    """The number of threads that calls of this thread use unless they say otherwise."""
    return by_default.workers or get_num_threads()


# --- axes and lengths ---


def one_axis(ndim: int, axis: int) -> int:
    """The axis counted from 0."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def one_length(n: int) -> int:
    """A length as given, at least 1."""
    n = operator.index(n)
    if n < 1:
        raise BadValueError(f"invalid number of data points ({n}) specified", code="fft-length")
    return n


def integers(value: Any, name: str) -> list[int]:
    """A number or several as a list of whole numbers."""
    if isinstance(value, Number):
        value = (value,)
    try:
        return [operator.index(a) for a in value]
    except TypeError:
        raise BadValueError(f"{name} must be a scalar or iterable of integers", code="integers") from None


def shape_and_axes(shape: Sequence[int], s: Any, axes: Any) -> tuple[list[int], list[int]]:
    """Lengths and axes of a transform over several axes of an array of that shape."""
    ndim = len(shape)
    no_axes = axes is None
    if not no_axes:
        axes = [a + ndim if a < 0 else a for a in integers(axes, "axes")]
        if any(a >= ndim or a < 0 for a in axes):
            raise BadValueError("axes exceeds dimensionality of input", code="axes")
        if len(set(axes)) != len(axes):
            raise BadValueError("all axes must be unique", code="axes")
    if s is not None:
        s = integers(s, "shape")
        if axes and len(axes) != len(s):
            raise BadValueError("when given, axes and shape arguments have to be of the same length", code="axes")
        if no_axes:
            if len(s) > ndim:
                raise BadValueError("shape requires more axes than are present", code="axes")
            axes = range(ndim - len(s), ndim)
        lengths = [shape[a] if n == -1 else n for n, a in zip(s, axes, strict=False)]
    else:
        if no_axes:
            axes = range(ndim)
        lengths = [shape[a] for a in axes]
    if any(n < 1 for n in lengths):
        raise BadValueError(f"invalid number of data points ({lengths}) specified", code="fft-length")
    return lengths, list(axes)
