"""Kernels on a GPU: run on one, and on the stand-in of the driver, which interprets their PTX. What is expected is NumPy's."""

import enum
import gc
import threading
from collections import namedtuple

import numpy as np
import pytest

from verdigris import cuda, errors

pytestmark = pytest.mark.gpu

SCALARS = {
    "bool": True,
    "int8": -100,
    "int16": -30000,
    "int32": -(2**31),
    "int64": -(2**63),
    "uint8": 200,
    "uint16": 60000,
    "uint32": 2**32 - 1,
    "uint64": 2**64 - 1,
    "float16": 1.5,
    "float32": 0.1,
    "float64": 0.1,
    "complex64": 1 - 2j,
    "complex128": 0.1 + 0.2j,
}


@cuda.jit
def put(x, v):
    i = cuda.grid(1)
    if i < x.shape[0]:
        x[i] = v


@pytest.mark.parametrize("dtype", SCALARS)
def test_numbers_of_each_type(dtype):
    value = np.dtype(dtype).type(SCALARS[dtype])
    d = cuda.to_device(np.zeros(5, dtype))
    put[1, 8](d, value)
    np.testing.assert_array_equal(d.copy_to_host(), np.full(5, value))


def test_times_and_python_numbers():
    for unit in ("s", "ns", "D"):
        for kind in ("M8", "m8"):
            value = np.array([12345678901 if unit != "D" else 12345], "i8").view(f"{kind}[{unit}]")[0]
            d = cuda.to_device(np.zeros(3, f"{kind}[{unit}]"))
            put[1, 4](d, value)
            assert (d.copy_to_host() == value).all()
    for value, dtype in ((2**62, np.int64), (0.1, np.float64), (1j, np.complex128), (True, np.bool_)):
        d = cuda.to_device(np.zeros(3, dtype))
        put[1, 4](d, value)
        assert (d.copy_to_host() == value).all()


@cuda.jit
def scaled(out, x, by):
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        out[i, j] = x[i, j] * by + 1


VIEWS = {
    "C": lambda a: a,
    "transposed": lambda a: a.T,
    "every second": lambda a: a[::2, ::3],
    "backwards": lambda a: a[::-1, ::-1],
    "part": lambda a: a[1:5, 2:],
    "one": lambda a: a[3:4, 4:5],
    "empty": lambda a: a[:0],
}


@pytest.mark.parametrize("source", VIEWS)
@pytest.mark.parametrize("target", VIEWS)
def test_arrays_of_any_strides(source, target):
    x = VIEWS[source](np.arange(48.0).reshape(6, 8))
    whole = np.full((12, 24), -1.0)
    within = VIEWS[target](whole)
    x = x[: within.shape[0], : within.shape[1]]
    device_x, device_whole = cuda.to_device(np.arange(48.0).reshape(6, 8)), cuda.to_device(whole)
    view = VIEWS[source](device_x)
    out = VIEWS[target](device_whole)
    view = view[: out.shape[0], : out.shape[1]]
    scaled[(2, 3), (4, 4)](out, view, 2)
    within[: x.shape[0], : x.shape[1]] = (x * 2 + 1)[:8, :12]
    np.testing.assert_array_equal(device_whole.copy_to_host(), whole)


def test_host_arrays_are_copied_in_and_back_out():
    x = np.arange(20.0)
    put[1, 32](x, 7)
    assert (x == 7).all()
    # Of any strides; what lies between stays.
    whole = np.arange(20)
    put[1, 32](whole[::-2], 100)
    assert (whole[1::2] == 100).all() and (whole[::2] == np.arange(0, 20, 2)).all()
    # Read-only ones are read; one array twice is one array.
    read = np.arange(12.0).reshape(3, 4)
    read.flags.writeable = False
    out = np.zeros((3, 4))
    scaled[(1, 1), (8, 8)](out, read, 10.0)
    np.testing.assert_array_equal(out, read * 10 + 1)
    scaled[(1, 1), (8, 8)](out, out, 2.0)
    np.testing.assert_array_equal(out, (read * 10 + 1) * 2 + 1)
    # Fortran's order, and pinned memory.
    for array in (np.asfortranarray(np.zeros((3, 4))), cuda.pinned_array((3, 4))):
        scaled[(1, 1), (8, 8)](array, read, 1.0)
        np.testing.assert_array_equal(array, read + 1)
    left = np.zeros(4)
    put[1, 4](cuda.In(left), 3.0)
    assert (left == 0).all()
    put[1, 4](cuda.Out(left), 3.0)
    assert (left == 3).all()


Point = namedtuple("Point", ["x", "y"])


class Kind(enum.IntEnum):
    LOW = 3


def test_tuples_none_and_enums():
    @cuda.jit
    def mixed(out, pair, point, nothing, nested):
        i = cuda.grid(1)
        if nothing is None and i < out.size:
            out[i] = pair[0] + pair[1] * point.x + point.y + nested[1][0][i]

    d = cuda.to_device(np.zeros(4))
    more = cuda.to_device(np.arange(4.0))
    mixed[1, 4](d, (1, 2.5), Point(np.float32(2), np.int8(-1)), None, (1, (more, 2)))
    np.testing.assert_array_equal(d.copy_to_host(), np.arange(4.0) + 5)
    put[1, 4](d, Kind.LOW)
    assert (d.copy_to_host() == 3).all()


RECORD = np.dtype([("a", "i4"), ("b", "f8"), ("c", "f4", (3,)), ("d", [("e", "c16"), ("f", "?")])], align=True)
PACKED = np.dtype([("tag", "u1"), ("value", "f8"), ("count", "i2")])


@cuda.jit
def records(out, r):
    i = cuda.grid(1)
    if i < r.shape[0]:
        r[i]["a"] += 1
        out[i] = r[i]["b"] * r[i]["c"][1] + r[i]["d"]["e"].imag


@cuda.jit
def packed(r):
    i = cuda.grid(1)
    if i < r.shape[0]:
        r[i]["value"] = r[i]["value"] * 2 + r[i]["count"]


def test_records():
    host = np.zeros(5, RECORD)
    host["a"], host["b"], host["c"], host["d"]["e"] = np.arange(5), 0.5, [1, 4, 9], 1 + 2j
    d, out = cuda.to_device(host), cuda.to_device(np.zeros(5))
    records[1, 8](out, d)
    assert (out.copy_to_host() == 4).all()
    assert (d.copy_to_host()["a"] == np.arange(1, 6)).all()
    records[1, 8](out, d[::2])
    np.testing.assert_array_equal(d.copy_to_host()["a"], [2, 2, 4, 4, 6])
    records[1, 8](np.zeros(5), host)
    assert (host["a"] == np.arange(1, 6)).all()


def test_numbers_that_are_not_aligned():
    host = np.zeros(4, PACKED)
    host["value"], host["count"] = 1.5, [1, 2, 3, 4]
    d = cuda.to_device(host)
    packed[1, 4](d)
    np.testing.assert_array_equal(d.copy_to_host()["value"], [4, 5, 6, 7])
    whole = cuda.to_device(np.zeros(33, np.uint8))
    odd = whole[1:].view(np.float64)

    @cuda.jit
    def put_anywhere(x, v):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = v

    put_anywhere[1, 4](odd, 0.25)
    np.testing.assert_array_equal(odd.copy_to_host(), [0.25] * 4)
    even = whole[:32].view(np.float64)
    put[1, 4](even, 0.5)
    np.testing.assert_array_equal(even.copy_to_host(), [0.5] * 4)


def test_one_kernel_for_many_types_and_declared_ones():
    @cuda.jit("void(float64[:], int64)")
    def declared(x, by):
        i = cuda.grid(1)
        if i < x.size:
            x[i] += by

    d = cuda.to_device(np.zeros(4))
    declared[1, 4](d, np.int8(3))
    declared[1, 4](d[::2], True)
    np.testing.assert_array_equal(d.copy_to_host(), [4, 3, 4, 3])
    with pytest.raises(errors.ArgumentError, match="was declared for"):
        declared[1, 4](d, 0.5)
    special = put.specialize(d, 2.0)
    special[1, 4](d, 1)
    assert (d.copy_to_host() == 1).all()
    put.forall(4)(d, 9.0)
    assert (d.copy_to_host() == 9).all()
    put.forall(0)(d, 1.0)
    assert (d.copy_to_host() == 9).all()


def test_streams_order_launches_and_copies():
    streams = [cuda.stream() for _ in range(3)]
    arrays = [cuda.to_device(np.zeros(8), stream=stream) for stream in streams]
    pinned = [cuda.pinned_array(8) for _ in streams]
    for number, (stream, array, host) in enumerate(zip(streams, arrays, pinned, strict=True)):
        put[1, 8, stream](array, number)
        put[1, 4, stream](array[4:], number + 10)
        array.copy_to_host(host, stream=stream)
    for number, (stream, host) in enumerate(zip(streams, pinned, strict=True)):
        stream.synchronize()
        np.testing.assert_array_equal(host, [number] * 4 + [number + 10] * 4)


def test_arrays_made_on_one_stream_are_used_on_another():
    first, second = cuda.stream(), cuda.stream()
    array = cuda.device_array(1000, np.float32, stream=first)
    put[8, 128, second](array[:500], 2.0)
    second.synchronize()
    np.testing.assert_array_equal(array.copy_to_host(), [2.0] * 500 + [0] * 500)


def test_arrays_of_other_libraries():
    class Theirs:
        """As CuPy's and PyTorch's."""

        def __init__(self, array):
            self.array = array
            self.asked = 0

        @property
        def __cuda_array_interface__(self):
            self.asked += 1
            return self.array.__cuda_array_interface__

    class Shared:
        """As JAX's: DLPack only."""

        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    d = cuda.to_device(np.zeros(6))
    theirs = Theirs(d[::2])
    put[1, 6](theirs, 4.0)
    assert theirs.asked == 1
    np.testing.assert_array_equal(d.copy_to_host(), [4, 0, 4, 0, 4, 0])
    put[1, 6](Shared(d), 5.0)
    assert (d.copy_to_host() == 5).all()
    with pytest.raises(errors.ArgumentError, match="argument `x` of put"):
        put[1, 6](object(), 1.0)


def test_shared_memory_and_barriers():
    @cuda.jit
    def turned(x):
        t = cuda.threadIdx.x
        n = cuda.blockDim.x
        own = cuda.shared.array(0, "float64")
        fixed = cuda.shared.array(32, "int32")
        i = cuda.grid(1)
        own[t] = x[i]
        fixed[t] = t
        cuda.syncthreads()
        x[i] = own[n - 1 - t] * 10 + fixed[t]

    x = np.arange(16.0)
    turned[2, 8, 0, 8 * 8](x)
    expected = np.concatenate([np.arange(7.0, -1, -1), np.arange(15.0, 7, -1)]) * 10 + np.tile(np.arange(8.0), 2)
    np.testing.assert_array_equal(x, expected)


def test_random_states():
    from verdigris.cuda.random import create_xoroshiro128p_states, xoroshiro128p_dtype

    states = create_xoroshiro128p_states(4, seed=1)
    assert states.device.startswith("cuda:") and states.dtype == xoroshiro128p_dtype

    @cuda.jit
    def move(states, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = states[i]["s0"] ^ states[i]["s1"]
            states[i]["s0"] = np.uint64(i)

    before = states.copy_to_host()
    out = cuda.to_device(np.zeros(4, np.uint64))
    move[1, 4](states, out)
    np.testing.assert_array_equal(out.copy_to_host(), before["s0"] ^ before["s1"])
    np.testing.assert_array_equal(states.copy_to_host()["s0"], np.arange(4))


def test_launches_from_many_threads():
    arrays = [cuda.to_device(np.zeros(16)) for _ in range(4)]
    failed = []

    def work(number):
        try:
            for step in range(5):
                put[1, 16](arrays[number], number * 10 + step)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for number, array in enumerate(arrays):
        assert (array.copy_to_host() == number * 10 + 4).all()


def test_arguments_may_go_before_the_launch_has_ended():
    stream = cuda.stream()
    out = cuda.to_device(np.zeros(8))
    for value in range(20):
        put[1, 8, stream](cuda.to_device(np.zeros(8)), value)
    gc.collect()
    put[1, 8, stream](out, 1.0)
    stream.synchronize()
    assert (out.copy_to_host() == 1).all()


def test_limits_are_told_before_the_launch():
    d = cuda.to_device(np.zeros(4))
    with pytest.raises(errors.LaunchError, match="limit is 1024 threads"):
        put[1, 2048](d, 1.0)
    with pytest.raises(errors.LaunchError, match="bytes of dynamic shared memory: a block has 0 to"):
        put[1, 32, 0, 1 << 20](d, 1.0)

    @cuda.jit(launch_bounds=64)
    def bounded(x):
        x[cuda.grid(1)] = 1

    bounded[1, 4](d)
    with pytest.raises(errors.LaunchError, match="at most 64 threads a block"):
        bounded[1, 128](d)
    assert (d.copy_to_host() == 1).all()


def test_what_the_drivers_compiler_made():
    d = cuda.to_device(np.zeros(4))
    put[1, 4](d, 1.0)
    (signature,) = [types for types in put.signatures if types[0].dtype.name == types[1].name == "float64"][:1]
    assert put.get_regs_per_thread(signature) > 0
    assert 64 <= put.get_max_threads_per_block(signature) <= 1024
    assert put.get_shared_mem_per_block(signature) == 0
    assert put.get_local_mem_per_thread(signature) >= 0
    major, minor = cuda.get_current_device().compute_capability
    assert f".target sm_{major}{minor}" in put.inspect_ptx(signature, cc=(major, minor))
