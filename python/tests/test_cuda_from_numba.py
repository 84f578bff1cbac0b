"""Programs that take `cuda` from here and keep the rest of Numba: types, extensions, errors of division, printing."""

import collections
import pickle

import numba
import numpy as np
import pytest

import verdigris as vg
from verdigris import cuda, errors, types
from verdigris.types import typeof

Pair = collections.namedtuple("Pair", "a b")
POINT = np.dtype([("x", "f4"), ("n", "i8"), ("v", "f8", (3,))], align=True)

# --- Numba's own types ---

SAME = [
    (numba.boolean, vg.boolean),
    (numba.int8, vg.int8),
    (numba.uint16, vg.uint16),
    (numba.intp, vg.int64),
    (numba.types.float16, types.float16),
    (numba.float32, vg.float32),
    (numba.complex64, vg.complex64),
    (numba.float64[:], vg.float64[:]),
    (numba.int32[:, ::1], vg.int32[:, ::1]),
    (numba.int32[::1, :], vg.int32[::1, :]),
    (numba.types.Array(numba.float32, 2, "C", readonly=True), types.Array(vg.float32, 2, "C", True)),
    (numba.types.NPDatetime("D"), types.NPDatetime("D")),
    (numba.types.NPTimedelta("ms"), types.NPTimedelta("ms")),
    (numba.types.Tuple((numba.int8, numba.float32)), (vg.int8, vg.float32)),
    (numba.types.UniTuple(numba.int8, 3), (vg.int8,) * 3),
    (numba.typeof(Pair(1, 2.0)), types.NamedTuple("Pair", ("a", "b"), (vg.int64, vg.float64))),
    (numba.from_dtype(POINT), types.Record(POINT)),
    (numba.from_dtype(POINT)[:], types.Record(POINT)[:]),
    (numba.types.UnicodeCharSeq(4), types.Record("U4")),
    (numba.types.IntegerLiteral(3), vg.int64),
    (numba.void, vg.void),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME, ids=[str(theirs) for theirs, _ in SAME])
def test_a_type_of_numba_is_ours(theirs, ours):
    assert types.as_type(theirs) == ours


def test_signatures_of_numba():
    assert types.signature(numba.void(numba.float32[:], numba.int32)) == vg.void(vg.float32[:], vg.int32)
    assert types.signature((numba.float32[:], numba.int32)).args == (vg.float32[:], vg.int32)
    with pytest.raises(errors.ArgumentError, match="unicode_type is not a type"):
        types.signature(numba.void(numba.types.unicode_type))
    with pytest.raises(errors.ArgumentError, match="a type, not a signature"):
        types.signature(numba.float32)


float32, TILE = numba.float32, 32


def reversed_blocks(x, out):
    tile = cuda.shared.array(TILE, float32)
    kept = cuda.local.array((2,), dtype=numba.types.int8)
    points = cuda.shared.array(1, dtype=POINT_OF_NUMBA)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    kept[0] = numba.int8(x[i])
    tile[t] = x[i]
    points[0].n = 7
    cuda.syncthreads()
    out[i] = tile[TILE - 1 - t] + kept[0] + points[0].n + float32(0.1)


POINT_OF_NUMBA = numba.from_dtype(POINT)


@pytest.mark.parametrize("signature", [None, numba.void(numba.float64[:], numba.float32[:])])
def test_kernels_use_them(signature):
    x = np.arange(64.0) * 5
    out = np.zeros(64, np.float32)
    (cuda.jit(signature)(reversed_blocks) if signature else cuda.jit(reversed_blocks))[2, TILE](x, out)
    back = x.astype("f4").reshape(2, TILE)[:, ::-1].ravel()
    # What does not fit is cut off at the ends, as on a GPU.
    expected = np.float32(back + x.clip(-128, 127).astype(np.int8).astype("f4") + np.float32(7) + np.float32(0.1))
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_ufuncs_take_them():
    assert vg.vectorize([numba.float32(numba.float32)])(lambda x: x + 1)(np.float32(1)).dtype == np.float32


def test_typeof_is_numbas():
    grid = np.zeros((4, 6))
    values = [
        True,
        3,
        2**63,
        1.5,
        1j,
        np.int8(1),
        np.float32(2),
        np.datetime64(3, "D"),
        (1, 2.0),
        (1, (2, 3j)),
        Pair(1, 2.0),
        None,
    ]
    values += [
        grid,
        grid.T,
        grid[::2],
        grid[:, ::2],
        grid[:1, ::2],
        grid[0, 0:0],
        grid[:, :1],
        np.zeros((), "c8"),
        np.zeros(3, POINT),
    ]
    values += [np.zeros(4, POINT)[::2], np.zeros(2, "U3"), np.zeros(2, "S5"), np.zeros(2, "m8[s]")]
    fixed = grid.copy()
    fixed.setflags(write=False)
    for value in [*values, fixed]:
        assert typeof(value) == types.as_type(numba.typeof(value)), value
    device = cuda.to_device(grid)
    for view in (device, device.T, device[:, 1]):
        assert typeof(view) == cuda.jit(lambda x: None).typeof_pyval(view)
    with pytest.raises(errors.ArgumentError, match="a list has no type"):
        typeof([1])


# --- argument extensions ---


class Unwrapped:
    """Takes what an object holds, and tells."""

    def __init__(self):
        self.seen = []

    def prepare_args(self, ty, val, *, stream, retr):
        self.seen.append((ty, type(val), stream))
        if isinstance(val, Holder):
            retr.append(lambda: val.told.append(val.array.sum()))
            return ty, val.array
        return ty, val


class Doubled:
    def prepare_args(self, ty, val, stream, retr):
        return (ty, val * 2) if isinstance(val, int) else (ty, val)


class Increased:
    def prepare_args(self, ty, val, stream, retr):
        return (ty, val + 1) if isinstance(val, int) else (ty, val)


class Holder:
    def __init__(self, array):
        self.array, self.told = array, []


def add(out, n):
    i = cuda.grid(1)
    if i < out.size:
        out[i] += n


def test_extensions_may_be_added_later():
    class Inward:
        def prepare_args(self, ty, val, **kwargs):
            return ty, cuda.In(val) if isinstance(val, np.ndarray) else val

    def three(x):
        x[0] = 3

    first, second = map(cuda.jit(extensions=[]), (three, three))
    first.extensions.append(Inward())
    kept, changed = np.zeros((2, 1))
    first[1, 1](kept)
    second[1, 1](changed)
    assert (kept[0], changed[0]) == (0, 3)


def test_extensions_prepare_arguments():
    unwrapped = Unwrapped()
    kernel = cuda.jit(extensions=[unwrapped])(add)
    assert kernel.extensions == [unwrapped]
    holder = Holder(np.arange(32.0))
    kernel[1, 32](holder, 3)
    np.testing.assert_array_equal(holder.array, np.arange(32.0) + 3)
    assert holder.told == [holder.array.sum()]
    assert unwrapped.seen == [(None, Holder, 0), (vg.int64, int, 0)]


def test_the_last_extension_is_first():
    for extensions, n in (([Doubled(), Increased()], 8), ([Increased(), Doubled()], 7)):
        out = np.zeros(32)
        kernel = cuda.jit(extensions=extensions)(add)
        kernel[1, 32](out, 3)
        np.testing.assert_array_equal(out, n)
        pickle.loads(pickle.dumps(kernel)).forall(32)(out, 3)
        kernel.specialize(out, 3)[1, 32](out, 3)
        np.testing.assert_array_equal(out, 3 * n)


def test_what_is_no_extension_is_refused():
    with pytest.raises(errors.ArgumentError, match="prepare_args"):
        cuda.jit(extensions=[3])(add)

    class Failing:
        def prepare_args(self, ty, val, stream, retr):
            raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing"):
        cuda.jit(extensions=[Failing()])(add)[1, 1](np.zeros(1), 1)


# --- ZeroDivisionError ---

DIVISIONS = {
    "true": lambda a, b: a / b,
    "floor": lambda a, b: a // b,
    "modulo": lambda a, b: a % b,
    "divmod": lambda a, b: divmod(a, b)[0] + divmod(a, b)[1],
}


@pytest.mark.parametrize("dtype", ["i4", "i8", "u4", "f4", "f8", "?", "c16"])
@pytest.mark.parametrize("name", DIVISIONS)
def test_division_by_zero_with_debug(name, dtype):
    if dtype == "c16" and name != "true":
        pytest.skip("Python's complex numbers have no such operation")
    divide = cuda.jit(device=True)(DIVISIONS[name])

    @cuda.jit(debug=True, opt=False)
    def quotients(a, b, out, done):
        i = cuda.grid(1)
        if i < a.size:
            out[i] = divide(a[i], b[i])
            done[i] = 1

    divisors = np.array([1, 3, 0, 2, 5] * 20)[:70].astype(dtype)
    a = np.arange(70).astype(dtype)
    out, done = np.full(70, -1, "c16" if dtype == "c16" else "f8"), np.zeros(70)
    with pytest.raises(ZeroDivisionError, match="by zero") as caught:
        quotients[1, 96](a, divisors, out, done)
    assert caught.value.thread == (int(np.argmin(divisors != 0)), 0, 0)
    # As CPython: the others have their results, these nothing.
    expected = np.full_like(out, -1)
    for i, (x, y) in enumerate(zip(a.tolist(), divisors.tolist(), strict=True)):
        try:
            expected[i] = DIVISIONS[name](x, y)
        except ZeroDivisionError:
            assert done[i] == 0
        else:
            assert done[i] == 1
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_without_debug_nothing_is_raised():
    @cuda.jit
    def quotients(a, out):
        out[0], out[1], out[2] = a[0] / a[1], a[0] // a[1], a[0] % a[1]

    out = np.ones(3)
    quotients[1, 1](np.array([1.0, 0.0]), out)
    np.testing.assert_array_equal(out, [np.inf, np.inf, np.nan])
    quotients[1, 1](np.array([1, 0]), out)
    np.testing.assert_array_equal(out, [np.inf, 0, 0])


def test_divisions_that_are_not_reached_and_numpys_own():
    @cuda.jit(debug=True)
    def guarded(a, out):
        i = cuda.grid(1)
        out[i] = 1 / a[i] if a[i] != 0 else -1
        if a[i] != 0 and 6 // a[i] > 2:
            out[i] += 100 % a[i]
        out[i] += np.floor_divide(a[i], 1) + 5 / 2 + 7 % 4
        k = 10
        while k > 0 and a[i] > 0:
            k //= a[i] + 1
        out[i] += np.divide(1, a[i]) > 1e300

    a, out = np.array([0, 1, 2, 3] * 10), np.zeros(40)
    guarded[1, 40](a, out)
    expected = []
    for x in a.tolist():
        y = 1 / x if x != 0 else -1
        y += 100 % x if x != 0 and 6 // x > 2 else 0
        expected.append(y + x + 5 / 2 + 7 % 4 + (x == 0))
    np.testing.assert_allclose(out, expected)


def test_in_place_and_in_recursive_functions():
    @cuda.jit(device=True)
    def down(n):
        if n < 0:
            return 100
        return down(n - 1) + 6 // n

    @cuda.jit(debug=True)
    def both(a, n):
        a[0] /= a[1]
        a[2] = down(n)

    with pytest.raises(ZeroDivisionError):
        both[1, 1](np.array([1.0, 0.0, 0.0]), 3)
    a = np.array([1.0, 2.0, 5.0])
    with pytest.raises(ZeroDivisionError):
        both[1, 1](a, 3)
    assert a.tolist() == [0.5, 2.0, 5.0]


# --- printing ---


def test_coordinates_are_printed_as_numba_prints_them(capsys):
    @cuda.jit
    def where():
        at = cuda.threadIdx
        print(at, cuda.blockIdx, at.y + cuda.blockDim.x)

    where[(1, 2), (3, 2)]()
    ours = capsys.readouterr().out.splitlines()
    expected = [f"({x}, {y}, 0) (0, {b}, 0) {y + 3}" for b in range(2) for y in range(2) for x in range(3)]
    assert sorted(ours) == sorted(expected)


def test_strings_in_variables(capsys):
    record = np.zeros(2, [("left", "i4"), ("right", "i4")])

    @cuda.jit
    def fill(record, out):
        side, mark = "right", b"x"
        for k in range(2):
            record[k][side] = k + 5
        names = ("left", side)
        record[0][names[0]] = 9
        out[0] = side == "right" and side != "left"
        out[1] = len(side)
        print(side, names, mark)

    out = np.zeros(2)
    fill[1, 1](record, out)
    assert record["right"].tolist() == [5, 6] and record["left"].tolist() == [9, 0] and out.tolist() == [1, 5]
    assert capsys.readouterr().out == "right ('left', 'right') b'x'\n"


def test_a_variable_names_one_string():
    @cuda.jit
    def either(out):
        name = "a" if out[0] > 0 else "b"
        print(name)

    with pytest.raises(errors.TypingError, match="no common type"):
        either[1, 1](np.zeros(1))

    @cuda.jit
    def branches(out):
        if out[0] > 0:  # noqa: SIM108 (a choice of another kind)
            name = "a"
        else:
            name = "b"
        print(name)

    with pytest.raises(errors.TypingError, match="`name` is 'a' on one path and 'b' on another"):
        branches[1, 1](np.zeros(1))


# --- complex numbers in NumPy's order ---

ORDERED = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "minimum", "maximum", "fmin", "fmax"]


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_complex_numbers_in_numpys_order(name, dtype):
    ufunc = getattr(np, name)

    @cuda.jit
    def each(a, b, out):
        i = cuda.grid(1)
        if i < a.size:
            out[i] = ufunc(a[i], b[i])

    parts = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan]
    numbers = np.array([complex(re, im) for re in parts for im in parts], dtype)
    a, b = (m.ravel().copy() for m in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        expected = ufunc(a, b)
    out = np.zeros(a.size, expected.dtype)
    each.forall(a.size)(a, b, out)
    np.testing.assert_array_equal(out.view("u1"), expected.view("u1")) if expected.dtype == bool else None
    np.testing.assert_array_equal(out, expected)


def test_python_has_no_order_of_them():
    @cuda.jit
    def wrong(a, out):
        out[0] = a[0] < a[1]

    with pytest.raises(errors.TypingError, match="complex numbers have no order"):
        wrong[1, 1](np.zeros(2, complex), np.zeros(1))


# --- what belongs to the host ---


def test_a_specialized_kernel_is_not_specialized_again():
    @cuda.jit
    def one(x):
        x[0] = 1

    special = one.specialize(np.zeros(1))
    assert special.specialized and not one.specialized
    with pytest.raises(RuntimeError, match="already specialized"):
        special.specialize(np.zeros(1))


def test_a_device_function_is_not_launched():
    @cuda.jit(device=True)
    def inner(x):
        return x

    with pytest.raises(errors.UnsupportedError, match="cannot be launched"):
        inner[1, 1]


def test_the_module_of_device_arrays():
    assert cuda.devicearray.DeviceNDArray is cuda.DeviceNDArray
    assert cuda.devicearray.is_cuda_ndarray(cuda.to_device(np.zeros(1)))


def test_vectorizers_of_cuda():
    @cuda.vectorize
    def lazy(x):
        return x * 2

    @cuda.vectorize(["float64(float64, float64)"])
    def eager(x, y):
        return x + y

    @cuda.guvectorize(["(float64[:], float64[:])"], "(n)->()")
    def total(x, out):
        out[0] = x.sum()

    @cuda.guvectorize("(n)->()", target="cpu")
    def greatest(x, out):
        out[0] = x.max()

    x = np.arange(6.0).reshape(2, 3)
    assert isinstance(lazy(cuda.to_device(x)), cuda.DeviceNDArray)
    np.testing.assert_array_equal(lazy(x), x * 2)
    np.testing.assert_array_equal(eager(x, x), x + x)
    np.testing.assert_array_equal(total(x), x.sum(axis=1))
    np.testing.assert_array_equal(greatest(x), x.max(axis=1))
    with pytest.raises(errors.UnsupportedError, match="cannot be linked"):
        cuda.CUSource("__device__ int f();")


def test_tuples_of_several_types_are_unrolled():
    @cuda.jit
    def kernel(out, items):
        for n, item in enumerate(cuda.literal_unroll(items)):
            out[n] = item[0] if isinstance(item, tuple) else item

    out = np.zeros(3)
    kernel[1, 1](out, (1, 2.5, (3, 4)))
    assert out.tolist() == [1, 2.5, 3]
