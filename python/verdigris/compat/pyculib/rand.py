"""Stands for `pyculib.rand`: `PRNG` and the functions that make arrays. `QRNG` and `quasi` are missing."""

from __future__ import annotations

from ...rand import PRNG, lognormal, normal, poisson, uniform

__all__ = ["PRNG", "lognormal", "normal", "poisson", "uniform"]
