"""Level 1: vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import blas_rotg, blas_rotmg
from ..errors import ArgumentError, ShapeError
from ._operands import DTYPES, FLOATS, Array, Call, plain


def _two(routine: str, x: Any, y: Any, stream: Any) -> tuple[Call, Array, Array]:
    call = Call(routine, stream)
    return call, call.array("x", x, 1), call.array("y", y, 1)


def dot(x: Any, y: Any, *, stream: Any = None) -> Any:
    """The sum of x[i] * y[i], nothing conjugated."""
    call, x, y = _two("dot", x, y, stream)
    return call.scalar(call.run([], [], [], [x, y]))


def dotc(x: Any, y: Any, *, stream: Any = None) -> Any:
    """The sum of conj(x[i]) * y[i]."""
    call, x, y = _two("dotc", x, y, stream)
    return call.scalar(call.run([], [], [], [x, y]))


def nrm2(x: Any, *, stream: Any = None) -> Any:
    """The Euclidean norm, without overflow or underflow on the way."""
    call = Call("nrm2", stream)
    x = call.array("x", x, 1)
    return call.scalar(call.run([], [], [], [x]), real=True)


def asum(x: Any, *, stream: Any = None) -> Any:
    """The sum of |re x[i]| + |im x[i]|."""
    call = Call("asum", stream)
    x = call.array("x", x, 1)
    return call.scalar(call.run([], [], [], [x]), real=True)


def _extreme(routine: str, x: Any, stream: Any) -> int:
    call = Call(routine, stream)
    x = call.array("x", x, 1)
    if x.size == 0:
        raise call.refuse(ShapeError, "empty", "x", "is empty")
    return call.run([], [], [], [x])


def amax(x: Any, *, stream: Any = None) -> int:
    """Index, from 0, of the first element with the largest |re| + |im|; of the first NaN if there is one."""
    return _extreme("amax", x, stream)


def amin(x: Any, *, stream: Any = None) -> int:
    """Index, from 0, of the first element with the smallest |re| + |im|; of the first NaN if there is one."""
    return _extreme("amin", x, stream)


def axpy(x: Any, y: Any, *, alpha: Any = 1, out: Any = None, stream: Any = None) -> Array:
    """alpha x + y. `out=y` works in place."""
    call = Call("axpy", stream)
    x = call.array("x", x, 1)
    result = call.result("y", x.shape, y, out)
    return call.write([], [], [call.number("alpha", alpha)], [x, result])


def copy(x: Any, *, out: Any = None, stream: Any = None) -> Array:
    """The elements of x, in a new vector or in `out`."""
    call = Call("copy", stream)
    x = call.array("x", x, 1)
    return call.write([], [], [], [x, call.result("y", x.shape, None, out, beta=0)])


def swap(x: Any, y: Any, *, stream: Any = None) -> None:
    """Exchanges the elements of two vectors, in place."""
    call = Call("swap", stream)
    call.run([], [], [], [call.array("x", x, 1, output=True), call.array("y", y, 1, output=True)])


def scal(alpha: Any, x: Any, *, out: Any = None, stream: Any = None) -> Array:
    """alpha x. `out=x` works in place."""
    call = Call("scal", stream)
    given = call.array("x", x, 1)
    result = call.result("x", given.shape, x, out)
    return call.write([], [], [call.number("alpha", alpha)], [result])


def _rotated(call: Call, x: Any, y: Any, out: Any) -> tuple[Array, Array]:
    """Where two rotated vectors go. Both copies are made only when the call has been judged."""
    if out is None:
        x = call.array("x", x, 1)
        return call.result("x", x.shape, x, None), call.result("y", x.shape, y, None)
    if not (isinstance(out, tuple) and len(out) == 2):
        raise call.refuse(ArgumentError, "bad-out", "out", "has to be a pair of vectors")
    call.array("x", x, 1)
    call.array("y", y, 1)
    if out[0] is not x or out[1] is not y:
        raise call.refuse(ArgumentError, "bad-out", "out", "has to be (x, y), for work in place")
    return call.array("x", x, 1, output=True), call.array("y", y, 1, output=True)


def rot(x: Any, y: Any, c: Any, s: Any, *, out: Any = None, stream: Any = None) -> tuple[Array, Array]:
    """(c x + s y, c y - conj(s) x). `out=(x, y)` works in place."""
    call = Call("rot", stream)
    results = _rotated(call, x, y, out)
    call.run([], [], [call.number("c", c, real=True), call.number("s", s)], list(results))
    return results


def rotm(x: Any, y: Any, param: Any, *, out: Any = None, stream: Any = None) -> tuple[Array, Array]:
    """The modified rotation by `param` = (flag, h11, h21, h12, h22), as `rotmg` makes it. `out=(x, y)` works in place."""
    call = Call("rotm", stream, FLOATS)
    results = _rotated(call, x, y, out)
    values = np.asarray(plain("rotm", "param", param, "biuf"))
    if values.shape != (5,):
        raise call.refuse(ShapeError, "shape-mismatch", "param", f"has shape {values.shape}, and has to be (5,)")
    call.run([], [], [call.number("param", float(value)) for value in values], list(results))
    return results


_LETTERS = dict(zip(DTYPES, "SDCZ", strict=True))


def _numbers(call: Call, **numbers: Any) -> list[complex]:
    """Numbers that decide the type among themselves: NumPy's by theirs, else float64, or complex128 if one is complex."""
    for name, value in numbers.items():
        if not isinstance(value, (int, float, complex)) and not (
            isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 and value.dtype.kind in "biufc"
        ):
            raise call.refuse(ArgumentError, "bad-scalar", name, f"has to be a number, not {type(value).__name__}")
    typed = [value.dtype for value in numbers.values() if isinstance(value, (np.generic, np.ndarray))]
    weak = [value for value in numbers.values() if not isinstance(value, (np.generic, np.ndarray))]
    call.dtype = np.result_type(*typed, *weak) if typed else np.result_type(*weak, np.float64)
    if call.dtype not in call.dtypes:
        call.dtype = np.result_type(call.dtype, np.float64)
    if call.dtype not in call.dtypes:
        raise call.refuse(
            ArgumentError, "bad-dtype", next(iter(numbers)), f"makes the type {call.dtype}, which the routine does not have"
        )
    return [call.number(name, value) for name, value in numbers.items()]


def rotg(a: Any, b: Any) -> tuple[Any, Any, Any, Any]:
    """The rotation that takes (a, b) to (r, 0): (r, z, c, s), with c real."""
    call = Call("rotg")
    a, b = _numbers(call, a=a, b=b)
    r, z, c, s = blas_rotg(_LETTERS[call.dtype], a, b)
    return call.scalar(r), call.scalar(z), call.scalar(c, real=True), call.scalar(s)


def rotmg(d1: Any, d2: Any, x1: Any, y1: Any) -> tuple[np.ndarray[Any, Any], Any, Any, Any]:
    """The modified rotation that takes (sqrt(d1) x1, sqrt(d2) y1) to (., 0): the five parameters, and the new d1, d2 and x1."""
    call = Call("rotmg", dtypes=FLOATS)
    values = [number.real for number in _numbers(call, d1=d1, d2=d2, x1=x1, y1=y1)]
    param, *rest = blas_rotmg(_LETTERS[call.dtype], *values)
    d1, d2, x1 = (call.scalar(value) for value in rest)
    return np.array(param, call.dtype), d1, d2, x1
