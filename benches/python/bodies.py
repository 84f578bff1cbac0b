"""Functions of numbers that ufuncs are made of, and Numba's loops of them over all cores.

Needs Numba and nothing of ours, so that another interpreter can run it too (`elsewhere`).
"""

import math

import numba

numba.config.THREADING_LAYER = "workqueue"

RATE, VOLATILITY = 0.02, 0.30


def add(x, y):
    return x + y


def chain(x, y):
    s, c = math.sin(x), math.cos(x)
    return s * s + c * c * math.exp(-y)


def call_and_put(s, k, t):
    q = VOLATILITY * math.sqrt(t)
    d1 = (math.log(s / k) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * t) / q
    d2 = d1 - q
    z = k * math.exp(-RATE * t)
    call = s * (0.5 * math.erf(d1 * 0.7071067811865476) + 0.5) - z * (0.5 * math.erf(d2 * 0.7071067811865476) + 0.5)
    return call, call - s + z


def escape(cx, cy):
    x, y, n = 0.0, 0.0, 0
    for _ in range(20):
        x, y = x * x - y * y + cx, 2.0 * x * y + cy
        if x * x + y * y >= 4.0:
            break
        n += 1
    return n


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def kepler(m, e):
    x = m + e * math.sin(m)
    for _ in range(50):
        d = (x - e * math.sin(x) - m) / (1.0 - e * math.cos(x))
        x -= d
        if abs(d) < 1e-12:
            break
    return x


def prange(body, count, fastmath=False):
    """Numba's loop over all cores, for a body of so many arguments and one result."""
    inner = numba.njit(fastmath=fastmath)(body)
    if count == 1:

        @numba.njit(parallel=True, fastmath=fastmath)
        def loop(a, out):
            for i in numba.prange(a.size):
                out[i] = inner(a[i])

    else:

        @numba.njit(parallel=True, fastmath=fastmath)
        def loop(a, b, out):
            for i in numba.prange(a.size):
                out[i] = inner(a[i], b[i])

    return loop


def prange_of_two_results(body, fastmath=False):
    """The same for a body of three arguments and two results."""
    inner = numba.njit(fastmath=fastmath)(body)

    @numba.njit(parallel=True, fastmath=fastmath)
    def loop(s, k, t, call, put):
        for i in numba.prange(s.size):
            call[i], put[i] = inner(s[i], k[i], t[i])

    return loop
