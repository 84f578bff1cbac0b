"""Random numbers: ours beside NumPy, and beside cuRAND's host generator and MKL's where they are installed.

The libraries draw different numbers, so what is compared before the timing is their mean and deviation.
"""

import importlib
import pathlib
import sys

import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import rand

SIZES = (10_000_000, 100_000_000)
KINDS = ("xorwow", "philox")


def rows():
    for n in SIZES:
        for dtype in (np.float32, np.float64):
            out = np.empty(n, dtype)
            name = f"{np.dtype(dtype).name}, {n:,}"
            uniform = (
                [ours(kind, "uniform", out) for kind in KINDS]
                + numpys("random", out)
                + curands("uniform", out)
                + mkls("uniform", out)
            )
            yield Row(f"uniform, {name}", tuple(uniform), n, rtol=0.01)
            normal = [ours(kind, "normal", out) for kind in KINDS]
            normal += [ours("xorwow", "normal", out, method="curand")]
            normal += numpys("standard_normal", out) + curands("normal", out) + mkls("standard_normal", out)
            yield Row(f"normal, {name}", tuple(normal), n, rtol=0.01)


def moments(out):
    """Of the first million, the deviation and one more than the mean, which is 0 for normal numbers."""
    return np.array([1.0 + out[:1_000_000].mean(dtype=np.float64), out[:1_000_000].std(dtype=np.float64)])


def ours(kind, how, out, **options):
    draw = getattr(rand.Generator(kind, 42), how)
    label = f"verdigris {kind}" + (", curand" if options else "")
    return Candidate(label, lambda: draw(out=out, **options), lambda: moments(out))


def numpys(how, out):
    candidates = []
    for name in ("SFC64", "PCG64", "Philox"):
        draw = getattr(np.random.Generator(getattr(np.random, name)(42)), how)
        candidates.append(Candidate(f"NumPy {name}", lambda draw=draw: draw(dtype=out.dtype, out=out), lambda: moments(out)))
    return candidates


def curands(how, out):
    """cuRAND's host generator, if its PyPI packages are installed; it runs on one core."""
    sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "dev" / "golden"))
    try:
        oracle = importlib.import_module("oracle")
        generators = {kind: oracle.HostGenerator(kind, seed=42) for kind in KINDS}
    except (ImportError, OSError, SystemExit):
        return []
    parameters = (0.0, 1.0) if how == "normal" else ()
    call = f"{how}_f{out.itemsize * 8}"
    return [
        Candidate(f"cuRAND host {kind}", lambda g=generator: g.fill(call, out, *parameters), lambda: moments(out))
        for kind, generator in generators.items()
    ]


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
