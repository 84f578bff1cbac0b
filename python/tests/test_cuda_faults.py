"""Launches that cannot be, threads that fail, and stopping."""

import linecache
import os
import signal
import textwrap
import threading
import time

import numpy as np
import pytest

from verdigris import cuda, errors


@cuda.jit
def fill(x, value):
    i = cuda.grid(1)
    if i < x.size:
        x[i] = value


@pytest.mark.parametrize(
    ("grid", "block", "text"),
    [
        (1, 2000, "blockDim.x is 2000: the limit is 1024 threads along x"),
        (1, (32, 33), "a block of (32, 33, 1) has 1056 threads: the limit is 1024 threads a block"),
        (1, (1, 1, 65), "blockDim.z is 65: the limit is 64 threads along z"),
        (0, 32, "gridDim.x is 0: a grid has at least one block along each axis"),
        ((1, 0), 32, "gridDim.y is 0"),
        ((1, 65536), 32, "gridDim.y is 65536: the limit is 65535 blocks along y"),
        (2**31, 32, "gridDim.x is 2147483648: the limit is 2147483647 blocks along x"),
        (10**30, 32, "the limit is 2147483647 blocks along x"),
        (1, -1, "blockDim.x is -1"),
    ],
)
def test_limits_of_a_launch(grid, block, text):
    with pytest.raises(errors.LaunchError) as caught:
        fill[grid, block]
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith("fill: ")
    assert text in str(caught.value)


def test_configurations_of_the_wrong_kind():
    for key, text in [
        (lambda: fill[1.5, 32], "the grid of fill is an int or a tuple of one to three ints, not <class 'float'>"),
        (lambda: fill[1, "32"], "the block of fill"),
        (lambda: fill[32], "takes blocks and threads per block"),
        (lambda: fill[1, 2, 0, 0, 0], "takes blocks and threads per block"),
    ]:
        with pytest.raises(errors.ArgumentError) as caught:
            key()
        assert text in str(caught.value)
    # As in Numba, the wrong number of extents is a ValueError, one of the wrong type a TypeError.
    for grid, text in [((1, 2, 3, 4), "not 4 of them"), ((), "not 0 of them")]:
        with pytest.raises(ValueError, match=text):
            fill[grid, 32]
    with pytest.raises(errors.ArgumentError, match="number of bytes"):
        fill[1, 32, 0, "1024"]
    with pytest.raises(TypeError, match="stream must be"):
        fill[1, 32, "stream"](np.zeros(1), 1.0)
    x = np.zeros(3)
    fill[np.int32(1), [32, 1], cuda.stream(), 0](x, 2.0)
    fill.configure(1, 32)(x[:1], 3.0)
    assert x.tolist() == [3, 2, 2]


def test_a_kernel_needs_a_configuration():
    with pytest.raises(errors.LaunchError, match=r"write fill\[blocks, threads_per_block\]"):
        fill(np.zeros(1), 1.0)


def test_wrong_numbers_of_arguments():
    with pytest.raises(errors.ArgumentError) as caught:
        fill[1, 32](np.zeros(1))
    assert str(caught.value) == "fill() takes 2 arguments (x, value), but 1 was given"
    assert isinstance(caught.value, TypeError)
    with pytest.raises(errors.ArgumentError, match="but 3 were given"):
        fill[1, 32](np.zeros(1), 1.0, 2.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros(3, np.longdouble), "argument `x` of fill(): an array of float128: kernels take arrays of bool"),
        (np.zeros(3, ">f8"), "an array of >f8"),
        (np.zeros(3, "M8[10s]"), "an array of datetime64[10s]"),
        (np.array([None]), "an array of object"),
        (np.zeros(3, [("a", "i4"), ("b", "O")]), "an array of"),
        (np.zeros((1,) * 9), "an array of 9 axes: kernels take arrays of at most 8"),
        ([1.0, 2.0], "a list: kernels take arrays, numbers and tuples"),
        ("text", "a str"),
        (2**64, "an int that does not fit 64 bits"),
        ((1, "a"), "a str: kernels take arrays, numbers and tuples of these (in a tuple)"),
        (cuda.device_array(3, np.longdouble), "an array of float128"),
    ],
)
def test_arguments_that_cannot_be_passed(value, text):
    with pytest.raises(errors.ArgumentError) as caught:
        fill[1, 32](value, 1.0)
    assert text in str(caught.value)


def test_an_index_out_of_bounds_is_an_index_error_with_the_line():
    @cuda.jit
    def beyond(x):
        i = cuda.grid(1)
        x[i] = 1.0  # here

    x = np.zeros(100)
    with pytest.raises(errors.KernelIndexError) as caught:
        beyond[4, 32](x)
    error = caught.value
    assert isinstance(error, IndexError)
    assert (error.block, error.thread) == ((3, 0, 0), (4, 0, 0))
    assert (error.array, error.axis, error.index, error.extent) == ("x", 0, 100, 100)
    assert error.filename == __file__
    assert linecache.getline(__file__, error.lineno).strip() == "x[i] = 1.0  # here"
    assert "index 100 is out of bounds for axis 0 of `x`, which has size 100" in str(error)
    # Threads that did not fail have written.
    assert x.all()
    beyond[3, 32](x)


def test_negative_indexes_count_from_the_end():
    @cuda.jit
    def last(x, i):
        x[i] = 1.0

    x = np.zeros(5)
    last[1, 1](x, -1)
    assert x.tolist() == [0, 0, 0, 0, 1]
    with pytest.raises(IndexError):
        last[1, 1](x, -6)


def test_other_failures_of_threads():
    @cuda.jit
    def stepping(x, step):
        for i in range(0, x.size, step):
            x[i] = 1.0

    with pytest.raises(errors.KernelValueError, match="step must not be zero") as caught:
        stepping[1, 1](np.zeros(3), 0)
    assert isinstance(caught.value, ValueError)

    @cuda.jit
    def sometimes(x, n):
        if n > 3:
            y = 1.0
        x[0] = y

    x = np.zeros(1)
    sometimes[1, 1](x, 4)
    assert x[0] == 1.0
    with pytest.raises(errors.KernelUnboundLocalError, match="`y` is read before it is assigned"):
        sometimes[1, 1](x, 3)


def test_a_kernel_returns_nothing():
    @cuda.jit
    def gives(x):
        return x[0]

    with pytest.raises(errors.TypingError) as caught:
        gives[1, 1](np.zeros(1))
    assert caught.value.code == "kernel-returns"


def test_division_by_zero_is_numpys():
    @cuda.jit
    def divide(out, a, b):
        out[0] = a // b
        out[1] = a % b

    out = np.ones(2, np.int64)
    divide[1, 1](out, 7, 0)
    assert out.tolist() == [0, 0]
    divide[1, 1](out, -(2**63), -1)
    assert out.tolist() == [-(2**63), 0]


@cuda.jit
def forever(x):
    while True:
        x[0] += 1.0


@pytest.fixture
def ctrl_c():
    """Python's own handler, which a process started in the background (SIGINT ignored) does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("grid", "block"), [(1, 1), (1, 64), (8, 32)])
def test_ctrl_c_ends_a_launch(grid, block):
    x = np.zeros(1)
    on_device = cuda.to_device(x)
    sent = []

    def interrupt():
        time.sleep(0.3)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        forever[grid, block](on_device)
    took = time.perf_counter() - sent[0]
    thread.join()
    assert took < 0.5
    fill[2, 32](x, 4.0)
    assert x[0] == 4.0


def test_what_the_signals_handler_raises_is_raised():
    class Alarm(Exception):
        pass

    def handler(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm):
            forever[1, 32](np.zeros(1))
    finally:
        signal.signal(signal.SIGALRM, before)


def test_asking_for_a_gpu_is_an_error_that_says_what_is_missing(python):
    text = textwrap.dedent(
        """
        import numpy as np
        from verdigris import cuda, errors
        assert not cuda.is_available()
        try:
            cuda.to_device(np.zeros(3))
        except errors.DeviceError as error:
            print(error)
        """
    )
    found = python("-c", text, VERDIGRIS_DEVICE="cuda", CUDA_VISIBLE_DEVICES="")
    assert found.stdout == "VERDIGRIS_DEVICE=cuda asks for a GPU: CUDA_VISIBLE_DEVICES is empty, which hides every GPU\n", (
        found.stderr
    )


def test_the_device_is_one_entry_and_says_what_it_is():
    assert cuda.is_available()
    assert not cuda.is_gpu()
    assert len(cuda.gpus) == 1
    device = cuda.get_current_device()
    assert (device.id, device.kind, device.WARP_SIZE, device.MAX_THREADS_PER_BLOCK) == (0, "cpu", 32, 1024)
    free, total = cuda.current_context().get_memory_info()
    assert 0 < free <= total
    with pytest.raises(errors.DeviceError, match="no device 1"):
        cuda.select_device(1)


def test_threads_of_the_pool_may_be_limited():
    import verdigris

    results = []
    for threads in (1, 2):
        with verdigris.num_threads(threads):
            x = np.zeros(50_000)
            fill[200, 250](x, 3.0)
            results.append(x)
    assert (results[0] == results[1]).all()
    assert (results[0] == 3.0).all()


def test_axes_longer_than_memory_are_refused():
    """Of arrays without elements, and of elements that share memory, an axis may be so long that the double of it wraps."""

    @cuda.jit
    def doubles(a, x):
        i = a.shape[1] + a.shape[1]
        if i < x.size:
            x[i] = 7.0

    x = np.zeros(20)
    for n in (2**63 - 1, 2**62 + 5):
        with pytest.raises(errors.LaunchError, match=f"{n} elements along an axis"):
            doubles[1, 1](np.empty((0, n), np.int8), x)
        with pytest.raises(errors.LaunchError, match=f"{n} elements along an axis"):
            doubles[1, 1](cuda.to_device(np.empty((0, n), np.int8)), x)
    doubles[1, 1](np.empty((0, 4), np.int8), x)
    assert np.flatnonzero(x).tolist() == [8]
