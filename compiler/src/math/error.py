ERF_SLOPE_LESS_ONE_32 = 0.12837916612625122
# 2^r, for float32; error 2^-28.3
EXP2_32 = (
    1.0,
    0.6931471824645996,
    0.24022647738456726,
    0.05550359562039375,
    0.009618500247597694,
    0.0013390971580520272,
    0.00015328887093346566,
)
# log2(4 erfc(x)) in x - 1 on 0.8 < x < 4; error 2^-28.7
ERFC_LOG_32 = (
    -0.6684166789054871,
    -3.807225227355957,
    -1.2163480520248413,
    -0.059962354600429535,
    0.014496129006147385,
    -0.002898825565353036,
    0.0004087186825927347,
    -2.773582673398778e-05,
)
# the same for float32 on x < 0.85; error 2^-32.3
ERF_32 = (
    -0.37612637877464294,
    0.11283759027719498,
    -0.026863032951951027,
    0.005210499279201031,
    -0.0008256622240878642,
    8.884340786607936e-05,
)
ERFCX_MIDDLE_LOW = 8.964219101168592e-17
# erfcinv(u) / s, s = sqrt(w), in (s-6)/(s+6); error 2^-26.2
ERFCINV = (
    0.9766522019582224,
    0.06590570296523933,
    -0.07725848987700053,
    0.05356753293031532,
    -0.014767318922418912,
    -0.03297102101744594,
    0.07450386874642934,
    -0.10005908555571491,
    0.2019713387747241,
    -0.4487545955640092,
    0.2885244070031135,
    0.7971460037176754,
    -1.5182101083501087,
    0.759444815922344,
)
# erfinv(v) / v in w - 3.125, w = -log(1 - v^2) < 6.25; error 2^-23.1
ERFINV = (
    1.6536546790917346,
    0.24015818540210107,
    -0.006034288511076181,
    -0.0007407051211262439,
    0.00018725984662832642,
    -1.3884440212604218e-05,
    -1.5243979434944034e-06,
    4.2528873061904965e-07,
    -8.668085278543262e-09,
    -4.589856153451761e-09,
)
# ((1 + 2a) exp(a^2) erfc(a) - its value at 2) / t, t = (a-2)/(a+2), on a > 0.44; error 2^-59.8
ERFCX = (
    -0.09276382658574606,
    -0.16603039761528948,
    0.16405128003345143,
    -0.05422000099202522,
    -0.008034015082949755,
    0.008722653875301063,
    0.0012713389796424075,
    -0.0014568139416273706,
    -0.00045434102974753856,
    0.00020636720036201292,
    0.00015104093227376195,
    -1.5102991009521248e-06,
    -3.643323731364718e-05,
    -1.3487295087048592e-05,
    3.746747099168424e-06,
    5.1920916063240215e-06,
    1.421363708629888e-06,
    -5.920172198998016e-07,
    -7.274250666400559e-07,
    -4.607595300228229e-07,
    8.851776997511643e-08,
    3.7063141845006893e-07,
    -1.6335106006451636e-08,
    -1.2663196595731587e-07,
    3.258924511673182e-08,
    1.8288811165409716e-09,
)
# (erf(x)/x - 2/sqrt(pi)) / x^2 in x^2 on x < 1/2; error 2^-65.2
ERF = (
    -0.37612638903183754,
    0.11283791670955336,
    -0.026866170645245095,
    0.00522397762847759,
    -0.0008548327481808614,
    0.00012055374779905179,
    -1.492799503187299e-05,
    1.6541041671801848e-06,
    -1.7816911587599897e-07,
    2.5554600308501173e-08,
)
ERFCX_MIDDLE = 1.2769783815525286
ERF_SLOPE_LOW = 1.533545961316588e-17
ERF_SLOPE = 1.1283791670955126
def erf_parts(x):
    """erf(x) as a sum of two, for |x| <= 1/2."""
    z = x * x
    y = ERF_SLOPE * x
    return y, fma(ERF_SLOPE, x, -y) + fma(x * z, poly(z, ERF), ERF_SLOPE_LOW * x)


def erfcx_parts(a):
    """exp(a^2) erfc(a) as a sum of two, for a from 0.45 to 1e300."""
    t = (a - 2.0) / (a + 2.0)
    v = t * poly(t, ERFCX)
    high = ERFCX_MIDDLE + v
    low = ((ERFCX_MIDDLE - high) + v) + ERFCX_MIDDLE_LOW
    d, e = two_sum(1.0, a + a)
    return quotient(high, low, d, e)


def erfc_parts(a, more):
    """erfc(a) * 2^more as a sum of two, for a from 0.45 to 28."""
    s = a * a
    return tail_parts(a, 0.0, s, fma(a, a, -s), more)


def tail_parts(a, b, s, l, more):
    """exp(-s - l) * exp((a + b)^2) erfc(a + b) * 2^more as a sum of two."""
    q, r = erfcx_parts(a)
    # The slope of exp(x^2) erfc(x) is 2 x times it, less 2/sqrt(pi).
    r = fma(b, fma(2.0 * a, q, -1.1283791670955126), r)
    e, f = exp_parts(-s, -l, more)
    p = e * q
    return p, fma(e, q, -p) + fma(e, r, f * q)


def erf(x):
    a = abs(x)
    small = a < 0.5
    y, z = erf_parts(select(small, a, 0.0))
    p, q = erfc_parts(select(small, 0.5, select(a < 6.5, a, 6.5)), 0.0)
    s, t = two_sum(1.0, -p)
    y = select(small, y + z, s + (t - q))
    return select(isnan(x), x, copysign(y, x))


def erf32(x):
    a = abs(x)
    z = a * a
    near = fma(a, fma(z, poly(z, ERF_32), ERF_SLOPE_LESS_ONE_32), a)
    # Beyond 0.84, 1 - 2^p / 4, where p is small while that counts; from 4 on it is 1.
    b = select(a > 4.0, 4.0, a)
    p = poly(b - 1.0, ERFC_LOG_32)
    k = p + middle(x)
    r = p - (k - middle(x))
    far = fma(-0.25, times_power(poly(r, EXP2_32), k), 1.0)
    # A NaN's own bits would be taken for a number's by `times_power`.
    return select(isnan(x), x, copysign(select(a < 0.84, near, far), x))


def erfc(x):
    a = abs(x)
    small = a < 0.5
    y, z = erf_parts(select(small, x, 0.0))
    s, t = two_sum(1.0, -y)
    middle = s + (t - z)
    p, q = erfc_parts(select(small, 0.5, select(a < 27.5, a, 27.5)), 300.0)
    right = (p + q) * 4.909093465297727e-91
    s, t = two_sum(2.0, -p * 4.909093465297727e-91)
    left = s + (t - q * 4.909093465297727e-91)
    y = select(small, middle, select(x < 0.0, left, right))
    return select(isnan(x), x, y)


def erfcx(x):
    right = x >= 0.5
    q, r = erfcx_parts(select(right, select(x < 1e300, x, 1e300), 0.5))
    y = select(x > 1e300, 0.5641895835477563 / x, q + r)
    if ~right:
        # exp(x^2) times 1 - erf(x), or 2 exp(x^2) - erfcx(-x); in parts of 2^-60.
        small = abs(x) < 0.5
        a = select(abs(x) < 27.0, abs(x), 27.0)
        s = a * a
        e, f = exp_parts(s, fma(a, a, -s), -60.0)
        u, v = erf_parts(select(small, x, 0.0))
        w, g = two_sum(1.0, -u)
        g = g - v
        p = e * w
        middle = p + (fma(e, w, -p) + fma(e, g, f * w))
        q, r = erfcx_parts(select(small, 0.5, a))
        p, h = two_sum(e + e, -q * 8.673617379884035e-19)
        left = p + (h + ((f + f) - r * 8.673617379884035e-19))
        y = select(small, middle, left) * 1.152921504606847e18
    return select(isnan(x), x, y)


def inverse(u, v):
    """y and a correction d with erfc(y + d) = u, erf(y + d) = v, for 0 < u = 1 - v <= 1 but for the rounding of one of them."""
    w = -log(u * (1.0 + v))
    s = sqrt(w)
    near = w < 6.25
    t = select(near, 0.0, (s - 6.0) / (s + 6.0))
    y = select(near, v * poly(select(near, w, 0.0) - 3.125, ERFINV), s * poly(t, ERFCINV))
    small = y < 0.5
    # By Halley's method, the residue in units of the derivative.
    a = select(small, y, 0.0)
    p, q = erf_parts(a)
    # What v lost where it was made of u; where u was made of v, this is 0 but for 1 - v, which is not small.
    lost = (1.0 - v) - u
    one = ((p - v) + (q - lost)) * 0.886226925452758 * exp(a * a)
    b = select(small, 0.5, y)
    z = b * b
    e, f = exp_parts(-z, -fma(b, b, -z), 300.0)
    g, h = quotient(select(small, 1.0, u) * 2.037035976334486e90, 0.0, e, f)
    k, l = erfcx_parts(b)
    other = ((g - k) + (h - l)) * 0.886226925452758
    d = select(small, one, other)
    return y, -d / fma(y, d, 1.0)


def erfinv(x):
    a = abs(x)
    ok = a < 1.0
    v = select(ok, a, 0.0)
    y, d = inverse(1.0 - v, v)
    y = y + d
    if ~ok:
        y = select(a == 1.0, a / (1.0 - a), sqrt(1.0 - a))
    # Near 0 the line through it, and the zeros.
    return copysign(select(a < 1e-9, fma(a, 0.886226925452758, a * -3.8332932499128993e-17), y), x)


def erfcinv(x):
    ok = (x > 0.0) & (x < 2.0)
    y, d = erfcinv_parts(select(ok, x, 1.0))
    y = y + d
    if ~ok:
        y = erfcinv_edge(x)
    return y


def erfcinv_edge(x):
    y = sqrt(-1.0 - abs(x)) + x
    y = select(x == 0.0, 1.0 / abs(x), y)
    return select(x == 2.0, -1.0 / (2.0 - x), y)


def erfcinv_parts(x):
    right = x <= 1.0
    u = select(right, x, 2.0 - x)
    v = 1.0 - u
    # For x beyond 1 with a fraction finer than 1 - u can hold, v is x - 1.
    v = select(right, v, x - 1.0)
    y, d = inverse(u, v)
    return select(right, y, -y), select(right, d, -d)


def normcdf(x):
    a = abs(x)
    c = a * 0.7071067811865476
    small = c < 0.5
    b = select(small, x, 0.0)
    u = b * 0.7071067811865476
    l = fma(b, 0.7071067811865476, -u) + b * -4.833646656726457e-17
    y, z = erf_parts(u)
    z = z + l * 1.1283791670955126 * (1.0 - u * u)
    s, t = two_sum(0.5, 0.5 * y)
    middle = s + (t + 0.5 * z)
    b = select(small, 1.0, select(a < 38.9, a, 38.9))
    s = 0.5 * b * b
    c = b * 0.7071067811865476
    l = fma(b, 0.7071067811865476, -c) + b * -4.833646656726457e-17
    p, q = tail_parts(c, l, s, 0.5 * fma(b, b, -2.0 * s), 300.0)
    left = (p + q) * 2.4545467326488633e-91
    s, t = two_sum(1.0, -p * 2.4545467326488633e-91)
    right = s + (t - q * 2.4545467326488633e-91)
    return select(isnan(x), x, select(small, middle, select(x < 0.0, left, right)))


def normcdfinv(x):
    ok = (x > 0.0) & (x < 1.0)
    y, d = erfcinv_parts(2.0 * select(ok, x, 0.5))
    high = y + d
    low = (y - high) + d
    p = high * 1.4142135623730951
    r = 0.0 - (p + (fma(high, 1.4142135623730951, -p) + fma(low, 1.4142135623730951, high * -9.667293313452913e-17)))
    if ~ok:
        r = -erfcinv_edge(2.0 * x)
    return r
