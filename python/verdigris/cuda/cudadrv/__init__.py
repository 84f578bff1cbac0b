"""Numba's module of this name, as far as programs take classes and exceptions from it."""

from . import devicearray, devices, driver, error

__all__ = ["devicearray", "devices", "driver", "error"]
