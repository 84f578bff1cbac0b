"""Arrays of many axes and of none, records in memory of a kernel's own, slices whose step is a variable: against NumPy."""

import numpy as np
import pytest

from verdigris import cuda, errors, types


def test_many_axes():
    @cuda.jit
    def roll(a, out):
        i = cuda.grid(1)
        if i < a.shape[4]:
            for j in range(a.shape[0]):
                out[j, 0, 1, -1, i] = a[j, 0, 1, 1, -i - 1] + a.ndim

    for order in "CF":
        a = np.asarray(np.random.default_rng(0).random((3, 2, 2, 2, 40)), order=order)
        out = np.zeros_like(a)
        roll[2, 32](a, out)
        expected = np.zeros_like(a)
        expected[:, 0, 1, -1, :] = a[:, 0, 1, 1, ::-1] + 5
        np.testing.assert_array_equal(out, expected)
    with pytest.raises(IndexError, match="axis 4 of `a`"):
        cuda.jit(beyond)[1, 1](np.zeros((1, 2, 1, 2, 3)))


def beyond(a):
    a[0, 1, 0, 1, 3] = 1


def test_no_axes():
    @cuda.jit
    def through(a, out):
        i = cuda.grid(1)
        out[i] = a[()] + a.ndim + a.size + i

    a, out = np.array(2.5), np.zeros(40)
    through[1, 40](a, out)
    np.testing.assert_array_equal(out, 3.5 + np.arange(40))


def test_stores_to_an_array_without_axes():
    @cuda.jit
    def kernel(a):
        if cuda.grid(1) == 33:
            a[()] = 7

    a = np.array(2.5)
    kernel[2, 32](a)
    assert a == 7


PAIR = np.dtype([("a", np.int32), ("b", np.float64), ("c", np.float32, (2,))], align=True)
NESTED = np.dtype([("x", np.int16), ("pair", PAIR)])


@pytest.mark.parametrize("threads", [8, 40, 64])
def test_records_in_shared_memory(threads):
    @cuda.jit
    def kernel(out):
        s = cuda.shared.array(64, dtype=PAIR)
        t, n = cuda.threadIdx.x, cuda.blockDim.x
        s[t].a = t
        s[t]["b"] = t / 2
        s[t].c[1] = -t
        cuda.syncthreads()
        other = s[n - 1 - t]
        out[t] = other.a + other.b + other.c[1]

    out = np.zeros(threads)
    kernel[2, threads](out)
    np.testing.assert_array_equal(out, (threads - 1 - np.arange(threads)) / 2)


def test_records_in_local_memory():
    record = types.Record(NESTED)

    @cuda.jit
    def kernel(a, out):
        mine = cuda.local.array((2, 3), dtype=record)
        i = cuda.grid(1)
        mine[1, 2].x = 5
        mine[1, 2].pair.a = i
        mine[1, 2].pair.c[0] = 0.5
        mine[0, 0] = mine[1, 2]
        like = cuda.local.array(1, dtype=a.dtype)
        like[0] = a[i]
        out[i] = mine[0, 0].x + mine[0, 0].pair.a + mine[0, 0].pair.c[0] + like[0].b

    a = np.zeros(40, PAIR)
    a["b"] = np.arange(40) * 100
    out = np.zeros(40)
    kernel[1, 40](a, out)
    np.testing.assert_array_equal(out, 5.5 + np.arange(40) * 101)


def test_dynamic_shared_memory_of_records_is_refused():
    @cuda.jit
    def kernel(out):
        s = cuda.shared.array(0, dtype=PAIR)
        out[0] = s[0].a

    with pytest.raises(errors.UnsupportedError, match="dynamic shared memory of records"):
        kernel[1, 1, 0, 64](np.zeros(1))


@cuda.jit
def sliced(a, lower, upper, step, out, count):
    view = a[lower:upper:step]
    count[0] = view.size
    for i in range(view.size):
        out[i] = view[i]
    count[1] = a[::step].size


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100, -1, -2, -5, -100, 2**62, -(2**63)])
@pytest.mark.parametrize("bounds", [(0, 10), (2, 9), (9, 2), (-3, -8), (-8, -3), (-100, 100), (100, -100), (5, 5)])
def test_steps_that_are_variables(step, bounds):
    a = np.arange(10.0)
    out, count = np.zeros(10), np.zeros(2, np.int64)
    sliced[1, 1](a, *bounds, step, out, count)
    expected = a[slice(*bounds, step)]
    assert count[0] == expected.size and count[1] == a[::step].size
    np.testing.assert_array_equal(out[: expected.size], expected)


def test_a_step_of_zero():
    with pytest.raises(errors.KernelValueError, match="a slice's step must not be zero"):
        sliced[1, 1](np.arange(10.0), 0, 10, 0, np.zeros(10), np.zeros(2, np.int64))


@pytest.mark.parametrize("block", [(16, 16), (8, 8), (16, 1), (48, 3), (8, 2, 5), (24, 1, 2), (16, 5, 3), (32, 4)])
def test_blocks_of_short_rows(block):
    """Coordinates, runs of x, early exits and memory of each lane, in blocks that run 16 or 8 lanes at a time."""

    @cuda.jit
    def kernel(a, out, steps):
        tile = cuda.shared.array(1024, "float64")
        mine = cuda.local.array(3, "int64")
        x, y, z = cuda.threadIdx.x, cuda.threadIdx.y, cuda.threadIdx.z
        linear = x + cuda.blockDim.x * (y + cuda.blockDim.y * z)
        tile[linear] = a[cuda.blockIdx.x, z, y, x]
        mine[0] = linear
        cuda.syncthreads()
        total = 0.0
        for i in range(linear % 7 + 1):
            if i == 5:
                continue
            total += tile[(linear * 3 + i) % (cuda.blockDim.x * cuda.blockDim.y * cuda.blockDim.z)]
        mine[linear % 2 + 1] = i
        steps[cuda.blockIdx.x, z, y, x] = mine[0] + mine[linear % 2 + 1]
        out[cuda.blockIdx.x, z, y, x] = total

    bx, by, bz = (*block, 1, 1)[:3]
    n = bx * by * bz
    a = np.random.default_rng(n).integers(0, 100, (3, bz, by, bx)).astype(np.float64)
    out, steps = np.zeros_like(a), np.zeros(a.shape, np.int64)
    kernel[3, block](a, out, steps)
    linear = np.arange(n)
    flat = a.reshape(3, n)
    expected = np.zeros((3, n))
    for i in range(7):
        if i != 5:
            expected += np.where(i <= linear % 7, flat[:, (linear * 3 + i) % n], 0)
    np.testing.assert_array_equal(out.reshape(3, n), expected)
    np.testing.assert_array_equal(steps.reshape(3, n), np.broadcast_to(linear + linear % 7, (3, n)))
