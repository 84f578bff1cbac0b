"""Shared memory, barriers and local arrays, against NumPy, on every backend."""

import numpy as np
import pytest

from verdigris import _verdigris, cuda, errors, float32, float64, int32, int64
from verdigris import types as vg_types

BACKENDS = ("interpreter", "lanes=1", "lanes=32")
THREADS = [1, 7, 32, 33, 256, 1000, 1024]
SHAPES = [(5, 1, 1), (64, 1, 1), (100, 1, 1), (16, 16, 1), (7, 5, 1), (32, 4, 1), (4, 4, 4), (3, 5, 7), (32, 2, 3), (1, 1, 33)]


def run(function, grid, block, *arrays, shared=0, backend):
    """Runs a kernel of whole C arrays on one backend, in place; gives its fault."""
    kinds = tuple(vg_types.Array(vg_types.as_type(a.dtype.name), a.ndim, "C") for a in arrays)
    lowered = _verdigris.Lowered(_verdigris.Function(function), kinds, kernel=True, fma=False)
    given = [(n, 0, list(a.shape), list(a.strides)) for n, a in enumerate(arrays)]
    grid, block = ([*t, 1, 1][:3] for t in (grid, block))
    results, fault = lowered.run_kernel(backend, grid, block, given, [a.tobytes() for a in arrays], shared)
    for array, data in zip(arrays, results, strict=True):
        array[...] = np.frombuffer(data, array.dtype).reshape(array.shape)
    return fault


# --- reductions and scans ---


def block_sum(x, out):
    tile = cuda.shared.array(1024, float64)
    t = cuda.threadIdx.x
    tile[t] = x[cuda.blockIdx.x * cuda.blockDim.x + t]
    cuda.syncthreads()
    n = cuda.blockDim.x
    while n > 1:
        half = (n + 1) // 2
        if t + half < n:
            tile[t] += tile[t + half]
        cuda.syncthreads()
        n = half
    if t == 0:
        out[cuda.blockIdx.x] = tile[0]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_sum_of_blocks(threads, backend):
    x = np.random.default_rng(threads).integers(-50, 50, 3 * threads).astype(np.float64)
    out = np.zeros(3)
    assert run(block_sum, (3,), (threads,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, x.reshape(3, threads).sum(1))


def scan(x, out):
    tile = cuda.shared.array((2, 1024), int64)
    t = cuda.threadIdx.x + cuda.blockDim.x * (cuda.threadIdx.y + cuda.blockDim.y * cuda.threadIdx.z)
    n = cuda.blockDim.x * cuda.blockDim.y * cuda.blockDim.z
    tile[0, t] = x[t]
    cuda.syncthreads()
    side = 0
    step = 1
    while step < n:
        value = tile[side, t]
        if t >= step:
            value += tile[side, t - step]
        tile[1 - side, t] = value
        side = 1 - side
        step *= 2
        cuda.syncthreads()
    out[t] = tile[side, t]


@pytest.mark.parametrize("block", [(n, 1, 1) for n in THREADS] + SHAPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_scan(block, backend):
    x = np.random.default_rng(1).integers(-1000, 1000, np.prod(block))
    out = np.zeros_like(x)
    assert run(scan, (1,), block, x, out, backend=backend) is None
    np.testing.assert_array_equal(out, np.cumsum(x))


def transposed(x, out):
    tile = cuda.shared.array((16, 16), int32)
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        tile[cuda.threadIdx.x, cuda.threadIdx.y] = x[i, j]
    cuda.syncthreads()
    a = cuda.blockIdx.y * 16 + cuda.threadIdx.x
    b = cuda.blockIdx.x * 16 + cuda.threadIdx.y
    if a < out.shape[0] and b < out.shape[1]:
        out[a, b] = tile[cuda.threadIdx.y, cuda.threadIdx.x]


@pytest.mark.parametrize("backend", BACKENDS)
def test_tiles(backend):
    x = np.arange(40 * 23, dtype=np.int32).reshape(40, 23)
    out = np.zeros((23, 40), np.int32)
    assert run(transposed, (3, 2), (16, 16), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, x.T)


# --- control flow around barriers ---


def nested(trips, x, out):
    tile = cuda.shared.array(64, int64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    total = 0
    for i in range(trips[0]):
        for j in range(i):
            cuda.syncthreads()
            total += tile[(t + j + 1) % cuda.blockDim.x]
            cuda.syncthreads()
            tile[t] = total + i
        if i % 2 == 1:
            cuda.syncthreads()
            total -= tile[(t + 3) % cuda.blockDim.x]
            cuda.syncthreads()
            tile[t] += 1
        else:
            total += 1
    out[t] = total


@pytest.mark.parametrize("threads", [1, 7, 32, 33, 64])
@pytest.mark.parametrize("trips", [0, 1, 5])
@pytest.mark.parametrize("backend", BACKENDS)
def test_barriers_in_nested_loops(threads, trips, backend):
    x = np.random.default_rng(5).integers(0, 100, threads)
    tile, total = x.copy(), np.zeros(threads, np.int64)
    for i in range(trips):
        for j in range(i):
            total += np.roll(tile, -(j + 1))
            tile = total + i
        if i % 2 == 1:
            total -= np.roll(tile, -3)
            tile = tile + 1
        else:
            total += 1
    out = np.zeros(threads, np.int64)
    assert run(nested, (1,), (threads,), np.array([trips]), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, total)


def some_return(x, out):
    tile = cuda.shared.array(128, int64)
    t = cuda.threadIdx.x
    if x[t] < 0:
        out[t] = -1
        return
    tile[t] = x[t]
    cuda.syncthreads()
    if x[t] == 0:
        return
    n = 0
    for i in range(cuda.blockDim.x):
        if x[i] > 0:
            n += tile[i]
    cuda.syncthreads()
    out[t] = n


@pytest.mark.parametrize("threads", [1, 31, 33, 128])
@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_that_return_before_a_barrier(threads, backend):
    x = np.random.default_rng(threads).integers(-3, 6, threads)
    out = np.full(threads, 77)
    assert run(some_return, (1,), (threads,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, np.where(x < 0, -1, np.where(x == 0, 77, x[x > 0].sum())))


def settle(x, laps):
    """Bubbles until nothing changes, which a flag in shared memory tells."""
    changed = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    changed[0] = 1
    cuda.syncthreads()
    while changed[0]:
        cuda.syncthreads()
        if t == 0:
            changed[0] = 0
        cuda.syncthreads()
        for odd in range(2):
            i = 2 * t + odd
            if i + 1 < x.size and x[i] > x[i + 1]:
                a = x[i]
                x[i] = x[i + 1]
                x[i + 1] = a
                changed[0] = 1
            cuda.syncthreads()
        laps[t] += 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_until_nothing_changes(backend):
    x = np.random.default_rng(3).permutation(90)
    laps = np.zeros(45, np.int64)
    assert run(settle, (1,), (45,), x, laps, backend=backend) is None
    np.testing.assert_array_equal(x, np.arange(90))
    assert len(set(laps)) == 1 and laps[0] > 1


def leave_at_laps(x, out):
    tile = cuda.shared.array(64, int64)
    t = cuda.threadIdx.x
    tile[t] = t
    lap = 0
    while True:
        cuda.syncthreads()
        if lap >= x[t]:
            break
        tile[t] += 1
        lap += 1
    out[t] = tile[t] * 100 + lap


@pytest.mark.parametrize("backend", BACKENDS)
def test_lanes_that_leave_a_loop_and_fall_off_the_end(backend):
    x = np.random.default_rng(9).integers(0, 9, 50)
    out = np.zeros(50, np.int64)
    assert run(leave_at_laps, (1,), (50,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, (np.arange(50) + x) * 100 + x)


def uniform_return(stop, x, out):
    tile = cuda.shared.array(64, int64)
    t = cuda.threadIdx.x
    seen = 5
    for i in range(10):
        tile[t] = x[t] + i
        if i == stop[0]:
            out[t] = seen
            return
        cuda.syncthreads()
        seen = tile[(t + 1) % cuda.blockDim.x]
        cuda.syncthreads()
        if i == stop[1]:
            break
    out[t] = -seen


@pytest.mark.parametrize("stop", [(0, 9), (3, 9), (9, 2), (20, 20)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_slots_keep_their_values_where_all_leave_together(stop, backend):
    x = np.arange(33) * 1000
    expected = np.full(33, 5)
    for i in range(10):
        if i == stop[0]:
            break
        expected = np.roll(x, -1) + i
        if i == stop[1]:
            break
    expected = expected if stop[0] <= min(stop[1], 9) else -expected
    out = np.zeros(33, np.int64)
    assert run(uniform_return, (1,), (33,), np.array(stop), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, expected)


def neighbour_of(tile, t):
    cuda.syncthreads()
    value = tile[(t + 1) % cuda.blockDim.x]
    cuda.syncthreads()
    return value


neighbour = cuda.jit(device=True)(neighbour_of)


def in_functions(x, out):
    tile = cuda.shared.array(64, int64)
    t = cuda.threadIdx.x
    tile[t] = x[t]
    a = neighbour(tile, t)
    tile[t] = 10 * a
    out[t] = neighbour(tile, t) + a


@pytest.mark.parametrize("backend", BACKENDS)
def test_barriers_in_device_functions(backend):
    x, out = np.arange(1, 41), np.zeros(40, np.int64)
    assert run(in_functions, (1,), (40,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, 10 * np.roll(x, -2) + np.roll(x, -1))


def counting(x, out):
    t = cuda.threadIdx.x
    if t == 50:
        return
    out[0, t] = cuda.syncthreads_count(x[t])
    out[1, t] = cuda.syncthreads_and(x[t] >= 0)
    out[2, t] = cuda.syncthreads_or(x[t] > 8)


@pytest.mark.parametrize("threads", [1, 32, 45, 64, 70])
@pytest.mark.parametrize("backend", BACKENDS)
def test_barriers_that_reduce(threads, backend):
    for low, high in [(0, 3), (-5, 20), (0, 10)]:
        x = np.random.default_rng(threads).integers(low, high, threads).astype(np.int32)
        out = np.zeros((3, threads), np.int32)
        assert run(counting, (1,), (threads,), x, out, backend=backend) is None
        here = np.arange(threads) != 50
        expected = np.array([np.count_nonzero(x[here]), (x[here] >= 0).all(), (x[here] > 8).any()])
        np.testing.assert_array_equal(out, expected[:, None] * here)


# --- threads that cannot meet ---


def split(out):
    t = cuda.threadIdx.x
    if t < 20:
        cuda.syncthreads()  # first
        out[t] = 1
    else:
        cuda.syncthreads()  # second
        out[t] = 2


def uneven(out):
    t = cuda.threadIdx.x
    for i in range(t // 40 + 1):
        cuda.syncthreads()  # first
        out[t] += i
    cuda.syncthreads()  # second


@pytest.mark.parametrize("function", [split, uneven])
@pytest.mark.parametrize("backend", BACKENDS)
def test_divergent_barriers(function, backend):
    kind, block, thread, line, _ = run(function, (2,), (64,), np.zeros(64, np.int64), backend=backend)
    assert (kind, block) == ("barrier", 0)
    assert thread in ((20,) if function is split else (0, 40))
    first = function.__code__.co_firstlineno
    assert line - first in (3, 4, 5, 6)


@pytest.mark.cpu
def test_divergent_barrier_names_both_lines():
    kernel = cuda.jit(split)
    first = split.__code__.co_firstlineno
    with pytest.raises(errors.DivergentBarrier, match="not all threads of its block") as caught:
        kernel[3, 64](np.zeros(64, np.int64))
    assert (caught.value.lineno, caught.value.other_lineno) == (first + 6, first + 3)
    assert (caught.value.block, caught.value.thread) == ((0, 0, 0), (20, 0, 0))
    out = np.zeros(16, np.int64)
    kernel[1, 16](out)
    np.testing.assert_array_equal(out, 1)


def one_fails(x, out):
    tile = cuda.shared.array(128, int64)
    t = cuda.threadIdx.x
    tile[t] = x[t + (t == 70) * 1000]
    cuda.syncthreads()
    out[t] = tile[127 - t]


def test_a_warp_that_fails_does_not_hold_up_the_others():
    x, out = np.arange(128), np.full(128, -5)
    with pytest.raises(errors.KernelIndexError) as caught:
        cuda.jit(one_fails)[1, 128](x, out)
    assert caught.value.thread == (70, 0, 0)
    # Warp 2 is gone (on a GPU only its thread), the others have met without it.
    np.testing.assert_array_equal(out[:32], 127 - np.arange(32))
    np.testing.assert_array_equal(out[64:96] == -5, np.full(32, True) if not cuda.is_gpu() else np.arange(64, 96) == 70)
    np.testing.assert_array_equal(out[96:], 127 - np.arange(96, 128))


# --- memory ---


def dynamic(x, out):
    floats = cuda.shared.array(0, float32)
    ints = cuda.shared.array(shape=0, dtype="int32")
    t = cuda.threadIdx.x
    floats[t] = x[t]
    cuda.syncthreads()
    out[t, 0] = floats[cuda.blockDim.x - 1 - t]
    out[t, 1] = ints[t]
    out[t, 2] = floats.size
    out[t, 3] = ints.shape[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_dynamic_shared_memory(backend):
    x, out = np.arange(40, dtype=np.float32), np.zeros((40, 4))
    assert run(dynamic, (1,), (40,), x, out, shared=167, backend=backend) is None
    expected = np.stack([x[::-1], x.view(np.int32), np.full(40, 41), np.full(40, 41)], 1)
    np.testing.assert_array_equal(out, expected)
    out = np.zeros((40, 4))
    fault = run(dynamic, (1,), (40,), x, out, shared=30 * 4, backend=backend)
    assert fault is not None and fault[0] == "index"


def test_dynamic_shared_memory_of_a_launch():
    x, out = np.arange(40, dtype=np.float32), np.zeros((40, 4))
    kernel = cuda.jit(dynamic)
    kernel[1, 40, 0, 160](x, out)
    np.testing.assert_array_equal(out[:, 0], x[::-1])
    with pytest.raises(errors.KernelIndexError, match="shared array"):
        kernel[1, 40](x, out)
    with pytest.raises(errors.LaunchError, match="bytes of dynamic shared memory"):
        kernel[1, 40, 0, -1]
    with pytest.raises(errors.LaunchError, match="bytes of dynamic shared memory"):
        kernel[1, 40, 0, 1 << 40]


def own_arrays(x, out):
    mine = cuda.local.array((3, 4), int64)
    z = cuda.local.array(5, np.complex128)
    i = cuda.grid(1)
    if i < x.size:
        for k in range(12):
            mine[k // 4, k % 4] = x[i] * k
        for k in range(5):
            z[k] = complex(x[i], k)
        total = 0
        for k in range(x[i] % 12, 12):
            total += mine[k // 4, k % 4]
        out[i] = total + mine[x[i] % 3, -1] + int(z[x[i] % 5].imag) * 1000 + int(z[2].real)


@pytest.mark.parametrize("backend", BACKENDS)
def test_local_arrays(backend):
    x = np.random.default_rng(0).integers(0, 100, 150)
    out = np.zeros(150, np.int64)
    assert run(own_arrays, (4,), (50,), x, out, backend=backend) is None
    expected = [sum(v * k for k in range(v % 12, 12)) + v * ((v % 3) * 4 + 3) + v % 5 * 1000 + v for v in x.tolist()]
    np.testing.assert_array_equal(out, expected)


def own_across_barriers(x, out):
    mine = cuda.local.array(8, float64)
    tile = cuda.shared.array(96, float64)
    t = cuda.threadIdx.x
    for k in range(8):
        mine[k] = t * 10 + k
    for k in range(8):
        tile[t] = mine[k]
        cuda.syncthreads()
        mine[k] = tile[(t + k) % cuda.blockDim.x]
        cuda.syncthreads()
    for k in range(8):
        out[t, k] = mine[k] + x[t]


@pytest.mark.parametrize("threads", [1, 40, 96])
@pytest.mark.parametrize("backend", BACKENDS)
def test_local_arrays_across_barriers(threads, backend):
    x, out = np.arange(threads) / 4, np.zeros((threads, 8))
    assert run(own_across_barriers, (1,), (threads,), x, out, backend=backend) is None
    t, k = np.arange(threads)[:, None], np.arange(8)
    np.testing.assert_array_equal(out, (t + k) % threads * 10 + k + x[:, None])


def typed(out):
    a = cuda.shared.array(40, np.uint8)
    b = cuda.shared.array(40, np.float32)
    c = cuda.shared.array(40, np.complex64)
    d = cuda.shared.array(40, np.bool_)
    e = cuda.shared.array(40, out.dtype)
    t = cuda.threadIdx.x
    a[t] = t + 250
    b[t] = t / 3
    c[t] = complex(t, -t)
    d[t] = t % 3 == 0
    e[t] = t
    cuda.syncthreads()
    s = cuda.blockDim.x - 1 - t
    out[t] = a[s] + b[s] + c[s].imag + d[s] + e[s]


@pytest.mark.parametrize("backend", BACKENDS)
def test_element_types(backend):
    out = np.zeros(40)
    assert run(typed, (1,), (40,), out, backend=backend) is None
    s = np.arange(40)[::-1]
    expected = ((s + 250) % 256) + (s / 3).astype(np.float32) - s + (s % 3 == 0) + s
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_many_blocks_over_the_cores():
    x = np.random.default_rng(0).integers(-9, 9, 500 * 192).astype(np.float64)
    out = np.zeros(500)
    cuda.jit(block_sum)[500, 192](x, out)
    np.testing.assert_array_equal(out, x.reshape(500, 192).sum(1))


# --- what is refused ---


def test_shapes_that_are_refused():
    n = 3

    def by_argument(x):
        cuda.shared.array(x.size, float32)

    def negative(x):
        cuda.local.array(-n, float32)

    def empty_local(x):
        cuda.local.array(0, float32)

    def of_nothing(x):
        cuda.shared.array(n, "float37")

    x = np.zeros(4)
    with pytest.raises(errors.TypingError, match="must be a constant") as caught:
        cuda.jit(by_argument)[1, 1](x)
    assert "kernel[grid, block, stream, bytes]" in str(caught.value)
    for function, text in [(negative, "extent -3"), (empty_local, "extent 0"), (of_nothing, "must be the name of a scalar type")]:
        with pytest.raises(errors.TypingError, match=text):
            cuda.jit(function)[1, 1](x)
