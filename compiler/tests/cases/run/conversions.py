"""Every type to every type, by its name and by what Python has for it."""

import numpy as np

from declare import ALL, COMPLEX, FLOATS, INTS, REALS, between, case


@case(*REALS)
def to_int8(a):
    return np.int8(a)


@case(*REALS)
def to_int16(a):
    return np.int16(a)


@case(*REALS)
def to_int32(a):
    return np.int32(a)


@case(*REALS)
def to_int64(a):
    return np.int64(a)


@case(*REALS)
def to_uint8(a):
    return np.uint8(a)


@case(*REALS)
def to_uint16(a):
    return np.uint16(a)


@case(*REALS)
def to_uint32(a):
    return np.uint32(a)


@case(*REALS)
def to_uint64(a):
    return np.uint64(a)


@case(*REALS)
def to_float32(a):
    return np.float32(a)


@case(*REALS)
def to_float64(a):
    return np.float64(a)


@case(*ALL)
def to_complex64(a):
    return np.complex64(a)


@case(*ALL)
def to_complex128(a):
    return np.complex128(a)


@case(*ALL)
def to_bool(a):
    return np.bool_(a), bool(a)


@case(*REALS)
def to_int(a):
    return int(a)


@case(*REALS)
def to_float(a):
    return float(a)


@case(*ALL)
def to_complex(a):
    return complex(a)


@case(*REALS, "float32,float64", "int8,float32")
def from_parts(a, b):
    return complex(a, b)


@case("float32", "float64", "int64")
def complex64_from_parts(a, b):
    return np.complex64(complex(a, b))


@case(*FLOATS, *INTS)
def rounded(a):
    return round(a)


@case(*FLOATS)
def rounded_to_digits(a):
    return round(a, 2), round(a, 0), round(a, -1)


@case(*FLOATS)
def halves_round_to_even(a):
    return round(a * 0.5), round(a + 0.5)


@case(*INTS, *FLOATS)
def there_and_back(a):
    return int(float(a)), float(int(a))


@case(*INTS)
def narrowed_and_widened(a):
    return np.int8(a) + 0, np.uint8(a) + 0, np.int32(a) + 0, np.uint32(a) + 0


@case("float64")
def narrowed_float(a):
    return np.float32(a), np.float64(np.float32(a)) == a


@case("float64", "float32")
def through_small_integers(a):
    return np.uint8(a), np.int8(a), np.uint8(np.int64(a)), np.uint64(np.int64(a))


@case("float64", "float32", a=between(-3, 300))
def floats_near_the_ends_of_bytes(a):
    return np.uint8(a), np.int8(a), int(a), bool(a)


@case("int64", "uint64", a=between(2**62, 2**63 - 1))
def large_integers_to_floats(a):
    return float(a), np.float32(a), int(float(a))


@case("bool", "uint8", "int64")
def of_comparisons(a, b):
    return int(a < b), float(a < b), np.uint8(a < b), np.float32(a == b)


@case(*COMPLEX)
def parts_converted(a):
    return np.float32(a.real), np.float64(a.imag), bool(a)


@case("int64", "float64")
def no_argument(a):
    return int() + a, float() + a, bool() + a


@case("int64", "float32", "uint8")
def product_in_a_wider_type(a, b):
    return np.float64(a) * np.float64(b)


@case("float64", "float32", "int16")
def product_in_a_narrower_type(a, b):
    return np.float32(a) * np.float32(b)


@case("int64", "int32")
def wrapped_sum(a, b):
    return np.int32(a + b), np.uint8(a + b), np.int16(a * b)


@case("float64", "float32")
def split_float(a):
    whole = int(a)
    return whole, a - whole


@case("int64", "float64", "bool")
def numpy_parts(a):
    return np.real(a), np.imag(a)
