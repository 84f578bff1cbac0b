# the same for float32; error 2^-30.4
ATAN_32 = (
    -0.33333316445350647,
    0.19998526573181152,
    -0.14244344830513,
    0.1059872955083847,
    -0.060887452214956284,
)
# the same for float32; error 2^-27.6
ASIN_32 = (
    0.16666752099990845,
    0.07495308667421341,
    0.04546934366226196,
    0.02418334037065506,
    0.04216153547167778,
)
QUARTER_PI_2_32 = -2.1855694143368964e-08
QUARTER_PI_1_32 = 0.7853981852531433
# (atan(t) - t) / t^3 in t^2 on t < tan(pi/8); error 2^-63.8
ATAN = (
    -0.33333333333333326,
    0.19999999999997206,
    -0.14285714285339235,
    0.11111111085549075,
    -0.09090908060775885,
    0.07692281060084709,
    -0.06666203985540865,
    0.05876817382083369,
    -0.05217188491436917,
    0.04498950439633867,
    -0.03337429709896077,
    0.015099529972643246,
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
    right = by_type(x, HALF_PI_HIGH, HALF_PI_HIGH_32)
    high = right - 2.0 * s
    low = (right - high) - 2.0 * s
    far_end = high + (low + (by_type(x, HALF_PI_LOW, HALF_PI_LOW_32) - 2.0 * (lost + t)))
    return copysign(select(big, far_end, s + t), x)


def arc_sine(x):
    """Whether |x| > 1/2, s, t, u with asin(|x|) = s + t; or, where it is, asin(sqrt(z)) = s + t + u for z = (1 - |x|) / 2."""
    a = abs(x)
    big = a > 0.5
    z = select(big, 0.5 - 0.5 * a, a * a)
    s = select(big, sqrt(z), a)
    return big, s, s * z * poly(z, by_type(x, ASIN, ASIN_32)), fma(-s, s, z) / (2.0 * s + by_type(x, 1e-300, 1e-30))


def acos(x):
    big, s, t, lost = arc_sine(x)
    t = select(big, lost + t, t)
    s = select(big, 2.0 * s, s)
    t = select(big, 2.0 * t, t)
    # asin(a) or 2 asin(sqrt(z)) is s + t; of that, the sum with 0, pi/2 or pi.
    minus = (x > 0.0) ^ big
    plus = x > 0.0
    base = select(big, select(plus, by_type(x, 0.0, 0.0), by_type(x, PI_HIGH, PI_HIGH_32)), by_type(x, HALF_PI_HIGH, HALF_PI_HIGH_32))
    rest = select(big, select(plus, by_type(x, 0.0, 0.0), by_type(x, PI_LOW, PI_LOW_32)), by_type(x, HALF_PI_LOW, HALF_PI_LOW_32))
    s = select(minus, -s, s)
    t = select(minus, -t, t)
    high = base + s
    low = (base - high) + s
    return high + (low + (rest + t))


def arc(n, d):
    """atan(n / d) as a sum of two, for n and d from 0 to 1e300 (in float32 1e30), not both tiny, not both 0."""
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
    base = select(steep, by_type(t, HALF_PI_HIGH, HALF_PI_HIGH_32), select(half, by_type(t, QUARTER_PI_1, QUARTER_PI_1_32), by_type(t, 0.0, 0.0)))
    rest = select(steep, by_type(t, HALF_PI_LOW, HALF_PI_LOW_32), select(half, by_type(t, QUARTER_PI_2, QUARTER_PI_2_32), by_type(t, 0.0, 0.0)))
    high = base + t
    low = (base - high) + t
    return high, low + fma(t * z, poly(z, by_type(t, ATAN, ATAN_32)), fma(-z, u, u) + rest)


def atan(x):
    a = abs(x)
    # A NaN stays one.
    high, low = arc(select(a > 1e18, 1e18, a), by_type(x, 1.0, 1.0))
    return copysign(high + low, x)


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
    r = angle(n, d, x, y)
    return select(isnan(x) | isnan(y), x + y, r)


def angle(n, d, x, y):
    """The angle of the point whose coordinates have the signs of x and y and the ratio n / d."""
    high, low = arc(n, d)
    pi = by_type(n, PI_HIGH, PI_HIGH_32)
    sum = pi - high
    rest = ((pi - sum) - high) + (by_type(n, PI_LOW, PI_LOW_32) - low)
    return copysign(select(bits(x) < 0, sum + rest, high + low), y)


def atan232(y, x):
    n = abs(y)
    d = abs(x)
    r = angle(n, d, x, y)
    # The quotient's residue has all its bits.
    if ~((n > 1e-25) & (d > 1e-25) & (n < 1e25) & (d < 1e25)):
        r = float32(atan2(float64(y), float64(x)))
    return r
