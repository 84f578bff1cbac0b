"""Draws the Mandelbrot set by a CUDA kernel written in Python.

`mandel` is a device function, called by `mandel_kernel`; the kernel's threads walk the image by
strides of the whole grid, so that any grid covers any image.
"""

import numpy as np
from png import write_png

from verdigris import cuda


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
def mandel_kernel(min_x, max_x, min_y, max_y, image, iters):
    height = image.shape[0]
    width = image.shape[1]

    pixel_size_x = (max_x - min_x) / width
    pixel_size_y = (max_y - min_y) / height

    start_x, start_y = cuda.grid(2)
    stride_x = cuda.gridDim.x * cuda.blockDim.x
    stride_y = cuda.gridDim.y * cuda.blockDim.y

    for x in range(start_x, width, stride_x):
        real = min_x + x * pixel_size_x
        for y in range(start_y, height, stride_y):
            imag = min_y + y * pixel_size_y
            image[y, x] = mandel(real, imag, iters)


def draw(gimage, iters=20):
    """Fills `gimage` with each pixel's iteration count, by way of the device and back."""
    blockdim = (32, 8)
    griddim = (32, 16)

    d_image = cuda.to_device(gimage)
    mandel_kernel[griddim, blockdim](-2.0, 1.0, -1.0, 1.0, d_image, iters)
    d_image.to_host()


def main():
    gimage = np.zeros((1024, 1536), dtype=np.uint8)
    draw(gimage)
    write_png("mandelbrot.png", gimage, 20)
    print("wrote mandelbrot.png")


if __name__ == "__main__":
    main()
