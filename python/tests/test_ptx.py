"""PTX without a GPU: what `cuda.compile` and its kin give, assembled by NVIDIA's `ptxas`, and that of the whole suite.

`ptxas` is that of the package nvidia-cuda-nvcc (or what VERDIGRIS_PTXAS names). With VERDIGRIS_PTX_DUMP the compiler writes the
PTX of everything it compiles for the CPU; the slow test runs the suite so, and assembles what was written.
"""

import concurrent.futures
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

from verdigris import _verdigris, cuda, errors, types

HERE = pathlib.Path(__file__).resolve().parent
ARCHS = ("sm_75", "sm_80", "sm_90", "sm_100")


def ptxas():
    named = os.environ.get("VERDIGRIS_PTXAS")
    if named:
        return named
    found = list(pathlib.Path(sysconfig.get_path("purelib")).glob("nvidia/*/bin/ptxas"))
    assert found, "no ptxas here: pip install nvidia-cuda-nvcc, or set VERDIGRIS_PTXAS"
    return str(found[0])


def assemble(path, arch, *options):
    """What ptxas says of a file; fails if it does not take it."""
    done = subprocess.run([ptxas(), "-v", *options, "-arch", arch, "-o", os.devnull, path], capture_output=True, text=True)
    assert done.returncode == 0, f"{path}: {done.stderr}"
    return done.stderr


def assembled(text, arch, tmp_path, *options):
    path = tmp_path / f"{arch}.ptx"
    path.write_text(text)
    return assemble(path, arch, *options)


def saxpy(out, a, x, y):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = a * x[i] + y[i]


SIGNATURE = "void(float32[::1], float32, float32[::1], float32[::1])"


@pytest.mark.parametrize("cc", [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0)])
def test_a_kernel_for_each_capability(cc, tmp_path):
    text, returns = cuda.compile_ptx(saxpy, SIGNATURE, cc=cc)
    arch = f"sm_{cc[0]}{cc[1]}"
    assert f".target {arch}" in text and ".visible .entry kernel_saxpy(" in text
    assert returns == types.void
    assert "fma.rn.f32" in text
    said = assembled(text, arch, tmp_path)
    assert "0 bytes spill stores" in said


def test_contraction_and_fastmath_are_ours():
    exact, _ = cuda.compile_ptx(saxpy, SIGNATURE, fma=False)
    assert "mul.rn.f32" in exact and "add.rn.f32" in exact and "fma.rn" not in exact

    def sine(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = math.sin(x[i]) / math.sqrt(x[i])

    precise, _ = cuda.compile_ptx(sine, "void(float32[::1])")
    fast, _ = cuda.compile_ptx(sine, "void(float32[::1])", fastmath=True)
    assert "div.rn.f32" in precise and "sqrt.rn.f32" in precise and "sin.approx" not in precise and ".ftz" not in precise
    assert fast != precise and "sin.approx" not in fast


def test_debug_lines_and_options(tmp_path):
    plain, _ = cuda.compile_ptx(saxpy, SIGNATURE)
    assert ".loc" not in plain and "vg_fail" not in plain
    lines, _ = cuda.compile_ptx(saxpy, SIGNATURE, lineinfo=True)
    first = saxpy.__code__.co_firstlineno
    told = {int(line) for line in re.findall(r"\.loc\s+\d+ (\d+) ", lines)}
    assert first + 3 in told and told <= set(range(first - 1, first + 4)) | {0}
    assert "test_ptx.py" in lines
    assembled(lines, "sm_75", tmp_path)
    checked, _ = cuda.compile_ptx(saxpy, SIGNATURE, debug=True)
    assert ".loc" in checked and "vg_fail" in checked
    assembled(checked, "sm_75", tmp_path)
    slow, _ = cuda.compile_ptx(saxpy, SIGNATURE, opt=False)
    assert len(slow) > len(plain)
    assembled(slow, "sm_75", tmp_path)
    bounded, _ = cuda.compile_ptx(saxpy, SIGNATURE, launch_bounds=(256, 2), max_registers=64)
    for text in (".maxntid 256", ".minnctapersm 2", ".maxnreg 64"):
        assert text in bounded


def test_functions_for_other_code(tmp_path):
    def add(x, y):
        return x + y

    text, returns = cuda.compile(add, "float32(float32, float32)")
    assert returns == types.float32
    assert ".visible .func" in text and " add(" in text and ".entry" not in text
    assembled(text, "sm_75", tmp_path, "-c")
    text, returns = cuda.compile_ptx(add, (types.int64, types.int64), device=True, cc=(9, 0))
    assert returns == types.int64 and ".target sm_90" in text

    def first(x):
        return x[0]

    text, returns = cuda.compile(first, (types.float64[::1],), debug=True)
    assert returns == types.float64 and "trap;" in text
    assembled(text, "sm_75", tmp_path, "-c")


def test_for_the_device_in_use():
    major, minor = cuda.get_current_device().compute_capability
    text, _ = cuda.compile_ptx_for_current_device(saxpy, SIGNATURE)
    assert f".target sm_{major}{minor}" in text
    text, _ = cuda.compile_for_current_device(saxpy, SIGNATURE, device=False)
    assert f".target sm_{major}{minor}" in text


def test_a_kernel_shows_its_ptx(tmp_path):
    kernel = cuda.jit(saxpy)
    assert kernel.inspect_ptx() == {}
    x = np.ones(3, np.float32)
    kernel[1, 32](x, 2.0, x, x)
    (signature,) = kernel.signatures
    text = kernel.inspect_ptx(signature)
    assert kernel.inspect_ptx() == {signature: text} and "vg_fail" in text
    assert ".target sm_90" in kernel.inspect_ptx(signature, cc=(9, 0))
    assembled(text, "sm_75", tmp_path)
    assert cuda.compile_ptx(kernel, signature)[0].count(".entry") == 1


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (errors.UnsupportedError, {"cc": (5, 0)}),
        (errors.ArgumentError, {"cc": "7.5"}),
        (errors.UnsupportedError, {"output": "ltoir"}),
        (errors.ArgumentError, {"abi": "rust"}),
        (errors.ArgumentError, {"fastmath": {"nnan"}}),
        (errors.ArgumentError, {"launch_bounds": 0}),
        (errors.ArgumentError, {"max_registers": -1}),
    ],
)
def test_options_that_are_none(error, options):
    with pytest.raises(error):
        cuda.compile(saxpy, SIGNATURE, device=False, **options)


def test_what_a_gpu_lacks_is_told_with_its_line():
    def large(x):
        tile = cuda.shared.array(20000, types.float64)
        tile[cuda.threadIdx.x] = x[0]
        cuda.syncthreads()
        x[0] = tile[0]

    with pytest.raises(errors.UnsupportedError, match="shared arrays") as caught:
        cuda.compile_ptx(large, "void(float64[::1])")
    assert caught.value.lineno == large.__code__.co_firstlineno + 2
    with pytest.raises(errors.ArgumentError, match="function"):
        cuda.compile_ptx(3, "void(float64[::1])")

    def prints(x):
        print(x)
        return x

    with pytest.raises(errors.UnsupportedError, match="print"):
        cuda.compile(prints, "float64(float64)")


# --- registers ---

SNAPSHOT = HERE / "ptx_registers.txt"
"""What ptxas says of the bench kernels and of the math library; VERDIGRIS_UPDATE_SNAPSHOTS=1 writes it anew."""


def resources(text, arch, tmp_path):
    """Registers, bytes of stack and bytes of spills of the entry of a module."""
    said = assembled(text, arch, tmp_path)
    entry = said[said.index("Compiling entry function") :]
    pattern = r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
    stack, stores, loads = map(int, re.search(pattern, entry).groups())
    return int(re.search(r"Used (\d+) registers", entry)[1]), stack, stores + loads


def compare(section, found, slack=0):
    """Holds a section of the snapshot against what was found, or writes it. Registers may differ by `slack`."""
    sections = {}
    for line in SNAPSHOT.read_text().splitlines() if SNAPSHOT.exists() else []:
        if line.startswith("# "):
            sections[line[2:]] = []
        elif line:
            sections[next(reversed(sections))].append(line)
    if os.environ.get("VERDIGRIS_UPDATE_SNAPSHOTS"):
        sections[section] = found
        SNAPSHOT.write_text("\n".join("".join(f"{line}\n" for line in [f"# {name}", *lines]) for name, lines in sections.items()))
    recorded = sections.get(section, [])
    without, registers = re.compile(r"\d+ registers"), re.compile(r"(\d+) registers")
    assert [without.sub("", line) for line in recorded] == [without.sub("", line) for line in found]
    for old, new in zip(recorded, found, strict=True):
        pairs = zip(map(int, registers.findall(old)), map(int, registers.findall(new)), strict=True)
        assert all(abs(a - b) <= slack for a, b in pairs), f"{new}\nwas {old}"


def line_of(name, archs, tmp_path, text_of, *arguments, **options):
    """A line of the snapshot; `text_of(*arguments, cc=...)` gives the PTX."""
    parts = []
    for arch in archs:
        text = text_of(*arguments, cc=capability(arch), **options)
        registers, stack, spills = resources(text if isinstance(text, str) else text[0], arch, tmp_path)
        assert spills == 0, f"{name} spills {spills} bytes on {arch}"
        parts.append(f"{arch} {registers} registers {stack} bytes of stack")
    return f"{name}: {', '.join(parts)}"


def capability(arch):
    number = int(arch[3:])
    return number // 10, number % 10


def test_bench_kernels_do_not_spill(tmp_path):
    sys.path.insert(0, str(HERE.parents[1]))
    try:
        from benches.python import kernels, mandelbrot
    finally:
        del sys.path[0]
    f4, f8 = "float32[:, ::1]", "float64[:, ::1]"
    signatures = {
        kernels.block_sums: "void(float32[::1], float32[::1])",
        kernels.tiled_product: f"void({f4}, {f4}, {f4})",
        kernels.heat_step: f"void({f8}, {f8})",
        kernels.histogram: "void(float64[::1], int32[::1])",
        kernels.walk: "void(float64[::1])",
        mandelbrot.kernel: "void(float64, float64, float64, float64, uint8[:, ::1], int64)",
    }
    found = []
    for kernel, signature in signatures.items():
        name = kernel.__name__ if kernel is not mandelbrot.kernel else "mandelbrot"
        options = {"fma": kernel is not mandelbrot.kernel}
        found.append(line_of(name, ARCHS, tmp_path, cuda.compile_ptx, kernel, signature, **options))
    compare("bench kernels", found)


def is_of_the_math_library(name, operands):
    try:
        _verdigris.math_row(name, operands[0], [1.0] * len(operands))
    except ValueError:
        return False
    return True


@pytest.mark.slow
def test_functions_of_the_math_library_do_not_spill(tmp_path):
    found = []
    for index, (name, operands, _) in enumerate(_verdigris.op_rows()):
        if is_of_the_math_library(name, operands):
            row = _verdigris.Lowered.of_row(index)
            found.append(line_of(f"{name} {operands[0]}", ("sm_75", "sm_90"), tmp_path, row.ptx))
    assert len(found) > 90
    compare("math library", found, slack=8)


# --- the suite ---


def dumped(folder, *arguments):
    """Runs tests in a process that writes PTX to a folder."""
    environment = {**os.environ, "VERDIGRIS_PTX_DUMP": str(folder), "VERDIGRIS_CACHE": "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True)
    # 5: none of the tests is chosen.
    assert done.returncode in (0, 5), done.stdout[-4000:] + done.stderr[-4000:]
    bugs = sorted(folder.glob("*.bug"))
    assert not bugs, f"{len(bugs)} functions, the first: {bugs[0].read_text()}"
    return sorted(folder.glob("*.ptx"))


def assemble_all(paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(lambda path: assemble(path, path.suffixes[-2][1:], "-O1"), paths))


def test_a_sample_of_the_suite_is_assembled(tmp_path):
    paths = dumped(tmp_path, str(HERE / "test_cuda_warps.py"), str(HERE / "test_cuda_raise.py"), "-m", "not slow")
    assert len(paths) >= 4 * 20 and {path.suffixes[-2][1:] for path in paths} == set(ARCHS)
    assemble_all(paths[::8])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({path.name for path in HERE.glob("test_*.py")} - {"test_ptx.py", "test_gpu_standin.py"}))
def test_all_of_the_suite_is_assembled(name, tmp_path):
    paths = dumped(tmp_path, str(HERE / name), "-m", "not slow and not interop")
    assert paths or not name.startswith("test_cuda")
    assemble_all(paths)
    refused = [path.read_text() for path in tmp_path.glob("*.refused")]
    # What a GPU does not have is memory: kernels of tests that ask for more than it gives.
    assert all("shared arrays" in text or "local arrays" in text or "arguments of" in text for text in refused), refused
    # Where the stand-in's interpreter is tested on it afterwards, what its devices (9.0) run is kept.
    if corpus := os.environ.get("VERDIGRIS_PTX_CORPUS"):
        for path in paths:
            if path.suffixes[-2] != ".sm_100":
                shutil.copy(path, corpus)
