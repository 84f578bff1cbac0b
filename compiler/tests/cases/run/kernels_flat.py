"""Kernels over arrays of one dimension: masks, gathers, scatters, strides, sizes that fit no warp."""

import math

from declare import COMPLEX, FLOATS, INTS, REALS, anything, array, between, counting, cuda, device, drawn, kernel_case, moderate, shuffled, zeros

SIZES = ((1, 32), (1, 7), (3, 32), (2, 50), (1, 100), (4, 64))
LAYOUTS = ("C", "A", "reversed")


@kernel_case(launches=SIZES, types=("int64", "float64", "uint8"), layouts=LAYOUTS, out=zeros("T", 97), x=array("T", 97))
def copy(out, x):
    i = cuda.grid(1)
    if i < len(out):
        out[i] = x[i]


@kernel_case(4, 32, types=REALS + COMPLEX, layouts=("C", "reversed"), out=zeros("T", 117), x=array("T", 117, fill=anything))
def copy_of_each_type(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i]


@kernel_case(4, 32, types=REALS, layouts=LAYOUTS, out=zeros("T", 117), x=array("T", 117, fill=drawn), y=array("T", 117))
def add(out, x, y):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = x[i] + y[i]


@kernel_case(4, 32, types=COMPLEX, layouts=LAYOUTS, out=zeros("T", 117), x=array("T", 117), y=array("T", 117))
def complex_product(out, x, y):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = x[i] * y[i] + x[i].conjugate()


@kernel_case(launches=((2, 64), (5, 16)), types=("float32", "float64", "int32"), out=zeros("T", 200), x=array("T", 200), a=3, b=-2)
def grid_stride(out, x, a, b):
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[i] = a * x[i] + b


@kernel_case(launches=((2, 33), (1, 96)), types=("int64", "float32"), out=zeros("T", 40), x=array("T", 40))
def grid_stride_by_hand(out, x):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    step = cuda.blockDim.x * cuda.gridDim.x
    while i < out.size:
        out[i] = x[i] * 2
        i += step


@kernel_case(2, 48, types=INTS + FLOATS, out=zeros("T", 96), x=array("T", 96))
def stored_where_positive(out, x):
    i = cuda.grid(1)
    if x[i] > 0:
        out[i] = x[i]


@kernel_case(2, 48, types=("int16", "float32", "complex64", "bool"), layouts=LAYOUTS, out=array("T", 96), x=array("T", 96))
def stored_by_every_third_thread(out, x):
    i = cuda.grid(1)
    if i % 3 == 1:
        out[i] = x[i]


@kernel_case(2, 48, types=("int64", "uint8", "float64"), a=array("T", 96), b=array("T", 96), c=zeros("T", 96))
def stores_in_both_arms(a, b, c):
    i = cuda.grid(1)
    if a[i] > b[i]:
        c[i] = a[i]
        b[i] = 0
    else:
        c[i] = b[i]
        a[i] = 1


@kernel_case(3, 40, types=("int64", "float32", "uint8", "complex128"), layouts=LAYOUTS, out=zeros("T", 120), x=array("T", 50), index=array("int64", 120, fill=between(0, 49)))
def gather(out, x, index):
    i = cuda.grid(1)
    out[i] = x[index[i]]


@kernel_case(3, 40, types=("int32", "float64", "bool", "complex64"), layouts=LAYOUTS, out=zeros("T", 120), x=array("T", 120), index=shuffled("int32", 120))
def scatter(out, x, index):
    i = cuda.grid(1)
    out[index[i]] = x[i]


@kernel_case(3, 40, out=zeros("int64", 120), x=array("int64", 120), index=shuffled("int64", 120), keep=array("bool", 120))
def masked_scatter(out, x, index, keep):
    i = cuda.grid(1)
    if keep[i]:
        out[index[i]] = x[i]


@kernel_case(1, 64, out=zeros("int64", 8), index=array("int64", 64, fill=between(0, 7)), plain=False)
def scatter_with_duplicates(out, index):
    i = cuda.grid(1)
    out[index[i]] = i


@kernel_case(2, 32, types=("int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"), out=zeros("float64", 64), x=array("float64", 50), index=array("T", 64, fill=between(0, 49)))
def gather_with_narrow_indexes(out, x, index):
    i = cuda.grid(1)
    out[i] = x[index[i]]


@kernel_case(2, 32, types=("int8", "int32", "int64"), layouts=("C", "A"), out=zeros("float64", 64), x=array("float64", 50), index=array("T", 64, fill=between(-50, 49)))
def gather_with_negative_indexes(out, x, index):
    i = cuda.grid(1)
    out[i] = x[index[i]]


@kernel_case(2, 32, types=("int64", "float32"), out=array("T", 64), x=array("T", 64))
def from_the_end(out, x):
    i = cuda.grid(1)
    out[-i - 1] = x[i]
    x[-1 - i] = out[-i - 1]


@kernel_case(2, 32, types=("int64", "uint8", "float32"), out=zeros("T", 70), x=array("T", 70))
def reversed_copy(out, x):
    i = cuda.grid(1)
    if i < x.size:
        out[x.size - 1 - i] = x[i]


@kernel_case(2, 32, types=("float64", "int16"), out=zeros("T", 64), x=array("T", 66))
def stencil(out, x):
    i = cuda.grid(1)
    out[i] = x[i] + x[i + 1] * 2 + x[i + 2]


@kernel_case(2, 40, types=("float64", "int32"), out=zeros("T", 70), x=array("T", 70))
def stencil_with_edges(out, x):
    i = cuda.grid(1)
    n = x.size
    if i < n:
        left = x[i - 1] if i > 0 else x[0]
        right = x[i + 1] if i + 1 < n else x[-1]
        out[i] = left + right - x[i]


@kernel_case(1, 33, types=("int64", "complex64", "uint16"), out=zeros("T", 66), x=array("T", 66))
def two_elements_a_thread(out, x):
    i = cuda.grid(1)
    out[2 * i] = x[2 * i + 1]
    out[2 * i + 1] = x[2 * i]


@kernel_case(1, 40, types=("int64", "float32"), out=zeros("T", 120), x=array("T", 120))
def three_elements_a_thread(out, x):
    i = cuda.grid(1)
    for k in range(3):
        out[i * 3 + k] = x[k * 40 + i]


@kernel_case(2, 32, types=INTS + FLOATS + COMPLEX, out=array("T", 64), x=array("T", 64))
def element_augmented(out, x):
    i = cuda.grid(1)
    out[i] += x[i]
    out[i] *= 2
    out[i] -= 1


@kernel_case(2, 32, types=INTS, out=array("T", 64), x=array("T", 64, fill=anything))
def element_augmented_by_integers(out, x):
    i = cuda.grid(1)
    out[i] //= x[i]
    out[i] += 100
    out[i] %= 7
    out[i] <<= 2
    out[i] |= 1
    out[i] ^= x[i]
    out[i] &= 127
    out[i] >>= 1


@kernel_case(2, 32, types=FLOATS, out=array("T", 64), x=array("T", 64, fill=between(1, 5)))
def element_augmented_by_floats(out, x):
    i = cuda.grid(1)
    out[i] /= x[i]
    out[i] **= 2
    out[i] //= 0.5
    out[i] %= 3.0


@kernel_case(1, 64, types=("int64", "float32"), out=array("T", 10), x=array("T", 64))
def augmented_by_one_thread_in_six(out, x):
    i = cuda.grid(1)
    if i % 6 == 0 and i // 6 < 10:
        out[i // 6] += x[i]


@kernel_case(2, 32, types=INTS, out=zeros("T", 64), x=array("float64", 64, fill=anything))
def floats_stored_in_integers(out, x):
    i = cuda.grid(1)
    out[i] = x[i]


@kernel_case(2, 32, types=REALS + COMPLEX, out=zeros("T", 64), x=array("int64", 64, fill=anything))
def integers_stored(out, x):
    i = cuda.grid(1)
    out[i] = x[i]


@kernel_case(2, 32, types=("bool", "float32", "uint8", "complex64"), out=zeros("T", 64), x=array("float64", 64, fill=anything), y=array("float64", 64))
def comparisons_stored(out, x, y):
    i = cuda.grid(1)
    out[i] = x[i] < y[i]


@kernel_case(2, 32, types=("complex64", "complex128"), re=zeros("float64", 64), im=zeros("float32", 64), z=array("T", 64))
def parts_of_elements(re, im, z):
    i = cuda.grid(1)
    re[i] = z[i].real
    im[i] = z[i].imag
    z[i] = complex(im[i], re[i])


@kernel_case(2, 32, types=("int64", "float64", "uint8", "complex64"), out=array("T", 64), x=array("T", 64, layout="broadcast"))
def broadcast_input(out, x):
    i = cuda.grid(1)
    out[i] = out[i] + x[i]


@kernel_case(2, 32, types=("int64", "float64", "uint8", "complex64"), out=zeros("T", 64), x=array("T", 5))
def uniform_elements(out, x):
    i = cuda.grid(1)
    out[i] = x[0] + x[4] * x[-1]


@kernel_case(2, 32, types=("int64", "float64", "uint8", "complex64"), out=zeros("T", 2), x=array("T", 64))
def one_thread_stores(out, x):
    i = cuda.grid(1)
    if i == 45:
        out[0] = x[i]
        out[1] = x[i - 1]


@kernel_case(3, 32, out=zeros("float64", 3), x=array("float64", 96))
def one_thread_a_block_sums(out, x):
    if cuda.threadIdx.x == 0:
        s = 0.0
        for k in range(cuda.blockDim.x):
            s += x[cuda.blockIdx.x * cuda.blockDim.x + k]
        out[cuda.blockIdx.x] = s


@kernel_case(2, 32, types=("float64", "float32", "int64"), out=zeros("T", 64), x=array("T", 30))
def everyone_sums(out, x):
    i = cuda.grid(1)
    s = x[0]
    for v in x:
        s = s + v
    out[i] = s


@kernel_case(2, 32, out=zeros("int64", 64), x=array("int64", 80, fill=between(0, 9)))
def run_lengths(out, x):
    i = cuda.grid(1)
    k = i
    while k + 1 < len(x) and x[k + 1] >= x[k]:
        k += 1
    out[i] = k - i


@kernel_case(launches=((1, 32), (3, 40), (2, 7)), out=zeros("int32", 8, 200))
def geometry(out):
    i = cuda.grid(1)
    out[0, i] = cuda.threadIdx.x
    out[1, i] = cuda.blockIdx.x
    out[2, i] = cuda.blockDim.x
    out[3, i] = cuda.gridDim.x
    out[4, i] = cuda.laneid
    out[5, i] = cuda.warpsize
    out[6, i] = cuda.gridsize(1)
    out[7, i] = cuda.threadIdx.y + cuda.blockIdx.z + cuda.blockDim.y * 10 + cuda.gridDim.z * 100


@kernel_case(2, 50, types=("int64", "float64", "uint8"), layouts=LAYOUTS, out=zeros("T", 0), x=array("T", 0))
def empty_arrays(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i]
    for k in range(len(x)):
        out[k] = 1
    for v in x:
        out[0] = v


@kernel_case(1, 40, out=zeros("int64", 40), x=zeros("float64", 0), n=7)
def empty_beside_full(out, x, n):
    i = cuda.grid(1)
    out[i] = len(x) * 100 + n
    if len(x) > 0:
        out[i] = int(x[0])


@kernel_case(1, 1, types=("int64", "float32"), out=zeros("T", 1), x=array("T", 1))
def a_single_thread(out, x):
    out[0] = x[0] + 1


@kernel_case(2, 32, out=array("float64", 64), a=2.5, b=3, c=True, d=1 + 2j)
def scalars_of_each_kind(out, a, b, c, d):
    i = cuda.grid(1)
    if c:
        out[i] = out[i] * a + b + d.imag
    else:
        out[i] = d.real


@kernel_case(2, 40, types=FLOATS, out=zeros("T", 80), spot=array("T", 80, fill=between(5, 30)), strike=array("T", 80, fill=between(1, 100)), years=array("T", 80, fill=between(0.25, 10)), rate=0.02, volatility=0.3)
def black_scholes(out, spot, strike, years, rate, volatility):
    i = cuda.grid(1)
    if i < spot.shape[0]:
        root = math.sqrt(years[i])
        d1 = (math.log(spot[i] / strike[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / (volatility * root)
        d2 = d1 - volatility * root
        n1 = 0.5 * math.erfc(-d1 / math.sqrt(2.0))
        n2 = 0.5 * math.erfc(-d2 / math.sqrt(2.0))
        out[i] = spot[i] * n1 - strike[i] * math.exp(-rate * years[i]) * n2


@device
def load(x, i):
    return x[i] if 0 <= i < x.size else x[0] * 0


@device
def store(x, i, value):
    if value > 0:
        x[i] = value
    else:
        x[i] = -value


@kernel_case(2, 32, types=("float64", "int64", "float32"), layouts=LAYOUTS, out=zeros("T", 64), x=array("T", 64))
def arrays_passed_to_functions(out, x):
    i = cuda.grid(1)
    store(out, i, load(x, i - 1) - load(x, i + 1))


@kernel_case(2, 32, out=zeros("int64", 64), x=counting("int64", 64))
def names_for_arrays(out, x):
    i = cuda.grid(1)
    target = out
    source = x
    target[i] = source[i] * 2


@kernel_case(2, 32, types=("int64", "float64"), x=array("T", 64), y=array("T", 64))
def swapped_elements(x, y):
    i = cuda.grid(1)
    x[i], y[i] = y[i], x[i]


@kernel_case(2, 32, types=("uint8", "float32", "int64"), a=array("T", 64), b=array("T", 64), c=zeros("T", 64))
def chained_assignment_to_elements(a, b, c):
    i = cuda.grid(1)
    b[i] = c[i] = a[i] + 1
