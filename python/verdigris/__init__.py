"""Python functions compiled to SIMD machine code and CUDA kernels."""

from __future__ import annotations

from typing import Any

from . import blas, cuda, errors, fft, rand, types
from ._guvectorize import guvectorize
from ._info import info
from ._machine import get_num_threads, num_threads, set_num_threads, use_device
from ._vectorize import vectorize
from ._verdigris import __version__
from .types import (
    bfloat16,
    boolean,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    typeof,
    uint8,
    uint16,
    uint32,
    uint64,
    void,
)

__all__ = [
    "__version__",
    "bfloat16",
    "blas",
    "boolean",
    "complex64",
    "complex128",
    "cuda",
    "errors",
    "fft",
    "float16",
    "float32",
    "float64",
    "get_num_threads",
    "guvectorize",
    "info",
    "int8",
    "int16",
    "int32",
    "int64",
    "num_threads",
    "rand",
    "set_num_threads",
    "typeof",
    "types",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "use_device",
    "vectorize",
    "void",
]


def __getattr__(name: str) -> Any:
    # `f8`, `intp`, `double` and the other names of types.
    if name in types.__all__:
        return getattr(types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
