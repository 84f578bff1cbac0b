"""Stands for `numba`: `cuda`, `vectorize` and the types. There is no CPU `jit` here."""

from __future__ import annotations

from typing import Any

from .. import cuda, types, vectorize
from ..errors import NumbaError, NumbaPerformanceWarning
from ..types import *  # noqa: F403
from ..types import __all__ as _types

__version__ = "0.61.0"
__all__ = ["NumbaError", "NumbaPerformanceWarning", "cuda", "types", "vectorize", *_types]
__path__: list[str] = []


def __getattr__(name: str) -> Any:
    raise AttributeError(f"verdigris' stand-in for numba has no {name!r}")
