"""Stands for `pyculib.rand`: `PRNG`, `QRNG` and the functions that make arrays."""

from __future__ import annotations

from ....rand import PRNG, QRNG, lognormal, normal, poisson, quasi, uniform
from . import binding

__all__ = ["PRNG", "QRNG", "binding", "lognormal", "normal", "poisson", "quasi", "uniform"]
