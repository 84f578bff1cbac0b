"""Stands for `pyculib` 1.0 (and for `accelerate.cuda`, its former name): `blas` and `rand`, as far as verdigris has them."""

from __future__ import annotations

from typing import Any

from . import blas, rand

__version__ = "1.0.1"
__all__ = ["blas", "rand"]

_NOT_YET = ("fft", "sorting", "sparse")


def __getattr__(name: str) -> Any:
    if name in _NOT_YET:
        raise AttributeError(f"verdigris has no pyculib.{name}")
    raise AttributeError(f"module 'pyculib' has no attribute {name!r}")
