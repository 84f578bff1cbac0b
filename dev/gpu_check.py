"""`make gpu-check`: every GPU test and bench, on a machine with an NVIDIA GPU, from a built wheel.

Needs Python 3.11 or later, NumPy, pytest and NVIDIA's driver; what else is there (NVIDIA's wheels, compute-sanitizer, CuPy) is
used, and nothing is installed. Ends with one line, 'N passed, N failed', and fails if anything did. `--stand-in LIBRARY` runs
it on the tests' stand-in of the driver instead, whose interpreter runs the PTX: no GPU is then asked.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

# Tests of kernels and ufuncs that say nothing of the device: what they expect holds on a GPU too.
SUITE = [
    "examples",
    "test_cuda_arrays.py",
    "test_cuda_arrays_in_kernels.py",
    "test_cuda_atomics.py",
    "test_cuda_blocks.py",
    "test_cuda_cmath.py",
    "test_cuda_grid_sync.py",
    "test_cuda_kernels.py",
    "test_cuda_language.py",
    "test_cuda_raise.py",
    "test_cuda_random.py",
    "test_cuda_recursion.py",
    "test_cuda_text.py",
    "test_cuda_types.py",
    "test_cuda_values.py",
    "test_cuda_warps.py",
    "test_device_ufuncs.py",
    "test_examples.py",
]

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "python" / "tests"


def devices() -> int:
    """How many GPUs the driver finds; ends the process with the reason if there is none."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        sys.exit(f"error: gpu-check needs a machine with an NVIDIA GPU and its driver: {error}")
    count = ctypes.c_int()
    if status := driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        sys.exit(f"error: the NVIDIA driver does not start: CUresult {status}")
    if not count.value:
        sys.exit("error: the NVIDIA driver finds no device")
    return count.value


def newest_wheel() -> Path:
    """The newest wheel in dist."""
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    if not wheels:
        sys.exit("error: no wheel in dist; run `make wheel` where LLVM is, or name one")
    return wheels[-1]


def run_tests(environment: dict[str, str], report: Path, before: list[str], files: list[str], marked: str) -> tuple[int, int]:
    """Runs the tests of files that are marked so; gives how many passed and failed."""
    command = [
        *before,
        sys.executable,
        "-m",
        "pytest",
        *(str(TESTS / file) for file in files),
        "-m",
        marked,
        "-p",
        "no:cacheprovider",
        "-q",
        f"--junitxml={report}",
    ]
    status = subprocess.run(command, env=environment, check=False).returncode
    if not report.exists():
        print(f"error: pytest ended with {status} and no report")
        return 0, 1
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    total, bad = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = int(suite.get("skipped", 0))
    failed = bad or (1 if status else 0)
    if not total:
        print(f"error: no test is marked {marked}")
        return 0, 1
    return total - bad - skipped, failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", nargs="?", type=Path, help="the wheel (default: the newest in dist)")
    parser.add_argument("--package", type=Path, help="a folder with the package, instead of a wheel")
    parser.add_argument("--stand-in", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--no-benches", action="store_true", help="tests only")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"VERDIGRIS_DEVICE": "cuda", "VERDIGRIS_REQUIRE_GPU": "1", "VERDIGRIS_CACHE": "0"}
        if arguments.stand_in:
            os.environ["VERDIGRIS_DRIVER_STANDIN"] = str(arguments.stand_in.resolve())
            sys.path.insert(0, str(TESTS))
            environment |= importlib.import_module("standin").environment(folder)
        else:
            print(f"{devices()} NVIDIA device(s)")
        package = arguments.package
        if package is None:
            package = Path(folder) / "package"
            with zipfile.ZipFile(arguments.wheel or newest_wheel()) as wheel:
                wheel.extractall(package)
        environment["PYTHONPATH"] = str(package)
        subprocess.run([sys.executable, "-c", "import numpy, pytest"], check=True)
        subprocess.run([sys.executable, "-m", "verdigris"], env=environment, check=True)

        passed, failed = run_tests(environment, Path(folder) / "tests.xml", [], ["."], "gpu")
        # What the CPU answers is what these expect, the blog's examples among them.
        more = run_tests(environment, Path(folder) / "suite.xml", [], SUITE, "not slow and not cpu and not gpu")
        passed, failed = passed + more[0], failed + more[1]
        sanitizer = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
        if sanitizer and not arguments.stand_in:
            print("once more under compute-sanitizer")
            more = run_tests(
                environment, Path(folder) / "sanitizer.xml", [sanitizer, "--error-exitcode", "99", "--"], ["."], "gpu"
            )
            passed, failed = passed + more[0], failed + more[1]
        else:
            print("compute-sanitizer is not there: skipped")
        if not arguments.no_benches:
            bench = [sys.executable, "-m", "benches.python.gpu"]
            if arguments.stand_in:
                bench += ["--out", folder, "--megabytes", "1", "--elements", "100000"]
            if subprocess.run(
                bench, env=environment | {"PYTHONPATH": f"{package}{os.pathsep}{ROOT}"}, cwd=ROOT, check=False
            ).returncode:
                print("error: the benches failed")
                failed += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
