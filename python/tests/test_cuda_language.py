"""The kernel language beside CPython: views, sequences, tuples, records, vectors, printing, functions of arrays."""

# ruff: noqa: B905 (the kernel language has no `strict=`)

import collections
import enum
import math
import operator

import numpy as np
import pytest
from onethread import agree, run

from verdigris import cuda, errors

Pair = collections.namedtuple("Pair", "a b")
LIMITS = Pair(3, 0.5)


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 10
    HIGH = 20


POINT = np.dtype([("x", "f4"), ("n", "i8"), ("v", "f8", (3,)), ("p", [("a", "i2"), ("b", "u1")]), ("f", "?")])
ALIGNED = np.dtype([("x", "f4"), ("n", "i8"), ("c", "c16"), ("m", "i4", (2, 2))], align=True)


def ramp(*shape, dtype=np.float64):
    return (np.arange(np.prod(shape)).reshape(shape) % 23 - 7).astype(dtype)


# --- views ---


def rows_and_slices(out, a):
    i = cuda.grid(1)
    if i < a.shape[0]:
        row = a[i]
        inner = a[i, 1:-1:2]
        back = row[::-1]
        out[i, 0] = row[0] + row[-1]
        out[i, 1] = inner[0] + inner[-1] + len(inner)
        out[i, 2] = back[0] * 2 + back[1]
        out[i, 3] = row[2:][1] + row[:3][-1] + row[-4:-1][0]
        out[i, 4] = row[100:].size + row[5:2].size + row[-100:3].size + row[4:0:-2].size


def transposes_and_shapes(out, a):
    i, j = cuda.grid(2)
    if i < a.shape[0] and j < a.shape[1]:
        t = a.T
        flat = a.flat
        again = a.ravel().reshape((a.shape[1], -1))
        out[i, j] = t[j, i] + flat[i * a.shape[1] + j] * 100 + again[j % again.shape[0], i % again.shape[1]] * 10000
        if i == 0 and j == 0:
            out[0, 0] = t.shape[0] * 10 + t.ndim + a.size + t.T.shape[0] + a.ravel().shape[0]


def axes_of_three(out, a):
    i = cuda.grid(1)
    if i < a.shape[1]:
        plane = a[:, i]
        out[i, 0] = plane.shape[0] * 10 + plane.shape[1]
        out[i, 1] = plane[1, 2] + plane[-1, -1]
        out[i, 2] = a[..., 1][0, i] + a[1, ..., 0][i] + a[-1][i][2]
        swapped = a.transpose(2, 0, 1)
        out[i, 3] = swapped[1, 0, i] + swapped.shape[0]
        out[i, 4] = a[None, 0, i].shape[0] + a[0, i, :, None][2, 0] + a[:, i][1:][0][1]


def assigned_slices(out, a):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i, :] = 2
        out[i, 1:3] = a[i, 0:2]
        out[i, 3:] += 5
        out[i][0] -= 1
        out[i, -1:] = (9,)


def views_in_variables(out, a):
    i = cuda.grid(1)
    if i < out.shape[0]:
        view = a[i, 1:4]
        total = 0.0
        for k in range(3):
            if k % 2 == 0:
                view = a[i, k : k + 3]
            total += view[1] * (k + 1)
        out[i, 0] = total
        out[i, 1] = view[0] if i > 2 else a[i, 0:2][1]


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, np.complex64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_slices_are_views(dtype, order):
    a = np.asarray(ramp(6, 7, dtype=dtype), order=order)
    agree(rows_and_slices, 1, 32, np.zeros((6, 5), dtype), a)
    agree(assigned_slices, 2, 5, np.zeros((6, 6), dtype), a)
    if dtype in (np.float64, np.int32):  # CPython's uint8 wraps; the compiler's arithmetic is int64
        agree(views_in_variables, 1, 9, np.zeros((6, 2), np.float64), a)
    agree(transposes_and_shapes, (1, 1), (8, 8), np.zeros((6, 7), np.complex128), a.astype(np.complex128))


def test_views_of_three_axes():
    agree(axes_of_three, 1, 40, np.zeros((4, 5)), ramp(3, 4, 5))
    agree(axes_of_three, 1, 40, np.zeros((4, 5)), ramp(5, 4, 3).T.copy().T[::1])


def out_of_a_slice(out, a, i):
    out[0] = a[2:5][i]


@pytest.mark.parametrize("i", [0, 2, -1, -3, 3, -4, 100])
def test_indexes_of_slices_are_checked(i):
    if -3 <= i < 3:
        agree(out_of_a_slice, 1, 1, np.zeros(1), ramp(9), i)
        return
    with pytest.raises(errors.KernelIndexError, match="an index into `a` is out of bounds"):
        cuda.jit(out_of_a_slice)[1, 1](np.zeros(1), ramp(9), i)


def parts_of_complex(out, z):
    i = cuda.grid(1)
    if i < z.size:
        out[i] = z.real[i] * 2 + z.imag[i] + z[i].real
        z.imag[i] = 1.5


def test_parts_of_complex_arrays():
    agree(parts_of_complex, 1, 32, np.zeros(20), ramp(20) * (1 + 2j))
    agree(parts_of_complex, 1, 32, np.zeros(20, np.float32), (ramp(20) * (1 - 2j)).astype(np.complex64))


# --- sequences ---


def sequences(out, a, b):
    i = cuda.grid(1)
    if i < a.shape[0]:
        total = 0.0
        for j, x in enumerate(a[i]):
            total += j * x
        for j, (x, y) in enumerate(zip(a[i], b), 1):
            total += j * x * y
        for x in reversed(a[i]):
            total = total * 0.5 + x
        for k, x in zip(range(10, 0, -3), a[i]):
            total += k * x
        for k in reversed(range(1, 10, 4)):
            total = total * 0.25 + k
        for weight, x in zip((1, 2.5, 4), a[i]):
            total += weight * x
        for n, item in enumerate((i, 2.5, True)):
            total += n * item
        for x in [3, 1, 2]:
            total = total * 2 - x
        for row in a:
            total += row[0]
        for _, _ in zip(a[i], range(0)):
            total += 1e9
        out[i] = total


def test_sequences():
    agree(sequences, 1, 32, np.zeros(5), ramp(5, 6), ramp(4))


def loops_left_early(out, a):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = -1
        for j, x in enumerate(a):
            if x > i:
                out[i] = j
                break
            if x < 0:
                continue
        else:
            out[i] = 99


def test_loops_over_sequences_can_be_left():
    agree(loops_left_early, 1, 32, np.zeros(20), ramp(40))


# --- tuples, named tuples, enumerations ---


def named_tuples(out, p, t):
    i = cuda.grid(1)
    if i < out.size:
        q = Pair(p.a + i, b=p.b * LIMITS.b)
        x, y = q
        if i % 2:
            q = Pair(0, 1.0)
        out[i] = q.a + q[1] * 10 + x * y + LIMITS.a + len(q) + (q == (0, 1.0)) + t[1][0] + t[1][1:][0] + t[0].b


def test_named_tuples():
    agree(named_tuples, 1, 32, np.zeros(20), Pair(1, 2.5), (Pair(5, 6.5), (7, 8.5)))
    agree(named_tuples, 1, 32, np.zeros(20, np.float32), Pair(np.int8(1), np.float32(2.5)), (Pair(True, 6), (7, 8)))


def enumerations(out, c, level):
    out[0] = 1.0 if Colour.RED == Colour.RED else 0.0
    out[1] = Level.HIGH + level
    out[2] = Colour.GREEN.value


def test_enumerations():
    out = np.zeros(3)
    cuda.jit(enumerations)[1, 1](out, Colour.GREEN, Level.LOW)
    assert out.tolist() == [1, 30, 2]


def options(out, a, flag, nothing):
    i = cuda.grid(1)
    if i < out.size:
        if nothing is None and flag:
            out[i] = 1
        if a is not None:
            out[i] += a[i]


def test_none_and_bool_arguments():
    agree(options, 1, 8, np.zeros(5), None, True, None)
    agree(options, 1, 8, np.zeros(5), ramp(5), False, None)
    agree(options, 1, 8, np.zeros(5), ramp(5), np.True_, 3)


# --- records ---


def records(r):
    i = cuda.grid(1)
    if i < r.size:
        r[i].x = i * 1.5
        r[i]["n"] = i
        r[i].v[1] = i * 2
        r[i].v[-1] += 3
        r.p.a[i] = i
        r["p"]["b"][i] += 1
        q = r[i]
        q.p.b = 200
        q.n += 5
        for j in range(3):
            q.v[j] += j
        q.f = i % 3 == 0
        if q["f"] and i > 5:
            q.x = r.x[i - 1] if i == -1 else 7
        q.v[:2] = 4


def attribute_records(r):
    i = cuda.grid(1)
    if i < r.size:
        r[i]["x"] = i * 1.5
        r[i]["n"] = r[i]["n"] + i
        r[i]["c"] = r[i]["c"] * 2j + 1
        r[i]["m"][1, 0] = i
        r["m"][i, 0, 1] = 7
        r[i]["m"][:, 1] += 2


def test_records():
    for n in (1, 10, 40):
        agree(attribute_records, 2, 32, np.zeros(n, ALIGNED))
    # NumPy's plain records have no attributes: CPython runs on a recarray.
    ours, theirs = np.zeros(10, POINT), np.zeros(10, POINT).view(np.recarray)
    cuda.jit(records)[1, 32](ours)
    run(records, 1, 32, theirs)
    np.testing.assert_array_equal(ours, theirs.view(np.ndarray).view(POINT))


def whole_records(r, s):
    i = cuda.grid(1)
    if i < r.size:
        r[i] = s[s.size - 1 - i]


def one_record(r, out):
    r["n"] = 42
    r["v"][0] = out[0]
    out[1] = r["x"]


def test_whole_records_are_copied_and_passed():
    s = np.zeros(7, POINT)
    s["n"], s["v"], s["p"]["a"] = np.arange(7), ramp(7, 3), np.arange(7)
    agree(whole_records, 1, 32, np.zeros(7, POINT), s)
    r = np.zeros(3, POINT)
    r["x"] = [1, 2, 3]
    cuda.jit(one_record)[1, 1](r[1], out := np.array([5.0, 0]))
    assert (r["n"].tolist(), r["v"][1, 0], out[1]) == ([0, 42, 0], 5, 2)
    device = cuda.to_device(r)
    cuda.jit(whole_records)[1, 3](device, np.ones(3, POINT))
    assert device.copy_to_host()["n"].tolist() == [1, 1, 1]
    assert device[1:].copy_to_host()["x"].tolist() == [1, 1]


def test_signatures_with_records():
    from verdigris import types, void

    kernel = cuda.jit(void(types.from_dtype(POINT)[:]))(lambda r: None)
    kernel[1, 1](np.zeros(3, POINT))
    (signature,) = kernel.signatures
    assert signature[0].dtype.np_dtype == POINT
    with pytest.raises(errors.ArgumentError):
        kernel[1, 1](np.zeros(3, ALIGNED))


# --- vectors ---


def vectors(out, x):
    i = cuda.grid(1)
    if i < out.shape[0]:
        v = cuda.float32x3(x[i], 2, 3)
        w = cuda.float4(v, i)
        u = cuda.int32x2(w.x, w.w)
        if i % 2:
            v = cuda.float3(1, 1, 1)
        out[i, 0] = v.x * v.y + v.z + w.w
        out[i, 1] = u.x + u.y * 10
        out[i, 2] = cuda.double1(x[i]).x


def test_vectors():
    agree(vectors, 1, 32, np.zeros((20, 3)), ramp(20))


# --- functions of arrays ---


def reductions(out, a):
    i = cuda.grid(1)
    if i < a.shape[0]:
        row = a[i]
        out[i, 0] = row.sum()
        out[i, 1] = row.max() - row.min()
        out[i, 2] = row.mean()
        out[i, 3] = row.prod()
        out[i, 4] = row.argmax() * 100 + row.argmin()
        out[i, 5] = row.any() + 2 * row.all()
        out[i, 6] = np.sum(a) + np.max(a[:, 1:]) + a.T.mean()
        out[i, 7] = row.var() + a.std()
        out[i, 8] = sum(row) + max(row) + min(row)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_reductions(dtype):
    a = np.random.default_rng(3).integers(0, 9, (6, 5)).astype(dtype)
    agree(reductions, 1, 32, np.zeros((6, 9)), a, exact=False)


def extremes(out, a):
    out[0] = a.max()
    out[1] = a.argmin()


def test_nan_wins_and_nothing_has_no_extreme():
    a = ramp(5)
    a[3] = np.nan
    agree(extremes, 1, 1, np.zeros(2), a)
    with pytest.raises(errors.KernelValueError, match="without elements"):
        cuda.jit(extremes)[1, 1](np.zeros(2), np.zeros(0))


def test_ufuncs_of_arrays_need_an_output():
    a, b = ramp(3, 4), ramp(4)
    ours, theirs = np.zeros((3, 4)), np.zeros((3, 4))

    def kernel(out, a, b):
        if cuda.grid(1) == 0:
            np.add(a, b, out)
            np.multiply(out, 2, out)
            np.maximum(out[0], b, out=out[1])

    cuda.jit(kernel)[1, 32](ours, a, b)
    np.add(a, b, theirs)
    np.multiply(theirs, 2, theirs)
    np.maximum(theirs[0], b, out=theirs[1])
    np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(errors.UnsupportedError, match=r"np.add\(a, b, out\)"):
        cuda.jit(lambda out, a: np.add(a, a))[1, 1](ours, a)
    with pytest.raises(errors.KernelValueError, match="different extents"):
        cuda.jit(kernel)[1, 32](ours, a, ramp(3))


def operators(out, x, y):
    i = cuda.grid(1)
    if i < out.shape[0]:
        a, b = x[i], y[i]
        out[i, 0] = operator.add(a, b) + operator.sub(a, b) * operator.mul(a, b)
        out[i, 1] = operator.truediv(a, 3) + operator.floordiv(a, 3) + operator.mod(a, 3) + operator.neg(b)
        out[i, 2] = operator.lt(a, b) + operator.ge(a, b) * 2 + operator.eq(a, a) * 4 + operator.ne(a, b) * 8
        out[i, 3] = operator.abs(a) + operator.truth(b) + operator.not_(a) + operator.getitem((1, 2), 1)
        out[i, 4] = operator.xor(i, 3) + operator.lshift(i, 2) + operator.and_(i, 6) + operator.invert(i)
        out[i, 5] = np.logical_and(a > 0, b > 0) + np.logical_xor(a > 0, b > 0) * 2 + np.logical_or(a, b) * 4
        out[i, 6] = np.fmin(a, b) + np.fmax(a, b) * 2 + np.greater_equal(a, b) + np.negative(a) + np.signbit(a)
        out[i, 7] = np.heaviside(a, 0.5) + np.float_power(2, i) + np.float64(a) + np.float32(b) + np.int8(3)


def test_operators_and_scalar_functions():
    agree(operators, 1, 32, np.zeros((20, 8)), ramp(20), ramp(20)[::-1].copy())


def scalars(out, a, b, c, d, e, f, g):
    out[0] = a + b + c + d
    out[1] = e.real + e.imag + f + g


@pytest.mark.parametrize("t", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32"])
def test_numpy_scalars_are_arguments(t):
    one = np.dtype(t).type(1)
    agree(scalars, 1, 1, np.zeros(2), one, one, 2, 2.5, np.complex64(1 + 2j), one, np.float64(0.5))


# --- assignment expressions ---


def assignment_expressions(out, a):
    if (i := cuda.grid(1)) < a.size:
        if (x := a[i]) > 3 and x < 7:
            out[i] = x * 2
        elif (half := x // 2) and half > -2:
            out[i] = half - 1
        n = i
        while (n := n - 1) > 0:
            if n % 3 == 0:
                continue
            if n > 20:
                break
            out[i] += n
        while (m := (k := n + 5) - 1) < 8 or not m:
            n += 1
            out[i] += k
        v = max(z := i + 1, 5) + z
        out[i] += v
        assert (w := out[i]) > -1e9  # noqa: RUF018
        total = (u := w + 1) * u + (u if w > 0 else 1)
        out[i] = total


def test_assignment_expressions():
    a = np.arange(70) % 11 - 2
    agree(assignment_expressions, 3, 32, np.zeros(70), a)
    with pytest.raises(errors.UnsupportedError, match="in this place"):

        @cuda.jit("void(int64[:])")
        def late(a):
            for i in range(n := a[1]):
                a[0] += n + i


# --- printing ---


def printing(a, z):
    i = cuda.grid(1)
    if i < 3:
        print("thread", i, a[i], z)
        print(i, 2.0, sep=", ", end=";\n")
        print((1, 2.5, (i,)), None, True, a.shape, np.float32(0.1), 1e300, -0.0, "don't")
        print()
        print(LIMITS)
        print(i == 1, 1e16, 123456.789, float("inf") if i else 0.5)


def test_printing_is_pythons(capsys):
    for a in (ramp(3), ramp(3, dtype=np.int32)):
        cuda.jit(printing)[1, 32](a, 1 + 2j)
        ours = capsys.readouterr().out
        theirs = run(printing, 1, 32, a, 1 + 2j)
        by_thread = [text.splitlines() for text in (ours, theirs)]
        assert sorted(by_thread[0]) == sorted(plain(line) for line in by_thread[1])


def pieces(n):
    print(LIMITS, end="")
    for k in range(n):
        print(k, end=",")
    print("done")


def test_pieces_of_a_line(capsys):
    cuda.jit(pieces)[1, 1](4)
    cuda.synchronize()
    assert capsys.readouterr().out == "Pair(a=3, b=0.5)0,1,2,3,done\n"


def plain(line):
    """NumPy's numbers inside tuples print their types since NumPy 2; the compiler has no such difference."""
    return line.replace("np.float64(", "").replace("np.int64(", "")


def print_in_order(n):
    i = cuda.grid(1)
    for k in range(n):
        print(i, k)


def test_lines_of_a_thread_keep_their_order(capsys):
    cuda.jit(print_in_order)[4, 40](20)
    cuda.synchronize()
    lines = [tuple(map(int, line.split())) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 160 * 20
    for thread in range(160):
        assert [k for i, k in lines if i == thread] == list(range(20))


def test_what_was_printed_before_a_fault_is_shown(capsys):
    def kernel(a):
        print("before")
        a[100] = 1

    with pytest.raises(errors.KernelIndexError):
        cuda.jit(kernel)[1, 1](np.zeros(3))
    assert capsys.readouterr().out == "before\n"


# --- where functions come from ---


def test_closures_defaults_and_exec():
    scale, table = 3, (1.5, 2.5)

    @cuda.jit(device=True)
    def scaled(x, by=2):
        return x * by * scale

    @cuda.jit
    def kernel(out, k=4):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = scaled(i) + scaled(i, by=k) + table[i % 2]

    out = np.zeros(5)
    kernel[1, 32](out)
    assert out.tolist() == [i * 6 + i * 12 + table[i % 2] for i in range(5)]
    import linecache

    text = "from verdigris import cuda\n@cuda.jit\ndef made(x):\n    x[0] = 7\n"
    linecache.cache["<made here>"] = (len(text), None, text.splitlines(True), "<made here>")
    world = {}
    exec(compile(text, "<made here>", "exec"), world)
    world["made"][1, 1](out)
    assert out[0] == 7


@pytest.mark.parametrize(
    ("kernel", "match"),
    [
        (lambda a: a[1:].flatten(), "copies"),
        (lambda a: a[::0], "must not be zero"),
        (lambda a: a["x"], "has no fields"),
        (lambda a: a.strange, "no attribute `strange`"),
        (lambda a: a.sort(), "no method `sort`"),
        (lambda a: np.sum(a, 0), "more than an array"),
        (lambda a: a[0, 1], "2 indexes for an array of 1 dimension"),
        (lambda a: a[1.5], "must be an integer"),
        (lambda a: print(a), "`print` is not defined"),
        (lambda a: cuda.float32x3(1, 2), "takes 3 values"),
        (lambda a: Pair(1), "needs an argument for `b`"),
        (lambda a: enumerate(a), "can only be looped over"),
    ],
)
def test_what_is_not_there_says_so(kernel, match):
    with pytest.raises((errors.TypingError, errors.UnsupportedError), match=match) as raised:
        cuda.jit(kernel)[1, 1](np.zeros(5))
    assert raised.value.filename == __file__
    assert raised.value.lineno


# --- variables that name several arrays ---


@pytest.mark.parametrize("laps", [0, 1, 2, 5])
def test_two_arrays_take_turns(laps):
    @cuda.jit
    def shared(out, n):
        a = cuda.shared.array(64, np.float64)
        b = cuda.shared.array(64, np.float64)
        i = cuda.threadIdx.x
        a[i] = i
        cuda.syncthreads()
        for _ in range(n):
            b[i] = a[(i + 1) % 64] * 2
            cuda.syncthreads()
            a, b = b, a
        out[i] = a[i]

    @cuda.jit
    def passed(x, y, n):
        i = cuda.grid(1)
        source, target = x, y
        for _ in range(n):
            target[i] = source[i] * 2 + 1
            source, target = target, source

    out = np.zeros(64)
    shared[1, 64](out, laps)
    assert out.tolist() == [(i + laps) % 64 * 2.0**laps for i in range(64)]
    x, y = np.arange(40.0), np.zeros(40)
    want = [np.arange(40.0), np.zeros(40)]
    for _ in range(laps):
        want[1][:] = want[0] * 2 + 1
        want.reverse()
    if laps % 2:
        want.reverse()
    passed[5, 8](x, y, laps)
    assert np.array_equal(x, want[0])
    assert np.array_equal(y, want[1])


def test_an_array_chosen_by_each_thread():
    @cuda.jit
    def kernel(out, x, y, z):
        i = cuda.grid(1)
        one = x if i % 2 else y
        one[i] += 100
        cuda.atomic.add(one, i, 1)
        if i % 3 == 0:
            part = x[1:]
        elif i % 3 == 1:
            part = y[::2]
        else:
            part = z[2]
        rest = part[i % 4 :]
        out[i, 0] = one[i]
        out[i, 1] = rest[0] + rest[-1] * 1000
        out[i, 2] = rest.size
        out[i, 3] = one.sum() if i == 5 else len(one)
        out[i, 4] = (x, y)[i % 2][3]
        for a in (one, part):
            out[i, 5] += a[1]

    def plain(i, x, y, z):
        one = x if i % 2 else y
        part = (x[1:], y[::2], z[2])[i % 3]
        rest = part[i % 4 :]
        return one, part, rest

    n = 37
    x, y, z = np.arange(n) * 1.0, np.arange(n) * -1.0, np.arange(4.0 * n).reshape(4, n) * 0.5
    out = np.zeros((n, 6))
    before = x.copy(), y.copy()
    a, b = x.copy(), y.copy()
    kernel[1, 64 - 27](out, a, b, z)
    for i in range(n):
        (before[0] if i % 2 else before[1])[i] += 101
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])
    for i in range(n):
        one, _, rest = plain(i, a, b, z)
        assert out[i, 0] == one[i]
        assert out[i, 2] == rest.size
        if i != 5:
            assert out[i, 3] == n


def test_arrays_of_different_kinds_have_no_common_name():
    @cuda.jit
    def types(out, x, y):
        a = x if out[0] else y
        out[0] = a[0]

    @cuda.jit
    def axes(out, x, y):
        a = x
        while out[0] > 3:
            a = y
            out[0] -= 1
        out[0] = a[0]

    with pytest.raises(errors.TypingError, match="no common type"):
        types[1, 1](np.zeros(1), np.zeros(2), np.zeros(2, np.int32))
    with pytest.raises(errors.TypingError, match="on one path and"):
        axes[1, 1](np.zeros(1), np.zeros(2), np.zeros((2, 2)))


# --- attributes, atomics on views, constants ---


def test_strides_and_types_of_elements():
    @cuda.jit
    def kernel(a, out):
        out[0] = a.strides[0]
        out[1] = a.strides[1]
        out[2] = a.T.strides[0]
        out[3] = a[::2].strides[0]
        out[4] = a[1, 1:].strides[0]
        out[5] = len(a.strides)
        out[6] = a.dtype.type(3.7)
        out[7] = a.dtype.type(1) / a.dtype.type(3)

    for order in "CF":
        a, out = np.zeros((3, 5), np.float32, order=order), np.zeros(8)
        kernel[1, 1](a, out)
        want = [
            *a.strides,
            a.T.strides[0],
            a[::2].strides[0],
            a[1, 1:].strides[0],
            2,
            np.float32(3.7),
            np.float32(1) / np.float32(3),
        ]
        assert out.tolist() == [float(w) for w in want]


def test_atomics_on_parts_of_arrays():
    @cuda.jit
    def kernel(counts):
        i = cuda.grid(1)
        row = counts[i % 4]
        cuda.atomic.add(row, 1, 1)
        cuda.atomic.max(row[1:], -1, i)
        cuda.atomic.add(counts[:, 0], i % 4, 2)

    counts = np.zeros((4, 3), np.int64)
    kernel[2, 32](counts)
    assert counts.tolist() == [[32, 16, 60 + r] for r in range(4)]


TABLE = np.array(
    [(1, 2.5, [(1, 2)] * 2), (3, 4.5, [(3, 4)] * 2)], dtype=[("x", "i4"), ("y", "f8"), ("p", [("a", "i2"), ("b", "u1")], (2,))]
)
PARTS = (np.arange(5.0), np.ones(5, np.int32), 7)


def test_constant_records_and_tuples_of_arrays():
    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        table = cuda.const.array_like(TABLE)
        out[i] = table[i].x + table[i]["y"] + TABLE[i].p[1].b * 100 + PARTS[0][i] + PARTS[1][i] + PARTS[2]

    out = np.zeros(2)
    kernel[1, 2](out)
    assert out.tolist() == [1 + 2.5 + 200 + 0 + 1 + 7, 3 + 4.5 + 400 + 1 + 1 + 7]


def test_libdevice():
    import math

    from verdigris.cuda import libdevice

    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        s, c = libdevice.sincos(x[i])
        out[i, 0] = libdevice.sin(x[i]) - s
        out[i, 1] = libdevice.fast_cosf(x[i])
        out[i, 2] = libdevice.rsqrt(x[i] + 1)
        out[i, 3] = libdevice.popcll(i) + libdevice.clz(i)
        out[i, 4] = libdevice.round(x[i] * 3 - 1)
        out[i, 5] = c

    x, out = np.linspace(0, 1, 8), np.zeros((8, 6))
    kernel[1, 8](x, out)
    assert (out[:, 0] == 0).all()
    assert np.allclose(out[:, 1], np.cos(np.float32(x)), rtol=1e-6)
    assert np.allclose(out[:, 2], 1 / np.sqrt(x + 1), rtol=1e-15)
    assert out[:, 3].tolist() == [i.bit_count() + 32 - i.bit_length() for i in range(8)]
    assert out[:, 4].tolist() == [math.copysign(math.floor(abs(v) + 0.5), v) for v in x * 3 - 1]
    with pytest.raises(errors.UnsupportedError, match="no counterpart"):
        libdevice.cyl_bessel_i0  # noqa: B018


@cuda.jit(device=True)
def combined(combine, a, b):
    return combine(a, b)


@cuda.jit(device=True)
def difference(a, b):
    return a - b


@cuda.jit(device=True)
def counted(counter, values, size, dtype, into):
    shared = cuda.shared.array(size, dtype)
    tid = cuda.threadIdx.x
    if tid < size:
        shared[tid] = 0
    cuda.syncthreads()
    counter(shared, dtype(values[tid]) % dtype(size), dtype(3))
    cuda.syncthreads()
    if tid < size:
        into[tid] = shared[tid]


def test_functions_and_types_are_arguments():
    @cuda.jit
    def numbers(out, x, y):
        hypotenuse = math.hypot
        halves = np.float32
        out[0] = combined(difference, x, y)
        out[1] = combined(min, x, y)
        out[2] = combined(hypotenuse, x, y)
        out[3] = combined(lambda a, b: halves(a) * b, x, y)
        out[4] = combined(operator.add, x, y)

    out = np.zeros(5)
    numbers[1, 1](out, 3.0, 4.0)
    assert out.tolist() == [-1.0, 3.0, 5.0, 12.0, 7.0]

    @cuda.jit
    def added(values, into):
        counted(cuda.atomic.add, values, 8, np.uint32, into)

    @cuda.jit
    def largest(values, into):
        counted(cuda.atomic.max, values, 8, np.int64, into)

    values = np.arange(64)
    into = np.zeros(8, np.uint32)
    added[1, 64](values, into)
    assert into.tolist() == [24] * 8
    into = np.zeros(8, np.int64)
    largest[1, 64](values, into)
    assert into.tolist() == [3] * 8


def test_functions_and_types_are_no_numbers():
    @cuda.jit
    def sums(out):
        out[0] = 1 + math.sin

    with pytest.raises(errors.TypingError, match=r"the function `math.sin`"):
        sums[1, 1](np.zeros(1))

    @cuda.jit
    def stores(out):
        out[0] = np.float32

    with pytest.raises(errors.TypingError, match="the type float32"):
        stores[1, 1](np.zeros(1))


@pytest.mark.parametrize("shape", [(4, -1), (-1, 6), (-1, -1), (3, 8), (-1, 24), (5, -1), (0, -1), (24, -1)])
def test_reshape_with_an_extent_told_by_the_others_at_run_time(shape):
    @cuda.jit
    def kernel(a, shape, out):
        b = a.reshape(shape)
        out[0], out[1] = b.shape[0], b.shape[1]
        for i in range(b.shape[0]):
            for j in range(b.shape[1]):
                out[2] = out[2] * 3 + b[i, j]

    a, out = np.arange(24), np.zeros(3, np.int64)
    try:
        expected = a.reshape(shape)
    except ValueError:
        with pytest.raises(ValueError, match="extents"):
            kernel[1, 1](a, shape, out)
        return
    kernel[1, 1](a, shape, out)
    assert tuple(out[:2]) == expected.shape
    total = np.int64(0)
    with np.errstate(over="ignore"):
        for item in expected.ravel():
            total = total * np.int64(3) + item
    assert out[2] == total


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int32, np.bool_])
def test_functions_of_the_numbers_among_nans(dtype):
    @cuda.jit
    def kernel(a, out, count):
        i = cuda.grid(1)
        if i < a.shape[0]:
            row = a[i]
            out[i, 0], out[i, 1] = np.nansum(row), np.nanprod(row)
            out[i, 2], out[i, 3], out[i, 4] = np.nanmean(row), np.nanvar(row), np.nanstd(row)
            count[i] = np.count_nonzero(row)

    @cuda.jit
    def extremes(a, out):
        i = cuda.grid(1)
        if i < a.shape[0]:
            out[i, 0], out[i, 1] = np.nanmin(a[i]), np.nanmax(a[:, ::2][i])

    rng = np.random.default_rng(5)
    a = rng.integers(-3, 4, (40, 7)).astype(dtype)
    if a.dtype.kind in "fc":
        a[rng.random(a.shape) < 0.3] = np.nan
        a[3] = np.nan
        a[4, 1:] = np.nan
    out, count = np.zeros((40, 5), np.complex128 if a.dtype.kind == "c" else np.float64), np.zeros(40, np.int64)
    kernel[2, 32](a, out, count)
    expected = np.stack([f(a, axis=1) for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd)], 1)
    np.testing.assert_allclose(out, expected, rtol=2e-6 if dtype is np.float32 else 1e-13, atol=1e-12)
    np.testing.assert_array_equal(count, np.count_nonzero(a, axis=1))
    if a.dtype.kind != "c":
        ends = np.zeros((40, 2), dtype)
        extremes[2, 32](a, ends)
        np.testing.assert_array_equal(ends, np.stack([np.nanmin(a, 1), np.nanmax(a[:, ::2], 1)], 1))
        with pytest.raises(ValueError, match="without elements"):
            extremes[1, 32](a[:, :0], ends)
