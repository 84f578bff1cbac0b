"""The host side of kernels: transfers, reductions, views, devices, what a kernel tells of itself."""

import asyncio
import io
import pickle
import time

import numpy as np
import pytest

import verdigris
from verdigris import cuda, errors, float32, int64, void


@cuda.jit
def double(x, y):
    i = cuda.grid(1)
    if i < x.size:
        y[i] = 2 * x[i]
        x[i] = -1


def test_transfers_say_which_way_arrays_go():
    x, y = np.arange(5.0), np.zeros(7)
    y[5:] = 8
    double[1, 32](cuda.In(x), cuda.Out(y))
    assert x.tolist() == [0, 1, 2, 3, 4]
    assert y.tolist() == [0, 2, 4, 6, 8, 8, 8]
    double[1, 32](cuda.InOut(x), cuda.In(y))
    assert x.tolist() == [-1] * 5
    assert y[1] == 2
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    double[1, 32](cuda.In(fixed), y)
    assert y[:3].tolist() == [0, 2, 4]
    assert fixed.tolist() == [0, 1, 2]
    device = cuda.to_device(np.arange(3.0))
    double[1, 32](cuda.In(device), y)
    with pytest.raises(errors.ArgumentError, match="list"):
        double[1, 32](cuda.In([1.0]), y)


def test_an_array_passed_both_ways_comes_back():
    x = np.arange(4.0)
    double[1, 32](cuda.In(x), x)
    assert x.tolist() == [-1] * 4


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("n", [0, 1, 31, 1000])
def test_reduce_folds(dtype, n):
    total = cuda.reduce(lambda a, b: a + b)
    x = (np.arange(n) % 7).astype(dtype)
    for array in (x, cuda.to_device(x)):
        result = total(array)
        assert result == x.sum()
        assert np.asarray(result).dtype == dtype
    assert total(x, init=5) == x.sum() + 5
    if n > 10:
        assert total(x, size=10) == x[:10].sum()
    out = cuda.device_array(1, dtype)
    assert total(cuda.to_device(x), res=out) is None
    assert out.copy_to_host()[0] == x.sum()


def test_reduce_decorates_and_refuses():
    @cuda.reduce
    def largest(a, b):
        return a if a > b else b

    assert largest(np.array([3, 9, 2])) == 9
    assert largest(np.array([-3, -9])) == 0, "init takes part, as in Numba"
    assert largest(np.array([-3, -9]), init=-100) == -3
    device = cuda.jit(device=True)(lambda a, b: a * b)
    assert cuda.Reduce(device)(np.array([2, 3, 4]), init=1) == 24
    with pytest.raises(errors.ShapeError, match="one axis"):
        largest(np.zeros((2, 2)))
    with pytest.raises(errors.ArgumentError, match="takes 1"):
        cuda.reduce(lambda a: a)
    with pytest.raises(errors.ArgumentError, match="float64"):
        largest(np.zeros(3), res=np.zeros(1, np.int32))


def test_views_of_device_arrays_are_numpys():
    x = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    d = cuda.to_device(x)
    np.testing.assert_array_equal(d.view(np.int16).copy_to_host(), x.view(np.int16))
    np.testing.assert_array_equal(d.view(np.int64).copy_to_host(), x.view(np.int64))
    np.testing.assert_array_equal(d.view("f4").copy_to_host(), x.view("f4"))
    for axes in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (-1, 0, 1)):
        np.testing.assert_array_equal(d.transpose(axes).copy_to_host(), x.transpose(axes))
    d.view(np.uint8)[0, 0, 0] = 77
    assert d[0, 0, 0] == 77
    one = cuda.to_device(x[:1, :, :1].copy())
    assert one.squeeze().shape == (3,)
    assert one.squeeze(axis=0).shape == (3, 1)
    for wrong in (
        lambda: d.view(np.complex256),
        lambda: d.T.view(np.int8),
        lambda: d.transpose((0, 0, 1)),
        lambda: one.squeeze(1),
    ):
        with pytest.raises(errors.ShapeError):
            wrong()


def test_split_bind_and_items():
    x = np.arange(10)
    d = cuda.to_device(x)
    stream = cuda.stream()
    parts = d.split(4)
    assert [p.copy_to_host().tolist() for p in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    parts[1][0] = 99
    assert d.getitem(4, stream=stream) == 99
    d.setitem(slice(0, 2), -1, stream=stream)
    assert d.bind(stream) is d
    assert d.copy_to_host()[:2].tolist() == [-1, -1]
    with pytest.raises(errors.ShapeError, match="one axis"):
        cuda.to_device(np.zeros((2, 2))).split(1)
    with pytest.raises(errors.ShapeError):
        d.split(0)


def test_devices_tell_what_they_are():
    device = cuda.get_current_device()
    assert cuda.current_device() is device
    assert (device.kind, device.compute_capability, device.WARP_SIZE, device.MAX_THREADS_PER_BLOCK) == ("cpu", (7, 5), 32, 1024)
    from verdigris import get_num_threads

    assert get_num_threads() == device.MULTIPROCESSOR_COUNT
    assert len(cuda.gpus) == len(cuda.list_devices()) == 1
    with cuda.gpus[0] as entered:
        assert entered is device
    free, total = cuda.current_context().get_memory_info()
    assert 0 < free <= total
    assert cuda.current_context().get_memory_info().total == total
    assert device.uuid == cuda.select_device(0).device.uuid
    assert cuda.is_available()
    assert not cuda.is_gpu()
    with cuda.profiling(), cuda.defer_cleanup():
        pass
    with pytest.raises(errors.DeviceError, match="number 0"):
        cuda.select_device(1)
    from verdigris.cuda.cudadrv import devicearray, devices, driver
    from verdigris.cuda.cudadrv.driver import CudaAPIError
    from verdigris.cuda.cudadrv.error import CudaSupportError

    assert issubclass(errors.DeviceError, CudaAPIError)
    assert issubclass(cuda.CudaSupportError, CudaSupportError)
    assert isinstance(cuda.to_device(np.zeros(2)), devicearray.DeviceNDArray)
    assert devicearray.is_cuda_ndarray(cuda.device_array(3)) and not devicearray.is_cuda_ndarray(np.zeros(3))
    assert isinstance(cuda.stream(), driver.Stream) and isinstance(cuda.event(), driver.Event)
    assert cuda.devices is devices and devices.gpus is cuda.gpus
    assert devices.get_context() is devices.get_context(0) is cuda.current_context()
    cuda.current_context().deallocations.clear()
    assert len(cuda.current_context().deallocations) == 0


def test_detect_prints(capsys):
    assert cuda.detect()
    assert "1 device" in capsys.readouterr().out


def test_events_measure_and_streams_call_back():
    start, end = cuda.event(), cuda.event()
    start.record()
    time.sleep(0.02)
    end.record()
    assert 15 < cuda.event_elapsed_time(start, end) < 5000
    called = []
    stream = cuda.stream()
    stream.add_callback(lambda *got: called.append(got), "arg")
    assert called == [(stream, 0, "arg")]

    async def wait():
        return await stream.async_done()

    assert asyncio.run(wait()) is stream


def test_a_kernel_tells_of_itself():
    @cuda.jit
    def fill(x, v):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = v

    assert fill.inspect_asm() == {}
    fill[1, 32](np.zeros(3, np.float32), 1.0)
    (sig,) = fill.signatures
    assert fill.inspect_llvm(sig).startswith("; ModuleID")
    assert list(fill.inspect_asm()) == [sig]
    assert "ret" in fill.inspect_asm(sig)
    text = io.StringIO()
    fill.inspect_types(text)
    assert "fill (array(float32, 1d, C), float64)" in text.getvalue()
    assert fill.get_max_threads_per_block(sig) == 1024
    with pytest.raises(errors.UnsupportedError, match="GPU"):
        fill.inspect_sass()
    with pytest.raises(errors.ArgumentError, match="not been compiled"):
        fill.inspect_asm((int64,))


def test_specialize_and_compile():
    @cuda.jit
    def fill(x, v):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = v

    x = np.zeros(4, np.float32)
    special = fill.specialize(x, np.float32(0))
    assert special.specialized
    assert not fill.specialized
    special[1, 4](x, 3)
    assert x.tolist() == [3] * 4
    with pytest.raises(errors.ArgumentError):
        special[1, 4](np.zeros(4, np.int32), 3)
    fill.compile(void(float32[::1], int64))
    assert len(fill.signatures) == 1
    again = pickle.loads(pickle.dumps(special))
    assert again.specialized


@pytest.mark.parametrize("name", ["declare_device", "open_ipc_handle", "external_stream", "as_cuda_array"])
def test_what_cannot_be_had_says_so(name):
    with pytest.raises(errors.UnsupportedError, match=f"cuda.{name}: "):
        getattr(cuda, name)("anything")


def test_managed_and_pinned_arrays_are_host_arrays():
    for make in (cuda.managed_array, cuda.mapped_array, cuda.pinned_array):
        x = make(5, np.float64)
        x[:] = range(5)
        y = make((5,), np.float64)
        double[1, 32](x, y)
        assert y.tolist() == [0, 2, 4, 6, 8]
    with cuda.pinned(x, y):
        pass


def test_names_that_programs_ask_for():
    assert cuda.is_float16_supported() and cuda.is_bfloat16_supported() and cuda.is_supported_version()
    assert cuda.types is verdigris.types and cuda.float32 is verdigris.float32
    assert verdigris.typeof(np.zeros((2, 3), np.int8)) == verdigris.types.int8[:, ::1]
    with pytest.raises(errors.UnsupportedError, match=r"cuda\.compile_all: .*`cuda\.compile` gives PTX"):
        cuda.compile_all(lambda: None)
    with pytest.raises(errors.UnsupportedError, match=r"no CPointer\(float32\): declare an array, float32\[::1\]"):
        verdigris.types.CPointer(verdigris.float32)


def test_mapped_arrays_are_those_given():
    @cuda.jit
    def double(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] *= 2

    x, y = np.arange(4.0), np.ones(3)
    with cuda.mapped(x) as one, cuda.mapped(x, y, stream=cuda.stream()) as both:
        assert one is x and both[0] is x and both[1] is y
        double[1, 4](one)
        double[1, 4](both[1])
    np.testing.assert_array_equal(x, [0, 2, 4, 6])
    np.testing.assert_array_equal(y, 2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'wc'"), cuda.mapped(x, wc=True):
        pass


def test_reshape_in_the_order_of_memory_and_shapes_as_arrays():
    a = np.arange(24.0).reshape(2, 3, 4)
    for host in (a, np.asfortranarray(a)):
        device = cuda.to_device(host).reshape(4, 6, order="A")
        np.testing.assert_array_equal(device.copy_to_host(), host.reshape(4, 6, order="A"))
    assert cuda.device_array(np.array([2, 3])).shape == (2, 3)


def test_a_record_of_a_device_array_is_a_read_only_copy():
    device = cuda.to_device(np.zeros(3, np.dtype([("a", np.float64), ("b", np.int32)])))
    with pytest.raises(ValueError, match="read-only"):
        device[1]["a"] = 2.5
    record = device[1].copy()
    record["a"] = 2.5
    device[1] = record
    assert device[1]["a"] == 2.5 and device.copy_to_host()["a"].tolist() == [0, 2.5, 0]


@pytest.mark.parametrize("order", "CFA")
@pytest.mark.parametrize("made", "CF")
def test_ravel_takes_orders(order, made):
    host = np.arange(24.0).reshape(2, 3, 4).copy(made)
    device = cuda.to_device(host)
    if order in ("A", made):
        np.testing.assert_array_equal(device.ravel(order=order).copy_to_host(), host.ravel(order=order))
    one = cuda.to_device(np.arange(3.0))
    np.testing.assert_array_equal(one.ravel(order).copy_to_host(), np.arange(3.0))


def test_carveouts_are_judged():
    for good in (-1, 0, 100, "MaxL1", "default", None):
        cuda.jit(shared_memory_carveout=good)(lambda x: None)
    for bad in (-2, 101, "most", 1.5, True):
        with pytest.raises(errors.ArgumentError, match="shared_memory_carveout"):
            cuda.jit(shared_memory_carveout=bad)(lambda x: None)
