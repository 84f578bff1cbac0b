"""Stands for `pyculib` 1.0 (and for `accelerate.cuda`, its former name): `blas`, `fft` and `rand`, as far as we have them."""

from __future__ import annotations

from typing import Any

from . import blas, fft, rand

__version__ = "1.0.1"
__all__ = ["blas", "fft", "rand"]

_NOT_YET = ("sorting", "sparse")


def __getattr__(name: str) -> Any:
    if name in _NOT_YET:
        raise AttributeError(f"verdigris has no pyculib.{name}")
    raise AttributeError(f"module 'pyculib' has no attribute {name!r}")
