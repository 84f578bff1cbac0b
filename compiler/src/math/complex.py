EXP_64 = 6.235149080811617e+27
def complex_exp(a, b):
    s, s_low, c, c_low = sine_and_cosine_of(b)
    if ~(a < 700.0):
        # In two factors, for what would overflow before the cosine brings it back.
        e = exp_beyond(a)
        re = times(e, c, c_low) * EXP_64
        im = times(e, s, s_low) * EXP_64
    else:
        e = exp(a)
        re = times(e, c, c_low)
        im = times(e, s, s_low)
    if ~(isfinite(a) & isfinite(b)):
        nowhere = ~isfinite(b)
        re = select(nowhere & (a == -inf()), 0.0, select(nowhere & (a == inf()), inf(), re))
        im = select(nowhere & (a == -inf()), 0.0, im)
    # A real number's exponential is real.
    return re, select(b == 0.0, b, im)


def exp_beyond(a):
    """exp(a - 64), finite where its multiple by EXP_64 overflows in any case."""
    return exp(select(a > 764.0, 700.0, a - 64.0))


def times(x, y, low):
    """x (y + low), with the sign of x y."""
    return copysign(fma(x, y, x * low), x * y)


def complex_sinh(a, b):
    s, s_low, c, c_low = sine_and_cosine_of(b)
    re, im = sinh_and_cosh(a, c, c_low, s, s_low)
    if ~(isfinite(a) & isfinite(b)):
        re = select(isinf(a) & ~isfinite(b), inf(), select((a == 0.0) & ~isfinite(b), 0.0, re))
    return re, select(b == 0.0, b, im)


def complex_cosh(a, b):
    s, s_low, c, c_low = sine_and_cosine_of(b)
    im, re = sinh_and_cosh(a, s, s_low, c, c_low)
    if ~(isfinite(a) & isfinite(b)):
        re = select(isinf(a) & ~isfinite(b), inf(), re)
    # A zero's sign is that of sinh(a) sin(b), also where the sine's is not b's; an infinity times a zero is a zero here.
    zero = select(isnan(a) | isnan(b), 0.0, copysign(1.0, a) * copysign(0.0, b))
    return re, select(((a == 0.0) | (b == 0.0)) & ~(isfinite(a) & isfinite(b)), zero, im)


def sinh_and_cosh(a, c, c_low, s, s_low):
    """(c + c_low) sinh(a) and (s + s_low) cosh(a)."""
    if ~(abs(a) < 700.0):
        e = 0.5 * exp_beyond(abs(a))
        p = times(copysign(e, a), c, c_low) * EXP_64
        q = times(e, s, s_low) * EXP_64
    else:
        p = times(sinh(a), c, c_low)
        q = times(cosh(a), s, s_low)
    return p, q


def complex_tanh(a, b):
    t = tanh(a)
    u = tan(b)
    c = 1.0 / cosh(within(a, 300.0))
    p = t * u
    d = 1.0 + p * p
    re = t * (1.0 + u * u) / d
    im = u / d * c * c
    if ~(abs(a) < 300.0):
        re = copysign(1.0, a)
        im = 4.0 * sin(b) * cos(b) * exp(-2.0 * abs(a))
        im = select(isinf(a), copysign(0.0, sin(b) * cos(b)), im)
        re = select(isnan(a), a, re)
    if ~isfinite(b):
        re = select(isinf(a), re, b - b)
        im = select(isinf(a), 0.0, b - b)
    return re, select(b == 0.0, b, im)


def complex_sin(a, b):
    p, q = complex_sinh(-b, a)
    return q, -p


def complex_cos(a, b):
    return complex_cosh(-b, a)


def complex_tan(a, b):
    p, q = complex_tanh(-b, a)
    return q, -p


def squared_size(u, v):
    """u^2 + v^2 as a sum of two, u >= v."""
    p = u * u
    q = v * v
    s = p + q
    return s, ((p - s) + q) + (fma(u, u, -p) + fma(v, v, -q))


def log_size(a, b):
    """log |a + bi|"""
    x = abs(a)
    y = abs(b)
    u = select(x > y, x, y)
    v = select(x > y, y, x)
    s, t = squared_size(u, v)
    r = 0.5 * log_beside(s, t)
    if ~((u > 1e-140) & (u < 1e150)):
        small = u < 1.0
        factor = select(small, 4.149515568880993e180, 2.409919865102884e-181)
        s, t = squared_size(u * factor, v * factor)
        away = select(small, -415.88830833596717, 415.88830833596717)
        r = 0.5 * log_beside(s, t) + away
        r = select(u == 0.0, -1.0 / u, r)
        r = select(isnan(a) | isnan(b), a + b, r)
        r = select((x == inf()) | (y == inf()), inf(), r)
    return r


def complex_log(a, b):
    return log_size(a, b), atan2(b, a)


def complex_log10(a, b):
    return LOG10_E * log_size(a, b), LOG10_E * atan2(b, a)


def complex_log2(a, b):
    return LOG2_E * log_size(a, b), LOG2_E * atan2(b, a)


def complex_sqrt(a, b):
    x = abs(a)
    y = abs(b)
    big = select(x > y, x, y)
    tiny = big < 1e-280
    factor = select(tiny, 6.646139978924579e35, 0.125)
    p = x * factor
    s = sqrt(p + hypot(p, y * factor)) * select(tiny, 8.673617379884035e-19, 2.0)
    d = y / (s + s)
    re = select(bits(a) < 0, d, s)
    im = select(bits(a) < 0, s, d)
    if ~(isfinite(a) & isfinite(b)):
        re = select(isnan(a) | isnan(b), a + b, select(a < 0.0, 0.0, inf()))
        im = select(isnan(b), b, select(a > 0.0, 0.0, inf()))
        im = select(isnan(a), a, im)
        im = select(a == -inf(), inf(), im)
        re = select(a == inf(), inf(), re)
        re = select(y == inf(), inf(), re)
        im = select(y == inf(), inf(), im)
        im = select(isnan(b) & (a != -inf()), b, im)
    none = x + y == 0.0
    re = select(none, 0.0, re)
    im = select(none, 0.0, im)
    return re, copysign(im, b)


def is_far(a, b):
    """Whether a square of it, or one more, would go wrong."""
    return ~((abs(a) < 1e150) & (abs(b) < 1e150))


def complex_asinh(a, b):
    p, q = complex_sqrt(1.0 + b, -a)
    r, s = complex_sqrt(1.0 - b, a)
    re = asinh(p * s - r * q)
    im = atan2(b, p * r - q * s)
    if is_far(a, b):
        re = copysign(log_size(0.5 * a, 0.5 * b) + 1.3862943611198906, a)
        im = atan2(b, abs(a))
        re = select(isnan(a) & (abs(b) == inf()), inf(), select(isnan(a), a, re))
        im = select(isnan(a), select(b == 0.0, b, a), im)
        im = select(isnan(b) & (abs(a) == inf()), b, im)
    return re, im


def complex_acosh(a, b):
    p, q = complex_sqrt(a - 1.0, b)
    r, s = complex_sqrt(a + 1.0, b)
    re = asinh(p * r + q * s)
    im = 2.0 * atan2(q, r)
    if is_far(a, b):
        re = log_size(0.5 * a, 0.5 * b) + 1.3862943611198906
        im = atan2(b, a)
    return re, im


def complex_acos(a, b):
    p, q = complex_sqrt(1.0 - a, -b)
    r, s = complex_sqrt(1.0 + a, b)
    re = 2.0 * atan2(p, r)
    im = asinh(r * q - s * p)
    if is_far(a, b):
        re = atan2(abs(b), a)
        im = -copysign(log_size(0.5 * a, 0.5 * b) + 1.3862943611198906, b)
        re = select(isnan(b) & (a == 0.0), 1.5707963267948966, re)
        im = select(isnan(b), abs(im), im)
    return re, im


def complex_asin(a, b):
    p, q = complex_asinh(-b, a)
    return q, -p


def complex_atanh(a, b):
    minus = (bits(a) < 0) & ~isnan(a)
    x = abs(a)
    y = select(minus, -b, b)
    z = abs(y)
    one = 1.0 - x
    re = 0.25 * log1p(4.0 * x / (one * one + z * z))
    im = -0.5 * atan2(-2.0 * y, one * (1.0 + x) - z * z)
    if (x == 1.0) & (z < 1e-150):
        re = select(z == 0.0, inf(), -log(sqrt(z) / sqrt(hypot(z, 2.0))))
        im = select(z == 0.0, y, copysign(0.5 * atan2(2.0, -z), y))
    if is_far(a, b):
        h = hypot(0.5 * x, 0.5 * z)
        re = select(isinf(h), 0.0, x * 0.25 / h / h)
        im = copysign(1.5707963267948966, y)
        re = select(isnan(x) & ~isinf(z), x, re)
        im = select(isnan(x) & ~isinf(z), x, select(isnan(z) & ~isinf(x), z, select(isnan(z), z, im)))
        re = select(isnan(z) & ~isinf(x) & (x != 0.0), z, re)
    re = select(x == 0.0, 0.0, re)
    im = select((y == 0.0) & (x < 1.0), y, im)
    return select(minus, -re, re), select(minus, -im, im)


def complex_atan(a, b):
    p, q = complex_atanh(-b, a)
    return q, -p
