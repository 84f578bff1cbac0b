"""`CudaSupportError`: what is raised where a GPU is asked for and cannot be had."""

from __future__ import annotations

from verdigris.errors import DeviceError as CudaSupportError

__all__ = ["CudaSupportError"]
