"""`cmath` in kernels, against CPython's."""

import cmath
import linecache

import numpy as np
import pytest

from verdigris import cuda

NAMES = [
    *("exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("asin", "acos", "atan", "asinh", "acosh", "atanh"),
]


def kernel_of(expression):
    text = f"def kernel(z, out):\n    i = cuda.grid(1)\n    if i < z.size:\n        out[i] = {expression}\n"
    name = f"<cmath {expression}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {"cuda": cuda, "cmath": cmath}
    exec(compile(text, name, "exec"), names)
    return cuda.jit(names["kernel"], fma=False)


def numbers():
    rng = np.random.default_rng(0)
    near = rng.standard_normal(2000) + 1j * rng.standard_normal(2000)
    sizes = 10.0 ** rng.uniform(-12, 2, 1000) * np.exp(1j * rng.uniform(-np.pi, np.pi, 1000))
    parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e-9]
    edges = np.array([complex(x, y) for x in parts for y in parts])
    return np.concatenate([near, sizes, edges])


@pytest.mark.parametrize("name", NAMES)
def test_functions(name):
    function = getattr(cmath, name)
    z, expected = [], []
    for x in numbers():
        try:
            expected.append(function(complex(x)))
        except (ValueError, OverflowError):
            continue
        z.append(x)
    z, expected = np.array(z), np.array(expected)
    out = np.zeros_like(z)
    kernel_of(f"cmath.{name}(z[i])")[(z.size + 63) // 64, 64](z, out)
    # Of the number as a whole; near the zeros of a part its own digits are lost in CPython too.
    error = np.abs(out - expected) / np.maximum(np.abs(expected), 1e-300)
    assert error.max() < 4e-15, (z[error.argmax()], out[error.argmax()], expected[error.argmax()])
    # Which side of a branch cut a number is on is told by its zero's sign.
    on_axis = (z.real == 0) | (z.imag == 0)
    for part in (np.real, np.imag):
        wrong = on_axis & (part(expected) != 0) & (np.sign(part(out)) != np.sign(part(expected)))
        assert not wrong.any(), z[wrong]


def test_polar_forms_and_tests():
    z = numbers()
    out = np.zeros((z.size, 3))

    @cuda.jit
    def kernel(z, out, back):
        i = cuda.grid(1)
        if i < z.size:
            length, angle = cmath.polar(z[i])
            out[i, 0] = length
            out[i, 1] = angle
            out[i, 2] = cmath.phase(z[i])
            back[i] = cmath.rect(length, angle)

    back = np.zeros_like(z)
    kernel[(z.size + 63) // 64, 64](z, out, back)
    np.testing.assert_allclose(out[:, 0], np.abs(z), rtol=1e-15)
    np.testing.assert_allclose(out[:, 1], np.angle(z), rtol=1e-15)
    np.testing.assert_array_equal(out[:, 1], out[:, 2])
    np.testing.assert_allclose(back, z, rtol=1e-15, atol=1e-15)
    special = np.array([1 + 1j, complex("nan"), complex(np.inf, 0), complex(0, -np.inf), complex(np.nan, np.inf)])
    for name in ("isnan", "isinf", "isfinite"):
        flags = np.zeros(special.size, np.bool_)
        kernel_of(f"cmath.{name}(z[i])")[1, 8](special, flags)
        assert flags.tolist() == [getattr(cmath, name)(complex(x)) for x in special]


def test_types():
    z = (numbers()[:100]).astype(np.complex64)
    out = np.zeros_like(z)
    kernel_of("cmath.sqrt(z[i]) + cmath.exp(z[i])")[2, 64](z, out)
    np.testing.assert_allclose(out, np.sqrt(z) + np.exp(z), rtol=1e-5)
    x, root = np.array([-4.0, 9.0]), np.zeros(2, np.complex128)
    kernel_of("cmath.sqrt(z[i])")[1, 2](x, root)
    np.testing.assert_allclose(root, [2j, 3])


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "atanh", "acos", "asinh"])
def test_large_and_small_numbers(name):
    parts = [1e300, -1e300, 1e-300, 1e155, 700.0, -745.0, 5e-324]
    z, expected = [], []
    for x in parts:
        for y in [*parts, 0.0]:
            try:
                expected.append(getattr(cmath, name)(complex(x, y)))
            except (ValueError, OverflowError):
                continue
            z.append(complex(x, y))
    z, expected = np.array(z), np.array(expected)
    out = np.zeros_like(z)
    kernel_of(f"cmath.{name}(z[i])")[1, 64](z, out)
    error = np.abs(out - expected) / np.maximum(np.abs(expected), 1e-290)
    assert error.max() < 1e-13, (z[error.argmax()], out[error.argmax()], expected[error.argmax()])


def test_rect_of_what_is_not_finite():
    parts = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]
    lengths, angles, expected = [], [], []
    for r in parts:
        for phi in parts:
            try:
                expected.append(cmath.rect(r, phi))
            except ValueError:
                continue
            lengths.append(r)
            angles.append(phi)

    @cuda.jit
    def kernel(r, phi, out):
        i = cuda.grid(1)
        if i < r.size:
            out[i] = cmath.rect(r[i], phi[i])

    out, expected = np.zeros(len(expected), np.complex128), np.array(expected)
    kernel[2, 32](np.array(lengths), np.array(angles), out)
    for got, want in [(out.real, expected.real), (out.imag, expected.imag)]:
        np.testing.assert_allclose(got, want, rtol=1e-15)
        there = ~np.isnan(want)
        np.testing.assert_array_equal(np.signbit(got[there]), np.signbit(want[there]))
