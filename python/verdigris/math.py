"""Functions of the math library that Python's `math` and NumPy lack, as ufuncs: for arrays, and inside compiled functions.

`math.sin`, `np.exp` and their kin need nothing from here: compiled functions know them under their own names. Results are
within one unit in the last place, the same on every processor and every target; docs/math.md has the measured errors.
"""

from __future__ import annotations

from ._vectorize import vectorize
from ._verdigris import register_builtin

__all__ = [
    "cospi",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp10",
    "fdim",
    "fma",
    "normcdf",
    "normcdfinv",
    "powi",
    "round",
    "rsqrt",
    "sincos",
    "sinpi",
]


class _Row:
    """What the compiler knows by this name."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        register_builtin(self, f"math.{name}")


def _named(function, name: str, doc: str):
    """The ufunc of a function that calls a row."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return vectorize(function)


def _one(name: str, doc: str):
    row = _Row(name)

    def function(x):
        return row(x)

    return _named(function, name, doc)


def _pair_of_one(name: str, doc: str):
    row = _Row(name)

    def function(x):
        first, second = row(x)
        return first, second

    return _named(function, name, doc)


def _two(name: str, doc: str):
    row = _Row(name)

    def function(x, y):
        return row(x, y)

    return _named(function, name, doc)


def _three(name: str, doc: str):
    row = _Row(name)

    def function(x, y, z):
        return row(x, y, z)

    return _named(function, name, doc)


cospi = _one("cospi", "cos(pi * x), exact at multiples of 1/2.")
erfcinv = _one("erfcinv", "The y with erfc(y) = x, for x from 0 to 2.")
erfcx = _one("erfcx", "exp(x * x) * erfc(x), without its overflow and underflow.")
erfinv = _one("erfinv", "The y with erf(y) = x, for x from -1 to 1.")
exp10 = _one("exp10", "10 to the x.")
fdim = _two("fdim", "x - y where that is positive, else 0.")
fma = _three("fma", "x * y + z, rounded once.")
normcdf = _one("normcdf", "The distribution function of the standard normal distribution.")
normcdfinv = _one("normcdfinv", "Its inverse, for x from 0 to 1.")
powi = _two("powi", "x to the integer y, whose sign is right however large it is.")
round = _one("round", "The nearest integer, ties away from 0.")
rsqrt = _one("rsqrt", "1 / sqrt(x).")
sincos = _pair_of_one("sincos", "sin(x) and cos(x).")
sinpi = _one("sinpi", "sin(pi * x), exact at multiples of 1/2.")
