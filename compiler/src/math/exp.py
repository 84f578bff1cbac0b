# the same, relative to exp(r) - 1; error 2^-61.6
EXPM1 = (
    0.5,
    0.16666666666666677,
    0.041666666666666616,
    0.008333333333321416,
    0.0013888888888920294,
    0.0001984126988670293,
    2.4801587243902223e-05,
    2.7557243591746943e-06,
    2.7557347855381967e-07,
    2.51092652121644e-08,
    2.0890977327679297e-09,
)
LN10_LOW = -2.1707562233822494e-16
LN10_HIGH = 2.302585092994046
LOG10_2_LOW = 2.8363394551044964e-14
LOG10_2_HIGH = 0.30102999566395283
LOG2_10 = 3.321928094887362
# the same for float32; error 2^-28.2
EXP_32 = (
    0.4999999403953552,
    0.1666651964187622,
    0.041668251156806946,
    0.00836884044110775,
    0.0013822291512042284,
)
# (exp(r) - 1 - r) / r^2 on |r| < log(2)/2; error 2^-57.9
EXP = (
    0.5000000000000011,
    0.16666666666666421,
    0.04166666666652626,
    0.008333333333489165,
    0.0013888888944653328,
    0.00019841269517518434,
    2.480149202577983e-05,
    2.7557576552280964e-06,
    2.763063845352642e-07,
    2.5003318003885305e-08,
)
LN2_LOW_32 = 1.428606765330187e-06
LN2_HIGH_32 = 0.693145751953125
LOG2_E_32 = 1.4426950216293335
LN2_LOW = 2.3190468138462996e-17
LN2_HIGH = 0.6931471805599453
LOG2_E = 1.4426950408889634


def exp(x):
    k, r = exp_reduced(x, LOG2_E, 6755399441055744.0, LN2_HIGH, LN2_LOW)
    t = exp_near(r, EXP)
    y = unbits(bits(t) + (bits(k) << 52))
    if ~(abs(x) < 708.0):
        y = exp_edge(x, 0.0)
    return y


def exp_reduced(x, per, middle, high, low):
    """n + middle and r with x = n log 2 + r, by the constants of a float type."""
    k = fma(x, per, middle)
    n = k - middle
    return k, fma(n, -low, fma(n, -high, x))


def exp_parted(x):
    """The same in float64, and what r loses."""
    k = fma(x, LOG2_E, 6755399441055744.0)
    n = k - 6755399441055744.0
    t = fma(n, -LN2_HIGH, x)
    r = fma(n, -LN2_LOW, t)
    return k, r, fma(n, -LN2_LOW, t - r)


def exp_near(r, terms):
    """exp(r) for |r| < 0.36, with what 1 + r loses kept."""
    h = 1.0 + r
    return h + fma(r * r, poly(r, terms), (1.0 - h) + r)


def exp_beside(r, s):
    """exp(r + s) for |r| < 0.36 and |s| < 2^-40."""
    h = 1.0 + r
    t = fma(r * r, poly(r, EXP), (1.0 - h) + r)
    return h + fma(s, h + t, t)


def exp_edge(x, more):
    """exp(x) * 2^more where the result may be no normal number: the power of two in two factors."""
    c = select(x < -800.0, -800.0, select(x > 800.0, 800.0, x))
    k, r = exp_reduced(c, LOG2_E, 6755399441055744.0, LN2_HIGH, LN2_LOW)
    return scaled(exp_near(r, EXP), k + more)


def scaled(t, k):
    """t * 2^n, rounded once, for k = n + 1.5 * 2^52 and |n| < 2000."""
    n = bits(k) - 4843621399236968448
    half = n >> 1
    rest = n - half
    return t * unbits((half + 1023) << 52) * unbits((rest + 1023) << 52)


def exp2(x):
    k = x + 6755399441055744.0
    r = x - (k - 6755399441055744.0)
    t = exp_beside(r * LN2_HIGH, r * LN2_LOW)
    y = unbits(bits(t) + (bits(k) << 52))
    if ~(abs(x) < 1021.0):
        c = select(x < -1100.0, -1100.0, select(x > 1100.0, 1100.0, x))
        k = c + 6755399441055744.0
        r = c - (k - 6755399441055744.0)
        y = scaled(exp_beside(r * LN2_HIGH, r * LN2_LOW), k)
    return y


def exp10(x):
    y = exp10_near(x, False)
    if ~(abs(x) < 307.0):
        y = exp10_near(select(x < -330.0, -330.0, select(x > 330.0, 330.0, x)), True)
    return y


def exp10_near(x, edge):
    k = fma(x, LOG2_10, 6755399441055744.0)
    n = k - 6755399441055744.0
    u = fma(n, -LOG10_2_HIGH, x)
    v = fma(n, -LOG10_2_LOW, u)
    w = fma(n, -LOG10_2_LOW, u - v)
    r = v * LN10_HIGH
    s = fma(v, LN10_HIGH, -r) + fma(v, LN10_LOW, w * LN10_HIGH)
    t = exp_beside(r, s)
    return scaled(t, k) if edge else unbits(bits(t) + (bits(k) << 52))


def exp_parts(x, y, more):
    """exp(x + y) * 2^more as a sum of two normal numbers, for a tiny y."""
    k, r, s = exp_parted(x)
    s = s + y
    h = 1.0 + r
    low = fma(r * r, poly(r, EXP), (1.0 - h) + r)
    high = h + low
    low = fma(s, high, (h - high) + low)
    p = unbits((bits(k + more) << 52) + 4607182418800017408)
    return p * high, p * low


def expm1_parts(x):
    """exp(x) - 1 as a sum of two, for |x| < 709."""
    k, r, s = exp_parted(x)
    # exp(r + s) - 1 = a + b
    c = r * r * poly(r, EXPM1)
    a = r + c
    b = ((r - a) + c) + fma(s, a, s)
    p = unbits((bits(k) << 52) + 4607182418800017408)
    u, v = two_sum(p, -1.0)
    high, low = two_sum(u, p * a)
    low = low + fma(p, b, v)
    sum = high + low
    return sum, (high - sum) + low


def expm1(x):
    y, z = expm1_parts(select(abs(x) < 708.0, x, 0.0))
    if ~(abs(x) < 708.0):
        y = exp_edge(x, 0.0) - 1.0
    return select(abs(x) < 1e-17, x, y)


def exp32(x):
    k, t = exp_near32(x)
    y = unbits(bits(t) + (bits(k) << 23))
    if ~(abs(x) < 87.0):
        k, t = exp_near32(select(x < -110.0, -110.0, select(x > 110.0, 110.0, x)))
        m = bits(k) - 1262485504
        half = m >> 1
        y = t * unbits((half + 127) << 23) * unbits((m - half + 127) << 23)
    return y


def exp_near32(x):
    k, r = exp_reduced(x, LOG2_E_32, 12582912.0, LN2_HIGH_32, LN2_LOW_32)
    return k, exp_near(r, EXP_32)
