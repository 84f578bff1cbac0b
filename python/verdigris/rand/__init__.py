"""Random numbers: cuRAND's generators bit for bit, distributions of our own, and NumPy bit generators.

    from verdigris import rand
    generator = rand.Generator("xorwow", seed=42)
    generator.uniform(1000, dtype="float32")          # cuRAND's, in (0, 1]
    generator.normal((100, 10), 0.0, 1.0)             # our own: the same bits on every machine
    numpy.random.Generator(rand.Philox4x32(42)).integers(6)

`PRNG`, `QRNG` and the functions `uniform`, `normal`, `lognormal`, `poisson` and `quasi` are pyculib's. docs/rand.md has the
whole of it.

"""

from __future__ import annotations

from typing import Any

from ._generator import Generator, block
from ._prng import PRNG, QRNG, lognormal, normal, poisson, quasi, uniform

# Made at first use.
_BITS = ("MRG32k3a", "MT19937", "MTGP32", "Philox4x32", "XORWOW")

__all__ = [
    "MT19937",
    "MTGP32",
    "PRNG",
    "QRNG",
    "XORWOW",
    "Generator",
    "MRG32k3a",
    "Philox4x32",
    "block",
    "lognormal",
    "normal",
    "poisson",
    "quasi",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in _BITS:
        # They subclass NumPy's, which takes a while to import.
        from . import _bits

        return getattr(_bits, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_BITS})
