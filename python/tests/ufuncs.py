"""What ufuncs are tested on: expressions with the NumPy ufunc that does the same, and arrays of every kind.

An expression is written over `a` (and `b`), compiled for each target when first asked for, and run in four ways: on the
fast path, through the genuine ufunc behind it, on all cores, and for the device.
"""

import dataclasses
import functools
import linecache

import numpy as np
from hypothesis import strategies as st

from verdigris import vectorize

FLOATS, REALS, ANY = "efd", "?bhilBHILefd", "?bhilBHILefdFD"
WIDE = "lLfd"  # whose arithmetic keeps its type in a function's body


@dataclasses.dataclass(frozen=True)
class Expression:
    """`text` computes what the ufunc `numpys` does, for these dtypes; to `ulps` of each other where that is not to the bit."""

    text: str
    numpys: np.ufunc
    dtypes: str
    ulps: int = 0


EXPRESSIONS = {
    "sum": Expression("a + b", np.add, WIDE + "eFD"),
    "difference": Expression("a - b", np.subtract, WIDE + "eFD"),
    # Products and quotients not of complex numbers: NumPy contracts them where the processor can.
    "product": Expression("a * b", np.multiply, WIDE + "e"),
    "quotient": Expression("a / b", np.true_divide, "efd"),
    "floor": Expression("a // b", np.floor_divide, "lLd"),
    "rest": Expression("a % b", np.remainder, "lLd"),
    "both": Expression("(a // b, a % b)", np.divmod, "lLd"),
    "power": Expression("a ** b", np.power, "L"),
    "fmod": Expression("np.fmod(a, b)", np.fmod, "fd"),
    "and_": Expression("a & b", np.bitwise_and, "?lL"),
    "or_": Expression("a | b", np.bitwise_or, "?lL"),
    "xor": Expression("a ^ b", np.bitwise_xor, "?lL"),
    "up": Expression("a << b", np.left_shift, "lL"),
    "down": Expression("a >> b", np.right_shift, "lL"),
    "less": Expression("a < b", np.less, REALS),
    "less_equal": Expression("a <= b", np.less_equal, REALS),
    "greater": Expression("a > b", np.greater, REALS),
    "greater_equal": Expression("a >= b", np.greater_equal, REALS),
    "equal": Expression("a == b", np.equal, ANY),
    "not_equal": Expression("a != b", np.not_equal, ANY),
    "truth_and": Expression("a != 0 and b != 0", np.logical_and, REALS),
    "truth_or": Expression("a != 0 or b != 0", np.logical_or, REALS),
    "truth_xor": Expression("(a != 0) != (b != 0)", np.logical_xor, REALS),
    "maximum": Expression("np.maximum(a, b)", np.maximum, "lLfd"),
    "minimum": Expression("np.minimum(a, b)", np.minimum, "lLfd"),
    "fmax": Expression("np.fmax(a, b)", np.fmax, "fd"),
    "fmin": Expression("np.fmin(a, b)", np.fmin, "fd"),
    "copysign": Expression("np.copysign(a, b)", np.copysign, "fd"),
    "nextafter": Expression("np.nextafter(a, b)", np.nextafter, "fd"),
    "heaviside": Expression("np.heaviside(a, b)", np.heaviside, "d"),
    "arctan2": Expression("np.arctan2(a, b)", np.arctan2, "fd", 4),
    "hypot": Expression("np.hypot(a, b)", np.hypot, "fd", 4),
    "negative": Expression("-a", np.negative, WIDE + "eFD"),
    "square": Expression("a * a", np.square, WIDE + "e"),
    "absolute": Expression("abs(a)", np.absolute, "lfd"),
    "sign": Expression("np.sign(a)", np.sign, "fd"),
    "invert": Expression("~a", np.invert, "lL"),
    "not_": Expression("a == 0", np.logical_not, REALS),
    "root": Expression("np.sqrt(a)", np.sqrt, "fd"),
    "reciprocal": Expression("np.reciprocal(a)", np.reciprocal, "fd"),
    "floored": Expression("np.floor(a)", np.floor, "fd"),
    "ceiled": Expression("np.ceil(a)", np.ceil, "fd"),
    "truncated": Expression("np.trunc(a)", np.trunc, "fd"),
    "rounded": Expression("np.rint(a)", np.rint, "fd"),
    "isnan": Expression("np.isnan(a)", np.isnan, "fd"),
    "isinf": Expression("np.isinf(a)", np.isinf, "fd"),
    "isfinite": Expression("np.isfinite(a)", np.isfinite, "fd"),
    "signbit": Expression("np.signbit(a)", np.signbit, "fd"),
    "exp": Expression("np.exp(a)", np.exp, "fd", 4),
    "sine": Expression("np.sin(a)", np.sin, "fd", 4),
}
BINARY = [name for name, e in EXPRESSIONS.items() if e.numpys.nin == 2]
# Whose folds do not depend on the order, or which NumPy folds from the left too.
FOLDING = ["sum", "difference", "product", "and_", "or_", "xor", "maximum", "minimum", "fmax", "fmin", "copysign"]


def made(text, nin=2, **options):
    """A ufunc of an expression over `a` and `b`."""
    body = f"def f({', '.join('abc'[:nin])}):\n    return {text}\n"
    file = f"<expression {text}>"
    linecache.cache[file] = (len(body), None, body.splitlines(keepends=True), file)
    space = {"np": np}
    exec(compile(body, file, "exec"), space)
    return vectorize(**options)(space["f"])


@functools.cache
def ours(name, target="cpu"):
    """An expression's ufunc."""
    expression = EXPRESSIONS[name]
    return made(expression.text, expression.numpys.nin, target=target)


def ways(name):
    """An expression in each of its ways."""
    one = ours(name)
    return [("fast path", one), ("genuine", one.ufunc), ("parallel", ours(name, "parallel")), ("cuda", ours(name, "cuda"))]


def outcome(call):
    """What a call gives, or the exception it raises."""
    with np.errstate(all="ignore"):
        try:
            return call()
        except Exception as error:
            return error


def same(ours, numpys, what="", ulps=0, computed=None):
    """Asserts that two outcomes are the same: value, dtype, shape, strides, flags and type; of errors the type.

    `ulps`: by how much values may differ, in units of the dtype in which they were `computed`, the result's if not given.
    """
    if isinstance(numpys, Exception):
        assert isinstance(ours, Exception), (what, ours, numpys)
        assert type(ours) is type(numpys) or isinstance(numpys, type(ours)) or isinstance(ours, type(numpys)), (
            what,
            ours,
            numpys,
        )
        return
    assert not isinstance(ours, Exception), (what, ours)
    assert type(ours) is type(numpys), (what, type(ours), type(numpys))
    if isinstance(numpys, tuple):
        assert len(ours) == len(numpys), what
        for one, other in zip(ours, numpys, strict=True):
            same(one, other, what, ulps, computed)
        return
    assert ours.dtype == numpys.dtype and ours.shape == numpys.shape, (what, ours.dtype, numpys.dtype)
    if isinstance(numpys, np.ndarray):
        # Along axes of one element strides mean nothing, and NumPy's own depend on the path that a call takes.
        pairs = zip(ours.shape, ours.strides, numpys.strides, strict=True)
        assert all(extent == 1 or one == other for extent, one, other in pairs), (what, ours.strides, numpys.strides)
        assert str(ours.flags) == str(numpys.flags), what
    kinds = [np.dtype(d) for d in (numpys.dtype, computed) if d is not None]
    if ulps and all(d.kind in "fc" for d in kinds):
        rtol = ulps * max(np.finfo(d).eps for d in kinds)
        np.testing.assert_allclose(ours, numpys, rtol=rtol, atol=0, err_msg=str(what))
    else:
        np.testing.assert_array_equal(ours, numpys, str(what))


# --- arrays of every kind ---

LIES = ["plain", "plain", "fortran", "strided", "negative", "broadcast", "swapped", "unaligned", "readonly"]


def values(dtype, shape, rng):
    """Numbers of a dtype, special ones among them."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return rng.integers(0 if dtype.kind == "u" else -60, 60, shape).astype(dtype)
    if dtype.kind in "mM":
        counts = rng.integers(-1000, 1000, shape)
        return np.where(rng.random(shape) < 0.2, np.iinfo("i8").min, counts).astype("i8").view(dtype)
    numbers = rng.normal(scale=4, size=shape)
    if dtype.kind == "c":
        return (numbers + 1j * rng.normal(size=shape)).astype(dtype)
    special = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]
    return np.where(rng.random(shape) < 0.2, rng.choice(special, shape), numbers).astype(dtype)


def laid(array, lie):
    """The same numbers (half of them in each axis for `strided`), lying in memory in that way."""
    shape = array.shape
    if lie == "fortran":
        return np.asfortranarray(array)
    if lie == "strided":
        return array[tuple(slice(None, None, 2) for _ in shape)] if shape else array
    if lie == "negative":
        return array[tuple(slice(None, None, -1) for _ in shape)] if shape else array
    if lie == "broadcast" and shape:
        return np.broadcast_to(array[:1], shape) if shape[0] else array
    if lie == "swapped":
        return array.astype(array.dtype.newbyteorder())
    if lie == "unaligned":
        room = np.zeros(array.nbytes + 1, "i1")[1:]
        other = room.view(array.dtype).reshape(shape) if array.size else array
        other[...] = array
        return other
    if lie == "readonly":
        array = array.copy()
        array.flags.writeable = False
    return array


@st.composite
def arrays(draw, dtype, shape):
    """An array of that dtype and shape, lying in memory somehow."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lie = draw(st.sampled_from(LIES))
    base = tuple(2 * n for n in shape) if lie == "strided" else shape
    return laid(np.asarray(values(dtype, base, rng)), lie)


@st.composite
def shapes(draw, most=5):
    """A shape of up to five axes, short but for one now and then."""
    ndim = draw(st.integers(0, most))
    shape = tuple(draw(st.lists(st.integers(0, 4), min_size=ndim, max_size=ndim)))
    if draw(st.integers(0, 20)) == 0:
        shape = (*shape[:1], draw(st.sampled_from([40, 700, 5000])))
    return shape


@st.composite
def operands(draw, count, dtype):
    """Operands whose shapes mostly fit each other; sometimes a number among them."""
    shape = draw(shapes())
    drawn = []
    for _ in range(count):
        own = tuple(1 if draw(st.integers(0, 5)) == 0 else n for n in shape)
        drawn.append(draw(arrays(dtype, own[draw(st.integers(0, len(shape))) if draw(st.booleans()) else 0 :])))
    if draw(st.integers(0, 6)) == 0:
        numbers = [2, -3, 1.5, True, np.float32(2.5), np.int64(7), np.uint64(3), 1j]
        drawn[draw(st.integers(0, count - 1))] = draw(st.sampled_from(numbers))
    return drawn
