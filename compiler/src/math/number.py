def round(x):
    t = trunc(x)
    return copysign(select(abs(x - t) >= 0.5, t + copysign(1.0, x), t), x)


def fdim(x, y):
    return select(isnan(x) | isnan(y), x + y, select(x > y, x - y, 0.0))


def nextafter(x, y):
    return neighbour(x, y, 5e-324)


def nextafter32(x, y):
    return neighbour(x, y, 1.401298464324817e-45)


def neighbour(x, y, smallest):
    b = bits(x)
    # Away from zero the bits grow.
    up = (y > x) == (x > 0.0)
    r = unbits(select(up, b + 1, b - 1))
    r = select(x == 0.0, copysign(smallest, y), r)
    return select(isnan(x) | isnan(y), x + y, select(x == y, y, r))


def float_fmod(x, y):
    a = abs(x)
    b = abs(y)
    # A quotient below 2^53: one step, its quotient too large by one at most.
    ok = (b >= 1e-290) & (b < inf()) & (a < 1e300) & (a < 4503599627370496.0 * b)
    d = select(ok, b, 1.0)
    n = trunc(select(ok, a, 0.0) / d)
    r = fma(-n, d, select(ok, a, 0.0))
    r = select(r < 0.0, r + d, r)
    if ~ok:
        r = fmod_far(a, b)
    return copysign(r, x)


def fmod_far(a, b):
    r = a
    if isnan(a) | isnan(b) | (a == inf()) | (b == 0.0):
        r = sqrt(-1.0 - abs(b)) + a
    elif (b < inf()) & (a >= b):
        # Long division of integers: a = m 2^p, b = n 2^q.
        i = bits(a)
        j = bits(b)
        p = i >> 52
        q = j >> 52
        m = i & 4503599627370495
        n = j & 4503599627370495
        if p > 0:
            m = m | 4503599627370496
        else:
            p = 1
        if q > 0:
            n = n | 4503599627370496
        else:
            q = 1
        left = p - q
        m = m % n
        while left > 0:
            step = min(left, 10)
            m = (m << step) % n
            left = left - step
        # Back to a float: exact, since it is a multiple of b's last bit.
        r = float64(m) * 2.220446049250313e-16 * unbits(q << 52)
    return r


def remainder(x, y):
    a = abs(x)
    b = abs(y)
    # What is left of a after an even number of b: below 2 b. Then one b, or two halves, less.
    double = select(b < 8.98846567431158e307, b + b, b)
    r = float_fmod(a, double)
    h = 0.5 * b
    tiny = b < 4.450147717014403e-308
    above = select(tiny, r + r > b, r > h)
    r = select(above, r - b, r)
    again = select(tiny, r + r >= b, r >= h)
    r = select(above & again, r - b, r)
    r = select(b == inf(), select(a < inf(), a, sqrt(-1.0 - a)), r)
    s = select(bits(x) < 0, -r, r)
    return select(isnan(x) | isnan(y), x + y, select(r == 0.0, copysign(0.0, x), s))


def ldexp(x, n):
    # In steps of which only the last can round.
    n = select(n > 4000, 4000, select(n < -4000, -4000, n))
    up = n > 1023
    down = n < -1022
    x = x * select(up, 8.98846567431158e307, select(down, 2.004168360008973e-292, 1.0))
    n = n - select(up, 1023, select(down, -969, 0))
    up = n > 1023
    down = n < -1022
    x = x * select(up, 8.98846567431158e307, select(down, 2.004168360008973e-292, 1.0))
    n = n - select(up, 1023, select(down, -969, 0))
    n = select(n > 1023, 1023, select(n < -1022, -1022, n))
    return x * unbits((n + 1023) << 52)


def frexp(x):
    small = abs(x) < 2.2250738585072014e-308
    b = bits(select(small, x * 18014398509481984.0, x))
    e = ((b >> 52) & 2047) - select(small, 1076, 1022)
    m = unbits((b & -9218868437227405313) | 4602678819172646912)
    plain = (x != 0.0) & isfinite(x)
    return select(plain, m, x), select(plain, e, 0)


def modf(x):
    whole = trunc(x)
    return copysign(select(isinf(x), 0.0, x - whole), x), whole


def sincos(x):
    return sin(x), cos(x)


def powi(x, n):
    # The sign by n's own last bit, which a float64 of it may lose.
    r = float_pow(abs(x), float64(n))
    return select(((n & 1) != 0) & (bits(x) < 0), -r, r)
