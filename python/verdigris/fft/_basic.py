"""Fourier transforms, real, complex and Hermitian, over one axis and several."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, fft_row, to_device
from ..errors import BadValueError
from ._arguments import Unserved, as_array, count_workers, is_owned, norm_factor, one_axis, one_length, shape_and_axes
from ._transform import call_scipy, refuse_plan, run

_PAIR = (-2, -1)


def _one(name: str, kind: str, forward: bool, args: tuple[Any, ...]) -> Any:
    """A transform over one axis; `args` are the public function's."""
    x, n, axis, norm, overwrite_x, workers, plan, out, stream = args
    refuse_plan(plan)
    try:
        array = as_array(x)
    except Unserved as unserved:
        return _pass_on(name, (x,), {"n": n, "axis": axis}, args[3:], unserved)
    if kind == "r2c" and array.dtype.kind == "c":
        raise TypeError("x must be a real sequence")
    axis = one_axis(array.ndim, axis)
    in_place = kind == "c2c" and (overwrite_x or is_owned(array, x))
    if kind == "c2r" and array.dtype.kind != "c":
        array = _complex(array)
    if n is not None:
        length = one_length(n)
    else:
        length = array.shape[axis] if kind != "c2r" else 2 * (array.shape[axis] - 1)
        if length < 1:
            raise BadValueError(f"invalid number of data points ({length}) specified", code="fft-length")
    factor, workers = norm_factor(norm, forward, length), count_workers(workers)
    return run(kind, forward, array, [(axis, length)], factor, out=out, in_place=in_place, workers=workers, stream=stream)


def _many(name: str, kind: str, forward: bool, args: tuple[Any, ...]) -> Any:
    """A transform over several axes."""
    x, s, axes, norm, overwrite_x, workers, plan, out, stream = args
    refuse_plan(plan)
    try:
        array = as_array(x)
    except Unserved as unserved:
        return _pass_on(name, (x,), {"s": s, "axes": axes}, args[3:], unserved)
    if kind == "r2c" and array.dtype.kind == "c":
        raise TypeError("x must be a real sequence")
    in_place = kind == "c2c" and (overwrite_x or is_owned(array, x))
    if kind == "c2r" and array.dtype.kind != "c":
        array = _complex(array)
    lengths, axes = shape_and_axes(array.shape, s, axes)
    workers = count_workers(workers)
    if not axes:
        if kind == "c2c":
            return x
        raise BadValueError("at least 1 axis must be transformed", code="axes")
    if kind == "c2r" and s is None:
        lengths[-1] = 2 * (array.shape[axes[-1]] - 1)
        if lengths[-1] < 1:
            raise BadValueError(f"invalid number of data points ({lengths[-1]}) specified", code="fft-length")
    factor = norm_factor(norm, forward, math.prod(lengths))
    pairs = list(zip(axes, lengths, strict=True))
    return run(kind, forward, array, pairs, factor, out=out, in_place=in_place, workers=workers, stream=stream)


def _complex(array: Any) -> Any:
    if isinstance(array, DeviceNDArray):
        return to_device(_complex(array.copy_to_host()))
    return array.astype(np.result_type(array.dtype, np.complex64))


def _pass_on(name: str, positional: tuple[Any, ...], first: dict[str, Any], rest: tuple[Any, ...], unserved: Unserved) -> Any:
    norm, overwrite_x, workers, plan, out, stream = rest
    keywords = first | {"norm": norm, "overwrite_x": overwrite_x, "workers": count_workers(workers), "plan": plan}
    result = call_scipy(name, positional, keywords | {"stream": stream}, unserved.what)
    if out is None:
        return result
    out[...] = result
    return out


_ONE = """{what}

    Parameters
    ----------
    x : array_like or device array
        {input}
    n : int, optional
        {length}
    axis : int, optional
        The axis, the last unless given.
    norm : {{"backward", "ortho", "forward"}}, optional
        Which direction is divided by n: the inverse, both by its root, or the forward one.
    overwrite_x : bool, optional
        Whether the memory of `x` may be used for the result.
    workers : int, optional
        Most threads to use; the pool's unless given. Negative numbers count down from the processors.
    plan : None
        SciPy's keyword, which has to be None: see `Plan`.
    out : array, optional
        Where the result goes, of its shape; returned.
    stream : optional
        Orders work on a device; on the CPU all is done when the call returns.

    Returns
    -------
    array
        {output}

    Raises
    ------
    ValueError
        A length below 1, an unknown norm, an `out` of another shape.
    TypeError
        Elements that the transform is not for.
    IndexError
        No such axis.
    """


def _document(function: Any, what: str, given: str, length: str, output: str) -> None:
    text = _ONE.format(what=what, input=given, length=length, output=output)
    if "axes" in function.__code__.co_varnames:
        text = text.replace("n : int, optional", "s : int or sequence of ints, optional").replace(
            "axis : int, optional\n        The axis, the last unless given.",
            "axes : int or sequence of ints, optional\n        The axes; the last as many as `s` has, or all, unless given.",
        )
        text = text.replace("divided by n", "divided by the product of the lengths")
        text = text.replace("A length below 1", "A length below 1, a bad axis")
        text = text.replace("    IndexError\n        No such axis.\n", "")
    function.__doc__ = text


def fft(
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
    if n is norm is workers is plan is out is stream is None and axis == -1:
        # A short plain row needs none of what follows.
        result = fft_row(0, x)
        if result is not None:
            return result
    return _one("fft", "c2c", True, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def ifft(
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
    if n is norm is workers is plan is out is stream is None and axis == -1:
        # A short plain row needs none of what follows.
        result = fft_row(1, x)
        if result is not None:
            return result
    return _one("ifft", "c2c", False, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def rfft(
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
    if n is norm is workers is plan is out is stream is None and axis == -1:
        # A short plain row needs none of what follows.
        result = fft_row(2, x)
        if result is not None:
            return result
    return _one("rfft", "r2c", True, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def irfft(
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
    if n is norm is workers is plan is out is stream is None and axis == -1:
        # A short plain row needs none of what follows.
        result = fft_row(3, x)
        if result is not None:
            return result
    return _one("irfft", "c2r", False, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def hfft(
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
    return _one("hfft", "c2r", True, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def ihfft(
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
    return _one("ihfft", "r2c", False, (x, n, axis, norm, overwrite_x, workers, plan, out, stream))


def fftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("fftn", "c2c", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def ifftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("ifftn", "c2c", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def rfftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("rfftn", "r2c", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def irfftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("irfftn", "c2r", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def hfftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("hfftn", "c2r", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def ihfftn(
    x: Any,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("ihfftn", "r2c", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def fft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("fft2", "c2c", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def ifft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("ifft2", "c2c", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def rfft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("rfft2", "r2c", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def irfft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("irfft2", "c2r", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def hfft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("hfft2", "c2r", True, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


def ihfft2(
    x: Any,
    s: Any = None,
    axes: Any = _PAIR,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    plan: Any = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    return _many("ihfft2", "r2c", False, (x, s, axes, norm, overwrite_x, workers, plan, out, stream))


_ANY = "Real or complex elements; integers count as float64, float16 as float32."
_LENGTH = "The length: what is longer is cropped, what is shorter padded with zeros."
_HALF_LENGTH = "The length of the result; 2 (m - 1) for m elements along the (last) axis unless given."
_SAME = "Complex elements of the input's precision."

for _function, _what in (
    (fft, "The discrete Fourier transform along one axis."),
    (ifft, "The inverse of `fft`."),
    (fft2, "The discrete Fourier transform along two axes."),
    (ifft2, "The inverse of `fft2`."),
    (fftn, "The discrete Fourier transform along several axes."),
    (ifftn, "The inverse of `fftn`."),
):
    _document(_function, _what, _ANY, _LENGTH, _SAME)
for _function, _what in (
    (rfft, "The transform of real elements: the first n/2 + 1 of the Hermitian result."),
    (ihfft, "The inverse of `hfft`: the first n/2 + 1 elements of a Hermitian array with that real spectrum."),
    (rfft2, "The transform of real elements along two axes, the last of which is halved to n/2 + 1."),
    (ihfft2, "The inverse of `hfft2`."),
    (rfftn, "The transform of real elements along several axes, the last of which is halved to n/2 + 1."),
    (ihfftn, "The inverse of `hfftn`."),
):
    _document(_function, _what, "Real elements.", _LENGTH, "Complex elements, n/2 + 1 along the last axis transformed.")
for _function, _what in (
    (irfft, "The inverse of `rfft`: n real elements of the first n/2 + 1 of a Hermitian array."),
    (hfft, "The real spectrum of a Hermitian array, of which the first n/2 + 1 elements are given."),
    (irfft2, "The inverse of `rfft2`."),
    (hfft2, "The real spectrum of an array that is Hermitian along two axes, of which the last is halved."),
    (irfftn, "The inverse of `rfftn`."),
    (hfftn, "The real spectrum of an array that is Hermitian along several axes, of which the last is halved."),
):
    _document(_function, _what, "The first half of a Hermitian array.", _HALF_LENGTH, "Real elements of the input's precision.")
