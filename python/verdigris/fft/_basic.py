"""Fourier transforms, real, complex and Hermitian, over one axis and several."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, fft_row, to_device
from ..errors import BadValueError
from ._arguments import Unserved, as_array, by_default, count_workers, is_owned, norm_factor, one_axis, one_length, shape_and_axes
from ._document import document
from ._transform import along_no_axis, pass_on, refuse_plan, run

# What the kinds of transforms take, say of their lengths, and give.
_TEXTS = {
    "c2c": (
        "Real or complex elements; integers count as float64, float16 as float32.",
        "Complex elements of the input's precision.",
    ),
    "r2c": (
        "Real elements.",
        "Complex elements, n/2 + 1 along the last axis transformed.",
    ),
    "c2r": (
        "The first half of a Hermitian array.",
        "Real elements of the input's precision.",
        "The length of the result; 2 (m - 1) for m elements along the (last) axis unless given.",
    ),
}


def _one_axis(name: str, kind: str, forward: bool, what: str, row: int | None = None):
    """The public function of that name over one axis; `row` is the number of the short way for plain rows, if it has one."""

    def transform(
        x: Any,
        n: int | None = None,
        axis: int = -1,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        *,
        plan: Any = None,
        out: Any = None,
        stream: Any = None,
    ) -> Any:
        if n is norm is workers is plan is stream is None and axis == -1 and row is not None:
            # A plain row needs none of what follows.
            result = fft_row(row, x, out, by_default.workers)
            if result is not None:
                return result
        refuse_plan(plan)
        try:
            array, in_place = _array(kind, x, overwrite_x)
        except Unserved as unserved:
            return pass_on(name, x, {"n": n, "axis": axis, "norm": norm, "overwrite_x": overwrite_x}, workers, out, unserved)
        place = one_axis(array.ndim, axis)
        if n is None:
            n = array.shape[place] if kind != "c2r" else 2 * (array.shape[place] - 1)
        length = one_length(n)
        factor, threads = norm_factor(norm, forward, length), count_workers(workers)
        pairs = [(place, length)]
        return run(kind, forward, array, pairs, factor, out=out, in_place=in_place, workers=threads, stream=stream)

    document(transform, name, what, *_TEXTS[kind])
    return transform


def _several_axes(name: str, kind: str, forward: bool, what: str, default: tuple[int, ...] | None = None):
    """The public function of that name over several axes, `default` unless a call says otherwise."""

    def transform(
        x: Any,
        s: Any = None,
        axes: Any = default,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        *,
        plan: Any = None,
        out: Any = None,
        stream: Any = None,
    ) -> Any:
        refuse_plan(plan)
        try:
            array, in_place = _array(kind, x, overwrite_x)
        except Unserved as unserved:
            return pass_on(name, x, {"s": s, "axes": axes, "norm": norm, "overwrite_x": overwrite_x}, workers, out, unserved)
        lengths, places = shape_and_axes(array.shape, s, axes)
        threads = count_workers(workers)
        if not places:
            if kind == "c2c":
                return along_no_axis(x, out)
            raise BadValueError("at least 1 axis must be transformed", code="axes")
        if kind == "c2r" and s is None:
            # One element is a whole spectrum here, as in SciPy; in one dimension it is an error there too.
            lengths[-1] = max(2 * (array.shape[places[-1]] - 1), 1)
        factor = norm_factor(norm, forward, math.prod(lengths))
        pairs = list(zip(places, lengths, strict=True))
        return run(kind, forward, array, pairs, factor, out=out, in_place=in_place, workers=threads, stream=stream)

    document(transform, name, what, *_TEXTS[kind])
    return transform


def _array(kind: str, x: Any, overwrite_x: bool) -> tuple[Any, bool]:
    """The array to transform, and whether the result may take its memory."""
    array = as_array(x)
    if kind == "r2c" and array.dtype.kind == "c":
        raise TypeError("x must be a real sequence")
    in_place = kind == "c2c" and (overwrite_x or is_owned(array, x))
    if kind == "c2r" and array.dtype.kind != "c":
        array = _complex(array)
    return array, in_place


def _complex(array: Any) -> Any:
    if isinstance(array, DeviceNDArray):
        return to_device(_complex(array.copy_to_host()))
    return array.astype(np.result_type(array.dtype, np.complex64))


_PAIR = (-2, -1)

fft = _one_axis("fft", "c2c", True, "The discrete Fourier transform along one axis.", row=0)
ifft = _one_axis("ifft", "c2c", False, "The inverse of `fft`.", row=1)
fft2 = _several_axes("fft2", "c2c", True, "The discrete Fourier transform along two axes.", _PAIR)
ifft2 = _several_axes("ifft2", "c2c", False, "The inverse of `fft2`.", _PAIR)
fftn = _several_axes("fftn", "c2c", True, "The discrete Fourier transform along several axes.")
ifftn = _several_axes("ifftn", "c2c", False, "The inverse of `fftn`.")

rfft = _one_axis("rfft", "r2c", True, "The transform of real elements: the first n/2 + 1 of the Hermitian result.", row=2)
irfft = _one_axis(
    "irfft", "c2r", False, "The inverse of `rfft`: n real elements of the first n/2 + 1 of a Hermitian array.", row=3
)
rfft2 = _several_axes(
    "rfft2", "r2c", True, "The transform of real elements along two axes, the last of which is halved to n/2 + 1.", _PAIR
)
irfft2 = _several_axes("irfft2", "c2r", False, "The inverse of `rfft2`.", _PAIR)
rfftn = _several_axes(
    "rfftn", "r2c", True, "The transform of real elements along several axes, the last of which is halved to n/2 + 1."
)
irfftn = _several_axes("irfftn", "c2r", False, "The inverse of `rfftn`.")

hfft = _one_axis("hfft", "c2r", True, "The real spectrum of a Hermitian array, of which the first n/2 + 1 elements are given.")
ihfft = _one_axis(
    "ihfft", "r2c", False, "The inverse of `hfft`: the first n/2 + 1 elements of a Hermitian array with that real spectrum."
)
hfft2 = _several_axes(
    "hfft2", "c2r", True, "The real spectrum of an array that is Hermitian along two axes, of which the last is halved.", _PAIR
)
ihfft2 = _several_axes("ihfft2", "r2c", False, "The inverse of `hfft2`.", _PAIR)
hfftn = _several_axes(
    "hfftn", "c2r", True, "The real spectrum of an array that is Hermitian along several axes, of which the last is halved."
)
ihfftn = _several_axes("ihfftn", "r2c", False, "The inverse of `hfftn`.")
