"""`Handle`: the routines with a stream of their own."""

from __future__ import annotations

import functools
import inspect
from typing import Any


class Handle:
    """A handle as cuBLAS's: `Handle(stream).gemm(a, b)` is `blas.gemm(a, b, stream=stream)`, and so for every routine.

    It may be used by several threads at a time.
    """

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        from verdigris import blas

        routine = getattr(blas, name, None) if name in blas.__all__ and name.islower() else None
        if routine is None:
            raise AttributeError(f"BLAS has no routine {name!r}")
        if "stream" not in inspect.signature(routine).parameters:
            return routine
        return functools.partial(routine, stream=self.stream)

    def __dir__(self) -> list[str]:
        from verdigris import blas

        return sorted({*super().__dir__(), *(name for name in blas.__all__ if name.islower())})

    def __repr__(self) -> str:
        return f"Handle(stream={self.stream!r})"
