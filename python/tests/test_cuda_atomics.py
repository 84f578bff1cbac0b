"""Atomic operations, on every backend and from all cores, against plain Python loops and NumPy."""

import numpy as np
import pytest
from test_cuda_blocks import BACKENDS, run

from verdigris import cuda, errors, float64, int32

INTEGERS = [np.int32, np.uint32, np.int64, np.uint64]
NUMBERS = [*INTEGERS, np.float32, np.float64]


def add(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.add(out, at[i], x[i])


def sub(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.sub(out, at[i], x[i])


def and_(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.and_(out, at[i], x[i])


def or_(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.or_(out, at[i], x[i])


def xor(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.xor(out, at[i], x[i])


def inc(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.inc(out, at[i], x[i])


def dec(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.dec(out, at[i], x[i])


def exch(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.exch(out, at[i], x[i])


def max_(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.max(out, at[i], x[i])


def min_(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.min(out, at[i], x[i])


def nanmax(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.nanmax(out, at[i], x[i])


def nanmin(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.nanmin(out, at[i], x[i])


def cas(x, at, out, old):
    i = cuda.grid(1)
    if i < x.size:
        old[i] = cuda.atomic.cas(out, at[i], x[x.size - 1 - i], x[i])


def expected_step(name, old, value, other):
    """What one operation stores, in NumPy's own arithmetic."""
    with np.errstate(all="ignore"):
        match name:
            case "add":
                return old + value
            case "sub":
                return old - value
            case "and_":
                return old & value
            case "or_":
                return old | value
            case "xor":
                return old ^ value
            case "inc":
                return type(old)(0) if old >= value else old + type(old)(1)
            case "dec":
                return value if old == 0 or old > value else old - type(old)(1)
            case "exch":
                return value
            case "max_":
                return value if value > old else old
            case "min_":
                return value if value < old else old
            case "nanmax":
                return np.fmax(old, value)
            case "nanmin":
                return np.fmin(old, value)
            case "cas":
                return value if old.tobytes() == other.tobytes() else old


OPERATIONS = [
    *[(f, t) for f in (add, sub, exch, max_, min_, nanmax, nanmin, cas) for t in NUMBERS],
    *[(f, t) for f in (and_, or_, xor) for t in INTEGERS],
    *[(f, t) for f in (inc, dec) for t in (np.uint32, np.uint64)],
]


@pytest.mark.parametrize(("function", "dtype"), OPERATIONS, ids=lambda v: v.__name__)
@pytest.mark.parametrize("bins", [1, 5])
def test_threads_act_in_order(function, dtype, bins):
    """Lanes act in ascending order, and so do warps of one block: old values and results are those of a loop."""
    rng = np.random.default_rng(bins)
    n = 70
    x = rng.integers(0, 9, n).astype(dtype)
    if np.dtype(dtype).kind == "f" and function in (max_, min_, nanmax, nanmin):
        x[rng.integers(0, n, 6)] = np.nan
    at = rng.integers(-bins, bins, n)
    start = rng.integers(0, 9, bins).astype(dtype)
    right, right_old = start.copy(), np.zeros(n, dtype)
    for i in range(n):
        right_old[i] = right[at[i]]
        right[at[i]] = expected_step(function.__name__, right[at[i]], x[i], x[n - 1 - i])
    for backend in BACKENDS:
        out, old = start.copy(), np.zeros(n, dtype)
        assert run(function, (1,), (n,), x, at, out, old, backend=backend) is None
        np.testing.assert_array_equal(old, right_old, err_msg=backend)
        np.testing.assert_array_equal(out, right, err_msg=backend)


def test_nothing_is_lost_between_cores():
    @cuda.jit
    def count(counters, floats, histogram, x):
        i = cuda.grid(1)
        cuda.atomic.add(counters, 0, 1)
        cuda.atomic.sub(counters, 1, 1)
        cuda.atomic.xor(counters, 2, i)
        cuda.atomic.max(counters, 3, i)
        cuda.atomic.add(floats, 0, 0.5)
        cuda.atomic.add(histogram, (x[i] // 8, x[i] % 8), 1)

    n = 1 << 18
    x = np.random.default_rng(0).integers(0, 64, n)
    counters, floats, histogram = np.zeros(4, np.int64), np.zeros(1), np.zeros((8, 8), np.int32)
    count[n // 256, 256](counters, floats, histogram, x)
    assert counters.tolist() == [n, -n, np.bitwise_xor.reduce(np.arange(n)), n - 1]
    assert floats[0] == n / 2
    np.testing.assert_array_equal(histogram.ravel(), np.bincount(x, minlength=64))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64])
def test_no_operation_loses_anything_between_cores(dtype):
    """Every operation on one number, from all cores at once: what is left is what any order leaves."""

    @cuda.jit
    def hammer(x, out):
        i = cuda.grid(1)
        cuda.atomic.add(out, 0, x[i])
        cuda.atomic.sub(out, 1, x[i])
        cuda.atomic.min(out, 2, x[i])
        cuda.atomic.max(out, 3, x[i])
        cuda.atomic.nanmin(out, 4, x[i])
        cuda.atomic.nanmax(out, 5, x[i])
        old = out[6]
        while True:
            seen = cuda.atomic.cas(out, 6, old, old + x[i])
            if seen == old:
                break
            old = seen

    @cuda.jit
    def bits(x, out):
        i = cuda.grid(1)
        cuda.atomic.and_(out, 0, ~(x[i] & 0xFF0))
        cuda.atomic.or_(out, 1, x[i])
        cuda.atomic.xor(out, 2, x[i])

    @cuda.jit
    def around(out, last):
        cuda.atomic.inc(out, 0, last)
        cuda.atomic.dec(out, 1, last)

    n = 1 << 15
    x = np.random.default_rng(4).integers(1, 100, n).astype(dtype)
    out = np.zeros(7, dtype)
    out[2] = out[4] = 1000
    hammer[n // 64, 64](x, out)
    total = x.sum(dtype=dtype)
    assert out.tolist() == [
        total,
        -np.array([total])[0] if out.dtype.kind != "u" else (1 << 8 * out.itemsize) - int(total),
        x.min(),
        x.max(),
        x.min(),
        x.max(),
        total,
    ]
    if out.dtype.kind in "iu":
        x = np.random.default_rng(5).integers(0, 1 << 30, n).astype(dtype)
        left = np.array([-1 if out.dtype.kind == "i" else np.iinfo(dtype).max, 0, 0], dtype)
        bits[n // 64, 64](x, left)
        expected = [np.bitwise_and.reduce(~(x & dtype(0xFF0))), np.bitwise_or.reduce(x), np.bitwise_xor.reduce(x)]
        assert left.tolist() == [int(v) for v in expected]
    if out.dtype.kind == "u":
        left = np.zeros(2, dtype)
        around[n // 64, 64](left, dtype(999))
        assert left.tolist() == [n % 1000, (1000 - n % 1000) % 1000]


def test_every_old_value_is_seen_once():
    """What one thread took another cannot have: of all old values and the last one, each that was put in came out."""

    @cuda.jit
    def take(x, last, old):
        i = cuda.grid(1)
        old[i] = cuda.atomic.exch(last, 0, x[i])

    n = 1 << 16
    x, last, old = np.arange(1, n + 1), np.zeros(1, np.int64), np.zeros(n, np.int64)
    take[n // 64, 64](x, last, old)
    np.testing.assert_array_equal(np.sort([*old, last[0]]), np.arange(n + 1))


def test_a_ticket_for_every_thread():
    @cuda.jit
    def tickets(counter, out):
        out[cuda.grid(1)] = cuda.atomic.inc(counter, 0, np.uint32(0xFFFFFFFF))

    counter, out = np.zeros(1, np.uint32), np.zeros(1 << 16, np.uint32)
    tickets[1 << 8, 1 << 8](counter, out)
    np.testing.assert_array_equal(np.sort(out), np.arange(1 << 16))


def in_shared(x, out):
    bins = cuda.shared.array(16, int32)
    t = cuda.threadIdx.x
    if t < 16:
        bins[t] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < x.size:
        cuda.atomic.add(bins, x[i], 1)
    cuda.syncthreads()
    if t < 16:
        cuda.atomic.add(out, t, bins[t])


@pytest.mark.parametrize("backend", BACKENDS)
def test_histogram_in_shared_memory(backend):
    x = np.random.default_rng(2).integers(0, 16, 1000)
    out = np.zeros(16, np.int64)
    assert run(in_shared, (5,), (200,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, np.bincount(x, minlength=16))


def of_first(out):
    cuda.atomic.compare_and_swap(out, 7, cuda.threadIdx.x)


def test_compare_and_swap():
    out = np.array([7, 7])
    cuda.jit(of_first)[1, 4](out)
    assert out.tolist() == [0, 7]


def test_indexes_are_checked():
    @cuda.jit
    def outside(out):
        cuda.atomic.add(out, cuda.threadIdx.x, 1)

    out = np.zeros(40, np.int64)
    with pytest.raises(errors.KernelIndexError) as caught:
        outside[1, 64](out)
    assert (caught.value.thread, caught.value.index) == ((40, 0, 0), 40)


def test_what_is_refused():
    def small(out):
        cuda.atomic.add(out, 0, 1)

    def signed(out):
        cuda.atomic.inc(out, 0, 1)

    def floats(out):
        cuda.atomic.and_(out, 0, 1)

    def indexes(out):
        cuda.atomic.add(out, (0, 0), 1)

    def number(out):
        cuda.atomic.add(out[0], 0, 1)

    cases = [
        (small, np.zeros(1, np.int16), "not defined for elements of int16"),
        (signed, np.zeros(1, np.int32), "not defined for elements of int32"),
        (floats, np.zeros(1), "not defined for elements of float64"),
        (indexes, np.zeros(1), "2 indexes for an array of 1 dimension"),
        (number, np.zeros(1), "works on an element of an array, not on float64"),
    ]
    for function, out, text in cases:
        with pytest.raises(errors.TypingError, match=text):
            cuda.jit(function)[1, 1](out)


def one_lock(out, lock):
    """Each thread in turn, by a lock that it holds within one lap."""
    mine = cuda.local.array(1, float64)
    mine[0] = cuda.grid(1)
    done = False
    while not done:
        if cuda.atomic.cas(lock, 0, 0, 1) == 0:
            out[0] += mine[0]
            cuda.threadfence()
            cuda.atomic.exch(lock, 0, 0)
            done = True


def test_a_lock_released_in_the_lap_that_took_it():
    out, lock = np.zeros(1), np.zeros(1, np.int32)
    cuda.jit(one_lock)[40, 50](out, lock)
    assert out[0] == sum(range(2000))
