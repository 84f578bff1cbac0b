"""Assignments inside expressions, keyword-only parameters, strings as arguments, and what is known of types: beside CPython."""

import numpy as np
import pytest
from onethread import agree

from verdigris import cuda, errors


def after_other_parts(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] + (y := x[i] * 2) + y
        out[i] += y


def in_later_operands(out, x):
    i = cuda.grid(1)
    if i < out.size and (v := x[i]) > 2 and (w := v * 3) < 30:
        out[i] = v + w
    elif i < out.size and not (x[i] < 1 or (u := x[i] - 1) > 5):
        out[i] = -u


def in_tests_of_while(out, x):
    i = cuda.grid(1)
    if i < out.size:
        n = i
        total = 0.0
        while n < x.size and (c := x[n]) != 0:
            total += c
            n += 1
        out[i] = total


def of_the_same_name(out, x):
    i = cuda.grid(1)
    if i < out.size:
        a = x[i]
        out[i] = a * 100 + (a := a + 1) * 10 + (a := a * 2)


def in_arms(out, x):
    i = cuda.grid(1)
    if i < out.size:
        v = (p := x[i] * 2) + 1 if x[i] > 3 else (q := x[i] - 7) * 2
        out[i] = v + (p if x[i] > 3 else q)


def in_calls_and_indexes(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = max(x[i], (m := i % 3), m + 1) + x[(k := (i + m) % x.size)] * k


def in_lambdas(out, x):
    i = cuda.grid(1)
    if i < out.size:
        f = lambda a: a + (b := a * a) + b  # noqa: E731
        out[i] = f(x[i])


def in_comparisons(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] < (b := x[i] * x[i] - 1) < b + x[i]


@pytest.mark.parametrize(
    "kernel",
    [
        after_other_parts,
        in_later_operands,
        in_tests_of_while,
        of_the_same_name,
        in_arms,
        in_calls_and_indexes,
        in_lambdas,
        in_comparisons,
    ],
)
def test_assignments_in_expressions(kernel):
    x = np.array([3.0, 1, 0, 4, 9, 2, 5, 0, 7, 6, 11, 1, 8])
    agree(kernel, 2, 8, np.zeros(x.size), x)


def test_where_an_assignment_cannot_stand():
    @cuda.jit
    def kernel(out, x):
        out[0] = x[0] and (y := x[1])
        out[1] = y

    with pytest.raises(errors.UnsupportedError, match="in this place is not supported"):
        kernel[1, 1](np.zeros(2), np.zeros(2))


@cuda.jit(device=True)
def scaled(a, *rest, scale=2.0, shift):
    total = a * scale + shift
    for item in rest:
        total += item
    return total


@cuda.jit(device=True)
def moved(a, *, by=1):
    return a + by


def test_keyword_only_parameters():
    @cuda.jit
    def kernel(out):
        def inner(x, *, y=3):
            return x * y

        out[0] = scaled(3.0, shift=1.0)
        out[1] = scaled(3.0, 10.0, 20.0, shift=0.5, scale=4.0)
        out[2] = moved(5) + moved(5, by=2)
        out[3] = inner(2) + inner(2, y=5)

    out = np.zeros(4)
    kernel[1, 1](out)
    plain, simple = scaled.py_func, moved.py_func
    want = [plain(3.0, shift=1.0), plain(3.0, 10.0, 20.0, shift=0.5, scale=4.0), simple(5) + simple(5, by=2), 16]
    np.testing.assert_array_equal(out, want)


def test_keyword_only_parameters_want_their_names():
    for call, message in (
        ("moved(1, 2)", r"takes 1 argument but 2 were given"),
        ("scaled(1.0)", "needs an argument for `shift`"),
    ):
        names = {"moved": moved, "scaled": scaled}
        text = f"def kernel(out):\n    out[0] = {call}\n"
        with pytest.raises(errors.TypingError, match=message):
            cuda.jit(made(text, names)["kernel"])[1, 1](np.zeros(1))

    @cuda.jit
    def kernel(out, *, factor=3):
        out[0] = factor

    out = np.zeros(1)
    kernel[1, 1](out)
    assert out[0] == 3
    with pytest.raises(errors.VerdigrisError, match=r"1 argument"):
        kernel[1, 1](out, 4)


def made(text, names):
    import linecache

    linecache.cache["<made>"] = (len(text), None, text.splitlines(True), "<made>")
    exec(compile(text, "<made>", "exec"), names)
    return names


def test_constant_strings_are_passed_to_device_functions():
    @cuda.jit(device=True)
    def combined(a, b, how="sum"):
        if how == "sum":
            return a + b
        if how in ("product", "times"):
            return a * b
        return a - b

    @cuda.jit
    def kernel(out, x):
        out[0] = combined(x[0], x[1])
        out[1] = combined(x[0], x[1], "times")
        out[2] = combined(x[0], x[1], how="other")

    out, x = np.zeros(3), np.array([7.0, 5.0])
    kernel[1, 1](out, x)
    np.testing.assert_array_equal(out, [combined.py_func(*x, how) for how in ("sum", "times", "other")])
    with pytest.raises(errors.ArgumentError, match="a str"):
        kernel[1, 1](out, "text")


def test_any_all_and_ord():
    @cuda.jit
    def kernel(text, out, flags):
        i = cuda.grid(1)
        c = text[i]
        out[0, i] = any((c == ord("o"), c == ord("b"), c == ord(b" ")))
        out[1, i] = all((ord("a") <= c, c <= ord("z"), True))
        out[2, i] = any(flags) + 2 * all(flags) + 4 * any(()) + 8 * all(())

    text = np.frombuffer(b"foo bar Baz", np.uint8)
    for flags in (np.array([True, True]), np.array([False, True]), np.zeros(3, bool), np.zeros(0, bool)):
        out = np.zeros((3, text.size), np.int64)
        kernel[1, text.size](text, out, flags)
        np.testing.assert_array_equal(out[0], [chr(c) in "ob " for c in text])
        np.testing.assert_array_equal(out[1], [chr(c).islower() for c in text])
        assert set(out[2]) == {any(flags) + 2 * all(flags) + 8}


def test_limits_of_types():
    @cuda.jit
    def floats(x, out):
        dtype = x.dtype
        out[0] = np.finfo(dtype).eps
        out[1] = np.finfo(dtype).max
        out[2] = np.finfo(dtype).min
        out[3] = np.finfo(dtype).tiny
        out[4] = np.finfo(dtype).smallest_subnormal
        out[5] = np.finfo(dtype).bits
        out[6] = np.finfo(dtype).precision

    for dtype in (np.float16, np.float32, np.float64):
        out, of = np.zeros(7), np.finfo(dtype)
        floats[1, 1](np.zeros(1, dtype), out)
        np.testing.assert_array_equal(out, [of.eps, of.max, of.min, of.tiny, of.smallest_subnormal, of.bits, of.precision])

    @cuda.jit
    def integers(x, out):
        limits = np.iinfo(x.dtype)
        out[0], out[1] = limits.min, limits.max
        x[0] = np.iinfo(x.dtype).bits

    for dtype in "bhilBHIL":
        x, of = np.zeros(1, dtype), np.iinfo(dtype)
        out = np.zeros(2, np.uint64 if dtype == "L" else np.int64)
        integers[1, 1](x, out)
        assert (out.tolist(), x[0]) == ([of.min, of.max], of.bits)

    @cuda.jit
    def wrong(x):
        x[0] = np.finfo(np.int32).max

    with pytest.raises(errors.TypingError, match=r"`np.finfo` is of floats"):
        wrong[1, 1](np.zeros(1))


def test_a_variable_is_reshaped_in_a_loop():
    def kernel(a, out, laps):
        b = a
        for _ in range(laps):
            a = a.reshape(a.size)
            a = a.reshape(4, 3)
            b = b.reshape(2, 6) if laps > 2 else b.reshape(6, 2)
            b = b.reshape(3, b.size // 3)
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                out[i * a.shape[1] + j] = a[i, j]
        for i in range(b.shape[0]):
            for j in range(b.shape[1]):
                out[i * b.shape[1] + j] += 100 * b[i, j]
        a[0, 1] = -1

    compiled = cuda.jit(kernel)
    for laps in (0, 1, 4):
        for order in "CF":
            a = np.asarray(np.arange(12.0).reshape(4, 3), order=order)
            got, want, other = np.zeros(12), np.zeros(12), a.copy()
            compiled[1, 1](a, got, laps)
            kernel(other, want, laps)
            np.testing.assert_array_equal(got, want)
            assert a[0, 1] == -1


def test_count_nonzero_of_numbers():
    @cuda.jit
    def kernel(x, out):
        out[0] = np.count_nonzero(x[0]) + 2 * np.count_nonzero(x[1] * 1j) + 4 * np.count_nonzero(3)

    out = np.zeros(1)
    kernel[1, 1](np.array([0.0, 2.0]), out)
    assert out[0] == 6


REFUSED = {
    "np.zeros(3)": "a kernel makes no arrays",
    "np.arange(3)": "a kernel makes no arrays",
    "a.copy()": "a kernel makes no arrays",
    "a.astype(np.int32)": "convert elements",
    "a.ctypes.data": "kernels have no addresses",
    "np.dot(a, a)": "write the loop",
    "a.dot(a)": "write the loop",
    "np.random.rand()": "`cuda.random`",
    "sorted(a)": "a tuple of fixed length",
    'f"{a[0]}"': "has to be known when the function is compiled",
    "str(a[0])": "strings cannot be built",
    "type(a)": "types are known",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_refused_says_what_to_do(expression):
    kernel = made(f"def kernel(a):\n    a[0] = {expression}\n", {"np": np})["kernel"]
    with pytest.raises(errors.VerdigrisError) as raised:
        cuda.jit(kernel)[1, 1](np.zeros(3))
    assert REFUSED[expression] in str(raised.value)
