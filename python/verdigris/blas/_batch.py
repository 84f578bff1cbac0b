"""Batches: many small matrices in one call.

A batch is an array of three axes, the first counting the matrices, or a list of matrices of one shape; results are of the
same kind. An array of two axes is one matrix for the whole batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._verdigris import DeviceNDArray, device_array
from ..errors import ArgumentError, ShapeError
from ._operands import Array, Call, foreign, plain


def _stack(call: Call, name: str, operand: Any, output: bool = False) -> Any:
    """An array of three axes, or a list of arrays of two."""
    if isinstance(operand, (list, tuple)):
        if not operand:
            raise call.refuse(ShapeError, "empty", name, "is an empty list")
        return [call.array(name, matrix, 2, output) for matrix in operand]
    if not output and not isinstance(operand, (np.ndarray, DeviceNDArray)):
        operand = foreign(call.routine, name, operand)
    if not output and not isinstance(operand, DeviceNDArray) and operand.ndim == 2:
        return call.array(name, operand, 2)[None]
    return call.array(name, operand, 3, output)


def _count(stack: Any) -> int:
    return len(stack) if isinstance(stack, list) else stack.shape[0]


def _shape(stack: Any) -> tuple[int, int]:
    return tuple(stack[0].shape) if isinstance(stack, list) else tuple(stack.shape[1:])


def _spread(stack: Any, count: int) -> Any:
    """One matrix for all."""
    if not isinstance(stack, list) and stack.shape[0] == 1 and count != 1 and not isinstance(stack, DeviceNDArray):
        return np.broadcast_to(stack, (count, *stack.shape[1:]))
    return stack


def _new(call: Call, as_list: bool, count: int, shape: tuple[int, int]) -> Any:
    if call.on_device:

        def fresh(extents: tuple[int, ...]) -> Any:
            return device_array(extents, call.dtype, stream=call.stream)

        return [fresh(shape) for _ in range(count)] if as_list else fresh((count, *shape))
    made = np.empty((count, *shape), call.dtype)
    return list(made) if as_list else made


def _copy(call: Call, stack: Any) -> Any:
    if isinstance(stack, list):
        return [_copy(call, matrix) for matrix in stack]
    if not call.on_device:
        return stack.copy(order="K")
    made = device_array(stack.shape, call.dtype, stream=call.stream)
    made.copy_to_device(stack, stream=call.stream)
    return made


def _result(call: Call, name: str, given: Any, out: Any) -> Any:
    """Where a batch that is changed in place goes: `out`, which has to be what was given, or a copy."""
    if out is None:
        return _copy(call, _stack(call, name, given))
    if out is not given:
        raise call.refuse(ArgumentError, "bad-out", "out", f"has to be `{name}` itself, for work in place")
    return _stack(call, name, out, output=True)


def gemm_batched(
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
) -> Any:
    """alpha op(a[i]) op(b[i]) + beta c[i] for each matrix of the batch. `out=c` works in place."""
    call = Call("gemm_batched", stream)
    a, b = _stack(call, "a", a), _stack(call, "b", b)
    numbers = call.numbers(alpha=alpha, beta=beta)
    count = max(_count(a), _count(b)) if min(_count(a), _count(b)) == 1 else _count(a)
    left, rows, _ = call.op("transa", transa, _shape(a))
    right, _, cols = call.op("transb", transb, _shape(b))
    if c is not None and c is not out:
        result = _result(call, "c", c, out)
    elif out is not None:
        result = _stack(call, "out", out, output=True)
    elif numbers[1] != 0:
        raise call.missing("c")
    else:
        result = _new(call, isinstance(a, list), count, (rows, cols))
    return call.write([left, right], [], numbers, [_spread(a, count), _spread(b, count), result])


gemm_strided_batched = gemm_batched


_GROUPED = {"a", "b", "c", "alpha", "beta", "transa", "transb", "out"}


def gemm_grouped(groups: Any, *, stream: Any = None) -> list[Any]:
    """Several batches, each of its own shape: `groups` holds a dict of `gemm_batched`'s arguments for each."""
    call = Call("gemm_grouped", stream)
    if not isinstance(groups, (list, tuple)):
        raise call.refuse(ArgumentError, "bad-group", "groups", f"has to be a list of dicts, not {type(groups).__name__}")
    for number, group in enumerate(groups):
        if not isinstance(group, dict) or not {"a", "b"} <= set(group) <= _GROUPED:
            given = sorted(map(str, group)) if isinstance(group, dict) else type(group).__name__
            text = f"holds {given} in place {number}, and has to hold dicts with `a`, `b` and other operands of gemm_batched"
            raise call.refuse(ArgumentError, "bad-group", "groups", text)
    return [gemm_batched(**group, stream=stream) for group in groups]


def gemv_batched(
    a: Any, x: Any, y: Any = None, *, alpha: Any = 1, beta: Any = 0, trans: str = "N", out: Any = None, stream: Any = None
) -> Any:
    """alpha op(a[i]) x[i] + beta y[i], vectors being the rows of a matrix. `out=y` works in place."""
    call = Call("gemv_batched", stream)
    x = call.array("x", x, 2)
    column = lambda vectors: None if vectors is None else vectors.reshape((*vectors.shape, 1))  # noqa: E731
    if out is not None and y is not None and out is not y:
        raise call.refuse(ArgumentError, "bad-out", "out", "has to be `y` itself, for work in place")
    target = call.array("out", out, 2, output=True) if out is not None else None
    start = call.array("y", y, 2) if y is not None and out is None else None
    if target is not None:
        view = target.view() if isinstance(target, np.ndarray) else target
        wide = view[:, :, None] if isinstance(view, np.ndarray) else column(view)
        gemm_batched(a, column(x), alpha=alpha, beta=beta, transa=trans, out=wide, stream=stream)
        return target
    result = gemm_batched(a, column(x), column(start), alpha=alpha, beta=beta, transa=trans, stream=stream)
    if isinstance(result, list):
        return [matrix.reshape(matrix.shape[0]) for matrix in result]
    return result.reshape(result.shape[:2])


def trsm_batched(
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
) -> Any:
    """The solution of op(a[i]) x = alpha b[i], or of x op(a[i]) = alpha b[i] with side 'R'. `out=b` works in place."""
    call = Call("trsm_batched", stream)
    a = _stack(call, "a", a)
    letters = call.flags(side=side, uplo=uplo, trans=trans, diag=diag)
    number = call.number("alpha", alpha)
    result = _result(call, "b", b, out)
    return call.write(letters, [], [number], [_spread(a, _count(result)), result])


def _ints(count: int) -> np.ndarray[Any, Any]:
    return np.zeros(count, np.int32)


def _factors(call: Call, lu: Any, pivots: Any) -> tuple[Any, np.ndarray[Any, Any]]:
    """The factors that `getrf_batched` gave: the stack and the flat pivots, of which there are none without pivoting."""
    lu = _stack(call, "lu", lu)
    if pivots is None:
        return lu, _ints(0)
    count, n = _count(lu), _shape(lu)[1]
    given = np.asarray(plain(call.routine, "pivots", pivots, "iu"))
    if given.shape != (count, n):
        raise call.refuse(ShapeError, "shape-mismatch", "pivots", f"has shape {given.shape}, and has to be {(count, n)}")
    return lu, np.ascontiguousarray(given.clip(-1, 2**31 - 1), np.int32).ravel()


def getrf_batched(a: Any, *, pivot: bool = True, out: Any = None, stream: Any = None) -> tuple[Any, Any, np.ndarray[Any, Any]]:
    """LU factors of each matrix: (lu, pivots, info). `out=a` works in place.

    Row i was exchanged with row `pivots[k, i]`, counted from 0; without `pivot` rows stay and `pivots` is None.
    `info[k]` is 0, or the number, from 1, of the first pivot that is exactly zero.
    """
    call = Call("getrf_batched", stream)
    if not isinstance(pivot, (bool, np.bool_)):
        raise call.refuse(ArgumentError, "bad-value", "pivot", f"has to be True or False, not {type(pivot).__name__}")
    lu = _result(call, "a", a, out)
    count, n = _count(lu), _shape(lu)[1]
    pivots, info = _ints(count * n if pivot else 0), _ints(count)
    call.run([], [int(pivot)], [], [lu, pivots, info])
    return lu, pivots.reshape(count, n) if pivot else None, info


def getrs_batched(lu: Any, pivots: Any, b: Any, *, trans: str = "N", out: Any = None, stream: Any = None) -> Any:
    """Solutions of op(a[k]) x = b[k] with the factors of `getrf_batched`. `out=b` works in place."""
    call = Call("getrs_batched", stream)
    lu, flat = _factors(call, lu, pivots)
    letter = call.flag("trans", trans)
    return call.write([letter], [int(pivots is not None)], [], [lu, flat, _result(call, "b", b, out)])


def getri_batched(lu: Any, pivots: Any, *, stream: Any = None) -> tuple[Any, np.ndarray[Any, Any]]:
    """Inverses with the factors of `getrf_batched`: (inverses, info). A singular matrix's is not computed: info says where."""
    call = Call("getri_batched", stream)
    lu, flat = _factors(call, lu, pivots)
    count, n = _count(lu), _shape(lu)[1]
    info = _ints(count)
    result = _new(call, isinstance(lu, list), count, (n, n))
    call.run([], [int(pivots is not None)], [], [lu, flat, result, info])
    return result, info


def matinv_batched(a: Any, *, stream: Any = None) -> tuple[Any, np.ndarray[Any, Any]]:
    """Inverses of each matrix: (inverses, info), info as `getrf_batched`'s."""
    call = Call("matinv_batched", stream)
    stack = _stack(call, "a", a)
    if _shape(stack)[0] != _shape(stack)[1]:
        raise call.refuse(ShapeError, "shape-mismatch", "a", f"holds matrices of shape {_shape(stack)}, which are not square")
    lu, pivots, info = getrf_batched(stack, stream=stream)
    return getri_batched(lu, pivots, stream=stream)[0], info


def geqrf_batched(a: Any, *, out: Any = None, stream: Any = None) -> tuple[Any, Array]:
    """QR factors of each matrix: (qr, tau), R in the upper triangle and LAPACK's reflectors below. `out=a` works in place."""
    call = Call("geqrf_batched", stream)
    qr = _result(call, "a", a, out)
    count, shape = _count(qr), _shape(qr)
    tau = np.zeros(count * min(shape), call.dtype)
    call.run([], [], [], [qr, tau])
    return qr, tau.reshape(count, min(shape))


def gels_batched(a: Any, b: Any, *, stream: Any = None) -> tuple[Any, np.ndarray[Any, Any]]:
    """Least-squares solutions of a[k] x = b[k] for matrices at least as high as wide: (x, info).

    `info[k]` is 0, or the number, from 1, of the first column that depends on those before it; that x is not computed.
    """
    call = Call("gels_batched", stream)
    qr, solved = _copy(call, _stack(call, "a", a)), _copy(call, _stack(call, "b", b))
    info = _ints(_count(qr))
    call.run([], [], [], [qr, solved, info])
    n = _shape(qr)[1]
    return [x[:n] for x in solved] if isinstance(solved, list) else solved[:, :n], info
