"""Level 3 and cuBLAS's extensions: matrices."""

from __future__ import annotations

from typing import Any

from ._operands import COMPLEXES, DTYPES, Array, Call


def _shape(call: Call, name: str, array: Array, trans: Any) -> tuple[str, int, int]:
    """The flag, and the shape that it gives the operand."""
    flag = call.flag(name, trans)
    rows, cols = array.shape
    return (flag, rows, cols) if flag.upper() == "N" else (flag, cols, rows)


def _product(
    routine: str, a: Any, b: Any, c: Any, numbers: tuple[Any, Any], flags: tuple[Any, Any], out: Any, stream: Any
) -> Array:
    call = Call(routine, stream)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    transa, rows, inner = _shape(call, "transa", a, flags[0])
    transb, other, cols = _shape(call, "transb", b, flags[1])
    if inner != other:
        call.match("b", b, (inner, cols) if transb.upper() == "N" else (cols, inner))
    alpha, beta = call.number("alpha", numbers[0]), call.number("beta", numbers[1])
    result = call.result("c", (rows, cols), c, out, beta)
    call.run([transa, transb], [], [alpha, beta], [a, b, result])
    return result


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


def _self_mm(routine: str, a: Any, b: Any, c: Any, options: dict[str, Any]) -> Array:
    call = Call(routine, options["stream"], COMPLEXES if routine == "hemm" else DTYPES)
    a, b = call.array("a", a, 2), call.array("b", b, 2)
    alpha, beta = call.number("alpha", options["alpha"]), call.number("beta", options["beta"])
    result = call.result("c", tuple(b.shape), c, options["out"], beta)
    flags = [call.flag("side", options["side"]), call.flag("uplo", options["uplo"])]
    call.run(flags, [], [alpha, beta], [a, b, result])
    return result


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
    return _self_mm("symm", a, b, c, {"alpha": alpha, "beta": beta, "side": side, "uplo": uplo, "out": out, "stream": stream})


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
    return _self_mm("hemm", a, b, c, {"alpha": alpha, "beta": beta, "side": side, "uplo": uplo, "out": out, "stream": stream})


def _rank(
    routine: str, operands: dict[str, Any], c: Any, numbers: tuple[Any, Any], flags: tuple[Any, Any], out: Any, stream: Any
) -> Array:
    hermitian = routine.startswith("h")
    call = Call(routine, stream, COMPLEXES if hermitian else DTYPES)
    arrays = [call.array(name, value, 2) for name, value in operands.items()]
    alpha, beta = call.number("alpha", numbers[0], real=routine == "herk"), call.number("beta", numbers[1], real=hermitian)
    trans, n, _ = _shape(call, "trans", arrays[0], flags[1])
    # The other triangle of a new result is zeros.
    if c is None and out is None and beta != 0:
        raise call.missing("c")
    result = call.result("c", (n, n), c, out, beta, zeros=True)
    call.run([call.flag("uplo", flags[0]), trans], [], [alpha, beta], [*arrays, result])
    return result


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
    letters = [call.flag(name, value) for name, value in zip(("side", "uplo", "trans", "diag"), flags, strict=True)]
    number = call.number("alpha", alpha)
    result = call.result("b", tuple(given.shape), b, out)
    call.run(letters, [], [number], [a, result])
    return result


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
    left, rows, cols = _shape(call, "transa", a, transa)
    right, *_ = _shape(call, "transb", b, transb)
    numbers = [call.number("alpha", alpha), call.number("beta", beta)]
    result = call.result("c", (rows, cols), None, out, beta=0)
    call.run([left, right], [], numbers, [a, b, result])
    return result


def dgmm(a: Any, x: Any, *, side: str = "L", out: Any = None, stream: Any = None) -> Array:
    """diag(x) a, or a diag(x) with side 'R'."""
    call = Call("dgmm", stream)
    a, x = call.array("a", a, 2), call.array("x", x, 1)
    result = call.result("c", tuple(a.shape), None, out, beta=0)
    call.run([call.flag("side", side)], [], [], [a, x, result])
    return result


def trttp(a: Any, *, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """A triangle of `a`, packed."""
    call = Call("trttp", stream)
    a = call.array("a", a, 2)
    n = a.shape[1]
    result = call.result("ap", (n * (n + 1) // 2,), None, out, beta=0)
    call.run([call.flag("uplo", uplo)], [], [], [a, result])
    return result


def tpttr(ap: Any, a: Any = None, *, uplo: str = "U", out: Any = None, stream: Any = None) -> Array:
    """A matrix with the packed triangle; the other triangle is that of `a`, or zeros."""
    call = Call("tpttr", stream)
    ap = call.array("ap", ap, 1)
    n = (int((8 * ap.shape[0] + 1) ** 0.5) - 1) // 2
    call.match("ap", ap, (n * (n + 1) // 2,))
    result = call.result("a", (n, n), a, out, zeros=True)
    call.run([call.flag("uplo", uplo)], [], [], [ap, result])
    return result
