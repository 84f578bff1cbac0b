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


EIGHT = """
import faulthandler, itertools, os, threading, time, traceback
import numpy as np
from verdigris import cuda, guvectorize, vectorize

numbers = itertools.count(1)
deadline = time.monotonic() + 3

def compile_some():
    k = float(next(numbers))
    f = vectorize(lambda x, y: x * k + np.sin(y) if x < 0 else x + k)
    # A short call compiles with the GIL, a longer one without, and one of a number for all elements a variant.
    assert f(2.0, 0.0) == 2 + k
    assert (f(np.ones(600), np.zeros(600)) == 1 + k).all()
    assert (f(np.ones(5000), 0.5) == 1 + k).all()
    assert f.ufunc(np.ones(3, np.float32), np.ones(3)).tolist() == [1 + k] * 3

    @guvectorize("(n)->()")
    def g(a, out):
        out[0] = a[0] * k
    assert g(np.array([2.0])) == 2 * k

    @cuda.jit
    def kernel(a):
        a[cuda.grid(1)] += k
    a = np.zeros(32)
    kernel[1, 32](a)
    assert (a == k).all()

def fork():
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            compile_some()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == 0, ended

failures = []
def run(forks):
    try:
        for turn in itertools.count():
            compile_some()
            if forks and turn % 3 == 0:
                fork()
            if time.monotonic() > deadline:
                return
    except BaseException as error:
        failures.append(error)
        raise

threads = [threading.Thread(target=run, args=[i < 2]) for i in range(8)]
for t in threads: t.start()
while any(t.is_alive() for t in threads):
    fork()
for t in threads: t.join()
assert not failures
"""


@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_forks_while_eight_threads_compile(python, tmp_path, turn):
    passes(python, written(tmp_path, EIGHT))


@pytest.mark.parametrize("module", ["verdigris._source", "cmath"])
def test_a_fork_in_the_middle_of_an_import_of_ours(python, tmp_path, module):
    code = f"""
import faulthandler, os, sys, threading, time

class Slow:
    found = threading.Event()

    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            self.found.set()
            time.sleep(0.3)

assert {module!r} not in sys.modules
sys.meta_path.insert(0, Slow())
""" + (
        WORK
        + """
thread = threading.Thread(target=work)
thread.start()
assert Slow.found.wait(60)
child = os.fork()
if child == 0:
    faulthandler.dump_traceback_later(60, exit=True)
    os._exit(0 if np.array_equal(work(), expected()) else 1)
ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert ended == 0, ended
thread.join()
"""
    )
    passes(python, written(tmp_path, code))


def test_a_hook_that_forks_does_not_wait_for_itself(python, tmp_path):
    code = WORK + (
        """
import os
inside = []

def hook():
    if not inside:
        inside.append(1)
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(work(), expected()) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

# Hooks run last in, first out: one that was there before ours forks while ours holds everything.
work()
"""
    )
    code = "import os\nhooks = []\nos.register_at_fork(before=lambda: [h() for h in hooks])\n" + code
    code += """
hooks.append(hook)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(work(), expected()) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert inside
"""
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
