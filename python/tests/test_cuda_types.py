"""float16, dates and times in kernels, beside NumPy."""

import numpy as np
import pytest
from onethread import agree

from verdigris import cuda, errors

ONE_DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64("2001-02-03T04:05:06", "s")


def every_half():
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def test_every_float16_is_loaded_and_stored():
    x = every_half()
    bits, wide, back = np.zeros_like(x), np.zeros(x.size, np.float32), np.zeros_like(x)

    @cuda.jit
    def kernel(x, same, wide, back):
        i = cuda.grid(1)
        if i < x.size:
            same[i] = x[i]
            wide[i] = x[i]
            back[i] = wide[i]

    for grid, block in (((1 << 11), 32), ((1 << 16) // 16, 16)):
        kernel[grid, block](x, bits, wide, back)
        np.testing.assert_array_equal(bits, x)
        np.testing.assert_array_equal(np.signbit(bits), np.signbit(x))
        np.testing.assert_array_equal(wide, x.astype(np.float32))
        np.testing.assert_array_equal(back, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_rounding_to_float16_is_numpys(dtype):
    rng = np.random.default_rng(5)
    if dtype is np.int64:
        y = np.concatenate([rng.integers(-70000, 70000, 5000), [2**62, -(2**62), 65519, 65520, 2049, 2051]])
    else:
        halves = every_half()[:0x7C00].astype(np.float64)
        middles = (halves[:-1] + halves[1:]) / 2
        near = [np.nextafter(middles.astype(dtype), dtype(s)) for s in (0, np.inf)]
        y = np.concatenate([middles, *near, -middles, [65519.99, 65520, 1e30, np.inf, -np.inf, np.nan, 1e-30, -0.0]])
    y = y.astype(dtype)
    out = np.zeros(y.size, np.float16)
    cuda.jit(lambda out, y: store(out, y))[(y.size + 31) // 32, 32](out, y)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(out, y.astype(np.float16))


@cuda.jit(device=True)
def store(out, y):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = y[i]


def half_arithmetic(out, x, y):
    i = cuda.grid(1)
    if i < out.shape[0]:
        a, b = x[i], y[i]
        out[i, 0] = a + b
        out[i, 1] = a * b - b
        out[i, 2] = a / b
        out[i, 3] = -a + np.sqrt(np.abs(b))
        out[i, 4] = np.minimum(a, b) + np.maximum(a, b) * np.float16(0.1)
        total = a
        for _ in range(3):
            total += b
        out[i, 5] = total
        out[i, 6] = a if a > b else b
        out[i, 7] = abs(a) * np.int8(3)


def test_float16_arithmetic_rounds_each_operation():
    rng = np.random.default_rng(6)
    x, y = (rng.normal(0, 30, 200).astype(np.float16) for _ in range(2))
    agree(half_arithmetic, 7, 32, np.zeros((200, 8), np.float16), x, y)
    agree(half_arithmetic, 1, 7, np.zeros((7, 8), np.float16), x, y)


def wider(out, x, y):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] * y[i] + np.float32(0.1)


def test_float16_beside_a_wider_type_is_one_of_it():
    x = np.linspace(-3, 3, 50).astype(np.float16)
    agree(wider, 2, 32, np.zeros(50, np.float32), x, np.linspace(0, 1, 50).astype(np.float32))
    agree(wider, 2, 32, np.zeros(50, np.float64), x, np.linspace(0, 1, 50))


def test_functions_of_fp16():
    fp16 = cuda.fp16

    @cuda.jit
    def kernel(out, x, y):
        i = cuda.grid(1)
        if i < out.shape[0]:
            a, b = x[i], y[i]
            out[i, 0] = fp16.hadd(a, b)
            out[i, 1] = fp16.hfma(a, b, a)
            out[i, 2] = fp16.hdiv(a, b)
            out[i, 3] = fp16.hsqrt(fp16.habs(a))
            out[i, 4] = fp16.hmin(a, b) if fp16.hlt(a, b) else fp16.hneg(b)
            out[i, 5] = fp16.hfloor(a)
            out[i, 6] = fp16.hrcp(b)

    rng = np.random.default_rng(7)
    x, y = (rng.normal(0, 3, 100).astype(np.float16) for _ in range(2))
    out = np.zeros((100, 7), np.float16)
    kernel[4, 32](out, x, y)
    fma = (x.astype(np.float64) * y + x).astype(np.float16)
    want = [x + y, fma, x / y, np.sqrt(abs(x)), np.where(x < y, x, -y), np.floor(x), np.float16(1) / y]
    np.testing.assert_array_equal(out, np.stack(want, 1))
    with pytest.raises(errors.UnsupportedError, match="only inside a kernel"):
        fp16.hadd(1, 2)


def test_float16_scalars_records_and_print(capsys):
    dtype = np.dtype([("h", "f2"), ("n", "i4")])

    @cuda.jit
    def kernel(r, h):
        i = cuda.grid(1)
        if i < r.size:
            r[i].h = r[i].h + h
            if i == 0:
                print(h, r[0].h, np.float16(0.1))

    r = np.zeros(3, dtype)
    r["h"] = [1, 2, 3]
    kernel[1, 32](r, np.float16(0.1))
    np.testing.assert_array_equal(r["h"], np.array([1, 2, 3], np.float16) + np.float16(0.1))
    assert capsys.readouterr().out == "0.1 1.1 0.1\n"


# --- dates and times ---


def date_arithmetic(out, dates, spans, other):
    i = cuda.grid(1)
    if i < dates.size:
        d, s = dates[i], spans[i]
        out[i, 0] = d + s
        out[i, 1] = d - s
        out[i, 2] = d - s * 3
        out[i, 3] = EPOCH + s
        out[i, 4] = max_date(d, other[i])


@cuda.jit(device=True)
def max_date(a, b):
    return a if a > b else b


def span_arithmetic(out, numbers, spans, dates, other):
    i = cuda.grid(1)
    if i < dates.size:
        s = spans[i]
        out[i, 0] = s + s - ONE_DAY
        out[i, 1] = dates[i] - other[i]
        out[i, 2] = s * 2 + 3 * s
        out[i, 3] = s // 7
        out[i, 4] = -s + abs(s)
        out[i, 5] = s * 0.5
        out[i, 6] = s / 4
        numbers[i, 0] = (s < ONE_DAY) + 2 * (s == s) + 4 * (dates[i] != dates[i]) + 8 * (dates[i] >= other[i])
        numbers[i, 1] = np.isnat(s) + 2 * np.isnat(dates[i])
        numbers[i, 2] = s / ONE_DAY


def simulated(kernel, *args):
    import onethread

    def named(a, b):
        return a if a > b else b

    world = kernel.__globals__
    kept = world.get("max_date")
    world["max_date"] = named
    try:
        onethread.run(kernel, 1, 32, *args)
    finally:
        world["max_date"] = kept


@pytest.mark.parametrize("unit", ["s", "h", "D", "ns"])
def test_dates_and_times(unit):
    rng = np.random.default_rng(8)
    step = {"s": 86400, "h": 24, "D": 1, "ns": 86400 * 10**9}[unit]
    spans = (rng.integers(-20, 20, 30) * step + 1).astype(f"m8[{unit}]")
    dates = (rng.integers(0, 9000, 30) * step).astype(f"M8[{unit}]")
    other = (rng.integers(0, 9000, 30) * step).astype(f"M8[{unit}]")
    spans[3] = np.timedelta64("NaT")
    dates[5] = np.datetime64("NaT")
    fine = "ns" if unit == "ns" else "s"
    ours, theirs = np.zeros((30, 5), f"M8[{fine}]"), np.zeros((30, 5), f"M8[{fine}]")
    cuda.jit(date_arithmetic)[1, 32](ours, dates, spans, other)
    simulated(date_arithmetic, theirs, dates, spans, other)
    np.testing.assert_array_equal(ours, theirs)
    spent = [np.zeros((30, 7), f"m8[{fine}]") for _ in range(2)]
    numbers = [np.zeros((30, 3)) for _ in range(2)]
    cuda.jit(span_arithmetic)[1, 32](spent[0], numbers[0], spans, dates, other)
    simulated(span_arithmetic, spent[1], numbers[1], spans, dates, other)
    np.testing.assert_array_equal(*spent)
    np.testing.assert_array_equal(*numbers)


def test_dates_as_scalars_and_faults():
    @cuda.jit
    def kernel(out, d, s):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = d + s * i

    out = np.zeros(4, "M8[D]")
    kernel[1, 4](out, np.datetime64("2024-02-28"), np.timedelta64(1, "D"))
    assert out.tolist() == np.arange("2024-02-28", "2024-03-03", dtype="M8[D]").tolist()
    for wrong in (lambda d: d * 2, lambda d: d + d, lambda d: d < 3, lambda d: 1 if d else 2):
        with pytest.raises(errors.TypingError, match="datetime64"):
            apply(wrong)
    with pytest.raises(errors.TypingError, match=r"datetime64\[M\]"):
        cuda.jit(lambda x, d: d - x[0])[1, 1](out, np.datetime64("2024-01"))


def apply(function):
    device = cuda.jit(device=True)(function)

    @cuda.jit
    def kernel(d):
        device(d)

    kernel[1, 1](np.datetime64("2024-01-01"))
