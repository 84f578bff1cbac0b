"""Arrays and blocks of two and three dimensions, in every layout."""

import numpy as np

from declare import array, between, counting, cuda, kernel_case, zeros

LAYOUTS = ("C", "F", "A", "reversed")
FLAT_BLOCKS = (((2, 2), (16, 16)), ((3, 4), (8, 8)), ((1, 1), (32, 8)), ((1, 7), (32, 3)), ((5, 3), (5, 7)), ((2, 30), (13, 1)))
DEEP_BLOCKS = (((2, 2, 3), (7, 3, 2)), ((1, 1, 1), (8, 4, 4)), ((1, 2, 2), (32, 2, 2)), ((5, 5, 5), (2, 2, 2)))
MATRIX = np.arange(12.0).reshape(3, 4)


@kernel_case(launches=FLAT_BLOCKS, types=("float64", "uint8"), layouts=("C", "F", "reversed"), out=zeros("T", 21, 25), x=array("T", 21, 25))
def copy(out, x):
    i, j = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = x[i, j]


@kernel_case(launches=FLAT_BLOCKS, types=("int32",), layouts=LAYOUTS, out=zeros("T", 21, 25), x=array("T", 21, 25))
def copy_with_x_along_rows(out, x):
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = x[i, j] * 2


@kernel_case((2, 2), (16, 16), types=("int64", "float32", "uint16", "complex64", "bool"), layouts=LAYOUTS, out=zeros("T", 25, 21), x=array("T", 21, 25))
def transpose(out, x):
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        out[j, i] = x[i, j]


@kernel_case((2, 3), (16, 8), types=("float64", "float32", "int64"), layouts=("C", "F", "A"), c=zeros("T", 19, 17), a=array("T", 19, 11), b=array("T", 11, 17))
def matrix_product(c, a, b):
    i, j = cuda.grid(2)
    if i < c.shape[0] and j < c.shape[1]:
        s = a[i, 0] * b[0, j]
        for k in range(1, a.shape[1]):
            s += a[i, k] * b[k, j]
        c[i, j] = s


@kernel_case((2, 2), (16, 16), types=("complex128",), layouts=LAYOUTS, c=zeros("T", 20, 20), a=array("T", 20, 20))
def complex_matrix(c, a):
    i, j = cuda.grid(2)
    if i < c.shape[0] and j < c.shape[1]:
        c[i, j] = a[i, j] * a[j, i].conjugate()


@kernel_case(launches=(((2, 2), (16, 16)), ((1, 3), (32, 4))), types=("float64", "float32"), layouts=("C", "F", "A"), out=zeros("T", 30, 28), x=array("T", 30, 28))
def five_points(out, x):
    j, i = cuda.grid(2)
    if 0 < i < x.shape[0] - 1 and 0 < j < x.shape[1] - 1:
        out[i, j] = 0.2 * (x[i, j] + x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1])


@kernel_case((2, 2), (16, 16), alive=array("bool", 30, 30), out=zeros("bool", 30, 30))
def life(alive, out):
    i, j = cuda.grid(2)
    if i < alive.shape[0] and j < alive.shape[1]:
        count = 0
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                if (di != 0 or dj != 0) and alive[(i + di) % alive.shape[0], (j + dj) % alive.shape[1]]:
                    count += 1
        out[i, j] = count == 3 or (alive[i, j] and count == 2)


@kernel_case(launches=(((2, 2), (16, 16)), ((2, 3), (7, 5))), image=zeros("uint8", 24, 36), limit=20)
def mandelbrot(image, limit):
    height, width = image.shape
    start_x, start_y = cuda.grid(2)
    step_x = cuda.gridDim.x * cuda.blockDim.x
    step_y = cuda.gridDim.y * cuda.blockDim.y
    for x in range(start_x, width, step_x):
        real = -2.0 + x * (3.0 / width)
        for y in range(start_y, height, step_y):
            imag = -1.0 + y * (2.0 / height)
            z = 0j
            c = complex(real, imag)
            n = limit
            for k in range(limit):
                z = z * z + c
                if z.real * z.real + z.imag * z.imag >= 4:
                    n = k
                    break
            image[y, x] = n


@kernel_case(launches=DEEP_BLOCKS, types=("int64", "float32"), layouts=("C", "F", "reversed"), out=zeros("T", 9, 8, 7), x=array("T", 9, 8, 7))
def cube_copied(out, x):
    i, j, k = cuda.grid(3)
    if i < out.shape[0] and j < out.shape[1] and k < out.shape[2]:
        out[i, j, k] = x[i, j, k] + i * 100 + j * 10 + k


@kernel_case(launches=DEEP_BLOCKS, types=("uint8",), layouts=LAYOUTS, out=zeros("T", 7, 8, 9), x=array("T", 7, 8, 9))
def cube_copied_with_x_fastest(out, x):
    k, j, i = cuda.grid(3)
    if i < out.shape[0] and j < out.shape[1] and k < out.shape[2]:
        out[i, j, k] = x[i, j, k]


@kernel_case((2, 2, 2), (4, 4, 4), types=("int16", "complex64"), layouts=LAYOUTS, out=zeros("T", 7, 5, 6), x=array("T", 5, 6, 7))
def axes_rotated(out, x):
    i, j, k = cuda.grid(3)
    if i < x.shape[0] and j < x.shape[1] and k < x.shape[2]:
        out[k, i, j] = x[i, j, k]


@kernel_case((2, 2), (16, 16), types=("float64", "int32"), layouts=LAYOUTS, out=zeros("T", 20), x=array("T", 20, 6, 5))
def sums_of_planes(out, x):
    i, j = cuda.grid(2)
    if i < out.size and j == 3:
        s = out[i]
        for a in range(x.shape[1]):
            for b in range(x.shape[2]):
                s += x[i, a, b]
        out[i] = s


@kernel_case(launches=(((1, 1, 1), (7, 3, 2)), ((2, 1, 2), (3, 5, 3)), ((1, 1, 1), (64, 2, 1))), out=zeros("int32", 12, 200))
def geometry(out):
    width, height = cuda.blockDim.x, cuda.blockDim.y
    thread = cuda.threadIdx.x + width * (cuda.threadIdx.y + height * cuda.threadIdx.z)
    block = cuda.blockIdx.x + cuda.gridDim.x * (cuda.blockIdx.y + cuda.gridDim.y * cuda.blockIdx.z)
    i = thread + block * width * height * cuda.blockDim.z
    out[0, i] = cuda.threadIdx.x
    out[1, i] = cuda.threadIdx.y
    out[2, i] = cuda.threadIdx.z
    out[3, i] = cuda.blockIdx.x
    out[4, i] = cuda.blockIdx.y
    out[5, i] = cuda.blockIdx.z
    out[6, i] = cuda.blockDim.y * 100 + cuda.blockDim.z
    out[7, i] = cuda.gridDim.y * 100 + cuda.gridDim.z
    out[8, i] = cuda.laneid
    x, y, z = cuda.grid(3)
    out[9, i] = x * 10000 + y * 100 + z
    a, b = cuda.gridsize(2)
    out[10, i] = a * 100 + b
    out[11, i] = thread


@kernel_case((2, 2), (16, 16), types=("int64", "float32"), layouts=LAYOUTS, out=zeros("T", 30, 20), rows=array("int64", 30, fill=between(-30, 29)), x=array("T", 30, 20))
def rows_gathered(out, rows, x):
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = x[rows[i], -1 - j]


@kernel_case((1, 2), (16, 16), types=("int32", "float64"), layouts=LAYOUTS, x=array("T", 30, 16))
def rows_swapped(x):
    j, i = cuda.grid(2)
    if i < x.shape[0] // 2:
        x[i, j], x[-1 - i, j] = x[-1 - i, j], x[i, j]


@kernel_case((2, 2), (16, 16), layouts=("C", "F", "A"), count=zeros("int64", 30, 30), x=array("float64", 30, 30))
def laps_by_element(count, x):
    i, j = cuda.grid(2)
    if i >= x.shape[0] or j >= x.shape[1]:
        return
    v = abs(x[i, j])
    n = 0
    while v > 0.5:
        v *= 0.7
        n += 1
        if n > i:
            if j % 2 == 0:
                return
            break
    count[i, j] = n


@kernel_case((2, 2), (16, 16), layouts=("C", "F"), out=zeros("float64", 30, 30))
def constant_matrix(out):
    i, j = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = MATRIX[i % 3, j % 4] + MATRIX[-1, -1] + MATRIX.shape[0]


@kernel_case((1, 1), (16, 16), types=("int64",), layouts=("C", "F", "A"), out=array("T", 16, 16), x=array("T", 16, 16))
def augmented(out, x):
    i, j = cuda.grid(2)
    out[i, j] += x[j, i]
    if i > j:
        out[i, j] *= 2
        out[i, j] -= x[i, j]


@kernel_case((1, 1), (8, 8), types=("int64", "float32"), layouts=("C", "F", "A", "reversed"), out=zeros("T", 0, 5), x=array("T", 5, 0), n=zeros("int64", 4))
def no_rows_or_no_columns(out, x, n):
    i, j = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, j] = 1
    for k in range(x.shape[1]):
        x[i, k] = 2
    if i == 0 and j == 0:
        n[0] = out.size
        n[1] = x.shape[0]
        n[2] = len(out)
        n[3] = x.ndim


@kernel_case(1, 40, layouts=("C", "F", "A", "reversed"), out=zeros("int64", 40), x=counting("int64", 4, 10))
def flat_thread_over_a_matrix(out, x):
    i = cuda.grid(1)
    out[i] = x[i // x.shape[1], i % x.shape[1]]


@kernel_case(1, 32, layouts=("C", "F", "A"), out=zeros("int64", 32), x=counting("int64", 32, 5))
def row_a_thread(out, x):
    i = cuda.grid(1)
    for k in range(x.shape[1]):
        if x[i, k] % 7 == 3:
            continue
        out[i] += x[i, k]


@kernel_case(1, 32, layouts=("C", "F", "A"), out=zeros("int64", 32), x=counting("int64", 5, 32))
def column_a_thread(out, x):
    i = cuda.grid(1)
    for k in range(x.shape[0]):
        if x[k, i] % 7 == 3:
            break
        out[i] += x[k, i]
