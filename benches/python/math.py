"""Functions of the math library on arrays that fit the second-level cache, one core, beside NumPy's and three vector libraries'.

A shim, compiled here with the C compiler for AVX-512 or AVX2, calls glibc's libmvec, SLEEF (Debian: libsleef-dev) and
Intel's SVML (PyPI: intel-cmplr-lib-rt) in a plain loop over vectors. A library that is not there is left out. Figures
are of whole calls, ufunc machinery included, over 8,192 elements.
"""

import ctypes
import importlib.metadata
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import vectorize

ELEMENTS = 8192


def exp(x):
    return np.exp(x)


def log(x):
    return np.log(x)


def sin(x):
    return np.sin(x)


def cos(x):
    return np.cos(x)


def tan(x):
    return np.tan(x)


def tanh(x):
    return np.tanh(x)


def pow_(x, y):
    return x**y


# name: (ours, NumPy's, low and high of the arguments)
FUNCTIONS = {
    "exp": (exp, np.exp, [(-10, 10)]),
    "log": (log, np.log, [(0.01, 100)]),
    "sin": (sin, np.sin, [(-10, 10)]),
    "cos": (cos, np.cos, [(-10, 10)]),
    "tan": (tan, np.tan, [(-10, 10)]),
    "tanh": (tanh, np.tanh, [(-3, 3)]),
    "pow": (pow_, np.power, [(0.01, 10), (-5, 5)]),
}


def wide():
    return "avx512f" in pathlib.Path("/proc/cpuinfo").read_text().split()


def symbols(name, dtype, arity):
    """Library and symbol of each peer's function for this processor's vectors."""
    single = dtype == np.float32
    lanes = (16 if wide() else 8) // (1 if single else 2)
    v = "v" * arity
    libmvec = f"_ZGV{'e' if wide() else 'd'}N{lanes}{v}_{name}{'f' if single else ''}"
    suffix = "avx512f" if wide() else "avx2"
    sleef = f"Sleef_{name}{'f' if single else 'd'}{lanes}_u10{suffix}"
    svml = f"__svml_{name}{'f' if single else ''}{lanes}_ha"
    return {
        "libmvec": ("libmvec.so.1", libmvec),
        "SLEEF 1 ULP": ("libsleef.so.3", sleef),
        "SVML high accuracy": (svml_path(), svml),
    }


def svml_path():
    try:
        files = importlib.metadata.files("intel-cmplr-lib-rt") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    path = next((pathlib.Path(f.locate()).resolve() for f in files if f.name == "libsvml.so"), None)
    if path is not None:
        # Which it needs, and finds only when it is there already.
        ctypes.CDLL(str(path.with_name("libintlc.so.5")), mode=ctypes.RTLD_GLOBAL)
    return path and str(path)


def shim(folder):
    """A function that applies a vector function, given by its address, to arrays."""
    parts = []
    for kind, vector in (("double", "__m512d" if wide() else "__m256d"), ("float", "__m512" if wide() else "__m256")):
        parts.append(f"""
void one_{kind}({vector} (*f)({vector}), const {kind} *x, {kind} *out, long n) {{
    for (long i = 0; i < n; i += sizeof({vector}) / sizeof({kind}))
        *({vector} *)(out + i) = f(*(const {vector} *)(x + i));
}}
void two_{kind}({vector} (*f)({vector}, {vector}), const {kind} *x, const {kind} *y, {kind} *out, long n) {{
    for (long i = 0; i < n; i += sizeof({vector}) / sizeof({kind}))
        *({vector} *)(out + i) = f(*(const {vector} *)(x + i), *(const {vector} *)(y + i));
}}""")
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text("#include <immintrin.h>\n" + "".join(parts))
    flag = "-mavx512f" if wide() else "-mavx2"
    subprocess.run([shutil.which("cc"), "-O2", flag, "-fPIC", "-shared", source, "-o", library], check=True)
    return ctypes.CDLL(str(library))


def aligned(values):
    """The same numbers at a multiple of 64 bytes, as the shim's loads want them."""
    room = np.empty(values.nbytes + 64, np.uint8)
    start = -room.ctypes.data % 64
    copy = room[start : start + values.nbytes].view(values.dtype)
    copy[:] = values
    return copy


def rows():
    with tempfile.TemporaryDirectory() as folder:
        glue = shim(pathlib.Path(folder)) if shutil.which("cc") else None
    rng = np.random.default_rng(1)
    for dtype in (np.float64, np.float32):
        for name, (ours, numpy, ranges) in FUNCTIONS.items():
            columns = [aligned(rng.uniform(low, high, ELEMENTS).astype(dtype)) for low, high in ranges]
            candidates = [
                ufunc("verdigris", vectorize(ours), columns),
                ufunc("verdigris fastmath", vectorize(fastmath=True)(ours), columns),
                ufunc("NumPy", numpy, columns),
            ]
            for label, (library, symbol) in symbols(name, dtype, len(columns)).items():
                candidates += peer(glue, label, library, symbol, columns)
            yield Row(f"{name}, {np.dtype(dtype).name}", tuple(candidates), ELEMENTS, rtol=1e-4 if dtype == np.float32 else 1e-12)


def ufunc(label, function, columns):
    out = aligned(np.empty_like(columns[0]))
    return Candidate(label, lambda: function(*columns, out=out), lambda: out)


def peer(glue, label, library, symbol, columns):
    try:
        address = ctypes.cast(getattr(ctypes.CDLL(library), symbol), ctypes.c_void_p) if glue and library else None
    except (OSError, AttributeError):
        address = None
    if address is None:
        return []
    kind = "float" if columns[0].dtype == np.float32 else "double"
    loop = getattr(glue, f"{'one' if len(columns) == 1 else 'two'}_{kind}")
    out = aligned(np.empty_like(columns[0]))
    arguments = [address, *(ctypes.c_void_p(c.ctypes.data) for c in (*columns, out)), ctypes.c_long(ELEMENTS)]
    return [Candidate(label, lambda: loop(*arguments), lambda: out)]
