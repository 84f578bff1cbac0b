"""BLAS: ours beside NumPy's and SciPy's OpenBLAS, and MKL (PyPI's `mkl`, called through its CBLAS), on the same memory.

All libraries have the same number of threads; run once with `--threads 1`, once with more.  Matrices are in Fortran order, which
every library takes as it is.  "An element" is a multiplication and an addition for products, a number for level 1.
"""

import ctypes
import glob
import os
import sys

import numpy as np
import scipy.linalg.blas as openblas

from benches.python.protocol import Candidate, Row
from verdigris import blas

_COLUMNS, _PLAIN, _TRANS, _UPPER, _LEFT, _NON_UNIT = 102, 111, 112, 121, 141, 131


def _mkl():
    """MKL's one library, or None."""
    for place in glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt.so*")):
        return ctypes.CDLL(place, mode=ctypes.RTLD_GLOBAL)
    return None


MKL = _mkl()
LETTERS = {np.float32: "s", np.float64: "d", np.complex64: "c", np.complex128: "z"}


def _number(dtype, value):
    """A scalar as CBLAS takes it: by value where real, by address where complex."""
    if dtype == np.float32:
        return ctypes.c_float(value)
    if dtype == np.float64:
        return ctypes.c_double(value)
    held = np.array([value], dtype)
    number = ctypes.c_void_p(held.ctypes.data)
    number.held = held
    return number


def _at(array):
    return ctypes.c_void_p(array.ctypes.data)


def _random(dtype, *shape):
    rng = np.random.default_rng(len(shape))
    values = rng.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.uniform(-1, 1, shape)
    return np.asfortranarray(values.astype(dtype))


def _candidates(run, outputs, peer="OpenBLAS (SciPy)"):
    """Ours, OpenBLAS and MKL, each writing an output of its own; a sum that cancels may differ in more than its last digits."""
    names = ("verdigris", peer, "MKL")[: 3 if MKL is not None else 2]
    made = []
    for name, one, out in zip(names, run, outputs, strict=False):
        made.append(Candidate(name, lambda one=one, out=out: one(out), lambda out=out: out, may_differ=0.01))
    return tuple(made)


def _copies(array):
    return tuple(array.copy("K") for _ in range(3))


def gemm(dtype, m, n, k):
    a, b, outs = _random(dtype, m, k), _random(dtype, k, n), _copies(np.zeros((m, n), dtype, order="F"))
    letter = LETTERS[dtype]
    theirs = getattr(openblas, letter + "gemm")
    one, zero = _number(dtype, 1), _number(dtype, 0)

    def mkl(c):
        getattr(MKL, f"cblas_{letter}gemm")(_COLUMNS, _PLAIN, _PLAIN, m, n, k, one, _at(a), m, _at(b), k, zero, _at(c), m)

    return Row(
        f"{letter}gemm, {m} x {n} x {k}",
        _candidates((lambda c: blas.gemm(a, b, out=c), lambda c: theirs(1, a, b, 0, c, overwrite_c=True), mkl), outs),
        m * n * k,
        rtol=1e-2,
    )


def batched(count, n):
    a, b, c = (np.ascontiguousarray(_random(np.float64, count, n, n)) for _ in range(3))

    def mkl(c):
        call = MKL.cblas_dgemm_batch_strided
        one, zero, step = ctypes.c_double(1), ctypes.c_double(0), n * n
        call(101, _PLAIN, _PLAIN, n, n, n, one, _at(a), n, step, _at(b), n, step, zero, _at(c), n, step, count)

    run = (lambda c: blas.gemm_batched(a, b, out=c), lambda c: np.matmul(a, b, out=c), mkl)
    name = f"dgemm batched, {count:,} of {n} x {n}"
    return Row(name, _candidates(run, _copies(c), "NumPy matmul (OpenBLAS)"), count * n**3, rtol=1e-6)


def gemv(n, trans):
    a, x, outs = _random(np.float64, n, n), _random(np.float64, n), _copies(np.zeros(n))
    flag = _TRANS if trans == "T" else _PLAIN

    def mkl(y):
        MKL.cblas_dgemv(_COLUMNS, flag, n, n, ctypes.c_double(1), _at(a), n, _at(x), 1, ctypes.c_double(0), _at(y), 1)

    ours = lambda y: blas.gemv(a, x, trans=trans, out=y)  # noqa: E731
    theirs = lambda y: openblas.dgemv(1, a, x, 0, y, trans=trans == "T", overwrite_y=True)  # noqa: E731
    return Row(f"dgemv {trans}, {n}", _candidates((ours, theirs, mkl), outs), n * n, rtol=1e-6)


def ger(n):
    x, y, outs = _random(np.float64, n), _random(np.float64, n), _copies(np.zeros((n, n), order="F"))

    def mkl(a):
        MKL.cblas_dger(_COLUMNS, n, n, ctypes.c_double(1e-9), _at(x), 1, _at(y), 1, _at(a), n)

    ours = lambda a: blas.ger(x, y, a, alpha=1e-9, out=a)  # noqa: E731
    theirs = lambda a: openblas.dger(1e-9, x, y, a=a, overwrite_x=True, overwrite_y=True, overwrite_a=True)  # noqa: E731
    return Row(f"dger, {n}", _candidates((ours, theirs, mkl), outs), n * n, rtol=1e-6)


def trsm(n):
    a = np.asfortranarray(np.triu(_random(np.float64, n, n)) / n + 2 * np.eye(n))
    b = _random(np.float64, n, n)

    def mkl(b):
        MKL.cblas_dtrsm(_COLUMNS, _LEFT, _UPPER, _PLAIN, _NON_UNIT, n, n, ctypes.c_double(2), _at(a), n, _at(b), n)

    # The diagonal is about 2, so that solving again and again with alpha 2 keeps its size.
    run = (lambda b: blas.trsm(a, b, alpha=2, out=b), lambda b: openblas.dtrsm(2, a, b, overwrite_b=True), mkl)
    return Row(f"dtrsm, {n}", _candidates(run, _copies(b)), n**3 // 2, rtol=1e-6)


def syrk(n):
    a, outs = _random(np.float64, n, n), _copies(np.zeros((n, n), order="F"))

    def mkl(c):
        MKL.cblas_dsyrk(_COLUMNS, _UPPER, _PLAIN, n, n, ctypes.c_double(1), _at(a), n, ctypes.c_double(0), _at(c), n)

    ours = lambda c: blas.syrk(a, c, out=c)  # noqa: E731
    theirs = lambda c: openblas.dsyrk(1, a, 0, c, overwrite_c=True)  # noqa: E731
    return Row(f"dsyrk, {n}", _candidates((ours, theirs, mkl), outs), n**3 // 2, rtol=1e-6)


def level1(n):
    x, y = _random(np.float64, n), _random(np.float64, n)
    if MKL is not None:
        MKL.cblas_ddot.restype = MKL.cblas_dnrm2.restype = ctypes.c_double
    axpy = (
        lambda y: blas.axpy(x, y, alpha=1e-9, out=y),
        lambda y: openblas.daxpy(x, y, a=1e-9),
        lambda y: MKL.cblas_daxpy(n, ctypes.c_double(1e-9), _at(x), 1, _at(y), 1),
    )
    dot = (blas.dot, openblas.ddot, lambda x, y: MKL.cblas_ddot(n, _at(x), 1, _at(y), 1))
    nrm2 = (blas.nrm2, openblas.dnrm2, lambda x: MKL.cblas_dnrm2(n, _at(x), 1))
    yield Row(f"daxpy, {n:,}", _candidates(axpy, _copies(y)), n, rtol=1e-6)
    answer = lambda function, *operands: lambda out: out.__setitem__(0, function(*operands))  # noqa: E731
    yield Row(f"ddot, {n:,}", _candidates([answer(f, x, y) for f in dot], _copies(np.zeros(1))), n, rtol=1e-6)
    yield Row(f"dnrm2, {n:,}", _candidates([answer(f, x) for f in nrm2], _copies(np.zeros(1))), n, rtol=1e-6)


def tiny():
    a, b = np.ones((4, 4)), np.ones((4, 4))
    functions = (lambda: blas.gemm(a, b), lambda: np.matmul(a, b), lambda: openblas.dgemm(1, a, b))
    names = ("verdigris", "NumPy matmul", "SciPy dgemm")
    made = tuple(Candidate(name, function, function) for name, function in zip(names, functions, strict=True))
    return Row("a call of dgemm, 4 x 4", made, 1)


def rows():
    yield tiny()
    for dtype in LETTERS:
        for n in (128, 512, 1024, 2048, 4096):
            yield gemm(dtype, n, n, n)
    yield gemm(np.float64, 100_000, 16, 16)
    yield gemm(np.float64, 64, 64, 100_000)
    yield gemm(np.float64, 2048, 2048, 32)
    yield batched(10_000, 16)
    yield batched(100, 256)
    for n in (256, 1024, 4096):
        yield gemv(n, "N")
        yield gemv(n, "T")
        yield ger(n)
    for n in (256, 1024, 2048):
        yield trsm(n)
        yield syrk(n)
    for n in (1_000, 100_000, 10_000_000):
        yield from level1(n)
