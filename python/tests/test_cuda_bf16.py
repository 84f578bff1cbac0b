"""bfloat16 in kernels, beside ml_dtypes, and beside exact fractions where one rounding is at stake."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from verdigris import cuda, errors, typeof, types, vectorize
from verdigris.cuda import bf16
from verdigris.cuda.bf16 import bfloat16

BF16 = np.dtype(ml_dtypes.bfloat16)


def every():
    return np.arange(1 << 16, dtype=np.uint16).view(BF16)


def same(got, want):
    """Equal in every bit, NaNs counting as one."""
    got, want = np.asarray(got), np.asarray(want).astype(np.asarray(got).dtype)
    both = np.isnan(got.astype(np.float32)) & np.isnan(want.astype(np.float32))
    bits = f"u{got.dtype.itemsize}"
    np.testing.assert_array_equal(np.where(both, 0, got.view(bits)), np.where(both, 0, want.view(bits)))


def samples(count=4000, seed=5):
    """Floats all over float32's range, halfway cases among them."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << 32, count, dtype=np.uint32)
    bits[: count // 2] = bits[: count // 2] & 0xFFFF0000 | 0x8000
    bits[count // 4 : count // 2] += rng.integers(-1, 2, count // 4).astype(np.uint32)
    return bits.view(np.float32)


def test_every_number_is_loaded_stored_widened_and_rounded_back():
    x = every()
    out, wide, bits = np.zeros_like(x), np.zeros(x.size, np.float32), np.zeros(x.size, np.int16)

    @cuda.jit
    def kernel(x, out, wide, bits):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = x[i]
            wide[i] = x[i]
            bits[i] = bf16.bfloat16_as_int16(x[i])

    for grid, block in ((1 << 11, 32), (1 << 12, 16)):
        kernel[grid, block](x, out, wide, bits)
        same(out, x)
        same(wide, x.astype(np.float32))
        same(bits.view(BF16), x)


def test_floats_of_both_widths_are_rounded_once():
    x = samples()
    wide = np.where(np.isnan(x), 0, x).astype(np.float64) * (1 + np.random.default_rng(1).integers(-1, 2, x.size) * 2.0**-40)

    @cuda.jit
    def kernel(x, wide, out, other):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = x[i]
            other[i] = bfloat16(wide[i])

    out, other = np.zeros(x.size, BF16), np.zeros(x.size, BF16)
    kernel[125, 32](x, wide, out, other)
    with np.errstate(over="ignore", invalid="ignore"):
        same(out, x.astype(BF16))
    exact = [nearest(v) for v in wide.tolist()]
    same(other.astype(np.float64), np.array(exact))


def nearest(x, mode=None):
    """The bfloat16 of a float or fraction: the nearest, or rounded in a direction (-1 down, 0 to zero, 1 up)."""
    if isinstance(x, float) and not math.isfinite(x):
        return x
    exact = Fraction(x)
    size = abs(exact)
    if not size:
        return 0.0 * float(x)
    power = max(size.numerator.bit_length() - size.denominator.bit_length() - 8, -133)
    while size >= Fraction(2) ** (power + 8):
        power += 1
    while power > -133 and size < Fraction(2) ** (power + 7):
        power -= 1
    steps = size / Fraction(2) ** power
    below = math.floor(steps)
    if mode is None:
        count = round(steps)
    else:
        up = below != steps and ((mode > 0 and exact > 0) or (mode < 0 and exact < 0))
        count = below + up
    result = Fraction(2) ** power * count
    largest = Fraction(2) ** 120 * 255
    number = math.inf if result > largest else float(result)
    if mode is not None and result > largest and not ((mode > 0 and exact > 0) or (mode < 0 and exact < 0)):
        number = float(largest)
    return math.copysign(number, exact)


def test_operators_round_each_result():
    rng = np.random.default_rng(3)
    x = rng.permutation(every()[: 1 << 15 : 3])
    y = rng.permutation(every())[: x.size]

    @cuda.jit
    def kernel(x, y, out, tests):
        i = cuda.grid(1)
        if i < x.size:
            a, b = x[i], y[i]
            out[0, i] = a + b
            out[1, i] = a - b
            out[2, i] = a * b
            out[3, i] = a / b
            out[4, i] = -b
            out[5, i] = abs(b)
            c = a
            c *= b
            c += a
            out[6, i] = c
            out[7, i] = a if a < b else b
            tests[0, i], tests[1, i], tests[2, i] = a < b, a == b, a >= b

    out, tests = np.zeros((8, x.size), BF16), np.zeros((3, x.size), bool)
    kernel[x.size // 64 + 1, 64](x, y, out, tests)
    with np.errstate(all="ignore"):
        wide, other = x.astype(np.float32), y.astype(np.float32)
        product = (wide * other).astype(BF16).astype(np.float32)
        want = [wide + other, wide - other, wide * other, wide / other, -other, abs(other), product + wide]
        want.append(np.where(wide < other, wide, other))
        for got, exact in zip(out, want, strict=True):
            same(got, exact.astype(BF16))
    np.testing.assert_array_equal(tests, [wide < other, wide == other, wide >= other])


def test_beside_other_types():
    x = np.array([1.0078125], BF16)

    @cuda.jit
    def plain(x, small, f32, f64, half, out):
        out[0] = x[0] * small[0]
        out[1] = x[0] * f32[0]
        out[2] = x[0] * f64[0]
        out[3] = x[0] + half[0]
        out[4] = 3 * x[0]

    out = np.zeros(5)
    third, wide, half = np.float32(1 / 3), 1 / 3, np.float16(1 / 3)
    plain[1, 1](x, np.array([3], np.int8), np.array([third]), np.array([wide]), np.array([half]), out)
    one = np.float32(1.0078125)
    assert out.tolist() == [float(BF16.type(one * 3)), one * third, float(one) * wide, one + np.float32(half), float(one) * 3]


def test_numbers_arguments_constants_and_signatures():
    factor = BF16.type(1.5)
    table = np.array([1, 2.5, -3], BF16)

    @cuda.jit("void(bfloat16[::1], bfloat16, float32)")
    def declared(out, x, y):
        out[0] = x * factor
        out[1] = table[1] + bfloat16(y)
        out[2] = table[cuda.threadIdx.x + 2]

    out = np.zeros(3, BF16)
    declared[1, 1](out, BF16.type(3), 0.1)
    same(out, np.array([4.5, BF16.type(2.5) + BF16.type(0.1), -3], BF16))
    assert str(declared.signatures[0][0]) == "array(bfloat16, 1d, C)"
    assert typeof(out) == types.bfloat16[::1]
    assert types.bfloat16.bitwidth == 16 and types.bfloat16.dtype == BF16 and types.bfloat16(1.3) == BF16.type(1.3)
    device = cuda.to_device(np.arange(6).astype(BF16).reshape(2, 3))
    same(device.T.copy_to_host(), np.arange(6).astype(BF16).reshape(2, 3).T)
    same(cuda.device_array(4, types.bfloat16.dtype).copy_to_host(), np.zeros(4, BF16))


def test_shared_local_records_recursion_and_print(capsys):
    dtype = np.dtype([("b", BF16), ("n", "i4")])

    @cuda.jit(device=True)
    def halved(x, n):
        if n == 0:
            return x
        return halved(x / bfloat16(2), n - 1)

    @cuda.jit
    def kernel(records, out):
        tile = cuda.shared.array(32, bfloat16)
        own = cuda.local.array(4, "bfloat16")
        t = cuda.threadIdx.x
        tile[t] = records[t].b
        own[t % 4] = bfloat16(t)
        cuda.syncthreads()
        out[t] = halved(tile[31 - t], records[t]["n"]) + own[t % 4]
        if t == 3:
            print(tile[t], (bfloat16(0.1), bfloat16(1e30)))

    records = np.zeros(32, dtype)
    records["b"], records["n"] = np.linspace(-4, 4, 32).astype(BF16), np.arange(32) % 5
    out = np.zeros(32, BF16)
    kernel[1, 32](records, out)
    b = records["b"][::-1].astype(np.float32)
    for n in range(4):
        b = np.where(records["n"] > n, (b / 2).astype(BF16).astype(np.float32), b)
    same(out, (b + np.arange(32)).astype(BF16))
    assert capsys.readouterr().out == f"{records['b'][3]} {BF16.type(0.1), BF16.type(1e30)}\n"


ONE = {
    "habs": abs,
    "hneg": np.negative,
    "hfloor": np.floor,
    "hceil": np.ceil,
    "htrunc": np.trunc,
    "hrint": np.rint,
    "hsqrt": np.sqrt,
    "hrcp": lambda x: 1 / x,
    "hrsqrt": lambda x: 1 / np.sqrt(x),
    "hlog": np.log,
    "hlog2": np.log2,
    "hlog10": np.log10,
    "hexp": np.exp,
    "hexp2": np.exp2,
    "hexp10": lambda x: 10.0**x,
    "hsin": np.sin,
    "hcos": np.cos,
    "htanh": np.tanh,
    "htanh_approx": np.tanh,
}


@pytest.mark.parametrize("name", ONE)
def test_functions_of_every_number(name):
    function, x = getattr(bf16, name), every()

    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = function(x[i])

    out = np.zeros_like(x)
    kernel[1 << 11, 32](x, out)
    with np.errstate(all="ignore"):
        want = ONE[name](x.astype(np.float64))
        if name in ("hlog", "hlog2", "hlog10", "hrsqrt", "hsqrt"):
            want = np.where(x.astype(np.float64) < 0, np.nan, want)
        exact = np.abs(out.astype(np.float64) - want) <= 0.502 * np.spacing(np.abs(want).astype(BF16)).astype(np.float64)
        same(out[~exact], want.astype(BF16)[~exact])


def test_math_functions_give_bfloat16():
    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        out[0, i] = math.exp(x[i])
        out[1, i] = math.sqrt(x[i])
        out[2, i] = math.floor(x[i])
        out[3, i] = np.tanh(x[i])

    x = np.linspace(0, 5, 32).astype(BF16)
    out = np.zeros((4, 32))
    kernel[1, 32](x, out)
    wide = x.astype(np.float64)
    for got, want in zip(out, [np.exp(wide), np.sqrt(wide), np.floor(wide), np.tanh(wide)], strict=True):
        same(got, want.astype(BF16).astype(np.float64))


def test_sums_of_products_and_their_kinds_are_rounded_once():
    rng = np.random.default_rng(8)
    x, y, z = (rng.integers(0, 1 << 16, 3000).astype(np.uint16).view(BF16) for _ in range(3))
    # Ties that a third number far below decides.
    x[:500], y[:500] = BF16.type(1 + 2**-7), (1 + np.arange(500) % 128 * 2.0**-7).astype(BF16)
    z[:500] = (np.where(np.arange(500) % 2, 1, -1) * 2.0 ** -(40 + np.arange(500) % 80)).astype(BF16)

    @cuda.jit
    def kernel(x, y, z, out):
        i = cuda.grid(1)
        if i < x.size:
            out[0, i] = bf16.hfma(x[i], y[i], z[i])
            out[1, i] = bf16.hfma_sat(x[i], y[i], z[i])
            out[2, i] = bf16.hfma_relu(x[i], y[i], z[i])
            out[3, i] = bf16.hadd_sat(x[i], y[i])
            out[4, i] = bf16.hmul_sat(x[i], y[i])
            out[5, i] = bf16.hsub_rn(x[i], y[i])

    out = np.zeros((6, x.size), BF16)
    kernel[94, 32](x, y, z, out)
    for i in range(x.size):
        a, b, c = (float(v[i]) for v in (x, y, z))
        if not all(map(math.isfinite, (a, b, c))):
            with np.errstate(all="ignore"):
                assert math.isnan(out[0, i]) == bool(np.isnan(np.float64(a) * b + c)) or not math.isfinite(out[0, i])
            continue
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        got = [float(v) for v in out[:, i]]
        assert got[0] == nearest(exact), (a, b, c)
        assert got[1] == nearest(min(max(exact, 0), 1))
        assert got[2] == nearest(max(exact, 0))
        assert got[3] == nearest(min(max(Fraction(a) + Fraction(b), 0), 1))
        assert got[4] == nearest(min(max(Fraction(a) * Fraction(b), 0), 1))
        assert got[5] == nearest(Fraction(a) - Fraction(b))


def test_comparisons_and_extremes_of_unordered_numbers():
    some = np.array([0.0, -0.0, 1, -2, np.inf, -np.inf, np.nan], BF16)
    x, y = (v.ravel().copy() for v in np.meshgrid(some, some))
    names = [f"h{op}{kind}" for op in ("eq", "ne", "ge", "gt", "le", "lt") for kind in ("", "u")]
    tests = tuple(getattr(bf16, name) for name in names)

    @cuda.jit
    def kernel(x, y, out, extremes, kinds):
        i = cuda.grid(1)
        if i < x.size:
            for n, test in enumerate(tests):
                out[n, i] = test(x[i], y[i])
            extremes[0, i] = bf16.hmax(x[i], y[i])
            extremes[1, i] = bf16.hmin(x[i], y[i])
            extremes[2, i] = bf16.hmax_nan(x[i], y[i])
            extremes[3, i] = bf16.hmin_nan(x[i], y[i])
            kinds[0, i], kinds[1, i] = bf16.hisinf(x[i]), bf16.hisnan(x[i])

    out, extremes, kinds = np.zeros((12, x.size), bool), np.zeros((4, x.size), BF16), np.zeros((2, x.size), np.int32)
    kernel[2, 32](x, y, out, extremes, kinds)
    a, b = x.astype(np.float32), y.astype(np.float32)
    nan = np.isnan(a) | np.isnan(b)
    for n, name in enumerate(names):
        plain = {"eq": a == b, "ne": a != b, "ge": a >= b, "gt": a > b, "le": a <= b, "lt": a < b}[name[1:3]]
        np.testing.assert_array_equal(out[n], plain | nan if name.endswith("u") else plain & ~nan, name)
    np.testing.assert_array_equal(kinds, [np.isinf(a) * np.sign(np.nan_to_num(a)), np.isnan(a)])
    for n, function in enumerate((np.fmax, np.fmin, np.maximum, np.minimum)):
        np.testing.assert_array_equal(extremes[n].astype(np.float32), function(a, b))
    zeros = (a == 0) & (b == 0)
    np.testing.assert_array_equal(np.signbit(extremes[0][zeros]), np.signbit(a[zeros]) & np.signbit(b[zeros]))
    np.testing.assert_array_equal(np.signbit(extremes[1][zeros]), np.signbit(a[zeros]) | np.signbit(b[zeros]))


MODES = {"rn": None, "rz": 0, "rd": -1, "ru": 1}


@pytest.mark.parametrize("name", ["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32"])
def test_conversions_in_four_directions(name):
    rng = np.random.default_rng(2)
    if name == "float32":
        x = np.concatenate([samples(600), np.float32([0.0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1e-45])])
    else:
        info = np.iinfo(name)
        x = rng.integers(info.min, info.max, 600, dtype=name, endpoint=True)
        x[:200] >>= rng.integers(0, info.bits - 8, 200, dtype=name)
        # Just beside the middle between two.
        if info.bits > 16:
            high = (rng.integers(128, 256, 200).astype(object) * 2 + 1) << info.bits - 11
            x[200:400] = [h + int(d) for h, d in zip(high, rng.integers(-1, 2, 200), strict=True)]
        x[-2:] = info.min, info.max
    functions = tuple(getattr(bf16, f"{name}_to_bfloat16_{how}") for how in MODES)

    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        if i < x.size:
            for n, function in enumerate(functions):
                out[n, i] = function(x[i])

    out = np.zeros((4, x.size), BF16)
    kernel[x.size // 32 + 1, 32](x, out)
    for got, mode in zip(out, MODES.values(), strict=True):
        want = np.array([nearest(v, mode) for v in x.tolist()])
        same(got.astype(np.float64), want)


def test_to_integers_in_four_directions():
    names = ("int16", "uint16", "int32", "uint32", "int64", "uint64")
    x = np.concatenate([np.linspace(-40, 40, 161), [0.0, 3e4, -3e4, 6e4, 1e9, -1e9, 3e9, 1e18, -1e18, 1e19]]).astype(BF16)
    chosen = tuple(getattr(bf16, f"bfloat16_to_{name}_{how}") for name in names for how in MODES)

    @cuda.jit
    def kernel(x, out, small):
        i = cuda.grid(1)
        if i < x.size:
            for n, function in enumerate(chosen):
                out[n, i] = function(x[i])
            small[0, i], small[1, i] = bf16.bfloat16_to_int8_rz(x[i]), bf16.bfloat16_to_uint8_rz(x[i])

    found, small = np.zeros((24, x.size)), np.zeros((2, x.size), np.int64)
    kernel[6, 32](x, found, small)
    wide = x.astype(np.float64)
    rows = iter(found)
    for name in names:
        info = np.iinfo(name)
        for whole in (np.rint, np.trunc, np.floor, np.ceil):
            want = np.clip(whole(wide), float(info.min), float(info.max))
            np.testing.assert_array_equal(next(rows), want, name)
    np.testing.assert_array_equal(small, [np.clip(np.trunc(wide), -128, 127), np.clip(np.trunc(wide), 0, 255)])


def test_bits_and_cudas_own_names():
    @cuda.jit
    def kernel(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[0, i] = bf16.bfloat16_as_int16(bf16.int16_as_bfloat16(x[i]))
            out[1, i] = bf16.ushort_as_bfloat16(x[i]).view(np.int16)
            out[2, i] = bf16.bfloat16_as_short(bf16.float2bfloat16_rz(bf16.bfloat162float(bf16.short_as_bfloat16(x[i]))))

    x = every()[np.isfinite(every().astype(np.float32))].view(np.int16)
    out = np.zeros((3, x.size), np.int16)
    kernel[x.size // 32 + 1, 32](x, out)
    np.testing.assert_array_equal(out, [x, x, x])
    assert bf16.ll2bfloat16_ru is bf16.int64_to_bfloat16_ru and bf16.bfloat162ull_rd is bf16.bfloat16_to_uint64_rd


def test_float16_is_seen_as_integers_and_back():
    x = np.arange(1 << 16, dtype=np.uint16)

    @cuda.jit
    def kernel(x, wide, back):
        i = cuda.grid(1)
        if i < x.size:
            half = x[i].view(np.float16)
            wide[i] = half
            back[i] = half.view(np.uint16)

    wide, back = np.zeros(x.size, np.float32), np.zeros_like(x)
    kernel[1 << 11, 32](x, wide, back)
    same(wide, x.view(np.float16).astype(np.float32))
    finite = ~np.isnan(x.view(np.float16))
    np.testing.assert_array_equal(back[finite], x[finite])


def test_what_is_refused_says_so():
    with pytest.raises(errors.ArgumentError, match="no loops of bfloat16"):
        vectorize(["bfloat16(bfloat16)"])(lambda x: x)
    with pytest.raises(errors.VerdigrisError, match="cannot return bfloat16"):
        vectorize(lambda x: bfloat16(x))(np.float32(1))
    with pytest.raises(AttributeError, match="no attribute 'hcosh'"):
        _ = bf16.hcosh
    with pytest.raises(TypeError):
        vectorize(lambda x: x + 1)(np.zeros(3, BF16))

    @cuda.jit
    def summed(x):
        x[0] = x.sum()

    with pytest.raises(errors.UnsupportedError, match="of bfloat16"):
        summed[1, 1](np.zeros(3, BF16))
    assert cuda.is_bfloat16_supported() and cuda.is_float16_supported() and cuda.get_current_device().supports_bfloat16
