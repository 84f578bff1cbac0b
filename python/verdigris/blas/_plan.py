"""Plans: a product that is done many times, judged and tuned once."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .._machine import get_num_threads
from ..errors import ArgumentError, ShapeError
from ._operands import DTYPES, Array, Call, dtype_of

# Sides of the tiles that are tried; 0 is the usual choice.
_TILES = (0, 128, 192, 256, 384, 512, 1024)


def _pair(call: Call, name: str, shape: Any) -> tuple[int, int]:
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise call.refuse(ShapeError, "ndim", name, f"is {shape!r}, and has to be a pair of extents")
    return call.integer(name, shape[0]), call.integer(name, shape[1])


class Plan:
    """alpha op(a) op(b) + beta c for operands of these shapes and this dtype, again and again.

    `plan(a, b)` gives a new array, `plan(a, b, out=c)` writes to c. `autotune` tries ways to share the product over threads and
    keeps the fastest; the result never depends on it. A plan may be used by several threads at a time.
    """

    def __init__(
        self,
        a_shape: tuple[int, int],
        b_shape: tuple[int, int],
        dtype: Any = np.float64,
        *,
        alpha: Any = 1,
        beta: Any = 0,
        transa: str = "N",
        transb: str = "N",
    ) -> None:
        call = Call("gemm")
        call.dtype = dtype_of(call, "dtype", dtype)
        if call.dtype not in DTYPES:
            raise call.refuse(ArgumentError, "bad-dtype", "dtype", f"is {call.dtype}, and has to be one of BLAS's four")
        self.dtype = call.dtype
        self.numbers = call.numbers(alpha=alpha, beta=beta)
        self.a_shape, self.b_shape = _pair(call, "a_shape", a_shape), _pair(call, "b_shape", b_shape)
        left, rows, inner = call.op("transa", transa, self.a_shape)
        right, other, cols = call.op("transb", transb, self.b_shape)
        if inner != other:
            raise call.refuse(ShapeError, "shape-mismatch", "b_shape", f"is {self.b_shape}, which does not fit {self.a_shape}")
        self.flags, self.shape = [left, right], (rows, cols)
        self.tile = 0

    def __call__(self, a: Any, b: Any, c: Any = None, *, out: Any = None, stream: Any = None) -> Array:
        """The product. Operands are as `gemm`'s, of the plan's shapes and dtype."""
        return self._run(a, b, c, out, stream, self.tile)

    def _run(self, a: Any, b: Any, c: Any, out: Any, stream: Any, tile: int) -> Array:
        call = Call("gemm", stream, (self.dtype,))
        a, b = call.array("a", a, 2), call.array("b", b, 2)
        call.match("a", a, self.a_shape)
        call.match("b", b, self.b_shape)
        result = call.result("c", self.shape, c, out, self.numbers[1])
        return call.write(self.flags, [tile], self.numbers, [a, b, result])

    def autotune(self, a: Any = None, b: Any = None, *, seconds: float = 0.5) -> Plan:
        """Times each way to share the product, on these operands or its own, for about that long in all; keeps the fastest."""
        a = np.ones(self.a_shape, self.dtype) if a is None else a
        b = np.ones(self.b_shape, self.dtype) if b is None else b
        tiles = _TILES if get_num_threads() > 1 else _TILES[:1]
        out = np.zeros(self.shape, self.dtype) if isinstance(a, np.ndarray) else None
        best = dict.fromkeys(tiles, float("inf"))
        end = time.perf_counter() + seconds
        while True:
            for tile in tiles:
                start = time.perf_counter()
                self._run(a, b, out if out is not None and self.numbers[1] != 0 else None, out, None, tile)
                best[tile] = min(best[tile], time.perf_counter() - start)
            if time.perf_counter() > end:
                break
        self.tile = min(best, key=best.__getitem__)
        return self

    def __repr__(self) -> str:
        return f"Plan({self.a_shape}, {self.b_shape}, {self.dtype}, tile={self.tile})"
