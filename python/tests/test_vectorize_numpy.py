"""Ufuncs of ours against NumPy: expressions, methods, arguments and arrays of every kind, drawn by Hypothesis.

Each example is run twice, on the fast path and through the genuine ufunc, and on all cores too. Equal means: value, dtype,
shape, strides, flags and type of the result, and of errors their type.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verdigris import vectorize

LONG = bool(os.environ.get("VERDIGRIS_LONG_TESTS"))
CHECK = settings(
    max_examples=3000 if LONG else 150,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

# name: (ours as an expression, the same with NumPy's ufuncs, dtypes). Two arguments each.
FLOATS, INTEGERS, ANY = "fd", "hilqHILQ", "?bhilBHILfdFD"
WIDE = "lfdFD"  # whose arithmetic keeps its type in a function's body
EXPRESSIONS = {
    "sum": ("a + b", np.add, WIDE + "L"),
    "difference": ("a - b", np.subtract, WIDE + "L"),
    # Not of complex numbers: NumPy contracts those products where the processor can.
    "product": ("a * b", np.multiply, "lLfd"),
    "quotient": ("a / b", np.true_divide, FLOATS + "D"),
    "floor": ("a // b", np.floor_divide, "lLd"),
    "remainder": ("a % b", np.remainder, "lLd"),
    "and_": ("a & b", np.bitwise_and, "?lL"),
    "or_": ("a | b", np.bitwise_or, "?lL"),
    "xor": ("a ^ b", np.bitwise_xor, "?lL"),
    "less": ("a < b", np.less, "?bhilBHILfd"),
    "less_equal": ("a <= b", np.less_equal, "?bhilBHILfd"),
    "greater": ("a > b", np.greater, "?bhilBHILfd"),
    "equal": ("a == b", np.equal, ANY),
    "not_equal": ("a != b", np.not_equal, ANY),
    "smaller": ("a if a < b else b", lambda a, b, **k: _where(np.less, a, b, **k), "lLfd"),
    "larger": ("a if a > b else b", lambda a, b, **k: _where(np.greater, a, b, **k), "lLfd"),
    "first": ("a", lambda a, b, **k: np.positive(np.broadcast_arrays(a, b)[0], **k), "bhilBHILfdFD"),
}


def _where(test, a, b, **keywords):
    return np.positive(np.where(test(a, b), a, b), **keywords)


def _made(expression, **options):
    text = f"def f(a, b):\n    return {expression}\n"
    import linecache

    file = f"<expression {expression}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {}
    exec(compile(text, file, "exec"), space)
    return vectorize(**options)(space["f"])


OURS = {name: (_made(text), _made(text, target="parallel")) for name, (text, *_) in EXPRESSIONS.items()}
ELEMENTWISE = [name for name, (_, numpys, _) in EXPRESSIONS.items() if isinstance(numpys, np.ufunc)]
FOLDING = ["sum", "difference", "product", "and_", "or_", "xor"]


# --- arrays of every kind ---


@st.composite
def arrays(draw, dtype, shape):
    """An array of that dtype and shape, lying in memory somehow."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    lie = draw(
        st.sampled_from(["plain", "plain", "fortran", "strided", "negative", "broadcast", "swapped", "unaligned", "readonly"])
    )
    base = tuple(2 * n for n in shape) if lie == "strided" else shape
    if dtype.kind == "?":
        values = rng.integers(0, 2, base)
    elif dtype.kind in "iu":
        values = rng.integers(0 if dtype.kind == "u" else -60, 60, base)
    else:
        values = rng.normal(scale=4, size=base)
        if dtype.kind == "c":
            values = values + 1j * rng.normal(size=base)
        special = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]
        values = np.where(rng.random(base) < 0.2, rng.choice(special, base), values) if dtype.kind == "f" else values
    array = np.asarray(values).astype(dtype)
    if lie == "fortran":
        return np.asfortranarray(array)
    if lie == "strided":
        return array[tuple(slice(None, None, 2) for _ in shape)] if shape else array
    if lie == "negative":
        return array[tuple(slice(None, None, -1) for _ in shape)] if shape else array
    if lie == "broadcast" and shape:
        return np.broadcast_to(array[:1], shape) if shape[0] else array
    if lie == "swapped":
        return array.astype(dtype.newbyteorder())
    if lie == "unaligned":
        room = np.zeros(array.nbytes + 1, "i1")[1:]
        other = room.view(dtype).reshape(shape) if array.size else array
        other[...] = array
        return other
    if lie == "readonly":
        array = array.copy()
        array.flags.writeable = False
    return array


@st.composite
def operands(draw, dtypes):
    """Two operands whose shapes mostly fit each other; sometimes a number."""
    ndim = draw(st.integers(0, 5))
    shape = tuple(draw(st.lists(st.integers(0, 4), min_size=ndim, max_size=ndim)))
    if draw(st.integers(0, 20)) == 0:
        shape = (*shape[:1], draw(st.sampled_from([40, 700, 5000])))
    made = []
    for _ in range(2):
        own = tuple(1 if draw(st.integers(0, 5)) == 0 else n for n in shape)[
            draw(st.integers(0, len(shape))) if draw(st.booleans()) else 0 :
        ]
        dtype = draw(st.sampled_from(dtypes))
        made.append(draw(arrays(dtype, own)))
    if draw(st.integers(0, 6)) == 0:
        which = draw(st.integers(0, 1))
        made[which] = draw(st.sampled_from([2, -3, 1.5, True, np.float32(2.5), np.int64(7), np.uint64(3), 1j]))
    return made


# --- comparison ---


def outcome(call):
    with np.errstate(all="ignore"):
        try:
            return call()
        except Exception as error:
            return error


def same(ours, numpys, what=""):
    if isinstance(numpys, Exception):
        assert isinstance(ours, Exception), (what, ours, numpys)
        assert type(ours) is type(numpys) or isinstance(numpys, type(ours)) or isinstance(ours, type(numpys)), (
            what,
            ours,
            numpys,
        )
        return
    assert not isinstance(ours, Exception), (what, ours)
    assert type(ours) is type(numpys), what
    assert ours.dtype == numpys.dtype and ours.shape == numpys.shape, (what, ours.dtype, numpys.dtype)
    if isinstance(numpys, np.ndarray):
        assert ours.strides == numpys.strides, (what, ours.strides, numpys.strides)
        assert str(ours.flags) == str(numpys.flags), what
    np.testing.assert_array_equal(ours, numpys, what)


def ways(name):
    """Our function on each of its ways."""
    one, many = OURS[name]
    return [("fast path", one), ("genuine", one.ufunc), ("parallel", many)]


# --- tests ---


def all_of_one_type(name, a, b):
    """Whether our function's own types are NumPy's for these: mixed ones it computes in, as Numba does, NumPy casts first."""
    types = [np.asarray(x).dtype.newbyteorder("=") for x in (a, b)]
    return types[0] == types[1] and types[0].char in EXPRESSIONS[name][2] and all(isinstance(x, np.ndarray) for x in (a, b))


@CHECK
@given(st.data())
def test_calls(data):
    name = data.draw(st.sampled_from(ELEMENTWISE))
    _, numpys, dtypes = EXPRESSIONS[name]
    a, b = data.draw(operands([data.draw(st.sampled_from(dtypes))]))
    if not all_of_one_type(name, a, b):
        # The ways agree with each other all the same.
        first = outcome(lambda: OURS[name][0](a, b))
        for way, f in ways(name)[1:]:
            same(outcome(lambda f=f: f(a, b)), first, (name, way))
        return
    expected = outcome(lambda: numpys(a, b))
    for way, f in ways(name):
        same(outcome(lambda f=f: f(a, b)), expected, (name, way))


@CHECK
@given(st.data())
def test_calls_with_arguments(data):
    name = data.draw(st.sampled_from(ELEMENTWISE))
    _, numpys, dtypes = EXPRESSIONS[name]
    a, b = data.draw(operands([data.draw(st.sampled_from(dtypes))]))
    if not all_of_one_type(name, a, b):
        return
    shape = outcome(lambda: np.broadcast_shapes(a.shape, b.shape))
    if isinstance(shape, Exception):
        return
    result = outcome(lambda: numpys(a, b)).dtype
    keywords = {}
    kind = data.draw(st.sampled_from(["out", "where", "dtype", "order", "subok", "casting", "input", "inner"]))
    rng = np.random.default_rng(3)
    start = rng.integers(0, 2, shape).astype(result)
    if kind == "out":
        bad = data.draw(st.integers(0, 5))
        dtype = data.draw(st.sampled_from([result, np.dtype("d"), np.dtype("f"), np.dtype("D")]))
        make = lambda: _output(shape, dtype, bad)  # noqa: E731
        expected = make()
        theirs = outcome(lambda: numpys(a, b, out=expected))
        for way, f in ways(name):
            mine = make()
            ours = outcome(lambda f=f, mine=mine: f(a, b, out=mine))
            if isinstance(theirs, Exception):
                same(ours, theirs, (name, way))
            else:
                assert ours is mine, (name, way, ours)
                same(mine, expected, (name, way))
        return
    if kind == "where":
        mask = rng.integers(0, 2, shape).astype(bool)
        expected = start.copy()
        numpys(a, b, out=expected, where=mask)
        for way, f in ways(name):
            mine = start.copy()
            f(a, b, out=mine, where=mask)
            same(mine, expected, (name, way))
        return
    if kind in ("input", "inner"):
        # The output is one of the inputs, or lies across it.
        if a.dtype != result or a.dtype.byteorder == ">" or a.ndim == 0 or shape != a.shape:
            return
        memory = np.concatenate([np.ravel(a), np.ravel(a)[:1]]) if a.ndim == 1 else None
        if kind == "input" or memory is None:
            makes = [lambda: (lambda c: (c, c))(a.copy())]
        else:
            makes = [lambda: (lambda c: (c[:-1], c[1:]))(memory.copy()), lambda: (lambda c: (c[1:], c[:-1]))(memory.copy())]
        for make in makes:
            x, out = make()
            with np.errstate(all="ignore"):
                numpys(x, b, out=out)
            for way, f in ways(name):
                y, mine = make()
                same(outcome(lambda f=f, y=y, mine=mine: f(y, b, out=mine)), out, (name, way))
        return
    keywords = {
        "dtype": {"dtype": data.draw(st.sampled_from([result.char, "d", "D"]))},
        "order": {"order": data.draw(st.sampled_from("CFAK"))},
        "subok": {"subok": data.draw(st.booleans())},
        "casting": {"casting": data.draw(st.sampled_from(["no", "equiv", "safe", "same_kind", "unsafe"]))},
    }[kind]
    if kind == "dtype" and (name in ("less", "less_equal", "greater", "equal", "not_equal") or keywords["dtype"] != result.char):
        return
    if kind == "casting" and a.dtype != a.dtype.newbyteorder("="):
        return
    expected = outcome(lambda: numpys(a, b, **keywords))
    for way, f in ways(name):
        same(outcome(lambda f=f: f(a, b, **keywords)), expected, (name, way, keywords))


def _output(shape, dtype, bad):
    if bad == 1 and shape:
        return np.zeros((*shape[:-1], shape[-1] + 1), dtype)
    array = np.zeros(shape, dtype)
    if bad == 2:
        array.flags.writeable = False
    elif bad == 3:
        return np.zeros(shape, dtype, order="F")
    elif bad == 4:
        return np.zeros(shape, dtype.newbyteorder())
    return array


@CHECK
@given(st.data())
def test_folds(data):
    name = data.draw(st.sampled_from(FOLDING))
    _, numpys, dtypes = EXPRESSIONS[name]
    dtype = data.draw(st.sampled_from([d for d in dtypes if d in "lL?d"]))
    ndim = data.draw(st.integers(0, 4))
    shape = tuple(data.draw(st.lists(st.integers(0, 5), min_size=ndim, max_size=ndim)))
    x = data.draw(arrays(dtype, shape))
    if x.dtype.kind in "fc":
        # Sums of small integers are exact in any order.
        x = np.where(np.isfinite(x), np.round(x.real), 1).astype(x.dtype)
    if name == "product":
        x = np.sign(x.real).astype(x.dtype)
    method = data.draw(st.sampled_from(["reduce", "accumulate", "reduceat", "outer", "at"]))
    axis = data.draw(st.integers(-ndim, ndim)) if ndim else 0
    if method == "outer":
        expected = outcome(lambda: numpys.outer(x, x))
        for way, f in ways(name):
            same(outcome(lambda f=f: f.outer(x, x)), expected, (name, way))
        return
    if method == "at":
        if ndim != 1 or x.size == 0:
            return
        indices = np.array(data.draw(st.lists(st.integers(-x.size, x.size - 1), max_size=8)), dtype=int)
        expected = x.copy()
        numpys.at(expected, indices, x[0])
        for way, f in ways(name):
            mine = x.copy()
            f.at(mine, indices, x[0])
            same(mine, expected, (name, way))
        return
    if method == "reduceat":
        indices = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
        call = lambda f: f.reduceat(x, indices, axis=axis)  # noqa: E731
    elif method == "accumulate":
        call = lambda f: f.accumulate(x, axis=axis)  # noqa: E731
    else:
        keywords = {"axis": axis, "keepdims": data.draw(st.booleans())}
        if x.size == 0 or data.draw(st.booleans()):
            keywords["initial"] = 1
            if data.draw(st.booleans()):
                keywords["where"] = np.arange(x.size).reshape(x.shape) % 2 == 0
        call = lambda f: f.reduce(x, **keywords)  # noqa: E731
    expected = outcome(lambda: call(numpys))
    for way, f in ways(name):
        same(outcome(lambda f=f: call(f)), expected, (name, way, method))


@CHECK
@given(st.data())
def test_associative_folds_over_several_axes(data):
    sums = _ASSOCIATIVE
    ndim = data.draw(st.integers(1, 4))
    shape = tuple(data.draw(st.lists(st.integers(0, 5), min_size=ndim, max_size=ndim)))
    x = np.round(np.nan_to_num(data.draw(arrays("d", shape)), posinf=3, neginf=-3))
    axes = tuple(sorted(data.draw(st.sets(st.integers(0, ndim - 1)))))
    for axis in (axes, None):
        expected = outcome(lambda axis=axis: np.add.reduce(x, axis=axis, keepdims=True))
        for f in sums:
            same(outcome(lambda f=f, axis=axis: f.reduce(x, axis=axis, keepdims=True)), expected, axis)


_ASSOCIATIVE = [_made("a + b", identity=0), _made("a + b", identity=0, target="parallel")]
_ASSOCIATIVE.append(_ASSOCIATIVE[0].ufunc)


@pytest.mark.parametrize("target", ["cpu", "parallel"])
def test_guarded_operations_raise_no_flags_and_others_numpys(target):
    guarded = [
        ("a / b if b != 0 else a", lambda a, b: np.divide(a, b, out=a.copy(), where=b != 0)),
        ("a / b if abs(b) > 0.5 else b", lambda a, b: np.divide(a, b, out=b.copy(), where=abs(b) > 0.5)),
    ]
    for size in (1, 5, 40, 3000, 70_000):
        a, b = np.random.default_rng(1).normal(size=(2, size))
        b[::3] = 0
        for text, expected in guarded:
            f = _made(text, target=target)
            for call in (f, f.ufunc):
                with np.errstate(all="raise"):
                    np.testing.assert_array_equal(call(a, b), expected(a, b))
        f = _made("a / b", target=target)
        for call in (f, f.ufunc):
            with np.errstate(all="ignore", divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
                call(a, b)
            with np.errstate(all="ignore", invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
                call(a * 0, b)
            with np.errstate(all="ignore"):
                call(a, b)
