"""Level 2: a matrix and vectors.

A band is stored as LAPACK and SciPy do: element (i, j) in row `ku + i - j` of `ab`, which has a column for each of the
matrix. A packed triangle is its columns one after the other in a vector.
"""

from __future__ import annotations

from typing import Any

from ..errors import BadValueError
from ._operands import COMPLEXES, DTYPES, Array, Call


def gemv(
    a: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, trans: str = "N", out: Any = None, stream: Any = None
) -> Array:
    """alpha op(a) x + beta y."""
    call = Call("gemv", stream)
    a, x = call.array("a", a, 2), call.array("x", x, 1)
    flag, length, _ = call.op("trans", trans, a.shape)
    numbers = call.numbers(alpha=alpha, beta=beta)
    return call.write([flag], [], numbers, [a, x, call.result("y", (length,), y, out, numbers[1])])


def gbmv(
    ab: Any,
    x: Any,
    y: Any = None,
    *,
    m: int,
    kl: int,
    ku: int,
    alpha: Any = 1,
    beta: Any = 0,
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(A) x + beta y, A of `m` rows in a band of `kl` diagonals below and `ku` above."""
    call = Call("gbmv", stream)
    ab, x = call.array("ab", ab, 2), call.array("x", x, 1)
    sizes = [call.integer("m", m), call.integer("kl", kl), call.integer("ku", ku)]
    flag, length, inner = call.op("trans", trans, (sizes[0], ab.shape[1]))
    numbers = call.numbers(alpha=alpha, beta=beta)
    call.match("ab", ab, (sizes[1] + sizes[2] + 1, ab.shape[1]))
    call.match("x", x, (inner,))
    return call.write([flag], sizes, numbers, [ab, x, call.result("y", (length,), y, out, numbers[1])])


def _stored(call: Call, name: str, a: Any) -> tuple[Array, list[int]]:
    """A matrix of which a triangle is stored: full (`a`), in a band (`ab`) with its number of off-diagonals, or packed (`ap`)."""
    array = call.array(name, a, 1 if name == "ap" else 2)
    return array, [_bandwidth(call, array)] if name == "ab" else []


def _self_mv(
    routine: str, name: str, a: Any, x: Any, y: Any, numbers: tuple[Any, Any], uplo: Any, out: Any, stream: Any
) -> Array:
    call = Call(routine, stream, COMPLEXES if routine.startswith("h") else DTYPES)
    a, ints = _stored(call, name, a)
    x = call.array("x", x, 1)
    alpha, beta = call.numbers(alpha=numbers[0], beta=numbers[1])
    result = call.result("y", x.shape, y, out, beta)
    return call.write([call.flag("uplo", uplo)], ints, [alpha, beta], [a, x, result])


def _bandwidth(call: Call, ab: Array) -> int:
    if ab.shape[0] == 0:
        raise call.refuse(BadValueError, "shape-mismatch", "ab", "has no row: the diagonal is missing")
    return ab.shape[0] - 1


def symv(
    a: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha a x + beta y, a symmetric, of which the triangle `uplo` is read."""
    return _self_mv("symv", "a", a, x, y, (alpha, beta), uplo, out, stream)


def hemv(
    a: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha a x + beta y, a Hermitian, of which the triangle `uplo` is read."""
    return _self_mv("hemv", "a", a, x, y, (alpha, beta), uplo, out, stream)


def sbmv(
    ab: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha A x + beta y, A symmetric in a band with as many off-diagonals as `ab` has rows but one."""
    return _self_mv("sbmv", "ab", ab, x, y, (alpha, beta), uplo, out, stream)


def hbmv(
    ab: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha A x + beta y, A Hermitian in a band with as many off-diagonals as `ab` has rows but one."""
    return _self_mv("hbmv", "ab", ab, x, y, (alpha, beta), uplo, out, stream)


def spmv(
    ap: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha A x + beta y, A symmetric and packed."""
    return _self_mv("spmv", "ap", ap, x, y, (alpha, beta), uplo, out, stream)


def hpmv(
    ap: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, uplo: str = "U", out: Any = None, stream: Any = None
) -> Array:
    """alpha A x + beta y, A Hermitian and packed."""
    return _self_mv("hpmv", "ap", ap, x, y, (alpha, beta), uplo, out, stream)


def _triangular(routine: str, name: str, a: Any, x: Any, flags: tuple[Any, Any, Any], out: Any, stream: Any) -> Array:
    call = Call(routine, stream)
    a, ints = _stored(call, name, a)
    given = call.array("x", x, 1)
    letters = call.flags(uplo=flags[0], trans=flags[1], diag=flags[2])
    return call.write(letters, ints, [], [a, call.result("x", given.shape, x, out)])


def trmv(a: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """op(a) x, a triangular. `out=x` works in place."""
    return _triangular("trmv", "a", a, x, (uplo, trans, diag), out, stream)


def trsv(a: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """The solution of op(a) y = x, a triangular. `out=x` works in place."""
    return _triangular("trsv", "a", a, x, (uplo, trans, diag), out, stream)


def tbmv(ab: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """op(A) x, A triangular in a band."""
    return _triangular("tbmv", "ab", ab, x, (uplo, trans, diag), out, stream)


def tbsv(ab: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """The solution of op(A) y = x, A triangular in a band."""
    return _triangular("tbsv", "ab", ab, x, (uplo, trans, diag), out, stream)


def tpmv(ap: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """op(A) x, A triangular and packed."""
    return _triangular("tpmv", "ap", ap, x, (uplo, trans, diag), out, stream)


def tpsv(ap: Any, x: Any, *, uplo: str = "U", trans: str = "N", diag: str = "N", out: Any = None, stream: Any = None) -> Array:
    """The solution of op(A) y = x, A triangular and packed."""
    return _triangular("tpsv", "ap", ap, x, (uplo, trans, diag), out, stream)


def _outer(routine: str, x: Any, y: Any, a: Any, alpha: Any, out: Any, stream: Any) -> Array:
    call = Call(routine, stream)
    x, y = call.array("x", x, 1), call.array("y", y, 1)
    number = call.number("alpha", alpha)
    return call.write([], [], [number], [x, y, call.result("a", x.shape + y.shape, a, out, zeros=True)])


def ger(x: Any, y: Any, a: Any = None, *, alpha: Any = 1, out: Any = None, stream: Any = None) -> Array:
    """alpha x yᵀ + a, nothing conjugated (as `geru`); without `a`, to zeros."""
    return _outer("ger", x, y, a, alpha, out, stream)


def gerc(x: Any, y: Any, a: Any = None, *, alpha: Any = 1, out: Any = None, stream: Any = None) -> Array:
    """alpha x yᴴ + a; without `a`, to zeros."""
    return _outer("gerc", x, y, a, alpha, out, stream)


def _update(routine: str, name: str, vectors: dict[str, Any], a: Any, alpha: Any, uplo: Any, out: Any, stream: Any) -> Array:
    hermitian = routine.startswith("h")
    call = Call(routine, stream, COMPLEXES if hermitian else DTYPES)
    arrays = [call.array(vector, value, 1) for vector, value in vectors.items()]
    number = call.number("alpha", alpha, real=hermitian and len(vectors) == 1)
    n = arrays[0].shape[0]
    result = call.result(name, (n, n) if name == "a" else (n * (n + 1) // 2,), a, out, zeros=True)
    return call.write([call.flag("uplo", uplo)], [], [number], [*arrays, result])


def syr(x: Any, a: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x xᵀ + a, the triangle `uplo`; without `a`, to zeros."""
    return _update("syr", "a", {"x": x}, a, alpha, uplo, out, stream)


def her(x: Any, a: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x xᴴ + a with a real alpha, the triangle `uplo`; its diagonal becomes real."""
    return _update("her", "a", {"x": x}, a, alpha, uplo, out, stream)


def spr(x: Any, ap: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x xᵀ + A, A packed."""
    return _update("spr", "ap", {"x": x}, ap, alpha, uplo, out, stream)


def hpr(x: Any, ap: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x xᴴ + A with a real alpha, A packed."""
    return _update("hpr", "ap", {"x": x}, ap, alpha, uplo, out, stream)


def syr2(x: Any, y: Any, a: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x yᵀ + alpha y xᵀ + a, the triangle `uplo`."""
    return _update("syr2", "a", {"x": x, "y": y}, a, alpha, uplo, out, stream)


def her2(x: Any, y: Any, a: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x yᴴ + conj(alpha) y xᴴ + a, the triangle `uplo`."""
    return _update("her2", "a", {"x": x, "y": y}, a, alpha, uplo, out, stream)


def spr2(x: Any, y: Any, ap: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x yᵀ + alpha y xᵀ + A, A packed."""
    return _update("spr2", "ap", {"x": x, "y": y}, ap, alpha, uplo, out, stream)


def hpr2(x: Any, y: Any, ap: Any = None, *, alpha: Any = 1, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """alpha x yᴴ + conj(alpha) y xᴴ + A, A packed."""
    return _update("hpr2", "ap", {"x": x, "y": y}, ap, alpha, uplo, out, stream)
