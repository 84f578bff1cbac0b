"""NumPy's functions made of others, `isinstance`, orders of elements and f-strings in kernels: beside NumPy and CPython."""

import collections
import itertools
import math

import numpy as np
import pytest
from onethread import agree, run

from verdigris import cuda, errors

INF, NAN = math.inf, math.nan
SPECIAL = [-INF, -1e300, -2.5, -1.0, -0.0, 0.0, 1e-300, 0.5, 1.0, 2.0, 3.0, 1e300, INF, NAN]


def searched(out, points, x):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = np.searchsorted(points, x[i])
        out[1, i] = np.searchsorted(points, x[i], "right")
        out[2, i] = np.searchsorted(points, v=x[i], side="left")
        out[3, i] = np.searchsorted(points[1:-1], x[i], side="right")
        out[4, i] = np.searchsorted(points[::2], x[i])


POINTS = {
    "float64": np.array([-INF, -2.5, -1, 0, 0, 0.5, 2, 2, 2, 1e300, NAN, NAN]),
    "float32": np.array([-2.5, -1, 0.1, 0.5, 2, 3, INF, NAN], np.float32),
    "float16": np.array([-2.5, -1, 0.1, 0.5, 2, 3], np.float16),
    "int32": np.array([-7, -2, 0, 0, 1, 2, 2, 9], np.int32),
    "uint64": np.array([0, 1, 2, 2, 9, 2**53, 2**53 + 1, 2**64 - 1], np.uint64),
    "int64": np.array([-(2**63), -1, 0, 2**53, 2**53 + 1, 2**62], np.int64),
    "bool": np.array([False, False, True, True]),
}


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8, np.int64, np.uint64, np.bool_])
def test_searchsorted(points, dtype):
    with np.errstate(all="ignore"):
        numbers = np.array(SPECIAL).astype(dtype) if dtype != np.uint64 else np.array([0, 1, 2, 2**53 + 1, 2**64 - 1], np.uint64)
    agree(searched, 1, 32, np.zeros((5, numbers.size)), points, numbers)


def searched_for_literals(out, points):
    out[0] = np.searchsorted(points, 2)
    out[1] = np.searchsorted(points, 0.1)
    out[2] = np.searchsorted(points, True, side="right")
    out[3] = np.searchsorted(points[:0], 1.5)


def test_searchsorted_for_literals():
    # 0.1 lies between the float32 nearest to it and the one below, so that the comparison has to be of float64.
    agree(searched_for_literals, 1, 1, np.zeros(4), np.array([0.0, 0.1, 0.2, 2.0, 3.0], np.float32))


def interpolated(out, x, points, heights):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = np.interp(x[i], points, heights)
        out[1, i] = np.interp(x[i], points, heights, left=-9.0)
        out[2, i] = np.interp(x[i], points, heights, right=7)
        out[3, i] = np.interp(x[i], points, heights, -1, 2.5)
        out[4, i] = np.interp(x[i], xp=points, fp=heights, right=None)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
@pytest.mark.parametrize(
    "points",
    [[0, 1], [1], [-3, -1, 0, 2, 2, 5, 40], [0.0, INF], [-INF, 0.0, 1.0], [0.25, 0.5, 0.5, NAN]],
    ids=lambda p: str(len(p)),
)
def test_interp(points, dtype):
    points = np.array(points)
    rng = np.random.default_rng(3)
    with np.errstate(all="ignore"):
        numbers = np.array([*SPECIAL, *rng.uniform(-5, 45, 40), 5.0, 40.0]).astype(dtype)
    for heights in (rng.normal(size=points.size), rng.integers(-9, 9, points.size), np.full(points.size, INF)):
        agree(interpolated, 2, 32, np.zeros((5, numbers.size)), numbers, points, heights)


def test_interp_of_other_types():
    numbers = np.linspace(-1, 6, 30, dtype=np.float32)
    points, heights = np.arange(6, dtype=np.float32), np.array([3, 1, 4, 1, 5, 9], np.float16)
    agree(interpolated, 1, 32, np.zeros((5, 30)), numbers, points, heights)


def test_interp_wants_points():
    kernel = cuda.jit(interpolated)
    empty = np.zeros(0)
    with pytest.raises(errors.KernelValueError, match="without elements"):
        kernel[1, 1](np.zeros((5, 1)), np.zeros(1), empty, empty)
    with pytest.raises(errors.KernelValueError, match="extents"):
        kernel[1, 1](np.zeros((5, 1)), np.zeros(1), np.zeros(2), np.zeros(3))


def close(out, x, y):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = np.isclose(x[i], y[i])
        out[1, i] = np.isclose(x[i], y[i], rtol=0.1)
        out[2, i] = np.isclose(x[i], y[i], atol=0.5)
        out[3, i] = np.isclose(x[i], y[i], equal_nan=True)
        out[4, i] = np.isclose(x[i], y[i], 0.0, 0.0)
        out[5, i] = np.isclose(x[i], y[i], equal_nan=i % 2 == 0, rtol=1e-12)


@pytest.mark.parametrize("first", [np.float64, np.float32, np.int32, np.uint8, np.complex128, np.complex64, np.bool_])
@pytest.mark.parametrize("second", [np.float64, np.float32, np.int64, np.uint8, np.complex64, np.bool_])
def test_isclose(first, second):
    values = [0.0, -0.0, 1e-9, 1.0, 1.0 + 1e-6, 1.04, 1.2, 2.0, 100.0, 100.0009, 1e8, -1.0, INF, -INF, NAN]
    x, y = np.array(list(itertools.product(values, values))).T
    with np.errstate(all="ignore"):
        x, y = x.astype(first), y.astype(second)
        if first in (np.complex64, np.complex128):
            x = x + first(1j) * np.tile([0.0, 1e-9, NAN], x.size // 3)
    agree(close, 8, 32, np.zeros((6, x.size), np.bool_), x, y)


def told(out, x):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = np.isposinf(x[i])
        out[1, i] = np.isneginf(x[i])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, np.uint8, np.bool_])
def test_signs_of_infinities(dtype):
    with np.errstate(all="ignore"):
        agree(told, 1, 32, np.zeros((2, len(SPECIAL)), np.bool_), np.array(SPECIAL).astype(dtype))


def test_signs_of_infinities_into_an_array():
    @cuda.jit
    def kernel(out, x):
        np.isposinf(x, out)

    out = np.zeros(len(SPECIAL), np.bool_)
    kernel[1, 1](out, np.array(SPECIAL))
    np.testing.assert_array_equal(out, np.isposinf(SPECIAL))


def angles(out, x):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = np.angle(x[i])
        out[1, i] = np.angle(x[i], deg=True)
        out[2, i] = np.sinc(x[i]).real


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.int64, np.complex128, np.complex64])
def test_angle_and_sinc(dtype):
    x = [-3.25, -1.0, -0.5, -0.0, 0.0, 0.25, 0.5, 1.0, 2.5, 3.0, 1e-12, -1e-12]
    if dtype in (np.complex128, np.complex64):
        x = [complex(a, b) for a in x[::2] for b in (0.5, -0.25, 0.0, -0.0)]
    x = np.array(x).astype(dtype)
    kernel = cuda.jit(angles)
    ours, theirs = np.zeros((2, 3, x.size))
    kernel[1, 64](ours, x)
    run(angles, 1, 64, theirs, x)
    single = dtype in (np.float32, np.complex64)
    # sin(pi x) of a float32 near a whole number is no better than pi x.
    np.testing.assert_allclose(ours, theirs, rtol=3e-6 if single else 1e-14, atol=3e-7 if single else 1e-15)
    np.testing.assert_array_equal(np.signbit(ours[0]), np.signbit(theirs[0]))


def sizes(out, a, x):
    out[0], out[1] = np.size(a), np.ndim(a)
    out[2], out[3] = np.shape(a)
    out[4], out[5] = np.size(a, 0), np.size(a, axis=-1)
    out[6], out[7], out[8] = np.size(x), np.ndim(x), len(np.shape(x))
    out[9], out[10], out[11] = np.size(a[1:, 0]), np.ndim(a[None, 1:]), np.shape(a[::2].T)[1]


def test_size_shape_and_ndim():
    for x in (3, 2.5, 1j, True, np.float32(1)):
        agree(sizes, 1, 1, np.zeros(12, np.int64), np.zeros((5, 7)), x)


Point = collections.namedtuple("Point", "x y")
Other = collections.namedtuple("Other", "x y")
NUMBERS = (int, float)
RECORD = np.dtype([("a", np.int32), ("b", np.float64)])


@cuda.jit(device=True)
def kinds(x):
    return (
        isinstance(x, int),
        isinstance(x, float),
        isinstance(x, bool),
        isinstance(x, complex),
        isinstance(x, tuple),
        isinstance(x, Point),
        isinstance(x, Other),
        isinstance(x, np.ndarray),
        isinstance(x, str),
        isinstance(x, list),
        isinstance(x, NUMBERS),
        isinstance(x, (int, complex)),
        isinstance(x, tuple | np.ndarray),
        isinstance(x, np.float32),
        isinstance(x, (np.int8, np.uint64)),
        isinstance(x, np.number),
        isinstance(x, np.integer),
        isinstance(x, np.unsignedinteger),
        isinstance(x, np.signedinteger),
        isinstance(x, np.inexact),
        isinstance(x, np.floating),
        isinstance(x, np.complexfloating),
        isinstance(x, np.float16),
        isinstance(x, bytes),
    )


def of_kind(x):
    """What CPython says; a number has NumPy's type, and Python's where that is of the same size, as in Numba."""
    if isinstance(x, bool | np.bool_):
        return [False, False, True] + [False] * 21
    if isinstance(x, str):
        return [c in (str,) for c in range(8)] + [True] + [False] * 15
    x = np.int64(x) if type(x) is int else np.float64(x) if type(x) is float else np.complex128(x) if type(x) is complex else x
    found = list(kinds.py_func(x))
    if type(x) is np.int64:
        found[0] = found[10] = found[11] = True
    return found


VALUES = [
    3,
    2.5,
    True,
    1j,
    (1, 2),
    (),
    Point(1, 2.5),
    np.float32(1),
    np.float16(1),
    np.int8(1),
    np.uint64(1),
    np.int32(1),
    np.complex64(1),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_isinstance(value):
    @cuda.jit
    def kernel(out, x):
        for n, is_one in enumerate(kinds(x)):
            out[n] = is_one

    out = np.zeros(24, np.bool_)
    kernel[1, 1](out, value)
    assert out.tolist() == of_kind(value)


def test_isinstance_of_what_is_in_kernels():
    @cuda.jit
    def kernel(out, a, records):
        out[0] = isinstance(a, np.ndarray) and isinstance(a[1:], np.ndarray) and not isinstance(a[0], np.ndarray)
        out[1] = isinstance(a[0], np.float32) and not isinstance(a[0], float) and isinstance(float(a[0] * 2.0), float)
        out[2] = isinstance(cuda.grid(1), int) and isinstance(a.size, int)
        out[3] = isinstance("text", str) and not isinstance("text", bytes) and isinstance(b"text", bytes)
        out[4] = isinstance(records[0], RECORD) and not isinstance(records, RECORD) and isinstance(records, np.ndarray)
        out[5] = isinstance(None, (int, tuple)) or isinstance(cuda.threadIdx.x, np.int32)

    out = np.zeros(6, np.bool_)
    kernel[1, 1](out, np.ones(3, np.float32), np.zeros(2, RECORD))
    assert out.all()


def test_isinstance_decides_which_arm_is_compiled():
    @cuda.jit(device=True)
    def first(x):
        if isinstance(x, (tuple, np.ndarray)):
            return x[0] + len(x)
        elif not isinstance(x, complex):
            return x * 2.0
        return x.real - x.imag

    @cuda.jit
    def kernel(out, a):
        out[0], out[1], out[2], out[3] = first((1.5, 2)), first(a), first(4), first(a[0] + 3j)

    out = np.zeros(4)
    kernel[1, 1](out, np.array([10.0, 1.0, 2.0]))
    assert out.tolist() == [3.5, 13.0, 8.0, 7.0]


def raveled(out, a):
    n = a.size
    for i in range(n):
        out[0, i] = a.ravel()[i]
        out[1, i] = a.ravel(order="C")[i]
        out[2, i] = a.ravel("F")[i]
        out[3, i] = a.ravel(order="A")[i]
        out[4, i] = a.T.ravel(order="A")[i]
        out[5, i] = a.reshape((n // 4, 4), order="F")[i // 4, i % 4]
        out[6, i] = a.reshape(2, -1, order="F")[i % 2, i // 2]
        out[7, i] = a.ravel().ravel(order="A")[i]


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("shape", [(4, 6), (1, 8), (2, 3, 4), (12,)])
def test_orders_of_elements(order, shape):
    a = np.arange(math.prod(shape), dtype=np.float64).reshape(shape).copy(order)
    agree(raveled, 1, 1, np.zeros((8, a.size)), a)


def of_slices(out, a):
    for i in range(a[1:, ::2].size):
        out[0, i] = a[1:, ::2].ravel(order="F")[i]
        out[1, i] = a[1:, ::2].ravel()[i]
        out[2, i] = a[1:, ::2].reshape((-1, 3), order="F")[i // 3, i % 3]


def test_orders_of_slices():
    agree(of_slices, 1, 1, np.zeros((3, 9)), np.arange(24.0).reshape(4, 6))


def printed(x, i, h):
    print(f"i={i}, x={x}")
    print(f"{x=} {i = }", f"{'text'} {'text'!r} {h!s}", sep="; ")
    print(f"", f"{x}{i}", end=f"|{NUMBER}|\n")  # noqa: F541
    print(f"{(i, x)} {None} {{}}{{{i + 1}}}")
    print(f"{cuda.grid(1)}: {i > 2} {1j * x}")


NUMBER = 7


def test_f_strings_are_printed(capfd):
    cuda.jit(printed)[1, 2](2.5, 3, 0.1)
    theirs = run(printed, 1, 2, 2.5, 3, 0.1)
    ours = capfd.readouterr().out
    assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


def test_f_strings_of_constants_are_raised():
    @cuda.jit
    def kernel(x):
        if x[0] < 0:
            raise ValueError(f"below {NUMBER}, {1.5}, {True}, {'x'!r}", NUMBER)

    with pytest.raises(ValueError) as caught:
        kernel[1, 1](np.array([-1.0]))
    assert "below 7, 1.5, True, 'x'" in str(caught.value)


REFUSED = {
    'print(f"{x:.3f}")': "leave out what follows",
    'print(f"{x!a}")': "leave out what follows",
    'raise ValueError(f"{x}")': "has to be known when the function is compiled",
    'print("{}".format(x))': r"print\(f",
    "out[0] = isinstance(x, 3)": "takes a type",
    "out[0] = isinstance(x, (int, 3))": "takes a type",
    "out[0] = isinstance(x, len)": "takes a type",
    "out[0] = isinstance(x)": "a value and a type",
    "out[0] = str(x)": "strings cannot be built",
    "out[0] = list(x)": "tuple of fixed length",
    "out[0] = np.ndarray(3)": "a kernel makes no arrays",
    "out[0] = np.searchsorted(out, x, side='middle')": '"left" or "right"',
    "out[0] = np.searchsorted(out, 1j)": "not defined for complex128",
    "out[0] = np.searchsorted(out, out)": "one number after another",
    "out[0] = np.searchsorted(out, x, sorter=out)": "does not take a keyword argument `sorter`",
    "out[0] = np.searchsorted(x, x)": "an array of real numbers with one axis",
    "out[0] = np.interp(out, out, out)": "one number after another",
    "out[0] = np.interp(x, out, out, period=3)": "does not take a keyword argument `period`",
    "out[0] = np.interp(x, out, out, 1, 2, 3)": "with a period",
    "out[0] = np.interp(x, out, 3)": "an array of real numbers with one axis",
    "out[0] = np.isclose(out, out)": "not defined for array",
    "out[0] = np.isclose(x, x, rtol=out)": "not defined for array",
    "out[0] = np.angle(x, x)": "`deg` that is no constant",
    "out[0] = np.sinc(out)": "not defined for array",
    "out[0] = np.isposinf(1j)": "not defined for complex128",
    "out[0] = np.size(out, x)": "an axis that is no constant",
    "out[0] = np.size(out, 1)": "has no axis 1",
    "out[0] = np.shape((1, 2))[0]": "not defined for tuple",
    "out[0] = out.ravel(order='K')[0]": '"C", "F" and "A"',
    "out[0] = out.reshape((2, 2), order=x)[0, 0]": '"C", "F" and "A"',
    "out[0] = out.reshape((2, 2))[:, ::-1].ravel(order='A')[0]": "known at the launch only",
    "out[0] = out.ravel(ordre='C')[0]": "does not take a keyword argument `ordre`",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_says_what_to_do(line):
    scope = {"cuda": cuda, "np": np}
    text = f"@cuda.jit\ndef kernel(out, x):\n    {line}\n"
    exec(text, scope)
    with pytest.raises(errors.VerdigrisError, match=REFUSED[line]):
        scope["kernel"][1, 1](np.zeros(4), 0.5)


def test_an_array_without_axes_is_an_index():
    @cuda.jit
    def kernel(out, a, i):
        out[0] = a[i]
        out[i] += a[i]

    out, a = np.zeros(4), np.array([3.0, 1.0, 4.0, 1.5])
    kernel[1, 1](out, a, np.array(2))
    assert out.tolist() == [4.0, 0.0, 4.0, 0.0]


def test_masks_and_predicates_are_integers():
    for mask, predicate in ((1.5, 1), (True, 1), (1, 0.5)):

        @cuda.jit
        def kernel(out, mask, predicate):
            out[0] = cuda.all_sync(mask, predicate)

        with pytest.raises(errors.TypingError, match="must be an integer"):
            kernel[1, 1](np.zeros(1, np.int32), mask, predicate)
