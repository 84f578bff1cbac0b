"""DLPack of device arrays where the device is the CPU: memory shared with NumPy both ways."""

import gc

import numpy as np
import pytest

from verdigris import cuda, errors

pytestmark = pytest.mark.skipif("__import__('verdigris').cuda.is_gpu()", reason="the device is a GPU")

DTYPES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_shares_a_device_arrays_memory(dtype):
    host = np.arange(24).reshape(2, 3, 4).astype(dtype)
    device = cuda.to_device(host)
    assert device.__dlpack_device__() == (1, 0)
    seen = np.from_dlpack(device)
    assert seen.dtype == host.dtype
    np.testing.assert_array_equal(seen, host)
    device[1, 2, 3] = 0
    assert seen[1, 2, 3] == 0
    del device
    gc.collect()
    np.testing.assert_array_equal(seen[0], host[0])


def test_views_keep_their_strides():
    host = np.arange(24.0).reshape(4, 6)
    device = cuda.to_device(host)
    for view in (lambda a: a[::2, 1::2], lambda a: a.T, lambda a: a[2], lambda a: a[:, :0]):
        seen = np.from_dlpack(view(device))
        np.testing.assert_array_equal(seen, view(host))
    shared = np.from_dlpack(device)
    if not shared.flags.writeable:
        pytest.skip("NumPy 2.0 gives arrays that it does not hand on")
    np.testing.assert_array_equal(cuda.from_dlpack(shared[::-1, ::-2]).copy_to_host(), host[::-1, ::-2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_device_array_shares_numpys_memory(dtype):
    host = np.arange(24).reshape(4, 6).astype(dtype)
    shared = cuda.from_dlpack(host)
    assert (shared.shape, shared.dtype) == (host.shape, host.dtype)
    shared[1, 1] = 1
    assert host[1, 1] == 1
    np.testing.assert_array_equal(shared[:, ::-2].copy_to_host(), host[:, ::-2])
    expected = host.copy()
    del host
    gc.collect()
    np.testing.assert_array_equal(shared.copy_to_host(), expected)


def test_kernels_and_ufuncs_take_what_is_shared():
    @cuda.jit
    def double(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] *= 2

    host = np.arange(10.0)
    shared = cuda.from_dlpack(host)
    double[1, 32](shared)
    np.testing.assert_array_equal(host, 2 * np.arange(10.0))
    np.testing.assert_array_equal(np.add(shared, 1).copy_to_host(), host + 1)


def test_copies_are_asked_for():
    device = cuda.to_device(np.arange(5))
    own = np.from_dlpack(device, copy=True) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else None
    if own is not None:
        own[0] = 9
        assert device[0] == 0
    assert "dltensor_versioned" in repr(device.__dlpack__(max_version=(1, 1)))
    assert '"dltensor"' in repr(device.__dlpack__())


def test_what_dlpack_does_not_have_is_refused():
    with pytest.raises(BufferError, match="no elements"):
        np.from_dlpack(cuda.to_device(np.zeros(3, "M8[s]")))
    with pytest.raises(BufferError, match="no elements of"):
        cuda.to_device(np.zeros(3, np.clongdouble)).__dlpack__()
    with pytest.raises(BufferError, match="strides"):
        records = np.zeros(3, [("a", "i1"), ("b", "<f8")])
        device = cuda.to_device(records)
        device.view("u1").reshape(3, 9)[:, 1:9].view("f8").__dlpack__()
    read_only = np.arange(3)
    read_only.flags.writeable = False
    with pytest.raises(BufferError):
        cuda.from_dlpack(read_only)
    with pytest.raises(BufferError, match="cannot be had"):
        cuda.to_device(np.zeros(3)).__dlpack__(dl_device=(2, 0))

    class OnGpu:
        def __dlpack_device__(self):
            return (2, 0)

    class Elsewhere:
        def __dlpack_device__(self):
            return (10, 0)

    with pytest.raises(errors.DeviceError, match="runs on the CPU"):
        cuda.from_dlpack(OnGpu())
    with pytest.raises(errors.DeviceError, match="kind 10"):
        cuda.from_dlpack(Elsewhere())

    class NoCapsule:
        def __dlpack_device__(self):
            return (1, 0)

        def __dlpack__(self, **keywords):
            return 5

    with pytest.raises(TypeError, match="no capsule"):
        cuda.from_dlpack(NoCapsule())

    class Used(NoCapsule):
        def __init__(self):
            self.capsule = np.arange(3).__dlpack__()

        def __dlpack__(self, **keywords):
            return self.capsule

    used = Used()
    cuda.from_dlpack(used)
    with pytest.raises(BufferError, match="took it already"):
        cuda.from_dlpack(used)


def test_there_is_no_interface_of_gpus_on_the_cpu():
    device = cuda.to_device(np.zeros(3))
    assert not hasattr(device, "__cuda_array_interface__")
    with pytest.raises(errors.DeviceError, match="runs on the CPU"):
        cuda.from_cuda_array_interface({"shape": (3,), "data": (1, False), "typestr": "<f8", "version": 3})
    with pytest.raises(errors.UnsupportedError, match="the device is the CPU"):
        cuda.external_stream(5)
