"""`verdigris.fft` as SciPy's backend: SciPy's own tests run through it, and what is not ours still works."""

import json

import numpy as np
import pytest
import scipy.fft

from verdigris import cuda, fft

MODULES = [f"scipy.fft.tests.{name}" for name in ("test_basic", "test_real_transforms", "test_helper", "test_fftlog")]

RUN = """
import json, sys
import pytest, scipy.fft
import verdigris.fft
from verdigris.fft import _backend

class Outcomes:
    passed = 0
    failed = []
    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            self.passed += 1
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collection_modifyitems(self, items):
        items[:] = items[:: int(every)]

outcomes = Outcomes()
how, every, *modules = sys.argv[1:]
arguments = ["-q", "-p", "no:cacheprovider", "--pyargs", *modules]
if how == "global":
    # Also in the children of a pool, which run this file up to here.
    scipy.fft.set_global_backend(verdigris.fft)
if __name__ != "__main__":
    pass
elif how == "global":
    pytest.main(arguments, plugins=[outcomes])
else:
    # Other threads and children do not have a context's backend: there these compare SciPy's last places with ours.
    arguments += ["-k", "not test_multiprocess and not ThreadSafe"]
    with scipy.fft.set_backend(verdigris.fft):
        pytest.main(arguments, plugins=[outcomes])
counts = _backend.Counts
if __name__ == "__main__":
    print()
    print(json.dumps([outcomes.passed, outcomes.failed, counts.called - counts.passed_on, counts.passed_on]))
"""


ALL = [pytest.param(how, 1, marks=pytest.mark.slow) for how in ("global", "context")]


@pytest.mark.parametrize(("how", "every"), [*ALL, ("context", 9)])
def test_scipys_own_tests_pass_and_are_served(python, tmp_path, how, every):
    script = tmp_path / "run.py"
    script.write_text(RUN)
    done = python(str(script), how, str(every), *MODULES)
    passed, failed, served, passed_on = json.loads(done.stdout.splitlines()[-1])
    assert not failed, done.stdout[-5000:]
    assert passed > 300 / every
    # A sample may hold more of what is not ours.
    assert served >= (0.95 if every == 1 else 0.85) * (served + passed_on), (served, passed_on)


def test_every_function_of_the_protocol_is_answered():
    x = np.linspace(-1, 1, 24).reshape(4, 6)
    half = x + 1j
    of_complex = "fft ifft fft2 ifft2 fftn ifftn irfft irfft2 irfftn hfft hfft2 hfftn"
    of_real = "rfft rfft2 rfftn ihfft ihfft2 ihfftn dct idct dst idst dctn idctn dstn idstn"
    calls = dict.fromkeys(of_complex.split(" "), (half,)) | dict.fromkeys(of_real.split(" "), (x,))
    calls |= dict.fromkeys(("fht", "ifht"), (x, 0.1, 0.5))
    assert len(calls) == 28
    for name, args in calls.items():
        wanted = getattr(scipy.fft, name)(*args)
        with scipy.fft.set_backend(fft, only=True):
            ours = getattr(scipy.fft, name)(*args)
        assert ours.dtype == wanted.dtype and np.allclose(ours, wanted), name


def test_what_is_not_ours_is_scipys():
    wide = np.arange(8).astype(np.longdouble)

    class Foreign:
        __array_namespace__ = None

        def __array__(self, dtype=None, copy=None):
            return np.arange(4.0)

    with scipy.fft.set_backend(fft, only=True):
        assert scipy.fft.fft(wide).dtype == np.clongdouble
        assert scipy.fft.dct(np.array([1, 2, 3], object)).dtype == np.float64
        assert np.allclose(scipy.fft.fft(Foreign()), np.fft.fft(np.arange(4.0)))
        with pytest.raises(NotImplementedError):
            scipy.fft.fft(np.arange(4.0), plan=1)
        with pytest.raises(ValueError, match="workers"):
            scipy.fft.fft(np.arange(4.0), workers=0)
        device = scipy.fft.fft(cuda.to_device(np.arange(4.0)))
        assert isinstance(device, cuda.DeviceNDArray)


def test_workers_are_scipys_there():
    seen = []
    original = fft._transform.fft_execute

    def spy(*args):
        seen.append(args[-2])
        return original(*args)

    fft._transform.fft_execute = spy
    try:
        x = np.ones((40, 40))
        with scipy.fft.set_backend(fft):
            scipy.fft.fft2(x)
            with scipy.fft.set_workers(2):
                scipy.fft.fft2(x)
            scipy.fft.fft2(x, workers=3)
        fft.fft2(x)
    finally:
        fft._transform.fft_execute = original
    assert seen == [1, 2, 3, None]


def test_without_scipy(python):
    done = python(
        "-c",
        "import sys; sys.modules['scipy'] = None\n"
        "import numpy as np; from verdigris import fft\n"
        "assert fft.fft(np.arange(4))[0] == 6\n"
        "try: fft.fft(np.arange(4).astype('g'))\n"
        "except TypeError as error: print(error)\n",
    )
    assert done.returncode == 0, done.stderr
    assert ("SciPy" in done.stdout and "longdouble" in done.stdout) or "float128" in done.stdout
