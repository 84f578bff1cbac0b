"""Comparisons, truth, and choosing by them."""

from declare import ALL, FLOATS, INTS, REALS, between, case, moderate

MIXED = ("int8,uint8", "uint64,int64", "int64,uint64", "int64,float64", "uint64,float64", "float32,float64", "int32,float32", "bool,int8", "uint8,float32")


@case(*ALL, *MIXED, "complex64,float64", "int64,complex128")
def equal(a, b):
    return a == b


@case(*ALL, *MIXED, "complex64,complex128", "complex128,int8")
def unequal(a, b):
    return a != b


@case(*REALS, *MIXED)
def less(a, b):
    return a < b


@case(*REALS, *MIXED)
def less_or_equal(a, b):
    return a <= b


@case(*REALS, *MIXED)
def greater(a, b):
    return a > b


@case(*REALS, *MIXED)
def greater_or_equal(a, b):
    return a >= b


@case(*REALS, *MIXED)
def all_comparisons(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b


@case(*INTS, *FLOATS)
def compared_with_constants(a):
    return a < 3, a >= 100, a == 0, a != 1, a > -1, a <= 2.5


@case("float32", "float64", "uint64")
def compared_with_inexact_constants(a):
    return a < 0.1, a == 0.1, a > 16777217


@case("int64", "float64", "float32", "uint8")
def chain(a, b, c):
    return a < b < c


@case("int64", "float64", "uint64,int64,float64")
def mixed_chain(a, b, c):
    return a <= b != c, a == b == c, a > b >= c


@case("float64", "int8")
def long_chain(a, b, c, d):
    return a < b <= c < d


@case("int64", "float32", "uint8")
def between_constants(a):
    return 0 < a < 10, -5 <= a <= 5


@case(*REALS)
def minimum(a, b):
    return min(a, b)


@case(*REALS)
def maximum(a, b):
    return max(a, b)


@case(*MIXED)
def mixed_minimum_and_maximum(a, b):
    return min(a, b), max(a, b)


@case("int64", "float64", "float32", "uint8,int8,int16")
def least_and_greatest_of_three(a, b, c):
    return min(a, b, c), max(a, b, c)


@case("int64", "float64", "int8")
def least_of_a_tuple(a, b, c):
    return min((a, b, c)), max((a, b, c))


@case(*INTS, *FLOATS)
def clamped(a):
    return max(0, min(a, 100))


@case("float64", "float32")
def minimum_takes_nan_by_place(a):
    return min(a, 1.0), min(1.0, a), max(a, 1.0), max(1.0, a)


@case(*ALL)
def truth(a):
    return bool(a)


@case(*ALL)
def falsehood(a):
    return not a


@case(*ALL)
def as_a_condition(a):
    if a:
        return 1
    return 0


@case("int64", "float32", "bool", "uint8,float64", "complex128,int64")
def both_true(a, b):
    return bool(a) and bool(b), bool(a) or bool(b)


@case("int64", "float64", "bool", "uint8")
def first_true(a, b):
    return a or b


@case("int64", "float64", "bool", "uint8")
def first_false(a, b):
    return a and b


@case("int64", "float64", "int32")
def and_or_of_three(a, b, c):
    return a and b or c, a or b and c


@case("bool", "int64")
def not_of_comparisons(a, b):
    return not a < b, not a == b, not (a < b and b < 10), not (a or b)


@case("int64", "float64", "uint8")
def conditional(a, b):
    return a if a < b else b


@case(*ALL)
def conditional_of_each_type(a, b):
    return a if b == b else b


@case("int8", "uint16", "int32", "float32", "bool", "uint64")
def chosen_by_a_third(a, b, c):
    return a if c else b


@case("int64", "float32")
def nested_conditional(a, b):
    return 1 if a < b else 2 if a == b else 3


@case("int64,float64", "uint8,float64", "bool,float64")
def conditional_of_two_types(a, b):
    return a if a > b else b


@case("int64", "float64")
def sign_by_comparison(a):
    return (a > 0) - (a < 0)


@case("int64", "uint8", "float32")
def number_of_true(a, b, c):
    return (a < b) + (b < c) + (a < c)


@case("bool", "int64")
def bools_compared(a, b):
    return (a < 1) == (b < 1), (a < 1) < (b < 1), (a < b) != (b < a)


@case("int64", "float64", "uint8")
def in_a_tuple(a, b):
    return a in (1, 2, 3), b not in (0, 7), a in (b, 5)


@case("int64", "float64", a=moderate, b=moderate)
def tuples_compared(a, b):
    return (a, b) == (b, a), (a, 1) != (b, 1), (a, b) == (a, b)


@case("int64", "int16", "uint64")
def sorted_pair(a, b):
    if a > b:
        a, b = b, a
    return a, b


@case("int64", "float32", "uint8")
def median_of_three(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@case("int64", a=between(2**53 - 5, 2**53 + 5), b=between(2**53 - 5, 2**53 + 5))
def large_integers_stay_exact(a, b):
    return a < b, a == b, a + 1 > b


@case("uint64,int64", "int64,uint64", "uint64,int8")
def signs_of_different_integers(a, b):
    return a < b, a == b, a > b, a <= b, a >= b, a != b


@case("float64", "float32")
def nan_is_unordered(a):
    return a == a, a != a, a < a, a <= a, not a < 1.0, not a >= 1.0
