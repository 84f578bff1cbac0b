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
HALF_PI_3_32 = -1.7151245100058819e-15
HALF_PI_2_32 = -4.371138828673793e-08
HALF_PI_1_32 = 1.5707963705062866
TWO_OVER_PI_32 = 0.6366197466850281
HALF_PI_3 = -1.4973849048591698e-33
HALF_PI_2 = 6.123233995736766e-17
HALF_PI_1 = 1.5707963267948966
TWO_OVER_PI = 0.6366197723675814


def near(x):
    """q and r + s with x = q pi/2 + r + s, |r| <= pi/4, for |x| < 1e9."""
    return quarters(x, TWO_OVER_PI, 6755399441055744.0, HALF_PI_1, HALF_PI_2, HALF_PI_3)


def quarters(x, per, middle, one, two, three):
    """The same by the constants of a float type: 2/pi, the float whose last bit is 1 and more than half of them used, pi/2 in three parts."""
    k = fma(x, per, middle)
    n = k - middle
    # The first difference is exact: it is a multiple of the last bit of `one`, below 1.
    t = fma(n, -one, x)
    w = n * two
    r, s = two_sum(t, -w)
    s = fma(n, -three, s - fma(n, two, -w))
    return bits(k), r, s


def far(x):
    """The same for any finite x of at least 2^-9 (Payne and Hanek): the bits of 2/pi that matter, times the mantissa."""
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
    r = f * HALF_PI_1
    s = fma(f, HALF_PI_1, -r) + fma(f, HALF_PI_2, g * HALF_PI_1)
    return select(x < 0.0, -quadrant, quadrant), copysign(1.0, x) * r, copysign(1.0, x) * s


def two_sum(a, b):
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def sine(q, r, s):
    """sin(q pi/2 + r + s)"""
    return wave(q, r, s, SIN, COS, 62)


def wave(q, r, s, odd_terms, even_terms, top):
    """The same by the polynomials of a float type; bit 1 of q becomes the sign, `top` places above."""
    z = r * r
    odd = r + fma(z * r, poly(z, odd_terms), fma(z, -0.5 * s, s))
    h = 0.5 * z
    w = 1.0 - h
    even = w + (((1.0 - w) - h) + fma(z * z, poly(z, even_terms), -r * s))
    y = select((q & 1) == 0, odd, even)
    return unbits(bits(y) ^ ((q & 2) << top))


def sine_and_cosine(r, s):
    """sin(r + s) and cos(r + s), each a sum of two."""
    z = r * r
    t = fma(z * r, poly(z, SIN), fma(z, -0.5 * s, s))
    odd = r + t
    odd_low = (r - odd) + t
    h = 0.5 * z
    w = 1.0 - h
    t = ((1.0 - w) - h) + fma(z * z, poly(z, COS), -r * s)
    even = w + t
    return odd, odd_low, even, (w - even) + t


def tangent(q, r, s):
    """tan(q pi/2 + r + s): the quotient of sine and cosine, each a sum of two."""
    odd, odd_low, even, even_low = sine_and_cosine(r, s)
    same = (q & 1) == 0
    high, low = quotient(select(same, odd, -even), select(same, odd_low, -even_low), select(same, even, odd), select(same, even_low, odd_low))
    return high + low


def quotient(a, b, c, d):
    """(a + b) / (c + d) as a sum of two."""
    i = 1.0 / c
    q = a * i
    return q, (fma(-q, c, a) + (b - q * d)) * i


def sin(x):
    ok = abs(x) < 1e9
    y = circular(select(ok, x, 0.0), 0, False)
    if ~ok:
        y = sin_far(x)
    # What is so small that it is its own sine, the zeros among it.
    return select(abs(x) < 1e-150, x, y)


def cos(x):
    ok = abs(x) < 1e9
    y = circular(select(ok, x, 0.0), 1, False)
    if ~ok:
        y = cos_far(x)
    return y


def circular(x, turns, is_far):
    """sin(x + turns pi/2)"""
    q, r, s = far(x) if is_far else near(x)
    return sine(q + turns, r, s)


def tan(x):
    ok = abs(x) < 1e9
    q, r, s = near(select(ok, x, 0.0))
    y = tangent(q, r, s)
    if ~ok:
        y = tan_far(x)
    return select(abs(x) < 1e-150, x, y)


def sin_far(x):
    return circular_far(x, 0)


def cos_far(x):
    return circular_far(x, 1)


def circular_far(x, turns):
    y = x - x
    if abs(x) < inf():
        y = circular(x, turns, True)
    return y


def tan_far(x):
    y = x - x
    if abs(x) < inf():
        q, r, s = far(x)
        y = tangent(q, r, s)
    return y


def half_turns(x):
    """q and r + s with pi x = q pi/2 + r + s."""
    # Beyond 2^53 everything is an even number of half turns.
    x = select(abs(x) < 9007199254740992.0, x, 0.0 * x)
    n = rint(x + x)
    t = fma(n, -0.5, x)
    r = t * PI_HIGH
    s = fma(t, PI_HIGH, -r) + t * PI_LOW
    # n modulo 4 by its last bits.
    return bits((n - 4.0 * floor(n * 0.25)) + 6755399441055744.0), r, s


def sinpi(x):
    q, r, s = half_turns(x)
    y = sine(q, r, s)
    y = select(abs(x) < 1e-150, x * PI_HIGH, y)
    # Integers give zeros of the argument's sign.
    return select(x == trunc(x), copysign(0.0, x) + 0.0 * x, y)


def cospi(x):
    q, r, s = half_turns(x)
    y = sine(q + 1, r, s)
    return select(abs(x - trunc(x)) == 0.5, 0.0, y)


def sin32(x):
    ok = abs(x) < 30000.0
    y = circular32(select(ok, x, 0.0), 0)
    if ~ok:
        y = float32(sin(float64(x)))
    return select(abs(x) < 1e-12, x, y)


def cos32(x):
    ok = abs(x) < 30000.0
    y = circular32(select(ok, x, 0.0), 1)
    if ~ok:
        y = float32(cos(float64(x)))
    return y


def circular32(x, turns):
    q, r, s = quarters(x, TWO_OVER_PI_32, 12582912.0, HALF_PI_1_32, HALF_PI_2_32, HALF_PI_3_32)
    return wave(q + turns, r, s, SIN_32, COS_32, 30)
