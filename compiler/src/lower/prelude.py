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
