# the same for float32; error 2^-28.2
EXP_FAST_32 = (
    1.0,
    0.4999999403953552,
    0.1666651964187622,
    0.041668251156806946,
    0.00836884044110775,
    0.0013822291512042284,
)
# (exp(r) - 1) / r; error 2^-52.0
EXP_FAST = (
    1.0000000000000058,
    0.49999999999998007,
    0.1666666666656232,
    0.04166666666819659,
    0.00833333338371523,
    0.0013888888529721784,
    0.00019841172135678136,
    2.4801899440841866e-05,
    2.763957522288357e-06,
    2.7492517473357945e-07,
)
# the same for float32; error 2^-31.1
EXPM1_32 = (
    0.5,
    0.1666666567325592,
    0.041666485369205475,
    0.008333568461239338,
    0.0013933043228462338,
    0.00019741791766136885,
)
LN10_LOW_32 = -3.1975435632602967e-08
LN10_HIGH_32 = 2.3025851249694824
LOG10_2_LOW_32 = -3.024355464731343e-06
LOG10_2_HIGH_32 = 0.30103302001953125
LOG2_10_32 = 3.321928024291992
LN2_REST_32 = -1.9046542121259336e-09
LN2_NEAR_32 = 0.6931471824645996
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


def is_double(x):
    """Whether x, a float or its bits, is of 64 bits."""
    return by_type(x, True, False)


def middle(x):
    """The float whose last bit is 1 and that has bits to spare on both sides: adding it rounds to an integer, which its last bits are."""
    return by_type(x, 6755399441055744.0, 12582912.0)


def fraction_bits(x):
    return by_type(x, 52, 23)


def smallest(x):
    """The least normal number."""
    return by_type(x, 2.2250738585072014e-308, 1.1754943508222875e-38)


def times_power(t, k):
    """t * 2^n for a normal result, k = n + middle."""
    return unbits(bits(t) + (bits(k) << fraction_bits(t)))


def power(k):
    """2^n, k = n + middle, if it is a normal number."""
    return unbits((bits(k) << fraction_bits(k)) + by_type(k, 4607182418800017408, 1065353216))


def scaled(t, k):
    """t * 2^n, rounded once, for k = n + middle, however small the result (n from -2000 to 2000, in float32 to 250)."""
    n = bits(k) - by_type(k, 4843621399236968448, 1262485504)
    half = n >> 1
    rest = n - half
    bias = by_type(k, 1023, 127)
    return t * unbits((half + bias) << fraction_bits(t)) * unbits((rest + bias) << fraction_bits(t))


def within(x, limit):
    """x, or the limit next to it."""
    return select(x < -limit, -limit, select(x > limit, limit, x))


def exp(x):
    k, r = exp_reduced(x)
    y = times_power(exp_near(r), k)
    if ~(abs(x) < by_type(x, 708.0, 87.0)):
        y = exp_edge(x, 0.0)
    return y


def exp_fast(x):
    # From the least normal number to the largest.
    most = by_type(x, 709.78, 88.72)
    least = by_type(x, -708.0, -87.0)
    k, r = exp_reduced(select(x < least, least, select(x > most, most, x)))
    # A NaN's own bits would be taken for a number's by `times_power`.
    return select(isnan(x), x, times_power(fma(r, poly(r, by_type(x, EXP_FAST, EXP_FAST_32)), 1.0), k))


def exp_reduced(x):
    """k = n + middle and r with x = n log 2 + r."""
    k = fma(x, by_type(x, LOG2_E, LOG2_E_32), middle(x))
    n = k - middle(x)
    return k, fma(n, -by_type(x, LN2_LOW, LN2_LOW_32), fma(n, -by_type(x, LN2_HIGH, LN2_HIGH_32), x))


def exp_parted(x):
    """The same, and what r loses."""
    k = fma(x, by_type(x, LOG2_E, LOG2_E_32), middle(x))
    n = k - middle(x)
    low = by_type(x, LN2_LOW, LN2_LOW_32)
    t = fma(n, -by_type(x, LN2_HIGH, LN2_HIGH_32), x)
    r = fma(n, -low, t)
    return k, r, fma(n, -low, t - r)


def exp_terms(r):
    """exp(r) - 1 - r for |r| < 0.36."""
    return r * r * poly(r, by_type(r, EXP, EXP_32))


def exp_near(r):
    """exp(r) for |r| < 0.36, with what 1 + r loses kept."""
    h = 1.0 + r
    return h + fma(r * r, poly(r, by_type(r, EXP, EXP_32)), (1.0 - h) + r)


def exp_beside(r, s):
    """exp(r + s) for |r| < 0.36 and s tiny beside it."""
    h = 1.0 + r
    t = fma(r * r, poly(r, by_type(r, EXP, EXP_32)), (1.0 - h) + r)
    return h + fma(s, h + t, t)


def exp_edge(x, more):
    """exp(x) * 2^more where the result may be no normal number: the power of two in two factors."""
    k, r = exp_reduced(within(x, by_type(x, 800.0, 110.0)))
    return scaled(exp_near(r), k + more)


def exp2(x):
    k, t = exp2_near(x)
    y = times_power(t, k)
    if ~(abs(x) < by_type(x, 1021.0, 125.0)):
        k, t = exp2_near(within(x, by_type(x, 1100.0, 160.0)))
        y = scaled(t, k)
    return y


def exp2_near(x):
    k = x + middle(x)
    r = x - (k - middle(x))
    return k, exp_beside(r * by_type(x, LN2_HIGH, LN2_NEAR_32), r * by_type(x, LN2_LOW, LN2_REST_32))


def exp10(x):
    k, t = exp10_near(x)
    y = times_power(t, k)
    if ~(abs(x) < by_type(x, 307.0, 37.0)):
        k, t = exp10_near(within(x, by_type(x, 330.0, 50.0)))
        y = scaled(t, k)
    return y


def exp10_near(x):
    k = fma(x, by_type(x, LOG2_10, LOG2_10_32), middle(x))
    n = k - middle(x)
    less = by_type(x, LOG10_2_LOW, LOG10_2_LOW_32)
    high = by_type(x, LN10_HIGH, LN10_HIGH_32)
    u = fma(n, -by_type(x, LOG10_2_HIGH, LOG10_2_HIGH_32), x)
    v = fma(n, -less, u)
    w = fma(n, -less, u - v)
    r = v * high
    return k, exp_beside(r, fma(v, high, -r) + fma(v, by_type(x, LN10_LOW, LN10_LOW_32), w * high))


def exp_parts(x, y, more):
    """exp(x + y) * 2^more as a sum of two normal numbers, for a tiny y."""
    k, r, s = exp_parted(x)
    s = s + y
    h = 1.0 + r
    low = fma(r * r, poly(r, by_type(r, EXP, EXP_32)), (1.0 - h) + r)
    high = h + low
    low = fma(s, high, (h - high) + low)
    p = power(k + more)
    return p * high, p * low


def expm1_parts(x):
    """exp(x) - 1 as a sum of two, for |x| below 709, in float32 below 88; the second is small beside the first, but no rounding error."""
    k, r, s = exp_parted(x)
    a = fma(r * r, poly(r, by_type(x, EXPM1, EXPM1_32)), fma(s, r, s))
    p = power(k)
    u = p - 1.0
    v = p * r
    sum = u + v
    return sum, fma(p, a, ((u - sum) + v) + ((p - u) - 1.0))


def expm1_pair(x):
    """The same, the second a rounding error of the first."""
    sum, low = expm1_parts(x)
    e = sum + low
    return e, (sum - e) + low


def expm1(x):
    sum, low = expm1_parts(x)
    y = sum + low
    if ~(abs(x) < by_type(x, 708.0, 87.0)):
        y = exp_edge(x, 0.0) - 1.0
    # For the zeros' sake.
    return copysign(y, x)
