"""Steps of the Collatz sequence: integers, and a loop whose length differs from element to element."""

import numba
import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import vectorize

SIGNATURES = ["int64(int64)"]


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def numpy_collatz(start, out):
    out[:] = 0
    live = np.flatnonzero(start != 1)
    values = start[live]
    while live.size:
        values = np.where(values & 1, 3 * values + 1, values >> 1)
        out[live] += 1
        going = values != 1
        live, values = live[going], values[going]


def rows():
    n = 200_000
    start = np.arange(1, n + 1)

    def candidate(label, function):
        out = np.empty(n, np.int64)
        return Candidate(label, lambda: function(start, out=out), lambda: out)

    for target, cores in (("cpu", "one core"), ("parallel", "all cores")):
        candidates = [
            candidate(f"verdigris {target}", vectorize(SIGNATURES, target=target)(collatz)),
            candidate(f"Numba {target}", numba.vectorize(SIGNATURES, target=target)(collatz)),
        ]
        if target == "cpu":
            candidates.append(candidate("NumPy", numpy_collatz))
        yield Row(f"Collatz, 1 to {n:,}, {cores}", tuple(candidates), n)
