# (float64)
def add_string(x):
    return 1.5 + "a"


# (float64, array(bool, 1d, C))
def add_array(spot, alive):
    return spot + alive


# (array(float64, 1d, C), float64)
def array_first(a, x):
    return a * x


# (complex128, complex128)
def complex_order(a, b):
    return a < b


# (complex128, int64)
def complex_floor(a, b):
    return a // b


# (float64, float64)
def float_bits(a, b):
    return a & b


# (float64)
def invert_float(a):
    return ~a


# (int64)
def no_common_type(n):
    if n > 3:
        x = (1, 2)
    else:
        x = 2.5
    return x


# (int64)
def none_or_number(n):
    if n > 3:
        return n


# (int64)
def loop_changes_type(n):
    x = None
    for i in range(n):
        x = i
    return x


# (int64)
def choice(n):
    return (1, 2) if n > 3 else n


# (array(float64, 1d, C), array(int64, 1d, C), int64)
def which_array(a, b, n):
    c = a if n > 3 else b
    return c[0]


# (array(float64, 1d, C))
def array_truth(a):
    if a:
        return 1
    return 0


# (complex128)
def complex_to_float(z):
    return float(z)


# (int64)
def unpack_number(n):
    a, b = n
    return a


# (int64)
def unpack_count(n):
    a, b = (n, n, n)
    return a


# (complex128)
def complex_sqrt(z):
    return math.sqrt(z)


# (float64)
def range_of_float(x):
    for i in range(x):
        pass
    return x


# (float64)
def loop_over_number(x):
    for i in x:
        pass
    return x


# (float64)
def no_attribute(x):
    return x.shape


# (int64)
def too_big(n):
    return n + 99999999999999999999999


# (int64)
def returns_nothing(n):
    n += 1


# (int64)
def returns_string(n):
    return "a"


# (int64)
def string_variable(n):
    s = "a" if n > 0 else "b"
    return n


# (array(float64, 1d, C), array(float64, 1d, C))
def is_between_arrays(a, b):
    return a is b


# (array(float64, 1d, C), array(int64, 1d, C), int64)
def array_in_tuple(a, b, n):
    t = (a, 1) if n > 3 else (b, 2)
    return t[1]
