"""`cuda.libdevice`: every name that Numba has, and the functions of bits and directed roundings beside MPFR, NumPy and Python."""

import gmpy2
import mpmath
import numpy as np
import pytest

from verdigris import cuda
from verdigris.cuda import libdevice

MODES = {"rn": gmpy2.RoundToNearest, "rd": gmpy2.RoundDown, "ru": gmpy2.RoundUp, "rz": gmpy2.RoundToZero}


def test_every_name_of_numba():
    functions = pytest.importorskip("numba.cuda.libdevicefuncs").functions
    for name in functions:
        assert callable(getattr(libdevice, name.removeprefix("__nv_")).py_func)


def call(name, result, *args):
    """A function of libdevice over arrays."""
    function = getattr(libdevice, name)
    out = np.zeros(args[0].size, result)
    each(function, len(args)).forall(out.size)(*args, out)
    return out


def each(function, count):
    @cuda.jit
    def one(x, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = function(x[i])

    @cuda.jit
    def two(x, y, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = function(x[i], y[i])

    @cuda.jit
    def three(x, y, z, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = function(x[i], y[i], z[i])

    return (one, two, three)[count - 1]


def floats(dtype, count):
    """Numbers of all sizes, near one another, and the special ones with each other."""
    rng = np.random.default_rng(7)
    bits = np.dtype(dtype).itemsize * 8
    anything = rng.integers(0, 2**bits - 1, count, dtype=f"u{bits // 8}", endpoint=True).view(dtype)
    near = (rng.standard_normal(count) * 2.0 ** rng.integers(-30, 30, count)).astype(dtype)
    info = np.finfo(dtype)
    low = (rng.standard_normal(count) * float(info.tiny)).astype(dtype) * np.array(rng.integers(1, 1000, count)).astype(dtype)
    root = (rng.standard_normal(count) * float(info.tiny) ** 0.5).astype(dtype)
    big = (rng.standard_normal(count) * float(info.max) ** 0.5).astype(dtype)
    specials = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        np.inf,
        -np.inf,
        np.nan,
        info.max,
        -info.max,
        info.smallest_subnormal,
        -info.smallest_subnormal,
        1.5,
        3,
    ]
    return np.concatenate([anything, near, low, root, big, np.array(specials, dtype)])


def pairs(dtype, count=400):
    x = floats(dtype, count)
    y = np.random.default_rng(8).permutation(x)
    ends = floats(dtype, 0)
    a, b = (m.ravel() for m in np.meshgrid(ends, ends))
    opposite = x[:200]
    return np.concatenate([x, a, opposite, x]), np.concatenate([y, b, -opposite, floats(dtype, count)[::-1]])


def expected(operation, dtype, how, *args):
    bits = np.dtype(dtype).itemsize * 8
    context = gmpy2.ieee(bits)
    context.round = MODES[how]
    with gmpy2.context(context):
        wide = gmpy2.context(precision=4000)
        results = []
        for values in zip(*(a.tolist() for a in args), strict=True):
            with gmpy2.context(wide):
                exact = [gmpy2.mpfr(v) for v in values]
            results.append(float(operation(*exact)))
    return np.array(results, dtype)


def same(ours, theirs):
    numbers = ~np.isnan(theirs)
    assert (np.isnan(ours) == ~numbers).all()
    kind = f"u{ours.dtype.itemsize}"
    wrong = np.flatnonzero(ours[numbers].view(kind) != theirs[numbers].view(kind))
    assert wrong.size == 0, (wrong[:5], ours[numbers][wrong[:5]], theirs[numbers][wrong[:5]])


TWO = {"add": gmpy2.add, "mul": gmpy2.mul, "div": gmpy2.div, "sub": gmpy2.sub}


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("name", ["dadd", "dmul", "ddiv", "fadd", "fsub", "fmul", "fdiv"])
@pytest.mark.filterwarnings("ignore")
def test_directed_operations_of_two(name, how):
    dtype = "f8" if name[0] == "d" else "f4"
    x, y = pairs(dtype)
    same(call(f"{name}_{how}", dtype, x, y), expected(TWO[name[1:]], dtype, how, x, y))


@pytest.mark.parametrize("how", MODES)
@pytest.mark.filterwarnings("ignore")
def test_directed_operations_of_one(how):
    for dtype, letter in (("f8", "d"), ("f4", "f")):
        x = floats(dtype, 500)
        same(call(f"{letter}rcp_{how}", dtype, x), expected(lambda v: gmpy2.div(1, v), dtype, how, x))
        same(call(f"{letter}sqrt_{how}", dtype, x), expected(gmpy2.sqrt, dtype, how, x))
    x = np.concatenate([floats("f8", 500), floats("f4", 500).astype("f8") * (1 + 2.0**-40)])
    same(call(f"double2float_{how}", "f4", x), expected(lambda v: gmpy2.mpfr(v), "f4", how, x))


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.filterwarnings("ignore")
def test_directed_fused_operations(dtype, how):
    x, y = pairs(dtype, 300)
    z = np.random.default_rng(9).permutation(x)
    # Sums that cancel, by all or by some bits.
    z[: x.size // 3] = -(x * y)[: x.size // 3]
    z[x.size // 3 : x.size // 2] = np.nextafter(-(x * y), np.array(np.inf, dtype))[x.size // 3 : x.size // 2]
    name = "fma" if dtype == "f8" else "fmaf"
    same(call(f"{name}_{how}", dtype, x, y, z), expected(gmpy2.fma, dtype, how, x, y, z))


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("of", ["int", "uint", "ll", "ull"])
def test_integers_as_floats(of, how):
    dtype = {"int": "i4", "uint": "u4", "ll": "i8", "ull": "u8"}[of]
    info = np.iinfo(dtype)
    x = np.random.default_rng(3).integers(info.min, info.max, 3000, dtype, endpoint=True) >> np.arange(3000).astype(dtype) % 31
    x = np.concatenate([x, np.array([info.min, info.max, info.max - 1, 0, 1, 2**24 + 1, 2**25 + 3], dtype)])
    for to, result in (("float", "f4"), ("double", "f8")):
        if (of, to, how) in {(o, "double", h) for o in ("int", "uint") for h in ("rd", "ru", "rz")}:
            continue
        context = gmpy2.ieee(int(result[1]) * 8)
        context.round = MODES[how]
        with gmpy2.context(context):
            theirs = np.array([float(gmpy2.mpfr(v)) for v in x.tolist()], result)
        same(call(f"{of}2{to}_{how}", result, x), theirs)


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize("of", ["float", "double"])
@pytest.mark.filterwarnings("ignore")
def test_floats_as_integers(of, how):
    x = floats("f4" if of == "float" else "f8", 500)
    x = np.concatenate([x, np.array([0.5, 1.5, 2.5, -0.5, -1.5, 2.0**31, -(2.0**31), 2.0**63, 1e30, -1e30], x.dtype)])
    whole = {"rn": np.rint, "rd": np.floor, "ru": np.ceil, "rz": np.trunc}[how]
    for to, dtype in (("int", "i4"), ("uint", "u4"), ("ll", "i8"), ("ull", "u8")):
        info = np.iinfo(dtype)
        numbers = [0 if v != v else info.max if v > info.max else info.min if v < info.min else int(v) for v in whole(x).tolist()]
        assert call(f"{of}2{to}_{how}", dtype, x).tolist() == numbers


def test_bits_of_numbers():
    rng = np.random.default_rng(5)
    words = rng.integers(-(2**31), 2**31, (3, 500)).astype("i4")
    longs = rng.integers(-(2**63), 2**63 - 1, (2, 500))
    x, y, z = words
    double, single = longs[0].view("f8"), x.view("f4")
    ours = {
        "double_as_longlong": (double, longs[0]),
        "longlong_as_double": (longs[0], double),
        "float_as_int": (single, x),
        "int_as_float": (x, single),
        "double2hiint": (double, (longs[0] >> 32).astype("i4")),
        "double2loint": (double, longs[0].astype("i4")),
    }
    for name, (given, result) in ours.items():
        got = call(name, result.dtype, given)
        number = ~np.isnan(result) if result.dtype.kind == "f" else np.full(result.size, True)
        if given.dtype.kind == "f":
            number &= ~np.isnan(given)
        np.testing.assert_array_equal(got[number].view("u1"), result[number].view("u1"))
    halves = np.arange(2**16).astype("u2").view("i2")
    np.testing.assert_array_equal(call("half2float", "f4", halves), halves.view("f2").astype("f4"))
    numbers = floats("f4", 3000)
    numbers = numbers[~np.isnan(numbers)]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(call("float2half_rn", "i2", numbers), numbers.astype("f2").view("i2"))
    np.testing.assert_array_equal(call("hiloint2double", "f8", x, y), (x.astype("i8") << 32 | y.astype("u4")).view("f8"))

    def unsigned(a):
        return int(a) & 0xFFFFFFFF

    triples = list(zip(x.tolist(), y.tolist(), z.tolist(), strict=True))
    permuted = [
        int.from_bytes(bytes((unsigned(b) << 32 | unsigned(a)).to_bytes(8, "little")[c >> 4 * k & 7] for k in range(4)), "little")
        for a, b, c in triples
    ]
    assert call("byte_perm", "i4", x, y, z).view("u4").tolist() == permuted
    assert call("umul24", "u4", x, y).tolist() == [unsigned((a & 0xFFFFFF) * (b & 0xFFFFFF)) for a, b, _ in triples]
    assert call("uhadd", "u4", x, y).tolist() == [unsigned(a) + unsigned(b) >> 1 for a, b, _ in triples]
    assert call("urhadd", "u4", x, y).tolist() == [unsigned(a) + unsigned(b) + 1 >> 1 for a, b, _ in triples]
    assert call("usad", "u4", x, y, z).tolist() == [unsigned(abs(unsigned(a) - unsigned(b)) + c) for a, b, c in triples]
    products = [(a, b) for a, b in zip(*longs.tolist(), strict=True)]
    assert call("mul64hi", "i8", *longs).tolist() == [a * b >> 64 for a, b in products]
    assert call("umul64hi", "u8", *longs.view("u8")).tolist() == [(a % 2**64) * (b % 2**64) >> 64 for a, b in products]


def test_remainders_with_their_quotients():
    import math

    @cuda.jit
    def both(x, y, out, bits):
        i = cuda.grid(1)
        out[i], bits[i] = libdevice.remquo(x[i], y[i])

    rng = np.random.default_rng(6)
    x, y = rng.standard_normal(960) * 2.0 ** rng.integers(-40, 40, 960), rng.standard_normal(960)
    y[:40], x[:3] = 1.7e308, (1.7e308, -1.6e308, 1e308)
    out, bits = np.zeros(960), np.zeros(960, "i4")
    both[30, 32](x, y, out, bits)
    assert out.tolist() == [math.remainder(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    for a, b, rest, n in zip(x.tolist(), y.tolist(), out.tolist(), bits.tolist(), strict=True):
        quotient = (gmpy2.mpq(a) - gmpy2.mpq(rest)) / gmpy2.mpq(b)
        assert quotient.denominator == 1
        assert abs(n) == abs(int(quotient)) % 8 and (n == 0 or (n < 0) == (quotient < 0))
    assert call("llround", "i8", np.array([0.5, -0.5, 2.5, 1e15 + 0.5, 0.49999999999999994])).tolist() == [
        1,
        -1,
        3,
        10**15 + 1,
        0,
    ]
    assert call("llroundf", "i8", np.array([0.5, -1.5, 7.25], "f4")).tolist() == [1, -2, 7]


def test_products_to_nearest_are_not_merged():
    @cuda.jit
    def apart(x, out):
        out[0] = libdevice.dmul_rn(x[0], x[1]) - x[2]
        out[1] = libdevice.dadd_rn(x[0] * x[1], -x[2])

    x = np.array([1 + 2.0**-30, 1 + 2.0**-30, 0.0])
    x[2] = x[0] * x[1]
    out = np.ones(2)
    apart[1, 1](x, out)
    assert out.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["j0", "j1", "y0", "y1"])
def test_bessel_functions_of_order_0_and_1(name):
    rng = np.random.default_rng(4)
    x = np.concatenate(
        [rng.uniform(0, 8, 100), rng.uniform(8, 100, 100), 10.0 ** rng.uniform(-300, 40, 60), [7.999999, 8, 8.0001]]
    )
    function = {"j": mpmath.besselj, "y": mpmath.bessely}[name[0]]
    with mpmath.workdps(80):
        exact = np.array([float(function(int(name[1]), mpmath.mpf(v))) for v in x.tolist()])
    size = np.maximum(np.minimum(1, np.sqrt(2 / np.pi / x)), abs(exact))
    assert np.all(abs(call(name, np.float64, x) - exact) <= 1.3e-15 * size)
    narrow = x[(x > 1e-30) & (x < 1e30)].astype(np.float32)
    wide = call(name, np.float64, narrow.astype(np.float64))
    np.testing.assert_array_equal(call(name + "f", np.float32, narrow), wide.astype(np.float32))
    ends = call(name, np.float64, np.array([0.0, -0.0, np.inf, np.nan, -3.5]))
    at_zero = {"j0": 1, "j1": 0, "y0": -np.inf, "y1": -np.inf}[name]
    below = {"j0": float(mpmath.j0(3.5)), "j1": -float(mpmath.j1(3.5))}.get(name, np.nan)
    np.testing.assert_allclose(ends, [at_zero, at_zero, 0, np.nan, below], rtol=1e-14)


@pytest.mark.parametrize("name", ["jn", "yn"])
def test_bessel_functions_of_order_n(name):
    rng = np.random.default_rng(5)
    n = rng.integers(0, 60, 200).astype(np.int32)
    x = rng.uniform(0, 100, 200) * rng.choice([1e-12, 0.01, 1], 200)
    function = {"j": mpmath.besselj, "y": mpmath.bessely}[name[0]]
    with mpmath.workdps(60):
        exact = np.array([float(function(int(k), mpmath.mpf(v))) for k, v in zip(n, x.tolist(), strict=True)])
    size = np.maximum(np.where(x > n, np.sqrt(2 / np.pi / x), 0), abs(exact))
    with np.errstate(invalid="ignore"):
        close = abs(call(name, np.float64, n, x) - exact) <= 2e-13 * size
    assert np.all(close | np.isinf(exact))
    narrow = call(name + "f", np.float32, n, x.astype(np.float32))
    with np.errstate(over="ignore"):
        wide = call(name, np.float64, n, x.astype(np.float32).astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(narrow, wide)
    assert np.isnan(call(name, np.float64, np.array([-1, 3], np.int32), np.array([1.0, np.nan]))).all()
    if name == "jn":
        n, x = np.arange(6, dtype=np.int32), np.full(6, 2.5)
        np.testing.assert_array_equal(call(name, np.float64, n, -x), (-1.0) ** n * call(name, np.float64, n, x))
