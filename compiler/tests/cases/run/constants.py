"""Names of the module: numbers, NumPy scalars, arrays frozen into the code, functions under other names."""

import math
from math import sin as sine
from math import tau

import numpy as np

from declare import between, case, device

SCALE = 2.5
OFFSET = -7
FLAG = True
BIG = 2**62
HUGE = 2**63 + 5
SMALL = np.int8(-3)
SINGLE = np.float32(0.1)
DOUBLE = np.float64(0.1)
WIDE = np.uint64(2**64 - 1)
TURN = np.complex64(1j)
WEIGHTS = np.array([0.5, -1.5, 2.0, 0.25, 8.0])
COUNTS = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype=np.int32)
BYTES = np.arange(256, dtype=np.uint8)
MATRIX = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=np.float32)
CUBE = np.arange(24).reshape(2, 3, 4)
FLAGS = np.array([True, False, True])
ROOTS = np.array([1, 1j, -1, -1j])
TRANSPOSED = np.arange(6).reshape(2, 3).T
ORIGIN = (1.5, -2.5)


class Colour:
    """Names with a value."""

    RED = 10
    GREEN = 20


@case("int64", "float64", "float32")
def scalars(a):
    return a * SCALE + OFFSET


@case("int64", "float64")
def flags_and_big_numbers(a):
    if FLAG:
        return a + BIG
    return a


@case("uint64", "int64")
def beyond_int64(a):
    return HUGE > a, HUGE // 3


@case("int64", "float32", "uint8", plain=False)
def numpy_scalars(a):
    return a + SMALL, a * SINGLE, a * DOUBLE


@case("uint64", "uint8")
def wide_unsigned(a):
    return WIDE - a


@case("complex64", "float32")
def complex_scalar(a):
    return TURN * a


@case("int64", "uint8", "int8", i=between(0, 4))
def array_element(i):
    return WEIGHTS[i]


@case("int64", i=between(-5, 4))
def array_element_from_the_end(i):
    return WEIGHTS[i] + WEIGHTS[-1]


@case("int64", "uint64", i=between(0, 7))
def narrow_array_element(i):
    return COUNTS[i], COUNTS[i] * 2


@case("uint8", "int64", i=between(0, 255))
def table_lookup(i):
    return BYTES[i], BYTES[BYTES[i] ^ 0x5A]


@case("int64", i=between(0, 1), j=between(0, 2))
def matrix_element(i, j):
    return MATRIX[i, j]


@case("int64", i=between(0, 1), j=between(0, 2), k=between(0, 3))
def cube_element(i, j, k):
    return CUBE[i, j, k]


@case("int64", i=between(0, 2))
def bool_and_complex_elements(i):
    return FLAGS[i], ROOTS[i]


@case("int64", i=between(0, 2), j=between(0, 1))
def transposed_array_element(i, j):
    return TRANSPOSED[i, j]


@case("float64", "float32", "int64", x=between(-3, 3))
def sum_over_an_array(x):
    s = 0.0
    for w in WEIGHTS:
        s = s * x + w
    return s


@case("int64", n=between(0, 8))
def part_of_an_array(n):
    s = 0
    for i in range(n):
        s = s * 10 + COUNTS[i]
    return s


@case("int64", n=between(0, 9))
def search_in_an_array(n):
    for i in range(len(COUNTS)):
        if COUNTS[i] == n:
            return i
    return -1


@case("int64")
def extents_of_arrays(a):
    return a + len(COUNTS), CUBE.shape[1], CUBE.size, CUBE.ndim, MATRIX.shape[0] * MATRIX.shape[1]


@case("float64", "int64")
def tuple_of_the_module(x):
    return x - ORIGIN[0], x - ORIGIN[1]


@case("int64", n=between(0, 30))
def attributes_of_a_class(n):
    if n == Colour.RED:
        return 1
    if n > Colour.GREEN:
        return 2
    return 3


@case("float64", "float32", a=between(-9, 9))
def names_under_other_names(a):
    return sine(a) + tau, math.sin(a)


@device
def scaled(x):
    return x * SCALE


@device
def weighted(i):
    return WEIGHTS[i % len(WEIGHTS)]


@case("int64", n=between(0, 50))
def constants_of_a_called_function(n):
    return scaled(n) + weighted(n)


@case("int64", uniform="i", i=between(0, 4))
def uniform_element(i, a):
    return WEIGHTS[i] * a


def made_with(factor):
    """A function with a closure."""

    @case("int64", "float64", "float32")
    def closure(a):
        return a * factor + factor

    return closure


closure = made_with(3)
