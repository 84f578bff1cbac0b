"""Barriers of the whole grid: against NumPy on every backend, and as launches."""

import numpy as np
import pytest
from test_cuda_blocks import BACKENDS, run

from verdigris import cuda, errors, float64, int32, types
from verdigris.cuda import cg

# --- what is computed ---


def rows_in_sequence(matrix):
    """Each row follows from the one before it, read backwards, so that no thread computes what it reads."""
    column = cuda.grid(1)
    grid = cuda.cg.this_grid()
    rows, columns = matrix.shape
    for row in range(1, rows):
        if column < columns:
            matrix[row, column] = matrix[row - 1, columns - column - 1] + 1
        grid.sync()


@pytest.mark.parametrize("threads", [(1, 8), (7, 3), (32, 4), (33, 3), (64, 5)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_in_sequence(threads, backend):
    block, blocks = threads
    matrix = np.zeros((9, block * blocks), np.int32)
    matrix[0] = np.arange(block * blocks)
    expected = matrix.copy()
    for row in range(1, 9):
        expected[row] = expected[row - 1, ::-1] + 1
    assert run(rows_in_sequence, (blocks,), (block,), matrix, backend=backend) is None
    np.testing.assert_array_equal(matrix, expected)


def total_of_totals(x, partial, out):
    """Sums by block, then over blocks; the barrier of the grid stands among those of blocks, whose counts are used behind it."""
    tile = cuda.shared.array(64, float64)
    mine = cuda.local.array(2, float64)
    t, b = cuda.threadIdx.x, cuda.blockIdx.x
    tile[t] = x[b * cuda.blockDim.x + t]
    mine[0] = tile[t]
    above = cuda.syncthreads_count(tile[t] > 0)
    if t == 0:
        total = 0.0
        for i in range(cuda.blockDim.x):
            total += tile[i]
        partial[b] = total
    kept = 1000 * b + t
    cg.this_grid().sync()
    # What each block has of its own is as it was.
    mine[1] = tile[t] - mine[0]
    total = 0.0
    for i in range(cuda.gridDim.x):
        total += partial[i]
    out[b, t, 0] = total + mine[1]
    out[b, t, 1] = above
    out[b, t, 2] = kept + cuda.syncthreads_count(t % 2 == 0)


@pytest.mark.parametrize("threads", [5, 32, 40, 64])
@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_of_a_block_lasts(threads, backend):
    x = np.random.default_rng(threads).integers(-50, 50, 6 * threads).astype(np.float64)
    out = np.zeros((6, threads, 3))
    assert run(total_of_totals, (6,), (threads,), x, np.zeros(6), out, backend=backend) is None
    np.testing.assert_array_equal(out[..., 0], x.sum())
    np.testing.assert_array_equal(out[..., 1], np.broadcast_to((x.reshape(6, threads) > 0).sum(1)[:, None], (6, threads)))
    expected = 1000 * np.arange(6)[:, None] + np.arange(threads) + (threads + 1) // 2
    np.testing.assert_array_equal(out[..., 2], expected)


def jumps(successor, other, changed, laps):
    """Pointer jumping until nothing changes: a loop of which the number of laps is data."""
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    lap = 0
    while True:
        if i < successor.size:
            other[i] = successor[successor[i]]
        if i == 0:
            changed[0] = 0
        grid.sync()
        if i < successor.size:
            if other[i] != successor[i]:
                cuda.atomic.max(changed, 0, 1)
            successor[i] = other[i]
        grid.sync()
        lap += 1
        if changed[0] == 0:
            break
        grid.sync()
    if i == 0:
        laps[0] = lap


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_until_nothing_changes(backend):
    n = 150
    successor = np.maximum(np.arange(n) - 1, 0)
    laps = np.zeros(1, np.int64)
    assert run(jumps, (5,), (33,), successor, np.zeros(n, np.int64), np.zeros(1, np.int64), laps, backend=backend) is None
    np.testing.assert_array_equal(successor, 0)
    assert laps[0] == 9


def some_return(x, out):
    i = cuda.grid(1)
    if cuda.blockIdx.x % 2 == 1 or i % 5 == 4:
        return
    x[i] = i
    cuda.cg.this_grid().sync()
    out[i] = x[x.size - 1 - i]


@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_that_return_are_not_waited_for(backend):
    x, out = np.zeros(200, np.int64), np.full(200, -1)
    assert run(some_return, (5,), (40,), x, out, backend=backend) is None
    i = np.arange(200)
    there = (i // 40 % 2 == 0) & (i % 5 != 4)
    np.testing.assert_array_equal(out, np.where(there, np.where(there, i, 0)[::-1], -1))


def two_places(out):
    grid = cuda.cg.this_grid()
    if cuda.blockIdx.x < 2:
        grid.sync()  # first
        out[cuda.grid(1)] = 1
    else:
        grid.sync()  # second
        out[cuda.grid(1)] = 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_blocks_that_cannot_meet(backend):
    kind, _, _, line, _ = run(two_places, (4,), (32,), np.zeros(128, np.int64), backend=backend)
    assert (kind, line - two_places.__code__.co_firstlineno) == ("barrier", 6)


# --- launches ---


def test_sequence_of_a_launch():
    kernel = cuda.jit(types.void(int32[:, ::1]))(rows_in_sequence)
    overload = kernel.overloads[(int32[:, ::1],)]
    assert overload.cooperative
    lazy = cuda.jit(rows_in_sequence)
    compiled = lazy.compile((lazy.typeof_pyval(np.zeros((3, 32), np.int32)),))
    assert compiled.signature == overload.signature and compiled.cooperative
    most = overload.max_cooperative_grid_blocks(256)
    assert most > (8 if cuda.is_gpu() else 1000)
    assert overload.max_cooperative_grid_blocks(256, 1 << 20) < most
    for blocks in {1, 3, min(100, most), min(1000, most)}:
        matrix = np.zeros((33, 32 * blocks), np.int32)
        matrix[0] = np.arange(32 * blocks)
        expected = matrix.copy()
        for row in range(1, 33):
            expected[row] = expected[row - 1, ::-1] + 1
        kernel[blocks, 32](matrix)
        np.testing.assert_array_equal(matrix, expected)


def test_a_kernel_that_asks_for_the_grid_is_cooperative():
    @cuda.jit
    def asks(a):
        cuda.cg.this_grid()
        a[0] = 1.0

    @cuda.jit
    def does_not(a):
        a[0] = cuda.grid(1)

    a = np.zeros(1)
    asks[1, 1](a)
    does_not[1, 1](a)
    assert all(o.cooperative for o in asks.overloads.values())
    assert not any(o.cooperative for o in does_not.overloads.values())
    (overload,) = asks.overloads.values()
    assert "store" in str(overload) and repr(overload) == "<kernel asks for (array(float64, 1d, C))>"


def test_the_result_of_sync_and_device_functions():
    @cuda.jit(device=True)
    def meet(group, out, i):
        out[i] = 1
        return group.sync()

    @cuda.jit
    def kernel(out, results):
        group = cuda.cg.this_grid()
        i = cuda.grid(1)
        results[i] = meet(group, out, i)
        results[i] += out[out.size - 1 - i]

    out, results = np.zeros(96, np.int64), np.full(96, -1)
    kernel[3, 32](out, results)
    np.testing.assert_array_equal(results, 1)


def test_too_many_blocks_are_refused(python, tmp_path):
    text = """
import numpy as np
from verdigris import cuda, errors

@cuda.jit
def kernel(out):
    tile = cuda.shared.array(4096, "float64")
    tile[cuda.threadIdx.x] = cuda.grid(1)
    cuda.cg.this_grid().sync()
    out[0] = tile[0]

out = np.zeros(1)
kernel[2, 32](out)
(overload,) = kernel.overloads.values()
most = overload.max_cooperative_grid_blocks(32)
assert most in range(20, 32), most
kernel[most, 32](out)
try:
    kernel[2 * most, 32](out)
except errors.LaunchError as error:
    assert f"a grid of {2 * most} blocks that waits as a whole" in str(error), error
else:
    raise SystemExit("not refused")
"""
    (tmp_path / "many.py").write_text(text)
    done = python(str(tmp_path / "many.py"), VERDIGRIS_GRID_SYNC_MEMORY="1")
    assert done.returncode == 0, done.stderr


@pytest.mark.cpu
def test_faults_of_a_cooperative_launch():
    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        grid = cuda.cg.this_grid()
        if i == 70:
            raise ValueError("seventy")
        out[i] = 1
        grid.sync()
        out[i] += x[0]

    x, out = np.ones(1, np.int64), np.zeros(128, np.int64)
    with pytest.raises(ValueError, match="seventy") as caught:
        kernel[4, 32](x, out)
    assert (caught.value.block, caught.value.thread) == ((2, 0, 0), (6, 0, 0))
    np.testing.assert_array_equal(out, np.where(np.arange(128) == 70, 0, 2))
    kernel[2, 32](x, out)
    with pytest.raises(errors.DivergentBarrier) as caught:
        cuda.jit(two_places)[4, 32](np.zeros(128, np.int64))
    first = two_places.__code__.co_firstlineno
    assert (caught.value.lineno, caught.value.other_lineno) == (first + 6, first + 3)


def test_what_is_refused():
    @cuda.jit
    def outside(a):
        cuda.cg.this_grid().sync(1)

    with pytest.raises(errors.TypingError, match=r"sync\(\) takes no arguments"):
        outside[1, 1](np.zeros(1))

    @cuda.jit
    def stored(a):
        a[0] = cuda.cg.this_grid()

    with pytest.raises(errors.TypingError, match="the grid's group"):
        stored[1, 1](np.zeros(1))
    with pytest.raises(errors.UnsupportedError, match="exists only inside a kernel"):
        cuda.cg.this_grid()


# --- sessions: the example of threads that mark beginnings, wait for all others that do, and fill in what follows ---

TIMEOUT = np.int64(np.timedelta64(3600, "s"))


@cuda.jit
def sessionize(user, time, results):
    i = cuda.grid(1)
    size = len(user)
    if i >= size:
        return
    begins = i == 0
    if not begins:
        begins = user[i] != user[i - 1] or time[i] - time[i - 1] > TIMEOUT
    if begins:
        results[i] = i
        grid = cuda.cg.this_grid()
        grid.sync()
        ahead = 1
        while i + ahead < size and results[i + ahead] < 0:
            results[i + ahead] = i
            ahead += 1


def test_sessionize():
    rng = np.random.default_rng(7)
    n = 1000
    user, time = rng.integers(0, 40, n), rng.integers(0, 400_000, n)
    order = np.lexsort((time, user))
    user, time = user[order], time[order]
    results = np.full(n, -1, np.int64)
    sessionize[(n + 127) // 128, 128](user, time, results)
    begins = np.concatenate([[True], (np.diff(user) != 0) | (np.diff(time) > TIMEOUT)])
    assert 100 < begins.sum() < 900
    np.testing.assert_array_equal(results, np.maximum.accumulate(np.where(begins, np.arange(n), 0)))
