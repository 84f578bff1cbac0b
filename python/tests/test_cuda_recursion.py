"""Device functions that call themselves, beside CPython."""

import math
import pickle

import numpy as np
import pytest

from verdigris import cuda, errors, vectorize


@cuda.jit(device=True)
def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


@cuda.jit(device=True)
def as_float(n):
    return 1.0 if n < 2 else n * as_float(n - 1)


@cuda.jit(device=True)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@cuda.jit(device=True)
def is_even(n):
    return n == 0 or is_odd(n - 1)


@cuda.jit(device=True)
def is_odd(n):
    return n != 0 and is_even(n - 1)


@cuda.jit(device=True)
def depth(n):
    if n == 0:
        return 0
    return 1 + depth(n - 1)


@cuda.jit(device=True)
def total(a):
    if a.size == 0:
        return 0.0
    if a.size == 1:
        return a[0]
    half = a.size // 2
    return total(a[:half]) + total(a[half:])


@cuda.jit(device=True)
def quicksort(a, low, high):
    if low < high:
        pivot = a[high]
        split = low
        for j in range(low, high):
            if a[j] < pivot:
                a[split], a[j] = a[j], a[split]
                split += 1
        a[split], a[high] = a[high], a[split]
        quicksort(a, low, split - 1)
        quicksort(a, split + 1, high)


@cuda.jit(device=True)
def gcd_steps(a, b, steps):
    if b == 0:
        return a, steps
    return gcd_steps(b, a % b, steps + 1)


@cuda.jit(device=True)
def hanoi(n, source, target, spare, counts):
    if n == 0:
        return
    hanoi(n - 1, source, spare, target, counts)
    cuda.atomic.add(counts, (source, target), 1)
    hanoi(n - 1, spare, target, source, counts)


def test_values_under_divergence():
    @cuda.jit
    def kernel(out, floats, a):
        i = cuda.grid(1)
        if i < out.shape[0]:
            if i % 3 == 0:
                out[i] = factorial(i % 13)
            elif i % 3 == 1:
                out[i] = fibonacci(i % 12)
            else:
                out[i] = is_even(i) * 10 + is_odd(i)
            floats[i] = as_float(i % 9) + total(a[: i % 20])

    out, floats, a = np.zeros(150, np.int64), np.zeros(150), np.arange(64) * 0.5
    kernel[5, 32](out, floats, a)
    fib = [0, 1]
    while len(fib) < 12:
        fib.append(fib[-1] + fib[-2])
    for i in range(150):
        want = (math.factorial(i % 13), fib[i % 12], 10 if i % 2 == 0 else 1)[i % 3]
        assert out[i] == want
        assert floats[i] == math.factorial(i % 9) + a[: i % 20].sum()


@pytest.mark.parametrize("block", [1, 7, 32, 100, (4, 4), (3, 5, 2)])
def test_threads_keep_apart(block):
    @cuda.jit
    def kernel(rows):
        i = cuda.threadIdx.x + cuda.blockDim.x * (cuda.threadIdx.y + cuda.blockDim.y * cuda.threadIdx.z)
        quicksort(rows[i], 0, rows.shape[1] - 1)

    threads = int(np.prod(block))
    rows = np.random.default_rng(3).integers(0, 99, (threads, 37)).astype(np.float64)
    want = np.sort(rows, axis=1)
    kernel[1, block](rows)
    assert np.array_equal(rows, want)


def test_tuples_none_and_atomics():
    @cuda.jit
    def kernel(out, counts):
        i = cuda.grid(1)
        g, steps = gcd_steps(i + 12, 18, 0)
        out[i] = g * 100 + steps
        hanoi(3, 0, 2, 1, counts)

    def steps(a, b, n):
        return (a, n) if b == 0 else steps(b, a % b, n + 1)

    out, counts = np.zeros(40, np.int64), np.zeros((3, 3), np.int32)
    kernel[1, 40](out, counts)
    assert out.tolist() == [g * 100 + n for g, n in (steps(i + 12, 18, 0) for i in range(40))]
    assert counts.sum() == 40 * 7
    assert counts[0, 2] == 3 * 40


def test_arrays_of_the_thread_and_of_each_call():
    @cuda.jit(device=True)
    def permutations(items, at, out, count):
        if at == items.size:
            code = 0
            for k in range(items.size):
                code = code * 10 + items[k]
            out[count] = code
            return count + 1
        own = cuda.local.array(4, np.int64)
        for k in range(4):
            own[k] = items[k]
        for k in range(at, items.size):
            items[at], items[k] = items[k], items[at]
            count = permutations(items, at + 1, out, count)
            for j in range(4):
                items[j] = own[j]
        return count

    @cuda.jit
    def kernel(out, counts):
        i = cuda.grid(1)
        items = cuda.local.array(4, np.int64)
        for k in range(4):
            items[k] = k + 1 + i % 3
        counts[i] = permutations(items, 0, out[i], 0)

    import itertools

    out, counts = np.zeros((40, 24), np.int64), np.zeros(40, np.int64)
    kernel[2, 20](out, counts)
    assert (counts == 24).all()
    for i in range(40):
        want = sorted(int("".join(map(str, p))) for p in itertools.permutations([k + 1 + i % 3 for k in range(4)]))
        assert sorted(out[i].tolist()) == want


def test_beside_barriers():
    @cuda.jit
    def kernel(out):
        s = cuda.shared.array(64, np.int64)
        i = cuda.threadIdx.x
        s[i] = fibonacci(i % 10)
        cuda.syncthreads()
        for _ in range(2):
            other = s[63 - i]
            cuda.syncthreads()
            if i % 2:
                s[i] = factorial(other % 5) + total_of(s, 0)
            cuda.syncthreads()
        out[i] = s[i]

    @cuda.jit(device=True)
    def total_of(s, k):
        return 0 if k == 3 else s[k * 2] + total_of(s, k + 1)

    out = np.zeros(64, np.int64)
    kernel[1, 64](out)
    fib = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
    s = [fib[i % 10] for i in range(64)]
    for _ in range(2):
        s = [math.factorial(s[63 - i] % 5) + s[0] + s[2] + s[4] if i % 2 else s[i] for i in range(64)]
    assert out.tolist() == s


def test_deep():
    @cuda.jit
    def kernel(out, n):
        i = cuda.grid(1)
        out[i] = depth(n + i)

    out = np.zeros(64, np.int64)
    # A GPU's stack has room for 128 calls.
    for n in (20, 50) if cuda.is_gpu() else (200, 5_000):
        kernel[2, 32](out, n)
        assert np.array_equal(out, n + np.arange(64))
    with pytest.raises(RecursionError, match="`depth` by itself") as raised:
        kernel[2, 32](out, 1_000_000)
    assert isinstance(raised.value, errors.KernelRecursionError)
    assert raised.value.function == "depth"
    assert raised.value.block == (0, 0, 0)
    kernel[2, 32](out, 20)
    assert np.array_equal(out, 20 + np.arange(64))


def test_raise_inside_ends_one_thread():
    @cuda.jit(device=True)
    def falls(n):
        if n == 0:
            raise ValueError("the ground")
        return 1 if n > 50 else 1 + falls(n - 1)

    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        out[i] = 1
        out[i] += falls(i if i % 5 == 3 else i + 100)

    out = np.zeros(64, np.int64)
    with pytest.raises(ValueError, match="the ground") as raised:
        kernel[1, 64](out)
    assert raised.value.thread == (3, 0, 0)
    assert out.tolist() == [1 if i % 5 == 3 and i <= 50 else 2 for i in range(64)]


def test_index_out_of_bounds_inside():
    @cuda.jit(device=True)
    def walk(a, n):
        return a[n] if n > 40 else walk(a, n + 1)

    @cuda.jit
    def kernel(a, out):
        out[0] = walk(a, 0)

    with pytest.raises(IndexError, match="index 41 is out of bounds for axis 0 of `a`, which has size 10"):
        kernel[1, 1](np.zeros(10), np.zeros(1))


def test_types_that_widen_and_several_types():
    @cuda.jit(device=True)
    def mixed(n):
        if n == 0:
            return 1
        if n % 2:
            return mixed(n - 1) + 0.5
        return mixed(n - 1) * 2

    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        out[i, 0] = mixed(i)
        out[i, 1] = depth(np.int8(i))
        out[i, 2] = as_float(np.float32(5))

    def plain(n):
        return 1 if n == 0 else plain(n - 1) + 0.5 if n % 2 else plain(n - 1) * 2

    out = np.zeros((10, 3))
    kernel[1, 10](out)
    assert out.tolist() == [[plain(i), i, 120] for i in range(10)]


def test_ufuncs():
    @vectorize
    def all_of(n):
        return factorial(n)

    assert all_of(np.arange(12)).tolist() == [math.factorial(n) for n in range(12)]


def test_kernels_called_as_functions():
    @cuda.jit
    def power(x, n):
        if n == 0:
            return x * 0 + 1
        return x * power(x, n - 1)

    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        out[i] = power(2.0, i)

    out = np.zeros(8)
    kernel[1, 8](out)
    assert out.tolist() == [2.0**i for i in range(8)]


def test_refusals():
    @cuda.jit(device=True)
    def runs_away(n):
        return runs_away(n + 1)

    @cuda.jit(device=True)
    def meets(n):
        cuda.syncthreads()
        return 0 if n == 0 else meets(n - 1)

    @cuda.jit(device=True)
    def grows(n, t):
        return 0 if n == 0 else grows(n - 1, (n, t))

    @cuda.jit(device=True)
    def shuffles(n):
        return 0 if n == 0 else cuda.shfl_sync(-1, shuffles(n - 1), 0)

    @cuda.jit(device=True)
    def shares(n):
        s = cuda.shared.array(4, np.float64)
        s[0] = n
        return 0.0 if n == 0 else shares(n - 1) + s[0]

    @cuda.jit
    def first(out):
        out[0] = runs_away(out[0])

    @cuda.jit
    def second(out):
        out[0] = meets(out[0])

    @cuda.jit
    def third(out):
        out[0] = grows(out[0], 1)

    @cuda.jit
    def fourth(out):
        out[0] = shuffles(out[0])

    @cuda.jit
    def fifth(out):
        out[0] = shares(out[0])

    for kernel, text in [
        (first, "calls itself on every path"),
        (second, "in a recursive function"),
        (third, "ever more types"),
        (fourth, "in a recursive function"),
        (fifth, "in a recursive function"),
    ]:
        with pytest.raises(errors.UnsupportedError, match=text):
            kernel[1, 1](np.zeros(1, np.int64))


def test_pickled():
    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        out[i] = factorial(i) + is_even(i)

    again = pickle.loads(pickle.dumps(kernel))
    out = np.zeros(8, np.int64)
    again[1, 8](out)
    assert out.tolist() == [math.factorial(i) + (i % 2 == 0) for i in range(8)]


def test_debugging_text():
    @cuda.jit
    def kernel(out):
        out[0] = factorial(5)

    kernel[1, 1](np.zeros(1))
    assert "call 0" in str(next(iter(kernel.overloads.values())))
