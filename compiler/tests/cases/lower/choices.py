LIMITS = (1, 2.5)
DEBUG = False


def halve(x, times=1):
    if times is None:
        return x
    for i in range(times):
        x = x / 2
    return x


# (float64, float64)
def selected(x, y):
    return x if x > y else y


# (int64, int64)
def guarded(n, x):
    return n != 0 and x // n > 2


# (int64)
def either_value(n):
    return n or 2.5


# (float32)
def chained(x):
    return 0 < x <= LIMITS[1]


# (int64, uint64)
def by_value(i, u):
    return i < u, u <= i, i == u, u > 3


# (float64)
def known_branches(x):
    if DEBUG:
        x = undefined_name
    while DEBUG:
        x += 1
    return x


# (float64, None)
def called(x, times):
    return halve(x, times) + halve(x)


# (complex64, float32)
def complex_numbers(z, x):
    return z / x, abs(z), -z == z.conjugate()


# (float64, int64)
def powers(x, n):
    return x**2, x**0.5, n**5, 2**n, x**n


# (bool, int8, uint16)
def small_integers(b, i, u):
    return b + b, i // u, ~i, u << 3, -u, b & True


# kernel (array(float64, 1d, C), int64)
def early_return(a, n):
    i = cuda.grid(1)
    if i >= a.shape[0]:
        return
    for k in range(n):
        if a[i] > 100:
            return
        a[i] = a[i] * 2 + 1
