"""Generalized ufuncs beside NumPy's own: layouts, signatures, operands of every kind, errors."""

import pickle

import cloudpickle
import numpy as np
import pytest

import verdigris
from verdigris import float32, float64, guvectorize, int64, void
from verdigris.errors import ShapeError, TypingError

TARGETS = ["cpu", "parallel", "cuda"]
rng = np.random.default_rng(5)


def matmul(a, b, out):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = a[i, 0] * b[0, j]
            for k in range(1, a.shape[1]):
                total += a[i, k] * b[k, j]
            out[i, j] = total


def row_sum(x, out):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i]
    out[0] = total


def add_scalar(x, y, out):
    for i in range(x.shape[0]):
        out[i] = x[i] + y


sums = guvectorize("(n)->()")(row_sum)
adds = guvectorize("(n),()->(n)")(add_scalar)


def ints(*shape):
    return rng.integers(-50, 50, shape)


# --- what it is ---


def test_it_is_a_ufunc_with_a_signature():
    assert isinstance(sums, np.ufunc) and type(sums.ufunc) is np.ufunc
    assert (sums.nin, sums.nout, sums.nargs, sums.signature) == (1, 1, 2, "(n)->()")
    assert sums.__name__ == "row_sum" and sums.py_func is row_sum and sums.identity is None
    assert repr(sums) == "<ufunc 'row_sum'>"
    f = guvectorize("(n)->()", doc="Adds.")(row_sum)
    f(np.ones((2, 3), "f4")), f(np.ones(3, "i8"))
    assert f.types == ["f->d", "l->d"] and f.ntypes == 2 and f.__doc__ == "Adds."
    with pytest.raises(RuntimeError, match="signature"):
        f.reduce(np.ones(3))


@pytest.mark.parametrize("target", TARGETS)
def test_matmul_is_numpys(target):
    g = guvectorize("(m,k),(k,n)->(m,n)", target=target)(matmul)
    a, b = ints(3, 1, 2, 4), ints(5, 4, 6)
    np.testing.assert_array_equal(g(a, b), a @ b)
    assert g(a, b).dtype == np.int64
    # Every way an operand can lie.
    wide = ints(5, 8, 12)
    for other in (
        b.swapaxes(0, 2).copy().swapaxes(0, 2),
        wide[:, ::-2, ::2],
        np.broadcast_to(ints(4, 6), (5, 4, 6)),
        b.astype(">i8"),
    ):
        np.testing.assert_array_equal(g(a, other), a @ other)
    read_only = ints(4, 2)
    read_only.flags.writeable = False
    np.testing.assert_array_equal(g(a, read_only), a @ read_only)
    unaligned = np.frombuffer(b"\0" + ints(4, 2).tobytes(), "i1")[1:].view("i8").reshape(4, 2)
    np.testing.assert_array_equal(g(a, unaligned), a @ unaligned)
    assert g(np.ones((0, 3, 4)), np.ones((4, 5))).shape == (0, 3, 5)
    assert g(np.ones((0, 4)), np.ones((4, 5))).shape == (0, 5)


@pytest.mark.parametrize("target", TARGETS)
def test_the_forms_of_signatures(target):
    for signatures in (
        ["void(float64[:], float64, float64[:])", "void(int64[:], int64, int64[:])"],
        [void(float64[:], float64, float64[:]), void(int64[:], int64, int64[:])],
        [(float64[:], float64, float64[:]), (int64[::1], int64, int64[:])],
        "(float64[:], float64, float64[:])",
        void(float64[:], float64, float64[:]),
    ):
        g = guvectorize(signatures, "(n),()->(n)", target=target)(add_scalar)
        np.testing.assert_array_equal(g(np.arange(4.0), 2.5), np.arange(4) + 2.5)
        assert g(np.arange(4, dtype="f4"), np.float32(1)).dtype == np.float64
    # Of the declared loops the best fits, in any order of declaration.
    kinds = [(float32[:], float32[:]), (float64[:], float64[:]), (int64[:], int64[:])]
    for _ in kinds:
        kinds = kinds[1:] + kinds[:1]
        g = guvectorize(kinds, "(n)->()", target=target)(row_sum)
        assert [g(np.ones(3, t)).dtype.char for t in "fdlhB"] == ["f", "d", "l", "l", "l"]
        assert g(np.ones(3, "u8")).dtype == np.float64
        with pytest.raises(TypeError, match="could not be safely coerced"):
            g(np.ones(3, "c16"))


def test_a_number_may_be_taken_as_an_array_of_one():
    @guvectorize([(int64[:], int64[:], int64[:])], "(n),()->(n)")
    def g(x, y, out):
        for i in range(len(x)):
            out[i] = x[i] + y[0]

    x = ints(3, 4)
    np.testing.assert_array_equal(g(x, np.arange(3)), x + np.arange(3)[:, None])


def test_types_of_outputs_follow_from_what_is_stored():
    for dtype, result in (("i2", "l"), ("f4", "f"), ("f8", "d"), ("c8", "F"), ("?", "l")):
        assert adds(np.ones((2, 3), dtype), np.ones(2, dtype)).dtype.char == result

    @guvectorize("(n)->(n),()")
    def positive(x, mask, count):
        count[0] = 0
        for i in range(x.shape[0]):
            mask[i] = x[i] > 0
            count[0] += 1 if mask[i] else 0

    x = rng.normal(size=(4, 7))
    mask, count = positive(x)
    assert mask.dtype == bool and count.dtype == np.int64
    np.testing.assert_array_equal(mask, x > 0)
    np.testing.assert_array_equal(count, (x > 0).sum(-1))


def test_outputs_that_are_given_have_their_own_types():
    """As in the uncompiled function, which stores into the arrays it is given."""

    @guvectorize("(n)->()")
    def total(x, out):
        sum = 0.0
        for i in range(x.shape[0]):
            sum += x[i]
        out[()] = sum

    x = np.arange(30_000, dtype=np.int32).reshape(10_000, 3) % 80
    for dtype in ("i4", "f4", "f8", "u1", ">i8"):
        for give in (lambda out: total(x, out), lambda out: total(x, out=out), lambda out: total(x, out=(out,))):
            out = np.zeros(10_000, dtype)
            assert give(out) is out
            np.testing.assert_array_equal(out, x.sum(-1))
        # What was given to one call says nothing of the next.
        assert total(x).dtype == np.float64
    assert sorted(total.types) == ["i->B", "i->d", "i->f", "i->i", "i->l"]

    @guvectorize("(n)->(),()")
    def both(x, low, high):
        low[0] = high[0] = x[0]
        for v in x:
            low[0] = min(low[0], v)
            high[0] += v

    low = np.zeros(2, "i2")
    x = np.array([[1.5, 2.5], [4.0, 3.0]])
    got, high = both(x, out=(low, None))
    assert got is low and low.tolist() == [1, 3] and high.dtype == np.float64 and high.tolist() == [5.5, 11.0]
    with pytest.raises(TypingError, match="complex128"):
        total(x + 0j, np.zeros(2))


@pytest.mark.parametrize("target", TARGETS)
def test_results_may_be_returned(target):
    @guvectorize("(n),(n)->()", target=target)
    def dot(x, y):
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i] * y[i]
        return total

    @guvectorize(["(float64[:])"], "(n)->(),()", target=target)
    def extremes(x):
        low = high = x[0]
        for i in range(1, x.shape[0]):
            low, high = min(low, x[i]), max(high, x[i])
        return low, high

    x, y = ints(3, 9), ints(9)
    np.testing.assert_array_equal(dot(x, y), x @ y)
    low, high = extremes(x)
    np.testing.assert_array_equal(low, x.min(-1))
    np.testing.assert_array_equal(high, x.max(-1))
    assert isinstance(dot(y, y), np.float64)
    c = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    np.testing.assert_allclose(dot(c, c), (c * c).sum(-1))


@pytest.mark.parametrize("target", TARGETS)
def test_fixed_sizes(target):
    @guvectorize("(3),(3)->(3)", target=target)
    def cross(a, b, out):
        out[0] = a[1] * b[2] - a[2] * b[1]
        out[1] = a[2] * b[0] - a[0] * b[2]
        out[2] = a[0] * b[1] - a[1] * b[0]

    a, b = rng.normal(size=(20_000, 3)), rng.normal(size=(3, 20_000)).T
    np.testing.assert_array_equal(cross(a, b), np.cross(a, b))
    np.testing.assert_array_equal(cross(a, b[7]), np.cross(a, b[7]))
    with pytest.raises(ValueError, match="mismatch in its core dimension"):
        cross(np.ones(4), np.ones(3))


@pytest.mark.parametrize("target", TARGETS)
def test_optional_dimensions(target):
    g = guvectorize("(m?,k),(k,n?)->(m?,n?)", target=target)(matmul)
    a, b, v = ints(2, 3, 4), ints(4, 5), ints(4)
    for left, right in ((a, b), (v, b), (a, v), (v, v)):
        np.testing.assert_array_equal(g(left, right), left @ right)


@pytest.mark.parametrize("target", TARGETS)
def test_broadcastable_dimensions(target):
    @guvectorize("(n|1),(n|1)->()", target=target)
    def all_equal(x, y):
        for i in range(x.shape[0]):  # noqa: SIM110
            if x[i] != y[i]:
                return False
        return True

    assert all_equal.signature == "(n|1),(n|1)->()"
    x = np.array([[1, 1, 1], [1, 2, 1]])
    np.testing.assert_array_equal(all_equal(x, [1]), [True, False])
    np.testing.assert_array_equal(all_equal([[1], [2]], x[:, None]), [[True, False], [False, False]])
    np.testing.assert_array_equal(all_equal(x, [1, 2, 1]), [False, True])
    np.testing.assert_array_equal(all_equal(x.T, [1], axes=[0, 0, ()]), [True, False])
    np.testing.assert_array_equal(all_equal(x.T, np.ones((1, 2)), axis=0), [True, False])
    with pytest.raises(ValueError, match="core dimension"):
        all_equal(x, [1, 2])


# --- arguments of the call ---


@pytest.mark.parametrize("target", TARGETS)
def test_out_axes_axis_keepdims(target):
    g = guvectorize("(n)->()", target=target)(row_sum)
    x = rng.integers(0, 9, (3, 4, 5)).astype(float)
    np.testing.assert_array_equal(g(x, axis=0), x.sum(0))
    np.testing.assert_array_equal(g(x, axis=1, keepdims=True), x.sum(1, keepdims=True))
    np.testing.assert_array_equal(g(x, axes=[(1,), ()]), x.sum(1))
    out = np.empty((3, 4))
    assert g(x, out=out) is out and g(x, out) is out
    np.testing.assert_array_equal(out, x.sum(-1))
    single = np.empty((3, 4), "f4")
    assert g(x, out=(single,)).dtype == np.float32
    np.testing.assert_array_equal(single, x.sum(-1))
    m = guvectorize("(m,k),(k,n)->(m,n)", target=target)(matmul)
    a, b = ints(4, 2, 3), ints(3, 5)
    swapped = m(np.moveaxis(a, -1, 0), b, axes=[(-1, 0), (-2, -1), (0, 1)])
    np.testing.assert_array_equal(swapped, np.moveaxis(a @ b, 0, -1))
    declared = guvectorize([(float64[:], float64[:])], "(n)->()", target=target)(row_sum)
    with pytest.raises(np._core._exceptions._UFuncOutputCastingError):
        declared(x, out=np.empty((3, 4), "i8"))
    with pytest.raises(ValueError):
        g(x, out=np.empty((3, 5)))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        g(x, out=out)
    with pytest.raises(TypeError):
        g(x, where=True, nonsense=1)
    with pytest.raises(TypeError):
        g()


@pytest.mark.parametrize("target", TARGETS)
def test_overlapping_operands_are_as_if_copied(target):
    @guvectorize("(n)->(n)", target=target)
    def reverse_sums(x, out):
        for i in range(x.shape[0]):
            out[i] = x[i] + x[x.shape[0] - 1 - i]

    whole = rng.normal(size=40)
    for make in (lambda m: (m, m), lambda m: (m[:-1], m[1:]), lambda m: (m[::-1], m), lambda m: (m[1:21], m[:20])):
        expected = make(whole.copy())[0]
        expected = expected + expected[::-1]
        memory = whole.copy()
        x, out = make(memory)
        reverse_sums(x, out=out)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("target", TARGETS)
def test_writable_arguments(target):
    def take_last(x, out):
        out[0] = x[-1]
        x[-1] = 0

    for name in (0, "x"):
        g = guvectorize("(n)->()", target=target, writable_args=(name,))(take_last)
        x = np.arange(12.0).reshape(4, 3)
        np.testing.assert_array_equal(g(x), [2, 5, 8, 11])
        np.testing.assert_array_equal(x[:, 2], 0)
        cast = np.arange(6, dtype="i4").reshape(2, 3)
        g(cast)
        np.testing.assert_array_equal(cast[:, 2], 0)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        g(x)
    with pytest.raises(verdigris.errors.TypingError, match="read-only"):
        guvectorize("(n)->()")(take_last)(np.ones(3))
    for wrong in (1, "y", -1):
        with pytest.raises(verdigris.errors.ArgumentError, match="writable_args"):
            guvectorize("(n)->()", writable_args=(wrong,))(take_last)


@pytest.mark.parametrize("target", TARGETS)
def test_all_types(target):
    g = guvectorize("(n)->(n)", target=target)(_copy)
    for dtype in "?bBhHiIlLqQfdFD":
        x = rng.integers(0, 2, (3, 5)).astype(dtype)
        result = g(x)
        assert result.dtype == x.dtype
        np.testing.assert_array_equal(result, x)


def _copy(x, out):
    for i in range(x.shape[0]):
        out[i] = x[i]


def test_cores_share_the_work_and_give_the_same():
    def norm(x, out):
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i] * x[i] / (1 + i)
        out[0] = total

    one, many = guvectorize("(n)->()")(norm), guvectorize("(n)->()", target="parallel")(norm)
    x = rng.normal(size=(50_000, 17))
    np.testing.assert_array_equal(one(x), many(x))
    np.testing.assert_array_equal(one(x.T, axis=0), many(x))
    # Results between each other's elements.
    out = np.empty((17, 50_000)).T
    copy = guvectorize("(n)->(n)", target="parallel")(_copy)
    np.testing.assert_array_equal(copy(x, out=out), x)


# --- no outputs, no core dimensions ---


def _raise_to(x, least):
    for i in range(x.size):
        x[i] = max(x[i], least)


@pytest.mark.parametrize("target", ["cpu", "parallel"])
@pytest.mark.parametrize("layout", ["(n),()", "(n),()->"])
def test_a_function_that_only_writes_to_its_inputs(layout, target):
    for f in (
        guvectorize(["(float64[:], float64)"], layout, writable_args=(0,), target=target)(_raise_to),
        guvectorize(layout, writable_args=("x",), target=target)(_raise_to),
    ):
        assert (f.nin, f.nout, f.signature) == (2, 0, "(n),()")
        x = rng.normal(size=(40, 9))
        expected = np.maximum(x, 0.25)
        f(x, 0.25)
        np.testing.assert_array_equal(x, expected)
        # What is cast on the way comes back too.
        if f.ntypes and not f.is_dynamic:
            short = x.astype("f4")
            f(short, 1.0)
            np.testing.assert_array_equal(short, np.maximum(x.astype("f4"), 1))


def _plus(x, y, out):
    out[0] = x + y


def test_without_core_dimensions_it_is_an_elementwise_ufunc():
    for f in (guvectorize("(),()->()")(_plus), guvectorize(["(int64, int64, int64[:])"], "(),()->()")(_plus)):
        assert f.signature is None
        a = np.arange(1, 41)
        assert f.reduce(a) == a.sum()
        np.testing.assert_array_equal(f.reduce(a.reshape(5, 8), axis=1), a.reshape(5, 8).sum(axis=1))
        np.testing.assert_array_equal(f.accumulate(a), np.add.accumulate(a))
        np.testing.assert_array_equal(f.outer([0, 1], [1, 2]), [[1, 2], [2, 3]])
        np.testing.assert_array_equal(f.reduceat(a, [0, 2, 1]), np.add.reduceat(a, [0, 2, 1]))
        x = np.arange(4)
        f.at(x, [0, 1, 0], 10)
        np.testing.assert_array_equal(x, [20, 11, 2, 3])


# --- errors ---


def test_errors_of_the_decorator():
    errors = verdigris.errors
    for layout, text in (("n->()", r"expected `\(`"), ("(n->()", "not closed"), ("(n-1)->()", "not a dimension")):
        with pytest.raises(errors.ArgumentError, match=text):
            guvectorize(layout)(row_sum)
    with pytest.raises(errors.TypingError, match="2 parameters, results last, or of 1 that returns"):
        guvectorize("(n)->()")(lambda a, b, c: a)
    with pytest.raises(errors.TypingError, match="asks for a function of 2 parameters, results last; `add_scalar` has 3"):
        guvectorize("(n)->(n)")(add_scalar)
    for signature, text in (
        ("(float64, float64, float64[:])", r"input 0 is an array of 1 axis in the layout, not float64: write float64\[:\]"),
        ("(float64[:], float64, float64)", "output 0 is an array"),
        ("(float64[:,:], float64, float64[:])", "input 0 has 1 axis in the layout, 2 in the signature"),
        ("(float64[:], float64[:])", "takes 3 parameters, the signature has 2"),
    ):
        with pytest.raises(errors.ArgumentError, match=text):
            guvectorize([signature], "(n),()->(n)")(add_scalar)
    with pytest.raises(errors.ArgumentError, match="layout"):
        guvectorize([(float64[:], float64[:])])(row_sum)
    with pytest.raises(errors.ArgumentError, match="target"):
        guvectorize("(n)->()", target="gpu")(row_sum)
    with pytest.raises(errors.UnsupportedError, match=r"operand 0 of the layout .* has 4 core axes.*at most 3"):
        guvectorize("(a,b,c,d)->()")(lambda x, out: None)


def test_errors_of_the_function():
    @guvectorize("(n)->()")
    def returns_too(x, out):
        out[0] = x[0]
        return x[0]

    with pytest.raises(verdigris.errors.TypingError, match="returns float64 too"):
        returns_too(np.ones(3))

    @guvectorize("(n)->()")
    def wrong(x, out):
        out[0] = x + 1

    with pytest.raises(verdigris.errors.TypingError) as caught:
        wrong(np.ones(3))
    assert caught.value.filename == __file__ and "out[0] = x + 1" in str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("through", ["ours", "genuine"])
def test_a_fault_in_the_body_is_an_exception_with_its_line(target, through):
    @guvectorize("(n),()->()", target=target)
    def pick(x, i, out):
        out[0] = x[i]

    f = pick if through == "ours" else pick.ufunc
    x, index = rng.normal(size=(5000, 4)), rng.integers(-4, 4, 5000)
    np.testing.assert_array_equal(f(x, index), np.take_along_axis(x, index[:, None], 1)[:, 0])
    index[[1234, 3000]] = 4
    with pytest.raises(IndexError, match=r"index 4.*4") as caught:
        f(x, index)
    assert "test_guvectorize.py" in str(caught.value)


def test_floating_point_errors_are_reported_as_errstate_says():
    @guvectorize("(n)->(n)")
    def guarded(x, out):
        for i in range(x.shape[0]):
            out[i] = 1 / x[i] if x[i] != 0 else 0.0

    @guvectorize("(n)->(n)", target="parallel")
    def inverse(x, out):
        for i in range(x.shape[0]):
            out[i] = 1 / x[i]

    x = np.array([[1.0, 0.0, 2.0]])
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(guarded(x), [[1, 0, 0.5]])
        with pytest.raises(FloatingPointError, match="divide"):
            inverse(x)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(inverse(x), [[1, np.inf, 0.5]])


# --- neighbours ---


class Logged(np.lib.mixins.NDArrayOperatorsMixin):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc, method, len(inputs), kwargs


class Sub(np.ndarray):
    pass


def test_overrides_and_subclasses():
    assert sums(Logged(), axis=0) == (sums, "__call__", 1, {"axis": 0})
    x = np.arange(6.0).reshape(2, 3).view(Sub)
    assert type(sums(x)) is Sub


def test_pickles():
    for package in (pickle, cloudpickle):
        again = package.loads(package.dumps(adds))
        x = ints(3, 4)
        np.testing.assert_array_equal(again(x, 3), x + 3)
        assert again.signature == adds.signature and again.__name__ == "add_scalar"


def test_core_axes_longer_than_memory_are_refused():
    @guvectorize("(n),(m)->()")
    def doubled(b, x, out):
        i = b.size + b.size
        out[()] = x[i] if i < x.size else -1.0

    big = np.arange(100.0) + 1000
    x = big[40:60]
    assert doubled(np.broadcast_to(np.int8(1), (3,)), x) == x[6]
    for n in (2**63 - 1, 2**62 + 2**40, 2**62 + 5):
        with pytest.raises(ShapeError, match=f"{n} elements along a core axis"):
            doubled(np.broadcast_to(np.int8(1), (n,)), x)
