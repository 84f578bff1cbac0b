"""Arithmetic operators, one or two at a time."""

from declare import ALL, COMPLEX, FLOATS, INTS, REALS, UNSIGNED, case

MIXED = ("int8,float32", "uint16,float32", "int32,float32", "uint64,int8", "uint64,float64", "bool,int16", "float32,float64", "int64,float64", "uint8,uint32")
COMPLEX_MIXED = ("complex64,float32", "int64,complex64", "complex128,float64", "bool,complex128", "int16,complex64", "complex64,complex128")


@case(*ALL, *MIXED, *COMPLEX_MIXED)
def add(a, b):
    return a + b


@case(*ALL, *MIXED, *COMPLEX_MIXED)
def subtract(a, b):
    return a - b


@case(*ALL, *MIXED, *COMPLEX_MIXED)
def multiply(a, b):
    return a * b


@case(*REALS, *MIXED)
def divide(a, b):
    return a / b


@case(*REALS, *MIXED)
def floor_divide(a, b):
    return a // b


@case(*REALS, *MIXED)
def modulo(a, b):
    return a % b


@case(*INTS, *FLOATS, "float32,int64", "float64,int32", "int8,uint8", "uint64,int8", "bool,int64", "float32,uint8")
def power(a, b):
    return a**b


@case("int64", "uint8", "int32")
def power_of_small_numbers(a, b):
    return (a % 7) ** (b % 20)


@case(*ALL)
def negate(a):
    return -a


@case(*ALL)
def plus(a):
    return +a


@case(*ALL)
def absolute(a):
    return abs(a)


@case(*REALS, *MIXED)
def divmod_of_both(a, b):
    return divmod(a, b)


@case(*REALS)
def floor_division_and_rest_make_the_whole(a, b):
    return (a // b) * b + a % b


@case(*INTS, *FLOATS)
def add_one(a):
    return a + 1


@case(*INTS, *FLOATS)
def add_half(a):
    return a + 0.5


@case(*INTS, *FLOATS)
def one_less_it(a):
    return 1 - a


@case(*INTS, *FLOATS)
def times_minus_three(a):
    return a * -3


@case(*INTS, *FLOATS)
def half(a):
    return a / 2


@case(*INTS, *FLOATS)
def seven_over_it(a):
    return 7 / a


@case(*INTS, *FLOATS)
def seventh_floor(a):
    return a // 7


@case(*INTS, *FLOATS)
def minus_seventh_floor(a):
    return a // -7


@case(*INTS, *FLOATS)
def modulo_seven(a):
    return a % 7


@case(*INTS, *FLOATS)
def modulo_minus_seven(a):
    return a % -7


@case(*INTS)
def by_powers_of_two(a):
    return a // 8, a % 8, a // 1, a % 1, a // 1024, a % 1024


@case("int64", "int32", "int16")
def by_negative_powers_of_two(a):
    return a // -8, a % -8, a // -1, a % -1


@case(*INTS)
def by_zero(a):
    return a // 0, a % 0


@case("float32", "float64")
def float_by_zero(a):
    return a / 0.0, a // 0.0, a % 0.0


@case(*INTS, *FLOATS)
def hundred_modulo_it(a):
    return 100 % a


@case(*INTS, *FLOATS)
def squared(a):
    return a**2


@case(*INTS, "float64", "float32", ulp=1)
def cubed(a):
    return a**3


@case(*INTS, *FLOATS)
def to_the_zeroth_and_first(a):
    return a**0, a**1


@case("int64", "uint64", "int8")
def to_the_seventeenth(a):
    return a**17


@case("float64", "float32")
def to_the_minus_second(a):
    return a**-2


@case("float64", "float32")
def square_root_by_power(a):
    return a**0.5


@case("int64", "int16", "uint8")
def two_to_it(a):
    return 2**a


@case("float64", "float32")
def two_point_five_to_it(a):
    return 2.5**a


@case("int64", "uint64", "float64", "float32")
def sum_of_products(a, b, c, d):
    return a * b + c * d


@case("int64", "uint64", "float64", "float32")
def difference_of_products(a, b, c, d):
    return a * b - c * d


@case("int64", "float64", "float32")
def product_from_constant(a, b):
    return 2.5 - a * b


@case("float64", "float32")
def horner(x):
    return ((0.5 * x - 1.25) * x + 3.0) * x - 7.0


@case("float64", "float32")
def quadratic_discriminant(a, b, c):
    return b * b - 4.0 * a * c


@case("int64", "uint32", "int8")
def linear_congruence(x):
    return x * 6364136223846793005 + 1442695040888963407


@case("float64", "float32", "int64")
def mean_of_three(a, b, c):
    return (a + b + c) / 3


@case("int64,float32,uint8", "float32,int8,int16", "uint64,int32,float64")
def three_kinds(a, b, c):
    return a * b + c, a - b * c


@case(*UNSIGNED)
def unsigned_below_zero(a):
    return -a, a - 5, 5 - a, ~a


@case("bool")
def arithmetic_of_bools(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, -a, +a


@case("int64", "float64")
def precedence(a, b):
    return -(a**2) + b * 2 - a // 3 % 5 - -b


@case("int64", "uint8", "float32")
def association(a, b, c):
    return a - b - c, a - (b - c)


@case("int32", "float32", "float64")
def reused_values(a, b):
    s = a + b
    d = a - b
    return s * d, s * s, d * d, s - d


@case("float64", "float32")
def rounding_is_of_the_type(a):
    return (a + 1e8) - 1e8


@case("float32")
def float32_stays_narrow(a, b):
    return a * b + a / b - (a - b)


@case("float64", "float32")
def signed_zeros(a):
    return a * 0.0, a * -0.0, 0.0 - a, -0.0 - a, a + 0.0, a - 0.0, a - a


@case("int64", "uint64")
def extremes(a):
    return a + 9223372036854775807, a - 9223372036854775807, a * 9223372036854775807


@case("int64", "int32", "uint16")
def average_without_overflow(a, b):
    return (a & b) + ((a ^ b) >> 1)


@case("float64", "float32")
def newton_step(x, a):
    return 0.5 * (x + a / x)


@case(*COMPLEX)
def negated_sum(a, b):
    return -(a + b)


@case("int8,int64", "uint8,uint64", "int16,int16", returns="int16")
def declared_narrow_result(a, b):
    return a * b


@case("int64", "uint8", "float64", returns="float32")
def declared_float_result(a, b):
    return a - b


@case("float64", "float32", returns="int8")
def declared_integer_result(a, b):
    return a * b


@case("int64", "float64", "uint8", returns="bool")
def declared_bool_result(a, b):
    return a - b


@case("float32", "int64", returns="complex64")
def declared_complex_result(a, b):
    return a + b
