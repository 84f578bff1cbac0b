"""Complex numbers."""

import numpy as np

from declare import COMPLEX, between, case, device, drawn, moderate

I = 1j
CENTRE = 0.5 - 2j


@case(*COMPLEX, "complex64,complex128", "complex64,float32", "float64,complex128", "complex64,int64", a=moderate, b=moderate)
def quotient(a, b):
    return a / b


@case(*COMPLEX)
def quotient_of_anything(a, b):
    return a / b


@case(*COMPLEX)
def product_of_anything(a, b):
    return a * b


@case(*COMPLEX)
def by_an_imaginary_literal(a):
    return a * 1j, a + 2j, a - 0.5j, 3j - a, 1 / (a + 3j)


@case(*COMPLEX, ulp=1)
def size(a):
    return abs(a)


@case(*COMPLEX, a=drawn)
def squared_size(a):
    return a.real * a.real + a.imag * a.imag


@case(*COMPLEX)
def parts(a):
    return a.real, a.imag, a.conjugate()


@case(*COMPLEX)
def numpy_parts(a):
    return np.real(a), np.imag(a), np.conj(a)


@case("int64", "float64", "float32", "uint8", "bool")
def parts_of_real_numbers(a):
    return a.real, a.imag


@case(*COMPLEX)
def negated(a):
    return -a, +a, -(-a)


@case(*COMPLEX, a=moderate, b=moderate)
def arithmetic(a, b):
    return a * b + a - b / (a + 1)


@case(*COMPLEX, a=moderate)
def square(a):
    return a**2


@case(*COMPLEX, a=moderate)
def small_powers(a):
    return a**3, a**4, a**5


@case(*COMPLEX, a=moderate)
def negative_powers(a):
    return a**-1, a**-2


@case(*COMPLEX)
def powers_nought_and_one(a):
    return a**0, a**1


@case("complex128,int64", "complex64,int64", a=moderate, n=between(0, 12))
def variable_power(a, n):
    return a**n


@case(*COMPLEX, "complex128,float64", "complex64,float32", "float64,complex128", a=moderate, b=moderate)
def complex_power(a, b):
    return a**b


@case(*COMPLEX, "complex128,int64")
def complex_power_of_anything(a, b):
    return a**b


@case(*COMPLEX, a=moderate)
def fractional_powers(a):
    return a**0.5, a**-1.5, a**1j, 2**a


@case(*COMPLEX)
def equality(a, b):
    return a == b, a != b, a == a, a == 1, a != 2j


@case(*COMPLEX)
def truth(a):
    if a:
        return 1
    return 0


@case(*COMPLEX)
def tests_of_parts(a):
    return np.isnan(a), np.isinf(a), np.isfinite(a)


@case(*COMPLEX, "complex64,complex128")
def chosen(a, b):
    return a if a.real < b.real else b


@case(*COMPLEX, a=moderate, b=moderate)
def chosen_by_branches(a, b):
    if a.real < b.real:
        z = a * b
    elif a.imag < b.imag:
        z = a + b
    else:
        z = a - b
    return z


@case("float64", "float32", "int64", re=moderate, im=moderate)
def made_of_parts(re, im):
    z = complex(re, im)
    return z * z, z.real, z.imag


@case("float64", "float32", "int64")
def variable_becomes_complex(a):
    z = 0
    if a > 0:
        z = 1j
    return z + a


@case(*COMPLEX, a=moderate)
def captured_constants(a):
    return a * I + CENTRE


@case(*COMPLEX, c=moderate, size=165)
def quadratic_map(c):
    z = 0j
    n = 0
    while n < 12 and z.real * z.real + z.imag * z.imag < 4.0:
        z = z * z + c
        n += 1
    return z, n


@case("complex128", z=moderate, size=165)
def newton_fractal(z):
    for i in range(12):
        d = 3 * z * z
        if d.real * d.real + d.imag * d.imag < 1e-9:
            return z
        z = z - (z * z * z - 1) / d
    return z


@device
def rotated(z, quarter_turns):
    for _ in range(quarter_turns):
        z = z * 1j
    return z


@case("complex128,int64", "complex64,int64", z=moderate, n=between(0, 7))
def passed_to_a_function(z, n):
    return rotated(z, n) + rotated(z.conjugate(), n + 1)


@case(*COMPLEX, a=moderate, b=moderate)
def in_tuples(a, b):
    pair = (a, b)
    u, v = pair[1], pair[0]
    return u - v, (u, v) == pair


@case(*COMPLEX, a=moderate)
def assigned_with_operators(a):
    z = a
    z += 1
    z *= a
    z -= 2j
    z /= 2
    return z


@case(*COMPLEX, a=moderate)
def swapped_parts(a):
    return complex(a.imag, a.real)


@case(*COMPLEX, a=moderate, uniform="c", c=moderate)
def with_a_uniform_number(a, c):
    return a * c + c / 2


@case("complex128", "complex64", a=moderate, returns="complex64")
def declared_narrow(a):
    return a * 3


@case(*COMPLEX, x=moderate, y=moderate)
def dot_product(x, y):
    return x.conjugate() * y, x.real * y.real + x.imag * y.imag
