"""Fourier transforms: rows of many lengths, batches, two and three dimensions, and what a call costs.

Peers are SciPy, and MKL and FFTW where `mkl_fft` and `pyfftw` are installed. Every library may use as many threads
as the run was told. FFTW plans by measuring, for some seconds at most (for the large prime it estimates); its planning is
not timed, and its output array is kept from call to call, where the others make a new one: its time is held against that
of ours with `out=`, an array kept likewise. Idle threads of MKL spin for a while, which the next candidate would pay for:
with several threads that while is short, and each round begins after a pause.
"""

import os

import numpy as np
import scipy.fft

from benches.python.protocol import Candidate, Row
from verdigris import fft

# Read when MKL starts its threads.
os.environ.setdefault("KMP_BLOCKTIME", "10")

try:
    import mkl_fft
except ImportError:
    mkl_fft = None
try:
    import pyfftw
except ImportError:
    pyfftw = None

ROWS = (256, 1024, 1 << 16, 1 << 20, 10007, 1000003, 15015)
# FFTW's measuring of the large prime takes minutes, whatever its limit.
ESTIMATED = 1000003
PLANNING_SECONDS = 3.0
PAUSE = 0.05


def rows():
    threads = int(os.environ.get("VERDIGRIS_NUM_THREADS", "1"))
    for work in works():
        yield row(*work, threads)


def works():
    """Label, function and input of each row."""
    rng = np.random.default_rng(1)
    for dtype in (np.complex64, np.complex128):
        real = np.zeros(0, dtype).real.dtype
        for n in ROWS:
            x = rng.standard_normal(n) + 1j * rng.standard_normal(n)
            yield f"c2c, {n:,}", "fft", x.astype(dtype)
            yield f"r2c, {n:,}", "rfft", x.real.astype(real)
        for shape, name in (((1000, 1024), "fft"), ((1024, 1024), "fft2"), ((128, 128, 128), "fftn")):
            x = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
            label = " x ".join(map(str, shape))
            yield f"{'batch' if name == 'fft' else 'c2c'}, {label}", name, x
            yield f"{'batch r2c' if name == 'fft' else 'r2c'}, {label}", "r" + name, x.real.copy()


def row(label, name, x, threads):
    tolerance = 2e-3 if x.dtype.char in "fF" else 1e-6
    ours, kept = getattr(fft, name), getattr(fft, name)(x)
    functions = [
        ("verdigris", ours, {}),
        ("verdigris, out=", ours, {"out": kept}),
        ("SciPy", getattr(scipy.fft, name), {"workers": threads}),
    ]
    if mkl_fft is not None:
        functions.append(("MKL", getattr(mkl_fft, name), {}))
    candidates = [candidate(who, function, x, keywords, int("out" in keywords)) for who, function, keywords in functions]
    if pyfftw is not None:
        x = pyfftw.byte_align(x)
        candidates.append(candidate("FFTW", fftw_plan(name, x, threads), x, {}, 1))
    return Row(f"{label}, {x.dtype}", tuple(candidates), x.size, tolerance, PAUSE if threads > 1 else 0.0)


def fftw_plan(name, x, threads):
    """FFTW's plan of the function for arrays like `x`; planning writes arrays, so it gets others."""
    transform = getattr(scipy.fft, name)
    given, made = pyfftw.empty_aligned(x.shape, x.dtype), transform(np.ones_like(x))
    made = pyfftw.empty_aligned(made.shape, made.dtype)
    axes = (-1,) if name.endswith("fft") else tuple(range(x.ndim))
    effort = "FFTW_ESTIMATE" if x.size == ESTIMATED else "FFTW_MEASURE"
    return pyfftw.FFTW(given, made, axes, flags=(effort,), threads=threads, planning_timelimit=PLANNING_SECONDS)


def candidate(who, function, x, keywords, beside):
    # Outputs are compared by their norm: single small elements of a spectrum carry the error of the largest.
    def output():
        y = np.asarray(function(x, **keywords)).ravel()
        return np.array([np.linalg.norm(y), *np.add.reduceat(np.abs(y), np.arange(0, y.size, max(y.size // 16, 1)))])

    return Candidate(who, lambda: function(x, **keywords), output, beside=beside)
