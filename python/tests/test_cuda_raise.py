"""`raise` and `assert` in compiled code."""

import pickle

import numpy as np
import pytest
from test_cuda_blocks import BACKENDS, run

from verdigris import cuda, int64, vectorize


class Refused(Exception):
    def __init__(self, text, number=None):
        super().__init__(text)
        self.number = number


class Strict(Exception):
    def __init__(self):
        super().__init__("always the same")


def line_of(function, text):
    """The number of the line of a function that holds a text."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(n for n, line in enumerate(lines) if text in line)


@cuda.jit
def picky(x, out):
    i = cuda.grid(1)
    if i < x.size:
        if x[i] < 0:
            raise ValueError("a negative number", 17)
        out[i] = x[i] * 2


def test_the_thread_and_the_line_are_named():
    x = np.arange(16 * 64)
    x[[7 * 64 + 3, 7 * 64 + 40, 9 * 64]] = -1
    out = np.full(x.size, 99)
    with pytest.raises(ValueError, match="a negative number") as caught:
        picky[16, 64](x, out)
    error = caught.value
    assert type(error) is ValueError
    assert "block (7, 0, 0), thread (3, 0, 0)" in str(error) and error.args[1] == 17
    assert error.lineno == line_of(picky.py_func, "raise") and f"{__file__}:{error.lineno}" in str(error)
    assert (error.block, error.thread) == ((7, 0, 0), (3, 0, 0))
    assert "thread (3, 0, 0)" in error.__notes__[0]
    # The others are not touched by it, not even those of its warp.
    np.testing.assert_array_equal(out, np.where(x < 0, 99, 2 * x))
    x[:] = 5
    picky[16, 64](x, out)
    np.testing.assert_array_equal(out, 10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_raising_lanes_end(backend):
    x = np.random.default_rng(0).integers(-3, 9, 100)
    out = np.full(100, 99)
    kind, block, thread, line, _ = run(picky.py_func, (2,), (50,), x, out, backend=backend)
    first = int(np.flatnonzero(x < 0)[0])
    assert (kind, block, thread, line) == ("raise", first // 50, first % 50, line_of(picky.py_func, "raise"))
    np.testing.assert_array_equal(out, np.where(x < 0, 99, 2 * x))


def checked(x):
    for k in range(3):
        if x == k:
            raise KeyError("key", -1)
        assert x != 10 + k, "ten or more"
    if x == 20:
        raise Refused("twenty", 20)
    if x == 21:
        raise Strict
    if x == 22:
        raise ZeroDivisionError
    assert x < 100
    return x + 1


inner = cuda.jit(device=True)(checked)


@cuda.jit
def calls(x, out):
    tile = cuda.shared.array(64, int64)
    t = cuda.threadIdx.x
    tile[t] = inner(x[t])
    cuda.syncthreads()
    total = 0
    for k in range(2):
        total += tile[0] + inner(x[t] + 1000 * (t == 50) * k)
        cuda.syncthreads()
    out[t] = total


def launched(value):
    x, out = np.full(64, 50), np.zeros(64, np.int64)
    x[33] = value
    return x, out


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0, KeyError, "key"),
        (10, AssertionError, "ten or more"),
        (20, Refused, "twenty"),
        (21, Strict, "always"),
        (22, ZeroDivisionError, "thread (33"),
    ],
)
def test_in_device_functions_and_between_barriers(value, kind, text):
    x, out = launched(value)
    with pytest.raises(kind) as caught:
        calls[1, 64](x, out)
    assert text in str(caught.value) and (caught.value.thread == (33, 0, 0))
    rest = np.arange(64) != 33
    rest[50] = False
    np.testing.assert_array_equal(out[rest], 2 * 51 + 2 * 51)
    assert out[33] == 0


def test_an_assertion_in_a_later_lap():
    x, out = launched(50)
    with pytest.raises(AssertionError) as caught:
        calls[1, 64](x, out)
    assert caught.value.thread == (50, 0, 0) and caught.value.lineno == line_of(checked, "assert x < 100")
    assert out[50] == 0 and (out[np.arange(64) != 50] == 204).all()


def test_exceptions_pickle_as_their_class_lets_them():
    x, out = launched(10)
    with pytest.raises(AssertionError) as caught:
        calls[1, 64](x, out)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_arguments_are_constants():
    from verdigris import errors

    def of_value(x):
        raise ValueError(x[0])

    def of_nothing(x):
        raise x[0]

    for function, text in [(of_value, "must be a constant"), (of_nothing, "no class of exceptions")]:
        with pytest.raises(errors.TypingError, match=text):
            cuda.jit(function)[1, 1](np.zeros(3))


def test_ufuncs_raise():
    @vectorize
    def root(x):
        if x < 0:
            raise ValueError("no root")
        return x**0.5

    np.testing.assert_array_equal(root(np.array([4.0, 9.0])), [2, 3])
    with pytest.raises(ValueError, match="no root"):
        root(np.array([4.0, -1.0, 9.0]))
