"""Functions whose values are recorded from CPython: see record.py."""

import math
import numpy as np

K = 3
LIM = (1, 2.5, 7)
FLAG = False
TBL = np.array([1.5, 2.5, -3.0, 8.0])


# (int64,int64)
def i_arith(a, b):
    return (a + b, a - b, a * b, a // b, a % b, a / b, a & b, a | b, a ^ b, ~a, -a, +b)


# (int64,int64)
def i_cmp(a, b):
    return (a < b, a <= b, a > b, a >= b, a == b, a != b, a < b < 5, 0 < a != b > 2, not a, a and b, a or b)


# (int64,int64)
def i_pow(a, b):
    return (a**0, a**1, a**2, a**3, a**5, 2 ** (b & 7), a ** (b & 3))


# (int64,int64)
def i_shift(a, b):
    return (a << (b & 7), a >> (b & 15), a << 3, a >> 1)


# (float64,float64)
def f_arith(a, b):
    return (a + b, a - b, a * b, a / b, a // b, a % b, -a, +b, abs(a), a**2, divmod(a, b))


# (float64,float64)
def f_cmp(a, b):
    return (a < b, a <= b, a > b, a >= b, a == b, a != b, -1 < a <= b < 3, not a, a and b, a or b, a != a, b if a > b else a)


# (float64,int64)
def fi_mix(a, b):
    return (a + b, a - b, a * b, a / b, a // b, a % b, a < b, a >= b, a == b, b / 7, max(a, b), min(b, a))


# (float64)
def f_conv(a):
    return (int(a), float(a), bool(a), complex(a), round(a), math.floor(a), math.ceil(a), math.trunc(a), round(a, 1))


# (complex128,complex128)
def c_arith(a, b):
    return (a + b, a - b, a * b, a / b, -a, a == b, a != b, a.real, a.imag, a.conjugate(), a * 2, a + 1.5, 3 / b, a - 1)


# (complex128,complex128)
def c_pow(a, b):
    return (a**2, a**3, a**-1, a**5, a**0, a**1)


# (complex128,int64)
def c_powi(a, b):
    return (a ** (b & 7), bool(a), not a)


# (int64)
def while1(n):
    s = 0
    i = 0
    while i < n:
        if i % 3 == 0:
            i += 1
            continue
        if i > 20:
            break
        s += i
        i += 1
    else:
        s += 1000
    return s


# (int64,int64)
def for1(a, b):
    s = 0
    for i in range(a % 20, b % 50, 3):
        s = s * 2 + i
        if s > 1000:
            break
        if i == 7:
            continue
        s += 1
    else:
        s = -s
    return s


# (int64,int64,int64)
def for2(a, b, c):
    c = c % 9 - 4
    if c == 0:
        c = 2
    s = 0
    i = -99
    for i in range(a % 20 - 10, b % 20 - 10, c):
        s = s * 3 + i
        i = 5
    return s, i


# (int64)
def for3(n):
    t = 0
    for i in range(9223372036854775800, 9223372036854775807, 3):
        t += i - 9223372036854775800
    for i in range(-9223372036854775800, -9223372036854775808, -5):
        t += i + 9223372036854775808
    return t + n


# (int64,int64)
def for4(a, b):
    t = 0
    step = b % 3 + 5
    k = 0
    for i in range(9223372036854775807 - (a % 50), 9223372036854775807, step):
        t += i - 9223372036854775000
        k += 1
    return t, k


# (int64)
def widen(n):
    x = 0
    for i in range(n % 10):
        x = x + 0.5
    return x


# (int64)
def widen2(n):
    x = 1
    y = 2
    for i in range(n % 10):
        x, y = y, x / 2
        if x > 100:
            break
    return x, y


# (int64)
def maybe(n):
    n = n % 10
    for i in range(n):
        t = i * 2
        if t > 4:
            u = t
    if n > 0:
        return t
    return -1


# (int64)
def maybe2(n):
    n = n % 10
    u = 0
    for i in range(n):
        if i > 2:
            v = i
        if i > 5:
            u += v
    return u


# (int64)
def nested(n):
    c = 0
    for i in range(n % 12):
        for j in range(i):
            if j == 5:
                break
            if (i + j) % 2:
                continue
            c += i * j
        else:
            c += 1
    return c


# (int64)
def nestret(n):
    for i in range(20):
        for j in range(20):
            if i * j == n % 100:
                return i, j
    return -1, -1


# (float64)
def ret_types(x):
    if x > 1:
        return 1
    if x > 0:
        return x
    if x < -1:
        return True
    return 7


def helper(a, b=2, c=0.5):
    if a > 0:
        return a * b
    return c


def helper2(a):
    for i in range(10):
        if i * i > a:
            return i
    return 100


# (float64,int64)
def calls(x, n):
    return helper(x) + helper(n, b=3) + helper(x, 1, c=2) + helper2(n % 90) + helper2(x)


# (float64)
def tuples(x):
    t = (x, 1, True)
    a, b, c = t
    u = t + (a, 2)
    s = 0.0
    for v in (1, 2.5, x):
        if v == 2.5:
            continue
        s += v
    return s + u[3] + len(u) + t[0] + LIM[1] + K, t == (x, 1, True) if x == x else False, 1 in LIM, u[-1]


# (int64)
def tupdyn(n):
    t = (10, 20, 30)
    return t[n % 3], t[-(n % 3) - 1]


# (int64)
def consts(n):
    if FLAG:
        return undefined_thing + 1
    y = None
    if y is None:
        z = 3
    else:
        z = y + 1
    return n * K + z


# (int64)
def constarr(n):
    s = 0.0
    for v in TBL:
        s += v
    return TBL[n % 4] + s + TBL[-1] + len(TBL)


# (float64,float64)
def maths(x, y):
    return (
        math.sqrt(abs(x)),
        math.copysign(x, y),
        math.fabs(x),
        math.isnan(x),
        math.isinf(y),
        math.isfinite(x),
        math.degrees(x),
        math.radians(x),
    )


# (int64,int64)
def gcds(a, b):
    return math.gcd(a, b), sum((a % 100, b % 100, 3)), max(1, 2, 3), min((a, b, 3)), abs(a)


# (bool,bool)
def bools(a, b):
    return (
        a & b,
        a | b,
        a ^ b,
        not a,
        a and b,
        a or b,
        a + b,
        a * 2,
        -a,
        a < b,
        a == b,
        ~a if False else 0,
        a if b else 3,
        min(a, b),
        int(a),
        float(b),
    )


# (int64,float64)
def shortc(n, x):
    if n != 0 and 10 // n > 1 or x > 0 and 1 / x < 3:
        return 1
    return 0


# (float64,float64)
def condexp(x, y):
    a = x if x > y else (y if y > 0 else 1)
    b = 1.0 / x if x != 0 else 0
    return a, b


# (uint64,int64)
def u_cmp(u, i):
    return (u < i, u <= i, u > i, u >= i, u == i, u != i, i < u, i >= u, i == u)


# (int64)
def early(n):
    if n < 0:
        if n < -5:
            return 1
        n = -n
    elif n > 100:
        return 2
    else:
        n += 1
        if n == 3:
            return 3
        n += 1
    n *= 2
    if n > 20:
        return n
    n += 7
    return n


# (int64)
def unpack(n):
    (a, b), c = (n, n + 1), n + 2
    a = b = c
    a, b = b + 1, a
    return a - b + c


# (int64)
def loopelse(n):
    n = n % 30
    while True:
        n += 1
        if n % 7 == 0:
            break
    while n > 3:
        n -= 5
        if n == 11:
            return -7
    else:
        n += 50
    return n


# (int64)
def unroll(n):
    r = 0
    for k in (1, 2, 3):
        for i in range(k, 5):
            if i == n % 5:
                break
            r += i * k
        else:
            r += 100
            continue
        r *= 2
    else:
        r += 1
    return r


# (complex128,float64)
def zloop(c, y):
    z = 0
    n = 0
    while abs(z) <= 2 and n < 30:
        z = z * z + c
        n += 1
    return n, z


# (float64)
def npf(x):
    return (
        np.sqrt(abs(x)),
        np.abs(x),
        np.minimum(x, 1.0),
        np.maximum(x, -1.0),
        np.sign(x),
        np.square(x),
        np.floor(x),
        np.where(x > 0, x, 1.0),
        np.isnan(x),
    )


# (int64)
def aug(n):
    n += 1
    n -= 3
    n *= 2
    n //= 3
    n %= 1000
    n <<= 2
    n >>= 1
    n |= 8
    n &= 1023
    n ^= 5
    x = n / 3
    x **= 2
    x /= 7
    return n, x


# (int64)
def casts(n):
    return (np.int8(n % 128), np.float32(n), np.uint8(n % 256), np.float64(n), int(np.int32(n % 1000)) + 1, bool(n))


# (int64)
def deadstuff(n):
    return n
    x = undefined_fn(n)


# (int64)
def inflambda(n):
    best = 0
    for i in range(n % 7):
        cur = i * i % 5
        if cur > best:
            best = cur
            arg = i
    return best


# (int64)
def sometimes_unassigned(n):
    for i in range(n % 4):
        if i > 1:
            x = i
    return x + i


# (int64)
def assigned_in_the_last_lap(n):
    for i in range(n % 6):
        if i > 0:
            total = last * 2 + i
        last = i
    return total


# (int64)
def loop_variable_survives(n):
    for i in range(n % 5):
        pass
    return i


# (int64, float64)
def shadowed(n, x):
    abs = n + 1
    for n in range(3):
        abs += n
    return abs, n, x


# (int64)
def many_guards(n):
    if n == 0:
        return 1
    if n == 3:
        return 2
    if n == 6:
        return 5
    if n == 9:
        return 10
    if n == 12:
        return 17
    if n == 15:
        return 26
    if n == 18:
        return 37
    if n == 21:
        return 50
    if n == 24:
        return 65
    if n == 27:
        return 82
    if n == 30:
        return 101
    if n == 33:
        return 122
    if n == 36:
        return 145
    if n == 39:
        return 170
    if n == 42:
        return 197
    if n == 45:
        return 226
    if n == 48:
        return 257
    if n == 51:
        return 290
    if n == 54:
        return 325
    if n == 57:
        return 362
    if n == 60:
        return 401
    if n == 63:
        return 442
    if n == 66:
        return 485
    if n == 69:
        return 530
    if n == 72:
        return 577
    if n == 75:
        return 626
    if n == 78:
        return 677
    if n == 81:
        return 730
    if n == 84:
        return 785
    if n == 87:
        return 842
    if n == 90:
        return 901
    if n == 93:
        return 962
    if n == 96:
        return 1025
    if n == 99:
        return 1090
    if n == 102:
        return 1157
    if n == 105:
        return 1226
    if n == 108:
        return 1297
    if n == 111:
        return 1370
    if n == 114:
        return 1445
    if n == 117:
        return 1522
    if n == 120:
        return 1601
    if n == 123:
        return 1682
    if n == 126:
        return 1765
    if n == 129:
        return 1850
    if n == 132:
        return 1937
    if n == 135:
        return 2026
    if n == 138:
        return 2117
    if n == 141:
        return 2210
    if n == 144:
        return 2305
    if n == 147:
        return 2402
    if n == 150:
        return 2501
    if n == 153:
        return 2602
    if n == 156:
        return 2705
    if n == 159:
        return 2810
    if n == 162:
        return 2917
    if n == 165:
        return 3026
    if n == 168:
        return 3137
    if n == 171:
        return 3250
    if n == 174:
        return 3365
    if n == 177:
        return 3482
    return -n


# (int64, float64)
def tuple_choice(n, x):
    t = (n, x) if n > 3 else (x, 1)
    a, b = t if x > 0 else (0, 0)
    return a, b, t
