LOG10_2_REST = 2.8363394551044964e-14
LOG10_2_SHORT = 0.30102999566395283
LOG10_E_LOW = 1.098319650216765e-17
LOG10_E = 0.4342944819032518
LOG2_E_LOW = 2.0355273740931033e-17
# the same for float32; error 2^-26.4
LOG_32 = (
    0.6666666269302368,
    -0.500016450881958,
    0.40002474188804626,
    -0.3324662446975708,
    0.28403446078300476,
    -0.2632136046886444,
    0.2552240192890167,
    -0.15264162421226501,
)
# 2 (log(1+f) - f + f^2/2) / f^3; error 2^-58.3
LOG = (
    0.6666666666666691,
    -0.49999999999997824,
    0.39999999999891667,
    -0.33333333333832715,
    0.2857142858773357,
    -0.24999999963647507,
    0.2222222102968203,
    -0.20000000786959557,
    0.18181867091652537,
    -0.16666690912248336,
    0.15383426944542353,
    -0.1428401065913794,
    0.13350331631826004,
    -0.12539501622271595,
    0.11635169538617923,
    -0.10653981709079778,
    0.10834369932598897,
    -0.12550356729326048,
    0.11387346248436406,
    -0.04849422056147118,
)
LN2_REST = 5.497923018708371e-14
LN2_SHORT = 0.6931471805598903


def log(x):
    m, e = mantissa(x)
    y = log_tail(m - 1.0, e)
    if ~((x >= 2.2250738585072014e-308) & (x < inf())):
        y = log_far(x)
    return y


def inf():
    return 1e999


def mantissa(x):
    """m in [sqrt(1/2), sqrt(2)) and e with x = m * 2^e, for a normal x above 0."""
    i = bits(x) - 4604544271217802189
    return unbits((i & 4503599627370495) + 4604544271217802189), float64(i >> 52)


def log_tail(f, e):
    """e log 2 + log(1 + f)"""
    return log_sum(f, e, LOG, LN2_SHORT, LN2_REST)


def log_sum(f, e, terms, short, rest_of_ln2):
    """The same by the constants of a float type, with what e log 2 and f - f^2/2 lose kept."""
    h = 0.5 * f * f
    high = f - h
    low = fma(f * h, poly(f, terms), (f - high) - h)
    big = e * short
    sum = big + high
    rest = (big - sum) + high
    return sum + (rest + fma(e, rest_of_ln2, low))


def log_far(x):
    y = x + x
    if x == 0.0:
        y = -1.0 / abs(x)
    elif x < 0.0:
        y = sqrt(x)
    elif x < 2.2250738585072014e-308:
        m, e = mantissa(x * 18014398509481984.0)
        y = log_tail(m - 1.0, e - 54.0)
    return y


def log_parts(x):
    """e and log(m) as a sum of two, with log(x) = e log 2 + log(m)."""
    m, e = mantissa(x)
    f = m - 1.0
    h = 0.5 * f * f
    high = f - h
    low = fma(f * h, poly(f, LOG), ((f - high) - h) - fma(0.5 * f, f, -h))
    sum = high + low
    return e, sum, (high - sum) + low


def log2(x):
    e, f, g = log_parts(x)
    p = f * LOG2_E
    q = fma(f, LOG2_E, -p) + fma(f, LOG2_E_LOW, g * LOG2_E)
    s = e + p
    y = s + (((e - s) + p) + q)
    if ~((x >= 2.2250738585072014e-308) & (x < inf())):
        small = (x > 0.0) & (x < inf())
        y = select(small, log2_small(x), log_far(x))
    return y


def log2_small(x):
    e, f, g = log_parts(select(x < 1.0, x, 1.0) * 18014398509481984.0)
    return (e - 54.0) + fma(f, LOG2_E, g)


def log10(x):
    y = log10_normal(x, 0.0)
    if ~((x >= 2.2250738585072014e-308) & (x < inf())):
        small = (x > 0.0) & (x < inf())
        y = select(small, log10_normal(select(x < 1.0, x, 1.0) * 18014398509481984.0, -54.0), log_far(x))
    return y


def log10_normal(x, more):
    e, f, g = log_parts(x)
    e = e + more
    p = f * LOG10_E
    q = fma(f, LOG10_E, -p) + fma(f, LOG10_E_LOW, g * LOG10_E)
    big = e * LOG10_2_SHORT
    s = big + p
    return s + (((big - s) + p) + fma(e, LOG10_2_REST, q))


def log1p_sum(a, b):
    """log(1 + a + b) for -1 < a < 1e300 and b tiny beside a, right also where a is tiny."""
    u, g = two_sum(1.0, a)
    g = g + b
    i = bits(u) - 4604544271217802189
    m = unbits((i & 4503599627370495) + 4604544271217802189)
    e = i >> 52
    d = g * unbits((1023 - e) << 52)
    f = m - 1.0
    t = f + d
    d = (f - t) + d
    f = t
    h = 0.5 * f * f
    high = f - h
    low = fma(f * h, poly(f, LOG), ((f - high) - h) - fma(0.5 * f, f, -h))
    low = fma(d, 1.0 - high, low)
    n = float64(e)
    big = n * LN2_SHORT
    sum = big + high
    rest = (big - sum) + high
    return sum + (rest + fma(n, LN2_REST, low))


def log_twice(x):
    """log(2 x) for a large x."""
    m, e = mantissa(x)
    return log_tail(m - 1.0, e + 1.0)


def log1p(x):
    ok = (x > -1.0) & (x < 1e300)
    y = log1p_sum(select(ok, x, 0.0), 0.0)
    if ~ok:
        y = log(1.0 + x)
    return select(abs(x) < 1e-17, x, y)


def log32(x):
    i = bits(x) - 1060439283
    f = unbits((i & 8388607) + 1060439283) - 1.0
    e = float32(i >> 23)
    y = log_sum(f, e, LOG_32, LN2_HIGH_32, LN2_LOW_32)
    if ~((x >= 1.1754943508222875e-38) & (x < inf())):
        y = float32(log(float64(x)))
    return y
