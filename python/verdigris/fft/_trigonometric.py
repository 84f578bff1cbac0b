"""Cosine and sine transforms, types 1 to 4."""

from __future__ import annotations

import math
from typing import Any

from ..errors import BadValueError
from ._arguments import Unserved, as_array, count_workers, is_owned, norm_factor, one_axis, one_length, shape_and_axes
from ._document import document
from ._transform import along_no_axis, pass_on, run

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}

_GIVEN = "Real elements, or complex ones of which both parts are transformed; integers count as float64, float16 as float32."
_OUTPUT = "Elements of the input's kind and precision."


def _one_axis(name: str, family: str, forward: bool, what: str):
    """The public function of that name over one axis."""

    def transform(
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
        try:
            array = as_array(x)
        except Unserved as unserved:
            keywords = {"type": type, "n": n, "axis": axis, "norm": norm, "overwrite_x": overwrite_x}
            return pass_on(name, x, keywords | {"orthogonalize": orthogonalize}, workers, out, unserved)
        place = one_axis(array.ndim, axis)
        pairs = [(place, one_length(array.shape[place] if n is None else n))]
        in_place = overwrite_x or is_owned(array, x)
        return _run(family, forward, type, array, pairs, norm, orthogonalize, workers, out=out, in_place=in_place, stream=stream)

    document(transform, name, what, _GIVEN, _OUTPUT)
    return transform


def _several_axes(name: str, family: str, forward: bool, what: str):
    """The public function of that name over several axes."""

    def transform(
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
        try:
            array = as_array(x)
        except Unserved as unserved:
            keywords = {"type": type, "s": s, "axes": axes, "norm": norm, "overwrite_x": overwrite_x}
            return pass_on(name, x, keywords | {"orthogonalize": orthogonalize}, workers, out, unserved)
        lengths, places = shape_and_axes(array.shape, s, axes)
        if not places:
            return along_no_axis(x, out)
        pairs = list(zip(places, lengths, strict=True))
        in_place = overwrite_x or is_owned(array, x)
        return _run(family, forward, type, array, pairs, norm, orthogonalize, workers, out=out, in_place=in_place, stream=stream)

    document(transform, name, what, _GIVEN, _OUTPUT)
    return transform


def _run(
    family: str,
    forward: bool,
    type: int,
    array: Any,
    pairs: list[tuple[int, int]],
    norm: str | None,
    orthogonalize: bool | None,
    workers: int | None,
    **rest: Any,
) -> Any:
    if type not in _INVERSE:
        raise BadValueError("invalid type; must be one of (1, 2, 3, 4)", code="trigonometric-type")
    kind = f"{family}{type if forward else _INVERSE[type]}"
    least = min(n for _, n in pairs)
    if kind == "dct1" and least < 2:
        raise BadValueError(f"DCT-I is not defined for size < 2, which was {least}", code="fft-length")
    # The logical size: by what the norms divide.
    shift = {"dct1": -1, "dst1": 1}.get(kind, 0)
    points = math.prod(2.0 * (n + shift) for _, n in pairs)
    orthogonal = (norm == "ortho") if orthogonalize is None else bool(orthogonalize)
    factor, threads = norm_factor(norm, forward, points), count_workers(workers)
    return run(kind, forward, array, pairs, factor, workers=threads, orthogonal=orthogonal, **rest)


dct = _one_axis("dct", "dct", True, "The discrete cosine transform along one axis.")
idct = _one_axis("idct", "dct", False, "The inverse of `dct` of the same type.")
dst = _one_axis("dst", "dst", True, "The discrete sine transform along one axis.")
idst = _one_axis("idst", "dst", False, "The inverse of `dst` of the same type.")
dctn = _several_axes("dctn", "dct", True, "The discrete cosine transform along several axes.")
idctn = _several_axes("idctn", "dct", False, "The inverse of `dctn` of the same type.")
dstn = _several_axes("dstn", "dst", True, "The discrete sine transform along several axes.")
idstn = _several_axes("idstn", "dst", False, "The inverse of `dstn` of the same type.")
