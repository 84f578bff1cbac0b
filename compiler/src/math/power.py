# 2^r on |r| < 1/2; error 2^-29.0
EXP2_SINGLE = (
    1.0000000005573881,
    0.6931472056477606,
    0.24022646820386637,
    0.05550328899221086,
    0.009618498720335395,
    0.0013399894039112631,
    0.00015342896194559175,
)
# log2(1+r) / r on |r| < 0.036; error 2^-36.3
LOG2_SINGLE = (
    1.4426950409011432,
    -0.7213475204767105,
    0.48089816964474186,
    -0.36067353719880313,
    0.2889214800685249,
    -0.24082685894802722,
)
# their binary logarithms, the other sign
LOG2_CELLS = [
    -0.47573343096639775,
    -0.4093909361377018,
    -0.3575520046180837,
    -0.30378074817710293,
    -0.2479275134435855,
    -0.18982455888001723,
    -0.12928301694496647,
    -0.0874628412503394,
    -0.044394119358453436,
    0.0,
    0.09310940439148147,
    0.16710998583525832,
    0.24511249783653147,
    0.3275746580285044,
    0.38529015588479176,
    0.4764380439429871,
]
# (1+f)^(-1/3) on f < 1; error 2^-17.6
CBRT = (
    0.9999948034247055,
    -0.3329126117274913,
    0.21662607732754632,
    -0.1443896256152568,
    0.07167405043698719,
    -0.01729725633044086,
)
# (log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 in s^2; error 2^-73.5
LOG_WIDE = (
    0.3999999999999998,
    0.28571428571443824,
    0.2222222221779529,
    0.18181818843259515,
    0.15384558477934332,
    0.13336262702948076,
    0.11675814250552881,
    0.11981501544415764,
)
def log_wide(m, e):
    """e log 2 + log(m) as a sum of two good to 2^-66, for m from sqrt(1/2) to sqrt(2)."""
    f = m - 1.0
    d = m + 1.0
    lost = m - (d - 1.0)
    # s = f / (2 + f), its square z, its cube
    s, t = quotient(f, 0.0, d, lost)
    z = s * s
    y = fma(s, s, -z) + 2.0 * s * t
    c = z * s
    b = fma(z, s, -c) + fma(y, s, z * t)
    # log(m) = 2 s + s^3 (2/3 + z P(z))
    v = z * poly(z, LOG_WIDE)
    a = 0.6666666666666666 + v
    l = ((0.6666666666666666 - a) + v) + 3.700743415417188e-17
    w = c * a
    x = fma(c, a, -w) + fma(c, l, b * a)
    high = 2.0 * s + w
    low = ((2.0 * s - high) + w) + (x + 2.0 * t)
    big = e * LN2_SHORT
    sum = big + high
    rest = ((big - sum) + high) + fma(e, LN2_REST, low)
    high = sum + rest
    return high, (sum - high) + rest


def exp_wide(p, q):
    """k, and exp(p + q) / 2^n where k = n + 1.5 * 2^52."""
    k, r, s = exp_parted(p)
    return k, exp_beside(r, s + q)


def float_pow(x, y):
    a = abs(x)
    r, u = pow_parts(a, y)
    if ~((a >= 2.2250738585072014e-308) & (a < inf()) & (abs(u) < 708.0)):
        r = pow_far(a, y)
    if bits(x) < 0:
        r = pow_sign(r, x, y)
    return r


def pow_parts(a, y):
    """a to the y, and its logarithm, for a normal a and a normal result."""
    p, q = log_wider(a)
    u = y * p
    k, r, s = exp_parted(u)
    return times_power(exp_beside(r, s + (fma(y, p, -u) + y * q)), k), u


def pow_far(a, y):
    # a is not negative.
    r = 1.0
    if (y == 0.0) | (a == 1.0):
        r = 1.0
    elif isnan(a) | isnan(y):
        r = a + y
    elif a == 0.0:
        r = 0.0
        if y < 0.0:
            r = 1.0 / a
    elif a == inf():
        r = select(y < 0.0, 0.0, a)
    elif abs(y) == inf():
        r = select((a > 1.0) == (y > 0.0), abs(y), 0.0)
    else:
        small = a < 2.2250738585072014e-308
        m, e = mantissa(select(small, a * 18014398509481984.0, a))
        g, h = log_wide(m, select(small, e - 54.0, e))
        p = y * g
        if p > 720.0:
            r = a * 0.0 + 1e300
            r = r * 1e300
        elif p < -760.0:
            r = a * 0.0 + 1e-300
            r = r * 1e-300
        else:
            k, t = exp_wide(p, fma(y, g, -p) + y * h)
            r = scaled(t, k)
    return r


def float_pow32(x, y):
    a = abs(x)
    # In float64: no number of float32 is denormal there, and the last rounding sees to results that are.
    l = log2_single(float64(a)) * float64(y)
    r = float32(exp2_single(within(l, 200.0)))
    if ~((a > 0.0) & (a < inf()) & (abs(y) < inf())):
        r = pow_far(a, y)
    if bits(x) < 0:
        r = pow_sign(r, x, y)
    return r


def log2_single(x):
    """log2(x) to 2^-37 of itself, x a normal float64 above 0."""
    i = bits(x) - log_start(x)
    m = unbits((i & 4503599627370495) + log_start(x))
    j = (i >> 48) & 15
    r = fma(m, LOG_INVERSES[j], -1.0)
    return fma(r, poly(r, LOG2_SINGLE), float64(i >> 52) + LOG2_CELLS[j])


def exp2_single(x):
    """2^x to 2^-30 of itself, |x| < 1000, for float64."""
    k = x + middle(x)
    r = x - (k - middle(x))
    return times_power(poly(r, EXP2_SINGLE), k)


def pow_sign(r, x, y):
    """x to the y where x has a sign, from |x| to the y."""
    whole = y == rint(y)
    odd = whole & (abs(y) < 9007199254740992.0) & (0.5 * y != rint(0.5 * y))
    r = select(odd, -r, r)
    r = select((x < 0.0) & (x > -inf()) & ~whole, sqrt(x), r)
    return select(isnan(y), x + y, r)


def log_wider(x):
    """log(x) as a sum of two good to 2^-62, for a normal x above 0."""
    e, m, c, high, low = log_reduced(bits(x) - log_start(x))
    # c m - 1 as a sum of two
    p = m * c
    q = fma(m, c, -p)
    p = p - 1.0
    g = p + q
    lost = (p - g) + q
    big = fma(e, LN2_SHORT, high)
    # g - g^2 / 2 as a sum of two
    h = g * g
    s = fma(-0.5, h, g)
    t = fma(-0.5, h, g - s) - 0.5 * fma(g, g, -h)
    p = big + s
    q = ((big - p) + s) + fma(h * g, poly(g, LOG_CUBIC), t + (fma(e, LN2_REST, low) + lost))
    sum = p + q
    return sum, (p - sum) + q


def pow_fast(x, y):
    r, u = pow_parts(x, y)
    # Beyond the normal numbers, their ends; NaN for what has no logarithm, for 0, and for itself.
    r = select(u > 709.0, inf(), select(u < -708.0, 0.0, r))
    return select((x > 0.0) & ~isnan(y), r, inf() - inf())


def pow_fast32(x, y):
    r = float32(exp2_single(within(log2_single(float64(x)) * float64(y), 200.0)))
    return select(isnan(x) | isnan(y), x + y, r)


def cbrt(x):
    a = abs(x)
    y = cbrt_normal(a)
    if ~((a >= smallest(x)) & (a < inf())):
        # 2^54 is the cube of 2^18.
        y = cbrt_normal(select((a > 0.0) & (a < 1.0), a * 18014398509481984.0, 1.0)) * 3.814697265625e-06
        y = select((a > 0.0) & (a < 1.0), y, a)
    return copysign(y, x)


def cbrt_normal(a):
    # a = m 2^(3 n + j), m in [1, 2): z near m^(-1/3), then times 2^(-j/3) and steps of Newton's on z^-3 = m 2^j.
    b = bits(a)
    e = b >> fraction_bits(b)
    e = float64(e) - 1023.0 if is_double(a) else float32(e) - 127.0
    n = floor(e * 0.3333333333333333 + 0.0001)
    j = e - 3.0 * n
    m = unbits((b & by_type(b, 4503599627370495, 8388607)) | by_type(b, 4607182418800017408, 1065353216))
    one = by_type(a, 1.0, 1.0)
    z = poly(m - 1.0, CBRT) * select(j == 0.0, one, select(j == 1.0, by_type(a, 0.7937005259840998, 0.7937005), by_type(a, 0.6299605249474366, 0.62996054)))
    m = m * select(j == 0.0, one, select(j == 1.0, by_type(a, 2.0, 2.0), by_type(a, 4.0, 4.0)))
    z = fma(z * 0.3333333333333333, fma(-m * z * z, z, 1.0), z)
    z = fma(z * 0.3333333333333333, fma(-m * z * z, z, 1.0), z) if is_double(a) else z
    y = m * z * z
    # The residue m - y^3, exactly enough.
    s = y * y
    t = fma(y, y, -s)
    r = fma(-s, y, m) - t * y
    y = fma(r * 0.3333333333333333, z * z, y)
    return y * unbits(bits(n + (middle(a) + by_type(a, 1023.0, 127.0))) << fraction_bits(a))


def rsqrt(x):
    s = sqrt(x)
    y = 1.0 / s
    # 1 - x y^2 by what x * y loses.
    p = x * y
    e = fma(-p, y, 1.0) - fma(x, y, -p) * y
    return select((x > 0.0) & (x < inf()), fma(0.5 * y, e, y), y)


def hypot(x, y):
    a = abs(x)
    b = abs(y)
    big = select(a > b, a, b)
    small = select(a > b, b, a)
    factor = 1.0
    back = 1.0
    odd = ~((big < 1e150) & (small > 1e-140))
    if odd:
        factor = select(big >= 1e150, 2.409919865102884e-181, select(big < 1e-140, 1.3407807929942597e154, 1.0))
        back = select(big >= 1e150, 4.149515568880993e180, select(big < 1e-140, 7.458340731200207e-155, 1.0))
        big = big * factor
        small = small * factor
    p = big * big
    q = small * small
    s = p + q
    l = ((p - s) + q) + (fma(big, big, -p) + fma(small, small, -q))
    r = sqrt(s)
    r = r + (fma(-r, r, s) + l) * (0.5 / (r + 1e-300))
    r = r * back
    if odd:
        r = select(isnan(x) | isnan(y), x + y, r)
        r = select(s == 0.0, 0.0 * (a + b) + (a + b), r)
        r = select((a == inf()) | (b == inf()), inf(), r)
    return r


def hypot32(x, y):
    # Squares of float32 are float64, and far from their ends.
    a = float64(x)
    b = float64(y)
    r = float32(sqrt(fma(a, a, b * b)))
    return select((abs(x) == inf()) | (abs(y) == inf()), inf(), r)
