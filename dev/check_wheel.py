"""Checks a wheel: which glibc it needs, that it brings what it links, that it works beside NumPy alone.

Usage: check_wheel.py WHEEL.  Fails if the wheel needs a later glibc than README states, if it links a
library that is neither in it nor promised by the manylinux policy, or if a clean environment with only
NumPy cannot import it and run a ufunc and a kernel from it.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import venv
import zipfile

# Present on every Linux that manylinux wheels run on.
POLICY = {
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
    "libz.so.1",
}

PROGRAM = """
import numpy as np
import verdigris
from verdigris import cuda, vectorize

@vectorize(["float64(float64, float64)"])
def plus(a, b):
    return a + b

@cuda.jit
def double(a):
    i = cuda.grid(1)
    if i < a.size:
        a[i] *= 2

a = np.arange(1000.0)
assert np.array_equal(plus(a, a), 2 * a)
expected = 2 * a
double[8, 128](a)
assert np.array_equal(a, expected)
print("works in a clean environment: verdigris", verdigris.__version__, "with NumPy", np.__version__)
"""


def version(text):
    return tuple(int(part) for part in text.split("."))


def stated_glibc(readme):
    found = re.findall(r"glibc (\d+\.\d+) or later", readme)
    if len(set(found)) != 1:
        sys.exit(f"error: README states {len(set(found))} glibc versions; it should state one ('glibc 2.xx or later')")
    return found[0]


def dynamic_section(library):
    return subprocess.run(["objdump", "-p", library], check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    wheel = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parent.parent
    stated = stated_glibc((root / "README.md").read_text())
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            archive.extractall(scratch / "wheel")
        if not any(name.endswith("/THIRD-PARTY-NOTICES") for name in names):
            sys.exit("error: the wheel has no THIRD-PARTY-NOTICES")
        libraries = [scratch / "wheel" / name for name in names if ".so" in pathlib.Path(name).name]
        brought = {library.name for library in libraries}
        needed_glibc = "0"
        for library in libraries:
            section = dynamic_section(library)
            needed = re.findall(r"NEEDED\s+(\S+)", section)
            if foreign := set(needed) - POLICY - brought:
                sys.exit(f"error: {library.name} needs {', '.join(sorted(foreign))}, which the wheel does not bring")
            glibc = max(re.findall(r"GLIBC_(\d+(?:\.\d+)+)", section), key=version, default="0")
            print(f"  {library.name}: glibc {glibc}; {', '.join(needed)}")
            needed_glibc = max(needed_glibc, glibc, key=version)
        print(f"needs glibc {needed_glibc}; README states {stated}")
        if version(needed_glibc) > version(stated):
            sys.exit("error: the wheel needs a later glibc than README states")

        venv.create(scratch / "venv", with_pip=True)
        python = scratch / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel.resolve()], check=True)
        program = scratch / "program.py"
        program.write_text(PROGRAM)
        subprocess.run([python, program], cwd=scratch, check=True)


if __name__ == "__main__":
    main()
