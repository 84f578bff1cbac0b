"""Convolution and correlation by way of spectra.

Inputs are padded by the transforms themselves, and the product is formed in one of the two spectra: beside the result there
are two arrays, where the textbook's way has six.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, to_device
from ..errors import BadValueError
from ._arguments import as_array, integers
from ._basic import fftn, ifftn, irfftn, rfftn
from ._helper import next_fast_len


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None, *, workers: int | None = None) -> Any:
    """The convolution of two arrays of as many dimensions, as `scipy.signal.fftconvolve`.

    `mode` is `"full"` (every overlap), `"same"` (of the first array's shape, from the middle) or `"valid"` (whole overlaps only).
    Along axes not in `axes` the arrays are broadcast. The result is of float32 or float64 or their complex types, as the inputs
    are (integers count as float64); it is a device array if both are.
    """
    return _convolved(in1, in2, mode, axes, workers)


def fftcorrelate(in1: Any, in2: Any, mode: str = "full", axes: Any = None, *, workers: int | None = None) -> Any:
    """The cross-correlation of two arrays: `fftconvolve` with the second reversed and conjugated, as `scipy.signal.correlate`."""
    both = isinstance(in1, DeviceNDArray) and isinstance(in2, DeviceNDArray)
    second = np.asarray(in2)
    reversed_axes = range(second.ndim) if axes is None else [a % max(second.ndim, 1) for a in integers(axes, "axes")]
    second = np.flip(second, tuple(reversed_axes)).conj()
    result = _convolved(np.asarray(in1), second, mode, axes, workers)
    return to_device(result) if both else result


def _convolved(in1: Any, in2: Any, mode: str, axes: Any, workers: int | None) -> Any:
    both = isinstance(in1, DeviceNDArray) and isinstance(in2, DeviceNDArray)
    a, b = as_array(np.asarray(in1)), as_array(np.asarray(in2))
    if mode not in ("full", "same", "valid"):
        raise BadValueError("acceptable mode flags are 'valid', 'same', or 'full'", code="convolve-mode")
    if a.ndim != b.ndim:
        raise BadValueError("in1 and in2 should have the same dimensionality", code="shape")
    if a.ndim == 0:
        return a * b
    if a.size == 0 or b.size == 0:
        return np.array([])
    chosen = list(range(a.ndim)) if axes is None else [_axis(axis, a.ndim) for axis in integers(axes, "axes")]
    if len(set(chosen)) != len(chosen):
        raise BadValueError("all axes must be unique", code="axes")
    if axes is not None and not chosen:
        raise BadValueError("when provided, axes cannot be empty", code="axes")
    for axis in range(a.ndim):
        if axis not in chosen and a.shape[axis] != b.shape[axis] and 1 not in (a.shape[axis], b.shape[axis]):
            raise BadValueError(f"incompatible shapes for in1 and in2: {a.shape} and {b.shape}", code="shape")
    chosen = [axis for axis in chosen if a.shape[axis] != 1 and b.shape[axis] != 1]
    if mode == "valid":
        larger = [a.shape[axis] >= b.shape[axis] for axis in chosen]
        if not all(larger):
            if any(a.shape[axis] > b.shape[axis] for axis in chosen):
                message = "For 'valid' mode, one must be at least as large as the other in every dimension"
                raise BadValueError(message, code="shape")
            a, b = b, a
    result = _full(a, b, chosen, workers)
    result = _cropped(result, a.shape, b.shape, mode, chosen)
    return to_device(result) if both else result


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise BadValueError("axes exceeds dimensionality of input", code="axes")
    return axis % ndim


def _full(a: Any, b: Any, axes: list[int], workers: int | None) -> Any:
    """The full convolution along the axes, the product along the others."""
    if not axes:
        return a * b
    real = a.dtype.kind == "f" and b.dtype.kind == "f"
    if a.dtype != b.dtype:
        # One precision for both spectra.
        common = np.result_type(a.dtype, b.dtype)
        precision = np.dtype(common.char.lower())
        spectral = np.result_type(precision, np.complex64)
        a, b = (x.astype(spectral if x.dtype.kind == "c" else precision, copy=False) for x in (a, b))
    wanted = [a.shape[axis] + b.shape[axis] - 1 for axis in axes]
    lengths = [next_fast_len(n, real) for n in wanted]
    there, back = (rfftn, irfftn) if real else (fftn, ifftn)
    there = functools.partial(there, s=lengths, axes=axes, workers=workers)
    spectrum, other = there(a), there(b)
    if spectrum.size < other.size:
        spectrum, other = other, spectrum
    if np.broadcast_shapes(spectrum.shape, other.shape) == spectrum.shape:
        spectrum *= other
    else:
        spectrum = spectrum * other
    del other
    full = back(spectrum, s=lengths, axes=axes, overwrite_x=True, workers=workers)
    window = [slice(None)] * full.ndim
    for axis, n in zip(axes, wanted, strict=True):
        window[axis] = slice(n)
    return full[tuple(window)]


def _cropped(full: Any, first: Any, second: Any, mode: str, axes: list[int]) -> Any:
    """The part that the mode asks for, as an array of its own."""
    if mode == "same":
        shape = list(first)
    elif mode == "valid":
        shape = [first[axis] - second[axis] + 1 if axis in axes else full.shape[axis] for axis in range(full.ndim)]
    else:
        shape = list(full.shape)
    begins = [(have - want) // 2 for have, want in zip(full.shape, shape, strict=True)]
    return full[tuple(slice(begin, begin + n) for begin, n in zip(begins, shape, strict=True))].copy()
