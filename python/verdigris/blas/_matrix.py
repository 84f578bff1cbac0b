"""Level 3 and cuBLAS's extensions: matrices."""

from __future__ import annotations

import math
from typing import Any

from ._operands import COMPLEXES, DTYPES, Array, Call


def _product(
    routine: str, a: Any, b: Any, c: Any, numbers: tuple[Any, Any], flags: tuple[Any, Any], out: Any, stream: Any
) -> Array:
    call = Call(routine, stream)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    letters, shape = call.product(a, b, *flags)
    alpha, beta = call.numbers(alpha=numbers[0], beta=numbers[1])
    return call.write(letters, [], [alpha, beta], [a, b, call.result("c", shape, c, out, beta)])


def gemm(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    transa: str = "N",
    transb: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b) + beta c."""
    return _product("gemm", a, b, c, (alpha, beta), (transa, transb), out, stream)


def gemm3m(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    transa: str = "N",
    transb: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """As `gemm`, for large complex matrices by three real products: faster, and exact normwise only."""
    return _product("gemm3m", a, b, c, (alpha, beta), (transa, transb), out, stream)


def _self_mm(
    routine: str, a: Any, b: Any, c: Any, numbers: tuple[Any, Any], flags: tuple[Any, Any], out: Any, stream: Any
) -> Array:
    call = Call(routine, stream, COMPLEXES if routine == "hemm" else DTYPES)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    alpha, beta = call.numbers(alpha=numbers[0], beta=numbers[1])
    result = call.result("c", tuple(b.shape), c, out, beta)
    return call.write(call.flags(side=flags[0], uplo=flags[1]), [], [alpha, beta], [a, b, result])


def symm(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    side: str = "L",
    uplo: str = "U",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha a b + beta c, or alpha b a + beta c with side 'R'; a symmetric, of which the triangle `uplo` is read."""
    return _self_mm("symm", a, b, c, (alpha, beta), (side, uplo), out, stream)


def hemm(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    side: str = "L",
    uplo: str = "U",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha a b + beta c, or alpha b a + beta c with side 'R'; a Hermitian, of which the triangle `uplo` is read."""
    return _self_mm("hemm", a, b, c, (alpha, beta), (side, uplo), out, stream)


def _rank(
    routine: str, operands: dict[str, Any], c: Any, numbers: tuple[Any, Any], flags: tuple[Any, Any], out: Any, stream: Any
) -> Array:
    hermitian = routine.startswith("h")
    call = Call(routine, stream, COMPLEXES if hermitian else DTYPES)
    arrays = [call.array(name, value, 2) for name, value in operands.items()]
    alpha, beta = call.number("alpha", numbers[0], real=routine == "herk"), call.number("beta", numbers[1], real=hermitian)
    trans, n, _ = call.op("trans", flags[1], arrays[0].shape)
    # The other triangle of a new result is zeros.
    if c is None and out is None and beta != 0:
        raise call.missing("c")
    result = call.result("c", (n, n), c, out, beta, zeros=True)
    return call.write([call.flag("uplo", flags[0]), trans], [], [alpha, beta], [*arrays, result])


def syrk(
    a: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(a)ᵀ + beta c, the triangle `uplo`."""
    return _rank("syrk", {"a": a}, c, (alpha, beta), (uplo, trans), out, stream)


def herk(
    a: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(a)ᴴ + beta c with real alpha and beta, the triangle `uplo`."""
    return _rank("herk", {"a": a}, c, (alpha, beta), (uplo, trans), out, stream)


def syr2k(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b)ᵀ + alpha op(b) op(a)ᵀ + beta c, the triangle `uplo`."""
    return _rank("syr2k", {"a": a, "b": b}, c, (alpha, beta), (uplo, trans), out, stream)


def her2k(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b)ᴴ + conj(alpha) op(b) op(a)ᴴ + beta c with real beta, the triangle `uplo`."""
    return _rank("her2k", {"a": a, "b": b}, c, (alpha, beta), (uplo, trans), out, stream)


def syrkx(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b)ᵀ + beta c, the triangle `uplo` of a product that is known to be symmetric."""
    return _rank("syrkx", {"a": a, "b": b}, c, (alpha, beta), (uplo, trans), out, stream)


def herkx(
    a: Any,
    b: Any,
    c: Any = None,
    *,
    alpha: Any = 1,
    beta: Any = 0,
    uplo: str = "U",
    trans: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) op(b)ᴴ + beta c with real beta, the triangle `uplo` of a product that is known to be Hermitian."""
    return _rank("herkx", {"a": a, "b": b}, c, (alpha, beta), (uplo, trans), out, stream)


def _triangular(routine: str, a: Any, b: Any, alpha: Any, flags: tuple[Any, Any, Any, Any], out: Any, stream: Any) -> Array:
    call = Call(routine, stream)
    a, given = call.array("a", a, 2), call.array("b", b, 2)
    letters = call.flags(**dict(zip(("side", "uplo", "trans", "diag"), flags, strict=True)))
    number = call.number("alpha", alpha)
    return call.write(letters, [], [number], [a, call.result("b", tuple(given.shape), b, out)])


def trmm(
    a: Any,
    b: Any,
    *,
    alpha: Any = 1,
    side: str = "L",
    uplo: str = "U",
    trans: str = "N",
    diag: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """alpha op(a) b, or alpha b op(a) with side 'R'; a triangular. `out=b` works in place."""
    return _triangular("trmm", a, b, alpha, (side, uplo, trans, diag), out, stream)


def trsm(
    a: Any,
    b: Any,
    *,
    alpha: Any = 1,
    side: str = "L",
    uplo: str = "U",
    trans: str = "N",
    diag: str = "N",
    out: Any = None,
    stream: Any = None,
) -> Array:
    """The solution of op(a) x = alpha b, or of x op(a) = alpha b with side 'R'; a triangular. `out=b` works in place."""
    return _triangular("trsm", a, b, alpha, (side, uplo, trans, diag), out, stream)


def geam(
    a: Any, b: Any, *, alpha: Any = 1, beta: Any = 1, transa: str = "N", transb: str = "N", out: Any = None, stream: Any = None
) -> Array:
    """alpha op(a) + beta op(b)."""
    call = Call("geam", stream)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    left, rows, cols = call.op("transa", transa, a.shape)
    right = call.flag("transb", transb)
    numbers = call.numbers(alpha=alpha, beta=beta)
    return call.write([left, right], [], numbers, [a, b, call.result("c", (rows, cols), None, out, beta=0)])


def dgmm(a: Any, x: Any, *, side: str = "L", out: Any = None, stream: Any = None) -> Array:
    """diag(x) a, or a diag(x) with side 'R'."""
    call = Call("dgmm", stream)
    a, x = call.array("a", a, 2), call.array("x", x, 1)
    result = call.result("c", tuple(a.shape), None, out, beta=0)
    return call.write([call.flag("side", side)], [], [], [a, x, result])


def trttp(a: Any, *, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """A triangle of `a`, packed."""
    call = Call("trttp", stream)
    a = call.array("a", a, 2)
    n = a.shape[1]
    result = call.result("ap", (n * (n + 1) // 2,), None, out, beta=0)
    return call.write([call.flag("uplo", uplo)], [], [], [a, result])


def tpttr(ap: Any, a: Any = None, *, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """A matrix with the packed triangle; the other triangle is that of `a`, or zeros."""
    call = Call("tpttr", stream)
    ap = call.array("ap", ap, 1)
    n = (math.isqrt(8 * ap.shape[0] + 1) - 1) // 2
    call.match("ap", ap, (n * (n + 1) // 2,))
    result = call.result("a", (n, n), a, out, zeros=True)
    return call.write([call.flag("uplo", uplo)], [], [], [ap, result])
