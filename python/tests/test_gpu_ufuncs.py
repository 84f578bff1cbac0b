"""Ufuncs on a GPU: host arrays are copied there, device arrays stay. Run on one, and on the stand-in of the driver,
which interprets their PTX."""

import numpy as np
import pytest

from verdigris import cuda, guvectorize, vectorize

pytestmark = pytest.mark.gpu


@vectorize(target="cuda")
def blend(a, b):
    return a * 2 + b


@vectorize(target="cuda", identity=0)
def total(a, b):
    return a + b


@vectorize
def plain(a, b):
    return a - b


@vectorize(target="cuda")
def both(a, b):
    return a + b, a * b


@guvectorize("(n),(n)->()", target="cuda")
def dot(x, y, out):
    sum_ = 0.0
    for i in range(x.shape[0]):
        sum_ += x[i] * y[i]
    out[0] = sum_


@guvectorize(["void(float64[:, :], float64[:], float64[:])"], "(m,n),(n)->(m)", target="cuda")
def product(a, x, out):
    for i in range(a.shape[0]):
        out[i] = 0.0
        for j in range(a.shape[1]):
            out[i] += a[i, j] * x[j]


@guvectorize("(n),()->(n)", target="cuda")
def scale(x, by, out):
    for i in range(x.shape[0]):
        out[i] = x[i] * by


X = np.arange(24.0).reshape(2, 3, 4)


def test_host_arrays_come_and_go():
    result = blend(X, 1.0)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, X * 2 + 1)
    np.testing.assert_array_equal(blend(X, X[0, 0]), X * 2 + X[0, 0])
    np.testing.assert_array_equal(blend(X[:, :, ::-2], X[0, :, :1]), X[:, :, ::-2] * 2 + X[0, :, :1])
    np.testing.assert_array_equal(blend(X.T, X.T), X.T * 3)
    scalar = blend(2.0, np.float64(3))
    assert type(scalar) is np.float64 and scalar == 7
    out = np.zeros_like(X)
    assert blend(X, 1, out=out) is out
    np.testing.assert_array_equal(out, X * 2 + 1)
    assert blend(X[:, :0], 1.0).shape == (2, 0, 4)


def test_device_arrays_stay(recorded):
    x, row = cuda.to_device(X), cuda.to_device(X[0, 0])
    if recorded:
        recorded.calls()
    result = blend(x, row)
    assert type(result) is type(x)
    if recorded:
        # Nothing went through the host, and nothing was waited for.
        names = recorded.names()
        assert not [name for name in names if "DtoH" in name or "HtoD" in name or "Synchronize" in name], names
        assert names.count("cuLaunchKernel") == 1
    np.testing.assert_array_equal(result.copy_to_host(), X * 2 + X[0, 0])
    for left, right, expected in [
        (x, 0.5, X * 2 + 0.5),
        (X, row, X * 2 + X[0, 0]),
        (x[:, ::2, ::-1], row, X[:, ::2, ::-1] * 2 + X[0, 0]),
        (x.transpose((2, 0, 1)), x.transpose((2, 0, 1)), X.transpose(2, 0, 1) * 3),
        (x[1:, :, 1:], x[:1, :, :3], X[1:, :, 1:] * 2 + X[:1, :, :3]),
    ]:
        np.testing.assert_array_equal(blend(left, right).copy_to_host(), expected)
    # Ours without a target runs where its arrays are.
    np.testing.assert_array_equal(plain(x, row).copy_to_host(), X - X[0, 0])


def test_outputs_that_are_given():
    x, out = cuda.to_device(X), cuda.to_device(np.zeros((4, 6, 4)))
    part = out[::2, 1:4]
    assert blend(x, 1.0, out=part) is part
    expected = np.zeros((4, 6, 4))
    expected[::2, 1:4] = X * 2 + 1
    np.testing.assert_array_equal(out.copy_to_host(), expected)
    # The very elements of an input, and others of its memory.
    assert blend(x, x, out=x) is x
    np.testing.assert_array_equal(x.copy_to_host(), X * 3)
    line = cuda.to_device(np.arange(6.0))
    blend(line[:-1], 0.0, out=line[1:])
    np.testing.assert_array_equal(line.copy_to_host(), [0, 0, 2, 4, 6, 8])
    first, second = both(cuda.to_device(X), 2.0)
    np.testing.assert_array_equal(first.copy_to_host(), X + 2)
    np.testing.assert_array_equal(second.copy_to_host(), X * 2)
    target = cuda.device_array(X.shape)
    first, second = both(cuda.to_device(X), 2.0, out=(target, None))
    assert first is target
    np.testing.assert_array_equal(target.copy_to_host(), X + 2)
    with pytest.raises(ValueError, match="broadcast"):
        blend(cuda.to_device(X), cuda.to_device(np.zeros(3)))


def test_types_are_numpys():
    for a, b in [
        (np.int8(1), np.int16(2)),
        (np.float32(1.5), 2),
        (np.float32(1.5), np.float64(2)),
        (1, 2),
        (1j, 2.0),
        (np.uint8(1), True),
    ]:
        one, two = np.full(3, a), np.asarray(b)
        expected = plain(one, two)
        found = total(one, two)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, one + two)
        device = plain(cuda.to_device(one), cuda.to_device(np.broadcast_to(two, 3)))
        assert device.dtype == expected.dtype
    integers = cuda.to_device(np.arange(5, dtype=np.int32))
    declared = vectorize(["float64(float64, float64)"], target="cuda")(lambda a, b: a / b)
    np.testing.assert_array_equal(declared(integers, 2).copy_to_host(), np.arange(5) / 2)


def test_streams_and_blocks(recorded):
    stream = cuda.stream()
    x = cuda.to_device(X, stream=stream)
    out = cuda.device_array(X.shape, stream=stream)
    if recorded:
        stream.synchronize()
        recorded.calls()
    blend(x, 1.0, out=out, stream=stream)
    if recorded:
        (launch,) = [line for line in recorded.calls() if line.startswith("cuLaunchKernel")]
        assert f"stream={stream.handle}" in launch, launch
    stream.synchronize()
    np.testing.assert_array_equal(out.copy_to_host(), X * 2 + 1)
    small = vectorize(target="cuda")(lambda a: a + 1)
    small.max_blocksize = 32
    if recorded:
        recorded.calls()
    np.testing.assert_array_equal(small(np.arange(100.0)), np.arange(100.0) + 1)
    if recorded:
        (launch,) = [line for line in recorded.calls() if line.startswith("cuLaunchKernel")]
        assert "gx=4, gy=1, gz=1, bx=32, by=1, bz=1" in launch, launch


def test_core_arrays():
    rng = np.random.default_rng(1)
    a, x = rng.integers(-9, 9, (2, 5, 3, 4)).astype(float), rng.integers(-9, 9, (5, 4)).astype(float)
    expected = np.einsum("zkij,kj->zki", a, x)
    np.testing.assert_array_equal(product(a, x), expected)
    d, e = cuda.to_device(a), cuda.to_device(x)
    np.testing.assert_array_equal(product(d, e).copy_to_host(), expected)
    np.testing.assert_array_equal(product(d[:, ::2], e[::2, ::]).copy_to_host(), expected[:, ::2])
    out = cuda.device_array((2, 5, 3))
    assert product(d, e, out) is out
    np.testing.assert_array_equal(out.copy_to_host(), expected)
    np.testing.assert_array_equal(dot(x, x), (x * x).sum(-1))
    assert dot(x[0], x[1]) == (x[0] * x[1]).sum()
    np.testing.assert_array_equal(dot(e.T[:, :4], e.T[:, :4]).copy_to_host(), (x.T[:, :4] ** 2).sum(-1))
    np.testing.assert_array_equal(scale(d, cuda.to_device(np.arange(3.0))).copy_to_host(), a * np.arange(3.0)[:, None])
    z = np.arange(4) + 1j
    np.testing.assert_array_equal(scale(z, 2 - 1j), z * (2 - 1j))


def test_folds():
    x = cuda.to_device(X)
    assert total.reduce(X, axis=None) == X.sum() == total.reduce(x, axis=None)
    np.testing.assert_array_equal(total.reduce(x, axis=1).copy_to_host(), X.sum(axis=1))
    np.testing.assert_array_equal(total.accumulate(X, axis=2), np.add.accumulate(X, axis=2))


def test_keywords_that_only_numpy_has():
    x, out = cuda.to_device(X), cuda.to_device(np.zeros_like(X))
    total(x, 1.0, out=out, where=X > 5)
    np.testing.assert_array_equal(out.copy_to_host(), np.where(X > 5, X + 1, 0))
    assert total(X, 1, dtype=np.float64).dtype == np.float64
