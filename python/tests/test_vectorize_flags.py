"""Floating-point errors of ufuncs: reported once, only those that elements raise, whatever the environment."""

import ctypes
import itertools
import math
import warnings

import numpy as np
import pytest

from verdigris import vectorize

TARGETS = ["cpu", "parallel"]


def both(function):
    return [vectorize(target=target)(function) for target in TARGETS]


def escape(re, im):
    zr = 0.0
    zi = 0.0
    for i in range(20):
        zr, zi = zr * zr - zi * zi + re, 2.0 * zr * zi + im
        if zr * zr + zi * zi >= 4:
            return i
    return 20


def invert(x):
    return 1 / x


def guarded(x):
    return 1 / x if x != 0 else 0.0


@pytest.mark.parametrize("f", both(escape), ids=TARGETS)
def test_mandelbrot_warns_of_nothing(f):
    re, im = np.linspace(-2, 1, 1100), np.linspace(-1, 1, 700)[:, None]
    with np.errstate(all="raise"):
        result = f(re, im)
    for i, j in itertools.product(range(0, 700, 99), range(0, 1100, 101)):
        assert result[i, j] == escape(re[j], im[i, 0])


@pytest.mark.parametrize("f", both(invert), ids=TARGETS)
@pytest.mark.parametrize("place", [0, 123_457, 999_999])
def test_one_division_by_zero_in_a_million_warns_once(f, place):
    x = np.ones(1_000_000)
    x[place] = 0
    for call in (f, f.ufunc):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = call(x)
        assert [w.category for w in caught] == [RuntimeWarning]
        assert "divide by zero" in str(caught[0].message) and "invert" in str(caught[0].message)
        assert result[place] == math.inf
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            call(x)
        with np.errstate(divide="ignore"):
            call(x)


@pytest.mark.parametrize("f", both(guarded), ids=TARGETS)
@pytest.mark.parametrize("n", [1, 7, 40, 5000, 200_000])
def test_branches_not_taken_raise_nothing(f, n):
    x = np.arange(n) % 3 * 1.0
    expected = [guarded(v) for v in x.tolist()]
    with np.errstate(all="raise"):
        assert f(x).tolist() == expected
        assert f.ufunc(x).tolist() == expected
        y = x.copy()
        f(y, out=y)
        assert y.tolist() == expected
    x[n // 2] = 5e-324
    with np.errstate(all="ignore", over="raise"), pytest.raises(FloatingPointError):
        f(x)


@pytest.mark.parametrize("kind, value", [("over", 1e300), ("under", 1e-300), ("invalid", math.inf)])
def test_each_flag(kind, value):
    @vectorize
    def f(x):
        return x * x - x * x if x > 1e308 else x * x

    for n in (1, 100, 10_000):
        x = np.full(n, 2.0)
        x[-1] = value
        with np.errstate(all="ignore"):
            f(x)
        with np.errstate(**{"all": "ignore", kind: "raise"}), pytest.raises(FloatingPointError):
            f(x)
        others = {k: "raise" for k in ("over", "under", "invalid", "divide") if k != kind}
        with np.errstate(**{kind: "ignore"}, **others):
            f(x)


def test_flags_of_a_scalar_call():
    f = vectorize(invert)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert f(0.0) == math.inf


def test_another_library_may_flush_to_zero():
    """Sets FTZ and DAZ in this thread's MXCSR by libm's fesetenv, as libraries built with -ffast-math do on loading."""
    libm = ctypes.CDLL("libm.so.6")

    class Environment(ctypes.Structure):
        _fields_ = [("x87", ctypes.c_uint8 * 28), ("mxcsr", ctypes.c_uint32)]

    before, flushing = Environment(), Environment()
    assert libm.fegetenv(ctypes.byref(before)) == 0
    ctypes.memmove(ctypes.byref(flushing), ctypes.byref(before), ctypes.sizeof(before))
    flushing.mxcsr |= 0x8040
    x = np.full(100_000, 2.0**-1060)
    ufuncs = [*both(lambda a: a * 0.5 + a), *(vectorize(identity=0, target=t)(lambda a, b: a + b) for t in TARGETS)]

    def results():
        one = (
            [f(x).tobytes() for f in ufuncs[:2]]
            + [f(x[:3]).tobytes() for f in ufuncs[:2]]
            + [f.ufunc(x).tobytes() for f in ufuncs[:2]]
        )
        return one + [f.reduce(x).tobytes() for f in ufuncs[2:]] + [ufuncs[2].accumulate(x).tobytes()]

    expected = results()
    try:
        assert libm.fesetenv(ctypes.byref(flushing)) == 0
        flushed = float(np.float64(2.0**-1060) * 0.5)
        found = results()
        after = Environment()
        libm.fegetenv(ctypes.byref(after))
    finally:
        libm.fesetenv(ctypes.byref(before))
    assert flushed == 0.0, "the test did not set what it meant to"
    assert after.mxcsr & 0x8040 == 0x8040
    assert found == expected


COMPARING = [
    lambda a: a > 0,
    lambda a: a <= 2.0,
    lambda a: 1.0 if a < 0 else 2.0,
    lambda a: max(a, 0.0),
    lambda a: np.minimum(a, 1.0),
    lambda a: np.clip(a, 0.0, 1.0),
    lambda a: a == a,
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 3, 100, 300_000])
@pytest.mark.parametrize("number", range(len(COMPARING)))
def test_comparing_with_nan_is_no_error(number, n, dtype):
    values = np.where(np.arange(n) % 3 == 1, 0.5, np.nan).astype(dtype)
    expected = [COMPARING[number](v) for v in values[:3]]
    for f in both(COMPARING[number]):
        with np.errstate(all="raise"):
            for call in (f, f.ufunc):
                assert np.array_equal(call(values)[:3], np.array(expected), equal_nan=True)
