"""The Mandelbrot set, 1024 x 1536, float64: a light loop that ends at a different lap in every pixel.

The kernel and the ufunc of ours stand against Numba's parallel loop (with and without fastmath) and its
ufunc.  Times of the kernel hold to_device, launch and to_host.
"""

import numba
import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import cuda, vectorize

HEIGHT, WIDTH = 1024, 1536
SIGNATURES = ["uint16(float64, float64, int64)"]


def escape(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z * z + c
        if (z.real * z.real + z.imag * z.imag) >= 4:
            return i
    return max_iters


device_escape = cuda.jit(device=True)(escape)


@cuda.jit(fma=False)
def kernel(min_x, max_x, min_y, max_y, image, iters):
    height = image.shape[0]
    width = image.shape[1]
    pixel_size_x = (max_x - min_x) / width
    pixel_size_y = (max_y - min_y) / height
    start_x, start_y = cuda.grid(2)
    for x in range(start_x, width, cuda.gridDim.x * cuda.blockDim.x):
        for y in range(start_y, height, cuda.gridDim.y * cuda.blockDim.y):
            image[y, x] = device_escape(min_x + x * pixel_size_x, min_y + y * pixel_size_y, iters)


def numba_loop(fastmath):
    compiled_escape = numba.njit(fastmath=fastmath)(escape)

    @numba.njit(parallel=True, fastmath=fastmath)
    def loop(min_x, max_x, min_y, max_y, image, iters):
        height, width = image.shape
        pixel_size_x = (max_x - min_x) / width
        pixel_size_y = (max_y - min_y) / height
        for y in numba.prange(height):
            for x in range(width):
                image[y, x] = compiled_escape(min_x + x * pixel_size_x, min_y + y * pixel_size_y, iters)

    return loop


def numpy_set(xs, ys, iters, out):
    c = (xs + 1j * ys).ravel()
    counts = out.reshape(-1)
    counts[:] = iters
    live = np.arange(c.size)
    z = np.zeros_like(c)
    for i in range(iters):
        z = z * z + c
        gone = z.real * z.real + z.imag * z.imag >= 4
        counts[live[gone]] = i
        live, z, c = live[~gone], z[~gone], c[~gone]


def rows():
    bounds = (-2.0, 1.0, -1.0, 1.0)
    xs = -2.0 + np.arange(WIDTH) * (3.0 / WIDTH)
    ys = (-1.0 + np.arange(HEIGHT) * (2.0 / HEIGHT))[:, None]

    for iters in (20, 1000):
        name = f"Mandelbrot, {iters} iterations"

        def ufunc(label, function, iters=iters, may_differ=0.0):
            out = np.empty((HEIGHT, WIDTH), np.uint16)
            return Candidate(label, lambda: function(xs, ys, iters, out=out), lambda: out, may_differ)

        def launch(image, iters=iters):
            device_image = cuda.to_device(image)
            kernel[(32, 16), (32, 8)](*bounds, device_image, iters)
            device_image.to_host()

        def loop(label, function, iters=iters, may_differ=0.0):
            image = np.zeros((HEIGHT, WIDTH), np.uint16)
            return Candidate(label, lambda: function(*bounds, image, iters), lambda: image, may_differ)

        image = np.zeros((HEIGHT, WIDTH), np.uint16)
        yield Row(
            f"{name}, kernel, all cores",
            (
                Candidate("verdigris cuda.jit", lambda image=image, launch=launch: launch(image), lambda image=image: image),
                loop("Numba prange", numba_loop(fastmath=False)),
                loop("Numba prange, fastmath", numba_loop(fastmath=True), may_differ=0.01),
            ),
            HEIGHT * WIDTH,
        )
        for target, cores in (("cpu", "one core"), ("parallel", "all cores")):
            candidates = [
                ufunc(f"verdigris {target}", vectorize(SIGNATURES, target=target)(escape)),
                ufunc(f"Numba {target}", numba.vectorize(SIGNATURES, target=target)(escape)),
            ]
            if target == "cpu" and iters == 20:
                candidates.append(ufunc("NumPy", numpy_set, may_differ=0.001))
            yield Row(f"{name}, ufunc, {cores}", tuple(candidates), HEIGHT * WIDTH)
