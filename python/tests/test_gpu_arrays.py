"""Arrays, streams and memory of a GPU: run on one, and against the stand-in of the driver (test_gpu_standin.py)."""

import asyncio
import gc
import threading

import numpy as np
import pytest

from verdigris import cuda, errors

pytestmark = pytest.mark.gpu

LAYOUTS = {
    "C": lambda a: a,
    "F": lambda a: np.asfortranarray(a),
    "transposed": lambda a: a.transpose(2, 0, 1),
    "every second": lambda a: a[::2, :, ::2],
    "backwards": lambda a: a[::-1, :, ::-1],
    "part": lambda a: a[1:3, 2:, 1:4],
    "one row": lambda a: a[1, 2],
    "column": lambda a: a[:, 1, 3],
    "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "empty": lambda a: a[:, :0],
    "scalar": lambda a: a[1, 2, 3, ...],
}


def numbers(dtype="float64"):
    return (np.arange(4 * 5 * 6).reshape(4, 5, 6) % 97).astype(dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64", "complex128", "M8[s]"])
def test_copies_of_every_layout(layout, dtype):
    host = LAYOUTS[layout](numbers(dtype))
    device = cuda.to_device(host)
    assert device.device.startswith("cuda:")
    assert (device.shape, device.dtype) == (host.shape, host.dtype)
    np.testing.assert_array_equal(device.copy_to_host(), host)
    # Back into an array of the same layout, whose other elements stay.
    whole = np.zeros_like(numbers(dtype))
    target = LAYOUTS[layout](whole) if layout != "broadcast" else np.zeros_like(host)
    if target.flags.writeable:
        device.copy_to_host(target)
        np.testing.assert_array_equal(target, host)
    np.testing.assert_array_equal(np.asarray(device), host)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("F", "broadcast", "scalar")])
def test_views_on_the_device_are_numpys(layout):
    host = numbers("float32")
    device = cuda.to_device(host)
    view = {
        "C": lambda a: a,
        "transposed": lambda a: a.transpose((2, 0, 1)),
    }.get(layout, LAYOUTS[layout])
    seen, expected = view(device), view(host)
    assert (seen.shape, seen.strides) == (expected.shape, expected.strides)
    np.testing.assert_array_equal(seen.copy_to_host(), expected)
    # Assignment to a view changes those elements and no others.
    if expected.size:
        seen[...] = -1
        expected[...] = -1
        np.testing.assert_array_equal(device.copy_to_host(), host)


def test_elements_views_and_shapes():
    host = numbers("int32")
    device = cuda.to_device(host)
    assert device[1, 2, 3] == host[1, 2, 3]
    device[1, 2, 3] = 7
    assert device[1, 2, 3] == 7
    np.testing.assert_array_equal(device.reshape(20, 6).copy_to_host()[8], device[1, 3].copy_to_host())
    np.testing.assert_array_equal(device.ravel().view("int16").copy_to_host(), device.copy_to_host().ravel().view("int16"))
    zeros = cuda.device_array((3, 4), np.float32)
    assert not zeros.copy_to_host().any()
    assert len(device) == 4
    assert "on cuda:" in repr(device)
    record = np.array([(1, 2.5), (3, 4.5)], [("a", "i4"), ("b", "f8")])
    np.testing.assert_array_equal(cuda.to_device(record).copy_to_host(), record)


def test_copies_on_the_device():
    host = numbers("float32")
    source, target = cuda.to_device(host), cuda.device_array(host.shape, host.dtype)
    target.copy_to_device(source)
    np.testing.assert_array_equal(target.copy_to_host(), host)
    target[::-1].copy_to_device(target)
    np.testing.assert_array_equal(target.copy_to_host(), host[::-1])
    target.transpose((0, 1, 2))[:, :, ::2] = source[:, :, ::2]
    with pytest.raises(errors.ShapeError):
        target.copy_to_device(source[1:])
    with pytest.raises(errors.ArgumentError):
        target.copy_to_device(cuda.to_device(host.astype("float64")))
    target.copy_to_device(host)
    np.testing.assert_array_equal(target.copy_to_host(), host)


def test_to_host_goes_back_where_it_came_from():
    host = numbers()
    expected = host * 0 + 3
    device = cuda.to_device(host)
    device[...] = 3
    device.to_host()
    np.testing.assert_array_equal(host, expected)


def test_streams_events_and_pinned_arrays():
    stream = cuda.stream()
    host = cuda.pinned_array(1000, np.float32)
    host[:] = np.arange(1000)
    start, end = cuda.event(), cuda.event()
    start.record(stream)
    device = cuda.to_device(host, stream=stream)
    back = cuda.pinned_array(1000, np.float32)
    device.copy_to_host(back, stream=stream)
    end.record(stream)
    end.synchronize()
    np.testing.assert_array_equal(back, host)
    assert end.query()
    assert start.elapsed_time(end) >= 0
    with stream.auto_synchronize():
        device.copy_to_device(host[::-1].copy(), stream=stream)
    np.testing.assert_array_equal(device.copy_to_host(stream=stream), host[::-1])
    # A pinned array that nobody else holds lives until its copy has ended.
    device = cuda.to_device(cuda.pinned_array(1000, np.float32) + 0, stream=stream)
    lost = cuda.pinned_array(1000, np.float32)
    lost[:] = 5
    device = cuda.to_device(lost, stream=stream)
    del lost
    gc.collect()
    assert (device.copy_to_host(stream=stream) == 5).all()
    other = cuda.stream()
    done = cuda.event(timing=False)
    done.record(stream)
    done.wait(other)
    other.synchronize()
    with pytest.raises(ValueError, match="timing=False"):
        start.elapsed_time(done)
    with pytest.raises(TypeError, match="stream must be"):
        cuda.to_device(host, stream="one")


def test_callbacks_and_awaitables_come_after_the_work():
    stream = cuda.stream()
    called = threading.Event()
    seen = []

    def callback(*got):
        seen.append(got)
        called.set()

    cuda.to_device(np.ones(100), stream=stream)
    stream.add_callback(callback, "arg")
    stream.synchronize()
    assert called.wait(10)
    assert seen == [(stream, 0, "arg")]

    async def wait():
        future = stream.async_done()
        await asyncio.get_running_loop().run_in_executor(None, stream.synchronize)
        return await asyncio.wait_for(future, 10)

    assert asyncio.run(wait()) is stream


def test_mapped_and_managed_arrays_are_numpy_arrays():
    for make in (cuda.mapped_array, cuda.managed_array, cuda.pinned_array):
        array = make((3, 4), np.int32, order="F")
        assert isinstance(array, np.ndarray)
        assert array.flags.f_contiguous
        array[...] = np.arange(12).reshape(3, 4)
        np.testing.assert_array_equal(cuda.to_device(array).copy_to_host(), np.arange(12).reshape(3, 4))
        assert make((0, 4)).shape == (0, 4)
    like = cuda.pinned_array_like(np.zeros((3, 4, 5)).transpose(1, 0, 2))
    assert (like.shape, like.strides) == ((4, 3, 5), (40, 160, 8))
    ordinary = np.arange(100.0)
    with cuda.pinned(ordinary):
        np.testing.assert_array_equal(cuda.to_device(ordinary, stream=cuda.stream()).copy_to_host(), ordinary)


def test_the_interface_describes_the_array():
    host = numbers("float32")
    device = cuda.to_device(host)
    described = device.__cuda_array_interface__
    assert described["shape"] == (4, 5, 6)
    assert described["strides"] is None
    assert described["typestr"] == "<f4"
    assert described["version"] == 3
    assert described["data"][1] is False
    assert described["stream"] not in (0, None)
    part = device[1:, ::2]
    assert part.__cuda_array_interface__["strides"] == host[1:, ::2].strides
    assert part.__cuda_array_interface__["data"][0] == described["data"][0] + host.strides[0]
    assert device[:, :0].__cuda_array_interface__["data"][0] == 0
    assert cuda.is_cuda_array(device)


class Foreign:
    """An array of another library's, made of one of ours."""

    def __init__(self, device, **changes):
        self.device = device
        self.__cuda_array_interface__ = device.__cuda_array_interface__ | changes


def test_arrays_of_others_share_their_memory():
    host = numbers("float32")
    for view in (lambda a: a, lambda a: a[::-1, 1:], lambda a: a.transpose((2, 1, 0))):
        device = cuda.to_device(host)
        foreign = Foreign(view(device))
        shared = cuda.as_cuda_array(foreign)
        np.testing.assert_array_equal(shared.copy_to_host(), view(host))
        shared[...] = 1
        changed = host.copy()
        view(changed)[...] = 1
        np.testing.assert_array_equal(device.copy_to_host(), changed)
        np.testing.assert_array_equal(view(device).copy_to_host(), 1)
    # What is shared is held.
    device = cuda.to_device(host)
    shared = cuda.as_cuda_array(Foreign(device))
    del device, foreign
    gc.collect()
    np.testing.assert_array_equal(shared.copy_to_host(), host)
    assert cuda.as_cuda_array(shared) is shared


def test_descriptions_that_cannot_be_believed_are_refused():
    device = cuda.to_device(numbers())
    pointer = device.__cuda_array_interface__["data"][0]
    for changes, text in [
        ({"version": 4}, "version 4"),
        ({"mask": object()}, "masked arrays"),
        ({"data": (pointer, True)}, "read-only"),
        ({"data": (0x10, False)}, "no memory of a GPU"),
        ({"stream": 0}, "stream 0"),
        ({"typestr": "|O8"}, "Python objects"),
    ]:
        with pytest.raises(errors.ArgumentError, match=text):
            cuda.as_cuda_array(Foreign(device, **changes))
    with pytest.raises(TypeError, match="no __cuda_array_interface__"):
        cuda.as_cuda_array(np.zeros(3))
    empty = cuda.as_cuda_array(Foreign(device, shape=(0, 3), strides=None, data=(0, False)))
    assert empty.shape == (0, 3)


def test_dlpack_both_ways():
    host = numbers("float32")
    device = cuda.to_device(host)
    assert device.__dlpack_device__()[0] == 2
    shared = cuda.from_dlpack(device[:, ::2])
    np.testing.assert_array_equal(shared.copy_to_host(), host[:, ::2])
    shared[...] = 4
    assert (device[:, ::2].copy_to_host() == 4).all()
    del device
    gc.collect()
    assert (shared.copy_to_host() == 4).all()
    with pytest.raises((BufferError, RuntimeError, ValueError)):
        np.from_dlpack(shared)
    copied = shared.__dlpack__(dl_device=(1, 0), max_version=(1, 0))
    assert "dltensor_versioned" in repr(copied)
    with pytest.raises(BufferError, match="cannot be had"):
        shared.__dlpack__(dl_device=(2, 99))
    with pytest.raises(ValueError, match="ambiguous"):
        shared.__dlpack__(stream=0)
    with pytest.raises(errors.DeviceError, match="to_device"):
        cuda.from_dlpack(host)
    # A capsule that nobody takes gives its memory back.
    del copied
    gc.collect()


def test_ufuncs_go_through_the_host():
    host = numbers("float32")
    device = cuda.to_device(host)
    total = np.add(device, 1)
    assert isinstance(total, cuda.DeviceNDArray)
    np.testing.assert_array_equal(total.copy_to_host(), host + 1)
    target = cuda.device_array(host.shape, host.dtype)
    assert np.multiply(device, device, out=target) is target
    np.testing.assert_array_equal(target.copy_to_host(), host * host)
    assert np.add.reduce(device, axis=None) == host.sum()
    np.add.at(target, 0, 1)
    np.testing.assert_array_equal(target.copy_to_host()[0], host[0] * host[0] + 1)


def test_devices_contexts_and_the_pool():
    assert cuda.is_gpu()
    device = cuda.get_current_device()
    assert device.kind == "cuda"
    assert device.WARP_SIZE == 32
    assert device.MAX_THREADS_PER_BLOCK >= 1024
    assert device.compute_capability >= (7, 5)
    assert device.name
    assert device.uuid.startswith("GPU-")
    with pytest.raises(AttributeError, match="NONSENSE"):
        _ = device.NONSENSE
    context = cuda.current_context()
    free, total = context.get_memory_info()
    assert 0 < free <= total
    gc.collect()
    context.synchronize()
    before = context.get_pool_info()["used"]
    array = cuda.device_array(1000, np.uint8)
    assert context.get_pool_info()["used"] == before + 1000
    context.set_pool_limit(before + 1500)
    try:
        with pytest.raises(MemoryError, match="limited to"):
            cuda.device_array(1000, np.uint8)
    finally:
        context.set_pool_limit(None)
    del array
    assert context.get_pool_info()["used"] == before
    context.trim_pool()
    cuda.close()
    with pytest.raises(errors.DeviceError, match="there is no device 77"):
        cuda.select_device(77)
    with pytest.raises(MemoryError):
        cuda.device_array(1 << 50, np.uint8)


@pytest.mark.skipif("len(__import__('verdigris').cuda.gpus) < 2", reason="needs two GPUs")
def test_arrays_of_two_devices():
    host = numbers("float32")
    first = cuda.to_device(host)
    with cuda.gpus[1]:
        second = cuda.to_device(host + 1)
        assert second.device == "cuda:1"
        stream = cuda.stream()
        with pytest.raises(errors.DeviceError, match="stream of GPU 1"):
            first.copy_to_host(stream=stream)
    assert cuda.get_current_device().id == 0
    second.copy_to_device(first)
    np.testing.assert_array_equal(second.copy_to_host(), host)
    first[:, ::2].copy_to_device(second[:, ::2])
    np.testing.assert_array_equal(first[:, 1::2].copy_to_host(), host[:, 1::2])
