"""Threads that wait for each other in loops: an error where none can go on, and results where they can."""

import inspect
import time

import numpy as np
import pytest

from verdigris import cuda, errors, int64


def line_of(function, marked):
    """The line of a function that holds a text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(n for n, line in enumerate(lines) if marked in line)


def lock_released_behind_the_loop(lock, count):
    while cuda.atomic.cas(lock, 0, 0, 1) != 0:  # here
        pass
    count[0] += 1
    cuda.threadfence()
    cuda.atomic.exch(lock, 0, 0)


def flag_of_a_later_warp(flag, out):
    t = cuda.threadIdx.x
    if t == 0:
        while cuda.atomic.add(flag, 0, 0) == 0:  # here
            pass
        out[0] = 1
    elif t == 40:
        cuda.atomic.exch(flag, 0, 1)


def flag_in_plain_memory(flag, out):
    t = cuda.threadIdx.x
    if t == 0:
        while flag[0] == 0:  # here
            cuda.threadfence()
        out[0] = 1
    elif t == 40:
        flag[0] = 1


def a_higher_block(flags, out):
    b = cuda.blockIdx.x
    if b + 1 < cuda.gridDim.x:
        while True:
            seen = cuda.atomic.max(flags, b + 1, 0)
            if seen != 0:  # here
                break
    out[b] = 1
    cuda.atomic.exch(flags, b, 1)


@pytest.mark.parametrize(
    "function, grid, block",
    [
        (lock_released_behind_the_loop, 1, 32),
        (lock_released_behind_the_loop, 64, 32),
        (flag_of_a_later_warp, 1, 64),
        (flag_in_plain_memory, 1, 64),
        (a_higher_block, 100, 1),
        (a_higher_block, 100, 32),
    ],
)
def test_deadlocks(function, grid, block):
    kernel = cuda.jit(function)
    kernel.compile((int64[::1], int64[::1]))
    begun = time.monotonic()
    with pytest.raises(errors.DeadlockError, match="no thread of the launch goes on") as caught:
        kernel[grid, block](np.zeros(128, np.int64), np.zeros(128, np.int64))
    assert time.monotonic() - begun < 2
    first = function.__code__.co_firstlineno
    assert first < caught.value.lineno <= line_of(function, "# here")
    assert caught.value.block is not None and caught.value.thread is not None
    # The process lives on.
    out = np.zeros(4)
    cuda.jit(fill)[1, 4](out)
    np.testing.assert_array_equal(out, 1)


def fill(out):
    out[cuda.grid(1)] = 1


# --- what may wait ---


@cuda.jit
def scan_looking_back(x, sums, ready, out):
    """Each block adds its own to what the one before it has published."""
    tile = cuda.shared.array(32, "int64")
    before = cuda.shared.array(1, "int64")
    t, b = cuda.threadIdx.x, cuda.blockIdx.x
    i = cuda.grid(1)
    tile[t] = x[i]
    cuda.syncthreads()
    if t == 0:
        total = 0
        for n in range(32):
            total += tile[n]
            tile[n] = total
        before[0] = 0
        if b > 0:
            while cuda.atomic.add(ready, b - 1, 0) == 0:
                pass
            before[0] = cuda.atomic.add(sums, b - 1, 0)
        cuda.atomic.exch(sums, b, before[0] + total)
        cuda.threadfence()
        cuda.atomic.exch(ready, b, 1)
    cuda.syncthreads()
    out[i] = tile[t] + before[0]


def test_a_scan_that_looks_back_over_ten_thousand_blocks():
    blocks = 10_000
    x = np.random.default_rng(1).integers(-9, 9, 32 * blocks)
    out = np.zeros_like(x)
    scan_looking_back[blocks, 32](x, np.zeros(blocks, np.int64), np.zeros(blocks, np.int64), out)
    np.testing.assert_array_equal(out, np.cumsum(x))


@cuda.jit
def lock_released_in_the_loop(lock, count):
    done = False
    while not done:
        if cuda.atomic.cas(lock, 0, 0, 1) == 0:
            count[0] += 1
            cuda.threadfence()
            cuda.atomic.exch(lock, 0, 0)
            done = True


def test_a_lock_released_in_the_loop_that_takes_it():
    count = np.zeros(1, np.int64)
    lock_released_in_the_loop[200, 64](np.zeros(1, np.int64), count)
    assert count[0] == 200 * 64


@cuda.jit
def slow_to_publish(flag, out, laps):
    b = cuda.blockIdx.x
    if b == 0:
        x = 1
        for i in range(laps):
            x = x * 6364136223846793005 + i
        out[0] = x
        cuda.atomic.exch(flag, 0, 1)
    else:
        while cuda.atomic.add(flag, 0, 0) == 0:
            pass
        out[b] = out[0]


@pytest.mark.slow
def test_waiting_for_long_is_no_deadlock():
    laps, taken = 200_000_000, 0.0
    while taken < 0.7:
        laps *= 2
        flag, out = np.zeros(1, np.int64), np.zeros(4, np.int64)
        begun = time.monotonic()
        slow_to_publish[4, 1](flag, out, laps)
        taken = time.monotonic() - begun
        assert (out == out[0]).all() and out[0] != 0


@cuda.jit
def long_search(x, out):
    """Ends by what it counts, so it waits for nobody however long it takes."""
    i = 0
    while x[i % x.size] == 0 and i < 100_000_000:
        i += 1
    out[cuda.grid(1)] = i


def test_a_long_loop_that_reads_is_no_deadlock():
    out = np.zeros(1, np.int64)
    long_search[1, 1](np.zeros(8, np.int64), out)
    assert out[0] == 100_000_000
