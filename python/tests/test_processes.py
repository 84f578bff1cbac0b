"""Many threads, and processes made by fork and spawn: a kernel and a ufunc give the same everywhere."""

import pytest

WORK = """
import numpy as np
from verdigris import cuda, vectorize

@vectorize
def wave(x, y):
    t = 0.0
    while t < y:
        t += x * x + 0.25
    return t

@cuda.jit
def square(a, out):
    i = cuda.grid(1)
    if i < a.size:
        out[i] = a[i] * a[i]

X = np.linspace(0.0, 1.0, 10_007)

def work():
    out = np.zeros_like(X)
    square[32, 320](X, out)
    return out + wave(X, 3.0)

def expected():
    t = np.zeros_like(X)
    while (on := t < 3.0).any():
        t[on] += X[on] * X[on] + 0.25
    return X * X + t
"""


def passes(python, path):
    out = python(str(path))
    assert out.returncode == 0, out.stderr


def written(tmp_path, code):
    path = tmp_path / "program.py"
    path.write_text(code)
    return path


@pytest.mark.parametrize("used", ["before the fork", "in the child only"])
def test_fork(python, tmp_path, used):
    code = WORK + (
        f"""
import os
if {used == "before the fork"}:
    work()
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(work(), expected()) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert np.array_equal(work(), expected())
"""
    )
    passes(python, written(tmp_path, code))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(python, tmp_path, method):
    code = WORK + (
        f"""
import multiprocessing

def in_child(i):
    return work() * i

if __name__ == "__main__":
    work()
    with multiprocessing.get_context({method!r}).Pool(3) as pool:
        for i, result in enumerate(pool.map(in_child, range(6))):
            assert np.array_equal(result, expected() * i)
"""
    )
    passes(python, written(tmp_path, code))


def test_fork_while_other_threads_compile(python, tmp_path):
    code = WORK + (
        """
import os, threading
from verdigris import float32, float64, int32, int64

def compile_many():
    for types in (float32, float64, int32, int64):
        for other in (float32, float64, int32, int64):
            vectorize([types(types, other)])(lambda x, y: x)

threads = [threading.Thread(target=compile_many) for _ in range(2)]
for t in threads: t.start()
for _ in range(5):
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(work(), expected()) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
for t in threads: t.join()
"""
    )
    passes(python, written(tmp_path, code))


def test_sixteen_threads_from_the_first_call_on(python, tmp_path):
    code = WORK + (
        """
import threading
right = expected()
barrier = threading.Barrier(16)
results = [None] * 16

def run(i):
    barrier.wait()
    results[i] = [np.array_equal(work(), right) for _ in range(8)]

threads = [threading.Thread(target=run, args=[i]) for i in range(16)]
for t in threads: t.start()
for t in threads: t.join()
assert results == [[True] * 8] * 16
"""
    )
    passes(python, written(tmp_path, code))


@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v2", "haswell", "znver3"])
def test_code_for_another_processor_gives_the_same(python, tmp_path, cpu):
    out = python(str(written(tmp_path, WORK + "assert np.array_equal(work(), expected())\n")), VERDIGRIS_CPU=cpu)
    if "lacks instructions" in out.stderr:
        pytest.skip(f"this machine cannot run code for {cpu}")
    assert out.returncode == 0, out.stderr


@pytest.mark.parametrize(
    "variables, words",
    [
        ({"VERDIGRIS_CPU": "pentium"}, "DeviceError: VERDIGRIS_CPU: the processor `pentium` is not known"),
        ({"VERDIGRIS_DEVICE": "gpu"}, 'DeviceError: "gpu" names no device'),
        ({"VERDIGRIS_DEVICE": "cuda", "CUDA_VISIBLE_DEVICES": ""}, "VERDIGRIS_DEVICE=cuda asks for a GPU"),
    ],
)
def test_a_wrong_variable_is_an_error_of_the_first_launch(python, tmp_path, variables, words):
    out = python(str(written(tmp_path, WORK + "print('imported')\nwork()\n")), **variables)
    assert (out.returncode, out.stdout) == (1, "imported\n")
    assert words in out.stderr
