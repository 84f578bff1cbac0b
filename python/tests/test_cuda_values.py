"""Kernels: dtypes and enumerations as values, identity, starred arguments, declared device functions.

Most kernels are compared with their own undecorated functions.
"""

from __future__ import annotations

import enum
import pickle
import subprocess
import sys

import numpy as np
import pytest

import verdigris as vg
from verdigris import cuda, errors, vectorize


class Color(enum.Enum):
    red = 1
    green = 2
    crimson = 1  # noqa: PIE796


class Weight(enum.Enum):
    light = 0.5
    heavy = 2.5


class Code(enum.IntEnum):
    not_found = 404


# --- dtypes ---


def dtypes(a, z, out):
    kind = a.dtype
    out[0] = kind.type(3.7)
    out[1] = kind.itemsize
    out[2] = a.dtype == np.int32
    out[3] = np.float32 == a.dtype
    out[4] = a.dtype != z.dtype
    out[5] = z.real.dtype == np.float64
    out[6] = a.dtype is kind
    if kind == np.float32:
        out[7] = 1
    out[8] = z.dtype.itemsize


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.uint8])
def test_a_dtype_is_a_value(dtype):
    out, want = np.zeros(9), np.zeros(9)
    a, z = np.zeros(2, dtype), np.zeros(2, np.complex128)
    cuda.jit(dtypes)[1, 1](a, z, out)
    dtypes(a, z, want)
    np.testing.assert_array_equal(out, want)


def test_arrays_of_a_dtype():
    @cuda.jit(device=True)
    def filled(kind, x):
        own = cuda.local.array(3, dtype=kind)
        for i in range(3):
            own[i] = x
        return own[0] + own[1] + own[2]

    @cuda.jit
    def kernel(a, records, out):
        kind = a.dtype
        shared = cuda.shared.array(4, kind)
        shared[0] = 7.9
        out[0] = shared[0]
        out[1] = filled(kind, 2.5)
        one = cuda.local.array(1, records.dtype)
        one[0].x = 1.5
        out[2] = one[0].x + records.dtype.itemsize

    records = np.zeros(1, [("x", "f4"), ("y", "i8")])
    for dtype in (np.int16, np.float64):
        out = np.zeros(3)
        kernel[1, 1](np.zeros(1, dtype), records, out)
        assert out.tolist() == [float(dtype(7.9)), 3.0 * dtype(2.5), 1.5 + 12]


# --- identity ---


def identities(a, b, n, x, y, flag, out):
    c = a
    out[0] = c is a
    out[1] = a is b
    out[2] = a is not b
    out[3] = n is None
    out[4] = n is not None
    out[5] = a is None
    out[6] = flag is True
    out[7] = flag is not False
    out[8] = x is x
    out[9] = x is y
    out[10] = Color.red is Color.crimson
    out[11] = Color.red is Color.green
    t = (a, b)
    out[12] = t[1] is b
    out[13] = t[0] is not c
    out[14] = y is n


@pytest.mark.parametrize("n", [None, 3])
@pytest.mark.parametrize("flag", [True, False])
def test_is(n, flag):
    out, want = np.zeros(15), np.zeros(15)
    a, b = np.zeros(2), np.zeros(2, np.int32)
    for x, y in [(1.5, 2.5), (1, 1), (np.nan, 1.0)]:
        cuda.jit(identities)[1, 1](a, b, n, x, y, flag, out)
        identities(a, b, n, x, y, flag, want)
        np.testing.assert_array_equal(out, want)


def test_arrays_that_only_a_launch_tells_apart():
    @cuda.jit
    def kernel(a, b, out):
        out[0] = a is b

    with pytest.raises(errors.UnsupportedError, match="only the launch tells apart"):
        kernel[1, 1](np.zeros(2), np.zeros(2), np.zeros(1))

    @cuda.jit
    def own(a, out):
        mine, other = cuda.local.array(2, np.float64), cuda.local.array(2, np.float64)
        out[0] = a is mine
        out[1] = mine is other
        out[2] = mine is mine

    out = np.full(3, 9.0)
    own[1, 1](np.zeros(2), out)
    assert out.tolist() == [0, 0, 1]


# --- enumerations ---


def enumerations(x, out):
    out[0] = Color["red"].value
    out[1] = Color["green"] == Color.green
    out[2] = Color(2).value
    out[3] = Weight["heavy"].value
    out[4] = Weight(0.5) is Weight.light
    out[5] = Code["not_found"] + 1
    out[6] = Color["crimson"].name == "red"
    if x == Code["not_found"]:
        out[7] = Code(404)


@pytest.mark.parametrize("x", [404, 405])
def test_members_by_name_and_value(x):
    out, want = np.zeros(8), np.zeros(8)
    cuda.jit(enumerations)[1, 1](x, out)
    enumerations(x, want)
    np.testing.assert_array_equal(out, want)


def test_members_that_are_not_there():
    @cuda.jit
    def by_name(out):
        out[0] = Color["blue"].value

    @cuda.jit
    def by_value(out):
        out[0] = Color(7).value

    @cuda.jit
    def unknown(out, n):
        out[0] = Color(n).value

    for kernel, args, text in [
        (by_name, (), "no member named so"),
        (by_value, (), "no member of that value"),
        (unknown, (1,), "needs a constant"),
    ]:
        with pytest.raises(errors.TypingError, match=text):
            kernel[1, 1](np.zeros(1), *args)


# --- starred ---


def weighted(a, b, c):
    return a + 10 * b + 100 * c


def total(first, *rest):
    s = first
    for x in rest:
        s += x
    return s + 1000 * len(rest)


def starred(call, add):
    def body(x, out):
        t = (1, 2, x)
        out[0] = call(*t)
        out[1] = call(x, *(2, 3))
        out[2] = max(*t)
        out[3] = call(*t[:2], 7)
        out[4] = add(x)
        out[5] = add(x, 2, 3.5)
        out[6] = add(*t, *t)
        u = (0, *t, 9)
        out[7] = u[3] + len(u)
        first, *middle, last = u
        out[8] = first + 10 * middle[2] + 100 * last + len(middle)
        *most, end = t
        out[9] = most[1] + end

    return body


def test_starred_arguments_and_targets():
    kernel = cuda.jit(starred(cuda.jit(device=True)(weighted), cuda.jit(device=True)(total)))
    out, want = np.zeros(10), np.zeros(10)
    kernel[1, 1](4.5, out)
    starred(weighted, total)(4.5, want)
    np.testing.assert_array_equal(out, want)


def test_a_kernel_with_any_number_of_arguments():
    @cuda.jit
    def kernel(out, *args):
        out[0] = len(args)
        for i, a in enumerate(args):
            out[i + 1] = a[0]

    for n in range(4):
        out = np.zeros(5)
        kernel[1, 1](out, *(np.full(1, i + 1.5) for i in range(n)))
        assert out.tolist() == [n, *(i + 1.5 for i in range(n)), *[0.0] * (4 - n)]


def test_arrays_are_unpacked():
    def body(a, rows, out):
        x, y, z = a
        (p, q), row = rows
        out[0] = x + 10 * y + 100 * z
        out[1] = p - q
        out[2] = row[1]
        a[2], a[0] = a[:2]

    kernel = cuda.jit(body)
    given = [np.array([1.0, 2.0, 3.0]), np.arange(4, dtype=np.int32).reshape(2, 2)[::-1], np.zeros(3)]
    ours, theirs = [a.copy() for a in given], [a.copy() for a in given]
    kernel[1, 1](*ours)
    body(*theirs)
    for got, want in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(got, want)
    for length in (2, 4):
        with pytest.raises(ValueError, match="as many items as there are variables"):
            kernel[1, 1](np.zeros(length), given[1], np.zeros(3))


def test_what_cannot_be_starred():
    @cuda.jit
    def array(a):
        a[0] = max(*a)

    with pytest.raises(errors.TypingError, match="cannot be unpacked"):
        array[1, 1](np.zeros(3))

    @cuda.jit
    def few(a):
        x, *y, z = (1,)
        a[0] = x + len(y) + z

    with pytest.raises(errors.TypingError, match="a starred one"):
        few[1, 1](np.zeros(3))
    with pytest.raises(errors.UnsupportedError, match="fixed number of parameters"):
        vectorize(["float64(float64)"])(lambda *a: a[0])


# --- declared device functions ---


def test_callers_convert_to_what_is_declared():
    @cuda.jit("int32(float32)", device=True)
    def scaled(x):
        return x * 2.5

    @cuda.jit("float32(uint8, int16)", device=True)
    def wrapped(a, b):
        return a * 1000.0 + b

    @cuda.jit("float64(float64[:], int64)", device=True)
    def element(a, i):
        return a[i]

    @cuda.jit
    def kernel(a, out):
        out[0] = scaled(3)
        out[1] = scaled(2.3)
        out[2] = scaled(np.float64(0.1))
        out[3] = wrapped(257, 40000)
        out[4] = element(a, 1.9)
        out[5] = element(a[::2], 1)

    def check(kernel):
        out, a = np.zeros(6), np.arange(5.0)
        kernel[1, 1](a, out)
        f = np.float32
        assert out.tolist() == [7, np.int32(float(f(2.3)) * 2.5), 0, f(1 * 1000.0 + (40000 - 65536)), 1, 2]

    check(kernel)
    check(pickle.loads(pickle.dumps(kernel)))


def test_what_does_not_convert_to_the_declared():
    @cuda.jit("float64(float64)", device=True)
    def real(x):
        return x

    @cuda.jit("float64(float32[:])", device=True)
    def narrow(a):
        return a[0]

    @cuda.jit
    def of_complex(out):
        out[0] = real(1j)

    @cuda.jit
    def of_array(out):
        out[0] = narrow(out)

    for kernel in (of_complex, of_array):
        with pytest.raises(errors.TypingError, match="is declared to take"):
            kernel[1, 1](np.zeros(1))


@pytest.mark.parametrize(
    ("declared", "a", "b", "want"),
    [
        (["(int64, int64)", "(float64, float64)"], 1, 2, 3),
        (["(int64, int64)", "(float64, float64)"], 1.5, 2.5, 4),
        (["(int64, int64)"], 1.5, 2.5, 3),
        (["(int64, int64)", "(float64, float64)"], np.int32(1), 2.5, 3.5),
        (["(float32, float32)", "(float64, float64)"], np.float32(1), np.float32(2**-25), 1),
        (["(float32, float32)", "(float64, float64)"], 1, 2**-25, 1 + 2**-25),
        (["(float32, float64)", "(float64, float32)", "(int64, int64)"], 1.5, 2.5, 4),
        (["int32(float64, float64)"], 1.5, 2.25, 3),
    ],
)
def test_the_declaration_that_loses_least_is_taken(declared, a, b, want):
    add = cuda.jit(declared, device=True)(lambda a, b: a + b)

    @cuda.jit
    def kernel(out, a, b):
        out[0] = add(a, b)

    out = np.zeros(1)
    kernel[1, 1](out, a, b)
    assert out[0] == want


# --- atomics on parts of complex arrays ---


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_atomics_on_parts(dtype):
    @cuda.jit
    def kernel(z, least, old):
        i = cuda.grid(1)
        cuda.atomic.add(z.real, 0, 1.0)
        old[i] = cuda.atomic.add(z.imag, -1, 2.0)
        cuda.atomic.max(z[1:].imag, 0, float(i))
        cuda.atomic.min(least.real, (i % 2, 1), -float(i))
        both = cuda.shared.array(2, dtype)
        if cuda.threadIdx.x < 2:
            both[cuda.threadIdx.x] = 0
        cuda.syncthreads()
        cuda.atomic.add(both.imag, cuda.threadIdx.x % 2, 1.0)
        cuda.syncthreads()
        if i == 0:
            z[2] = both[0] + 2 * both[1]

    z, least, old = np.zeros(4, dtype), np.zeros((2, 2), dtype), np.zeros(128)
    kernel[2, 64](z, least, old)
    assert z.tolist() == [128, 127j, 96j, 256j]
    assert least.tolist() == [[0, -126], [0, -127]]
    assert sorted(old) == [2.0 * n for n in range(128)]


def test_atomics_on_whole_complex_numbers():
    @cuda.jit
    def kernel(z):
        cuda.atomic.add(z, 0, 1.0)

    with pytest.raises(errors.TypingError, match=r"pass `\.real` or `\.imag`"):
        kernel[1, 1](np.zeros(1, np.complex128))


# --- records by number; float16 ---


def by_number(records, out):
    records[0][0] = 3.5
    records[1][-1] = 7
    out[0] = records[0][0] + records[1][1]


def test_fields_by_number():
    dtype = [("a", "f8"), ("b", "i4")]
    (records, want), (out, expected) = np.zeros((2, 2), dtype), np.zeros((2, 1))
    cuda.jit(by_number)[1, 1](records, out)
    by_number(want, expected)
    assert records.tolist() == want.tolist() and out == expected

    @cuda.jit
    def outside(records):
        records[0][2] = 1

    with pytest.raises(errors.TypingError, match="out of range for a record of 2 fields"):
        outside[1, 1](records)


def test_hexp10():
    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = cuda.fp16.hexp10(x[i])

    x = np.arange(-8, 4.8, 0.37).astype(np.float16)
    out = np.zeros_like(x)
    kernel[2, 32](x, out)
    np.testing.assert_array_equal(out, np.power(10.0, x.astype(np.float64)).astype(np.float16))


# --- streams of ufuncs, launchers, text of the command line ---


@pytest.mark.cpu
def test_ufuncs_take_streams():
    add = vectorize(["float64(float64, float64)"], target="cuda")(lambda a, b: a + b)
    twice = vg.guvectorize(["void(float64[:], float64[:])"], "(n)->(n)", target="cuda")(double)
    stream, x = cuda.stream(), np.arange(3.0)
    assert add(x, x, stream=stream).tolist() == [0, 2, 4]
    d, out = cuda.to_device(x), cuda.device_array(3)
    assert add(d, d, out=out, stream=stream) is out and out.copy_to_host().tolist() == [0, 2, 4]
    assert add(x, b=x, stream=0).tolist() == [0, 2, 4]
    assert twice(x, stream=stream).tolist() == [0, 2, 4]
    assert stream.ordered == 3
    with pytest.raises(TypeError, match="stream must be"):
        add(x, x, stream="first")
    with pytest.raises(TypeError, match="unexpected keyword"):
        vectorize(["float64(float64)"])(lambda a: a)(x, stream=stream)


def double(a, out):
    for i in range(a.size):
        out[i] = 2 * a[i]


def test_launchers_tell_their_configuration():
    @cuda.jit
    def kernel():
        pass

    launcher = kernel[(2, 3), 64, 0, 128]
    assert launcher.griddim == (2, 3, 1) and launcher.blockdim == (64, 1, 1)
    assert launcher.sharedmem == 128 and launcher.stream == 0 and launcher.dispatcher is kernel


def test_functions_of_the_command_line():
    text = "from verdigris import cuda\n@cuda.jit\ndef k():\n    print(cuda.grid(1))\nk[1, 2]()\ncuda.synchronize()\n"
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert run.stdout == "0\n1\n", run.stderr
    text = "from verdigris import cuda\nexec('def k(): pass', globals())\ncuda.jit(k)"
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert "SourceNotFound" in run.stderr


def test_functions_of_numba():
    numba = pytest.importorskip("numba")
    other = numba.njit(weighted)

    @numba.njit
    def power(x, n):
        if n == 0:
            return 1.0
        return x * power(x, n - 1)

    @cuda.jit
    def kernel(out):
        out[0] = other(1, 2, 3)
        out[1] = power(1.5, 3)

    for _ in range(2):
        out = np.zeros(2)
        kernel[1, 1](out)
        assert out.tolist() == [weighted(1, 2, 3), 1.5**3]


def test_functions_that_are_not_jitted():
    class Other:
        def __init__(self, function):
            self.py_func = function

        def __call__(self, *args):
            return self.py_func(*args)

    other = Other(weighted)

    @cuda.jit
    def foreign(out):
        out[0] = other(1, 2, 3)

    with pytest.raises(errors.UnsupportedError, match="another compiler has made it"):
        foreign[1, 1](np.zeros(1))

    @cuda.jit
    def plain(out):
        out[0] = weighted(1, 2, 3)

    with pytest.raises(errors.UnsupportedError, match=r"decorate it with `@cuda\.jit\(device=True\)`"):
        plain[1, 1](np.zeros(1))
