"""Stands for `numba`: `cuda`, `vectorize`, `guvectorize` and the types. There is no CPU `jit` here."""

from __future__ import annotations

import sys
from typing import Any

from .. import cuda, errors, guvectorize, types, vectorize
from ..errors import NumbaError, NumbaPerformanceWarning
from ..types import *  # noqa: F403
from ..types import __all__ as _types

__version__ = "0.61.0"
__all__ = ["NumbaError", "NumbaPerformanceWarning", "core", "cuda", "errors", "guvectorize", "types", "vectorize", *_types]
__path__: list[str] = []
# `numba.core.types` and `numba.core.errors` are this module's.
core = sys.modules[__name__]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"verdigris' stand-in for numba has no {name!r}")
