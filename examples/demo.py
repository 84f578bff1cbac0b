"""Runs the three examples, compares them with pure Python, and writes mandelbrot.png.

Times are wall clock.  Ours is the median of 20 calls after the first; the first, which compiles, is
given beside it.  Pure Python is timed on a sample where the whole would take long; the table says which.
"""

import os
import random
import statistics
import sys
import time

import mandelbrot
import numpy as np
import vector_add
from png import write_png

import verdigris
from verdigris import rand as curand

HEIGHT, WIDTH, ITERATIONS = 1024, 1536, 20
STEP = 16  # pure Python computes every 16th row and column
CALLS = 20


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ours(call):
    """The first call's time and the median of those after it, in seconds."""
    first = timed(call)
    return first, statistics.median(timed(call) for _ in range(CALLS))


def pure(call):
    """Pure Python's best of five, so that another program's turn on the core does not flatter us."""
    return min(timed(call) for _ in range(5))


def check(condition, what):
    if not condition:
        sys.exit(f"error: {what}")


def vector_addition():
    n = 100_000
    rng = np.random.default_rng(1)
    a, b = rng.random(n, dtype=np.float32), rng.random(n, dtype=np.float32)
    out = []
    first, median = ours(lambda: out.append(vector_add.add(a, b)))
    check(np.array_equal(out[-1], a + b), "the sum is not NumPy's")

    python_a, python_b = a.tolist(), b.tolist()
    add = vector_add.add.py_func
    slow = pure(lambda: [add(x, y) for x, y in zip(python_a, python_b, strict=True)])
    return "vector add, 100,000 float32", "all elements", slow, first, median


def random_numbers():
    n = 1_000_000
    numbers = np.empty(n)

    def fill():
        curand.PRNG(rndtype=curand.PRNG.XORWOW).uniform(numbers)

    first, median = ours(fill)
    check(numbers.min() > 0.0 and numbers.max() <= 1.0, "a uniform number is outside (0, 1]")
    check(abs(numbers.mean() - 0.5) < 0.002, "the mean of the uniform numbers is not 1/2")

    sample = n // 10
    slow = pure(lambda: [random.random() for _ in range(sample)]) * (n / sample)
    return "1,000,000 XORWOW uniforms", "random.random(), every 10th", slow, first, median


def python_mandelbrot(step):
    """The image by pure Python, at every `step`-th row and column."""
    mandel = mandelbrot.mandel.py_func
    pixel_x, pixel_y = 3.0 / WIDTH, 2.0 / HEIGHT
    return [
        [mandel(-2.0 + x * pixel_x, -1.0 + y * pixel_y, ITERATIONS) for x in range(0, WIDTH, step)]
        for y in range(0, HEIGHT, step)
    ]


def mandelbrot_set():
    image = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    first, median = ours(lambda: mandelbrot.draw(image, ITERATIONS))

    sampled = np.array(python_mandelbrot(STEP), dtype=np.uint8)
    check(np.array_equal(image[::STEP, ::STEP], sampled), "the image is not pure Python's")
    slow = pure(lambda: python_mandelbrot(STEP)) * (image.size / sampled.size)

    write_png("mandelbrot.png", image, ITERATIONS)
    return f"Mandelbrot, {HEIGHT} x {WIDTH}, {ITERATIONS} iterations", f"every {STEP}th row and column", slow, first, median


def milliseconds(seconds):
    return f"{seconds * 1e3:,.2f} ms"


def main():
    print(verdigris.info())
    print()
    layout = "{:<37} {:<28} {:>13} {:>12} {:>12} {:>9}"
    print(layout.format("example", "pure Python timed on", "pure Python", "first call", "verdigris", "ratio"))
    for example in (vector_addition, random_numbers, mandelbrot_set):
        name, sample, slow, first, median = example()
        ratio = f"{slow / median:,.0f}x"
        print(layout.format(name, sample, milliseconds(slow), milliseconds(first), milliseconds(median), ratio))
    print()
    print(f"verdigris: the median of {CALLS} calls after the first, which compiles (or seeds) and is given beside it.")
    print("Mandelbrot: to_device, launch and to_host in each call. Pure Python: best of five on the sample, scaled to the whole.")
    print("Checked in this run: the sum against NumPy, the random numbers' range and mean, and the image's sampled")
    print("pixels against pure Python's, one by one.")
    print(f"The image is in {os.path.abspath('mandelbrot.png')}")


if __name__ == "__main__":
    main()
