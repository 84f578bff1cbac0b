"""One addition an element: memory bandwidth, and what the machinery around a loop costs."""

import numba
import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import vectorize

SIGNATURES = ["float32(float32, float32)", "float64(float64, float64)"]


def plus(a, b):
    return a + b


def rows():
    ours = {target: vectorize(SIGNATURES, target=target)(plus) for target in ("cpu", "parallel")}
    peers = {target: numba.vectorize(SIGNATURES, target=target)(plus) for target in ("cpu", "parallel")}
    one_core = [("verdigris cpu", ours["cpu"]), ("NumPy", np.add), ("Numba cpu", peers["cpu"])]
    all_cores = [("verdigris parallel", ours["parallel"]), ("Numba parallel", peers["parallel"])]
    rng = np.random.default_rng(1)
    for dtype in (np.float32, np.float64):
        for n in (10_000, 1_000_000, 20_000_000):
            a, b = rng.random(n).astype(dtype), rng.random(n).astype(dtype)
            name = f"add, {np.dtype(dtype).name}, {n:,}"
            yield row(f"{name}, one core", a, b, one_core)
            if n >= 1_000_000:
                yield row(f"{name}, all cores", a, b, all_cores)


def row(name, a, b, functions):
    return Row(name, tuple(candidate(label, function, a, b) for label, function in functions), a.size)


def candidate(label, function, a, b):
    out = np.empty_like(a)
    return Candidate(label, lambda: function(a, b, out=out), lambda: out)
