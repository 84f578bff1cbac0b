"""What tests share: fresh processes, and the GPU marker."""

import contextlib
import os
import subprocess
import sys

import pytest

# What tests compile is theirs alone; those of the cache say where it is.
os.environ.setdefault("VERDIGRIS_CACHE", "0")
# The suite is about the CPU, also on a machine with a GPU; `make gpu-check` asks for that.
os.environ.setdefault("VERDIGRIS_DEVICE", "cpu")

import verdigris


@pytest.fixture
def python():
    """Runs Python in a process of its own, with none of our environment variables but those given."""

    def run(*arguments, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VERDIGRIS_")}
        environment |= {"VERDIGRIS_CACHE": "0", "VERDIGRIS_DEVICE": "cpu"} | variables
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=300)

    return run


@pytest.fixture
def recorded():
    """The stand-in of the driver, which says what was called; None on a GPU."""
    if "VERDIGRIS_STANDIN_DEVICES" not in os.environ:
        return None
    from standin import Standin

    return Standin()


@pytest.fixture(autouse=True)
def _no_faults(recorded):
    """On the stand-in of the driver: a kernel that ends its context fails the test it is in, and no other."""
    yield
    if recorded:
        with contextlib.suppress(verdigris.errors.DeviceError):
            verdigris.cuda.synchronize()
        assert not (found := recorded.faults()), found


def pytest_runtest_setup(item):
    if item.get_closest_marker("cpu") and verdigris.cuda.is_gpu():
        pytest.skip("is about the CPU's way of running kernels")
    if item.get_closest_marker("gpu") and not verdigris.cuda.is_gpu():
        if os.environ.get("VERDIGRIS_REQUIRE_GPU") == "1":
            pytest.fail("VERDIGRIS_REQUIRE_GPU=1, and there is no GPU that verdigris can use")
        pytest.skip("needs a GPU that verdigris can use")
