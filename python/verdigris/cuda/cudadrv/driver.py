"""`CudaAPIError`: what a launch outside the device's limits raises."""

from __future__ import annotations

from verdigris.errors import LaunchError as CudaAPIError

__all__ = ["CudaAPIError"]
