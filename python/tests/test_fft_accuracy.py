"""Errors of every transform against SciPy's in long double: at most `2 (1 + log2 n)` units of the input's precision in the
2-norm.

Lengths with a prime factor above 31 are allowed four times that, single elements eight times that of the largest. The reference
is computed from exactly our input.
"""

import math

import numpy as np
import pytest
import scipy.fft

from verdigris import fft

LENGTHS = [*range(1, 65), 97, 100, 1009, 10007, 15015, 2**16]
WIDE = {"f4": np.longdouble, "f8": np.longdouble, "c8": np.clongdouble, "c16": np.clongdouble}
REAL_INPUT = {"rfft", "ihfft", "rfftn", "ihfftn"}


def array(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def has_large_factor(n):
    for p in range(2, 32):
        while n % p == 0:
            n //= p
    return n > 1


def check(name, x, lengths, *args, **kwargs):
    ours = getattr(fft, name)(x, *args, **kwargs)
    wide = x.astype(WIDE[np.dtype(x.dtype).str[1:]])
    if name in ("rfft", "ihfft", "rfftn", "ihfftn") or name[:3] in ("dct", "dst") or name[1:4] in ("dct", "dst"):
        wide = wide if wide.dtype.kind == x.dtype.kind else wide.real
    wanted = getattr(scipy.fft, name)(wide, *args, **kwargs)
    assert wanted.dtype.char in "gG" and ours.shape == wanted.shape
    n = math.prod(lengths)
    bound = 2 * (1 + math.log2(n)) * float(np.finfo(x.dtype).eps) * (4 if any(map(has_large_factor, lengths)) else 1)
    errors = (ours.astype(wanted.dtype) - wanted).ravel()
    size = float(np.sqrt(np.sum(np.abs(wanted) ** 2)))
    error = float(np.sqrt(np.sum(np.abs(errors) ** 2)))
    assert error <= bound * size, f"{name} {x.dtype} {lengths}: {error / size / bound:.2f} of the bound"
    largest = float(np.abs(wanted).max(initial=0))
    assert float(np.abs(errors).max(initial=0)) <= 8 * bound * largest, f"{name} {x.dtype} {lengths}"


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_lengths(name, dtype):
    if name in REAL_INPUT and dtype[0] == "c":
        return
    for n in LENGTHS:
        count = n // 2 + 1 if name in ("irfft", "hfft") else n
        check(name, array(count, dtype, n), [n], n)
        if n <= 64 or n in (97, 1009):
            # Lanes that are no rows: the other kernels.
            check(name, array((count, 18), dtype, n), [n], n, axis=0)
            check(name, array((5, 2 * count), dtype, n)[::-1, ::-2], [n], n, norm="ortho")


@pytest.mark.parametrize("type", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["dct", "idct", "dst", "idst"])
def test_cosines_and_sines(name, type):
    for dtype in ("f4", "f8", "c16"):
        for n in LENGTHS:
            if n == 1 and name.endswith("dct") and type == 1:
                continue
            check(name, array(n, dtype, n), [2 * n], type)
            if n <= 64:
                check(name, array((n, 7), dtype, n)[:, ::-1], [2 * n], type, axis=0, norm="ortho")


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_several_axes(dtype):
    cases = [
        ((32, 48), None),
        ((20, 30, 14), (0, 2)),
        ((64, 64), (1, 0)),
        ((9, 1000), None),
        ((37, 41), None),
        ((128, 5, 16), None),
    ]
    for shape, axes in [*cases, ((128, 5, 16), None)]:
        x = array(shape, dtype, 1)
        lengths = [shape[a] for a in (axes if axes is not None else range(len(shape)))]
        for norm in ("backward", "ortho", "forward"):
            for name in ("fftn", "ifftn"):
                check(name, x, lengths, axes=axes, norm=norm)
                check(name, np.asfortranarray(x), lengths, axes=axes, norm=norm)
            if dtype[0] == "f":
                check("rfftn", x, lengths, axes=axes, norm=norm)
                check("ihfftn", x[::-1], lengths, axes=axes, norm=norm)
            else:
                whole = [*lengths[:-1], 2 * lengths[-1] - 1]
                check("irfftn", x, whole, whole, axes=axes if axes is not None else tuple(range(len(shape))), norm=norm)
                check("hfftn", x, whole, whole, axes=axes if axes is not None else tuple(range(len(shape))), norm=norm)
