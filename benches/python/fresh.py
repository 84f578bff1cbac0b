"""Benches that need a fresh process: each sample is one, with an empty cache directory.

The program prints one number, in seconds.  Peers and ours take turns.
"""

import os
import subprocess
import sys
import tempfile

from benches.python.protocol import figure, seconds, verdict

PROCESSES = 9


def sample(program, cpu=None):
    """What `program` prints when run in a fresh process with empty caches."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "program.py")
        with open(path, "w") as file:
            file.write(program)
        cache = os.path.join(scratch, "cache")
        os.mkdir(cache, 0o700)
        environment = dict(os.environ, VERDIGRIS_CACHE_DIR=cache, NUMBA_CACHE_DIR=cache)
        if cpu is not None:
            environment["VERDIGRIS_CPU"] = cpu
        done = subprocess.run([sys.executable, path], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def measure(named_programs, processes=PROCESSES):
    """`{label: figure}` of programs `{label: (text, VERDIGRIS_CPU or None)}`."""
    samples = {label: [] for label in named_programs}
    for _ in range(processes):
        for label, (program, cpu) in named_programs.items():
            samples[label].append(sample(program, cpu))
    return {label: figure(of_one) for label, of_one in samples.items()}


def table(groups):
    """A Markdown table of `[(work, {label: figure}, goal in seconds or None)]`; the first label is ours."""
    lines = ["| work | candidate | median | spread | goal | its time over ours |", "|---|---|---:|---:|---:|---:|"]
    for work, figures, goal in groups:
        ours = next(iter(figures.values()))
        for place, (label, one) in enumerate(figures.items()):
            lines.append(
                f"| {work if place == 0 else ''} | {label} | {seconds(one.median)} | {one.spread:.1%} "
                f"| {seconds(goal) if place == 0 and goal else ''} | {'' if place == 0 else verdict(ours, one)} |"
            )
    return "\n".join(lines)


def import_time():
    """What importing a library adds to NumPy's import."""
    program = "import numpy, time\nstart = time.perf_counter()\nimport {}\nprint(time.perf_counter() - start)\n"
    figures = measure({"verdigris": (program.format("verdigris"), None), "Numba": (program.format("numba"), None)})
    return table([("import, after NumPy's", figures, 0.060)])


HEAD = "import time\nimport numpy as np\n{imports}\na = np.arange(1000.0)\n"

ADD = """
start = time.perf_counter()
@vectorize(["float64(float64, float64)"])
def plus(a, b):
    return a + b
plus(a, a)
"""

FURTHER = """
start = time.perf_counter()
@vectorize(["float64(float64, float64)"])
def weighted(a, b):
    return 2.0 * a - b
weighted(a, a)
"""

MANDELBROT = """
image = np.zeros((64, 64), np.uint8)
start = time.perf_counter()
@cuda.jit(device=True)
def mandel(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z * z + c
        if (z.real * z.real + z.imag * z.imag) >= 4:
            return i
    return max_iters

@cuda.jit
def kernel(min_x, max_x, min_y, max_y, image, iters):
    height = image.shape[0]
    width = image.shape[1]
    pixel_size_x = (max_x - min_x) / width
    pixel_size_y = (max_y - min_y) / height
    start_x, start_y = cuda.grid(2)
    for x in range(start_x, width, cuda.gridDim.x * cuda.blockDim.x):
        for y in range(start_y, height, cuda.gridDim.y * cuda.blockDim.y):
            image[y, x] = mandel(min_x + x * pixel_size_x, min_y + y * pixel_size_y, iters)

kernel[(2, 8), (32, 8)](-2.0, 1.0, -1.0, 1.0, image, 20)
"""

NUMBA_MANDELBROT = """
image = np.zeros((64, 64), np.uint8)
start = time.perf_counter()
@njit
def mandel(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z * z + c
        if (z.real * z.real + z.imag * z.imag) >= 4:
            return i
    return max_iters

@njit
def loop(min_x, max_x, min_y, max_y, image, iters):
    height, width = image.shape
    pixel_size_x = (max_x - min_x) / width
    pixel_size_y = (max_y - min_y) / height
    for x in range(width):
        for y in range(height):
            image[y, x] = mandel(min_x + x * pixel_size_x, min_y + y * pixel_size_y, iters)

loop(-2.0, 1.0, -1.0, 1.0, image, 20)
"""

TAIL = "print(time.perf_counter() - start)\n"


def first_call():
    """From the decorator to the first result."""
    ours = HEAD.format(imports="from verdigris import cuda, vectorize")
    numba = HEAD.format(imports="from numba import njit, vectorize")
    groups = []
    for work, our_body, numba_body, goal in (
        ("first call, add", ADD, ADD, 0.040),
        ("first call of a further small function", ADD + FURTHER, ADD + FURTHER, 0.010),
        ("first call, Mandelbrot", MANDELBROT, NUMBA_MANDELBROT, 0.060),
    ):
        programs = {"verdigris": (ours + our_body + TAIL, None)}
        for cpu in ("haswell", "znver3", "x86-64"):
            programs[f"verdigris for {cpu}"] = (ours + our_body + TAIL, cpu)
        programs["Numba"] = (numba + numba_body + TAIL, None)
        groups.append((work, measure(programs), goal))
    return table(groups)
