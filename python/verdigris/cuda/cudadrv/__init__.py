"""Numba's module of this name, as far as programs import exceptions from it."""
