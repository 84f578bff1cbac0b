"""The work of `kernels.py` in Warp and in Taichi, on the CPU, where those are installed.

Each function gives the candidates of one row.  Warp compiles a kernel for one core, Taichi a loop for all; both take
NumPy's arrays as they are.
"""

import math

import numpy as np

import verdigris
from benches.python.protocol import Candidate

try:
    import warp as wp
except ImportError:
    wp = None
try:
    import taichi as ti
except ImportError:
    ti = None

BINS, STEPS, DRIFT, SPREAD = 64, 100, 1e-4, 0.02
FACTOR, UNIT = 0x9E3779B97F4A7C15, 1.0 / 9007199254740992.0
TURN = 2.0 * math.pi * UNIT


def start():
    """Readies the libraries; before the first row."""
    if wp:
        wp.config.quiet = True
        wp.init()
    if ti:
        ti.init(arch=ti.cpu, cpu_max_num_threads=verdigris.get_num_threads(), log_level=ti.ERROR, offline_cache=False)


def _candidates(warp, taichi):
    """What `warp()` and `taichi()` make, of the libraries that are there: what runs the work, and what gives its result."""
    made = [(name, make()) for name, library, make in (("Warp", wp, warp), ("Taichi", ti, taichi)) if library]
    return [Candidate(name, run, output) for name, (run, output) in made]


if wp:
    W_FACTOR = wp.constant(wp.uint64(FACTOR))
    W_UNIT, W_TURN, W_DRIFT, W_SPREAD = (wp.constant(wp.float64(x)) for x in (UNIT, TURN, DRIFT, SPREAD))
    W_QUARTER, W_BINS, W_HALF, W_MINUS_TWO = (wp.constant(wp.float64(x)) for x in (0.25, BINS, 0.5, -2.0))

    @wp.kernel
    def warp_product(a: wp.array2d(dtype=wp.float32), b: wp.array2d(dtype=wp.float32), c: wp.array2d(dtype=wp.float32)):
        i, j = wp.tid()
        total = wp.float32(0.0)
        for k in range(a.shape[1]):
            total += a[i, k] * b[k, j]
        c[i, j] = total

    @wp.kernel
    def warp_heat(old: wp.array2d(dtype=wp.float64), after: wp.array2d(dtype=wp.float64)):
        y, x = wp.tid()
        if y > 0 and x > 0 and y < old.shape[0] - 1 and x < old.shape[1] - 1:
            after[y, x] = W_QUARTER * (old[y - 1, x] + old[y + 1, x] + old[y, x - 1] + old[y, x + 1])

    @wp.kernel
    def warp_histogram(x: wp.array(dtype=wp.float64), bins: wp.array(dtype=wp.int32)):
        wp.atomic_add(bins, int(x[wp.tid()] * W_BINS), 1)

    @wp.kernel
    def warp_walk(ends: wp.array(dtype=wp.float64)):
        i = wp.tid()
        state = (wp.uint64(i) + wp.uint64(1)) * W_FACTOR
        price = wp.float64(1.0)
        for _ in range(STEPS // 2):
            state = state ^ (state << wp.uint64(13))
            state = state ^ (state >> wp.uint64(7))
            state = state ^ (state << wp.uint64(17))
            u = (wp.float64(state >> wp.uint64(11)) + W_HALF) * W_UNIT
            state = state ^ (state << wp.uint64(13))
            state = state ^ (state >> wp.uint64(7))
            state = state ^ (state << wp.uint64(17))
            v = wp.float64(state >> wp.uint64(11)) * W_TURN
            r = wp.sqrt(W_MINUS_TWO * wp.log(u))
            price *= wp.exp(W_DRIFT + W_SPREAD * r * wp.cos(v))
            price *= wp.exp(W_DRIFT + W_SPREAD * r * wp.sin(v))
        ends[i] = price


if ti:

    @ti.kernel
    def taichi_sum(x: ti.types.ndarray(dtype=ti.f32, ndim=1)) -> ti.f32:
        total = ti.f32(0.0)
        for i in range(x.shape[0]):
            total += x[i]
        return total

    @ti.kernel
    def taichi_product(
        a: ti.types.ndarray(dtype=ti.f32, ndim=2),
        b: ti.types.ndarray(dtype=ti.f32, ndim=2),
        c: ti.types.ndarray(dtype=ti.f32, ndim=2),
    ):
        for i, j in ti.ndrange(c.shape[0], c.shape[1]):
            total = ti.f32(0.0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total

    @ti.kernel
    def taichi_heat(old: ti.types.ndarray(dtype=ti.f64, ndim=2), new: ti.types.ndarray(dtype=ti.f64, ndim=2)):
        for y, x in ti.ndrange((1, old.shape[0] - 1), (1, old.shape[1] - 1)):
            new[y, x] = ti.f64(0.25) * (old[y - 1, x] + old[y + 1, x] + old[y, x - 1] + old[y, x + 1])

    @ti.kernel
    def taichi_histogram(x: ti.types.ndarray(dtype=ti.f64, ndim=1), bins: ti.types.ndarray(dtype=ti.i32, ndim=1)):
        for b in range(BINS):
            bins[b] = 0
        for i in range(x.shape[0]):
            ti.atomic_add(bins[ti.cast(x[i] * BINS, ti.i32)], 1)

    @ti.kernel
    def taichi_walk(ends: ti.types.ndarray(dtype=ti.f64, ndim=1), factor: ti.u64):
        for i in range(ends.shape[0]):
            state = (ti.cast(i, ti.u64) + ti.u64(1)) * factor
            price = ti.f64(1.0)
            for _ in range(STEPS // 2):
                state ^= state << ti.u64(13)
                state ^= state >> ti.u64(7)
                state ^= state << ti.u64(17)
                u = (ti.cast(state >> ti.u64(11), ti.f64) + ti.f64(0.5)) * ti.f64(UNIT)
                state ^= state << ti.u64(13)
                state ^= state >> ti.u64(7)
                state ^= state << ti.u64(17)
                v = ti.cast(state >> ti.u64(11), ti.f64) * ti.f64(TURN)
                r = ti.sqrt(ti.f64(-2.0) * ti.log(u))
                price *= ti.exp(ti.f64(DRIFT) + ti.f64(SPREAD) * r * ti.cos(v))
                price *= ti.exp(ti.f64(DRIFT) + ti.f64(SPREAD) * r * ti.sin(v))
            ends[i] = price


def sums(x):
    """The sum of float32 numbers."""
    result = {}

    def warp():
        array = wp.array(x, dtype=wp.float32, device="cpu")
        return lambda: result.__setitem__("warp", wp.utils.array_sum(array)), lambda: result["warp"]

    def taichi():
        return lambda: result.__setitem__("taichi", taichi_sum(x)), lambda: result["taichi"]

    return _candidates(warp, taichi)


def products(a, b):
    """The product of float32 matrices."""

    def warp():
        arrays = [wp.array(m, dtype=wp.float32, device="cpu") for m in (a, b, np.zeros_like(a))]
        return lambda: wp.launch(warp_product, dim=a.shape, inputs=arrays, device="cpu"), lambda: arrays[2].numpy()

    def taichi():
        c = np.zeros_like(a)
        return lambda: taichi_product(a, b, c), lambda: c

    return _candidates(warp, taichi)


def heat(first, steps):
    """Steps of heat in the plane from an array."""

    def warp():
        planes = [wp.array(first, dtype=wp.float64, device="cpu") for _ in range(2)]
        start = wp.array(first, dtype=wp.float64, device="cpu")

        def run():
            wp.copy(planes[0], start)
            for _ in range(steps):
                wp.launch(warp_heat, dim=first.shape, inputs=planes, device="cpu")
                planes.reverse()

        return run, lambda: planes[0].numpy()

    def taichi():
        planes = [first.copy(), first.copy()]

        def run():
            planes[0][...] = first
            for _ in range(steps):
                taichi_heat(*planes)
                planes.reverse()

        return run, lambda: planes[0]

    return _candidates(warp, taichi)


def histograms(x):
    """Numbers in [0, 1) counted in bins."""

    def warp():
        array, bins = wp.array(x, dtype=wp.float64, device="cpu"), wp.zeros(BINS, dtype=wp.int32, device="cpu")

        def run():
            bins.zero_()
            wp.launch(warp_histogram, dim=x.size, inputs=[array, bins], device="cpu")

        return run, lambda: bins.numpy()

    def taichi():
        bins = np.zeros(BINS, np.int32)
        return lambda: taichi_histogram(x, bins), lambda: bins

    return _candidates(warp, taichi)


def walks(n):
    """The ends of geometric walks."""

    def warp():
        ends = wp.zeros(n, dtype=wp.float64, device="cpu")
        return lambda: wp.launch(warp_walk, dim=n, inputs=[ends], device="cpu"), lambda: ends.numpy()

    def taichi():
        ends = np.zeros(n)
        return lambda: taichi_walk(ends, FACTOR), lambda: ends

    return _candidates(warp, taichi)
