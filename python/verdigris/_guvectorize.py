"""`guvectorize`: a function of small arrays becomes a generalized NumPy ufunc.

Owns the decorator's forms and options, and the stretching of broadcastable core dimensions, which NumPy's own machinery
lacks. Matching of shapes, casting, `out=`, `axes=`, `axis=`, `keepdims=` are NumPy's; what runs is the extension module's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Unpack

import numpy as np

from ._vectorize import Options, _judged, _make
from .errors import ArgumentError
from .types import Signature

__all__ = ["guvectorize"]


def guvectorize(
    signatures: Callable[..., Any] | str | Signature | Iterable[Any],
    layout: str | None = None,
    *,
    writable_args: Iterable[int | str] = (),
    boundscheck: bool = True,
    **options: Unpack[Options],
) -> Any:
    """Compile a function of core arrays into a generalized NumPy ufunc.

    `guvectorize(signatures, "(m,n),(n)->(m)")` compiles for those signatures, `guvectorize("(m,n),(n)->(m)")` for whatever
    types it meets. The function's parameters are the inputs and then the outputs, which it writes; where no output has core
    dimensions it may return its results instead. An input without core dimensions, `()`, is a number (or, if its signature
    says `[:]`, an array of one element), an output without is an array of one element.

    Layouts are NumPy's, with fixed sizes `(3)`, optional dimensions `(n?)` and broadcastable ones `(n|1)`. Options are
    `vectorize`'s, and two more: `writable_args` lists inputs, by number or by name, that the function may write to, and
    `boundscheck` can only be true. `target="parallel"` spreads the loop dimensions over all cores. Without signatures, the
    type of an output is that of what is stored in it.
    """
    judged = _judged(options)
    if not boundscheck:
        raise ArgumentError(
            "indexes are always checked in functions over core arrays: leave out boundscheck=False", code="bad-option"
        )
    if layout is None:
        if not isinstance(signatures, str):
            raise ArgumentError("guvectorize takes a layout, as in guvectorize(signatures, '(n),(n)->()')", code="bad-option")
        listed, layout = None, signatures
    elif isinstance(signatures, (str, Signature)):
        listed = [signatures]
    else:
        listed = list(signatures) or None
    if not isinstance(layout, str):
        raise ArgumentError(f"the layout is a string such as '(n),(n)->()', not {layout!r}", code="bad-option")
    judged |= {"layout": layout, "writable": tuple(writable_args)}
    return lambda function: _make(function, listed, judged)


def _dimensions(layout: str) -> tuple[list[list[str]], int]:
    """Core dimensions of each operand as written, and the number of inputs. The layout has been read before."""
    sides = [
        [[name for name in operand.split(",") if name] for operand in side[1:-1].split("),(")] for side in layout.split("->")
    ]
    return sides[0] + sides[1], len(sides[0])


def stretched(layout: str, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> tuple[Any, ...]:
    """The arguments with every broadcastable core dimension of size 1 stretched to the size that others have."""
    operands, inputs = _dimensions(layout)
    if len(args) < inputs:
        return args
    arrays = [np.asanyarray(a) for a in args[:inputs]]
    places = [_places(k, names, array.ndim, kwargs) for k, (names, array) in enumerate(zip(operands, arrays, strict=False))]
    sizes: dict[str, int] = {}
    for names, array, axes in zip(operands, arrays, places, strict=False):
        for name, axis in zip(names, axes, strict=False):
            if name.endswith("|1") and -array.ndim <= axis < array.ndim and array.shape[axis] != 1:
                sizes.setdefault(name[:-2], array.shape[axis])
    out = list(args)
    for k, (names, array, axes) in enumerate(zip(operands, arrays, places, strict=False)):
        shape = list(array.shape)
        for name, axis in zip(names, axes, strict=False):
            size = sizes.get(name[:-2], 1)
            if name.endswith("|1") and -array.ndim <= axis < array.ndim and shape[axis] == 1 and size != 1:
                shape[axis] = size
        if shape != list(array.shape):
            out[k] = np.broadcast_to(array, shape, subok=True)
    return tuple(out)


def _places(operand: int, names: list[str], ndim: int, kwargs: dict[str, Any] | None) -> list[int]:
    """Where an operand's core axes are."""
    last = list(range(ndim - len(names), ndim))
    if not kwargs or not names:
        return last
    axis, axes = kwargs.get("axis"), kwargs.get("axes")
    if axes is not None:
        own = axes[operand] if operand < len(axes) else None
        own = (own,) if isinstance(own, int) else own
        return [int(a) for a in own] if own is not None and len(own) == len(names) else last
    return [int(axis)] if axis is not None and len(names) == 1 else last
