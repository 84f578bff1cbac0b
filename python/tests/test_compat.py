"""`verdigris.compat`: stand-ins for other packages. Each case is a process of its own."""

SCRIPT = """
import sys
from pyculib import rand as curand
import accelerate.cuda.rand
import pyculib
import numpy as np
a, b = np.empty(4), np.empty(4)
curand.PRNG(rndtype=curand.PRNG.XORWOW, seed=1).uniform(a)
accelerate.cuda.rand.PRNG(seed=1).uniform(b)
assert (a == b).all() and (a > 0).all()
try:
    from pyculib import sparse
except ImportError as error:
    print("refused")
print(__name__, sys.argv[1:])
"""


def test_runs_a_script_with_its_arguments(python, tmp_path):
    (tmp_path / "neighbour.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("import neighbour\n" + SCRIPT)
    out = python("-m", "verdigris.compat", str(script), "-x", "7")
    assert out.stdout == "refused\n__main__ ['-x', '7']\n", out.stderr


def test_usage(python):
    for arguments in ([], ["--unknown"], ["--numba"]):
        out = python("-m", "verdigris.compat", *arguments)
        assert out.returncode == 2 and "usage" in out.stderr


def test_a_failing_scripts_traceback_is_its_own(python, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.exit(3)\n")
    assert python("-m", "verdigris.compat", str(script)).returncode == 3


def test_install_twice_and_missing_names(python):
    code = """
from verdigris import compat
compat.install(); compat.install()
import pyculib
try: pyculib.sparse
except AttributeError as error: print(error)
"""
    assert python("-c", code).stdout == "verdigris has no pyculib.sparse\n"


def test_refused_when_the_real_one_is_loaded(python):
    code = """
import sys, types
sys.modules["pyculib"] = types.ModuleType("pyculib")
from verdigris import compat
try: compat.install()
except ImportError as error: print(type(error).__name__, error)
print("accelerate" in sys.modules)
"""
    out = python("-c", code).stdout.splitlines()
    assert out[0].startswith("AlreadyLoaded the real pyculib is already loaded")
    assert out[1] == "False"


def test_numba_is_stood_in_for_only_when_asked(python, tmp_path):
    code = """
import sys
from verdigris import compat
compat.install()
assert "numba" not in sys.modules
compat.install(numba=True)
import numba, verdigris
from numba import cuda, vectorize, float32, types
import numba.cuda
assert cuda is verdigris.cuda is numba.cuda and vectorize is verdigris.vectorize
assert float32 is verdigris.float32 and types.float64 is verdigris.float64
from numba.cuda.cudadrv.driver import CudaAPIError
from numba.core.errors import TypingError
from numba.extending import register_jitable
from numba import literal_unroll
import numba.core.types
import numpy as np
@register_jitable
def one(): return 1
@cuda.jit
def kernel(x):
    for item in literal_unroll((1, 2.5)):
        x[cuda.grid(1)] += item + one()
assert one() == 1 and literal_unroll((1, 2.5)) == (1, 2.5)
sums = np.zeros(2)
kernel[1, 2](sums)
assert sums.tolist() == [5.5, 5.5]
try: kernel[1, 2000](np.zeros(2))
except CudaAPIError: pass
else: raise AssertionError
assert TypingError is verdigris.errors.TypingError is numba.core.errors.TypingError
try: numba.njit
except AttributeError as error: print(error)
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    out = python(str(script))
    assert out.stdout == "verdigris' stand-in for numba has no 'njit'\n", out.stderr


def test_numba_is_refused_when_loaded(python):
    code = """
import numba
from verdigris import compat
try: compat.install(numba=True)
except ImportError as error: print(type(error).__name__)
compat.install()
"""
    out = python("-c", code)
    assert out.stdout == "AlreadyLoaded\n", out.stderr
