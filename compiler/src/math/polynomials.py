"""Remakes the coefficients in the texts of this folder.

    python polynomials.py            compares, and says what differs
    python polynomials.py --write    writes them into the texts
    python polynomials.py NAME ...   only these

Each entry of `POLYNOMIALS` says which function is approximated by which powers on which interval, relative to what. The
method is weighted least squares at Chebyshev's points in 90 digits, reweighted by the error a few times (Lawson), which
comes within a few per cent of the minimax polynomial. The coefficients are rounded one after the other, lowest power
first; after each rounding the rest is fitted anew (what Brisebarre and Chevillard, "Efficient polynomial L-infinity
approximations", ARITH 18, do by lattices). Constants are expansions of pi, log 2 and the like. The reductions are Cody
and Waite's and Payne and Hanek's; sums of two are Dekker's. Needs mpmath, and gmpy2 to be quick.
"""

import re
import struct
import sys
from pathlib import Path

import mpmath as mp
from mpmath import mpf

mp.mp.prec = 300
HERE = Path(__file__).parent


def nearest(x, bits=53):
    """The float64 (or float32, or float of fewer bits) nearest to x, exactly."""
    if x == 0:
        return mpf(0)
    with mp.workprec(bits):
        return +mpf(x)


def minimax(f, w, low, high, basis, laps=6):
    """Coefficients of the powers `basis` that nearly minimise the largest |w * (f - p)| on [low, high], and that size."""
    n = len(basis)
    mid, half = (low + high) / 2, (high - low) / 2
    count = max(6 * n, 40)
    grid = [mid - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    grid = [x for x in grid if abs(x) > half / 10**6]
    rows = [[w(x) * x**p for p in basis] for x in grid]
    target = [w(x) * f(x) for x in grid]
    weights = [mpf(1)] * len(grid)
    best = None
    for _ in range(laps):
        a = mp.matrix(n, n)
        b = mp.matrix(n, 1)
        for j in range(n):
            for k in range(j, n):
                a[j, k] = a[k, j] = mp.fsum(v * r[j] * r[k] for v, r in zip(weights, rows, strict=True))
            b[j] = mp.fsum(v * r[j] * t for v, r, t in zip(weights, rows, target, strict=True))
        s = mp.lu_solve(a, b)
        error = [abs(t - mp.fsum(c * v for c, v in zip(s, r, strict=True))) for r, t in zip(rows, target, strict=True)]
        worst = max(error)
        if best is None or worst < best[1]:
            best = ([s[j] for j in range(n)], worst)
        mean = mp.fsum(error) / len(error)
        if mean == 0:
            break
        weights = [v * (e / mean + mpf("0.01")) for v, e in zip(weights, error, strict=True)]
    return best


def fit(f, w, low, high, powers, fixed=(), bits=53):
    """Rounded coefficients: those `fixed` (pairs of power and value) are taken off f first."""
    low, high = mpf(low), mpf(high)
    done = []
    todo = list(powers)
    offset = dict(fixed)

    def rest(x):
        return f(x) - mp.fsum(c * x**p for p, c in offset.items())

    while todo:
        c, size = minimax(rest, w, low, high, todo)
        first = nearest(c[0], bits)
        offset[todo.pop(0)] = first
        done.append(first)
    return done, size


def series(f, z0):
    """A function that is f except at 0, where it is z0."""
    return lambda x: f(x) if x != 0 else mpf(z0)


def one(_):
    return mpf(1)


LN2 = mp.log(2)
R = LN2 / 2 * mpf("1.002")
EIGHTH = mp.pi / 4 * mpf("1.0005")
TAN_EIGHTH = (mp.sqrt(2) - 1) * mpf("1.0005")


def exp_tail(x):
    return (mp.exp(x) - 1 - x) / x**2


def log_tail(x):
    return (mp.log1p(x) - x) / x**2


def log_cubic(x):
    return (mp.log1p(x) - x + x * x / 2) / x**3


def bits_of(x):
    return struct.unpack("<q", struct.pack("<d", x))[0]


def float_of(i):
    return struct.unpack("<d", struct.pack("<q", i))[0]


LOG_START = 0.705078125
"""Where the cells of `log` begin: each is a sixteenth of a binary order, and 1 is in the middle of what lies around it."""


def cells():
    """For each cell, the c of few bits that keeps c m - 1 small for its m; the largest |c m - 1|."""
    found, worst = [], mpf(0)
    for j in range(16):
        low, high = (mpf(float_of(bits_of(LOG_START) + (k << 48))) for k in (j, j + 1))
        one = low < 1 < high
        choices = (mpf(n) / 64 for n in range(40, 100))
        sizes = [(max(abs(c * low - 1), abs(c * high - 1)), c) for c in choices if not one or c == 1]
        size, c = min(sizes)
        found.append(c)
        worst = max(worst, size)
    return found, worst


CELLS, CELL = cells()


def cell_logs(lsb, bits):
    """-log(c) as multiples of 2^-lsb, and what is left."""
    high = [mp.nint(-mp.log(c) * 2**lsb) / mpf(2) ** lsb for c in CELLS]
    return high, [nearest(-mp.log(c) - h, bits) for c, h in zip(CELLS, high, strict=True)]


def sqrt_arg(f):
    """f as a function of the square of its argument."""
    return lambda z: f(mp.sqrt(z))


SLOPE = 2 / mp.sqrt(mp.pi)


def erfcx(x):
    if x > 1000:
        z = 1 / (x * x)
        return (1 - z / 2 + 3 * z**2 / 4 - 15 * z**3 / 8 + 105 * z**4 / 16 - 945 * z**5 / 32) / (x * mp.sqrt(mp.pi))
    return mp.exp(x * x) * mp.erfc(x)


def tail_shape(t):
    """(1 + 2a) exp(a^2) erfc(a) for t = (a - 2) / (a + 2)."""
    if t >= 1:
        return 2 / mp.sqrt(mp.pi)
    a = 2 * (1 + t) / (1 - t)
    return (1 + 2 * a) * erfcx(a)


MIDDLE = nearest(tail_shape(mpf(0)))


def erfcinv(u):
    y = mp.sqrt(-mp.log(u)) if u < 0.1 else mpf(1) - u
    for _ in range(60):
        d = (mp.erfc(y) - u) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
        d = d / (1 - d * y)
        y += d
        if abs(d) < mpf(10) ** -40 * (1 + abs(y)):
            break
    return y


def central(w):
    """erfinv(v) / v for w = 3.125 - log(1 - v^2) ..., taken about 3.125."""
    w = w + mpf("3.125")
    if w <= 0:
        return mp.sqrt(mp.pi) / 2
    v = mp.sqrt(-mp.expm1(-w))
    return erfcinv(1 - v) / v


def outer(t):
    """erfcinv(u) / s for s = sqrt(-log(u (2 - u))), t = (s - 6) / (s + 6)."""
    s = 6 * (1 + t) / (1 - t)
    q = mp.exp(-s * s)
    return erfcinv(q / (1 + mp.sqrt(1 - q))) / s


def stirling(z):
    x = 1 / mp.sqrt(z)
    return x * (mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


RECIPROCAL_2 = (mp.euler**2 - mp.pi**2 / 6) / 2
RECIPROCAL_3 = mp.euler**3 / 6 - mp.euler * mp.pi**2 / 12 + mp.zeta(3) / 3


def reciprocal(t):
    return (1 / mp.gamma(1 + t) - 1 - t * (mp.euler + t * (RECIPROCAL_2 + t * RECIPROCAL_3))) / t**4


def exponential(relative_to, terms, bits, note):
    """(exp(r) - 1 - r) / r^2 on the reduced range."""
    return ("exp.py", series(exp_tail, 0.5), lambda x: x**2 / relative_to(x), -R, R, range(terms), bits, note)


def logarithm(terms, bits, note):
    return ("log.py", series(log_tail, -mpf(1) / 2), lambda x: x**2 / mp.log1p(x), -CELL, CELL, range(terms), bits, note)


def quick_exponential(terms, bits, note):
    return ("exp.py", series(lambda x: mp.expm1(x) / x, 1), lambda x: x / mp.exp(x), -R, R, range(terms), bits, note)


def odd(file, f, high, terms, bits, note):
    """(f(x) - x) / x^3 in x^2, for an odd function with slope 1."""
    rest = sqrt_arg(lambda x: (f(x) - x) / x**3)
    return (file, rest, sqrt_arg(lambda x: x**3 / f(x)), "1e-30", high, range(terms), bits, note)


def cosine(terms, bits, note):
    rest = sqrt_arg(lambda x: (mp.cos(x) - 1 + x * x / 2) / x**4)
    return ("trig.py", rest, sqrt_arg(lambda x: x**4), "1e-30", EIGHTH**2, range(terms), bits, note)


# name: (file, function, weight, low, high, powers, bits, what it is)
POLYNOMIALS = {
    "EXP": exponential(mp.exp, 10, 53, "(exp(r) - 1 - r) / r^2 on |r| < log(2)/2"),
    "EXPM1": exponential(mp.expm1, 11, 53, "the same, relative to exp(r) - 1"),
    "EXP_32": exponential(mp.exp, 5, 24, "the same for float32"),
    "EXPM1_32": exponential(mp.expm1, 6, 24, "the same for float32"),
    "EXP_FAST": quick_exponential(10, 53, "(exp(r) - 1) / r"),
    "EXP_FAST_32": quick_exponential(6, 24, "the same for float32"),
    "LOG": logarithm(9, 53, "(log(1+r) - r) / r^2 on |r| < 0.036"),
    "LOG_32": logarithm(4, 24, "the same for float32"),
    "LOG_CUBIC": (
        "log.py",
        series(log_cubic, mpf(1) / 3),
        lambda x: x**3 / mp.log1p(x),
        -CELL,
        CELL,
        range(9),
        53,
        "(log(1+r) - r + r^2/2) / r^3",
    ),
    "LOG2_SINGLE": (
        "power.py",
        series(lambda x: mp.log1p(x) / x / LN2, 1 / LN2),
        lambda x: x / mp.log1p(x),
        -CELL,
        CELL,
        range(6),
        53,
        "log2(1+r) / r on |r| < 0.036",
    ),
    "EXP2_SINGLE": ("power.py", lambda x: mpf(2) ** x, lambda x: mpf(2) ** -x, -0.5, 0.5, range(7), 53, "2^r on |r| < 1/2"),
    "SIN": odd("trig.py", mp.sin, EIGHTH**2, 6, 53, "(sin(r) - r) / r^3 in r^2 on |r| < pi/4"),
    "COS": cosine(6, 53, "(cos(r) - 1 + r^2/2) / r^4 in r^2"),
    "SIN_32": odd("trig.py", mp.sin, EIGHTH**2, 3, 24, "the same for float32"),
    "COS_32": cosine(3, 24, "the same for float32"),
    "SIN_FAST": odd("trig.py", mp.sin, (EIGHTH * 2) ** 2, 7, 53, "(sin(r) - r) / r^3 in r^2 on |r| < pi/2"),
    "SIN_FAST_32": odd("trig.py", mp.sin, (EIGHTH * 2) ** 2, 4, 24, "the same for float32"),
    "ASIN": odd("atan.py", mp.asin, "0.2501", 13, 53, "(asin(s) - s) / s^3 in s^2 on s < 1/2"),
    "ASIN_32": odd("atan.py", mp.asin, "0.2501", 5, 24, "the same for float32"),
    "ATAN": odd("atan.py", mp.atan, TAN_EIGHTH**2, 12, 53, "(atan(t) - t) / t^3 in t^2 on t < tan(pi/8)"),
    "ATAN_32": odd("atan.py", mp.atan, TAN_EIGHTH**2, 5, 24, "the same for float32"),
    "TANH_32": odd("hyperbolic.py", mp.tanh, "0.3605", 5, 24, "(tanh(x) - x) / x^3 in x^2 on x < 0.6, for float32"),
    "LOG_WIDE": (
        "power.py",
        sqrt_arg(lambda s: (2 * mp.atanh(s) - 2 * s - 2 * s**3 / 3) / s**5),
        sqrt_arg(lambda s: s**4 / 2),
        "1e-30",
        "0.02945",
        range(8),
        53,
        "(log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 in s^2",
    ),
    "ERF": (
        "error.py",
        sqrt_arg(lambda x: (mp.erf(x) / x - SLOPE) / x**2),
        sqrt_arg(lambda x: x**3 / mp.erf(x)),
        "1e-30",
        "0.2501",
        range(10),
        53,
        "(erf(x)/x - 2/sqrt(pi)) / x^2 in x^2 on x < 1/2",
    ),
    "ERF_32": (
        "error.py",
        sqrt_arg(lambda x: (mp.erf(x) / x - SLOPE) / x**2),
        sqrt_arg(lambda x: x**3 / mp.erf(x)),
        "1e-30",
        "0.73",
        range(6),
        24,
        "the same for float32 on x < 0.85",
    ),
    "ERFC_LOG_32": (
        "error.py",
        lambda t: mp.log(4 * mp.erfc(t + 1), 2),
        lambda t: mp.erfc(t + 1) / mp.erf(t + 1) * LN2,
        "-0.2",
        3,
        range(8),
        24,
        "log2(4 erfc(x)) in x - 1 on 0.8 < x < 4",
    ),
    "EXP2_32": (
        "error.py",
        lambda x: mpf(2) ** x,
        lambda x: mpf(2) ** -x,
        -0.5,
        0.5,
        range(7),
        24,
        "2^r, for float32",
    ),
    "ERFCX": (
        "error.py",
        lambda t: (tail_shape(t) - tail_shape(mpf(0))) / t,
        lambda t: t / tail_shape(t),
        "-0.64",
        1,
        range(26),
        53,
        "((1 + 2a) exp(a^2) erfc(a) - its value at 2) / t, t = (a-2)/(a+2), on a > 0.44",
    ),
    "ERFINV": (
        "error.py",
        central,
        one,
        "-3.125",
        "3.125",
        range(10),
        53,
        "erfinv(v) / v in w - 3.125, w = -log(1 - v^2) < 6.25",
    ),
    "ERFCINV": (
        "error.py",
        outer,
        one,
        (mpf("2.5") - 6) / mpf("8.5"),
        (mpf("26.7") - 6) / mpf("32.7"),
        range(14),
        53,
        "erfcinv(u) / s, s = sqrt(w), in (s-6)/(s+6)",
    ),
    "RECIPROCAL": (
        "gamma.py",
        reciprocal,
        lambda t: t**4,
        "-0.501",
        "0.5",
        range(14),
        53,
        "(1/gamma(1+t) - 1 - euler t - c t^2 - d t^3) / t^4 on |t| <= 1/2",
    ),
    "STIRLING": (
        "gamma.py",
        stirling,
        one,
        "1e-25",
        mpf(1) / 121,
        range(7),
        53,
        "x (log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2) in 1/x^2 on x >= 11",
    ),
    "LGAMMA_1": (
        "gamma.py",
        lambda t: (mp.loggamma(1 + t) / t + mp.euler) / t,
        lambda t: t,
        "-0.1251",
        "0.125",
        range(15),
        53,
        "(lgamma(1+t)/t + euler) / t on |t| < 1/8",
    ),
    "LGAMMA_2": (
        "gamma.py",
        lambda t: (mp.loggamma(2 + t) / t - 1 + mp.euler) / t,
        lambda t: t,
        "-0.1251",
        "0.125",
        range(12),
        53,
        "(lgamma(2+t)/t - 1 + euler) / t on |t| < 1/8",
    ),
    "CBRT": ("power.py", lambda f: (1 + f) ** (-mpf(1) / 3), one, 0, 1, range(6), 53, "(1+f)^(-1/3) on f < 1"),
}


def short(x, bits):
    """A number whose last bits are 0, so that multiples of it are exact."""
    return nearest(x, bits)


def split(x, *bits):
    parts = []
    for b in bits:
        parts.append(nearest(x, b))
        x = x - parts[-1]
    return parts


def named(file, pattern, x, *bits, words=False):
    """A constant for each part of x."""
    names = ("HIGH", "LOW", "LEAST") if words else (1, 2, 3)
    return {pattern.format(name): (file, [part]) for name, part in zip(names, split(x, *bits), strict=False)}


def two_over_pi():
    """The bits of 2/pi behind the binary point, as words of 32, after two of zeros."""
    with mp.workprec(1400):
        return [0, 0] + [int(mp.floor(2 / mp.pi * mpf(2) ** (32 * (i + 1)))) & 0xFFFFFFFF for i in range(38)]


# name: (file, values)
CONSTANTS = {
    "LOG2_E": ("exp.py", [nearest(1 / LN2)]),
    "LN2_HIGH": ("exp.py", [short(LN2, 53)]),
    "LN2_LOW": ("exp.py", [nearest(LN2 - short(LN2, 53))]),
    "LOG2_E_32": ("exp.py", [nearest(1 / LN2, 24)]),
    "LN2_HIGH_32": ("exp.py", [short(LN2, 16)]),
    "LN2_LOW_32": ("exp.py", [nearest(LN2 - short(LN2, 16), 24)]),
    "LN2_SHORT": ("log.py", [short(LN2, 42)]),
    "LN2_REST": ("log.py", [nearest(LN2 - short(LN2, 42))]),
    "LOG2_10": ("exp.py", [nearest(mp.log(10, 2))]),
    "LOG10_2_HIGH": ("exp.py", [short(mp.log10(2), 42)]),
    "LOG10_2_LOW": ("exp.py", [nearest(mp.log10(2) - short(mp.log10(2), 42))]),
    "LN10_HIGH": ("exp.py", [split(mp.log(10), 53, 53)[0]]),
    "LN10_LOW": ("exp.py", [split(mp.log(10), 53, 53)[1]]),
    "LOG2_E_LOW": ("log.py", [split(1 / LN2, 53, 53)[1]]),
    "LOG10_E": ("log.py", [split(mp.log10(mp.e), 53, 53)[0]]),
    "LOG10_E_LOW": ("log.py", [split(mp.log10(mp.e), 53, 53)[1]]),
    "LOG10_2_SHORT": ("log.py", [short(mp.log10(2), 42)]),
    "LOG10_2_REST": ("log.py", [nearest(mp.log10(2) - short(mp.log10(2), 42))]),
    **named("trig.py", "PI_{}", mp.pi, 53, 53, 53, words=True),
    **named("trig.py", "PI_{}_32", mp.pi, 24, 24, 24, words=True),
    **named("trig.py", "HALF_PI_{}", mp.pi / 2, 53, 53, words=True),
    **named("trig.py", "HALF_PI_{}_32", mp.pi / 2, 24, 24, words=True),
    **named("atan.py", "QUARTER_PI_{}", mp.pi / 4, 53, 53),
    **named("atan.py", "QUARTER_PI_{}_32", mp.pi / 4, 24, 24),
    "EXP_64": ("complex.py", [nearest(mp.exp(64))]),
    "ERF_SLOPE_LESS_ONE_32": ("error.py", [nearest(SLOPE - 1, 24)]),
    "LN2_NEAR_32": ("exp.py", [nearest(LN2, 24)]),
    "LN2_REST_32": ("exp.py", [nearest(LN2 - nearest(LN2, 24), 24)]),
    "LOG2_10_32": ("exp.py", [nearest(mp.log(10, 2), 24)]),
    "LOG10_2_HIGH_32": ("exp.py", [short(mp.log10(2), 16)]),
    "LOG10_2_LOW_32": ("exp.py", [nearest(mp.log10(2) - short(mp.log10(2), 16), 24)]),
    "LN10_HIGH_32": ("exp.py", [split(mp.log(10), 24, 24)[0]]),
    "LN10_LOW_32": ("exp.py", [split(mp.log(10), 24, 24)[1]]),
    "LOG2_E_LOW_32": ("log.py", [split(1 / LN2, 24, 24)[1]]),
    "LOG10_E_32": ("log.py", [split(mp.log10(mp.e), 24, 24)[0]]),
    "LOG10_E_LOW_32": ("log.py", [split(mp.log10(mp.e), 24, 24)[1]]),
    "ERF_SLOPE": ("error.py", [split(SLOPE, 53, 53)[0]]),
    "ERF_SLOPE_LOW": ("error.py", [split(SLOPE, 53, 53)[1]]),
    "ERFCX_MIDDLE": ("error.py", [MIDDLE]),
    "ERFCX_MIDDLE_LOW": ("error.py", [nearest(tail_shape(mpf(0)) - MIDDLE)]),
    "EULER": ("gamma.py", [split(mp.euler, 53, 53)[0]]),
    "EULER_LOW": ("gamma.py", [split(mp.euler, 53, 53)[1]]),
    "ONE_LESS_EULER": ("gamma.py", [split(1 - mp.euler, 53, 53)[0]]),
    "ONE_LESS_EULER_LOW": ("gamma.py", [split(1 - mp.euler, 53, 53)[1]]),
    "RECIPROCAL_2": ("gamma.py", [split(RECIPROCAL_2, 53, 53)[0]]),
    "RECIPROCAL_2_LOW": ("gamma.py", [split(RECIPROCAL_2, 53, 53)[1]]),
    "RECIPROCAL_3": ("gamma.py", [nearest(RECIPROCAL_3)]),
    "HALF_LOG_2_PI": ("gamma.py", [split(mp.log(2 * mp.pi) / 2, 53, 53)[0]]),
    "HALF_LOG_2_PI_LOW": ("gamma.py", [split(mp.log(2 * mp.pi) / 2, 53, 53)[1]]),
    "TWO_OVER_PI": ("trig.py", [nearest(2 / mp.pi)]),
    "TWO_OVER_PI_32": ("trig.py", [nearest(2 / mp.pi, 24)]),
    "ONE_OVER_PI": ("trig.py", [nearest(1 / mp.pi)]),
    "ONE_OVER_PI_32": ("trig.py", [nearest(1 / mp.pi, 24)]),
    **named("trig.py", "HALF_PI_{}", mp.pi / 2, 53, 33, 53),
    **named("trig.py", "HALF_PI_{}_32", mp.pi / 2, 24, 13, 24),
}


# name: (file, values, what it is); read by a place in them
CELL_NOTE = "the cells' 1 / m, shortened"
CELL_TABLES = {
    "LOG_INVERSES": ("log.py", CELLS, CELL_NOTE),
    "LOG_INVERSES_32": ("log.py", CELLS, "the same for float32"),
    "LOG_HIGHS": ("log.py", cell_logs(42, 53)[0], "their logarithms, the other sign, to 42 bits behind the point"),
    "LOG_HIGHS_32": ("log.py", cell_logs(16, 24)[0], "to 16 bits, for float32"),
    "LOG_LOWS": ("log.py", cell_logs(42, 53)[1], "the rest of them"),
    "LOG_LOWS_32": ("log.py", cell_logs(16, 24)[1], "the rest of them, for float32"),
    "LOG2_CELLS": (
        "power.py",
        [nearest(-mp.log(c, 2)) for c in CELLS],
        "their binary logarithms, the other sign",
    ),
}

TABLES = {
    "TWO_OVER_PI_WORDS": ("trig.py", two_over_pi(), "2/pi: 64 bits of zero, then the bits behind the point, in words of 32")
}


def number(x):
    return repr(float(x))


def block(name, values, note=""):
    if len(values) == 1 and not note:
        return f"{name} = {number(values[0])}\n"
    rows = "".join(f"    {number(v)},\n" for v in values)
    return f"# {note}\n{name} = (\n{rows})\n"


def place(file, name, text, write):
    path = HERE / file
    old = path.read_text() if path.exists() else ""
    pattern = re.compile(rf"(?:^# [^\n]*\n)?^{name} = (?:[(\[]\n(?:    [^\n]*\n)*[)\]]|[^\n]*)\n", re.M)
    found = pattern.search(old)
    if found and found.group(0) == text:
        return
    print(f"{name} in {file} {'written' if write else 'differs' if found else 'is missing'}")
    if write:
        new = old[: found.start()] + text + old[found.end() :] if found else text + old
        path.write_text(new)


def main():
    write = "--write" in sys.argv
    only = [a for a in sys.argv[1:] if not a.startswith("-")]
    for name, (file, values) in CONSTANTS.items():
        if not only or name in only:
            place(file, name, block(name, values), write)
    for name, (file, values, note) in CELL_TABLES.items():
        if not only or name in only:
            rows = "".join(f"    {number(v)},\n" for v in values)
            place(file, name, f"# {note}\n{name} = [\n{rows}]\n", write)
    for name, (file, words, note) in TABLES.items():
        rows = "".join("    " + ", ".join(f"0x{w:08x}" for w in words[i : i + 8]) + ",\n" for i in range(0, len(words), 8))
        place(file, name, f"# {note}\n{name} = (\n{rows})\n", write)
    for name, (file, f, w, low, high, powers, bits, note) in POLYNOMIALS.items():
        if not only or name in only:
            values, size = fit(f, w, low, high, powers, bits=bits)
            place(file, name, block(name, values, f"{note}; error 2^{float(mp.log(size, 2)):.1f}"), write)


if __name__ == "__main__":
    main()
