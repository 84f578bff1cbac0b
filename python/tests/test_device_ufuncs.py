"""Ufuncs of device arrays, NumPy's and ours: device arrays in, device arrays out."""

import numpy as np
import pytest

from verdigris import cuda, guvectorize, num_threads, vectorize


@vectorize
def hypotenuse(a, b):
    return (a * a + b * b) ** 0.5


@vectorize(target="cuda", identity=0)
def total(a, b):
    return a + b


@guvectorize("(n)->()")
def norm(x, out):
    sum_ = 0.0
    for i in range(x.shape[0]):
        sum_ += x[i] * x[i]
    out[0] = sum_


X = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("ufunc, numpys", [(np.add, np.add), (total, np.add), (total.ufunc, np.add)])
def test_calls(ufunc, numpys):
    x, y = cuda.to_device(X), cuda.to_device(X[0])
    for result, expected in [
        (ufunc(x, y), numpys(X, X[0])),
        (ufunc(x, 2.5), numpys(X, 2.5)),
        (ufunc(X, y), numpys(X, X[0])),
        (ufunc(x.T, x.T), numpys(X.T, X.T)),
        (ufunc(x[::2, ::-1], y), numpys(X[::2, ::-1], X[0])),
    ]:
        assert type(result) is type(x) and result.dtype == expected.dtype
        np.testing.assert_array_equal(result.copy_to_host(), expected)


def test_outputs_are_the_device_arrays_given():
    x, out = cuda.to_device(X), cuda.device_array(X.shape)
    assert total(x, 1, out=out) is out and np.add(x, 1, out=out) is out
    np.testing.assert_array_equal(out.copy_to_host(), X + 1)
    assert hypotenuse(x, x, out=x) is x
    np.testing.assert_allclose(x.copy_to_host(), np.hypot(X, X))
    quotient, rest = cuda.device_array(X.shape), None
    both = np.divmod(cuda.to_device(X), 3, out=(quotient, rest))
    assert both[0] is quotient and type(both[1]) is type(quotient)
    np.testing.assert_array_equal(both[1].copy_to_host(), X % 3)
    host = np.zeros_like(X)
    assert total(cuda.to_device(X), 1, out=host) is host
    np.testing.assert_array_equal(host, X + 1)
    mask = cuda.to_device(X > 5)
    masked = total(cuda.to_device(X), 100, out=cuda.to_device(X), where=mask)
    np.testing.assert_array_equal(masked.copy_to_host(), np.where(X > 5, X + 100, X))


@pytest.mark.parametrize("ufunc", [np.add, total])
def test_methods(ufunc):
    x = cuda.to_device(X)
    assert ufunc.reduce(x, axis=None) == X.sum() and type(ufunc.reduce(x, axis=None)) is np.float64
    for result, expected in [
        (ufunc.reduce(x), X.sum(axis=0)),
        (ufunc.accumulate(x, axis=1), np.add.accumulate(X, axis=1)),
        (ufunc.reduceat(x, [0, 2], axis=1), np.add.reduceat(X, [0, 2], axis=1)),
        (ufunc.outer(x, x[0]), np.add.outer(X, X[0])),
    ]:
        assert type(result) is type(x)
        np.testing.assert_array_equal(result.copy_to_host(), expected)
    ufunc.at(x, (0, 1), 100.0)
    assert x[0, 1] == X[0, 1] + 100


def test_generalized_ufuncs_and_what_kernels_make_of_the_results():
    x = cuda.to_device(X)
    result = norm(x)
    np.testing.assert_array_equal(result.copy_to_host(), (X * X).sum(axis=1))

    @cuda.jit
    def double(a):
        i = cuda.grid(1)
        if i < a.size:
            a[i] *= 2

    double[1, 32](result)
    np.testing.assert_array_equal(result.copy_to_host(), 2 * (X * X).sum(axis=1))


def test_whoever_has_a_say_of_its_own_is_asked_too():
    class Other:
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            return ufunc, method, len(inputs)

    assert total(cuda.to_device(X), Other()) == (total, "__call__", 2)
    assert np.add(Other(), cuda.to_device(X)) == (np.add, "__call__", 2)
    with pytest.raises(ValueError, match="broadcast"):
        total(cuda.to_device(X), cuda.to_device(np.zeros(3)))


def test_the_number_of_threads_is_a_setting_that_changes_no_result():
    wide = np.random.default_rng(1).normal(size=300_000)
    f = vectorize(target="parallel", identity=0)(lambda a, b: a * 0.5 + b)
    expected = f(wide, wide), f.reduce(wide)
    for threads in (1, 2, 3):
        with num_threads(threads):
            np.testing.assert_array_equal(f(wide, wide), expected[0])
            assert f.reduce(wide) == expected[1]
