"""BLAS: ours beside NumPy's and SciPy's OpenBLAS, and MKL (PyPI's `mkl`, called through its CBLAS), on the same memory.

All libraries have the same number of threads: run once with `--threads 1`, once with more.  Matrices are in Fortran order, which
every library takes as it is; batches are in C order.  "An element" is a multiplication and an addition for products, a number for
level 1.  A call of MKL's goes through ctypes, which costs it about a microsecond: that counts at the smallest sizes alone.  The
largest complex products, minutes of work, are made only with `BLAS_LARGE=1` in the environment.
"""

import ctypes
import glob
import os
import sys

import numpy as np
import scipy.linalg.blas as openblas

from benches.python.protocol import Candidate, Row
from verdigris import blas, get_num_threads

_ROWS, _COLUMNS, _PLAIN, _TRANS, _UPPER, _LEFT, _NON_UNIT = 101, 102, 111, 112, 121, 141, 131

# Idle threads of MKL and OpenBLAS spin for a while, which the next candidate would pay for: each round begins after a pause.
os.environ.setdefault("KMP_BLOCKTIME", "10")
PAUSE = 0.05 if get_num_threads() > 1 else 0.0


def _mkl():
    """MKL's one library, or None."""
    for place in glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt.so*")):
        return ctypes.CDLL(place, mode=ctypes.RTLD_GLOBAL)
    return None


MKL = _mkl()
LETTERS = {np.float32: "s", np.float64: "d", np.complex64: "c", np.complex128: "z"}
# How close elements have to be, but for one in a hundred: a sum that cancels keeps few digits.
CLOSE = {np.float32: 1e-3, np.float64: 1e-9, np.complex64: 1e-3, np.complex128: 1e-9}


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


def _at(*arrays):
    """Addresses, as ctypes passes them."""
    return tuple(ctypes.c_void_p(array.ctypes.data) for array in arrays)


def _random(dtype, *shape):
    rng = np.random.default_rng(len(shape))
    values = rng.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.uniform(-1, 1, shape)
    return np.asfortranarray(values.astype(dtype))


def _row(name, work, out, ours, theirs, mkl, close=1e-9, peer="OpenBLAS (SciPy)"):
    """A row in which ours, OpenBLAS and MKL each write a copy of `out`; MKL is given its copy's address."""
    made = []
    for candidate, run in (("verdigris", ours), (peer, theirs), ("MKL", mkl)):
        if candidate == "MKL" and MKL is None:
            continue
        own = out.copy("K")
        given = _at(own)[0] if candidate == "MKL" else own
        made.append(Candidate(candidate, lambda run=run, given=given: run(given), lambda own=own: own, may_differ=0.01))
    return Row(name, tuple(made), work, rtol=close, pause=PAUSE)


def gemm(dtype, m, n, k):
    a, b, letter = _random(dtype, m, k), _random(dtype, k, n), LETTERS[dtype]
    theirs, call = getattr(openblas, letter + "gemm"), getattr(MKL, f"cblas_{letter}gemm", None)
    one, zero, (pa, pb) = _number(dtype, 1), _number(dtype, 0), _at(a, b)
    return _row(
        f"{letter}gemm, {m} x {n} x {k}",
        m * n * k,
        np.zeros((m, n), dtype, order="F"),
        lambda c: blas.gemm(a, b, out=c),
        lambda c: theirs(1, a, b, 0, c, overwrite_c=True),
        lambda c: call(_COLUMNS, _PLAIN, _PLAIN, m, n, k, one, pa, m, pb, k, zero, c, m),
        CLOSE[dtype],
    )


def batched(count, n):
    a, b, c = (np.ascontiguousarray(_random(np.float64, count, n, n)) for _ in range(3))
    one, zero, (pa, pb), step = ctypes.c_double(1), ctypes.c_double(0), _at(a, b), ctypes.c_int64(n * n)
    call = getattr(MKL, "cblas_dgemm_batch_strided", None)
    return _row(
        f"dgemm batched, {count:,} of {n} x {n}",
        count * n**3,
        c,
        lambda c: blas.gemm_batched(a, b, out=c),
        lambda c: np.matmul(a, b, out=c),
        lambda c: call(_ROWS, _PLAIN, _PLAIN, n, n, n, one, pa, n, step, pb, n, step, zero, c, n, step, count),
        peer="NumPy matmul (OpenBLAS)",
    )


def gemv(n, trans):
    a, x = _random(np.float64, n, n), _random(np.float64, n)
    flag, (pa, px), one, zero = _TRANS if trans == "T" else _PLAIN, _at(a, x), ctypes.c_double(1), ctypes.c_double(0)
    return _row(
        f"dgemv {trans}, {n}",
        n * n,
        np.zeros(n),
        lambda y: blas.gemv(a, x, trans=trans, out=y),
        lambda y: openblas.dgemv(1, a, x, 0, y, trans=trans == "T", overwrite_y=True),
        lambda y: MKL.cblas_dgemv(_COLUMNS, flag, n, n, one, pa, n, px, 1, zero, y, 1),
    )


def ger(n):
    x, y = _random(np.float64, n), _random(np.float64, n)
    (px, py), small = _at(x, y), ctypes.c_double(1e-9)
    return _row(
        f"dger, {n}",
        n * n,
        np.zeros((n, n), order="F"),
        lambda a: blas.ger(x, y, alpha=1e-9, out=a),
        lambda a: openblas.dger(1e-9, x, y, a=a, overwrite_x=True, overwrite_y=True, overwrite_a=True),
        lambda a: MKL.cblas_dger(_COLUMNS, n, n, small, px, 1, py, 1, a, n),
    )


def trsm(n):
    # The triangle is about twice the identity, so that solving again and again with alpha 2 keeps the numbers' size.
    a = np.asfortranarray(np.triu(_random(np.float64, n, n), 1) * 1e-3 / n + 2 * np.eye(n))
    two, (pa,) = ctypes.c_double(2), _at(a)
    return _row(
        f"dtrsm, {n}",
        n**3 // 2,
        _random(np.float64, n, n),
        lambda b: blas.trsm(a, b, alpha=2, out=b),
        lambda b: openblas.dtrsm(2, a, b, overwrite_b=True),
        lambda b: MKL.cblas_dtrsm(_COLUMNS, _LEFT, _UPPER, _PLAIN, _NON_UNIT, n, n, two, pa, n, b, n),
    )


def syrk(n):
    a = _random(np.float64, n, n)
    one, zero, (pa,) = ctypes.c_double(1), ctypes.c_double(0), _at(a)
    return _row(
        f"dsyrk, {n}",
        n**3 // 2,
        np.zeros((n, n), order="F"),
        lambda c: blas.syrk(a, c, out=c),
        lambda c: openblas.dsyrk(1, a, 0, c, overwrite_c=True),
        lambda c: MKL.cblas_dsyrk(_COLUMNS, _UPPER, _PLAIN, n, n, one, pa, n, zero, c, n),
    )


def level1(n):
    x, y = _random(np.float64, n), _random(np.float64, n)
    (px, py), small = _at(x, y), ctypes.c_double(1e-9)
    if MKL is not None:
        MKL.cblas_ddot.restype = MKL.cblas_dnrm2.restype = ctypes.c_double
    yield _row(
        f"daxpy, {n:,}",
        n,
        y,
        lambda y: blas.axpy(x, y, alpha=1e-9, out=y),
        lambda y: openblas.daxpy(x, y, a=1e-9),
        lambda y: MKL.cblas_daxpy(n, small, px, 1, y, 1),
    )

    def number(name, ours, theirs, mkl):
        runs = {"verdigris": ours, "OpenBLAS (SciPy)": theirs} | ({} if MKL is None else {"MKL": mkl})
        made = [Candidate(candidate, run, lambda run=run: np.array([run()])) for candidate, run in runs.items()]
        return Row(f"{name}, {n:,}", tuple(made), n, rtol=1e-9, pause=PAUSE)

    yield number("ddot", lambda: blas.dot(x, y), lambda: openblas.ddot(x, y), lambda: MKL.cblas_ddot(n, px, 1, py, 1))
    yield number("dnrm2", lambda: blas.nrm2(x), lambda: openblas.dnrm2(x), lambda: MKL.cblas_dnrm2(n, px, 1))


def tiny():
    a, b = np.ones((4, 4)), np.ones((4, 4))
    functions = (lambda: blas.gemm(a, b), lambda: np.matmul(a, b), lambda: openblas.dgemm(1, a, b))
    names = ("verdigris", "NumPy matmul", "SciPy dgemm")
    made = tuple(Candidate(name, function, function) for name, function in zip(names, functions, strict=True))
    return Row("a call of dgemm, 4 x 4", made, 1, pause=PAUSE)


def rows():
    yield tiny()
    large = os.environ.get("BLAS_LARGE") == "1"
    for dtype in LETTERS:
        for n in (128, 512, 1024, 2048, 4096):
            if n < 4096 or large or dtype in (np.float32, np.float64):
                yield gemm(dtype, n, n, n)
    yield gemm(np.float64, 100_000, 16, 16)
    yield gemm(np.float64, 64, 64, 100_000)
    yield gemm(np.float64, 2048, 2048, 32)
    yield batched(10_000, 16)
    yield batched(100, 256)
    for n in (256, 4096):
        yield gemv(n, "N")
        yield gemv(n, "T")
        yield ger(n)
    for n in (256, 1024, 2048):
        yield trsm(n)
        yield syrk(n)
    for n in (1_000, 100_000, 10_000_000):
        yield from level1(n)
