"""CUDA kernels in the form a GPU's programmer gives them, beside the same work as a compiler for CPUs wants it written.

Ours are launches of blocks with shared memory, barriers and atomics; Numba's are `prange` loops; Warp's and Taichi's
are in `kernel_peers.py`; NumPy's is its matrix product.  One row is the same kernel, unchanged, in
Numba's simulator of CUDA.  The last rows are launches of nothing.
"""

import math

import numba
import numpy as np

from benches.python import kernel_peers, simulator
from benches.python.protocol import Candidate, Row
from verdigris import cuda, float32, int32, uint64

BLOCK, TILE, BINS = 256, 16, 64
STEPS, DRIFT, SPREAD = 100, 1e-4, 0.02


# --- the sum of a large array ---


@cuda.jit
def block_sums(x, sums):
    tile = cuda.shared.array(BLOCK, float32)
    t = cuda.threadIdx.x
    total = float32(0.0)
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        total += x[i]
    tile[t] = total
    cuda.syncthreads()
    half = BLOCK // 2
    while half > 0:
        if t < half:
            tile[t] += tile[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        sums[cuda.blockIdx.x] = tile[0]


@numba.njit(parallel=True, fastmath=True)
def numba_sum(x):
    total = np.float32(0.0)
    for i in numba.prange(x.size):
        total += x[i]
    return total


def reduction():
    n, blocks = 10_000_000, 128
    x = np.random.default_rng(0).random(n, np.float32)
    d, sums = cuda.to_device(x), cuda.device_array(blocks, np.float32)
    launch = block_sums[blocks, BLOCK]
    result = {}

    def ours():
        launch(d, sums)
        result["ours"] = sums.copy_to_host().sum(dtype=np.float64)

    candidates = (
        Candidate("verdigris cuda.jit", ours, lambda: result["ours"]),
        Candidate("Numba prange", lambda: result.__setitem__("numba", numba_sum(x)), lambda: result["numba"]),
    )
    return Row("sum of 1e7 float32", (*candidates, *kernel_peers.sums(x)), n, rtol=1e-3)


def against_the_simulator():
    """The same kernel on few threads; the time an element is that of a thread."""
    blocks = 4
    x = np.random.default_rng(4).random(4 * blocks * BLOCK, np.float32)
    d, sums = cuda.to_device(x), cuda.device_array(blocks, np.float32)
    launch = block_sums[blocks, BLOCK]
    ours = Candidate("verdigris cuda.jit", lambda: launch(d, sums), lambda: sums.copy_to_host())
    return Row(
        f"sums of {blocks} blocks of {BLOCK} threads, an element a thread",
        (ours, simulator.sums(blocks, x)),
        blocks * BLOCK,
        rtol=1e-4,
    )


# --- a product of matrices by tiles ---


@cuda.jit
def tiled_product(a, b, c):
    left = cuda.shared.array((TILE, TILE), float32)
    right = cuda.shared.array((TILE, TILE), float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    total = float32(0.0)
    for tile in range(a.shape[1] // TILE):
        left[ty, tx] = a[y, tx + tile * TILE]
        right[ty, tx] = b[ty + tile * TILE, x]
        cuda.syncthreads()
        for k in range(TILE):
            total += left[ty, k] * right[k, tx]
        cuda.syncthreads()
    c[y, x] = total


@numba.njit(parallel=True, fastmath=True)
def numba_product(a, b, c):
    n, m = c.shape
    for i in numba.prange(n):
        row = np.zeros(m, np.float32)
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(m):
                row[j] += factor * b[k, j]
        c[i, :] = row


def product():
    n = 512
    rng = np.random.default_rng(1)
    a, b = rng.random((n, n), np.float32), rng.random((n, n), np.float32)
    device = [cuda.to_device(x) for x in (a, b, np.zeros((n, n), np.float32))]
    launch = tiled_product[(n // TILE, n // TILE), (TILE, TILE)]
    outputs = [np.zeros((n, n), np.float32) for _ in range(2)]
    return Row(
        "product of 512 x 512 float32 by tiles of 16 x 16",
        (
            Candidate("verdigris cuda.jit", lambda: launch(*device), lambda: device[2].copy_to_host()),
            Candidate("Numba prange", lambda: numba_product(a, b, outputs[0]), lambda: outputs[0]),
            *kernel_peers.products(a, b),
            Candidate("NumPy (BLAS)", lambda: np.matmul(a, b, out=outputs[1]), lambda: outputs[1]),
        ),
        n * n,
        rtol=1e-4,
    )


# --- heat in the plane ---


@cuda.jit
def heat_step(old, new):
    x, y = cuda.grid(2)
    if 0 < y < old.shape[0] - 1 and 0 < x < old.shape[1] - 1:
        new[y, x] = 0.25 * (old[y - 1, x] + old[y + 1, x] + old[y, x - 1] + old[y, x + 1])


@numba.njit(parallel=True)
def numba_heat_step(old, new):
    for y in numba.prange(1, old.shape[0] - 1):
        for x in range(1, old.shape[1] - 1):
            new[y, x] = 0.25 * (old[y - 1, x] + old[y + 1, x] + old[y, x - 1] + old[y, x + 1])


def heat():
    n = 1024
    start = np.random.default_rng(2).random((n, n))
    device, host = [cuda.to_device(start), cuda.to_device(start)], [start.copy(), start.copy()]
    launch = heat_step[(n // 32, n // 8), (32, 8)]

    def ours():
        device[0].copy_to_device(start)
        for _ in range(STEPS):
            launch(*device)
            device.reverse()

    def theirs():
        host[0][...] = start
        for _ in range(STEPS):
            numba_heat_step(*host)
            host.reverse()

    return Row(
        "heat, 1024 x 1024 float64, 100 steps",
        (
            Candidate("verdigris cuda.jit", ours, lambda: device[0].copy_to_host()),
            Candidate("Numba prange", theirs, lambda: host[0]),
            *kernel_peers.heat(start, STEPS),
        ),
        n * n * STEPS,
        rtol=1e-12,
    )


# --- a histogram ---


@cuda.jit
def histogram(x, bins):
    own = cuda.shared.array(BINS, int32)
    t = cuda.threadIdx.x
    if t < BINS:
        own[t] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        cuda.atomic.add(own, int(x[i] * BINS), 1)
    cuda.syncthreads()
    if t < BINS:
        cuda.atomic.add(bins, t, own[t])


@numba.njit(parallel=True)
def numba_histogram(x, bins):
    threads = numba.get_num_threads()
    own = np.zeros((threads, BINS), np.int32)
    part = (x.size + threads - 1) // threads
    for n in numba.prange(threads):
        for i in range(n * part, min((n + 1) * part, x.size)):
            own[n, int(x[i] * BINS)] += 1
    bins[:] = own.sum(0)


def counting():
    n, blocks = 10_000_000, 64
    x = np.random.default_rng(3).random(n)
    d, bins, theirs = cuda.to_device(x), cuda.to_device(np.zeros(BINS, np.int32)), np.zeros(BINS, np.int32)
    zero, launch = np.zeros(BINS, np.int32), histogram[blocks, BLOCK]

    def ours():
        bins.copy_to_device(zero)
        launch(d, bins)

    return Row(
        "histogram of 1e7 float64 in 64 bins",
        (
            Candidate("verdigris cuda.jit", ours, lambda: bins.copy_to_host()),
            Candidate("Numba prange", lambda: numba_histogram(x, theirs), lambda: theirs),
            *kernel_peers.histograms(x),
        ),
        n,
    )


# --- Monte Carlo ---


def path(state):
    """The end of a geometric walk whose normal numbers come from the path's own xorshift generator."""
    price = 1.0
    for _ in range(STEPS // 2):
        state ^= state << uint64(13)
        state ^= state >> uint64(7)
        state ^= state << uint64(17)
        u = (float(state >> uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)
        state ^= state << uint64(13)
        state ^= state >> uint64(7)
        state ^= state << uint64(17)
        v = float(state >> uint64(11)) * (2.0 * math.pi / 9007199254740992.0)
        r = math.sqrt(-2.0 * math.log(u))
        price *= math.exp(DRIFT + SPREAD * r * math.cos(v))
        price *= math.exp(DRIFT + SPREAD * r * math.sin(v))
    return price


our_path = cuda.jit(device=True)(path)


@cuda.jit
def walk(ends):
    i = cuda.grid(1)
    if i < ends.size:
        ends[i] = our_path(uint64(i + 1) * uint64(0x9E3779B97F4A7C15))


def numba_walk():
    """The same for Numba, whose uint64 is its own."""
    text = {"uint64": numba.uint64, "math": math, "STEPS": STEPS, "DRIFT": DRIFT, "SPREAD": SPREAD}
    their_path = numba.njit(type(path)(path.__code__, text, "path"))
    one, factor = np.uint64(1), np.uint64(0x9E3779B97F4A7C15)

    @numba.njit(parallel=True)
    def theirs(ends):
        for i in numba.prange(ends.size):
            ends[i] = their_path((np.uint64(i) + one) * factor)

    return theirs


def monte_carlo():
    n = 1_000_000
    d, theirs, peer = cuda.device_array(n), np.zeros(n), numba_walk()
    launch = walk[(n + BLOCK - 1) // BLOCK, BLOCK]
    return Row(
        "Monte Carlo, 1e6 paths of 100 steps",
        (
            Candidate("verdigris cuda.jit", lambda: launch(d), lambda: d.copy_to_host()),
            Candidate("Numba prange", lambda: peer(theirs), lambda: theirs),
            *kernel_peers.walks(n),
        ),
        n * STEPS,
        rtol=1e-9,
    )


# --- launches of nothing ---


@cuda.jit
def nothing(a, b, c):
    pass


def rows():
    kernel_peers.start()
    yield reduction()
    yield product()
    yield heat()
    yield counting()
    yield monte_carlo()
    yield against_the_simulator()
    arrays = [cuda.to_device(np.zeros(8)) for _ in range(3)]
    for blocks, threads in ((1, 1), (1, 32), (1024, 32)):
        launch = nothing[blocks, threads]
        name = f"launch of nothing, {blocks} x {threads}, three device arrays"
        yield Row(name, (Candidate("verdigris cuda.jit", lambda launch=launch: launch(*arrays), lambda: np.zeros(0)),), 1)
