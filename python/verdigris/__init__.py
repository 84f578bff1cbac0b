"""Python functions compiled to SIMD machine code and CUDA kernels."""

from __future__ import annotations

from . import errors

__version__ = "0.1.0"

__all__ = ["errors"]
