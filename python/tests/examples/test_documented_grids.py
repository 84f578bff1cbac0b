"""More of Numba's documented kernels, in their form, written anew: whole grids that wait, ufuncs, globals, random numbers."""

import numpy as np
import pytest

from verdigris import cuda, int32
from verdigris.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float32

# --- heat in a rod, all steps in one launch ---


@cuda.jit
def warm(now, then, steps, k):
    i = cuda.grid(1)
    if i >= now.size:
        return
    grid = cuda.cg.this_grid()
    for step in range(steps):
        data, new = (now, then) if step % 2 == 0 else (then, now)
        left = data[i - 1] if i > 0 else data[i]
        right = data[i + 1] if i < data.size - 1 else data[i]
        new[i] = data[i] + k * (left - 2 * data[i] + right)
        grid.sync()


def test_heat():
    n, steps = 1001, 100
    now = np.zeros(n)
    now[n // 2] = 1e4
    right = now.copy()
    a, b = cuda.to_device(now), cuda.device_array_like(now)
    warm.forall(n)(a, b, steps, 0.25)
    for _ in range(steps):
        padded = np.concatenate([right[:1], right, right[-1:]])
        right = right + 0.25 * (padded[:-2] - 2 * right + padded[2:])
    got = a.copy_to_host()
    np.testing.assert_allclose(got, right, rtol=1e-12)
    assert got.sum() == pytest.approx(1e4)


# --- rows one after another ---

SIGNATURE = (int32[:, ::1],)


@cuda.jit(SIGNATURE)
def rows_one_by_one(table):
    column = cuda.grid(1)
    everyone = cuda.cg.this_grid()
    rows, columns = table.shape
    for row in range(1, rows):
        table[row, column] = table[row - 1, columns - column - 1] + 1
        everyone.sync()


def test_rows_one_by_one():
    table = np.zeros((256, 256), np.int32)
    block = 32
    blocks = table.shape[1] // block
    assert rows_one_by_one.overloads[SIGNATURE].max_cooperative_grid_blocks(block) >= blocks
    rows_one_by_one[blocks, block](table)
    np.testing.assert_array_equal(table, np.repeat(np.arange(256, dtype=np.int32)[:, None], 256, 1))


# --- clicks to sessions ---

TIMEOUT = np.int64(np.timedelta64(3600, "s"))


@cuda.jit
def sessions_of(user, time, session):
    i = cuda.grid(1)
    size = len(user)
    if i >= size:
        return
    begins = True
    if i > 0:
        begins = user[i] != user[i - 1] or time[i] - time[i - 1] > TIMEOUT
    if begins:
        session[i] = i
    grid = cuda.cg.this_grid()
    grid.sync()
    if begins:
        look = i + 1
        while look < size and session[look] == 0:
            session[look] = i
            look += 1


def test_sessions():
    rng = np.random.default_rng(1)
    user = np.sort(rng.integers(0, 40, 700))
    time = np.empty(700, np.int64)
    for u in np.unique(user):
        time[user == u] = np.cumsum(rng.choice([5, 100, 3000, 4000, 9000], (user == u).sum()))
    session = cuda.to_device(np.zeros(700))
    sessions_of.forall(700)(cuda.to_device(user), cuda.to_device(time), session)
    new = np.ones(700, bool)
    new[1:] = (user[1:] != user[:-1]) | (np.diff(time) > 3600)
    np.testing.assert_array_equal(session.copy_to_host(), np.maximum.accumulate(np.where(new, np.arange(700), 0)))


# --- a ufunc in a kernel ---


@cuda.jit
def sines(out, x):
    np.sin(x, out)


def test_a_ufunc_in_a_kernel():
    x = np.arange(10, dtype=np.float32) - 5
    out = np.zeros_like(x)
    sines[1, 1](out, x)
    np.testing.assert_allclose(out, np.sin(x), rtol=2e-7)


# --- global constants ---

PRICES = np.array([1.5, 2.25, 0.75])
RATE, SHIFT = 1.2, (3, -1)


@cuda.jit
def priced(kind, out):
    i = cuda.grid(1)
    if i < kind.size:
        out[i] = PRICES[kind[i]] * RATE + SHIFT[i % 2]


def test_globals_are_constants():
    kind = np.random.default_rng(2).integers(0, 3, 100)
    out = np.zeros(100)
    priced[4, 32](kind, out)
    expected = PRICES[kind] * RATE + np.tile(SHIFT, 50)
    np.testing.assert_allclose(out, expected, rtol=1e-15)
    PRICES[:] = 0
    priced[4, 32](kind, out)
    np.testing.assert_allclose(out, expected, rtol=1e-15)
    PRICES[:] = [1.5, 2.25, 0.75]


# --- random numbers: pi from points in a square ---


@cuda.jit
def estimate(states, laps, out):
    i = cuda.grid(1)
    inside = 0
    for _ in range(laps):
        x = xoroshiro128p_uniform_float32(states, i)
        y = xoroshiro128p_uniform_float32(states, i)
        if x**2 + y**2 <= 1.0:
            inside += 1
    out[i] = 4.0 * inside / laps


def test_pi_from_points():
    threads, blocks, laps = 64, 24, 2000
    states = create_xoroshiro128p_states(threads * blocks, seed=1)
    out = np.zeros(threads * blocks, dtype=np.float32)
    estimate[blocks, threads](states, laps, out)
    # A standard deviation of the mean is 1.64 / sqrt(points).
    assert abs(out.mean() - np.pi) < 5 * 1.64 / np.sqrt(threads * blocks * laps)
    assert out.std() == pytest.approx(1.64 / np.sqrt(laps), rel=0.1)
