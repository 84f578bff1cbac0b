"""Kernels of `verdigris.cuda`: geometry, types of arguments, what reaches the host, device functions, declared types."""

import math

import numpy as np
import pytest

from verdigris import cuda, errors, types

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = ["bool", *INTEGERS, "float32", "float64", "complex64", "complex128"]


@cuda.jit
def geometry(out):
    x, y, z = cuda.grid(3)
    sx, sy, _ = cuda.gridsize(3)
    i = (z * sy + y) * sx + x
    out[i, 0] = cuda.threadIdx.x + 100 * cuda.threadIdx.y + 10000 * cuda.threadIdx.z
    out[i, 1] = cuda.blockIdx.x + 100 * cuda.blockIdx.y + 10000 * cuda.blockIdx.z
    out[i, 2] = cuda.blockDim.x + 100 * cuda.blockDim.y + 10000 * cuda.blockDim.z
    out[i, 3] = cuda.gridDim.x + 100 * cuda.gridDim.y + 10000 * cuda.gridDim.z
    out[i, 4] = cuda.laneid
    out[i, 5] = cuda.warpsize


@pytest.mark.parametrize(
    ("grid", "block"), [((2, 3, 2), (32, 2, 1)), ((3, 1, 2), (5, 3, 2)), ((1, 1, 1), (1, 1, 1)), ((2, 2, 1), (33, 1, 3))]
)
def test_every_thread_knows_its_place(grid, block):
    sizes = [g * b for g, b in zip(grid, block, strict=True)]
    out = np.full((math.prod(sizes), 6), -1, np.int64)
    geometry[grid, block](out)
    for i, row in enumerate(out):
        at = (i % sizes[0], i // sizes[0] % sizes[1], i // (sizes[0] * sizes[1]))
        thread = [a % b for a, b in zip(at, block, strict=True)]
        blocks = [a // b for a, b in zip(at, block, strict=True)]
        lane = (thread[0] + block[0] * (thread[1] + block[1] * thread[2])) % 32
        packed = [sum(v * 100**k for k, v in enumerate(triple)) for triple in (thread, blocks, block, grid)]
        assert row.tolist() == [*packed, lane, 32]


@cuda.jit
def copy(to, source):
    for i in range(cuda.grid(1), to.size, cuda.gridsize(1)):
        to[i] = source[i]


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_dtype_go_in_and_come_back(dtype):
    source = np.arange(-50, 50).astype(dtype)
    if source.dtype.kind == "c":
        source = source + source.dtype.type(2.5j)
    to = np.zeros_like(source)
    copy[3, 32](to, source)
    np.testing.assert_array_equal(to, source)


@cuda.jit
def store(out, value):
    out[0] = value


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_keep_their_type(dtype):
    value = np.dtype(dtype).type(1)
    out = np.zeros(1, np.complex128)
    store[1, 1](out, value)
    assert out[0] == value
    assert dtype in [str(s[1]) for s in store.signatures]


def test_extreme_scalars_arrive_whole():
    for value, dtype in [
        (np.int8(-128), np.int64),
        (np.uint64(2**64 - 1), np.uint64),
        (2**63 + 5, np.uint64),
        (-(2**63), np.int64),
        (np.float32(1e-45), np.float64),
        (np.complex64(complex(math.inf, -0.0)), np.complex128),
        (True, np.int64),
        (1e308, np.float64),
        (2 - 3j, np.complex128),
    ]:
        out = np.zeros(1, dtype)
        store[1, 1](out, value)
        assert out[0] == value, value


def test_tuples_are_arguments():
    @cuda.jit
    def pick(out, pair):
        out[0] = pair[0] + pair[1][1]

    out = np.zeros(1)
    pick[1, 1](out, (1, (np.float32(8), 0.5)))
    assert out[0] == 1.5


def test_strided_and_fortran_arrays_come_back_where_they_lay():
    @cuda.jit
    def number(a):
        i, j = cuda.grid(2)
        if i < a.shape[0] and j < a.shape[1]:
            a[i, j] = 100 * i + j

    expected = 100 * np.arange(7)[:, None] + np.arange(9)
    backing = np.full((14, 27), -1)
    for view in (backing[::2, ::3], backing[:7, :9][::-1, ::-1], backing[:9, :7].T):
        backing[...] = -1
        number[(1, 1), (16, 16)](view)
        np.testing.assert_array_equal(view, expected)
        assert (backing == -1).sum() == backing.size - view.size
    fortran = np.zeros((7, 9), order="F")
    number[(1, 1), (16, 16)](fortran)
    np.testing.assert_array_equal(fortran, expected)


def test_one_array_passed_twice_is_one_array():
    @cuda.jit
    def shift(a, b):
        i = cuda.grid(1)
        if i < 1:
            a[0] = 5.0
            b[1] = a[0] + b[0]

    x = np.zeros(2)
    shift[1, 32](x, x)
    assert x.tolist() == [5.0, 10.0]


def test_read_only_arrays_are_read_and_not_written():
    x = np.arange(4.0)
    x.flags.writeable = False
    out = np.zeros(4)
    copy[1, 32](out, x)
    np.testing.assert_array_equal(out, x)
    with pytest.raises(errors.TypingError, match=r"read-?only"):
        store[1, 1](x, 2.0)
    np.testing.assert_array_equal(x, np.arange(4.0))


def test_empty_arrays_and_grids_larger_than_the_work():
    copy[4, 64](np.zeros(0), np.zeros(0))
    to, source = np.zeros(3), np.arange(3.0)
    copy[100, 256](to, source)
    np.testing.assert_array_equal(to, source)


@cuda.jit(device=True)
def square(x):
    return x * x


@cuda.jit(device=True)
def norm(x, y):
    return math.sqrt(square(x) + square(y))


def test_device_functions_are_called_by_kernels_only():
    @cuda.jit
    def lengths(out, x, y):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = norm(x[i], y[i])

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 100))
    out = np.zeros(100)
    lengths[4, 32](out, x, y)
    np.testing.assert_allclose(out, np.hypot(x, y), rtol=1e-15)
    with pytest.raises(errors.UnsupportedError, match=r"norm\(\) is a device function"):
        norm(1.0, 2.0)
    assert norm.__name__ == "norm"
    assert square.py_func(3.0) == 9.0


def test_grid_stride_loops_cover_everything():
    x = np.zeros(100_003, np.float32)

    @cuda.jit
    def fill(x):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            x[i] += i % 7

    for grid, block in [(1, 32), (7, 96), (300, 33), (1000, 256)]:
        x[:] = 0
        fill[grid, block](x)
        np.testing.assert_array_equal(x, np.arange(x.size) % 7)


def test_forall_covers_the_tasks():
    @cuda.jit
    def mark(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] += 1

    x = np.zeros(1000, np.int32)
    mark.forall(x.size)(x)
    mark.forall(x.size, tpb=32)(x)
    mark.forall(0)(x)
    assert (x == 2).all()
    with pytest.raises(errors.LaunchError, match="negative"):
        mark.forall(-1)


def test_declared_types_are_compiled_at_once_and_hold():
    @cuda.jit("void(float32[:], int32)")
    def scale(x, n):
        i = cuda.grid(1)
        if i < x.size:
            x[i] *= n

    assert [tuple(map(str, s)) for s in scale.signatures] == [("array(float32, 1d, A)", "int32")]
    x = np.ones(8, np.float32)
    scale[1, 32](x[::2], 3)
    assert x.tolist() == [3, 1] * 4
    # Another dtype is refused, never reinterpreted.
    with pytest.raises(errors.ArgumentError, match=r"declared for \(array\(float32, 1d, A\), int32\)"):
        scale[1, 32](np.ones(8), 3)
    # An integer is cut to the declared width, as Numba does.
    scale[1, 32](x[::2], 2**40 + 2)
    assert x.tolist() == [6, 1] * 4
    with pytest.raises(errors.ArgumentError, match="declared for"):
        scale[1, 32](x, 1.5)
    assert len(scale.signatures) == 1


def test_of_several_signatures_the_one_that_loses_least():
    @cuda.jit(["(float64[::1], float32, float32)", "(float64[::1], int64, int64)", "(float64[::1], float64, float64)"])
    def add(r, x, y):
        r[0] = x + y

    small = 2.0**-30
    # float32 has no digit for the small number beside 1.
    for x, y, want in (
        (1, small, 1 + small),
        (1.0, small, 1 + small),
        (np.float32(1), small, 1 + small),
        (np.float32(1), np.float32(small), 1.0),
        (np.int16(1), np.uint8(2), 3.0),
        (2**53 + 1, 0, 2.0**53),
    ):
        r = np.zeros(1)
        add[1, 1](r, x, y)
        assert r[0] == want, (x, y)


def test_several_signatures_and_type_objects():
    @cuda.jit([types.void(types.float64[:], types.float64), "(int64[::1], int64)"])
    def add(x, v):
        i = cuda.grid(1)
        if i < x.size:
            x[i] += v

    ints, floats = np.arange(3), np.arange(3.0)
    add[1, 32](ints, 2)
    add[1, 32](floats, 2)
    assert ints.tolist() == [2, 3, 4]
    assert floats.tolist() == [2, 3, 4]
    with pytest.raises(errors.TypingError):
        cuda.jit("int32(int32)")(lambda x: x)
    with pytest.raises(errors.ArgumentError):
        cuda.jit("void(float33)")(lambda x: None)


def test_faults_of_declared_kernels_are_told_when_they_are_made():
    with pytest.raises(errors.TypingError) as caught:

        @cuda.jit("void(float64[:])")
        def wrong(x):
            x[0] = "a" + 1.5

    assert caught.value.lineno is not None
    assert "test_cuda_kernels.py" in caught.value.filename


def test_names_may_be_defined_after_the_kernel():
    @cuda.jit
    def later(x):
        x[0] = undefined_so_far  # noqa: F821

    with pytest.raises(errors.TypingError, match="undefined_so_far"):
        later[1, 1](np.zeros(1))
    globals()["undefined_so_far"] = 7.0
    try:
        x = np.zeros(1)
        later[1, 1](x)
        assert x[0] == 7.0
    finally:
        del globals()["undefined_so_far"]


def test_options_are_taken_or_refused_by_name():
    def f(x):
        x[cuda.grid(1)] = 1.0

    for options in [
        {"fastmath": True},
        {"debug": True, "opt": False},
        {"max_registers": 32},
        {"cache": True},
        {"link": []},
        {"inline": "always"},
    ]:
        x = np.zeros(1)
        cuda.jit(**options)(f)[1, 1](x)
        assert x[0] == 1.0
    with pytest.raises(errors.UnsupportedError, match="'link'"):
        cuda.jit(link=["a.cu"])
    with pytest.raises(errors.ArgumentError, match="no option 'fastmth'"):
        cuda.jit(fastmth=True)
    with pytest.raises(errors.ArgumentError, match="'max_registers' must be int"):
        cuda.jit(max_registers="many")
    with pytest.raises(errors.ArgumentError, match="jitted already"):
        cuda.jit(cuda.jit(f))
    with pytest.raises(errors.ArgumentError, match="takes a Python function"):
        cuda.jit(len)


def test_fma_is_an_option():
    def f(out, a, b, c):
        out[0] = a * b + c

    a, c = 1.0 + 2.0**-30, -(1.0 + 2.0**-29)
    out = np.zeros(1)
    cuda.jit(fma=False)(f)[1, 1](out, a, a, c)
    assert out[0] == a * a + c == 0.0
    cuda.jit(f)[1, 1](out, a, a, c)
    assert out[0] == 2.0**-60


def test_kernels_look_like_their_functions_and_pickle():
    import cloudpickle

    assert (geometry.__name__, geometry.__module__) == ("geometry", __name__)
    assert geometry.py_func.__name__ == "geometry"
    again = cloudpickle.loads(cloudpickle.dumps(copy))
    to, source = np.zeros(5), np.arange(5.0)
    again[1, 32](to, source)
    np.testing.assert_array_equal(to, source)


def test_intrinsics_have_no_value_outside_kernels():
    for use in (
        lambda: cuda.grid(1),
        lambda: cuda.gridsize(1),
        lambda: cuda.threadIdx.x,
        lambda: cuda.gridDim.z,
        lambda: int(cuda.laneid),
        lambda: cuda.syncthreads(),
    ):
        with pytest.raises(errors.UnsupportedError, match="only inside a kernel"):
            use()
    assert cuda.warpsize == 32


def mandel(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z * z + c
        if (z.real * z.real + z.imag * z.imag) >= 4:
            return i
    return max_iters


def test_mandelbrot_equals_pure_pythons():
    inner = cuda.jit(device=True)(mandel)

    @cuda.jit
    def kernel(min_x, max_x, min_y, max_y, image, iters):
        height, width = image.shape
        pixel_x, pixel_y = (max_x - min_x) / width, (max_y - min_y) / height
        start_x, start_y = cuda.grid(2)
        for x in range(start_x, width, cuda.gridDim.x * cuda.blockDim.x):
            for y in range(start_y, height, cuda.gridDim.y * cuda.blockDim.y):
                image[y, x] = inner(min_x + x * pixel_x, min_y + y * pixel_y, iters)

    image = np.zeros((96, 145), np.uint8)
    d_image = cuda.to_device(image)
    kernel[(4, 4), (32, 8)](-2.0, 1.0, -1.0, 1.0, d_image, 20)
    assert not image.any()
    d_image.to_host()
    height, width = image.shape
    for y in range(height):
        for x in range(width):
            assert image[y, x] == mandel(-2.0 + x * (3.0 / width), -1.0 + y * (2.0 / height), 20)


def test_ufuncs_call_device_functions_and_kernels_call_ufuncs():
    from verdigris import vectorize

    @vectorize
    def shifted(v):
        return square(v) + 1

    @cuda.jit
    def apply(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = shifted(x[i])

    x = np.arange(40.0)
    np.testing.assert_array_equal(shifted(x), x * x + 1)
    expected = x * x + 1
    apply[2, 32](x)
    np.testing.assert_array_equal(x, expected)
