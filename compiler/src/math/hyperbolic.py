# (tanh(x) - x) / x^3 in x^2 on x < 0.6, for float32; error 2^-28.4
TANH_32 = (
    -0.33333298563957214,
    0.13331933319568634,
    -0.05378429964184761,
    0.02079680934548378,
    -0.005895465612411499,
)
def sinh(x):
    a = abs(x)
    e, f = expm1_pair(a)
    # (E + E / (E + 1)) / 2 with E = exp(a) - 1
    d, g = two_sum(e, 1.0)
    q, r = quotient(e, f, d, g + f)
    s = e + q
    y = 0.5 * (s + (((e - s) + q) + (f + r)))
    if ~(a < by_type(x, 708.0, 87.0)):
        y = exp_edge(a, -1.0)
    return copysign(y, x)


def cosh(x):
    a = abs(x)
    e, f = exp_parts(a, 0.0, 0.0)
    q, r = quotient(1.0, 0.0, e, f)
    s = e + q
    y = 0.5 * (s + (((e - s) + q) + (f + r)))
    if ~(a < by_type(x, 708.0, 87.0)):
        y = exp_edge(a, -1.0)
    return y


def tanh(x):
    a = abs(x)
    a = select(a > 20.0, 20.0, a)
    e, f = expm1_pair(a + a)
    # E / (E + 2) with E = exp(2 a) - 1
    d, g = two_sum(e, 2.0)
    q, r = quotient(e, f, d, g + f)
    return copysign(q + r, x)


def tanh32(x):
    a = abs(x)
    z = a * a
    near = fma(a * z, poly(z, TANH_32), a)
    # Beyond 0.6, 1 - 2 / (E + 1) with E = exp(2 a) as a sum of two.
    b = select(a > 10.0, 10.0, a)
    k, r = exp_reduced(b + b)
    h = 1.0 + r
    t = fma(r * r, poly(r, EXP_32), (1.0 - h) + r)
    p = power(k)
    e = h + t
    f = ((h - e) + t) * p
    e = e * p
    d = e + 1.0
    g = (1.0 - (d - e)) + f
    q = 2.0 / d
    c = (fma(-q, d, 2.0) - q * g) * (0.5 * q)
    s = 1.0 - q
    far = s + (((1.0 - s) - q) - c)
    return copysign(select(a < 0.6, near, far), x)


def tanh_fast(x):
    a = abs(x)
    a = select(a > 20.0, 20.0, a)
    k, r = exp_reduced(a + a)
    p = power(k)
    e = fma(p, fma(r * r, poly(r, by_type(x, EXPM1, EXPM1_32)), r), p - 1.0)
    return copysign(e / (e + 2.0), x)


def asinh(x):
    a = abs(x)
    # 1 + a^2, its root w, and a + (w - 1), each as a sum of two
    t = a * a
    u, v = two_sum(1.0, t)
    v = v + fma(a, a, -t)
    w = sqrt(u)
    l = (fma(-w, w, u) + v) * (0.5 / w)
    m, o = two_sum(w, -1.0)
    s, p = two_sum(a, m)
    u, v = two_sum(1.0, s)
    y = log_beside(u, v + (p + (o + l)))
    limit = by_type(x, 1e8, 1e4)
    if ~(a < limit):
        y = select(a < inf(), log_twice(a), a)
    return select(a < by_type(x, 1e-8, 1e-4), x, copysign(y, x))


def acosh(x):
    d = x - 1.0
    g, h = two_sum(x, 1.0)
    t = d * g
    v = fma(d, g, -t) + d * h
    w = sqrt(t)
    l = (fma(-w, w, t) + v) * (0.5 / (w + by_type(x, 1e-300, 1e-30)))
    s, p = two_sum(d, w)
    u, v = two_sum(1.0, s)
    y = log_beside(u, v + (p + l))
    if ~((x >= 1.0) & (x < by_type(x, 1e8, 1e4))):
        y = select(x < inf(), log_twice(x), x)
        y = select(x < 1.0, sqrt(x - 1.0) + sqrt(x), y)
        y = select(isnan(x), x, y)
    return y


def atanh(x):
    a = abs(x)
    d, e = two_sum(1.0, -a)
    q, r = quotient(2.0 * a, 0.0, d, e)
    s = q + r
    u, v = two_sum(1.0, s)
    y = 0.5 * log_beside(u, v + ((q - s) + r))
    if ~(a < 1.0):
        y = select(a == 1.0, a / (1.0 - a), sqrt(1.0 - a))
    return copysign(select(a < by_type(x, 1e-9, 1e-5), a, y), x)
