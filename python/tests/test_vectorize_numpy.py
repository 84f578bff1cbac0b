"""Ufuncs of ours against NumPy's: fifty expressions, all methods and arguments, arrays of every kind, drawn by Hypothesis.

Each example is run on the fast path, through the genuine ufunc, on all cores and for the device. Equal means: value, dtype,
shape, strides, flags and type of the result, and of errors their type. `make test` draws some examples, `make test-slow`
thousands.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ufuncs import BINARY, EXPRESSIONS, FOLDING, LIES, arrays, laid, made, operands, outcome, same, shapes, values, ways

SOME = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(SOME, max_examples=4000, derandomize=False)
TESTS = {}


def example(check):
    """A check of one example drawn from the data, as a test of some and as a slow one of many."""
    TESTS[check.__name__] = check
    return check


# --- every expression, every dtype, once ---


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_expression_at_each_of_its_dtypes(name):
    expression = EXPRESSIONS[name]
    rng = np.random.default_rng(4)
    for char in expression.dtypes:
        for lie, shape in zip(LIES, [(7,), (3, 4), (2, 5), (8, 6), (40,), (3, 3), (2, 2, 2), (100,), (5,)], strict=True):
            given = [laid(values(char, shape, rng), lie) for _ in range(expression.numpys.nin)]
            expected = outcome(lambda given=given: expression.numpys(*given))
            for way, f in ways(name):
                same(outcome(lambda f=f, given=given: f(*given)), expected, (name, way, char, lie), expression.ulps)


# --- drawn ---


def drawn_call(data, names=tuple(EXPRESSIONS)):
    """An expression, its operands, and whether these are all of the one dtype. Numbers of other types our functions compute
    with as they are, where NumPy casts them first: with those, our ways are held against each other."""
    name = data.draw(st.sampled_from(names))
    expression = EXPRESSIONS[name]
    given = data.draw(operands(expression.numpys.nin, data.draw(st.sampled_from(expression.dtypes))))
    types = [np.asarray(x).dtype.newbyteorder("=") for x in given]
    alike = all(isinstance(x, np.ndarray) and t == types[0] for x, t in zip(given, types, strict=True))
    return name, expression, given, alike


@example
def calls(data):
    name, expression, given, alike = drawn_call(data)
    all_ways = ways(name)
    expected = outcome(lambda: (expression.numpys if alike else all_ways[0][1])(*given))
    for way, f in all_ways:
        same(outcome(lambda f=f: f(*given)), expected, (name, way), expression.ulps)


@example
def calls_with_arguments(data):
    name, expression, given, alike = drawn_call(data)
    shape = outcome(lambda: np.broadcast_shapes(*(np.shape(x) for x in given)))
    if not alike or isinstance(shape, Exception):
        return
    numpys, several = expression.numpys, expression.numpys.nout > 1
    results = outcome(lambda: numpys(*given))
    result = (results[0] if several else results).dtype
    chars = sorted({result.char, "d", "D", "l", "?"})
    keywords = {}
    for kind in data.draw(st.sets(st.sampled_from(["out", "where", "dtype", "order", "subok", "casting", "signature"]))):
        if kind in ("dtype", "signature") and (
            result.char == "?" or "casting" in keywords or (kind == "signature" and "dtype" in keywords)
        ):
            # A test of other types than its dtype's is another function.
            continue
        keywords[kind] = {
            "out": lambda: data.draw(
                st.sampled_from(["plain", "long", "readonly", "fortran", "swapped", "wide", "narrow", "none", "given"])
            ),
            "where": lambda: np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3 == 0,
            "dtype": lambda: result.char,
            "order": lambda: data.draw(st.sampled_from("CFAK")),
            "subok": lambda: data.draw(st.booleans()),
            "casting": lambda: data.draw(st.sampled_from(["no", "equiv", "safe", "same_kind", "unsafe"])),
            "signature": lambda: (
                "".join(np.asarray(x).dtype.newbyteorder("=").char for x in given) + "->" + result.char * numpys.nout
            ),
        }[kind]()
    if "where" in keywords and keywords.get("out", "none") in ("none", "given"):
        # Elsewhere results are whatever memory held.
        keywords["out"] = "plain"
    wide = data.draw(st.sampled_from(chars))

    def call(f):
        arguments = dict(keywords)
        inputs = list(given)
        if "out" in keywords:
            one = output(keywords["out"], shape, result, wide, inputs)
            # What is not computed of a second output that nobody gives is not set.
            second = one.copy() if "where" in keywords and one is not None else None
            arguments["out"] = (one, second) if several else one
        returned = f(*inputs, **arguments)
        if arguments.get("out", (None,)) is not None and isinstance(arguments.get("out"), np.ndarray):
            assert returned is arguments["out"]
        return returned

    expected = outcome(lambda: call(numpys))
    for way, f in ways(name):
        same(outcome(lambda f=f: call(f)), expected, (name, way, keywords), expression.ulps, result)


def output(kind, shape, dtype, wide, inputs):
    """An array for results."""
    if kind == "none":
        return None
    if kind == "given":
        # The very elements of an input, if that can be.
        inputs[0] = array = np.array(np.broadcast_to(inputs[0], shape))
        return array
    if kind == "long":
        shape = (*shape[:-1], shape[-1] + 1) if shape else (2,)
    array = np.zeros(
        shape,
        {"wide": wide, "narrow": "b", "swapped": dtype.newbyteorder()}.get(kind, dtype),
        order="F" if kind == "fortran" else "C",
    )
    array.flags.writeable = kind != "readonly"
    return array


@example
def outputs_across_inputs(data):
    name = data.draw(st.sampled_from(BINARY))
    expression = EXPRESSIONS[name]
    size = data.draw(st.sampled_from([1, 2, 5, 40, 5000]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    dtype = np.dtype(data.draw(st.sampled_from(expression.dtypes)))
    memory, b = values(dtype, size + 1, rng), values(dtype, size, rng)
    first, second = data.draw(
        st.sampled_from(
            [
                (slice(0, -1), slice(1, None)),
                (slice(1, None), slice(0, -1)),
                (slice(1, None), slice(1, None)),
                (slice(1, None), slice(-1, 0, -1)),
            ]
        )
    )
    if outcome(lambda: expression.numpys(memory[:1], b[:1]).dtype) != dtype:
        return
    results = []
    for _, f in [("NumPy", expression.numpys), *ways(name)]:
        copy = memory.copy()
        results.append(outcome(lambda f=f, copy=copy: f(copy[first], b, out=copy[second]).base))
    for other in results[1:]:
        same(other, results[0], name, expression.ulps)


@example
def folds(data):
    name = data.draw(st.sampled_from(FOLDING))
    numpys = EXPRESSIONS[name].numpys
    dtype = np.dtype(data.draw(st.sampled_from([d for d in EXPRESSIONS[name].dtypes if d in "lL?fd"])))
    shape = data.draw(shapes(4))
    ndim = len(shape)
    x = data.draw(arrays(dtype, shape))
    if x.dtype.kind == "f":
        # Sums of small integers are exact in any order; of zeros only one is the least.
        x = np.where(np.isfinite(x), np.round(x), 1).astype(dtype) + 0.0
    if name == "product":
        x = np.sign(x.astype("d")).astype(dtype) + (0 if dtype.kind == "b" else np.array(0, dtype))
    method = data.draw(st.sampled_from(["reduce", "accumulate", "reduceat"]))
    axis = data.draw(st.integers(-ndim - 1, ndim)) if ndim else 0
    keywords = {"axis": axis}
    if data.draw(st.booleans()):
        keywords["dtype"] = data.draw(st.sampled_from([dtype.char, "d" if dtype.kind == "f" else "l"]))
    if method == "reduceat":
        indices = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
        call = lambda f: f.reduceat(x, indices, **keywords)  # noqa: E731
    elif method == "accumulate":
        call = lambda f: f.accumulate(x, **keywords)  # noqa: E731
    else:
        keywords["keepdims"] = data.draw(st.booleans())
        if x.size == 0 or numpys.identity is not None or data.draw(st.booleans()):
            keywords["initial"] = data.draw(st.sampled_from([0, 1, 3])) if name != "product" else 1
            if data.draw(st.booleans()):
                keywords["where"] = np.arange(x.size).reshape(x.shape) % 2 == 0
        call = lambda f: f.reduce(x, **keywords)  # noqa: E731
    if data.draw(st.booleans()):
        shaped = outcome(lambda: call(numpys))
        if not isinstance(shaped, Exception):
            inner, char = call, data.draw(st.sampled_from([shaped.dtype.char, "d"]))
            call = lambda f: inner(_with_out(f, np.zeros(shaped.shape, char)))  # noqa: E731
    expected = outcome(lambda: call(numpys))
    for way, f in ways(name):
        if way != "genuine" or method == "reduce" or "dtype" in keywords:
            # Which type an output asks for NumPy decides before it asks the genuine ufunc.
            got = outcome(lambda f=f: call(f))
            if way == "genuine" and "the resolved dtypes are not compatible" in str(got):
                # Another test has left a loop of mixed types, which NumPy prefers to the one that `dtype=` asks for.
                continue
            same(got, expected, (name, way, method, keywords))


def test_folds_with_a_type_take_no_loop_of_mixed_types():
    f = made("a + 2 * b")
    x = np.arange(1, 6, dtype="f")
    f(x.astype("d"), x)
    assert "df->d" in f.types
    for method, args in (("accumulate", ()), ("reduceat", ([0, 3],)), ("reduce", ())):
        got = getattr(f, method)(x, *args, dtype="d")
        if method != "reduce":
            np.testing.assert_array_equal(getattr(f, method)(x, *args, out=np.zeros_like(got)), got)
        expected = getattr(made("a + 2 * b"), method)(x.astype("d"), *args)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == np.float64


class _with_out:
    """A ufunc's folds with an output."""

    def __init__(self, f, out):
        self.f, self.out = f, out

    def reduce(self, *args, **kwargs):
        return self.f.reduce(*args, out=self.out, **kwargs)

    def accumulate(self, *args, **kwargs):
        return self.f.accumulate(*args, out=self.out, **kwargs)

    def reduceat(self, *args, **kwargs):
        return self.f.reduceat(*args, out=self.out, **kwargs)


@example
def outer_and_at(data):
    name = data.draw(st.sampled_from(list(EXPRESSIONS)))
    expression = EXPRESSIONS[name]
    numpys = expression.numpys
    dtype = data.draw(st.sampled_from(expression.dtypes))
    x, y = data.draw(arrays(dtype, data.draw(shapes(3)))), data.draw(arrays(dtype, data.draw(shapes(2))))
    if numpys.nin == 2 and data.draw(st.booleans()):
        if x.size * y.size > 100_000:
            return
        expected = outcome(lambda: numpys.outer(x, y))
        for way, f in ways(name):
            same(outcome(lambda f=f: f.outer(x, y)), expected, (name, way, "outer"), expression.ulps)
        return
    # A function that is rounded otherwise than NumPy's meets each element once: applied again it would enlarge the difference.
    length = x.shape[0] if x.ndim and x.size else 1
    once = (lambda i: i % length) if expression.ulps else None
    indices = np.array(data.draw(st.lists(st.integers(-3, 3), max_size=8, unique_by=once)), dtype=int)
    rest = (np.dtype(dtype).type(1),) if numpys.nin == 2 else ()

    def at(f):
        copy = x.copy() if x.flags.writeable else x
        f.at(copy, indices, *rest)
        return copy

    expected = outcome(lambda: at(numpys))
    for way, f in ways(name):
        same(outcome(lambda f=f: at(f)), expected, (name, way, "at"), expression.ulps)


@example
def associative_folds_over_several_axes(data):
    shape = data.draw(shapes(4))
    x = np.round(np.nan_to_num(data.draw(arrays("d", shape)), posinf=3, neginf=-3))
    axes = tuple(sorted(data.draw(st.sets(st.integers(0, max(len(shape) - 1, 0)))))) if shape else ()
    for axis in (axes, None):
        expected = outcome(lambda axis=axis: np.add.reduce(x, axis=axis, keepdims=True))
        for f in _ASSOCIATIVE:
            same(outcome(lambda f=f, axis=axis: f.reduce(x, axis=axis, keepdims=True)), expected, axis)


_ASSOCIATIVE = [made("a + b", identity=0), made("a + b", identity=0, target="parallel")]
_ASSOCIATIVE.append(_ASSOCIATIVE[0].ufunc)


@pytest.mark.parametrize("check", TESTS)
def test_some(check):
    SOME(given(st.data())(TESTS[check]))()


@pytest.mark.slow
@pytest.mark.parametrize("check", TESTS)
def test_many(check):
    MANY(given(st.data())(TESTS[check]))()


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
            f = made(text, target=target)
            for call in (f, f.ufunc):
                with np.errstate(all="raise"):
                    np.testing.assert_array_equal(call(a, b), expected(a, b))
        f = made("a / b", target=target)
        for call in (f, f.ufunc):
            with np.errstate(all="ignore", divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
                call(a, b)
            with np.errstate(all="ignore", invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
                call(a * 0, b)
            with np.errstate(all="ignore"):
                call(a, b)
