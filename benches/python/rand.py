"""Random numbers: ours on one core and on two, beside NumPy, and cuRAND's host generator and MKL's where they are installed.

The libraries draw different numbers, so what is compared before the timing is their mean and deviation. The peers draw on one
core. cuRAND is taken from Python's path or from `.venv-golden`, which `make golden` makes.
"""

import functools
import importlib
import pathlib
import sys

import numpy as np

import verdigris as vg
from benches.python.protocol import Candidate, Row
from verdigris import rand

SIZES = (10_000_000, 100_000_000)
KINDS = ("xorwow", "philox")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows(sizes=SIZES):
    for n in sizes:
        for dtype in (np.float32, np.float64):
            out = np.empty(n, dtype)
            name = f"{np.dtype(dtype).name}, {n:,}"
            uniform = ours("uniform", out) + numpys("random", out) + curands("uniform", out) + mkls("uniform", out)
            yield Row(f"uniform, {name}", tuple(uniform), n, rtol=0.01)
            normal = ours("normal", out) + ours("normal", out, method="curand")
            normal += numpys("standard_normal", out) + curands("normal", out) + mkls("standard_normal", out)
            yield Row(f"normal, {name}", tuple(normal), n, rtol=0.01)


def moments(out):
    """Of the first million, the deviation and one more than the mean, which is 0 for normal numbers."""
    return np.array([1.0 + out[:1_000_000].mean(dtype=np.float64), out[:1_000_000].std(dtype=np.float64)])


def ours(how, out, **options):
    most = vg.get_num_threads()
    return [one_of_ours(kind, threads, how, out, options) for kind in KINDS for threads in (1, 2) if threads <= most]


def one_of_ours(kind, threads, how, out, options):
    draw = getattr(rand.Generator(kind, 42), how)

    def run():
        with vg.num_threads(threads):
            draw(out=out, **options)

    label = f"verdigris {kind}{', curand' if options else ''}, {threads} thread{'s' if threads > 1 else ''}"
    return Candidate(label, run, lambda: moments(out))


def numpys(how, out):
    candidates = []
    for name in ("SFC64", "PCG64", "Philox"):
        draw = getattr(np.random.Generator(getattr(np.random, name)(42)), how)
        candidates.append(Candidate(f"NumPy {name}", lambda draw=draw: draw(dtype=out.dtype, out=out), lambda: moments(out)))
    return candidates


def curands(how, out):
    """cuRAND's host generator, if its PyPI packages are installed; it runs on one core."""
    generators = curand_generators()
    parameters = (0.0, 1.0) if how == "normal" else ()
    call = f"{how}_f{out.itemsize * 8}"
    return [
        Candidate(f"cuRAND host {kind}", lambda g=generator: g.fill(call, out, *parameters), lambda: moments(out))
        for kind, generator in generators.items()
    ]


@functools.cache
def curand_generators():
    sys.path.append(str(ROOT / "dev" / "golden"))
    sys.path.extend(map(str, ROOT.glob(".venv-golden/lib/python3*/site-packages")))
    try:
        oracle = importlib.import_module("oracle")
        return {kind: oracle.HostGenerator(kind, seed=42) for kind in KINDS}
    except (ImportError, OSError, SystemExit):
        return {}


def mkls(how, out):
    """MKL's VSL through mkl_random, if it is installed; it draws float64 only, into a new array."""
    if out.dtype != np.float64:
        return []
    try:
        mkl_random = importlib.import_module("mkl_random")
    except ImportError:
        return []
    draw = getattr(mkl_random.RandomState(42, brng="SFMT19937"), how)
    held = {}

    def run():
        held["out"] = draw(size=out.size)

    return [Candidate("MKL VSL SFMT19937", run, lambda: moments(held["out"]))]
