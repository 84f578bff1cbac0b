"""Finding NVIDIA's libraries: made-up folders, and the real ones where a package of NVIDIA's is installed."""

import os
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
