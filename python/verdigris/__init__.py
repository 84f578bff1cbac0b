"""Python functions compiled to SIMD machine code and CUDA kernels."""

from __future__ import annotations

from . import errors, types
from .types import (
    boolean,
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    void,
)

__version__ = "0.1.0"

__all__ = [
    "boolean",
    "complex64",
    "complex128",
    "errors",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "types",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "void",
]
