"""Ufuncs of ours beside NumPy, numexpr, Numba in all its ways, and loops written by hand.

The loops by hand are a shared library that `VERDIGRIS_BENCH_HAND` names, with functions `name(first, end, arguments)` and a
driver `par(function, count, chunk, threads, arguments)`; without it those candidates are left out. `VERDIGRIS_BENCH_NUMBA`
names a Python that has another Numba.
"""

import ctypes
import functools
import math
import os

import numba
import numpy as np

try:
    import numexpr
except ImportError:
    numexpr = None

from benches.python import elsewhere
from benches.python.bodies import add, call_and_put, chain, collatz, escape, kepler, prange, prange_of_two_results
from benches.python.protocol import Candidate, Row
from verdigris import get_num_threads, vectorize


@functools.cache
def hand():
    path = os.environ.get("VERDIGRIS_BENCH_HAND")
    return ctypes.CDLL(path) if path else None


def by_hand(name, arrays, count, chunk=4096):
    """A loop written by hand over these arrays, or None."""
    if hand() is None:
        return None
    pointers = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
    function, threads = getattr(hand(), name), get_num_threads()
    hand().par.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_int, ctypes.c_void_p]
    return lambda: hand().par(ctypes.cast(function, ctypes.c_void_p), count, chunk, threads, pointers)


def elementwise(name, body, signature, inputs, numpys=None, expression=None, hands=None, rtol=0.0, may_differ=0.0):
    """A row of a function of one result: ours, and everybody who can do the same."""
    result = np.dtype(signature.split("(")[0])
    shape = np.broadcast_shapes(*(np.shape(x) for x in inputs))
    flat = all(x.shape == shape and x.ndim == 1 for x in inputs)
    ours = vectorize([signature], target="parallel")(body)
    numbas = {target: numba.vectorize([signature], target=target)(body) for target in ("cpu", "parallel")}
    candidates = []

    def candidate(label, function, differ=may_differ):
        out = np.empty(shape, result)
        candidates.append(Candidate(label, lambda: function(*inputs, out), lambda: out, differ))

    # Where it can mean something: an addition has one way, and so have integers.
    loose = body not in (add, collatz)
    candidate("verdigris parallel", lambda *a: ours(*a[:-1], out=a[-1]))
    if loose:
        quick = vectorize([signature], target="parallel", fastmath=True)(body)
        candidate("verdigris parallel, fastmath", lambda *a: quick(*a[:-1], out=a[-1]), 1.0)
    if numpys is not None:
        candidate("NumPy", lambda *a: numpys(*a[:-1], out=a[-1]))
    for target, f in numbas.items():
        candidate(f"Numba {target}", lambda *a, f=f: f(*a[:-1], out=a[-1]))
    if flat:
        for fastmath in (False, True) if loose else (False,):
            loop = prange(body, len(inputs), fastmath)
            candidate("Numba prange, fastmath" if fastmath else "Numba prange", loop, 1.0 if fastmath else may_differ)
            if elsewhere.there() and body is not add:
                candidates.append(elsewhere.candidate(body, inputs, [result], fastmath, 1.0 if fastmath else may_differ))
    if expression is not None and numexpr is not None:
        names = dict(zip("xyz", inputs, strict=False))
        candidate("numexpr", lambda *a: numexpr.evaluate(expression, names, out=a[-1], casting="same_kind"))
    if hands is not None and hand() is not None:
        out = np.empty(shape, result)
        run = by_hand(hands, [*inputs, out], out.size)
        candidates.append(Candidate("by hand, AVX-512", run, lambda: out, may_differ))
    return Row(name, tuple(candidates), int(np.prod(shape)), rtol)


def rows():
    rng = np.random.default_rng(3)
    for dtype, letter in ((np.float32, "f32"), (np.float64, "f64")):
        for n in (10_000, 1_000_000, 100_000_000):
            x, y = rng.random(n, dtype), rng.random(n, dtype)
            name = np.dtype(dtype).name
            yield elementwise(f"add, {name}, {n:,}", add, f"{name}({name}, {name})", [x, y], np.add, "x + y", f"add_{letter}")
            del x, y

    n = 10_000_000
    x, y = rng.uniform(-10, 10, n), rng.uniform(0, 2, n)
    yield elementwise(
        f"sin(x)^2 + cos(x)^2 exp(-y), float64, {n:,}",
        chain,
        "float64(float64, float64)",
        [x, y],
        _numpy_chain,
        "sin(x)**2 + cos(x)**2 * exp(-y)",
        "chain_f64",
        rtol=1e-12,
    )
    yield black_scholes(rng, 1_000_000)
    yield mandelbrot()
    n = 1_000_000
    yield elementwise(f"Collatz, {n:,}", collatz, "int64(int64)", [np.arange(1, n + 1)], hands="collatz")
    m, e = rng.uniform(0, 2 * math.pi, n), rng.uniform(0, 0.9, n)
    yield elementwise(f"Kepler by Newton, {n:,}", kepler, "float64(float64, float64)", [m, e], hands="kepler", rtol=1e-9)

    a, b = rng.random(4_000_000, np.float32), rng.integers(0, 100, 4_000_000).astype(np.int32)
    yield elementwise("add, float32 + int32 cast to float64, 4,000,000", add, "float64(float64, float64)", [a, b], np.add)
    a, b = rng.random((10_000, 1)), rng.random((1, 10_000))
    yield elementwise("add, (10,000, 1) + (1, 10,000) float64", add, "float64(float64, float64)", [a, b], np.add, "x + y")
    a, b = rng.random((3_000, 3_000)), rng.random((3_000, 3_000)).T
    yield elementwise("add, 3,000 x 3,000 and a transpose, float64", add, "float64(float64, float64)", [a, b], np.add, "x + y")


def _numpy_chain(x, y, out):
    s, c = np.sin(x), np.cos(x)
    np.add(s * s, c * c * np.exp(-y), out=out)


def black_scholes(rng, n):
    s, k, t = rng.uniform(80, 120, n), rng.uniform(80, 120, n), rng.uniform(0.25, 2, n)
    ours = vectorize(["Tuple((float64, float64))(float64, float64, float64)"], target="parallel")(call_and_put)
    candidates = []

    def candidate(label, function):
        call, put = np.empty(n), np.empty(n)
        candidates.append(Candidate(label, lambda: function(s, k, t, call, put), lambda: np.stack([call, put])))

    candidate("verdigris parallel", lambda s, k, t, call, put: ours(s, k, t, out=(call, put)))
    quick = vectorize(["Tuple((float64, float64))(float64, float64, float64)"], target="parallel", fastmath=True)(call_and_put)
    candidate("verdigris parallel, fastmath", lambda s, k, t, call, put: quick(s, k, t, out=(call, put)))
    for fastmath in (False, True):
        candidate("Numba prange, fastmath" if fastmath else "Numba prange", prange_of_two_results(call_and_put, fastmath))
        if elsewhere.there():
            candidates.append(elsewhere.candidate(call_and_put, [s, k, t], [np.float64] * 2, fastmath))
    if hand() is not None:
        call, put = np.empty(n), np.empty(n)
        candidates.append(
            Candidate("by hand, AVX-512", by_hand("bs_f64", [s, k, t, call, put], n), lambda: np.stack([call, put]))
        )
    return Row(f"Black-Scholes, call and put, {n:,}", tuple(candidates), n, rtol=1e-9)


def mandelbrot():
    height, width = 1024, 1536
    xs, ys = -2.0 + np.arange(width) * (3.0 / width), -1.0 + np.arange(height) * (2.0 / height)
    row = elementwise(
        "Mandelbrot, 1024 x 1536, 20 iterations", escape, "uint8(float64, float64)", [xs, ys[:, None]], may_differ=0.01
    )
    if hand() is None:
        return row
    image = np.zeros((height, width), np.uint8)
    counts, place = np.array([width, 20]), np.array([-2.0, 3.0 / width, -1.0, 2.0 / height])
    run = by_hand("mandel", [image, counts, place], height, 16)
    return Row(row.name, (*row.candidates, Candidate("by hand, AVX-512", run, lambda: image, 0.01)), row.work)
