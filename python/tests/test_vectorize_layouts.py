"""Operands that lie otherwise than each other: transposed, in rows of any length, beside casts and large results."""

import numpy as np
import pytest

from verdigris import vectorize

rng = np.random.default_rng(21)


def madd(a, b):
    return a * 3 + b


TARGETS = {target: vectorize(target=target)(madd) for target in ("cpu", "parallel")}
DECLARED = {target: vectorize(["float64(float64, float64)"], target=target)(madd) for target in ("cpu", "parallel")}
both = pytest.mark.parametrize("target", ["cpu", "parallel"])


def numbers(shape, dtype):
    return rng.integers(0, 100, shape).astype(dtype)


@both
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "f8", "c16"])
@pytest.mark.parametrize("shape", [(600, 600), (8, 700), (67, 1025), (3, 40, 515), (40, 3, 515), (9, 512)])
def test_transposed_operands_are_numpys(target, dtype, shape):
    f = TARGETS[target]
    a = numbers(shape, dtype)
    turned = numbers(shape[::-1], dtype).T
    expected = (a * np.dtype(dtype).type(3) + turned).astype(f(a, turned).dtype)
    if np.dtype(dtype).kind != "i":
        np.testing.assert_array_equal(f(a, turned), expected)
        np.testing.assert_array_equal(f(turned, a), turned * np.dtype(dtype).type(3) + a)
    wide = f(a, turned)
    np.testing.assert_array_equal(wide, a.astype(wide.dtype) * 3 + turned)
    # Into results that lie as neither, as the second, backwards, and with gaps.
    for out in (
        np.empty(shape, wide.dtype),
        np.empty(shape[::-1], wide.dtype).T,
        np.empty(shape, wide.dtype)[::-1, ...][..., ::-1],
        np.empty((*shape[:-1], 2 * shape[-1]), wide.dtype)[..., ::2],
        np.empty(shape, wide.dtype.newbyteorder()),
        np.empty(wide.nbytes + 1, "u1")[1:].view(wide.dtype).reshape(shape),
    ):
        assert f(a, turned, out=out) is out
        np.testing.assert_array_equal(out, wide)


@both
def test_transposed_operands_that_are_cast_swapped_or_unaligned(target):
    f = DECLARED[target]
    a = numbers((300, 700), "f8")
    for dtype in ("i4", "f4", ">f8", ">i2", "?", "u8"):
        turned = numbers((700, 300), dtype).T
        np.testing.assert_array_equal(f(a, turned), a * 3 + turned)
        np.testing.assert_array_equal(f(turned, a), turned.astype("f8") * 3 + a)
    bytes_ = np.empty(700 * 300 * 8 + 1, "u1")[1:]
    turned = bytes_.view("f8").reshape(700, 300)
    turned[:] = numbers((700, 300), "f8")
    np.testing.assert_array_equal(f(a, turned.T), a * 3 + turned.T)


@both
def test_a_transposed_operand_beside_one_that_is_the_same_along_an_axis(target):
    f = TARGETS[target]
    turned = numbers((900, 300), "f8").T
    for other in (numbers((300, 1), "f8"), numbers((1, 900), "f8"), numbers((), "f8"), numbers((300, 1), ">f8")):
        np.testing.assert_array_equal(f(turned, other), turned * 3 + other)
        np.testing.assert_array_equal(f(other, turned), other * 3.0 + turned)


@both
def test_in_place_beside_a_transposed_operand(target):
    f = TARGETS[target]
    for lies in (lambda x: x, lambda x: x.T):
        a, other = numbers((640, 640), "f8"), numbers((640, 640), "f8")
        a, other = lies(a), lies(other).T
        expected = a * 3 + other
        assert f(a, other, out=a) is a
        np.testing.assert_array_equal(a, expected)
    # An output that is the other operand, turned: NumPy copies.
    a = numbers((640, 640), "f8")
    expected = a * 3 + a.T
    f(a, a.T, out=a)
    np.testing.assert_array_equal(a, expected)


@both
@pytest.mark.parametrize("offset", [0, 1, 5])
def test_results_written_past_the_caches(target, offset):
    """Results too large for them, in rows that begin anywhere, from operands that are turned, cast and stretched."""
    same, mixed = TARGETS[target], DECLARED[target]
    rows, columns = 1100, 2048 + 8 * offset
    memory = np.empty(rows * (columns + offset) + 64)
    out = memory[offset:][: rows * (columns + offset)].reshape(rows, columns + offset)[:, :columns]
    a = numbers((rows, columns), "f8")
    for f, other in (
        (same, numbers((columns, rows), "f8").T),
        (same, numbers((rows, 1), "f8")),
        (same, numbers((1, columns), "f8")),
        (mixed, numbers((rows, columns), "i4")),
        (mixed, numbers((columns, rows), "f4").T),
    ):
        out[:] = -1
        assert f(a, other, out=out) is out
        np.testing.assert_array_equal(out, a * 3 + other)
    long, other = numbers((3, 900_000), "f8"), numbers((3, 1), "i2")
    np.testing.assert_array_equal(mixed(long, other), long * 3 + other)


@both
@pytest.mark.parametrize("offset", [0, 8])
def test_large_complex_results_aligned_as_their_parts(target, offset):
    n = 1_200_000
    memory = np.empty(16 * n + 64, "u1")
    start = -memory.ctypes.data % 16 + offset
    out = memory[start : start + 16 * n].view("c16")
    a = numbers(n, "c16")
    assert TARGETS[target](a, 1.0, out=out) is out
    np.testing.assert_array_equal(out, a * 3 + 1)


@both
def test_flags_of_turned_operands(target):
    f = vectorize(target=target)(lambda a, b: 1.0 / b if a > 50.0 else a)
    a, turned = numbers((300, 800), "f8"), numbers((800, 300), "f8").T
    turned[a <= 50] = 0.0
    turned[a > 50] = 2.0
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(f(a, turned), np.where(a > 50, 0.5, a))
    row, column = np.argwhere(a > 50)[-1]
    turned[row, column] = 0.0
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        f(a, turned)


@both
def test_the_first_element_that_fails_is_the_first_in_order(target):
    @vectorize(target=target)
    def f(a, b):
        if b < 0.0:
            raise ValueError(1)
        return a

    a, turned = numbers((600, 600), "f8"), numbers((600, 600), "f8").T
    turned[9, 3] = turned[1, 590] = -1.0
    with pytest.raises(ValueError):
        f(a, turned)
