"""From a judged call to the extension module, and from an unserved one to SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, Stream, device_array, fft_execute
from ..errors import ArgumentError, BadValueError
from ._arguments import Unserved, count_workers

_COMPLEX = {"f": np.dtype(np.complex64), "d": np.dtype(np.complex128), "F": np.dtype(np.complex64), "D": np.dtype(np.complex128)}
_REAL = {"f": np.dtype(np.float32), "d": np.dtype(np.float64), "F": np.dtype(np.float32), "D": np.dtype(np.float64)}


def run(
    kind: str,
    forward: bool,
    x: Any,
    axes: list[tuple[int, int]],
    factor: float,
    *,
    out: Any = None,
    in_place: bool = False,
    workers: int | None = None,
    stream: Any = None,
    orthogonal: bool = False,
) -> Any:
    """Transforms an array that `as_array` has made along axes with their lengths.

    `in_place` allows the result to take the input's memory, where it fits.
    """
    if stream is not None and not isinstance(stream, Stream) and stream not in (0, 1, 2):
        raise ArgumentError(f"stream must be a stream of verdigris.cuda, or 0, not {type(stream)}", code="bad-stream")
    char = x.dtype.char
    if kind == "c2r":
        dtype = _REAL[char]
    elif kind in ("c2c", "r2c"):
        dtype = _COMPLEX[char]
    else:
        dtype = x.dtype
    if out is not None:
        return _into(kind, forward, x, axes, factor, orthogonal, out, dtype, workers, stream)
    fits = dtype == x.dtype and all(x.shape[axis] == n for axis, n in axes)
    if in_place and fits and (isinstance(x, DeviceNDArray) or x.flags.writeable):
        try:
            return fft_execute(kind, forward, x, axes, factor, orthogonal, x, workers, stream)
        except BadValueError as error:
            # Elements that overlap one another have no place for the result.
            if error.code != "overlap":
                raise
    if isinstance(x, DeviceNDArray):
        shape = list(x.shape)
        for axis, n in axes:
            shape[axis] = n
        if kind == "r2c":
            shape[axes[-1][0]] = axes[-1][1] // 2 + 1
        out = device_array(tuple(shape), dtype, stream=stream)
    return fft_execute(kind, forward, x, axes, factor, orthogonal, out, workers, stream)


def _into(
    kind: str,
    forward: bool,
    x: Any,
    axes: Any,
    factor: float,
    orthogonal: bool,
    out: Any,
    dtype: np.dtype[Any],
    workers: int | None,
    stream: Any,
) -> Any:
    """Transforms into an array of the caller's; one of another type of the same kind gets the result cast."""
    if not isinstance(out, np.ndarray | DeviceNDArray):
        raise ArgumentError(f"out must be an array, not {type(out).__name__}", code="bad-array")
    if isinstance(out, DeviceNDArray) or (out.dtype == dtype and out.dtype.isnative and out.flags.aligned):
        fft_execute(kind, forward, x, axes, factor, orthogonal, out, workers, stream)
        return out
    result = run(kind, forward, x, axes, factor, workers=workers, stream=stream, orthogonal=orthogonal)
    result = result.copy_to_host() if isinstance(result, DeviceNDArray) else result
    if result.shape != out.shape:
        raise BadValueError(f"output array has wrong shape: {out.shape}, not {result.shape}", code="shape")
    np.copyto(out, result, casting="same_kind")
    return out


class Counts:
    """How many calls SciPy's protocol has brought, and how many calls have gone on to SciPy, for tests and the curious."""

    called = 0
    passed_on = 0


def call_scipy(name: str, args: Any, kwargs: Any, why: str) -> Any:
    """SciPy's own implementation of one of its functions."""
    try:
        import scipy.fft
    except ImportError:
        raise ArgumentError(
            f"{name} of {why} is SciPy's to do, which is not installed; verdigris has float32, float64 and their complex types",
            code="needs-scipy",
        ) from None
    Counts.passed_on += 1
    with scipy.fft.set_backend("scipy", only=True):
        return getattr(scipy.fft, name)(*args, **kwargs)


def pass_on(name: str, x: Any, keywords: dict[str, Any], workers: int | None, out: Any, unserved: Unserved) -> Any:
    """A call that is not for verdigris, by SciPy; into `out` if there is one."""
    result = call_scipy(name, (x,), keywords | {"workers": count_workers(workers)}, unserved.what)
    if out is None:
        return result
    out[...] = result
    return out


def along_no_axis(x: Any, out: Any) -> Any:
    """The result of a transform along no axes: what is given, as an array."""
    if out is None:
        return x if isinstance(x, DeviceNDArray) else np.asarray(x)
    if np.shape(x) != out.shape:
        raise BadValueError(f"output array has wrong shape: {out.shape}, not {np.shape(x)}", code="shape")
    out[...] = x
    return out


def refuse_plan(plan: Any) -> None:
    """SciPy's keyword for plans of other libraries."""
    if plan is not None:
        raise NotImplementedError("Passing a precomputed plan is not supported by verdigris.fft: use its Plan")
