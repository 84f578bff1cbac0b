"""Cosine and sine transforms, types 1 to 4."""

from __future__ import annotations

import math
from typing import Any

from ..errors import BadValueError
from ._arguments import as_array, count_workers, is_owned, norm_factor, one_axis, one_length, shape_and_axes
from ._transform import run, served

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


def _kind(name: str, type: int, forward: bool) -> str:
    if type not in _INVERSE:
        raise BadValueError("invalid type; must be one of (1, 2, 3, 4)", code="trigonometric-type")
    return f"{name}{type if forward else _INVERSE[type]}"


def _points(kind: str, lengths: list[int]) -> float:
    """The logical size: by what the norms divide."""
    shift = {"dct1": -1, "dst1": 1}.get(kind, 0)
    return math.prod(2.0 * (n + shift) for n in lengths)


def _check(kind: str, lengths: list[int]) -> None:
    if kind == "dct1" and min(lengths) < 2:
        raise BadValueError(f"DCT-I is not defined for size < 2, which was {min(lengths)}", code="fft-length")


def _one(name: str, forward: bool, x: Any, type: int, n: Any, axis: int, norm: Any, overwrite_x: bool, rest: Any) -> Any:
    workers, orthogonalize, out, stream = rest
    array = as_array(x)
    axis = one_axis(array.ndim, axis)
    kind = _kind(name, type, forward)
    length = one_length(array.shape[axis] if n is None else n)
    _check(kind, [length])
    factor = norm_factor(norm, forward, _points(kind, [length]))
    return run(
        kind,
        forward,
        array,
        [(axis, length)],
        factor,
        out=out,
        in_place=overwrite_x or is_owned(array, x),
        workers=count_workers(workers),
        stream=stream,
        orthogonal=(norm == "ortho") if orthogonalize is None else bool(orthogonalize),
    )


def _many(name: str, forward: bool, x: Any, type: int, s: Any, axes: Any, norm: Any, overwrite_x: bool, rest: Any) -> Any:
    workers, orthogonalize, out, stream = rest
    array = as_array(x)
    lengths, axes = shape_and_axes(array.shape, s, axes)
    if not axes:
        return x
    kind = _kind(name, type, forward)
    _check(kind, lengths)
    factor = norm_factor(norm, forward, _points(kind, lengths))
    return run(
        kind,
        forward,
        array,
        list(zip(axes, lengths, strict=True)),
        factor,
        out=out,
        in_place=overwrite_x or is_owned(array, x),
        workers=count_workers(workers),
        stream=stream,
        orthogonal=(norm == "ortho") if orthogonalize is None else bool(orthogonalize),
    )


@served
def dct(
    x: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    orthogonalize: bool | None = None,
    *,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The discrete cosine transform along one axis.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fft`; the result has the input's shape (`n` along the axis) and precision.
    """
    return _one("dct", True, x, type, n, axis, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def dctn(
    x: Any,
    type: int = 2,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    orthogonalize: bool | None = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The discrete cosine transform along several axes.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fftn`; the result has the input's shape (`s` along the axes) and precision.
    """
    return _many("dct", True, x, type, s, axes, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def idct(
    x: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    orthogonalize: bool | None = None,
    *,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The inverse of `dct` of the same type.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fft`; the result has the input's shape (`n` along the axis) and precision.
    """
    return _one("dct", False, x, type, n, axis, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def idctn(
    x: Any,
    type: int = 2,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    orthogonalize: bool | None = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The inverse of `dctn` of the same type.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fftn`; the result has the input's shape (`s` along the axes) and precision.
    """
    return _many("dct", False, x, type, s, axes, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def dst(
    x: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    orthogonalize: bool | None = None,
    *,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The discrete sine transform along one axis.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fft`; the result has the input's shape (`n` along the axis) and precision.
    """
    return _one("dst", True, x, type, n, axis, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def dstn(
    x: Any,
    type: int = 2,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    orthogonalize: bool | None = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The discrete sine transform along several axes.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fftn`; the result has the input's shape (`s` along the axes) and precision.
    """
    return _many("dst", True, x, type, s, axes, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def idst(
    x: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    orthogonalize: bool | None = None,
    *,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The inverse of `dst` of the same type.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fft`; the result has the input's shape (`n` along the axis) and precision.
    """
    return _one("dst", False, x, type, n, axis, norm, overwrite_x, (workers, orthogonalize, out, stream))


@served
def idstn(
    x: Any,
    type: int = 2,
    s: Any = None,
    axes: Any = None,
    norm: str | None = None,
    overwrite_x: bool = False,
    workers: int | None = None,
    *,
    orthogonalize: bool | None = None,
    out: Any = None,
    stream: Any = None,
) -> Any:
    """The inverse of `dstn` of the same type.

    `type` is 1, 2, 3 or 4; of complex elements both parts are transformed. `orthogonalize` (as `norm="ortho"` does unless told
    otherwise) scales the elements at the ends so that the transform is orthogonal but for its factor. The other arguments are
    those of `fftn`; the result has the input's shape (`s` along the axes) and precision.
    """
    return _many("dst", False, x, type, s, axes, norm, overwrite_x, (workers, orthogonalize, out, stream))
