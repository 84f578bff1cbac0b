# the same for float32; error 2^-27.3
SIN_FAST_32 = (
    -0.16666659712791443,
    0.008333069272339344,
    -0.00019809773948509246,
    2.606081807243754e-06,
)
# (sin(r) - r) / r^3 in r^2 on |r| < pi/2; error 2^-52.5
SIN_FAST = (
    -0.16666666666666183,
    0.008333333333285198,
    -0.00019841269824957846,
    2.7557316587912694e-06,
    -2.5051879460526932e-08,
    1.604806977364155e-10,
    -7.373029576252055e-13,
)
HALF_PI_3 = 3.5215598651832e-27
HALF_PI_2 = 6.12323399538461e-17
HALF_PI_1 = 1.5707963267948966
ONE_OVER_PI_32 = 0.31830987334251404
ONE_OVER_PI = 0.3183098861837907
HALF_PI_LOW_32 = -4.371138828673793e-08
HALF_PI_HIGH_32 = 1.5707963705062866
HALF_PI_LOW = 6.123233995736766e-17
HALF_PI_HIGH = 1.5707963267948966
PI_LEAST_32 = -3.4302490200117637e-15
PI_LOW_32 = -8.742277657347586e-08
PI_HIGH_32 = 3.1415927410125732
PI_LEAST = -2.9947698097183397e-33
PI_LOW = 1.2246467991473532e-16
PI_HIGH = 3.141592653589793
# 2/pi: 64 bits of zero, then the bits behind the point, in words of 32
TWO_OVER_PI_WORDS = (
    0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
    0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
    0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b,
    0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
    0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab,
)
# the same for float32; error 2^-33.1
COS_32 = (
    0.04166664555668831,
    -0.0013887310633435845,
    2.443255652906373e-05,
)
# the same for float32; error 2^-27.9
SIN_32 = (
    -0.16666655242443085,
    0.008332189172506332,
    -0.0001951826416188851,
)
# (cos(r) - 1 + r^2/2) / r^4 in r^2; error 2^-64.2
COS = (
    0.0416666666666666,
    -0.001388888888887447,
    2.48015872896653e-05,
    -2.755731439818149e-07,
    2.087572875622564e-09,
    -1.135990028829566e-11,
)
# (sin(r) - r) / r^3 in r^2 on |r| < pi/4; error 2^-57.9
SIN = (
    -0.1666666666666663,
    0.008333333333321903,
    -0.0001984126982943963,
    2.755731357428294e-06,
    -2.505074090755865e-08,
    1.5895854281901974e-10,
)
HALF_PI_3_32 = 2.5633440682570896e-12
HALF_PI_2_32 = -4.371395334601402e-08
HALF_PI_1_32 = 1.5707963705062866
TWO_OVER_PI_32 = 0.6366197466850281
TWO_OVER_PI = 0.6366197723675814


def sign_bit(x):
    return by_type(x, 1 << 63, 1 << 31)


def signed(y, q, x):
    """y, with another sign if bit 1 of q is set, and if x has one."""
    return unbits(bits(y) ^ (((q << by_type(q, 62, 30)) ^ bits(x)) & sign_bit(x)))


def flipped(y, q):
    """y, with another sign if bit 1 of q is set."""
    return unbits(bits(y) ^ ((q << by_type(q, 62, 30)) & sign_bit(y)))


def near(x):
    """q and r + s with x = q pi/2 + r + s, |r| <= pi/4, for |x| below 1e6, in float32 1600."""
    k = fma(x, by_type(x, TWO_OVER_PI, TWO_OVER_PI_32), middle(x))
    n = k - middle(x)
    two = by_type(x, HALF_PI_2, HALF_PI_2_32)
    # Exact: a multiple of the last bit of the first part of pi/2, and below 1.
    t = fma(n, -by_type(x, HALF_PI_1, HALF_PI_1_32), x)
    # n times the short second part is exact, and so r where it is smaller than that; so the rest of both is found exactly.
    r = fma(n, -two, t)
    s = fma(n, -by_type(x, HALF_PI_3, HALF_PI_3_32), fma(n, -two, t - r))
    return bits(k), r, s


def far(x):
    """The same for any finite float64 of at least 2^-9 (Payne and Hanek): the bits of 2/pi that matter, times the mantissa."""
    b = uint64(bits(abs(x)))
    # Smaller arguments do not come here; the table has no words for them.
    e = max(int64(b >> 52) - 1075, -62)
    m = (b & 4503599627370495) | 4503599627370496
    at = e + 62
    i = at >> 5
    shift = uint64(at & 31)
    t0 = TWO_OVER_PI_WORDS[i]
    t1 = TWO_OVER_PI_WORDS[i + 1]
    t2 = TWO_OVER_PI_WORDS[i + 2]
    t3 = TWO_OVER_PI_WORDS[i + 3]
    t4 = TWO_OVER_PI_WORDS[i + 4]
    t5 = TWO_OVER_PI_WORDS[i + 5]
    t6 = TWO_OVER_PI_WORDS[i + 6]
    w5 = (((t0 << 32) | t1) << shift) >> 32
    w4 = (((t1 << 32) | t2) << shift) >> 32
    w3 = (((t2 << 32) | t3) << shift) >> 32
    w2 = (((t3 << 32) | t4) << shift) >> 32
    w1 = (((t4 << 32) | t5) << shift) >> 32
    w0 = (((t5 << 32) | t6) << shift) >> 32
    low = m & 4294967295
    high = m >> 32
    p = w0 * low
    p = w1 * low + (p >> 32)
    q = w0 * high + (p & 4294967295)
    r1 = q & 4294967295
    p = w2 * low + (p >> 32)
    q = w1 * high + (p & 4294967295) + (q >> 32)
    r2 = q & 4294967295
    p = w3 * low + (p >> 32)
    q = w2 * high + (p & 4294967295) + (q >> 32)
    r3 = q & 4294967295
    p = w4 * low + (p >> 32)
    q = w3 * high + (p & 4294967295) + (q >> 32)
    r4 = q & 4294967295
    p = w5 * low + (p >> 32)
    q = w4 * high + (p & 4294967295) + (q >> 32)
    r5 = q & 4294967295
    # r5 begins with the quadrant's two bits; the rest is the fraction, brought into [-1/2, 1/2).
    top = (r5 << 32) | r4
    middle = (r3 << 32) | r2
    a = int64((top << 2) | (middle >> 62))
    b = (middle << 2) | (r1 >> 30)
    quadrant = int64(top >> 62) + int64((top >> 61) & 1)
    f, g = two_sum(float64(a >> 32) * 2.3283064365386963e-10, float64(a & 4294967295) * 5.421010862427522e-20)
    f, h = two_sum(f, float64(b >> 11) * 6.018531076210112e-36)
    g = g + h
    r = f * HALF_PI_HIGH
    s = fma(f, HALF_PI_HIGH, -r) + fma(f, HALF_PI_LOW, g * HALF_PI_HIGH)
    return select(x < 0.0, -quadrant, quadrant), copysign(1.0, x) * r, copysign(1.0, x) * s


def two_sum(a, b):
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def quotient(a, b, c, d):
    """(a + b) / (c + d) as a sum of two."""
    i = 1.0 / c
    q = a * i
    return q, (fma(-q, c, a) + (b - q * d)) * i


def odd_terms(z):
    return poly(z, by_type(z, SIN, SIN_32))


def even_terms(z):
    return poly(z, by_type(z, COS, COS_32))


def wave(q, r, s):
    """sin(q pi/2 + r + s), but for the sign that bit 1 of q gives it."""
    z = r * r
    h = -0.5 * r
    # 1 - r^2 / 2, and what it loses
    w = fma(h, r, 1.0)
    odd = r + fma(z * r, odd_terms(z), s * w)
    even = w + fma(z * z, even_terms(z), fma(-r, s, fma(h, r, 1.0 - w)))
    return select((q & 1) == 0, odd, even)


def sine_and_cosine(r, s):
    """sin(r + s) and cos(r + s), each a sum of two."""
    z = r * r
    h = -0.5 * r
    w = fma(h, r, 1.0)
    t = fma(z * r, odd_terms(z), s * w)
    odd = r + t
    odd_low = (r - odd) + t
    t = fma(z * z, even_terms(z), fma(-r, s, fma(h, r, 1.0 - w)))
    even = w + t
    return odd, odd_low, even, (w - even) + t


def tangent(q, r, s):
    """tan(q pi/2 + r + s): the quotient of sine and cosine, each a sum of two."""
    odd, odd_low, even, even_low = sine_and_cosine(r, s)
    same = (q & 1) == 0
    high, low = quotient(select(same, odd, -even), select(same, odd_low, -even_low), select(same, even, odd), select(same, even_low, odd_low))
    return high + low


def turns_limit(x):
    """Beyond this, `near` is not near enough."""
    return by_type(x, 1e6, 1600.0)


def sin(x):
    a = abs(x)
    q, r, s = near(a)
    y = signed(wave(q, r, s), q, x)
    if ~(a < turns_limit(x)):
        y = sin_beyond(x)
    return y


def cos(x):
    a = abs(x)
    q, r, s = near(a)
    q = q + 1
    y = flipped(wave(q, r, s), q)
    if ~(a < turns_limit(x)):
        y = cos_beyond(x)
    return y


def sin_beyond(x):
    return sin_far(x) if is_double(x) else float32(sin(float64(x)))


def cos_beyond(x):
    return cos_far(x) if is_double(x) else float32(cos(float64(x)))


def sine_and_cosine_of(x):
    """sin(x) and cos(x), each a sum of two, in its rounding where `near` is not near enough."""
    a = abs(x)
    q, r, s = near(a)
    odd, odd_low, even, even_low = sine_and_cosine(r, s)
    same = (q & 1) == 0
    sine = signed(select(same, odd, even), q, x)
    sine_low = signed(select(same, odd_low, even_low), q, x)
    q = q + 1
    cosine = flipped(select(same, even, odd), q)
    cosine_low = flipped(select(same, even_low, odd_low), q)
    if ~(a < turns_limit(x)):
        sine = sin_beyond(x)
        cosine = cos_beyond(x)
        sine_low = 0.0 * a
        cosine_low = 0.0 * a
    return sine, sine_low, cosine, cosine_low


def tan(x):
    a = abs(x)
    q, r, s = near(a)
    y = unbits(bits(tangent(q, r, s)) ^ (bits(x) & sign_bit(x)))
    if ~(a < turns_limit(x)):
        y = tan_far(x) if is_double(x) else float32(tan(float64(x)))
    return y


def sin_far(x):
    return turned_far(x, 0)


def cos_far(x):
    return turned_far(x, 1)


def turned_far(x, turns):
    """sin(x + turns pi/2)"""
    y = x - x
    if abs(x) < inf():
        q, r, s = far(x)
        q = q + turns
        y = flipped(wave(q, r, s), q)
    return y


def tan_far(x):
    y = x - x
    if abs(x) < inf():
        q, r, s = far(x)
        y = tangent(q, r, s)
    return y


def half_turn(x, half):
    """n, and r with x = (n + half) pi + r, and n's bits, for |x| below the limit, to 2^-50 of r, in float32 2^-23."""
    u = fma(x, by_type(x, ONE_OVER_PI, ONE_OVER_PI_32), -half) if half > 0.0 else x * by_type(x, ONE_OVER_PI, ONE_OVER_PI_32)
    k = u + middle(x)
    n = k - middle(x)
    n = n + half if half > 0.0 else n
    r = fma(n, -by_type(x, PI_HIGH, PI_HIGH_32), x)
    r = fma(n, -by_type(x, PI_LOW, PI_LOW_32), r)
    return bits(k), fma(n, -by_type(x, PI_LEAST, PI_LEAST_32), r)


def wave_fast(r):
    """sin(r) for |r| <= pi/2."""
    z = r * r
    return fma(z * r, poly(z, by_type(r, SIN_FAST, SIN_FAST_32)), r)


def sin_fast(x):
    q, r = half_turn(x, 0.0)
    y = flipped(wave_fast(r), q << 1)
    if ~(abs(x) < turns_limit(x)):
        y = sin(x)
    return y


def cos_fast(x):
    q, r = half_turn(x, 0.5)
    y = flipped(wave_fast(r), (q << 1) ^ 2)
    if ~(abs(x) < turns_limit(x)):
        y = cos(x)
    return y


def tan_fast(x):
    q, r, s = near(x)
    r = r + s
    z = r * r
    odd = fma(z * r, odd_terms(z), r)
    even = fma(z * z, even_terms(z), fma(-0.5, z, 1.0))
    same = (q & 1) == 0
    y = select(same, odd, -even) / select(same, even, odd)
    if ~(abs(x) < turns_limit(x)):
        y = tan(x)
    return y


def half_turns(x):
    """q and r + s with pi x = q pi/2 + r + s."""
    # Beyond 2^53 (2^24) everything is an even number of half turns.
    x = select(abs(x) < by_type(x, 9007199254740992.0, 16777216.0), x, 0.0 * x)
    n = rint(x + x)
    t = fma(n, -0.5, x)
    high = by_type(x, PI_HIGH, PI_HIGH_32)
    r = t * high
    s = fma(t, high, -r) + t * by_type(x, PI_LOW, PI_LOW_32)
    # n modulo 4 by its last bits.
    return bits((n - 4.0 * floor(n * 0.25)) + middle(x)), r, s


def sinpi(x):
    q, r, s = half_turns(x)
    y = flipped(wave(q, r, s), q)
    # Integers give zeros of the argument's sign.
    return select(x == trunc(x), copysign(0.0, x) + 0.0 * x, y)


def cospi(x):
    q, r, s = half_turns(x)
    q = q + 1
    y = flipped(wave(q, r, s), q)
    return select(abs(x - trunc(x)) == 0.5, 0.0, y)
