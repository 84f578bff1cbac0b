"""Other libraries that bring an LLVM of their own, in one process with ours, in either order."""

import subprocess
import sys

import pytest

OURS = """
import numpy as np
from verdigris import cuda, vectorize

def ours(factor):
    @vectorize(["float64(float64, float64)"])
    def blend(a, b):
        return factor * a + b
    x = np.arange(1000.0)
    assert np.array_equal(blend(x, x), factor * x + x)

    @cuda.jit
    def fill(out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = factor * i
    out = np.zeros(1000)
    fill[8, 128](out)
    assert np.array_equal(out, factor * x)
"""

NUMBA = """
import numba
import numpy as np

def theirs(factor):
    @numba.njit(parallel=True)
    def total(x):
        s = 0.0
        for i in numba.prange(x.size):
            s += factor * x[i]
        return s
    assert total(np.ones(1000)) == 1000 * factor
"""

TORCH = """
import torch

def theirs(factor):
    @torch.jit.script
    def chain(x, k: float):
        return torch.relu(x * k + 1.0) * x
    x = torch.arange(1000, dtype=torch.float64)
    for _ in range(5):
        assert torch.equal(chain(x, float(factor)), torch.relu(x * factor + 1.0) * x)
"""

DENORMALS = """
import numpy as np
import torch
from verdigris import vectorize

@vectorize(["float64(float64)"])
def half(a):
    return a / 2

x = np.full(1000, 2.0**-1022)
before = half(x)
assert (before == 2.0**-1023).all()
assert torch.set_flush_denormal(True)
after = half(x)
assert after.tobytes() == before.tobytes()
"""


def run(program, folder):
    path = folder / "program.py"  # a decorated function needs a file to have a source
    path.write_text(program)
    subprocess.run([sys.executable, path], check=True, timeout=300)


def both_orders(theirs):
    last = "ours(2.0); theirs(2.0); ours(3.0); theirs(3.0)"
    return [pytest.param(OURS + theirs + last, id="ours-first"), pytest.param(theirs + OURS + last, id="theirs-first")]


@pytest.mark.parametrize("program", both_orders(NUMBA))
def test_numba(program, tmp_path):
    run(program, tmp_path)


@pytest.mark.interop
@pytest.mark.parametrize("program", both_orders(TORCH))
def test_torch(program, tmp_path):
    run(program, tmp_path)


@pytest.mark.interop
def test_denormals_after_torch_flushes_them(tmp_path):
    run(DENORMALS, tmp_path)
