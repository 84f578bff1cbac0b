"""Arrays and numbers seen as another type, device arrays that kernels name, integers cut to a declared width: against NumPy."""

import ctypes

import numpy as np
import pytest

from verdigris import cuda, errors, types

DTYPES = [np.uint8, np.int16, np.uint32, np.float32, np.int64, np.float64, np.complex64, np.complex128, np.float16]


def bits(count):
    return np.random.default_rng(count).integers(0, 256, count, np.uint8)


@pytest.mark.parametrize("old", DTYPES)
@pytest.mark.parametrize("new", DTYPES)
def test_a_view_is_numpys(old, new):
    @cuda.jit
    def kernel(a, out, length):
        seen = a.view(new)
        length[0] = seen.size
        for i in range(cuda.grid(1), seen.size, cuda.gridsize(1)):
            out[i] = seen[i]

    a = bits(16 * 67).view(old)
    expected = a.view(new)
    out, length = np.zeros_like(expected), np.zeros(1, np.int64)
    kernel[2, 32](a, out, length)
    assert length[0] == expected.size
    # A NaN keeps neither sign nor payload where it is converted.
    np.testing.assert_array_equal(out, expected)


def test_a_slice_is_seen_at_each_place():
    @cuda.jit
    def kernel(a, start, stop, out):
        out[0] = a[start:stop].view(np.int32)[0]
        out[1] = a[start:stop].view(np.uint8)[-1]
        out[2] = a[8:].view(np.int64)[-1] >> 32

    a = bits(256)
    for start in range(0, 256, 4):
        out = np.zeros(3, np.int64)
        kernel[1, 1](a, start, start + 4, out)
        assert out[0] == a[start : start + 4].view(np.int32)[0]
        assert out[1] == a[start + 3]
        assert out[2] == a[8:].view(np.int64)[-1] >> 32


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_seen(order):
    @cuda.jit
    def kernel(a, narrow, same):
        i = cuda.grid(1)
        if i < a.shape[0]:
            for j in range(narrow.shape[1]):
                narrow[i, j] = a.view(np.uint16)[i, j] if wide else 0
            for j in range(a.shape[1]):
                same[j, i] = a.T.view(np.uint32)[j, i]

    wide = order == "C"
    a = np.asarray(bits(4 * 7 * 5).view(np.float32).reshape(7, 5), order=order)
    narrow, same = np.zeros((7, 10), np.uint16), np.zeros((5, 7), np.uint32)
    kernel[1, 32](a, narrow, same)
    np.testing.assert_array_equal(same, a.T.view(np.uint32))
    np.testing.assert_array_equal(narrow, a.view(np.uint16) if wide else 0)


def test_what_is_written_through_a_view_is_in_the_array():
    @cuda.jit
    def kernel(a):
        i = cuda.grid(1)
        a.view(np.uint8)[4 * i + 3] |= 0x80
        cuda.atomic.add(a.view(np.int32), i, 1)

    a = np.arange(64, dtype=np.float32)
    kernel[2, 32](a)
    expected = np.arange(64, dtype=np.float32)
    expected.view(np.uint8)[3::4] |= 0x80
    expected.view(np.int32)[:] += 1
    np.testing.assert_array_equal(a.view(np.int32), expected.view(np.int32))


def test_wider_elements_of_rows_and_their_faults():
    @cuda.jit
    def kernel(a, start, out):
        i = cuda.grid(1)
        if i < a.shape[0]:
            out[i] = a[:, start:].view(np.int32)[i, 0]

    good = bits(3 * 12).reshape(3, 12)
    out = np.zeros(3, np.int32)
    kernel[1, 32](good, 4, out)
    np.testing.assert_array_equal(out, good[:, 4:].view(np.int32)[:, 0])
    # Not a multiple of four bytes, not at one, and rows that begin elsewhere than at one.
    for a, start in [(good, 2), (good, 5), (bits(3 * 10).reshape(3, 10), 2)]:
        with pytest.raises(errors.KernelValueError, match="elements of another size"):
            kernel[1, 32](a, start, out)
    d = cuda.to_device(bits(64))[::2]
    with pytest.raises(errors.KernelValueError, match="side by side"):
        cuda.jit(first_wide)[1, 1](d, out)
    d = cuda.to_device(bits(64))[1:61]
    with pytest.raises(errors.KernelValueError, match="begin at multiples"):
        cuda.jit(first_wide)[1, 1](d, out)


def first_wide(a, out):
    out[0] = a.view(np.int32)[0]


def test_a_view_ends_where_the_array_does():
    @cuda.jit
    def kernel(a, i, out):
        out[0] = a.view(np.int32)[i]

    out = np.zeros(1, np.int32)
    with pytest.raises(IndexError, match="axis 0 of `a`"):
        kernel[1, 1](bits(16), 4, out)
    kernel[1, 1](bits(16), -1, out)
    assert out[0] == bits(16).view(np.int32)[-1]


TABLE = np.arange(12, dtype=np.float64).reshape(2, 6)


def test_constants_and_dynamic_shared_memory_are_seen():
    @cuda.jit
    def kernel(out):
        i = cuda.threadIdx.x
        bytes_ = cuda.shared.array(0, np.uint8)
        floats = bytes_[:128].view(np.float32)
        counts = bytes_[128:].view(np.int64)
        floats[i], counts[i] = i + 0.5, -i
        cuda.syncthreads()
        out[i] = floats[31 - i] + counts[31 - i] * 100 + TABLE.view(np.int32)[1, i % 12] % 1000

    out = np.zeros(32)
    kernel[1, 32, 0, 128 + 256](out)
    i = np.arange(32)
    np.testing.assert_array_equal(out, (31 - i) + 0.5 - (31 - i) * 100.0 + TABLE.view(np.int32)[1, i % 12] % 1000)


def test_what_cannot_be_seen_is_refused():
    def refused(match, body, *args, error=errors.VerdigrisError):
        with pytest.raises(error, match=match):
            cuda.jit(body)[1, 1](*args)

    def static(out):
        shared = cuda.shared.array(4, np.float32)
        out[0] = shared.view(np.int32)[0]

    def local(out):
        own = cuda.local.array(4, np.float32)
        out[0] = own.view(np.int32)[0]

    def reshaped(a, out):
        out[0] = a.reshape(4).view(np.int32)[0]

    def column(a, out):
        out[0] = a.T.view(np.int16)[0, 0]

    def stepping(a, out):
        out[0] = a[::2].view(np.int16)[0]

    def no_type(a, out):
        out[0] = a.view(3)[0]

    out = np.zeros(4, np.int32)
    refused("fixed shape", static, out)
    refused("a local array", local, out)
    refused("a reshaped array", reshaped, np.zeros((4, 2), np.float32)[::2], out)
    refused("side by side", column, np.zeros((2, 2), np.float32), out)
    refused("side by side", stepping, np.zeros(4, np.float32), out)
    refused("takes the type", no_type, np.zeros(4, np.float32), out)


def test_numbers_are_seen_as_numbers_of_their_size():
    @cuda.jit
    def kernel(f4, f8, i4, i8, out4, out8):
        i = cuda.grid(1)
        out4[i, 0], out4[i, 1] = f4[i].view(np.int32), f4[i].view(np.uint32).view(np.float32).view(np.int32)
        out8[i, 0], out8[i, 1] = f8[i].view(np.int64), i8[i].view(np.float64).view(np.int64)
        out4[i, 2] = i4[i].view(np.float32).view(np.int32)
        out8[i, 2] = i8[i].view(np.uint64) >> np.uint64(1)

    rng = np.random.default_rng(3)
    f4, f8 = rng.normal(size=64).astype(np.float32), rng.normal(size=64)
    i4, i8 = rng.integers(-(2**30), 2**30, 64).astype(np.int32), rng.integers(-(2**60), 2**60, 64)
    out4, out8 = np.zeros((64, 3), np.int32), np.zeros((64, 3), np.int64)
    kernel[2, 32](f4, f8, i4, i8, out4, out8)
    np.testing.assert_array_equal(out4, np.stack([f4.view(np.int32), f4.view(np.int32), i4], 1))
    np.testing.assert_array_equal(out8, np.stack([f8.view(np.int64), i8, (i8.view(np.uint64) >> np.uint64(1)).view(np.int64)], 1))
    with pytest.raises(errors.TypingError, match="not of one size"):
        cuda.jit(shrunk)[1, 1](f8, out4)


def shrunk(a, out):
    out[0, 0] = a[0].view(np.float32)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_bit_count(dtype):
    @cuda.jit
    def kernel(a, out):
        i = cuda.grid(1)
        if i < a.size:
            out[i] = a[i].bit_count()

    info = np.iinfo(dtype)
    a = np.array([0, 1, 2, 3, info.max, info.min, info.min + 1, info.max - 1, 42, 100], dtype)
    out = np.zeros(a.size, np.int64)
    kernel[1, 32](a, out)
    assert out.tolist() == [int(v).bit_count() for v in a]


# --- device arrays that kernels name ---


def test_a_named_device_array_is_read_and_written():
    table = cuda.to_device(np.arange(40, dtype=np.float32))
    grid = cuda.to_device(np.zeros((5, 8), np.int64))

    @cuda.jit(device=True)
    def looked_up(i):
        return table[i] * 2

    @cuda.jit
    def kernel(out, n):
        i = cuda.grid(1)
        if i < n:
            out[i] = looked_up(i) + table[-1] + table.shape[0]
            grid[i // 8, i % 8] = i * grid.ndim

    out = np.zeros(40, np.float32)
    kernel[2, 32](out, 40)
    np.testing.assert_array_equal(out, np.arange(40, dtype=np.float32) * 2 + 39 + 40)
    np.testing.assert_array_equal(grid.copy_to_host(), (np.arange(40) * 2).reshape(5, 8))
    # What changes in the array is seen by the next launch: it is no constant.
    table.copy_to_device(np.ones(40, np.float32))
    kernel[2, 32](out, 40)
    np.testing.assert_array_equal(out, np.full(40, 2 + 1 + 40, np.float32))


def test_a_named_device_array_lives_as_long_as_its_kernel():
    def made():
        table = cuda.to_device(np.arange(1 << 16, dtype=np.int64))

        @cuda.jit
        def kernel(out):
            i = cuda.grid(1)
            out[i] = table[i] + table[::2][i]

        out = np.zeros(64, np.int64)
        kernel[2, 32](out)
        return kernel

    kernels = [made() for _ in range(4)]
    noise = [cuda.to_device(np.full(1 << 16, -1)) for _ in range(8)]
    for kernel in kernels:
        out = np.zeros(64, np.int64)
        kernel[2, 32](out)
        np.testing.assert_array_equal(out, np.arange(64) * 3)
    del noise


def test_a_named_device_array_beside_arguments_and_views():
    table = cuda.to_device(np.arange(16, dtype=np.int64))

    @cuda.jit("void(int64[:], float32)")
    def kernel(out, x):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = table.view(np.int32)[2 * i] + table[i] + x
            for j in range(3):
                if j == 1:
                    out.view(np.float64)[i] = out[i]

    out = np.zeros(16, np.int64)
    kernel[1, 32](out, 5)
    np.testing.assert_array_equal(out.view(np.float64), 2.0 * np.arange(16) + 5)


def test_ufuncs_name_no_device_arrays():
    from verdigris import vectorize

    table = cuda.to_device(np.arange(4.0))

    @vectorize
    def f(x):
        return table[0] + x

    with pytest.raises(errors.VerdigrisError, match="only kernels may name"):
        f(np.ones(3))


# --- declared integers ---


def test_integers_are_cut_to_the_declared_width_as_ctypes_does():
    @cuda.jit("void(int64[:], int32, uint8, int16, uint64)")
    def kernel(out, a, b, c, d):
        out[0], out[1], out[2], out[3] = a, b, c, np.int64(d >> np.uint64(1))

    for given in [(0xFFFFFFFF, 300, 40000, -1), (-(2**40) + 5, -1, -40000, 2**63), (1, 2, 3, 4)]:
        out = np.zeros(4, np.int64)
        kernel[1, 1](out, *given)
        a, b, c, d = given
        expected = [ctypes.c_int32(a).value, ctypes.c_uint8(b).value, ctypes.c_int16(c).value, ctypes.c_uint64(d).value >> 1]
        assert out.tolist() == expected


def test_a_signature_that_loses_nothing_comes_first():
    @cuda.jit(["void(int64[:], int8)", "void(int64[:], int64)"])
    def kernel(out, a):
        out[0] = a

    out = np.zeros(1, np.int64)
    kernel[1, 1](out, 1000)
    assert out[0] == 1000


def test_specialized_for_types():
    @cuda.jit
    def kernel(out, a):
        out[0] = a

    special = kernel.specialize(types.int64[::1], types.float32)
    assert special is kernel.specialize(np.zeros(3, np.int64), np.float32(2))
    out = np.zeros(1, np.int64)
    special[1, 1](out, 2.5)
    assert out[0] == 2
