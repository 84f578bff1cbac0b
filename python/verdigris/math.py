"""Functions of the math library that Python's `math` and NumPy lack, as ufuncs: for arrays, and inside compiled functions.

`math.sin`, `np.exp` and their kin need nothing from here: compiled functions know them under their own names. Results are
within one unit in the last place, the same on every processor and every target; docs/math.md has the measured errors.
"""

from __future__ import annotations

from ._vectorize import vectorize
from ._verdigris import register_builtin

__all__ = ["cospi", "erfcinv", "erfcx", "erfinv", "exp10", "fdim", "fma", "normcdf", "normcdfinv", "rsqrt", "sinpi"]


class _Row:
    """What the compiler knows by this name."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        register_builtin(self, f"math.{name}")


_cospi, _erfcinv, _erfcx, _erfinv, _exp10, _fdim, _fma, _normcdf, _normcdfinv, _rsqrt, _sinpi = map(_Row, __all__)


@vectorize
def cospi(x):
    """cos(pi * x), exact at multiples of 1/2."""
    return _cospi(x)


@vectorize
def erfcinv(x):
    """The y with erfc(y) = x, for x from 0 to 2."""
    return _erfcinv(x)


@vectorize
def erfcx(x):
    """exp(x * x) * erfc(x), without its overflow and underflow."""
    return _erfcx(x)


@vectorize
def erfinv(x):
    """The y with erf(y) = x, for x from -1 to 1."""
    return _erfinv(x)


@vectorize
def exp10(x):
    """10 to the x."""
    return _exp10(x)


@vectorize
def fdim(x, y):
    """x - y where that is positive, else 0."""
    return _fdim(x, y)


@vectorize
def fma(x, y, z):
    """x * y + z, rounded once."""
    return _fma(x, y, z)


@vectorize
def normcdf(x):
    """The distribution function of the standard normal distribution."""
    return _normcdf(x)


@vectorize
def normcdfinv(x):
    """Its inverse, for x from 0 to 1."""
    return _normcdfinv(x)


@vectorize
def rsqrt(x):
    """1 / sqrt(x)."""
    return _rsqrt(x)


@vectorize
def sinpi(x):
    """sin(pi * x), exact at multiples of 1/2."""
    return _sinpi(x)
