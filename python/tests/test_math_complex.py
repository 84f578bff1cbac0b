"""Functions of complex numbers: errors in norm against mpmath, special arguments as C99's annex G and Python's `cmath`."""

import cmath
import math

import mpmath
import numpy as np
import pytest

from verdigris import vectorize

INF, NAN = math.inf, math.nan

OURS = {
    "exp": vectorize(lambda z: cmath.exp(z)),
    "log": vectorize(lambda z: cmath.log(z)),
    "log10": vectorize(lambda z: cmath.log10(z)),
    "sqrt": vectorize(lambda z: cmath.sqrt(z)),
    "sin": vectorize(lambda z: cmath.sin(z)),
    "cos": vectorize(lambda z: cmath.cos(z)),
    "tan": vectorize(lambda z: cmath.tan(z)),
    "sinh": vectorize(lambda z: cmath.sinh(z)),
    "cosh": vectorize(lambda z: cmath.cosh(z)),
    "tanh": vectorize(lambda z: cmath.tanh(z)),
    "asin": vectorize(lambda z: cmath.asin(z)),
    "acos": vectorize(lambda z: cmath.acos(z)),
    "atan": vectorize(lambda z: cmath.atan(z)),
    "asinh": vectorize(lambda z: cmath.asinh(z)),
    "acosh": vectorize(lambda z: cmath.acosh(z)),
    "atanh": vectorize(lambda z: cmath.atanh(z)),
}
TWO_UNITS = ("exp", "log", "sqrt", "sin", "cos")


def limit(name):
    return 2.0 if name in TWO_UNITS else 8.0


def norm_error(got, exact):
    """Distance in units of the last place of the exact value's size."""
    size = abs(exact)
    if not mpmath.isfinite(size) or size == 0:
        return 0.0
    exponent = max(int(mpmath.frexp(size)[1]) - 1, -1022)
    return float(abs(mpmath.mpc(complex(got)) - exact) / mpmath.mpf(2) ** (exponent - 52))


def samples(rng, n):
    """Near the origin, near the points where branches begin, near the unit circle, and of every size."""
    plane = rng.uniform(-4, 4, (2, n))
    yield plane[0] + 1j * plane[1]
    small = np.exp2(rng.uniform(-40, 6, (2, n))) * rng.choice([-1.0, 1.0], (2, n))
    yield small[0] + 1j * small[1]
    yield rng.choice([1, -1, 1j, -1j], n) + 1e-3 * (small[0] + 1j * small[1]) * np.exp2(rng.uniform(-30, 0, n))
    yield np.exp(1j * rng.uniform(-math.pi, math.pi, n)) * (1 + rng.choice([-1.0, 1.0], n) * np.exp2(rng.uniform(-52, -3, n)))


def largest_error(name, n, seed=1):
    found = (0.0, None)
    exactly = getattr(mpmath, name)
    with mpmath.workprec(160):
        for z in samples(np.random.default_rng(seed), n):
            with np.errstate(all="ignore"):
                got = OURS[name](z)
            for y, x in zip(got.tolist(), z.tolist(), strict=True):
                exact = exactly(mpmath.mpc(x))
                if abs(exact) < 1e300:
                    found = max(found, (norm_error(y, mpmath.mpc(exact)), x), key=lambda f: f[0])
    return found


@pytest.mark.parametrize("name", OURS)
def test_error_in_norm(name):
    error, where = largest_error(name, 100)
    assert error <= limit(name), f"{error} units at {where}"


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_error_in_norm_on_many(name):
    error, where = largest_error(name, 20_000)
    assert error <= limit(name), f"{error} units at {where}"


def test_overflow_is_not_early():
    """Where a factor alone is too large and the product is not."""
    z = np.array([complex(709.9, 1.5707), complex(720.0, math.pi / 2)])
    with np.errstate(all="ignore"):
        got = OURS["exp"](z).tolist()
    with mpmath.workprec(160):
        for y, x in zip(got, z.tolist(), strict=True):
            exact = mpmath.exp(mpmath.mpc(x))
            parts = [(y.real, exact.real), (y.imag, exact.imag)]
            assert all(math.isclose(a, float(b), rel_tol=1e-15) or (a == INF and b > 1.8e308) for a, b in parts), x


# 3.5 and 5: the signs of their sine and cosine are others than those of numbers near 0.
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, -3.5, 5.0, -5.0, 1e-320, 1e308, -1e308, INF, -INF, NAN]


@pytest.mark.parametrize("name", OURS)
def test_special_arguments(name):
    """Python's `cmath` wherever it gives a value: the same infinities, NaNs, zeros and, for branch cuts, signs."""
    theirs = getattr(cmath, name)
    cases, values = [], []
    for a in EDGES:
        for b in EDGES:
            try:
                values.append(theirs(complex(a, b)))
                cases.append(complex(a, b))
            except (ValueError, OverflowError):
                pass
    with np.errstate(all="ignore"):
        got = OURS[name](np.array(cases)).tolist()
    wrong = [
        (z, y, w) for z, y, w in zip(cases, got, values, strict=True) if not (near(y.real, w.real, w) and near(y.imag, w.imag, w))
    ]
    assert not wrong, wrong[:10]


def near(ours, theirs, whole):
    if math.isnan(theirs):
        return math.isnan(ours)
    # Tiny beside the other part: bound by the norm, but of its sign.
    slack = 4e-15 * abs(theirs) + (2e-15 * abs(whole) if cmath.isfinite(whole) else 0.0)
    same = ours == theirs or abs(ours - theirs) <= slack
    return same and (math.copysign(1, ours) == math.copysign(1, theirs) or (theirs != 0 and abs(theirs) < slack))


def test_numpy_spellings_and_complex64():
    f = vectorize(lambda z: np.exp(z))
    z = np.array([1 + 2j, -0.5 + 0.1j])
    np.testing.assert_array_equal(f(z), OURS["exp"](z))
    single = f(z.astype(np.complex64))
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, np.exp(z), rtol=1e-7)


def test_real_arguments_become_complex():
    got = OURS["sqrt"](np.array([-4.0, 9.0]))
    assert got.tolist() == [2j, 3]
