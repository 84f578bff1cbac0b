"""Device arrays: copies, views, indexes."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verdigris import cuda, errors


def test_to_device_is_a_copy_and_to_host_goes_back():
    x = np.arange(12.0).reshape(3, 4)
    d = cuda.to_device(x)
    x[0, 0] = 99
    assert d[0, 0] == 0.0
    d[1] = -1
    assert x[1, 0] == 4.0
    assert d.to_host() is None
    assert x[1].tolist() == [-1] * 4
    assert x[0, 0] == 0.0


def test_to_host_keeps_its_array_and_needs_one():
    d = cuda.to_device(np.arange(3))
    gc.collect()
    d.to_host()
    for other in (cuda.device_array(3), cuda.to_device([1, 2, 3]), d[1:]):
        with pytest.raises(errors.DeviceError, match="copy_to_host"):
            other.to_host()
    fixed = np.arange(3)
    d = cuda.to_device(fixed)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        d.to_host()


def test_copy_to_host_gives_or_fills_an_array():
    x = np.arange(6, dtype=np.int16).reshape(2, 3)
    d = cuda.to_device(x)
    y = d.copy_to_host()
    np.testing.assert_array_equal(x, y)
    assert y.dtype == x.dtype
    backing = np.zeros((4, 6), np.int16)
    assert d.copy_to_host(backing[::2, ::-2]) is not None
    np.testing.assert_array_equal(backing[::2, ::-2], x)
    with pytest.raises(errors.ShapeError, match=r"\(2, 3\).*\(3, 2\)"):
        d.copy_to_host(np.zeros((3, 2), np.int16))
    with pytest.raises(errors.ArgumentError, match=r"int16.*float64"):
        d.copy_to_host(np.zeros((2, 3)))
    with pytest.raises(TypeError, match="NumPy array"):
        d.copy_to_host([0])


def test_copy_to_device():
    d = cuda.device_array((2, 3), np.float32)
    assert not d.copy_to_host().any()
    d.copy_to_device(np.ones((3, 2), np.float32).T)
    assert (d.copy_to_host() == 1).all()
    d.copy_to_device(cuda.to_device(np.full((2, 3), 5, np.float32)))
    assert (d.copy_to_host() == 5).all()
    with pytest.raises(errors.ArgumentError):
        d.copy_to_device(np.ones((2, 3)))
    with pytest.raises(errors.ShapeError):
        d.copy_to_device(np.ones(6, np.float32))
    same = cuda.to_device(np.zeros((2, 3), np.float32), to=d)
    assert same is d
    assert not d.copy_to_host().any()


def test_attributes_are_numpys():
    for x in (np.zeros((3, 4, 5), np.float32), np.zeros((3, 4), order="F"), np.zeros(7, np.complex64), np.zeros(())):
        d = cuda.to_device(x)
        for name in ("shape", "strides", "dtype", "size", "ndim", "nbytes", "itemsize"):
            assert getattr(d, name) == getattr(x, name), name
        assert d.is_c_contiguous() == x.flags.c_contiguous
        assert d.is_f_contiguous() == x.flags.f_contiguous
        assert hasattr(d, "__cuda_array_interface__") == cuda.is_gpu()
    assert cuda.to_device(np.zeros((0, 3))).shape == (0, 3)
    assert len(cuda.device_array(4)) == 4
    with pytest.raises(TypeError, match="unsized"):
        len(cuda.device_array(()))
    assert "float64" in repr(cuda.device_array(4))


def test_device_array_and_like():
    assert cuda.device_array(5).dtype == np.float64
    d = cuda.device_array((4, 6), np.int8, order="F")
    assert d.strides == (1, 4)
    assert cuda.device_array_like(d).strides == (1, 4)
    assert cuda.device_array_like(np.zeros((3, 4), np.uint8)).strides == (4, 1)
    assert cuda.device_array((2, 2), np.int32, strides=(16, 4)).strides == (16, 4)
    for wrong in (-1, "3", 2.5, (2, -1)):
        with pytest.raises((TypeError, ValueError)):
            cuda.device_array(wrong)
    with pytest.raises(errors.ArgumentError, match="Python objects"):
        cuda.device_array(3, object)
    with pytest.raises((MemoryError, errors.ShapeError)):
        cuda.device_array((2**40, 2**40))
    assert cuda.pinned_array(3, np.int8).shape == (3,)
    assert cuda.mapped_array((2, 3)).shape == (2, 3)


def indexes(ndim):
    one = st.one_of(
        st.integers(-7, 6), st.slices(7), st.builds(slice, st.none(), st.none(), st.sampled_from([-3, -1, 1, 2, None]))
    )
    return st.lists(one, max_size=ndim).flatmap(
        lambda items: st.one_of(st.just(tuple(items)), st.integers(0, len(items)).map(lambda at: (*items[:at], ..., *items[at:])))
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=0, max_size=3), st.data())
def test_basic_indexes_are_numpys(shape, data):
    x = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    d = cuda.to_device(x)
    key = data.draw(indexes(len(shape)))
    try:
        expected = x[key]
    except IndexError as error:
        with pytest.raises(IndexError) as caught:
            d[key]
        assert str(caught.value).split(",")[0] == str(error).split(",")[0]
        return
    found = d[key]
    if isinstance(expected, np.ndarray):
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found.copy_to_host(), expected)
    else:
        assert type(found) is type(expected)
        assert found == expected
    x[key] = 1000
    d[key] = 1000
    np.testing.assert_array_equal(d.copy_to_host(), x)


def test_assignment_broadcasts_and_casts_as_numpys():
    x = np.zeros((3, 4), np.float32)
    d = cuda.to_device(x)
    for target in (x, d):
        target[1:] = np.arange(4)
        target[:, 0] = 2.5
        target[0, ::2] = [7, 8]
        target[...] = target[...] if target is x else d[...]
    np.testing.assert_array_equal(d.copy_to_host(), x)
    d[0] = d[1]
    np.testing.assert_array_equal(d[0].copy_to_host(), x[1])
    with pytest.raises(ValueError, match="broadcast"):
        d[0] = np.zeros(3)
    with pytest.raises(IndexError, match="ints, slices"):
        d[[0, 1]]


def test_views_share_and_hold_the_memory():
    d = cuda.to_device(np.arange(24).reshape(4, 6))
    row, turned, flat = d[2, ::-2], d.T, d.reshape(2, -1)
    d[2, 5] = -5
    assert row[0] == -5
    assert turned[5, 2] == -5
    assert flat[1, 5] == -5
    assert d.ravel()[17] == -5
    del d
    gc.collect()
    assert row.copy_to_host().tolist() == [-5, 15, 13]
    assert flat.shape == (2, 12)
    with pytest.raises(errors.ShapeError, match="contiguous"):
        turned.ravel()
    assert turned.ravel(order="F").shape == (24,)
    with pytest.raises(ValueError, match="cannot reshape"):
        flat.reshape(5, 5)


def test_views_are_kernel_arguments():
    @cuda.jit
    def add_one(x):
        i = cuda.grid(1)
        if i < x.shape[0]:
            x[i] += 1

    d = cuda.to_device(np.zeros((4, 5)))
    add_one[1, 32](d[1])
    add_one[1, 32](d[:, 2])
    add_one[1, 32](d[3, ::-2])
    expected = np.zeros((4, 5))
    expected[1] += 1
    expected[:, 2] += 1
    expected[3, ::-2] += 1
    np.testing.assert_array_equal(d.copy_to_host(), expected)


def test_numpy_takes_device_arrays_by_copy():
    d = cuda.to_device(np.arange(4.0))
    np.testing.assert_array_equal(np.asarray(d), np.arange(4.0))
    assert np.asarray(d, dtype=np.int8).dtype == np.int8
    assert np.add(np.asarray(d), 1).tolist() == [1, 2, 3, 4]
    assert [float(v) for v in d] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(d, copy=False)


def test_memory_is_freed_with_the_last_owner():
    x = np.zeros(3)
    d = cuda.to_device(x)
    held = weakref.ref(x)
    alive = weakref.ref(d)
    del x, d
    gc.collect()
    assert alive() is None
    assert held() is None


def test_large_copies_are_whole():
    x = np.random.default_rng(0).integers(0, 255, (1500, 1700), np.uint8)
    for view in (x, x[::2, ::3], x.T, x[:, ::-1]):
        d = cuda.to_device(view)
        np.testing.assert_array_equal(d.copy_to_host(), view)
        out = np.zeros_like(x)[: view.shape[0], : view.shape[1]] if view.shape <= x.shape else np.zeros(view.shape, np.uint8)
        d.copy_to_host(out)
        np.testing.assert_array_equal(out, view)


@pytest.mark.cpu
def test_streams_and_events():
    stream = cuda.stream()
    d = cuda.to_device(np.zeros(3), stream=stream)
    d.copy_to_host(stream=stream)
    assert stream.ordered == 2
    start, end = cuda.event(), cuda.event()
    with pytest.raises(errors.DeviceError, match="not been recorded"):
        cuda.event_elapsed_time(start, end)
    start.record(stream)
    with stream.auto_synchronize():
        d.copy_to_device(np.ones(3), stream)
    end.record()
    end.synchronize()
    assert end.query()
    assert 0 <= cuda.event_elapsed_time(start, end) < 10_000
    with pytest.raises(TypeError, match="stream"):
        d.copy_to_host(stream="x")
    cuda.synchronize()
