"""`vectorize`: a function of numbers becomes a NumPy ufunc.

Owns the decorator's forms and options, the names a ufunc goes by, and pickling. Calls, loops and methods are the
extension module's.
"""

from __future__ import annotations

import functools
import types as _types
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypedDict, Unpack

import numpy as np

from ._verdigris import Function as _Text
from ._verdigris import Ufunc
from .errors import ArgumentError
from .types import Scalar, Signature, Void

__all__ = ["Ufunc", "vectorize"]

Target = Literal["cpu", "parallel", "cuda"]


class Options(TypedDict, total=False):
    """The options of `vectorize`, which `guvectorize` has too."""

    target: Target
    identity: Any
    fastmath: bool
    fma: bool | None
    doc: str | None
    nopython: bool
    cache: bool
    literals: Literal["numba", "weak"]
    error_model: Literal["numpy"]


_DEFAULTS = Options(
    target="cpu",
    identity=None,
    fastmath=False,
    fma=None,
    doc=None,
    nopython=True,
    cache=False,
    literals="numba",
    error_model="numpy",
)


def vectorize(
    signatures: Callable[..., Any] | str | Signature | Iterable[Any] = (),
    **options: Unpack[Options],
) -> Any:
    """Compile a function of numbers into a NumPy ufunc.

    `@vectorize` alone compiles for whatever types it meets; with signatures (`"float32(float32, float32)"`, or type
    objects), for those, to which other arguments are cast where that is safe. A function that returns a tuple has several
    results. Parameters may be given by name, and those with defaults left out; a default counts as if it were written in
    the call.

    `target="parallel"` uses all cores; the results are the same. `target="cuda"` runs where kernels run.
    `identity` declares the function associative and commutative: `reduce` may then fold several axes, an empty array
    gives the identity, and elements are grouped in a fixed tree. `fma` contracts `a*b + c` into one rounding, and so does
    `fastmath` unless `fma` says otherwise; that also takes variants of `exp`, `log`, `pow`, `sin`, `cos`, `tan` and `tanh`
    that are faster and may be wrong by four units in the last place. `literals="weak"` gives a number written in the
    function the precision of the operand beside it (`x * 0.5` is float32 for a float32 `x`); otherwise such numbers are
    int64 and float64, as in Numba.
    Division by zero and the like give what NumPy gives, which `error_model="numpy"` says too. `nopython` and `cache` are
    accepted; code is always compiled.
    """
    judged = _judged(options)
    if isinstance(signatures, (_types.FunctionType, Ufunc)):
        return _make(signatures, None, judged)
    if isinstance(signatures, (str, Signature)):
        signatures = [signatures]
    if isinstance(signatures, (Scalar, Void)) or not isinstance(signatures, Iterable):
        raise ArgumentError(f"{signatures!r} is neither a function nor a list of signatures", code="bad-signature")
    listed = list(signatures) or None
    return lambda function: _make(function, listed, judged)


_REFUSED = {
    "locals": "types of variables are inferred",
    "forceobj": "there is no object mode: functions are always compiled",
    "writable_args": "a function of numbers has no arrays to write to: use guvectorize",
    "max_blocksize": "blocks are chosen by verdigris",
    "strict": "what cannot be compiled is always an error",
}


class _UnknownOption(TypeError, KeyError):
    """An unexpected keyword, as Python says it; and as Numba does."""

    __str__ = Exception.__str__


def _judged(given: Options) -> dict[str, Any]:
    """Options as what makes ufuncs takes them."""
    for name in given.keys() - _DEFAULTS.keys():
        if (why := _REFUSED.get(name)) is not None:
            raise ArgumentError(f"{name}= is not supported: {why}", code="bad-option")
        raise _UnknownOption(f"Unrecognized options: {name!r}; there are {', '.join(_DEFAULTS)}")
    options = _DEFAULTS | given
    target, literals, error_model = options["target"], options["literals"], options["error_model"]
    if target not in ("cpu", "parallel", "cuda"):
        raise ArgumentError(f"target is 'cpu', 'parallel' or 'cuda', not {target!r}", code="bad-option")
    if not options["nopython"]:
        raise ArgumentError("there is no object mode: functions are always compiled", code="bad-option")
    if literals not in ("numba", "weak"):
        raise ArgumentError(f"literals is 'numba' or 'weak', not {literals!r}", code="bad-option")
    if error_model != "numpy":
        raise ArgumentError(
            f"error_model is 'numpy', not {error_model!r}: ufuncs give NumPy's results, and np.errstate says what raises",
            code="bad-option",
        )
    fma = options["fastmath"] if options["fma"] is None else options["fma"]
    return {
        "target": target,
        "identity": options["identity"],
        "fma": fma,
        "fastmath": options["fastmath"],
        "doc": options["doc"],
        "weak": literals == "weak",
    }


def _make(function: Any, signatures: list[Any] | None, options: dict[str, Any]) -> Ufunc:
    if isinstance(function, Ufunc):
        function = function.py_func
    elif (inner := getattr(function, "py_func", None)) is not None:
        # A device function: its text again, elementwise.
        function = inner
    if "layout" in options:
        options = options | {"writable": _numbers(function, options["writable"])}
    made = _from_text(_Text(function), signatures, options | {"doc": options["doc"] or function.__doc__})
    name = made.__name__
    functools.update_wrapper(made, function)
    made.__name__ = name
    if options["doc"] is not None:
        made.__doc__ = options["doc"]
    made.py_func = function
    return made


def _numbers(function: Any, arguments: tuple[int | str, ...]) -> tuple[int, ...]:
    """Arguments named by number or by name, as numbers."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    numbers = []
    for argument in arguments:
        if isinstance(argument, str):
            if argument not in names:
                raise ArgumentError(f"writable_args names {argument!r}, which is no parameter of the function", code="bad-option")
            argument = names.index(argument)
        if argument < 0:
            raise ArgumentError(f"writable_args has {argument}: arguments are numbered from 0", code="bad-option")
        numbers.append(argument)
    return tuple(numbers)


def _from_text(text: _Text, signatures: list[Any] | None, options: dict[str, Any]) -> Ufunc:
    name = _safe_name(text.name)
    made = Ufunc(
        text,
        name,
        options["doc"] or "",
        signatures,
        options["target"],
        options["fma"],
        options["identity"],
        options.get("layout"),
        list(options.get("writable", ())),
        options["weak"],
        options.get("fastmath", False),
    )
    made.__name__ = name
    made.__qualname__ = text.name
    made.__doc__ = options["doc"]
    made.py_func = None
    made._origin = (signatures, options)
    return made


def _safe_name(name: str) -> str:
    """NumPy and pandas know some ufuncs by name and take liberties with them: a function called like one goes by another."""
    taken = isinstance(getattr(np, name, None), np.ufunc) or isinstance(getattr(np._core.umath, name, None), np.ufunc)
    return f"verdigris_{name}" if taken else name


def _reduce(ufunc: Ufunc) -> tuple[Any, ...]:
    """For pickle: the text and what its names stand for, not the compiled code."""
    names = {key: getattr(ufunc, key) for key in ("__module__", "__qualname__", "__doc__")}
    return _restore, (ufunc.__verdigris_definition__, *ufunc._origin, names)


def _restore(text: _Text, signatures: list[Any] | None, options: dict[str, Any], names: dict[str, Any]) -> Ufunc:
    made = _from_text(text, signatures, options)
    for key, value in names.items():
        setattr(made, key, value)
    return made
