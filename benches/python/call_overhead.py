"""What one call costs: ufuncs on arrays of few elements and on scalars, and an empty launch."""

import numba
import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import cuda, vectorize

SIGNATURES = ["float64(float64, float64)"]


def plus(a, b):
    return a + b


@cuda.jit
def nothing(a):
    pass


def rows():
    ours, peer = vectorize(SIGNATURES)(plus), numba.vectorize(SIGNATURES)(plus)
    for n in (1, 100, 1000):
        a, b = np.arange(float(n)), np.ones(n)
        yield functions(f"ufunc, {n} float64", ours, peer, a, b)
    yield functions("ufunc, two Python floats", ours, peer, 1.5, 2.5)

    one = cuda.to_device(np.zeros(1))
    launch = nothing[1, 1]
    yield Row("launch of one empty block", (Candidate("verdigris cuda.jit", lambda: launch(one), lambda: np.zeros(0)),), 1)


def functions(name, ours, peer, a, b):
    named = [("verdigris", ours), ("NumPy", np.add), ("Numba", peer)]
    return Row(name, tuple(candidate(label, function, a, b) for label, function in named), 1)


def candidate(label, function, a, b):
    return Candidate(label, lambda: function(a, b), lambda: function(a, b))
