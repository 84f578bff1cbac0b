"""Stands for `pyculib` 1.0 (and for `accelerate.cuda`, its former name): `blas`, `fft`, `rand` and `sorting`."""

from __future__ import annotations

from typing import Any

from . import blas, fft, rand, sorting

__version__ = "1.0.1"
__all__ = ["blas", "fft", "rand", "sorting"]

_NOT_YET = ("sparse",)


def __getattr__(name: str) -> Any:
    if name in _NOT_YET:
        raise AttributeError(f"verdigris has no pyculib.{name}")
    raise AttributeError(f"module 'pyculib' has no attribute {name!r}")
