# (log(1+r) - r + r^2/2) / r^3; error 2^-66.2
LOG_CUBIC = (
    0.3333333333333333,
    -0.24999999999997913,
    0.20000000000010118,
    -0.1666666668042535,
    0.14285714272425687,
    -0.12499969989110023,
    0.11111106308662935,
    -0.10026676649587977,
    0.09108423391154116,
)
# the rest of them, for float32
LOG_LOWS_32 = [
    4.404057108331472e-06,
    -4.7293534066739085e-07,
    -2.9119514692865778e-06,
    6.5199551499972586e-06,
    -5.774504643341061e-06,
    1.8029722070878051e-07,
    2.709474301809678e-06,
    -1.452871174478787e-06,
    5.3188723541097715e-06,
    0.0,
    -6.1565970099763945e-06,
    2.347751660636277e-06,
    -7.579415523650823e-06,
    6.669385129498551e-06,
    3.45907710652682e-06,
    -4.284809165255865e-06,
]
# the rest of them
LOG_LOWS = [
    1.1118671389559323e-13,
    9.3834172236637e-14,
    1.3029797173308663e-14,
    3.6507188831790577e-16,
    8.649239607212071e-14,
    -1.0195735223708473e-13,
    7.355770219435029e-14,
    5.213620639136504e-14,
    -4.529814257790929e-14,
    0.0,
    -2.1225608044809997e-14,
    2.3568822182038756e-14,
    -1.6376276414097503e-14,
    -1.078736749871691e-14,
    6.371947269815667e-14,
    5.4612144489920215e-14,
]
# to 16 bits, for float32
LOG_HIGHS_32 = [
    -0.3297576904296875,
    -0.2837677001953125,
    -0.247833251953125,
    -0.2105712890625,
    -0.171844482421875,
    -0.1315765380859375,
    -0.0896148681640625,
    -0.0606231689453125,
    -0.0307769775390625,
    0.0,
    0.064544677734375,
    0.1158294677734375,
    0.1699066162109375,
    0.22705078125,
    0.267059326171875,
    0.3302459716796875,
]
# their logarithms, the other sign, to 42 bits behind the point
LOG_HIGHS = [
    -0.32975328637257917,
    -0.28376817313073843,
    -0.2478361639045943,
    -0.21056476910735,
    -0.17185025692674571,
    -0.13157635778861732,
    -0.08961215868976069,
    -0.06062462181648698,
    -0.03077165866670839,
    0.0,
    0.0645385211375924,
    0.11583181552509814,
    0.16989903679541385,
    0.22705745063535687,
    0.2670627852489815,
    0.33024168687052224,
]
# the same for float32
LOG_INVERSES_32 = [
    1.390625,
    1.328125,
    1.28125,
    1.234375,
    1.1875,
    1.140625,
    1.09375,
    1.0625,
    1.03125,
    1.0,
    0.9375,
    0.890625,
    0.84375,
    0.796875,
    0.765625,
    0.71875,
]
# the cells' 1 / m, shortened
LOG_INVERSES = [
    1.390625,
    1.328125,
    1.28125,
    1.234375,
    1.1875,
    1.140625,
    1.09375,
    1.0625,
    1.03125,
    1.0,
    0.9375,
    0.890625,
    0.84375,
    0.796875,
    0.765625,
    0.71875,
]
LOG10_E_LOW_32 = -1.0103049952192578e-08
LOG10_E_32 = 0.4342944920063019
LOG2_E_LOW_32 = 1.925963033500011e-08
LOG10_2_REST = 2.8363394551044964e-14
LOG10_2_SHORT = 0.30102999566395283
LOG10_E_LOW = 1.098319650216765e-17
LOG10_E = 0.4342944819032518
LOG2_E_LOW = 2.0355273740931033e-17
# the same for float32; error 2^-30.5
LOG_32 = (
    -0.49999991059303284,
    0.33333325386047363,
    -0.25026771426200867,
    0.20023226737976074,
)
# (log(1+r) - r) / r^2 on |r| < 0.036; error 2^-60.6
LOG = (
    -0.5,
    0.33333333333331844,
    -0.24999999999998032,
    0.2000000001169042,
    -0.1666666667991725,
    0.1428568575390182,
    -0.12499970653413142,
    0.11138554889533861,
    -0.10026406271880933,
)
LN2_REST = 5.497923018708371e-14
LN2_SHORT = 0.6931471805598903


def inf():
    return 1e999


def mantissa(x):
    """m in [sqrt(1/2), sqrt(2)) and e with x = m * 2^e, for a normal x above 0."""
    i = bits(x) - 4604544271217802189
    return unbits((i & 4503599627370495) + 4604544271217802189), float64(i >> 52)


def log_start(x):
    """The bits of 0.705078125, where the cells begin: 10 of the width 1/32, the last around 1 and twice as wide above, then 6 of 1/16."""
    return by_type(x, 4604525998707310592, 1060405248)


def log_reduced(i):
    """e, m, c, high, low with x = 2^e m and -log(c) = high + low, |c m - 1| < 0.036; from what bits(x) is more than log_start."""
    m = unbits((i & by_type(i, 4503599627370495, 8388607)) + log_start(i))
    e = i >> fraction_bits(i)
    e = float64(e) if is_double(i) else float32(e)
    j = (i >> by_type(i, 48, 19)) & 15
    c = LOG_INVERSES[j] if is_double(i) else LOG_INVERSES_32[j]
    high = LOG_HIGHS[j] if is_double(i) else LOG_HIGHS_32[j]
    low = LOG_LOWS[j] if is_double(i) else LOG_LOWS_32[j]
    return e, m, c, high, low


def log(x):
    y = log_sum(bits(x) - log_start(x))
    if ~((x >= smallest(x)) & (x < inf())):
        y = log_far(x) if is_double(x) else float32(log(float64(x)))
    return y


def log_sum(i):
    """log(x), by the bits that x has beyond log_start."""
    e, m, c, high, low = log_reduced(i)
    r = fma(m, c, -1.0)
    # Exact: both are multiples of 2^-42, in float32 of 2^-16.
    big = fma(e, by_type(r, LN2_SHORT, LN2_HIGH_32), high)
    sum = big + r
    rest = (big - sum) + r
    low = fma(e, by_type(r, LN2_REST, LN2_LOW_32), low)
    return sum + (rest + fma(r * r, poly(r, by_type(r, LOG, LOG_32)), low))


def log_fast(x):
    e, m, c, high, low = log_reduced(bits(x) - log_start(x))
    r = fma(m, c, -1.0)
    y = fma(e, by_type(x, LN2_HIGH, LN2_NEAR_32), (high + low) + fma(r * r, poly(r, by_type(x, LOG, LOG_32)), r))
    # NaN for what has no logarithm, for 0, and for itself.
    return select(x > 0.0, y, inf() - inf())


def log_far(x):
    y = x + x
    if x == 0.0:
        y = -1.0 / abs(x)
    elif x < 0.0:
        y = sqrt(x)
    elif x < 2.2250738585072014e-308:
        # 54 less in the exponent.
        y = log_sum(bits(x * 18014398509481984.0) - log_start(x) - 243194379878006784)
    return y


def log_pair(i):
    """e and log(m) as a sum of two, with log(x) = e log 2 + log(m)."""
    e, m, c, high, low = log_reduced(i)
    r = fma(m, c, -1.0)
    sum = high + r
    low = ((high - sum) + r) + fma(r * r, poly(r, by_type(r, LOG, LOG_32)), low)
    f = sum + low
    return e, f, (sum - f) + low


def log2(x):
    y = log2_sum(bits(x) - log_start(x))
    if ~((x >= smallest(x)) & (x < inf())):
        y = log2_far(x) if is_double(x) else float32(log2(float64(x)))
    return y


def log2_sum(i):
    e, f, g = log_pair(i)
    high = by_type(f, LOG2_E, LOG2_E_32)
    p = f * high
    q = fma(f, high, -p) + fma(f, by_type(f, LOG2_E_LOW, LOG2_E_LOW_32), g * high)
    s = e + p
    return s + (((e - s) + p) + q)


def is_small(x):
    return (x > 0.0) & (x < inf())


def log2_far(x):
    small = log2_sum(bits(select(x < 1.0, x, 1.0) * 18014398509481984.0) - log_start(x)) - 54.0
    return select(is_small(x), small, log_far(x))


def log10(x):
    y = log10_sum(bits(x) - log_start(x))
    if ~((x >= smallest(x)) & (x < inf())):
        y = log10_far(x) if is_double(x) else float32(log10(float64(x)))
    return y


def log10_sum(i):
    e, f, g = log_pair(i)
    high = by_type(f, LOG10_E, LOG10_E_32)
    p = f * high
    q = fma(f, high, -p) + fma(f, by_type(f, LOG10_E_LOW, LOG10_E_LOW_32), g * high)
    big = e * by_type(f, LOG10_2_SHORT, LOG10_2_HIGH_32)
    s = big + p
    return s + (((big - s) + p) + fma(e, by_type(f, LOG10_2_REST, LOG10_2_LOW_32), q))


def log10_far(x):
    small = log10_sum(bits(select(x < 1.0, x, 1.0) * 18014398509481984.0) - log_start(x) - 243194379878006784)
    return select(is_small(x), small, log_far(x))


def log_beside(u, g):
    """log(u + g) for u from 2^-60 to 1e300 (in float32 1e38), and g tiny beside it; right also where the result is."""
    i = bits(u) - log_start(u)
    e, m, c, high, low = log_reduced(i)
    r = fma(m, c, -1.0)
    d = g * unbits((by_type(i, 1023, 127) - (i >> fraction_bits(i))) << fraction_bits(i)) * c
    t = r + d
    d = (r - t) + d
    big = fma(e, by_type(t, LN2_SHORT, LN2_HIGH_32), high)
    sum = big + t
    rest = (big - sum) + t
    low = fma(e, by_type(t, LN2_REST, LN2_LOW_32), low) + d
    return sum + (rest + fma(t * t, poly(t, by_type(t, LOG, LOG_32)), low))


def log_twice(x):
    """log(2 x) for a large x."""
    return log_sum(bits(x) - log_start(x) + by_type(x, 4503599627370496, 8388608))


def log1p(x):
    u, g = two_sum(1.0, x)
    y = log_beside(u, g)
    if ~((x > -1.0) & (x < by_type(x, 1e300, 1e38))):
        y = log(1.0 + x)
    return copysign(y, x)
