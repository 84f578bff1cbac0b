RECIPROCAL_3 = -0.04200263503409524
RECIPROCAL_2_LOW = 2.137185197068536e-17
RECIPROCAL_2 = -0.6558780715202539
# (lgamma(2+t)/t - 1 + euler) / t on |t| < 1/8; error 2^-62.4
LGAMMA_2 = (
    0.3224670334241132,
    -0.0673523010531981,
    0.020580808427803778,
    -0.0073855510286688925,
    0.002890510323870132,
    -0.001192753913001594,
    0.0005096705347236094,
    -0.0002231546101171103,
    9.939159205174675e-05,
    -4.493370916880388e-05,
    2.2154063287655185e-05,
    -9.337968142087041e-06,
)
# (lgamma(1+t)/t + euler) / t on |t| < 1/8; error 2^-62.8
LGAMMA_1 = (
    0.8224670334241132,
    -0.40068563438653143,
    0.27058080842781973,
    -0.2073855510286576,
    0.16955717697359599,
    -0.14404989678391686,
    0.1255096766675463,
    -0.11133426061353784,
    0.10009835345002205,
    -0.0909549066054437,
    0.0834456064430601,
    -0.07685417104854823,
    0.0675225770668967,
    -0.07011405449861138,
    0.130579564569718,
)
# x (log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2) in 1/x^2 on x >= 11; error 2^-57.6
STIRLING = (
    0.08333333333333333,
    -0.0027777777777421436,
    0.0007936507470002853,
    -0.0005952150728768299,
    0.0008365332938651733,
    -0.0013661822038012997,
    -0.015848905408826153,
)
# (1/gamma(1+t) - 1 - euler t - c t^2 - d t^3) / t^4 on |t| <= 1/2; error 2^-67.3
RECIPROCAL = (
    0.16653861138229156,
    -0.04219773455554433,
    -0.009621971527881856,
    0.00721894324666284,
    -0.0011651675917341028,
    -0.0002152416741075718,
    0.00012805028075485748,
    -2.0134854885451306e-05,
    -1.2504814904861072e-06,
    1.1330280538291324e-06,
    -2.0568396575381145e-07,
    6.1124667727819e-09,
    5.113730285438213e-09,
    -1.1728718879768397e-09,
)
HALF_LOG_2_PI_LOW = -3.8782941580672414e-17
HALF_LOG_2_PI = 0.9189385332046728
ONE_LESS_EULER_LOW = 4.942915152430645e-18
ONE_LESS_EULER = 0.42278433509846713
EULER_LOW = -4.942915152430645e-18
EULER = 0.5772156649015329
def gamma_parts(x):
    """gamma(x) as a sum of two, for |x| < 11."""
    n = rint(x)
    t = x - n
    # 1 / gamma(1 + t)
    a = poly(t, RECIPROCAL)
    b = t * a
    s, r = two_sum(RECIPROCAL_3, b)
    u = t * s
    v = RECIPROCAL_2 + u
    w = ((RECIPROCAL_2 - v) + u) + (fma(t, s, -u) + fma(t, r + fma(t, a, -b), RECIPROCAL_2_LOW))
    a = t * v
    b = EULER + a
    c = ((EULER - b) + a) + (fma(t, v, -a) + fma(t, w, EULER_LOW))
    v = t * b
    g = 1.0 + v
    l = ((1.0 - g) + v) + (fma(t, b, -v) + t * c)
    # The factors between 1 + t and x, each exact.
    h = 1.0
    m = 0.0
    for i in range(12):
        j = float64(i)
        f = select((j > 0.0) & (j < n), t + j, select(j <= -n, t - j, 1.0))
        p = h * f
        m = fma(h, f, -p) + m * f
        h = p
    up = n >= 1.0
    p = g * h
    m = select(up, m, fma(g, h, -p) + fma(g, m, l * h))
    return quotient(select(up, h, 1.0), select(up, m, 0.0), select(up, g, p), select(up, l, m))


def stirling(x):
    """log(gamma(x)) as a sum of two, for x >= 11."""
    m, e = mantissa(x)
    g, h = log_wide(m, e)
    a = x - 0.5
    # What x - 1/2 loses beyond 2^52.
    b = (x - a) - 0.5
    p = a * g
    q = fma(a, g, -p) + fma(a, h, b * g)
    s, t = two_sum(p, -x)
    u, v = two_sum(s, HALF_LOG_2_PI)
    i = 1.0 / x
    w = fma(i, poly(i * i, STIRLING), HALF_LOG_2_PI_LOW)
    low = (t + v) + (q + w)
    high = u + low
    return high, (u - high) + low


def reflected(a, z):
    """pi / (z sin(pi a)) as a sum of two."""
    q, r, s = half_turns(a)
    odd, odd_low, even, even_low = sine_and_cosine(r, s)
    same = (q & 1) == 0
    high = select(same, odd, even)
    low = select(same, odd_low, even_low)
    high = select((q & 2) == 0, high, -high)
    low = select((q & 2) == 0, low, -low)
    p = z * high
    return quotient(PI_HIGH, PI_LOW, p, fma(z, high, -p) + z * low)


def tgamma(x):
    a = abs(x)
    ok = a < 11.0
    y, d = gamma_parts(select(ok, x, 1.0))
    y = select(a < 1e-300, 1.0 / x, y + d)
    if ~ok:
        z = select(a < 200.0, a, 200.0)
        g, h = stirling(z)
        plus = x > 0.0
        p = select(plus, g, -g)
        k, r, s = exp_parted(p)
        s = s + select(plus, h, -h)
        one = 1.0 + r
        low = fma(r * r, poly(r, EXP), (1.0 - one) + r)
        e = one + low
        f = fma(s, e, (one - e) + low)
        u, v = reflected(a, z)
        p = -u * e
        q = fma(-u, e, -p) - fma(u, f, v * e)
        y = scaled(select(plus, e + f, p + q), k)
        y = select(a == inf(), x, y)
        y = select(isnan(x), x, y)
    return select((x < 0.0) & (x == trunc(x)), sqrt(x), y)


def lgamma(x):
    a = abs(x)
    ok = a < 11.0
    y, d = gamma_parts(select(ok, x, 3.0))
    m, e = mantissa(abs(y))
    g, h = log_wide(m, e)
    r = g + (h + d / y)
    # Near the zeros at 1 and 2, series.
    one = abs(x - 1.0) < 0.125
    two = abs(x - 2.0) < 0.125
    t = select(one, x - 1.0, select(two, x - 2.0, 0.0))
    v = t * select(one, poly(t, LGAMMA_1), poly(t, LGAMMA_2))
    c = select(one, -EULER, ONE_LESS_EULER)
    b = c + v
    l = ((c - b) + v) + select(one, -EULER_LOW, ONE_LESS_EULER_LOW)
    p = t * b
    r = select(one | two, p + (fma(t, b, -p) + t * l), r)
    if ~ok:
        z = select(a < 2.5e305, a, 2.5e305)
        g, h = stirling(z)
        u, v = reflected(a, z)
        u, v = select(x < 0.0, u, 1.0), select(x < 0.0, v, 0.0)
        m, e = mantissa(abs(u))
        p, q = log_wide(m, e)
        s, t = two_sum(p, -g)
        minus = s + (t + (q + v / u - h))
        r = select(x < 0.0, minus, g + h)
        r = select(a > 2.55e305, lgamma_huge(a), r)
        r = select(isnan(x), x, r)
    if a < 1e-17:
        r = -log(a)
    return select((x <= 0.0) & (x == trunc(x)), inf_of(x), r)


def lgamma_huge(a):
    m, e = mantissa(select(a < inf(), a, 1e306))
    g, h = log_wide(m, e)
    return a * (g - 1.0)


def inf_of(x):
    return select(x == -inf(), -x, 1.0 / abs(x - trunc(x)))
