"""A ufunc of ours beside NumPy's: identity, calls, dtypes, methods, errors."""

import functools
import gc
import itertools
import math
import operator
import pickle
import threading
import warnings
import weakref

import numpy as np
import pytest

import verdigris
from verdigris import float32, float64, vectorize

SCALARS = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


SCALE = 1.5


@vectorize
def plus(a, b):
    return a + b


@vectorize(target="parallel")
def plus_parallel(a, b):
    return a + b


@vectorize(["float32(float32, float32)", "float64(float64, float64)"])
def eager(a, b):
    return a * 2 + b


@vectorize
def weigh(x, y):
    return x + x - y


@vectorize
def mandel(re, im):
    c = complex(re, im)
    z = 0.0j
    for i in range(20):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag >= 4:
            return i
    return 20


def same(ours, numpys):
    """Equal in everything one can see."""
    assert type(ours) is type(numpys)
    assert ours.dtype == numpys.dtype
    assert ours.shape == numpys.shape
    if isinstance(ours, np.ndarray):
        assert ours.strides == numpys.strides
        assert str(ours.flags) == str(numpys.flags)
    np.testing.assert_array_equal(ours, numpys)


# --- what it is ---


def test_it_is_a_ufunc_and_has_a_genuine_one_for_life():
    @vectorize
    def f(a, b):
        return a - b

    assert isinstance(f, np.ufunc)
    genuine = f.ufunc
    assert type(genuine) is np.ufunc
    assert f.reduce(np.arange(5.0)) == 0 - 1 - 2 - 3 - 4  # before any call
    f(np.ones(3, "f4"), np.ones(3, "f4"))
    f(np.ones(3, "i2"), 1)
    assert f.ufunc is genuine
    assert (f.nin, f.nout, f.nargs, f.signature, f.identity) == (2, 1, 3, None, None)
    assert f.types == ["dd->d", "ff->f", "hh->l"] and f.ntypes == 3
    assert (f.__name__, f.__doc__, f.__module__) == ("f", None, __name__)
    assert f.py_func(3, 1) == 2 and f.__wrapped__ is f.py_func
    assert repr(f) == "<ufunc 'f'>"


def test_names_that_numpy_knows_are_not_taken():
    def add(a, b):
        "Not a sum."
        return a * b

    f = vectorize(add)
    assert f.__name__ == f.ufunc.__name__ == "verdigris_add"
    assert f.__doc__ == "Not a sum." and "Not a sum." in f.ufunc.__doc__
    assert f.reduce(np.array([2, 3, 4], "i4")) == 24
    assert f.reduce(np.array([True, True, True])) == 1


@pytest.mark.parametrize(
    "decorate",
    [
        lambda f: vectorize(f),
        lambda f: vectorize()(f),
        lambda f: vectorize(["float32(float32, float32)"], target="parallel")(f),
        lambda f: vectorize("float32(float32, float32)")(f),
        lambda f: vectorize([float32(float32, float32)])(f),
        lambda f: vectorize(float32(float32, float32), nopython=True, cache=True, fastmath=True)(f),
        lambda f: vectorize([(float32, float32)], target="cuda")(f),
    ],
)
def test_forms_of_the_decorator(decorate):
    f = decorate(lambda a, b: a + b)
    same(f(np.arange(3, dtype="f4"), np.float32(2)), np.arange(2, 5, dtype="f4"))


def test_bad_options_are_refused():
    for wrong in [{"target": "gpu"}, {"nopython": False}]:
        with pytest.raises(verdigris.errors.ArgumentError):
            vectorize(**wrong)
    with pytest.raises(verdigris.errors.ArgumentError, match="is a type, not a signature"):
        vectorize(["float32"])(lambda a: a)
    with pytest.raises(verdigris.errors.ArgumentError):
        vectorize(["float32(float32[:])"])(lambda a: a)
    with pytest.raises(verdigris.errors.ArgumentError, match="2 arguments, 1"):
        vectorize(["float32(float32)"])(lambda a, b: a)
    with pytest.raises(TypeError):
        vectorize(colour="blue")


def test_eager_errors_come_from_the_decorator_and_lazy_ones_from_the_call():
    def bad(a):
        return a + "x"

    with pytest.raises(verdigris.errors.TypingError):
        vectorize(["float32(float32)"])(bad)
    f = vectorize(bad)
    for call in (f, f.ufunc):
        with pytest.raises(verdigris.errors.TypingError) as caught:
            call(np.ones(3))
        assert caught.value.lineno is not None and "^" in str(caught.value)


# --- calls ---


@pytest.mark.parametrize("a, b", [*itertools.product(SCALARS, SCALARS)])
def test_fast_path_and_genuine_ufunc_choose_the_same_loop(a, b):
    x = np.arange(1, 5).astype(a)
    y = np.arange(2, 6).astype(b)
    for f in (weigh, eager):
        for args in [(x, y), (x, y[0]), (x[0], y[0]), (x[::2], y[:2])]:
            try:
                expected = f.ufunc(*args)
            except TypeError as error:
                with pytest.raises(type(error)):
                    f(*args)
            else:
                same(f(*args), expected)
    for scalar in (3, 2.5, 1j, True):
        try:
            expected = weigh.ufunc(x, scalar)
        except TypeError as error:
            with pytest.raises(type(error)):
                weigh(x, scalar)
        else:
            same(weigh(x, scalar), expected)


def test_python_scalars_are_weak():
    assert plus(np.ones(2, "f4"), 1.5).dtype == "f4"
    assert eager(np.ones(2, "f4"), 1).dtype == "f4"
    assert plus(1, 2) == 3 and type(plus(1, 2)) is np.int64
    assert type(plus(1.0, 2)) is np.float64
    assert type(plus(1j, 2)) is np.complex128
    for f in (plus, plus.ufunc):
        with pytest.raises(OverflowError):
            f(np.ones(2, "u1"), 300)
        with pytest.raises(OverflowError):
            f(np.ones(2, "i8"), 2**70)


LAYOUTS = {
    "plain": lambda a: a,
    "transposed": lambda a: a.T.copy().T,
    "reversed": lambda a: a[::-1, ::-1],
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "row": lambda a: a[:1],
    "column": lambda a: a[:, :1],
    "vector": lambda a: a[0],
    "permuted": lambda a: a.reshape(a.shape[0], 2, -1).transpose(1, 0, 2),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
    "object of a subclass": lambda a: np.ma.masked_array(a),
}


@pytest.mark.parametrize("left, right", [*itertools.product(LAYOUTS, LAYOUTS)])
def test_layouts_and_broadcasting_are_numpys(left, right):
    base = np.arange(24.0).reshape(4, 6)
    x, y = LAYOUTS[left](base), LAYOUTS[right](base + 1)
    try:
        expected = np.add(x, y)
    except ValueError as error:
        for f in (plus, plus_parallel):
            with pytest.raises(ValueError) as caught:
                f(x, y)
            assert str(caught.value) == str(error)
        return
    for f in (plus, plus_parallel):
        result = f(x, y)
        same(np.asarray(result), np.asarray(expected))
        assert type(result) is type(expected)


def test_scalars_empty_arrays_and_zero_dimensions():
    same(plus(np.array(2.0), 1), np.add(np.array(2.0), 1))
    same(plus(np.float32(2), np.float32(1)), np.float32(3))
    same(plus(np.zeros((0, 3)), 1), np.zeros((0, 3)))
    same(plus(np.zeros((1, 3)), np.zeros((0, 1))), np.zeros((0, 3)))
    out = np.array(0.0)
    assert plus(np.array(2.0), 1, out=out) is out and out == 3
    assert plus([1, 2], [3, 4]).tolist() == [4, 6]


def test_out_where_dtype_and_casting_are_numpys():
    x, y = np.arange(6.0), np.arange(6.0)[::-1]
    out = np.zeros(6)
    assert plus(x, y, out=out) is out and (out == 5).all()
    assert plus(x, y, out) is out
    assert plus(x, y, out=(out,)) is out
    where = np.arange(6) % 2 == 0
    np.testing.assert_array_equal(plus(x, y, out=np.zeros(6), where=where), np.add(x, y, out=np.zeros(6), where=where))
    assert plus(x, y, dtype="f4").dtype == "f4" if np.can_cast("f8", "f4", "same_kind") else True
    single = np.zeros(6, "f4")
    assert (plus(x, y, out=single) == 5).all()
    for bad in (np.zeros(6, "i4"), np.zeros(5), np.broadcast_to(np.zeros(1), 6)):
        with pytest.raises((TypeError, ValueError)) as ours:
            plus(x, y, out=bad)
        with pytest.raises((TypeError, ValueError)) as theirs:
            np.add(x, y, out=bad)
        assert type(ours.value) is type(theirs.value)
    frozen = np.zeros(6)
    frozen.flags.writeable = False
    with pytest.raises(ValueError):
        plus(x, y, out=frozen)
    assert not frozen.any()
    for wrong in [(), (1,), (1, 2, 3, 4)]:
        with pytest.raises(TypeError):
            plus(*wrong)
    with pytest.raises(TypeError):
        plus(1, 2, colour="blue")
    with pytest.raises(TypeError):
        eager(np.ones(2, "c8"), 1)
    with pytest.raises(TypeError):
        plus("a", "b")


@pytest.mark.parametrize("f", [plus, plus_parallel])
def test_overlapping_operands_are_as_if_copied(f):
    for n in (10, 5000):
        for cut in [
            (slice(1, None), slice(None, -1)),
            (slice(None, -1), slice(1, None)),
            (slice(None), slice(None, None, -1)),
            (slice(None), slice(None)),
        ]:
            x = np.arange(float(n))
            expected = np.add(x[cut[0]].copy(), x[cut[0]][::-1].copy())[: len(x[cut[1]])]
            ours = x.copy()
            f(ours[cut[0]], ours[cut[0]][::-1], out=ours[cut[1]])
            np.testing.assert_array_equal(ours[cut[1]], expected)


@pytest.mark.parametrize("f", [plus, plus_parallel])
@pytest.mark.parametrize("shape", [(100_003,), (1000, 100), (100, 1, 300), (7, 11, 13, 17), (3, 40_000)])
def test_large_operands_of_any_layout(f, shape):
    rng = np.random.default_rng(1)
    x = rng.random(shape)
    for y in (
        rng.random(shape),
        rng.random(shape).astype("f4"),
        np.asfortranarray(rng.random(shape)),
        rng.random(shape[-1:]),
        2.5,
    ):
        for z in (x, x[..., ::-1], x.T[::-1].T):
            same(f(z, y), np.add(z, y))


def test_several_results():
    @vectorize
    def both(a, b):
        return a // b, a % b

    assert (both.nin, both.nout) == (2, 2)
    x, y = np.arange(1, 50), np.arange(50, 1, -1)
    quotient, rest = both(x, y)
    same(quotient, x // y)
    same(rest, x % y)
    outs = np.zeros(49, "i8"), np.zeros(49, "i8")
    given = both(x, y, out=outs)
    assert given[0] is outs[0] and given[1] is outs[1] and (outs[1] == x % y).all()
    assert both(7, 2) == (3, 1)


# --- other people's arrays ---


def test_an_overriding_argument_is_handed_our_object():
    seen = []

    class Mine:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            seen.append((ufunc, method, inputs, kwargs))
            return "taken"

    mine = Mine()
    out = (mine,)
    assert plus(mine, 1) == "taken" and plus(1, mine) == "taken" and plus(1, 2, out=out) == "taken"
    assert plus.reduce(mine, 0) == "taken" and plus.outer(mine, [1]) == "taken" and plus.accumulate(mine, out=mine) == "taken"
    assert all(ufunc is plus for ufunc, *_ in seen)
    assert [s[1:] for s in seen] == [
        ("__call__", (mine, 1), {}),
        ("__call__", (1, mine), {}),
        ("__call__", (1, 2), {"out": (mine,)}),
        ("reduce", (mine,), {"axis": 0}),
        ("outer", (mine, [1]), {}),
        ("accumulate", (mine,), {"out": (mine,)}),
    ]

    class Child(Mine):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "child"

    assert plus(mine, Child()) == "child"

    class Refuses:
        __array_ufunc__ = None

    with pytest.raises(TypeError, match="does not support ufuncs"):
        plus(Refuses(), 1)

    class Declines:
        def __array_ufunc__(self, *args, **kwargs):
            return NotImplemented

    with pytest.raises(TypeError, match="all returned NotImplemented"):
        plus(Declines(), 1)


def test_a_series_in_gives_a_series_out():
    pd = pytest.importorskip("pandas")
    s = pd.Series([1.0, 2.0, 3.0], index=list("abc"), name="x")
    for result in (plus(s, 1), plus(1, s), plus(s, s[::-1])):
        assert type(result) is pd.Series
    pd.testing.assert_series_equal(plus(s, s[::-1]), np.add(s, s[::-1]))

    @vectorize
    def multiply(a, b):
        return a - b

    pd.testing.assert_series_equal(multiply(s, 1), s - 1)
    assert multiply.reduce(s) == 1.0 - 2.0 - 3.0


def test_masked_arrays_stay_masked():
    x = np.ma.masked_array(np.arange(4.0), mask=[0, 1, 0, 0])
    result = plus(x, 1)
    assert type(result) is np.ma.MaskedArray and result.tolist() == np.add(x, 1).tolist()


# --- methods ---


@pytest.mark.parametrize("f", [weigh, vectorize(target="parallel")(weigh.py_func)])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_reduce_and_accumulate_are_left_folds(f, dtype):
    x = (np.random.default_rng(2).random(5000) * 4 - 2).astype(dtype) if dtype != "i8" else np.arange(5000) * 7 % 11
    scalar = np.dtype(dtype).type

    def fold(a, b):
        with np.errstate(all="ignore"):
            return scalar(a + a - b)

    for array in (x[:60], x[:2], x[:1], x[100:160][::-1], x[::83], x[:40].astype(x.dtype.newbyteorder())):
        with np.errstate(all="ignore"):
            steps = list(itertools.accumulate(map(scalar, array), fold))
            assert f.reduce(array).tobytes() == scalar(functools.reduce(fold, map(scalar, array))).tobytes()
            np.testing.assert_array_equal(f.accumulate(array), np.array(steps, dtype))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
@pytest.mark.parametrize("f", [plus, plus_parallel])
def test_long_sums_are_left_folds_to_the_bit(f, dtype):
    x = (np.random.default_rng(3).random(100_000) * 100).astype(dtype)
    steps = np.fromiter(itertools.accumulate(x, operator.add), dtype)
    assert f.reduce(x).tobytes() == steps[-1].tobytes()
    np.testing.assert_array_equal(f.accumulate(x), steps)
    np.testing.assert_array_equal(
        f.reduceat(x, [0, 500, 20_000]), [functools.reduce(operator.add, part) for part in np.split(x, [500, 20_000])]
    )


def test_methods_agree_with_numpys():
    x = np.arange(24).reshape(2, 3, 4)
    for axis in (0, 1, 2, -1):
        same(plus.reduce(x, axis), np.add.reduce(x, axis))
        same(plus.reduce(x, axis=axis, keepdims=True), np.add.reduce(x, axis=axis, keepdims=True))
        same(plus.accumulate(x, axis), np.add.accumulate(x, axis))
    same(plus.reduce(x, initial=5), np.add.reduce(x, initial=5))
    same(plus.reduce(x, where=x > 3, initial=0), np.add.reduce(x, where=x > 3, initial=0))
    same(plus.outer(np.arange(3), np.arange(4.0)), np.add.outer(np.arange(3), np.arange(4.0)))
    same(plus.reduceat(np.arange(10), [0, 5, 2, 7]), np.add.reduceat(np.arange(10), [0, 5, 2, 7]))
    ours, theirs = np.zeros(4), np.zeros(4)
    plus.at(ours, [0, 0, 2], [1, 2, 3])
    np.add.at(theirs, [0, 0, 2], [1, 2, 3])
    same(ours, theirs)
    for bad in (
        lambda f: f.reduce(x, axis=(0, 1)) if f is plus else f.reduce(x, axis=7),
        lambda f: f.reduce(np.zeros(0)) if f is plus else np.maximum.reduce(np.zeros(0)),
    ):
        with pytest.raises(ValueError):
            bad(plus)


def test_a_function_whose_result_is_wider_folds_in_the_result_type():
    x = np.array([100, 100, 100], "i1")
    assert plus.reduce(x) == 300 and plus.reduce(x).dtype == "i8"
    assert plus.accumulate(x).tolist() == [100, 200, 300]
    assert plus.reduce(np.array([True, True])) == 2


def test_a_declared_identity():
    @vectorize(identity=0)
    def total(a, b):
        return a + b

    spread = vectorize(identity=0, target="parallel")(total.py_func)
    assert total.identity == 0 and total.reduce(np.zeros(0)) == 0
    x = np.arange(24.0).reshape(2, 3, 4)
    same(total.reduce(x, axis=(0, 2)), np.add.reduce(x, axis=(0, 2)))
    same(total.reduce(x, axis=None), np.add.reduce(x, axis=None))
    y = np.random.default_rng(4).random(300_001, "f4")
    for array in (y, y[::-1], y[::3], y[:1025], y.reshape(1, -1)):
        assert np.asarray(total.reduce(array, axis=None)).tobytes() == np.asarray(spread.reduce(array, axis=None)).tobytes()

    @vectorize(identity=float("-inf"))
    def larger(a, b):
        return a if a > b else b

    assert larger.reduce(np.zeros(0)) == float("-inf") and larger.reduce(y) == y.max()
    assert vectorize(identity="reorderable")(larger.py_func).reduce(x, axis=(0, 1)).tolist() == x.max(axis=(0, 1)).tolist()


def test_the_sum_of_ten_million_is_close_to_exact_and_the_same_on_all_cores():
    import math

    total = vectorize(identity=0)(plus.py_func)
    spread = vectorize(identity=0, target="parallel")(plus.py_func)
    x = np.random.default_rng(5).random(10_000_000, "f4")
    exact = math.fsum(x)
    result = total.reduce(x)
    assert result.tobytes() == spread.reduce(x).tobytes()
    # NumPy 2.0 adds in pieces, and loses more by it in its own sum too.
    assert abs(float(result) - exact) <= max(8 * np.spacing(np.float32(exact)), 1.5 * abs(float(x.sum()) - exact))


# --- threads, life, text ---


def test_sixteen_threads_at_once():
    @vectorize
    def f(a, b):
        return a * b + 1

    spread = vectorize(target="parallel")(f.py_func)
    x = np.arange(20_000.0)
    failures = []

    def work(i):
        try:
            for dtype in ("f8", "f4", "i4", "i8"):
                a = x.astype(dtype)
                for g in (f, spread):
                    np.testing.assert_array_equal(
                        g(a, i),
                        a * np.dtype(dtype).type(i) + np.dtype(dtype).type(1) if dtype != "i4" else a.astype("i8") * i + 1,
                    )
                    assert g.reduce(a[:3]) is not None
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures, failures[0]


def test_it_is_freed_and_pickles():
    def make():
        k = 3.0
        return vectorize(lambda a: a * k)

    f = make()
    assert f(2.0) == 6
    again = pickle.loads(pickle.dumps(plus))
    assert again(1, 2) == 3 and again.__name__ == "plus" and isinstance(again, np.ufunc)
    alive = weakref.ref(f)
    del f
    gc.collect()
    assert alive() is None


def test_names_may_be_defined_after_the_decorator():
    scope = {}

    @vectorize
    def later(a):
        return a + LATER  # noqa: F821

    with pytest.raises(verdigris.errors.TypingError):
        later(1.0)
    globals()["LATER"] = 2.0
    assert later(1.0) == 3.0
    globals()["LATER"] = 5.0
    assert later(1.0) == 3.0  # frozen once compiled
    assert not scope


def test_a_ufunc_calls_a_ufunc():
    @vectorize
    def twice(a):
        return plus(a, a)

    assert twice(np.arange(3)).tolist() == [0, 2, 4]


def test_no_warning_of_our_own(recwarn):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plus(np.arange(4.0), 1)
        mandel(np.linspace(-2, 1, 50)[:, None], np.linspace(-1, 1, 40))
    assert float64 is verdigris.types.float64


def test_a_call_that_does_not_end_can_be_interrupted(python, tmp_path):
    script = """
import signal, time, numpy as np
from verdigris import vectorize

def spin(x):
    while x > 0:
        x = x + 1
    return x

signal.signal(signal.SIGALRM, signal.default_int_handler)
for target in ("cpu", "parallel"):
    f = vectorize(target=target)(spin)
    for call in (f, f.ufunc):
        for n in (1, 5000):
            x = -np.ones(n)
            assert (call(x) == -1).all()
            x[n // 2] = 1.0
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            begin = time.monotonic()
            try:
                call(x)
            except KeyboardInterrupt:
                pass
            else:
                raise SystemExit("ended by itself")
            assert time.monotonic() - begin < 2
            assert call(np.full(3, -2.0)).tolist() == [-2, -2, -2]
print("done")
"""
    file = tmp_path / "spin.py"
    file.write_text(script)
    ran = python(str(file))
    assert ran.stdout.strip() == "done", ran.stderr


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_clip_and_round_are_numpys(dtype):
    clipped = vectorize(lambda x, low, high: np.clip(x, low, high))
    above = vectorize(lambda x, low: np.clip(x, a_min=low, a_max=None))
    values = np.array([-7, -2, 0, 1, 3, 4, 100], dtype)
    low, high = np.array(-2, dtype), np.array(3, dtype)
    assert np.array_equal(clipped(values, low, high), np.clip(values, low, high))
    assert np.array_equal(above(values, low), np.clip(values, low, None))
    if dtype != "int64":
        assert np.isnan(clipped(np.array([np.nan], dtype), low, high)).all()
        odd = np.array([0.5, 1.5, -2.5, 0.125, 1234.5678, np.inf, np.nan], dtype)
        for places in (-2, 0, 1, 3):
            rounded = vectorize(lambda x: np.round(x, places))  # noqa: B023
            assert np.array_equal(rounded(odd), np.round(odd, places), equal_nan=True), places
    assert np.array_equal(vectorize(lambda x: np.around(x))(values), np.around(values))


def test_nested_functions_see_globals_and_variables_around_them():
    @vectorize
    def length(x, y):
        scale = SCALE * 2.0

        def squared(v):
            return v * v * scale

        return math.sqrt(squared(x) + squared(y))

    assert length(3.0, 4.0) == math.sqrt(9.0 * (SCALE * 2.0) + 16.0 * (SCALE * 2.0))
