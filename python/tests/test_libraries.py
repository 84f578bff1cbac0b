"""Finding NVIDIA's libraries: made-up folders, and the real ones where a package of NVIDIA's is installed."""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verdigris import _libraries, _verdigris, errors

REAL = [folder for folder in _libraries.directories() if list(Path(folder).glob("libcurand.so.10"))]


def refusal(name, *folders, **options):
    with pytest.raises(errors.LibraryNotFound) as caught:
        _verdigris.find_library(name, [str(folder) for folder in folders], **options)
    assert isinstance(caught.value, OSError)
    assert not isinstance(caught.value, ImportError)
    assert caught.value.code == "library-not-found"
    return str(caught.value)


def test_each_place_is_named_with_what_was_wrong(tmp_path):
    empty, old, cut, text = (tmp_path / name for name in ("empty", "old", "cut", "text"))
    for folder in (empty, old, cut, text):
        folder.mkdir()
    (old / "libcublas.so.11").write_bytes(b"")
    (cut / "libcublas.so.12").write_bytes(Path(sys.executable).resolve().read_bytes()[:5000])
    (text / "libcublas.so.13").write_text(
        "no library at all, only words, enough of them to be longer than a header of a file\n" * 2
    )
    told = refusal("cublas", empty, old, cut, text)
    assert told.startswith(f"NVIDIA's libcublas was not found; tried {empty}: no libcublas.so.13 or libcublas.so.12; ")
    assert f"{old}: no libcublas.so.13 or libcublas.so.12, only libcublas.so.11; " in told
    assert f"{cut}/libcublas.so.12: the file is cut off: it has 5000 bytes of at least " in told
    assert f"{text}/libcublas.so.13: the file is no 64-bit shared library" in told
    assert told.endswith("It is in the package nvidia-cublas on PyPI (verdigris[cuda13] or verdigris[cuda12] has all of them)")
    assert "no libcublas.so.12;" in refusal("cublas", empty, text, cuda=12) + ";"
    with pytest.raises(ValueError, match="no library of NVIDIA's"):
        _verdigris.find_library("cusolver")


def test_a_library_that_lacks_its_functions_is_told(tmp_path):
    libc = next(
        line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libc.so" in line or "libc-2" in line
    )
    (tmp_path / "libcurand.so.10").symlink_to(libc)
    assert refusal("curand", tmp_path) == f"libcurand at {tmp_path}/libcurand.so.10 has no curandGetProperty"


@pytest.mark.skipif(not REAL, reason="nvidia-curand is not installed")
def test_nvidias_own_library_tells_its_version_and_what_it_misses(tmp_path):
    version, path = _verdigris.find_library("curand", REAL)
    assert version[0] == 10
    assert Path(path).parent == Path(REAL[0])
    assert _verdigris.find_library("cudart", REAL)[0][0] in (12, 13)
    # Alone in a fresh process it lacks the run-time library, which its package does not bring.
    (tmp_path / "libcurand.so.10").symlink_to(Path(REAL[0]) / "libcurand.so.10")
    text = f"""
from verdigris import _verdigris, errors
try:
    _verdigris.find_library("curand", [{str(tmp_path)!r}])
except errors.LibraryNotFound as error:
    print(error)
"""
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    out = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment, timeout=100, check=False)
    assert "libcudart.so" in out.stdout, out.stdout + out.stderr


def test_packages_are_found_in_both_layouts(tmp_path, monkeypatch):
    for folder in ("nvidia/cublas/lib", "nvidia/curand/lib", "nvidia/cu13/lib", "nvidia/cuda_runtime/include"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    found = [str(Path(folder).relative_to(tmp_path.resolve())) for folder in _libraries.directories()]
    assert found == ["nvidia/cu13/lib", "nvidia/cublas/lib", "nvidia/curand/lib"]


def test_folders_full_of_rubbish_do_not_harm_the_import(python, tmp_path):
    for name in ("libcuda.so.1", "libcuda.so", "libcublas.so.13", "libcurand.so.10", "libcudart.so.13", "libcufft.so.12"):
        (tmp_path / name).write_bytes(b"\x7fELF rubbish")
    text = "import verdigris as vg, numpy as np; print(vg.info()['device'], np.asarray(vg.cuda.to_device(np.ones(2))))"
    done = python("-c", text, LD_LIBRARY_PATH=str(tmp_path), VERDIGRIS_CUDA_LIB_DIR=str(tmp_path))
    assert done.stdout == "cpu [1. 1.]\n", done.stderr


# --- what we declare, against NVIDIA's own headers and libraries ---

SOURCES = Path(__file__).parents[2]
LIBRARIES = {
    "curand": ("rand/src/cuda/sys.rs", ["curand.h"], "nvidia-curand"),
    "cublas": ("blas/src/cuda/sys.rs", ["cublas_api.h"], "nvidia-cublas"),
    "cufft": ("fft/src/cuda/sys.rs", ["cufft.h"], "nvidia-cufft"),
}
# How a type is passed: as an integer of 4 or 8 bytes, or a float.
WIDTHS = {"c_int": "4", "c_uint": "4", "f32": "f", "f64": "d"} | dict.fromkeys(
    ("usize", "u64", "i64", "c_longlong", "c_ulonglong", "At", "Number"), "8"
)
NARROW = {
    "int",
    "cufftHandle",
    "cublasOperation_t",
    "cublasFillMode_t",
    "cublasSideMode_t",
    "cublasDiagType_t",
    "cublasPointerMode_t",
}
NARROW |= {"cudaDataType", "cublasComputeType_t", "cublasGemmAlgo_t", "curandRngType_t", "curandOrdering_t", "cufftType"}
WIDE = {"size_t", "int64_t", "long long", "long long int", "unsigned long long"}
WIDE |= {"cublasHandle_t", "cudaStream_t", "curandGenerator_t"}


def declared(source):
    """The functions that a file of ours declares: for each name, how its arguments are passed, and what they are called."""
    text = (SOURCES / source).read_text(encoding="utf-8")
    found = {}
    for line in re.findall(r"^ {4}fn [^;{]*;", text, re.MULTILINE | re.DOTALL):
        name, arguments, names = re.match(r"\s*fn (\w+)\((.*?)\)\s*(?:=(.*))?;", line, re.DOTALL).groups()
        pairs = [argument.split(": ") for argument in re.split(r",\s*", arguments.strip().rstrip(","))]
        passed = ["8" if ty.startswith("*") else WIDTHS[ty] for _, ty in pairs]
        called = [argument.strip() for argument, _ in pairs]
        if names:
            # A routine's handle comes first and is not said.
            for one in re.findall(r'"(\w+)"', names):
                found[one] = (["8", *passed], ["handle", *called])
        else:
            found[name] = (passed, called)
    return found


def prototypes(header):
    """The functions of a header: as `declared`."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, arguments in re.findall(r"(?:Status_t|cufftResult)\s+CU\w+API\s+(\w+)\s*\(([^)]*)\)\s*;", text):
        passed, called = [], []
        for argument in arguments.split(","):
            words = argument.replace("*", " * ").replace("[]", " * ").split()
            ty = " ".join(word for word in words[:-1] if word not in ("const", "*"))
            if "*" in words:
                word = next((w for w in reversed(words) if w != "*"), "")
                passed.append("8")
            else:
                word = words[-1]
                passed.append(
                    "4"
                    if ty in NARROW or ty == "unsigned int"
                    else "8"
                    if ty in WIDE
                    else {"float": "f", "double": "d"}.get(ty, ty)
                )
            called.append(word)
        found[name] = (passed, called)
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_we_declare_is_what_the_header_declares(library):
    source, headers, package = LIBRARIES[library]
    ours = declared(source)
    assert len(ours) > 10
    folders = [Path(folder).parent / "include" for folder in _libraries.directories()]
    found = [folder / header for header in headers for folder in folders if (folder / header).exists()]
    if not found:
        pytest.skip(f"{package} is not installed")
    theirs = {name: told for header in found for name, told in prototypes(header).items()}
    same = {
        "lda",
        "ldb",
        "ldc",
        "incx",
        "incy",
        "m",
        "n",
        "k",
        "kl",
        "ku",
        "uplo",
        "trans",
        "transa",
        "transb",
        "side",
        "diag",
        "nrhs",
    }
    same |= {
        "inembed",
        "istride",
        "idist",
        "onembed",
        "ostride",
        "odist",
        "batch",
        "alpha",
        "beta",
        "a",
        "b",
        "c",
        "x",
        "y",
        "ap",
    }
    for name, (passed, called) in ours.items():
        assert name in theirs, f"{name} is in no header of {package}"
        assert passed == theirs[name][0], f"{name} takes {theirs[name]}, and is declared {passed} {called}"
        for one, other in zip(called, theirs[name][1], strict=True):
            other = other.lower().removesuffix("array")
            if one in same and other in same:
                assert one == other, f"{name}: {called} and {theirs[name][1]}"


@pytest.mark.parametrize("library", LIBRARIES)
def test_nvidias_library_has_what_we_declare(library):
    source, _, package = LIBRARIES[library]
    folders = [folder for folder in _libraries.directories() if list(Path(folder).glob(f"lib{library}.so.*"))]
    if not folders:
        pytest.skip(f"{package} is not installed")
    version, path = _verdigris.find_library(library, folders)
    assert version[0] >= 10
    opened = ctypes.CDLL(str(path))
    missing = [name for name in declared(source) if not hasattr(opened, name)]
    assert not missing
