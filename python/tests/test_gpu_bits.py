"""A GPU's results are the CPU's, bit for bit: every function of the math library, arithmetic of every type, kernels of many
steps. NaNs count as equal. (On the stand-in of the driver their PTX is interpreted.)"""

import cmath
import math
import os

import numpy as np
import pytest

from verdigris import cuda, vectorize
from verdigris import math as vm

pytestmark = pytest.mark.gpu

ONE = {
    "exp": vectorize(lambda x: math.exp(x)),
    "exp2": vectorize(lambda x: np.exp2(x)),
    "expm1": vectorize(lambda x: math.expm1(x)),
    "log": vectorize(lambda x: math.log(x)),
    "log2": vectorize(lambda x: math.log2(x)),
    "log10": vectorize(lambda x: math.log10(x)),
    "log1p": vectorize(lambda x: math.log1p(x)),
    "sin": vectorize(lambda x: math.sin(x)),
    "cos": vectorize(lambda x: math.cos(x)),
    "tan": vectorize(lambda x: math.tan(x)),
    "asin": vectorize(lambda x: math.asin(x)),
    "acos": vectorize(lambda x: math.acos(x)),
    "atan": vectorize(lambda x: math.atan(x)),
    "sinh": vectorize(lambda x: math.sinh(x)),
    "cosh": vectorize(lambda x: math.cosh(x)),
    "tanh": vectorize(lambda x: math.tanh(x)),
    "asinh": vectorize(lambda x: math.asinh(x)),
    "acosh": vectorize(lambda x: math.acosh(x)),
    "atanh": vectorize(lambda x: math.atanh(x)),
    "cbrt": vectorize(lambda x: np.cbrt(x)),
    "sqrt": vectorize(lambda x: math.sqrt(x)),
    "erf": vectorize(lambda x: math.erf(x)),
    "erfc": vectorize(lambda x: math.erfc(x)),
    "gamma": vectorize(lambda x: math.gamma(x)),
    "lgamma": vectorize(lambda x: math.lgamma(x)),
    "exp10": vectorize(lambda x: vm.exp10(x)),
    "sinpi": vectorize(lambda x: vm.sinpi(x)),
    "cospi": vectorize(lambda x: vm.cospi(x)),
    "rsqrt": vectorize(lambda x: vm.rsqrt(x)),
    "erfinv": vectorize(lambda x: vm.erfinv(x)),
    "erfcinv": vectorize(lambda x: vm.erfcinv(x)),
    "normcdf": vectorize(lambda x: vm.normcdf(x)),
    "normcdfinv": vectorize(lambda x: vm.normcdfinv(x)),
    "floor": vectorize(lambda x: np.floor(x)),
    "rint": vectorize(lambda x: np.rint(x)),
    "reciprocal": vectorize(lambda x: 1 / x),
    "fast exp": vectorize(fastmath=True)(lambda x: math.exp(x)),
    "fast sin": vectorize(fastmath=True)(lambda x: math.sin(x)),
    "fast log": vectorize(fastmath=True)(lambda x: math.log(x)),
    "fast tanh": vectorize(fastmath=True)(lambda x: math.tanh(x)),
}

TWO = {
    "add": vectorize(lambda x, y: x + y),
    "multiply": vectorize(lambda x, y: x * y),
    "divide": vectorize(lambda x, y: x / y),
    "floor division": vectorize(lambda x, y: x // y),
    "modulo": vectorize(lambda x, y: x % y),
    "fused": vectorize(fma=True)(lambda x, y: x * y + y),
    "greatest": vectorize(lambda x, y: max(x, y)),
    "pow": vectorize(lambda x, y: math.pow(x, y)),
    "atan2": vectorize(lambda x, y: math.atan2(x, y)),
    "hypot": vectorize(lambda x, y: math.hypot(x, y)),
    "fmod": vectorize(lambda x, y: math.fmod(x, y)),
    "remainder": vectorize(lambda x, y: math.remainder(x, y)),
    "nextafter": vectorize(lambda x, y: np.nextafter(x, y)),
}

COMPLEX = {
    "exp": vectorize(lambda z: cmath.exp(z)),
    "log": vectorize(lambda z: cmath.log(z)),
    "sqrt": vectorize(lambda z: cmath.sqrt(z)),
    "sin": vectorize(lambda z: cmath.sin(z)),
    "tanh": vectorize(lambda z: cmath.tanh(z)),
    "square": vectorize(lambda z: z * z),
    "inverse": vectorize(lambda z: 1 / z),
}

# The stand-in is slow.
N = 1 << (9 if "VERDIGRIS_STANDIN_DEVICES" in os.environ else 16)
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-310, -1e-42, 0.5, 2.0, 1e30, 1e300]


def numbers(dtype, seed):
    """Numbers of every size, of a usual one, near whole ones, and the special ones."""
    rng = np.random.default_rng(seed)
    parts = [
        np.exp2(rng.uniform(-140, 120, N)) * rng.choice([-1, 1], N),
        rng.uniform(-10, 10, N),
        rng.uniform(-1, 1, N),
        rng.integers(-40, 40, N) + rng.normal(size=N) * 1e-6,
    ]
    special = np.repeat(SPECIAL, len(SPECIAL)) if seed % 2 else np.tile(SPECIAL, len(SPECIAL))
    with np.errstate(all="ignore"):
        return np.concatenate([*parts, special]).astype(dtype)


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    one, two = (array.view(expected.real.dtype) for array in (expected, found))
    bits = f"u{one.dtype.itemsize}"
    differ = one.view(bits) != two.view(bits)
    if one.dtype.kind == "f":
        differ &= ~(np.isnan(one) & np.isnan(two))
    at = np.flatnonzero(differ)
    assert not at.size, f"{at.size} differ; first {one[at[0]]!r} on the CPU, {two[at[0]]!r} on the GPU, at {at[0]}"


def both(ufunc, *operands):
    with np.errstate(all="ignore"):
        expected = ufunc(*operands)
    same(ufunc(*map(cuda.to_device, operands)).copy_to_host(), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(name, dtype):
    both(ONE[name], numbers(dtype, 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_numbers(name, dtype):
    both(TWO[name], numbers(dtype, 1), numbers(dtype, 2))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", COMPLEX)
def test_functions_of_complex_numbers(name, dtype):
    part = "float32" if dtype == "complex64" else "float64"
    z = np.empty(numbers(part, 1).size, dtype)
    z.real, z.imag = numbers(part, 1), numbers(part, 2)
    both(COMPLEX[name], z)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16"])
@pytest.mark.parametrize("name", ["add", "multiply", "floor division", "modulo", "divide"])
def test_arithmetic_of_narrow_and_whole_numbers(name, dtype):
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 256, (2, N * np.dtype(dtype).itemsize), np.uint8)
    x, y = (row.view(dtype) for row in bits)
    y[:: N // 16] = 0
    both(TWO[name], x, y)


@cuda.jit
def orbit(out, x, y, steps):
    i, j = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        c = complex(x[i], y[j])
        z = c
        count = 0
        for n in range(steps):
            if z.real * z.real + z.imag * z.imag > 4:
                break
            z = z * z + c
            count = n
        out[i, j] = z.real * 3 + z.imag + count


@cuda.jit
def walk(out, x, steps):
    i = cuda.grid(1)
    if i < out.size:
        here = x[i]
        for n in range(steps):
            here = math.sin(here) * math.exp(-here * here) + math.sqrt(abs(here)) / (n + 1)
        out[i] = here


@cuda.jit
def smoothed(out, x):
    own = cuda.shared.array(256, "float64")
    t, i = cuda.threadIdx.x, cuda.grid(1)
    own[t] = x[i]
    cuda.syncthreads()
    left, right = own[t - 1 if t > 0 else 0], own[t + 1 if t < 255 else 255]
    out[i] = (left + 2 * own[t] + right) * 0.25 + cuda.shfl_sync(0xFFFFFFFF, own[t], 3)


def test_kernels_of_many_steps():
    x, y = np.linspace(-2, 1, 200), np.linspace(-1, 1, 150)
    for launcher, out, arguments in [
        (orbit[(13, 10), (16, 16)], np.zeros((200, 150)), (x, y, 200)),
        (orbit[(13, 10), (16, 16)], np.zeros((200, 150), np.float32), (x.astype("f4"), y.astype("f4"), 200)),
        (walk[256, 256], np.zeros(N), (numbers("float64", 1)[N : 2 * N], 30)),
        (walk[256, 256], np.zeros(N, np.float32), (numbers("float32", 1)[N : 2 * N], 30)),
        (smoothed[64, 256], np.zeros(64 * 256), (np.random.default_rng(5).normal(size=64 * 256),)),
    ]:
        expected, found = out.copy(), cuda.to_device(out)
        launcher._on_cpu(expected, *arguments)
        launcher(found, *(cuda.to_device(a) if isinstance(a, np.ndarray) else a for a in arguments))
        same(found.copy_to_host().ravel(), expected.ravel())
