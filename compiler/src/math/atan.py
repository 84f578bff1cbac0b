# (atan(t) - t) / t^3 in t^2 on t < tan(pi/8); error 2^-63.8
ATAN = (
    -0.33333333333333326,
    0.19999999999997206,
    -0.14285714285339235,
    0.11111111085549075,
    -0.09090908060775893,
    0.07692281060085292,
    -0.06666203985557734,
    0.05876817382346174,
    -0.052171884938261574,
    0.044989504523478066,
    -0.033374297466573916,
    0.015099530419165631,
)
# (asin(s) - s) / s^3 in s^2 on s < 1/2; error 2^-59.9
ASIN = (
    0.1666666666666676,
    0.07499999999970837,
    0.0446428571746034,
    0.030381942707371098,
    0.022372215016730316,
    0.017351611226066356,
    0.013980832839504341,
    0.011398790167621764,
    0.010781048594837774,
    0.003703012998447033,
    0.021716578265624325,
    -0.02101310105827467,
    0.032638031406670855,
)
QUARTER_PI_2 = 3.061616997868383e-17
QUARTER_PI_1 = 0.7853981633974483
def asin(x):
    big, s, t, lost = arc_sine(x)
    # pi/2 - 2 asin(sqrt(z)), with what the root loses kept.
    high = HALF_PI_1 - 2.0 * s
    low = (HALF_PI_1 - high) - 2.0 * s
    far_end = high + (low + (HALF_PI_2 - 2.0 * (lost + t)))
    return copysign(select(big, far_end, s + t), x)


def arc_sine(x):
    """Whether |x| > 1/2, s, t, u with asin(|x|) = s + t; or, where it is, asin(sqrt(z)) = s + t + u for z = (1 - |x|) / 2."""
    a = abs(x)
    big = a > 0.5
    z = select(big, 0.5 - 0.5 * a, a * a)
    s = select(big, sqrt(z), a)
    return big, s, s * z * poly(z, ASIN), fma(-s, s, z) / (2.0 * s + 1e-300)


def acos(x):
    big, s, t, lost = arc_sine(x)
    t = select(big, lost + t, t)
    s = select(big, 2.0 * s, s)
    t = select(big, 2.0 * t, t)
    # asin(a) or 2 asin(sqrt(z)) is s + t; of that, the sum with 0, pi/2 or pi.
    minus = (x > 0.0) ^ big
    base = select(big, select(x > 0.0, 0.0, PI_HIGH), HALF_PI_1)
    rest = select(big, select(x > 0.0, 0.0, PI_LOW), HALF_PI_2)
    s = select(minus, -s, s)
    t = select(minus, -t, t)
    high = base + s
    low = (base - high) + s
    return high + (low + (rest + t))


def arc(n, d):
    """atan(n / d) as a sum of two, for n and d from 0 to 1e300, not both tiny, not both 0."""
    steep = n > 2.414213562373095 * d
    half = ~steep & (n > 0.41421356237309503 * d)
    difference, lost = two_sum(n, -d)
    total, lost_too = two_sum(n, d)
    a = select(steep, -d, select(half, difference, n))
    b = select(half, lost, 0.0)
    c = select(steep, n, select(half, total, d))
    e = select(half, lost_too, 0.0)
    t, u = quotient(a, b, c, e)
    z = t * t
    base = select(steep, HALF_PI_1, select(half, QUARTER_PI_1, 0.0))
    rest = select(steep, HALF_PI_2, select(half, QUARTER_PI_2, 0.0))
    high = base + t
    low = (base - high) + t
    return high, low + fma(t * z, poly(z, ATAN), fma(-z, u, u) + rest)


def atan(x):
    a = abs(x)
    high, low = arc(select(a < 1e18, a, 1e18), 1.0)
    return select(isnan(x), x, copysign(high + low, x))


def atan2(y, x):
    n = abs(y)
    d = abs(x)
    big = select(n > d, n, d)
    if ~((big > 1e-270) & (big < 1e300)):
        both = (n == inf()) & (d == inf())
        one = select(n == inf(), 1.0, select(d == inf(), 0.0, n))
        d = select(d == inf(), 1.0, select(n == inf(), 0.0, select(n + d == 0.0, 1.0, d)))
        n = select(both, 1.0, one)
        factor = select(big < 1e-270, 1.6069380442589903e60, select(big == inf(), 1.0, 6.223015277861142e-61))
        n = n * factor
        d = d * factor
    high, low = arc(n, d)
    sum = PI_HIGH - high
    rest = ((PI_HIGH - sum) - high) + (PI_LOW - low)
    r = copysign(select(bits(x) < 0, sum + rest, high + low), y)
    return select(isnan(x) | isnan(y), x + y, r)
