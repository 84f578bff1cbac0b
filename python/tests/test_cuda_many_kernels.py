"""Thousands of kernels in one process: memory and mappings stay flat, and a ufunc outlives what made it."""

import gc
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import gc, linecache, os, sys
import numpy as np
from verdigris import cuda

count = int(sys.argv[1])

def facts():
    gc.collect()
    with open("/proc/self/maps") as maps:
        mappings = sum(1 for _ in maps)
    with open("/proc/self/statm") as statm:
        return mappings, int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

out = np.zeros(4)
def one(n):
    text = f"def made(out):\\n    i = cuda.grid(1)\\n    out[i] = i * {n} + out[i] * {n % 7}\\n"
    name = "<made>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    world = {"cuda": cuda}
    exec(compile(text, name, "exec"), world)
    kernel = cuda.jit(world["made"])
    out[:] = 1
    kernel[1, 4](out)
    assert out.tolist() == [i * n + n % 7 for i in range(4)], (n, out)

for n in range(count // 4):
    one(n)
before = facts()
for n in range(count // 4, count):
    one(n)
after = facts()
print(before, after)
assert after[0] <= before[0] + 50, (before, after)
assert after[1] <= before[1] * 1.1 + (16 << 20), (before, after)
"""


@pytest.mark.parametrize("count", [400, pytest.param(20_000, marks=pytest.mark.slow)])
def test_kernels_compiled_and_dropped(count):
    run = subprocess.run([sys.executable, "-c", SCRIPT, str(count)], capture_output=True, text=True, timeout=3600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_ufunc_outlives_its_dispatcher():
    from verdigris import vectorize

    def make():
        @vectorize
        def scaled(x):
            return x * 3 + 1

        scaled(np.arange(3.0))
        return scaled.ufunc

    ufunc = make()
    gc.collect()
    assert ufunc(np.arange(4.0)).tolist() == [1, 4, 7, 10]
    assert ufunc(np.arange(4)).tolist() == [1, 4, 7, 10]


def test_a_large_local_array():
    from verdigris import cuda

    @cuda.jit
    def kernel(out):
        i = cuda.grid(1)
        own = cuda.local.array(2048, np.float64)
        for j in range(2048):
            own[j] = i + j
        total = 0.0
        for j in range(2048):
            total += own[2047 - j]
        out[i] = total

    out = np.zeros(70)
    kernel[2, 35](out)
    assert out.tolist() == [2048 * i + 2047 * 1024 for i in range(70)]
