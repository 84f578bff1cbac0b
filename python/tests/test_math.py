"""The math library: errors against MPFR, values at the special arguments, the same bits from every processor.

Quick tests sample; `-m slow` takes about a million arguments a function and every float32. docs/math.md has the table
that `python python/tests/test_math.py` prints.
"""

import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

import gmpy2
import numpy as np
import pytest
from gmpy2 import mpfr

import verdigris.math as vm
from verdigris import _verdigris, cuda, vectorize

INF, NAN = math.inf, math.nan
PRECISION = 200


def wide(function):
    """A function of floats, computed by MPFR in 200 bits."""

    def run(*args):
        with gmpy2.context(precision=PRECISION, emax=1 << 40, emin=-(1 << 40)):
            return function(*map(mpfr, args))

    run.function = function
    return run


def half_turns(function):
    return wide(lambda x: function(gmpy2.const_pi() * x) if abs(x) < 2**40 else function(mpfr(0)))


def residue(direct, slope):
    """The error of an inverse function's result, through the function: (f(y) - x) / f'(y)."""

    return wide(lambda x, y: y - (direct(y) - x) / slope(y))


def scaled_erfc(x):
    if x < 1e5:
        return gmpy2.exp(x * x) * gmpy2.erfc(x)
    # MPFR has no exponents for these; four terms are enough.
    z = 1 / (x * x)
    return (1 - z / 2 + 3 * z**2 / 4 - 15 * z**3 / 8) / (x * gmpy2.sqrt(gmpy2.const_pi()))


def normal(y):
    return gmpy2.erfc(-y / gmpy2.sqrt(mpfr(2))) / 2


def normal_slope(y):
    return gmpy2.exp(-y * y / 2) / gmpy2.sqrt(2 * gmpy2.const_pi())


def erf_slope(y):
    return 2 * gmpy2.exp(-y * y) / gmpy2.sqrt(gmpy2.const_pi())


# Compiled here, so that this file has their texts.
exp = vectorize(lambda x: math.exp(x))
exp2 = vectorize(lambda x: np.exp2(x))
expm1 = vectorize(lambda x: math.expm1(x))
log = vectorize(lambda x: math.log(x))
log2 = vectorize(lambda x: math.log2(x))
log10 = vectorize(lambda x: math.log10(x))
log1p = vectorize(lambda x: math.log1p(x))
sin = vectorize(lambda x: math.sin(x))
cos = vectorize(lambda x: math.cos(x))
tan = vectorize(lambda x: math.tan(x))
asin = vectorize(lambda x: math.asin(x))
acos = vectorize(lambda x: math.acos(x))
atan = vectorize(lambda x: math.atan(x))
sinh = vectorize(lambda x: math.sinh(x))
cosh = vectorize(lambda x: math.cosh(x))
tanh = vectorize(lambda x: math.tanh(x))
asinh = vectorize(lambda x: math.asinh(x))
acosh = vectorize(lambda x: math.acosh(x))
atanh = vectorize(lambda x: math.atanh(x))
cbrt = vectorize(lambda x: np.cbrt(x))
erf = vectorize(lambda x: math.erf(x))
erfc = vectorize(lambda x: math.erfc(x))
gamma = vectorize(lambda x: math.gamma(x))
lgamma = vectorize(lambda x: math.lgamma(x))
pow_ = vectorize(lambda x, y: math.pow(x, y))
atan2 = vectorize(lambda y, x: math.atan2(y, x))
hypot = vectorize(lambda x, y: math.hypot(x, y))
fmod = vectorize(lambda x, y: math.fmod(x, y))
remainder = vectorize(lambda x, y: math.remainder(x, y))
nextafter = vectorize(lambda x, y: np.nextafter(x, y))
ldexp = vectorize(lambda x, n: math.ldexp(x, n))
mantissa = vectorize(lambda x: math.frexp(x)[0])
exponent = vectorize(lambda x: math.frexp(x)[1])
fraction = vectorize(lambda x: math.modf(x)[0])
whole = vectorize(lambda x: math.modf(x)[1])


def line(low, high):
    return lambda rng, n: rng.uniform(low, high, n)


def scale(low, high, signed=True, center=0.0):
    """Powers of two from 2^low to 2^high, evenly on the scale of logarithms."""

    def draw(rng, n):
        x = np.exp2(rng.uniform(low, high, n))
        return center + (x * rng.choice([-1.0, 1.0], n) if signed else x)

    return draw


def turns(rng, n):
    """The floats next to multiples of pi / 2."""
    return rng.integers(1, 10**6, n) * (math.pi / 2)


ANGLES = (line(-10, 10), scale(-300, 29), scale(29.9, 1023.9), turns)
# What nears a multiple of pi/2 most among the float64: Kahan's 6381956970095103 * 2^797 and kin.
HARD = [6381956970095103 * 2.0**797, 5319372648326541 * 2.0**416, 2.0**1023, 1e22, 0.5, 1.0]

# name: (ours, MPFR's, samples)
ONE = {
    "exp": (exp, wide(gmpy2.exp), (line(-708, 709), line(-745, -708), line(-1, 1), scale(-60, 9))),
    "exp2": (exp2, wide(gmpy2.exp2), (line(-1074, 1024), line(-1, 1))),
    "exp10": (vm.exp10, wide(gmpy2.exp10), (line(-323, 308), line(-1, 1))),
    "expm1": (expm1, wide(gmpy2.expm1), (line(-40, 709), line(-1, 1), scale(-100, 0))),
    "log": (log, wide(gmpy2.log), (scale(-1074, 1023, False), line(0.5, 2), scale(-40, -2, True, 1.0))),
    "log2": (log2, wide(gmpy2.log2), (scale(-1074, 1023, False), line(0.5, 2), scale(-40, -2, True, 1.0))),
    "log10": (log10, wide(gmpy2.log10), (scale(-1074, 1023, False), line(0.5, 2), scale(-40, -2, True, 1.0))),
    "log1p": (log1p, wide(gmpy2.log1p), (scale(-100, 1023, False), line(-0.999, 2), scale(-60, -0.01))),
    "sin": (sin, wide(gmpy2.sin), ANGLES),
    "cos": (cos, wide(gmpy2.cos), ANGLES),
    "tan": (tan, wide(gmpy2.tan), ANGLES),
    "sinpi": (vm.sinpi, half_turns(gmpy2.sin), (line(-3, 3), scale(-300, 30))),
    "cospi": (vm.cospi, half_turns(gmpy2.cos), (line(-3, 3), scale(-300, 30))),
    "asin": (asin, wide(gmpy2.asin), (line(-1, 1), scale(-60, -0.01))),
    "acos": (acos, wide(gmpy2.acos), (line(-1, 1), scale(-60, -0.01))),
    "atan": (atan, wide(gmpy2.atan), (line(-3, 3), scale(-300, 300))),
    "sinh": (sinh, wide(gmpy2.sinh), (line(-710, 710), line(-2, 2), scale(-60, 9))),
    "cosh": (cosh, wide(gmpy2.cosh), (line(-710, 710), line(-2, 2))),
    "tanh": (tanh, wide(gmpy2.tanh), (line(-20, 20), line(-1, 1), scale(-60, 5))),
    "asinh": (asinh, wide(gmpy2.asinh), (line(-3, 3), scale(-60, 1023))),
    "acosh": (acosh, wide(gmpy2.acosh), (line(1, 3), scale(-50, 1000, False, 1.0))),
    "atanh": (atanh, wide(gmpy2.atanh), (line(-1, 1), scale(-60, -0.001))),
    "cbrt": (cbrt, wide(gmpy2.cbrt), (scale(-1074, 1023), line(-8, 8))),
    "rsqrt": (vm.rsqrt, wide(gmpy2.rec_sqrt), (scale(-1022, 1023, False), line(0.25, 4))),
    "erf": (erf, wide(gmpy2.erf), (line(-6, 6), scale(-300, 2))),
    "erfc": (erfc, wide(gmpy2.erfc), (line(-6, 26), line(-1, 2), line(26, 27.2))),
    "erfcx": (vm.erfcx, wide(scaled_erfc), (line(-26, 26), line(-1, 2))),
    "gamma": (gamma, wide(gmpy2.gamma), (line(0, 171.6), line(-11.5, 11.5), line(-170, -11), scale(-300, 1))),
    "lgamma": (lgamma, wide(lambda x: gmpy2.lgamma(x)[0]), (line(0, 20), line(0.8, 2.3), scale(-300, 1000, False))),
    "normcdf": (vm.normcdf, wide(normal), (line(-37, 8), line(-1, 1))),
}
INVERSE = {
    "erfinv": (vm.erfinv, residue(gmpy2.erf, erf_slope), (line(-1, 1), scale(-60, -0.001))),
    "erfcinv": (vm.erfcinv, residue(gmpy2.erfc, lambda y: -erf_slope(y)), (line(0, 2), scale(-1000, -1, False))),
    "normcdfinv": (vm.normcdfinv, residue(normal, normal_slope), (line(0, 1), scale(-1000, -2, False))),
}
TWO = {
    "pow": (
        pow_,
        wide(lambda x, y: x**y),
        ((scale(-10, 10, False), line(-70, 70)), (scale(-1000, 1000, False), line(-0.7, 0.7)), (line(0.99, 1.01), scale(0, 16))),
    ),
    "atan2": (atan2, wide(gmpy2.atan2), ((line(-3, 3), line(-3, 3)), (scale(-300, 300), scale(-300, 300)))),
    "hypot": (
        hypot,
        wide(gmpy2.hypot),
        ((line(-3, 3), line(-3, 3)), (scale(-900, 900), scale(-900, 900)), (scale(900, 920), scale(900, 920))),
    ),
}
THROUGH_FLOAT64 = ("pow", "hypot", "erfc", "erfcx", "gamma", "lgamma", "normcdf", "erfinv", "erfcinv", "normcdfinv")
"""In float32 computed in float64, and rounded."""


def limit(name, dtype):
    """Units in the last place."""
    return 0.53 if dtype == "float32" and name in THROUGH_FLOAT64 else 1.0


def units(got, exact, dtype):
    """Error in units of the last place of the exact value."""
    tiny = np.finfo(dtype)
    with gmpy2.context(precision=PRECISION):
        if not gmpy2.is_finite(exact):
            return 0.0 if float(got) == float(exact) or (got != got and gmpy2.is_nan(exact)) else INF
        largest = mpfr(float(tiny.max))
        if abs(exact) > largest:
            return 0.0 if abs(float(got)) >= float(tiny.max) else INF
        if exact == 0:
            return 0.0 if got == 0 else INF
        exponent = max(gmpy2.get_exp(exact) - 1, tiny.minexp)
        return float(abs(mpfr(float(got)) - exact) / mpfr(2) ** (exponent - tiny.nmant))


def worst(ours, oracle, columns, dtype, inverse=False):
    """The largest error over columns of arguments, and where."""
    columns = [c.astype(dtype) for c in columns]
    with np.errstate(all="ignore"):
        got = ours(*columns)
    assert got.dtype == dtype
    found = (0.0, None)
    for y, args in zip(got, zip(*columns, strict=True), strict=True):
        args = tuple(map(float, args))
        if inverse and not math.isfinite(y):
            continue
        exact = oracle(*args, float(y)) if inverse else oracle(*args)
        found = max(found, (units(y, exact, dtype), args), key=lambda f: f[0])
    return found


def sampled(name, count, dtype):
    rng = np.random.default_rng(sum(name.encode()))
    ours, oracle, samples = {**ONE, **INVERSE, **TWO}[name]
    found = (0.0, None)
    for sample in samples:
        columns = [draw(rng, count) for draw in (sample if isinstance(sample, tuple) else (sample,))]
        if name in ("sin", "cos", "tan") and dtype == "float64":
            columns[0][: len(HARD)] = HARD
        if dtype == "float32":
            fits = np.all([(abs(c) < 3e38) & (abs(c) > 1e-38) for c in columns], axis=0)
            columns = [c[fits] for c in columns]
        if len(columns[0]):
            found = max(found, worst(ours, oracle, columns, np.dtype(dtype), name in INVERSE), key=lambda f: f[0])
    return found


NAMES = [*ONE, *INVERSE, *TWO]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_error(name, dtype):
    error, where = sampled(name, 150, dtype)
    assert error <= limit(name, dtype), f"{error} units at {where}"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_error_on_many(name):
    error, where = sampled(name, 250_000, "float64")
    assert error <= 1.0, f"{error} units at {where}"


def test_lgamma_between_its_negative_zeros():
    x = np.random.default_rng(1).uniform(-30, 0, 2000)
    oracle = ONE["lgamma"][1]
    for a, y in zip(x, lgamma(x), strict=True):
        exact = oracle(float(a))
        assert abs(float(mpfr(float(y)) - exact)) <= max(2.0**-52, float(np.spacing(abs(y))))


@pytest.mark.parametrize("name", list(INVERSE))
def test_inverses_around_one_half(name):
    """Where the argument's distance from 1 is rounded, and results are small."""
    ours, oracle, _ = INVERSE[name]
    low, high = {"erfinv": (0.45, 0.55), "erfcinv": (0.45, 0.52), "normcdfinv": (0.22, 0.26)}[name]
    x = np.random.default_rng(6).uniform(low, high, 4000)
    error, where = worst(ours, oracle, [x], np.dtype("float64"), inverse=True)
    assert error <= 0.8, f"{error} units at {where}"


@pytest.mark.slow
@pytest.mark.parametrize("name", list(ONE))
def test_every_float32(name):
    """Against float64's result, whose error is far below float32's."""
    ours = ONE[name][0]
    with np.errstate(all="ignore"):
        for start in range(0, 1 << 32, 1 << 24):
            x = np.arange(start, start + (1 << 24), dtype=np.uint32).view(np.float32)
            single, double = ours(x), ours(x.astype(np.float64))
            rounded = double.astype(np.float32)
            same = (single == rounded) | (np.isnan(single) & np.isnan(rounded))
            off = np.flatnonzero(~same)
            error = abs(single[off].astype(np.float64) - double[off]) / np.spacing(abs(rounded[off])).astype(np.float64)
            assert (error <= limit(name, "float32")).all(), (name, x[off[error.argmax()]])


# name: (ours with fastmath, the function that it is near)
FAST = {
    "exp": vectorize(lambda x: math.exp(x), fastmath=True),
    "log": vectorize(lambda x: math.log(x), fastmath=True),
    "sin": vectorize(lambda x: math.sin(x), fastmath=True),
    "cos": vectorize(lambda x: math.cos(x), fastmath=True),
    "tan": vectorize(lambda x: math.tan(x), fastmath=True),
    "tanh": vectorize(lambda x: math.tanh(x), fastmath=True),
    "pow": vectorize(lambda x, y: math.pow(x, y), fastmath=True),
}


def fast_error(name, count, dtype):
    """The largest error where arguments and result are normal numbers."""
    rng = np.random.default_rng(3)
    _, oracle, samples = {**ONE, **TWO}[name]
    ends = np.finfo(dtype)
    found = (0.0, None)
    for sample in samples:
        with np.errstate(over="ignore"):
            columns = [draw(rng, count).astype(dtype) for draw in (sample if isinstance(sample, tuple) else (sample,))]
        exact = [oracle(*map(float, args)) for args in zip(*columns, strict=True)]
        plain = np.array([float(ends.tiny) * 2 < abs(e) < float(ends.max) / 2 for e in exact])
        plain &= np.all([(abs(c) < ends.max) & (abs(c) > ends.tiny) for c in columns], axis=0)
        with np.errstate(all="ignore"):
            got = FAST[name](*columns)
        assert got.dtype == dtype
        for y, e, args in zip(got[plain], np.array(exact)[plain], np.array(columns).T[plain], strict=True):
            found = max(found, (units(y, e, dtype), tuple(map(float, args))), key=lambda f: f[0])
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FAST)
def test_fastmath_is_near(name, dtype):
    error, where = fast_error(name, 150, np.dtype(dtype))
    assert error <= 4.0, f"{error} units at {where}"


@pytest.mark.parametrize("name", FAST)
def test_fastmath_is_another_function_and_keeps_nan(name):
    arity = 2 if name == "pow" else 1
    x = np.random.default_rng(1).uniform(0.1, 9, (arity, 4000))
    exactly = {**ONE, **TWO}[name][0](*x)
    # The same power, but for special arguments.
    assert (FAST[name](*x) != exactly).any() == (name != "pow")
    with np.errstate(all="ignore"):
        assert np.isnan(FAST[name](*np.full((arity, 3), NAN))).all()


# C99, annex F, and what Python's own functions give.
SPECIAL = {
    "exp": [(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (710.0, INF), (-746.0, 0.0)],
    "exp2": [(-INF, 0.0), (INF, INF), (0.0, 1.0), (10.0, 1024.0), (-1074.0, 5e-324), (1024.0, INF), (-1076.0, 0.0)],
    "exp10": [(-INF, 0.0), (INF, INF), (0.0, 1.0), (3.0, 1000.0), (22.0, 1e22), (309.0, INF)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (5e-324, 5e-324), (-40.0, -1.0)],
    "log": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (INF, INF), (-INF, NAN), (5e-324, -744.4400719213812)],
    "log2": [(0.0, -INF), (1.0, 0.0), (8.0, 3.0), (2.0**-1074, -1074.0), (INF, INF), (-1.0, NAN)],
    "log10": [(0.0, -INF), (1.0, 0.0), (1000.0, 3.0), (1e22, 22.0), (INF, INF), (-1.0, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-2.0, NAN), (INF, INF), (5e-324, 5e-324)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (5e-324, 5e-324)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (5e-324, 1.0)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (5e-324, 5e-324)],
    "sinpi": [(0.0, 0.0), (-0.0, -0.0), (1.0, 0.0), (-2.0, -0.0), (0.5, 1.0), (1.5, -1.0), (1e300, 0.0), (INF, NAN)],
    "cospi": [(0.0, 1.0), (0.5, 0.0), (1.0, -1.0), (-1.5, 0.0), (2.0**53, 1.0), (INF, NAN)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (1.0, math.pi / 2), (-1.0, -math.pi / 2), (1.5, NAN), (5e-324, 5e-324)],
    "acos": [(1.0, 0.0), (-1.0, math.pi), (0.0, math.pi / 2), (1.5, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (INF, math.pi / 2), (-INF, -math.pi / 2), (5e-324, 5e-324)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (5e-324, 5e-324), (711.0, INF)],
    "cosh": [(0.0, 1.0), (INF, INF), (-INF, INF), (711.0, INF)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (5e-324, 5e-324)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (5e-324, 5e-324)],
    "acosh": [(1.0, 0.0), (0.5, NAN), (-5.0, NAN), (INF, INF), (-INF, NAN)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (2.0, NAN), (5e-324, 5e-324)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (27.0, 3.0), (-8.0, -2.0), (INF, INF), (-INF, -INF)],
    "rsqrt": [(0.0, INF), (-0.0, -INF), (4.0, 0.5), (INF, 0.0), (-1.0, NAN)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (5e-324, 5e-324)],
    "erfc": [(0.0, 1.0), (INF, 0.0), (-INF, 2.0), (28.0, 0.0)],
    "erfcx": [(0.0, 1.0), (INF, 0.0), (-INF, INF), (-27.0, INF)],
    "gamma": [
        (0.0, INF),
        (-0.0, -INF),
        (1.0, 1.0),
        (5.0, 24.0),
        (23.0, 1124000727777607680000.0),
        (172.0, INF),
        (-1.0, NAN),
        (INF, INF),
        (-INF, NAN),
    ],
    "lgamma": [(0.0, INF), (-0.0, INF), (1.0, 0.0), (2.0, 0.0), (-3.0, INF), (INF, INF), (-INF, INF)],
    "normcdf": [(0.0, 0.5), (INF, 1.0), (-INF, 0.0)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN)],
    "erfcinv": [(0.0, INF), (1.0, 0.0), (2.0, -INF), (-1.0, NAN), (3.0, NAN)],
    "normcdfinv": [(0.0, -INF), (0.5, 0.0), (1.0, INF), (2.0, NAN)],
}
SPECIAL_TWO = {
    pow_: [
        *[(x, 0.0, 1.0) for x in (0.0, -0.0, 2.0, INF, -INF, NAN)],
        *[(1.0, y, 1.0) for y in (INF, -INF, NAN, 3.5)],
        *[(-1.0, INF, 1.0), (-1.0, -INF, 1.0), (-1.0, 3.0, -1.0), (-2.0, 3.0, -8.0), (-2.0, 0.5, NAN), (-2.0, NAN, NAN)],
        *[(0.0, -1.0, INF), (-0.0, -1.0, -INF), (-0.0, -2.0, INF), (-0.0, -0.5, INF), (-0.0, 3.0, -0.0), (0.0, 0.5, 0.0)],
        *[(0.5, INF, 0.0), (0.5, -INF, INF), (2.0, INF, INF), (-0.5, -INF, INF), (INF, 0.5, INF), (INF, -1.0, 0.0)],
        *[(-INF, 3.0, -INF), (-INF, 2.0, INF), (-INF, -3.0, -0.0), (-INF, 0.5, INF), (10.0, 400.0, INF), (10.0, -400.0, 0.0)],
        *[
            (5e-324, 1.0, 5e-324),
            (2.0, -1074.0, 5e-324),
            (NAN, 1.0, NAN),
            (-8.0, 1 / 3, NAN),
            (3.0, 2.0, 9.0),
            (-5e-324, 1.0, -5e-324),
        ],
    ],
    atan2: [
        *[
            (0.0, -0.0, math.pi),
            (-0.0, -0.0, -math.pi),
            (0.0, 0.0, 0.0),
            (-0.0, 0.0, -0.0),
            (0.0, -1.0, math.pi),
            (-0.0, -1.0, -math.pi),
        ],
        *[(1.0, 0.0, math.pi / 2), (-1.0, -0.0, -math.pi / 2), (1.0, -INF, math.pi), (-1.0, -INF, -math.pi), (1.0, INF, 0.0)],
        *[
            (INF, 1.0, math.pi / 2),
            (-INF, -1.0, -math.pi / 2),
            (INF, -INF, 3 * math.pi / 4),
            (INF, INF, math.pi / 4),
            (NAN, 1.0, NAN),
        ],
    ],
    hypot: [
        (INF, NAN, INF),
        (NAN, -INF, INF),
        (3.0, 4.0, 5.0),
        (0.0, -0.0, 0.0),
        (NAN, 1.0, NAN),
        (5e-324, 0.0, 5e-324),
        (1e308, 1e308, 2**0.5 * 1e308),
    ],
    fmod: [
        (5.5, 2.0, 1.5),
        (-5.5, 2.0, -1.5),
        (-0.0, 1.0, -0.0),
        (1.0, INF, 1.0),
        (INF, 1.0, NAN),
        (1.0, 0.0, NAN),
        (6.0, -3.0, 0.0),
        (-6.0, 3.0, -0.0),
    ],
    remainder: [
        (5.5, 2.0, -0.5),
        (5.0, 2.0, 1.0),
        (7.0, 2.0, -1.0),
        (1.0, INF, 1.0),
        (INF, 1.0, NAN),
        (-6.0, 3.0, -0.0),
        (3.0, 2.0, -1.0),
        (1.0, 2.0, 1.0),
    ],
    nextafter: [
        (0.0, 1.0, 5e-324),
        (0.0, -1.0, -5e-324),
        (5e-324, 0.0, 0.0),
        (-5e-324, 1.0, -0.0),
        (1.0, 1.0, 1.0),
        (0.0, -0.0, -0.0),
        (1.0, NAN, NAN),
    ],
    vm.fdim: [(3.0, 1.0, 2.0), (1.0, 3.0, 0.0), (INF, INF, 0.0), (NAN, 1.0, NAN)],
}


def not_numbers(dtype):
    """NaN of both signs with all kinds of bits."""
    integer, infinity, sign = {"float32": (np.uint32, 0x7F800000, 31), "float64": (np.uint64, 0x7FF << 52, 63)}[dtype]
    rng = np.random.default_rng(8)
    bits = rng.integers(infinity + 1, 1 << sign, 500, dtype=integer) | (rng.integers(0, 2, 500, dtype=integer) << integer(sign))
    return bits.view(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_nan_gives_nan(dtype):
    x = not_numbers(dtype)
    every = {**ONE, **INVERSE, **TWO}
    functions = [(name, ours[0]) for name, ours in every.items()] + [(f"{name}, fastmath", ours) for name, ours in FAST.items()]
    with np.errstate(all="ignore"):
        for name, ours in functions:
            if name.split(",")[0] in TWO:
                other = np.full_like(x, 2.5)
                assert np.isnan(ours(x, other)).all() and np.isnan(ours(other, x)).all(), name
            else:
                assert np.isnan(ours(x)).all(), name


def same(a, b):
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in TWO])
def test_special_arguments(name):
    ours = {**ONE, **INVERSE}[name][0]
    cases = [*SPECIAL[name], (NAN, NAN)]
    with np.errstate(all="ignore"):
        got = ours(np.array([x for x, _ in cases]))
    assert all(map(same, got.tolist(), [y for _, y in cases])), list(zip(cases, got.tolist(), strict=True))


@pytest.mark.parametrize("ours", SPECIAL_TWO, ids=["pow", "atan2", "hypot", "fmod", "remainder", "nextafter", "fdim"])
def test_special_pairs(ours):
    cases = SPECIAL_TWO[ours]
    with np.errstate(all="ignore"):
        got = ours(*(np.array(c) for c in list(zip(*cases, strict=True))[:2]))
    assert all(map(same, got.tolist(), [c[2] for c in cases])), [
        (c, g) for c, g in zip(cases, got.tolist(), strict=True) if not same(g, c[2])
    ]


def test_exact_functions():
    """Those that lose nothing, against the C library and NumPy."""
    rng = np.random.default_rng(5)
    x, y = (scale(-1060, 1020)(rng, 20_000) for _ in range(2))
    x[:5000], y[:5000] = rng.uniform(-100, 100, (2, 5000))
    x[5000:6000] = rng.integers(-9, 9, 1000) * 0.5
    y[5000:6000] = rng.integers(1, 9, 1000) * 0.5
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(fmod(x, y), np.fmod(x, y))
        assert remainder(x, y).tolist() == [math.remainder(a, b) for a, b in zip(x, y, strict=True)]
        np.testing.assert_array_equal(nextafter(x, y), np.nextafter(x, y))
        np.testing.assert_array_equal(nextafter(x.astype("f4"), y.astype("f4")), np.nextafter(x.astype("f4"), y.astype("f4")))
        n = rng.integers(-2200, 2200, x.size)
        np.testing.assert_array_equal(ldexp(x, n), np.ldexp(x, n))
        for parts, theirs in (((mantissa, exponent), np.frexp(x)), ((fraction, whole), np.modf(x))):
            for ours, b in zip(parts, theirs, strict=True):
                np.testing.assert_array_equal(ours(x), b)


# --- names ---

# What a kernel can call, with an argument list and the same from Python.
NAMED = {
    "sincos": (lambda x: vm.sincos(x)[0] + vm.sincos(x)[1], lambda x: math.sin(x) + math.cos(x)),
    "powi": (lambda x: vm.powi(x, 3), lambda x: x**3),
    "pow": (lambda x: math.pow(x, 2.5), lambda x: x**2.5),
    "fmod": (lambda x: math.fmod(x, 0.3), lambda x: math.fmod(x, 0.3)),
    "remainder": (lambda x: math.remainder(x, 0.3), lambda x: math.remainder(x, 0.3)),
    "floor": (lambda x: math.floor(x), math.floor),
    "ceil": (lambda x: math.ceil(x), math.ceil),
    "trunc": (lambda x: math.trunc(x), math.trunc),
    "rint": (lambda x: np.rint(x), round),
    "round": (lambda x: vm.round(x), lambda x: math.floor(x + 0.5)),
    "copysign": (lambda x: math.copysign(x, -1.0), lambda x: -x),
    "nextafter": (lambda x: math.nextafter(x, 9.0), lambda x: math.nextafter(x, 9.0)),
    "fdim": (lambda x: vm.fdim(x, 0.5), lambda x: max(x - 0.5, 0.0)),
    "fma": (lambda x: vm.fma(x, 2.0, 1.0), lambda x: x * 2.0 + 1.0),
    "degrees": (lambda x: math.degrees(x), math.degrees),
    "radians": (lambda x: math.radians(x), math.radians),
    "isnan": (lambda x: math.isnan(x), math.isnan),
    "isinf": (lambda x: math.isinf(x), math.isinf),
    "isfinite": (lambda x: math.isfinite(x), math.isfinite),
    "ldexp": (lambda x: math.ldexp(x, 3), lambda x: math.ldexp(x, 3)),
    "frexp": (lambda x: math.frexp(x)[0] + math.frexp(x)[1], lambda x: sum(math.frexp(x))),
    "modf": (lambda x: math.modf(x)[0] + 2.0 * math.modf(x)[1], lambda x: math.modf(x)[0] + 2.0 * math.modf(x)[1]),
}


@pytest.mark.parametrize("name", NAMED)
def test_names_in_ufuncs_and_in_kernels(name):
    ours, theirs = NAMED[name]
    inner = cuda.jit(device=True)(ours)

    @cuda.jit
    def apply(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = inner(x[i])

    x = np.random.default_rng(4).uniform(0.1, 3.0, 100)
    out = np.empty_like(x)
    apply[4, 32](x, out)
    np.testing.assert_array_equal(vectorize(ours)(x).astype(float), out)
    np.testing.assert_allclose(out, [theirs(a) for a in x.tolist()], rtol=1e-15)


def test_sincos_gives_both():
    x = np.array([0.0, 1.0, 1e22])
    s, c = vm.sincos(x)
    assert (s == sin(x)).all() and (c == cos(x)).all()
    s, c = vm.sincos(x.astype(np.float32))
    assert s.dtype == c.dtype == np.float32


def test_powi_minds_the_last_bit_of_its_exponent():
    x = np.array([-1.0, -1.0, -1.0, -2.0, -0.0, -0.0, 0.5, math.inf])
    n = np.array([2**62 + 1, 2**62, -(2**53) - 1, -3, 3, -3, 1000, -1])
    with np.errstate(all="ignore"):
        got = vm.powi(x, n)
    assert all(map(same, got.tolist(), [-1.0, 1.0, -1.0, -0.125, -0.0, -INF, 0.5**1000, 0.0]))


# --- the same bits everywhere ---

CHECKSUM = """
import hashlib, sys, numpy as np
sys.path.insert(0, sys.argv[1])
import test_math
rng = np.random.default_rng(9)
for name, (ours, _, samples) in {**test_math.ONE, **test_math.INVERSE, **test_math.TWO}.items():
    digest = hashlib.sha256()
    for sample in samples:
        columns = [d(rng, 700) for d in (sample if isinstance(sample, tuple) else (sample,))]
        for f in (ours, test_math.FAST.get(name, ours)):
            for t in ("f8", "f4"):
                with np.errstate(all="ignore"):
                    y = f(*(c.astype(t) for c in columns))
                y[np.isnan(y)] = np.nan
                digest.update(y.tobytes())
    print(name, digest.hexdigest())
"""


def checksums(cpu):
    here = str(Path(__file__).parent)
    run = subprocess.run(
        [sys.executable, "-c", CHECKSUM, here],
        env=os.environ | {"VERDIGRIS_CPU": cpu},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()


def test_every_processor_gives_the_same_bits():
    # Text for the decorators is found by `linecache`, so each run imports this file.
    native = checksums("native")
    assert len(native) == len(NAMES)
    for cpu in ("haswell", "x86-64"):
        assert checksums(cpu) == native, cpu


def test_interpreter_agrees():
    rng = np.random.default_rng(3)
    rows = {"gamma": "tgamma", "pow": "float_pow"}
    every = {rows.get(name, name): (ours, samples) for name, (ours, _, samples) in {**ONE, **INVERSE, **TWO}.items()}
    every |= {f"{name}_fast": (ours, {**ONE, **TWO}[name][2]) for name, ours in FAST.items()}
    for row, (ours, samples) in every.items():
        for sample, dtype in itertools.product(samples, ("float64", "float32")):
            with np.errstate(all="ignore"):
                columns = [d(rng, 20).astype(dtype) for d in (sample if isinstance(sample, tuple) else (sample,))]
                got = ours(*columns).tolist()
            for y, *args in zip(got, *columns, strict=True):
                assert same(y, _verdigris.math_row(row, dtype, list(map(float, args)))), (row, dtype, args)


@pytest.mark.parametrize("name", [n for n in ONE if n not in ("exp10", "sinpi", "cospi", "rsqrt", "erfcx", "normcdf")])
def test_every_float16(name):
    """Computed in float32 and rounded once more, which float16's kernels do."""
    ours = ONE[name][0].py_func
    inner = cuda.jit(device=True)(ours)

    @cuda.jit
    def apply(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = inner(x[i])

    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    got = np.empty_like(x)
    apply[256, 256](x, got)
    with np.errstate(all="ignore"):
        exact = ONE[name][0](x.astype(np.float64))
        rounded = exact.astype(np.float16)
        error = abs(got.astype(np.float64) - exact) / np.spacing(abs(rounded)).astype(np.float64)
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    assert (same | (error < 0.502)).all(), x[~same & ~(error < 0.502)][:5]


def main():
    """Prints the table of docs/math.md."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print("| function | float64, largest error seen | at | float32 |\n|---|---|---|---|")
    for name in NAMES:
        double, where = sampled(name, count, "float64")
        single, _ = sampled(name, max(count // 10, 100), "float32")
        place = ", ".join(map(repr, where)) if where else ""
        print(f"| `{name}` | {double:.3f} | {place} | {single:.3f} |", flush=True)


if __name__ == "__main__":
    main()
