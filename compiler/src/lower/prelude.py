def complex_power(a, b):
    # CPython's: small integer exponents by squaring, others in polar form. 0 to a negative power, where CPython raises, is 1 / 0 as a complex quotient.
    if b.imag == 0.0 and b.real == math.floor(b.real) and abs(b.real) <= 100.0:
        n = int(b.real)
        left = abs(n)
        result = complex(1.0, 0.0)
        square = a
        while left > 0:
            if left & 1:
                result = result * square
            square = square * square
            left >>= 1
        if n < 0:
            return complex(1.0, 0.0) / result
        return result
    if a.real == 0.0 and a.imag == 0.0:
        return complex(0.0, 0.0)
    size = math.hypot(a.real, a.imag)
    angle = math.atan2(a.imag, a.real)
    length = math.pow(size, b.real)
    phase = angle * b.real
    if b.imag != 0.0:
        length /= math.exp(angle * b.imag)
        phase += b.imag * math.log(size)
    return complex(length * math.cos(phase), length * math.sin(phase))


def gcd(a, b):
    a = abs(a)
    b = abs(b)
    while b != 0:
        a, b = b, a % b
    return abs(a)


def round_to(x, decimals):
    # NumPy's: scaled, rounded to the even one of two neighbours, scaled back.
    scale = 1.0
    for _ in range(abs(decimals)):
        scale *= 10.0
    if decimals < 0:
        return numpy.rint(x / scale) * scale
    return numpy.rint(x * scale) / scale


def round_digits(x, digits):
    # Numba's: scaled, rounded and scaled back; as it is where that overflows.
    if math.isnan(x) or math.isinf(x) or digits > 330:
        return x
    if digits < -330:
        return x * 0.0
    scale = 1.0
    for _ in range(abs(digits)):
        scale *= 10.0
    if digits < 0:
        return x * 0.0 if math.isinf(scale) else numpy.rint(x / scale) * scale
    scaled = x * scale
    if math.isinf(scale) or math.isinf(scaled):
        return x
    return numpy.rint(scaled) / scale


def cmath_phase(z):
    return math.atan2(z.imag, z.real)


def cmath_polar(z):
    return abs(z), math.atan2(z.imag, z.real)


def cmath_rect(r, phi):
    if phi == 0.0:
        if math.isnan(r):
            return complex(r, 0.0)
        return complex(r, math.copysign(1.0, r) * phi if math.isinf(r) else r * phi)
    if r == 0.0 and not math.isfinite(phi):
        return complex(0.0, 0.0)
    if math.isinf(r) and math.isnan(phi):
        return complex(math.inf, phi)
    return complex(r * math.cos(phi), r * math.sin(phi))


def cmath_isnan(z):
    return math.isnan(z.real) or math.isnan(z.imag)


def cmath_isinf(z):
    return math.isinf(z.real) or math.isinf(z.imag)


def cmath_isfinite(z):
    return math.isfinite(z.real) and math.isfinite(z.imag)


def is_close(a, b, rel_tol, abs_tol):
    if a == b:
        return True
    if math.isinf(a) or math.isinf(b):
        return False
    difference = abs(b - a)
    return difference <= abs(rel_tol * b) or difference <= abs(rel_tol * a) or difference <= abs_tol


def complex_is_close(a, b, rel_tol, abs_tol):
    if a == b:
        return True
    if math.isinf(a.real) or math.isinf(a.imag) or math.isinf(b.real) or math.isinf(b.imag):
        return False
    difference = abs(b - a)
    return difference <= rel_tol * abs(b) or difference <= rel_tol * abs(a) or difference <= abs_tol


def half_of_bits(bits):
    # The float16 whose bits these are, of which only the lowest 16 count.
    exponent = bits >> 10 & 31
    fraction = bits & 1023
    if exponent == 31:
        size = math.inf if fraction == 0 else math.inf - math.inf
    elif exponent == 0:
        size = fraction * 5.9604644775390625e-08
    else:
        size = (1024 + fraction << exponent) * 2.98023223876953125e-08
    return -size if bits & 32768 else size


def bits_of_half(x):
    # The bits of a number that float16 has; of every NaN those of one.
    sign = 32768 if math.copysign(1.0, x) < 0.0 else 0
    if math.isnan(x):
        return sign | 0x7E00
    if math.isinf(x):
        return sign | 0x7C00
    fraction = int(abs(x) * 16777216.0)
    exponent = 0
    if fraction >= 1024:
        exponent = 1
        while fraction >= 2048:
            fraction >>= 1
            exponent += 1
    return sign | exponent << 10 | fraction & 1023


def numpy_is_close(a, b, rtol, atol, equal_nan):
    # NumPy's: measured by the second number, which has to be finite unless both are the same.
    if a == b:
        return True
    if equal_nan and numpy.isnan(a) and numpy.isnan(b):
        return True
    return numpy.isfinite(b) and abs(a - b) <= atol + rtol * abs(b)


def searchsorted(points, number, right, kind):
    # A NaN is above every number, as NumPy sorts it.
    low = 0
    high = len(points)
    while low < high:
        middle = low + high >> 1
        a = kind(points[middle])
        b = number
        if right:
            a, b = b, a
        if (a < b or (numpy.isnan(b) and not numpy.isnan(a))) != right:
            low = middle + 1
        else:
            high = middle
    return low


def interp(x, points, heights, left, right, kind):
    # NumPy's: one point is beside its number or at it, a NaN too; among several points a NaN is nowhere.
    last = len(points) - 1
    first = kind(points[0])
    if x > kind(points[last]):
        return kind(heights[last]) if right is None else right
    if x < first:
        return kind(heights[0]) if left is None else left
    if last == 0:
        return kind(heights[0])
    if math.isnan(x):
        return x
    low = 0
    high = last + 1
    while low < high:
        middle = low + high >> 1
        if x >= kind(points[middle]):
            low = middle + 1
        else:
            high = middle
    at = min(max(low - 1, 0), last)
    a = kind(points[at])
    c = kind(heights[at])
    if at == last or a == x:
        return c
    b = kind(points[at + 1])
    d = kind(heights[at + 1])
    slope = numpy.divide(d - c, b - a)
    height = slope * (x - a) + c
    if math.isnan(height):
        height = slope * (x - b) + d
        if math.isnan(height) and c == d:
            height = c
    return height
