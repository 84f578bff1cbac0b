"""Device, threads, info and what an import costs."""

import re
import threading

import numpy as np
import pytest

import verdigris as vg
from verdigris.errors import BadValueError, DeviceError


def test_info_says_what_and_why():
    info = vg.info()
    assert info["device"] == "cpu"
    assert info["threads"] == vg.get_num_threads()
    assert info["simd_bits"] in (128, 256, 512)
    assert re.fullmatch(r"22\.\d+\.\d+", info["llvm"])
    assert info["numpy"] == np.__version__
    for word in ("device", "GPU", "processor", info["cpu"], "threads", f"LLVM {info['llvm']}"):
        assert word in str(info)


def test_the_command_prints_it_with_the_variables(python):
    out = python("-m", "verdigris", VERDIGRIS_NUM_THREADS="3", VERDIGRIS_CPU="x86-64")
    assert out.returncode == 0, out.stderr
    assert "3 (VERDIGRIS_NUM_THREADS=3)" in out.stdout
    assert "x86-64, 128-bit SIMD" in out.stdout
    for name in ("VERDIGRIS_DEVICE", "VERDIGRIS_NUM_THREADS", "VERDIGRIS_CPU"):
        assert name in out.stdout
    assert python("-m", "verdigris", "nonsense").returncode == 2


def test_a_gpu_that_is_not_there(python):
    out = python("-m", "verdigris", VERDIGRIS_DEVICE="cuda", CUDA_VISIBLE_DEVICES="")
    assert out.returncode == 0, out.stderr
    assert "VERDIGRIS_DEVICE=cuda asks for a GPU: CUDA_VISIBLE_DEVICES is empty" in out.stdout


def test_an_unknown_processor_is_said_not_raised_by_info(python):
    out = python("-m", "verdigris", VERDIGRIS_CPU="pentium")
    assert out.returncode == 0, out.stderr
    assert "`pentium` is not known" in out.stdout


def test_use_device(python):
    code = """
import verdigris as vg
with vg.use_device("cpu") as device:
    print(device, vg.info()["device_reason"])
try:
    vg.use_device("cuda")
except vg.errors.DeviceError as error:
    print(error.code)
try:
    vg.use_device("gpu")
except vg.errors.DeviceError as error:
    print(error.code)
"""
    out = python("-c", code, CUDA_VISIBLE_DEVICES="")
    assert out.stdout.splitlines()[0] == "use_device('cpu') cpu says so", out.stderr
    # The process has used its device by then.
    assert out.stdout.splitlines()[1:] == ["already-chosen", "unknown-device"]
    refused = python("-c", "import verdigris as vg; vg.use_device('cuda')", CUDA_VISIBLE_DEVICES="")
    assert "asks for a GPU" in refused.stderr
    with pytest.raises(DeviceError):
        vg.use_device("nonsense")


def test_threads(python):
    before = vg.get_num_threads()
    with vg.num_threads(1) as limit:
        assert vg.get_num_threads() == 1
        with limit:
            assert vg.get_num_threads() == 1
        seen = []
        other = threading.Thread(target=lambda: seen.append(vg.get_num_threads()))
        other.start()
        other.join()
        assert seen == [before]
    assert vg.get_num_threads() == before
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(BadValueError):
            vg.set_num_threads(wrong)
    out = python("-c", "import verdigris as vg; vg.set_num_threads(5); print(vg.get_num_threads(), vg.info()['threads_reason'])")
    assert out.stdout == "5 set by set_num_threads\n", out.stderr


def test_import_starts_no_thread_and_loads_little(python):
    code = """
import numpy, sys, os
before = set(sys.modules)
import verdigris
print(len(os.listdir("/proc/self/task")))
print(sorted(m for m in set(sys.modules) - before if not m.startswith("verdigris")))
"""
    out = python("-c", code, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", VERDIGRIS_DEVICE="auto")
    threads, modules = out.stdout.splitlines()
    assert threads == "1"
    assert modules == "['__future__']", "import verdigris loads modules that NumPy does not need"


FORKED = """
import os, threading, numpy as np
from verdigris import rand
def numbers():
    array = np.empty(100_000)
    rand.PRNG(seed=1).normal(array, 0, 1)
    return array
here = numbers()
{extra}
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(numbers(), here) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), np.array_equal(numbers(), here))
"""


@pytest.mark.parametrize("extra", ["", "threading.Thread(target=lambda: [numbers() for _ in range(20)]).start()"])
def test_a_forked_child_has_threads_of_its_own(extra, python):
    out = python("-c", FORKED.format(extra=extra))
    assert out.stdout == "0 True\n", out.stderr


def test_import_adds_at_most_60_ms_to_numpys(python):
    code = "import numpy, time; t = time.perf_counter(); import verdigris; print(time.perf_counter() - t)"
    with open("/proc/self/maps") as maps:
        if "libLLVM" in maps.read():
            pytest.skip("a development build: loading LLVM's shared library alone takes longer")
    times = [float(python("-c", code).stdout) for _ in range(5)]
    assert min(times) < 0.060, times
