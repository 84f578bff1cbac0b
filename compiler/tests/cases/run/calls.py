"""Calls of device functions: early returns inside loops, several results, constants, other functions."""

import math

from declare import between, case, device

LIMIT = 12


@device
def twice(x):
    return x + x


@device
def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


@device
def first_divisor(n):
    for d in range(2, n):
        if n % d == 0:
            return d
    return n


@device
def search(n, k):
    i = 0
    while i < LIMIT:
        if i * i == n:
            return i
        if i > k:
            break
        i += 1
    return -i


@device
def swapped(a, b):
    return b, a


@device
def quotient_and_rest(a, b):
    if b == 0:
        return 0, a
    return a // b, a % b


@device
def polynomial(x, a=1.0, b=2.0, c=3.0):
    return (a * x + b) * x + c


@device
def distance(ax, ay, bx, by):
    dx = ax - bx
    dy = ay - by
    return math.sqrt(dx * dx + dy * dy)


@device
def twice_clamped(x):
    return clamp(twice(x), -20, 20)


@device
def escapes(re, im, limit):
    z = complex(0.0, 0.0)
    c = complex(re, im)
    for i in range(limit):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag >= 4:
            return i
    return limit


@device
def nested_search(n, k):
    for i in range(n):
        for j in range(n):
            if i * j == k:
                return i, j
            if j > i:
                break
    return -1, -1


@device
def no_result(x):
    y = x + 1
    y = y * 2


@device
def changes_its_parameter(n):
    while n > 3:
        n -= 3
    return n


@case("int64", "float64", "uint8", "int8", "float32")
def call_once(a):
    return twice(a)


@case("int64", "float64", "uint8")
def call_of_a_call(a):
    return twice(twice(twice(a)))


@case("int64", "float64", "int32")
def call_with_early_returns(a, b):
    return clamp(a, -5, 5) + clamp(b, 0, 10) * 100


@case("int64", "float64,int64,int64", "uint8")
def call_with_varying_bounds(a, b, c):
    return clamp(a, min(b, c), max(b, c))


@case("int64", "uint8", n=between(2, 100))
def return_from_a_loop_in_a_call(n):
    return first_divisor(n)


@case("int64", n=between(0, 160), k=between(0, 14))
def return_and_break_in_a_call(n, k):
    return search(n, k) * 1000 + search(k, n)


@case("int64", n=between(2, 40))
def call_in_a_loop(n):
    s = 0
    for i in range(2, n):
        s += first_divisor(i)
    return s


@case("int64", n=between(2, 60), k=between(2, 12))
def call_in_a_divergent_loop(n, k):
    s = 0
    while n > 1:
        d = first_divisor(n)
        if d > k:
            break
        n = n // d
        s += d
    return s, n


@case("int64", n=between(0, 20), k=between(0, 20))
def call_in_a_branch(n, k):
    if n > k:
        return search(n, k)
    elif n == k:
        return first_divisor(n + 2)
    return twice(n)


@case("int64", n=between(0, 20), k=between(0, 20))
def call_in_a_condition(n, k):
    s = 0
    while search(s, k) < 3 and s < n:
        s += 1
    if first_divisor(s + 2) == 2 or search(n, 9) > 0:
        s += 100
    return s


@case("int64", "float64", "int8,float32")
def several_results(a, b):
    x, y = swapped(a, b)
    return x, y


@case("int64", "int8", "uint8")
def several_results_of_early_returns(a, b):
    q, r = quotient_and_rest(a, b)
    return q * 7 + r


@case("int64", "float64")
def result_indexed(a, b):
    return swapped(a, b)[0], swapped(a, b)[1] + swapped(b, a)[-1]


@case("float64", "float32")
def defaults(x):
    return polynomial(x) + polynomial(x, 0.5)


@case("float64", "float32")
def keywords(x):
    return polynomial(x, c=1.5), polynomial(x=2.0, b=x, a=0.25)


@case("float64", "float32")
def math_in_a_call(a, b, c, d):
    return distance(a, b, c, d)


@case("int64", "float64", "int16")
def calls_of_calls(a):
    return twice_clamped(a)


@case("float64", "float32", a=between(-2, 1), b=between(-1, 1), size=165)
def mandelbrot_point(a, b):
    return escapes(a, b, 25)


@case("int64", n=between(0, 9), k=between(0, 30))
def return_from_nested_loops_of_a_call(n, k):
    i, j = nested_search(n, k)
    return i * 100 + j


@case("int64", n=between(0, 9))
def call_for_nothing(n):
    no_result(n)
    return n


@case("int64", "uint8", n=between(0, 30))
def parameter_changed_in_a_call(n):
    m = changes_its_parameter(n)
    return n, m


@case("int64,float64,uint8", "int8,float32,float64")
def one_function_of_many_types(a, b, c):
    return twice(a), twice(b), twice(c)


@case("int64", n=between(0, 12), uniform="n")
def uniform_call(n, a):
    return first_divisor(n + 2) + a


@case("int64", n=between(0, 20), k=between(0, 20))
def call_behind_short_circuits(n, k):
    if n > 5 and first_divisor(n) > 2 or k > 5 and first_divisor(k) == k:
        return 1
    return 0


@case("int64", n=between(0, 9), k=between(0, 9))
def conditional_calls(n, k):
    return first_divisor(n + 4) if n < k else search(n, k)


@case("int64", "float64")
def call_as_argument(a, b):
    return clamp(twice(a), twice(b) - 10, twice(b) + 10)
