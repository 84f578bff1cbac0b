"""Stands for `numba`: `cuda`, `vectorize`, `guvectorize` and the types. There is no CPU `jit` here."""

from __future__ import annotations

import sys
from typing import Any

from .. import cuda, errors, guvectorize, types, vectorize
from ..cuda import literal_unroll
from ..errors import NumbaError, NumbaPerformanceWarning
from ..types import *  # noqa: F403
from ..types import __all__ as _types
from ..types import typeof

__version__ = "0.61.0"
__all__ = [
    "NumbaError",
    "NumbaPerformanceWarning",
    "core",
    "cuda",
    "errors",
    "extending",
    "guvectorize",
    "literal_unroll",
    "register_jitable",
    "typeof",
    "types",
    "vectorize",
    *_types,
]
__path__: list[str] = []
# `numba.core.types`, `numba.core.errors` and `numba.extending.register_jitable` are this module's.
core = extending = sys.modules[__name__]


def register_jitable(*args: Any, **kwargs: Any) -> Any:
    """Leaves a function as it is, and lets compiled functions call it: it is compiled for them."""
    if len(args) == 1 and callable(args[0]) and not kwargs:
        args[0].__verdigris_jitable__ = True
        return args[0]
    return register_jitable


def __getattr__(name: str) -> Any:
    raise AttributeError(f"verdigris' stand-in for numba has no {name!r}")
