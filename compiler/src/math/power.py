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
    m, e = mantissa(a)
    g, h = log_wide(m, e)
    p = y * g
    q = fma(y, g, -p) + y * h
    k, t = exp_wide(p, q)
    r = unbits(bits(t) + (bits(k) << 52))
    if ~((a >= 2.2250738585072014e-308) & (a < inf()) & (abs(p) < 708.0)):
        r = pow_far(a, y)
    if bits(x) < 0:
        whole = y == rint(y)
        odd = whole & (abs(y) < 9007199254740992.0) & (0.5 * y != rint(0.5 * y))
        r = select(odd, -r, r)
        r = select((x < 0.0) & (x > -inf()) & ~whole, sqrt(x), r)
        r = select(isnan(y), x + y, r)
    return r


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


def cbrt(x):
    a = abs(x)
    ok = (a >= 2.2250738585072014e-308) & (a < inf())
    y = cbrt_normal(select(ok, a, 1.0))
    if ~ok:
        # 2^54 is the cube of 2^18.
        y = cbrt_normal(select((a > 0.0) & (a < 1.0), a * 18014398509481984.0, 1.0)) * 3.814697265625e-06
        y = select((a > 0.0) & (a < 1.0), y, a)
    return copysign(y, x)


def cbrt_normal(a):
    # a = m 2^(3 n + j), m in [1, 2): z near m^(-1/3), then times 2^(-j/3) and two steps of Newton's on z^-3 = m 2^j.
    b = bits(a)
    e = float64(b >> 52) - 1023.0
    n = floor(e * 0.3333333333333333 + 0.0001)
    j = e - 3.0 * n
    m = unbits((b & 4503599627370495) | 4607182418800017408)
    z = poly(m - 1.0, CBRT) * select(j == 0.0, 1.0, select(j == 1.0, 0.7937005259840998, 0.6299605249474366))
    m = m * select(j == 0.0, 1.0, select(j == 1.0, 2.0, 4.0))
    z = fma(z * 0.3333333333333333, fma(-m * z * z, z, 1.0), z)
    z = fma(z * 0.3333333333333333, fma(-m * z * z, z, 1.0), z)
    y = m * z * z
    # The residue m - y^3, exactly enough.
    s = y * y
    t = fma(y, y, -s)
    r = fma(-s, y, m) - t * y
    y = fma(r * 0.3333333333333333, z * z, y)
    return y * unbits(bits(n + 6755399441055744.0 + 1023.0) << 52)


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
