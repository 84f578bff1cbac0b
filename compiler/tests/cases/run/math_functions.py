"""The functions of `math` and NumPy's of numbers.

CPython's gamma, lgamma and hypot are its own code, from which the C library differs by some units in the last place; glibc's cbrt is up to two off where ours
is rounded correctly.
"""

import math

import numpy as np

from declare import FLOATS, INTS, REALS, between, case, drawn

TYPES = ("float32", "float64", "int64")


def angles(rng, dtype, count):
    """Around zero, and some far away."""
    return np.where(rng.random(count) < 0.8, rng.uniform(-10, 10, count), rng.uniform(-1e6, 1e6, count)).astype(dtype)


@case(*REALS)
def of_sqrt(a):
    return math.sqrt(a)


@case(*TYPES)
def of_exp(a):
    return math.exp(a)


@case(*TYPES)
def of_exp2(a):
    return math.exp2(a)


@case(*TYPES)
def of_expm1(a):
    return math.expm1(a)


@case(*TYPES)
def of_log(a):
    return math.log(a)


@case(*TYPES)
def of_log2(a):
    return math.log2(a)


@case(*TYPES)
def of_log10(a):
    return math.log10(a)


@case(*TYPES)
def of_log1p(a):
    return math.log1p(a)


@case(*TYPES, a=angles)
def of_sin(a):
    return math.sin(a)


@case(*TYPES, a=angles)
def of_cos(a):
    return math.cos(a)


@case(*TYPES, a=angles)
def of_tan(a):
    return math.tan(a)


@case(*TYPES)
def of_asin(a):
    return math.asin(a)


@case(*TYPES)
def of_acos(a):
    return math.acos(a)


@case(*TYPES)
def of_atan(a):
    return math.atan(a)


@case(*TYPES)
def of_sinh(a):
    return math.sinh(a)


@case(*TYPES)
def of_cosh(a):
    return math.cosh(a)


@case(*TYPES)
def of_tanh(a):
    return math.tanh(a)


@case(*TYPES)
def of_asinh(a):
    return math.asinh(a)


@case(*TYPES)
def of_acosh(a):
    return math.acosh(a)


@case(*TYPES)
def of_atanh(a):
    return math.atanh(a)


@case(*TYPES, ulp=2)
def of_cbrt(a):
    return math.cbrt(a)


@case(*TYPES)
def of_erf(a):
    return math.erf(a)


@case(*TYPES, ulp=1)
def of_erfc(a):
    return math.erfc(a)


@case(*TYPES, ulp=20, a=between(-30, 30))
def of_gamma(a):
    return math.gamma(a)


@case(*TYPES, ulp=8, a=between(3, 170))
def of_lgamma(a):
    return math.lgamma(a)


@case(*REALS)
def of_fabs(a):
    return math.fabs(a)


@case(*REALS)
def of_floor(a):
    return math.floor(a)


@case(*REALS)
def of_ceil(a):
    return math.ceil(a)


@case(*REALS)
def of_trunc(a):
    return math.trunc(a)


@case(*TYPES)
def of_degrees(a):
    return math.degrees(a)


@case(*TYPES)
def of_radians(a):
    return math.radians(a)


@case(*REALS)
def of_isnan(a):
    return math.isnan(a)


@case(*REALS)
def of_isinf(a):
    return math.isinf(a)


@case(*REALS)
def of_isfinite(a):
    return math.isfinite(a)


@case("float64", "float32")
def of_sin_anywhere(a):
    return math.sin(a)


@case("float64", "float32")
def of_cos_anywhere(a):
    return math.cos(a)


@case("float64", "float32")
def of_tan_anywhere(a):
    return math.tan(a)


@case("float64", "float32", ulp=20)
def of_gamma_anywhere(a):
    return math.gamma(a)


@case("float64", "float32", plain=False)
def of_lgamma_anywhere(a):
    return math.lgamma(a)


@case(*TYPES, "int8,float32", "float32,float64")
def of_copysign(a, b):
    return math.copysign(a, b)


@case(*TYPES, "int8,float32", "float32,float64")
def of_atan2(a, b):
    return math.atan2(a, b)


@case(*TYPES, "int8,float32", "float32,float64", ulp=1)
def of_hypot(a, b):
    return math.hypot(a, b)


@case(*TYPES, "int8,float32", "float32,float64")
def of_nextafter(a, b):
    return math.nextafter(a, b)


@case(*TYPES, "int8,float32", "float32,float64")
def of_pow(a, b):
    return math.pow(a, b)


@case(*TYPES, "int8,float32", "float32,float64")
def of_fmod(a, b):
    return math.fmod(a, b)


@case("float64", "float32", a=between(0, 20), b=between(-5, 5))
def of_pow_of_moderate_numbers(a, b):
    return math.pow(a, b), a**b


@case("float64", "float32", "int64", ulp=1)
def log_to_a_base(a, b):
    return math.log(a, b)


@case(*INTS)
def of_gcd(a, b):
    return math.gcd(a, b)


@case("float64", "float32", "int32", ulp=2)
def numpy_roots_and_powers(a):
    return np.sqrt(a), np.cbrt(a), np.square(a)


@case("float64", "float32", "int16", "uint8")
def numpy_exponentials(a):
    return np.exp(a), np.exp2(a), np.expm1(a)


@case("float64", "float32", "int16", "uint8")
def numpy_logarithms(a):
    return np.log(a), np.log2(a), np.log10(a), np.log1p(a)


@case("float64", "float32", "int8", a=angles)
def numpy_circular(a):
    return np.sin(a), np.cos(a), np.tan(a)


@case("float64", "float32", "int8")
def numpy_arcs(a):
    return np.arcsin(a), np.arccos(a), np.arctan(a)


@case("float64", "float32", "int64")
def numpy_hyperbolic(a):
    return np.sinh(a), np.cosh(a), np.tanh(a), np.arcsinh(a), np.arccosh(a), np.arctanh(a)


@case("float64", "float32", "int8", "float32,float64")
def numpy_of_two(a, b):
    return np.arctan2(a, b), np.hypot(a, b), np.copysign(a, b), np.nextafter(a, b)


@case("float64", "float32", "int8,float32", "uint16")
def numpy_fmod(a, b):
    return np.fmod(a, b)


@case(*REALS)
def numpy_rounding(a):
    return np.floor(a), np.ceil(a), np.trunc(a)


@case(*FLOATS, "int64")
def numpy_rint(a):
    return np.rint(a)


@case(*REALS, "uint8,int8", "float32,float64", "int32,float32")
def numpy_minimum_and_maximum(a, b):
    return np.minimum(a, b), np.maximum(a, b)


@case(*INTS, *FLOATS)
def numpy_sign(a):
    return np.sign(a)


@case(*INTS, *FLOATS)
def numpy_square(a):
    return np.square(a)


@case(*REALS)
def numpy_absolute(a):
    return np.abs(a)


@case(*FLOATS, "int8")
def numpy_fabs(a):
    return np.fabs(a)


@case("bool,int64,int64", "bool,float32,float64", "int64,uint8,uint8")
def numpy_where(c, a, b):
    return np.where(c, a, b)


@case(*REALS)
def numpy_tests(a):
    return np.isnan(a), np.isinf(a), np.isfinite(a), np.logical_not(a)


@case("int64", "uint64", "int8")
def numpy_operators(a, b):
    return np.power(a, np.int64(3)), np.remainder(a, b), np.floor_divide(a, b), np.true_divide(a, b), np.bitwise_xor(a, b)


@case("float64", "float32", x=between(-4, 4))
def normal_density(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@case("float64", "float32", x=between(-4, 4))
def normal_distribution(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@case("float64", "float32", a=angles)
def sine_and_cosine_squared(a):
    return math.sin(a) ** 2 + math.cos(a) ** 2


@case("float64", "float32")
def logistic(a):
    return 1.0 / (1.0 + math.exp(-a))


@case("float64", "float32", a=between(0, 1), b=between(0, 1))
def box_muller(a, b):
    r = math.sqrt(-2.0 * math.log(a))
    return r * math.cos(math.tau * b), r * math.sin(math.tau * b)


@case("float64", "float32", a=drawn)
def guarded_square_root(a):
    return math.sqrt(a) if a >= 0 else -1.0


@case("float64", "float32")
def guarded_logarithm(a):
    if a > 0:
        return math.log(a)
    return 0.0


@case("float64", "float32")
def constants_of_math(a):
    return a * math.pi, a * math.e, a + math.inf, a * math.nan
