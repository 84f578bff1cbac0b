"""Stands for the package `accelerate`, of which only `accelerate.cuda` (later `pyculib`) is known."""

from __future__ import annotations

from . import pyculib as cuda

__all__ = ["cuda"]
# A package to the import system, so that `import accelerate.cuda.rand` finds the stand-ins by their names.
__path__: list[str] = []
