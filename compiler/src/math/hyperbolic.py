def sinh(x):
    a = abs(x)
    ok = a < 708.0
    e, f = expm1_parts(select(ok, a, 0.0))
    # (E + E / (E + 1)) / 2 with E = exp(a) - 1
    d, g = two_sum(e, 1.0)
    q, r = quotient(e, f, d, g + f)
    s = e + q
    y = 0.5 * (s + (((e - s) + q) + (f + r)))
    if ~ok:
        y = exp_edge(a, -1.0)
    return copysign(y, x)


def cosh(x):
    a = abs(x)
    ok = a < 708.0
    e, f = exp_parts(select(ok, a, 0.0), 0.0, 0.0)
    q, r = quotient(1.0, 0.0, e, f)
    s = e + q
    y = 0.5 * (s + (((e - s) + q) + (f + r)))
    if ~ok:
        y = exp_edge(a, -1.0)
    return y


def tanh(x):
    a = abs(x)
    e, f = expm1_parts(select(a < 20.0, 2.0 * a, 40.0))
    d, g = two_sum(e, 2.0)
    q, r = quotient(e, f, d, g + f)
    return select(isnan(x), x, copysign(q + r, x))


def asinh(x):
    a = abs(x)
    ok = a < 1e8
    c = select(ok, a, 0.0)
    # 1 + c^2, its root w, and c + (w - 1), each as a sum of two
    t = c * c
    u, v = two_sum(1.0, t)
    v = v + fma(c, c, -t)
    w = sqrt(u)
    l = (fma(-w, w, u) + v) * (0.5 / w)
    m, o = two_sum(w, -1.0)
    s, p = two_sum(c, m)
    y = log1p_sum(s, p + (o + l))
    if ~ok:
        y = log_twice(select(a < inf(), a, 1.0))
        y = select(a < inf(), y, a)
    return select(a < 1e-8, x, copysign(y, x))


def acosh(x):
    ok = (x >= 1.0) & (x < 1e8)
    c = select(ok, x, 1.0)
    d = c - 1.0
    g, h = two_sum(c, 1.0)
    t = d * g
    v = fma(d, g, -t) + d * h
    w = sqrt(t)
    l = (fma(-w, w, t) + v) * (0.5 / (w + 1e-300))
    s, p = two_sum(d, w)
    y = log1p_sum(s, p + l)
    if ~ok:
        y = log_twice(select((x >= 1.0) & (x < inf()), x, 1.0))
        y = select(x < inf(), y, x)
        y = select(x < 1.0, sqrt(x - 1.0) + sqrt(x), y)
        y = select(isnan(x), x, y)
    return y


def atanh(x):
    a = abs(x)
    ok = a < 1.0
    c = select(ok, a, 0.0)
    d, e = two_sum(1.0, -c)
    q, r = quotient(2.0 * c, 0.0, d, e)
    s = q + r
    y = 0.5 * log1p_sum(s, (q - s) + r)
    if ~ok:
        y = select(a == 1.0, a / (1.0 - a), sqrt(1.0 - a))
    return copysign(select(a < 1e-9, a, y), x)
