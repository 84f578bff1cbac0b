"""Bit operators and shifts."""

from declare import INTS, REALS, SIGNED, UNSIGNED, between, case

PAIRS = ("int8,uint8", "int64,uint64", "uint16,int32", "bool,int64", "uint8,bool", "uint32,uint64")
WHOLE = ("bool", *INTS)


@case(*WHOLE, *PAIRS)
def conjunction(a, b):
    return a & b


@case(*WHOLE, *PAIRS)
def disjunction(a, b):
    return a | b


@case(*WHOLE, *PAIRS)
def exclusive(a, b):
    return a ^ b


@case(*WHOLE)
def inverted(a):
    return ~a


@case(*INTS, *PAIRS)
def shifted_left(a, b):
    return a << b


@case(*INTS, *PAIRS)
def shifted_right(a, b):
    return a >> b


@case(*INTS, b=between(0, 70))
def shifted_left_near_the_width(a, b):
    return a << b


@case(*INTS, b=between(0, 70))
def shifted_right_near_the_width(a, b):
    return a >> b


@case(*INTS)
def shifted_by_constants(a):
    return a << 1, a << 63, a << 64, a << 0, a >> 1, a >> 63, a >> 64, a >> 0


@case(*SIGNED)
def shifted_by_negative_constants(a):
    return a << -1, a >> -1, a >> -100


@case(*INTS)
def one_shifted(a):
    return 1 << a, -1 << a, -1 >> a


@case("bool")
def bools_shifted(a, b):
    return a << b, a >> b, a << 3


@case(*INTS)
def masked_by_constants(a):
    return a & 0xFF, a | 0xF0, a ^ 0x55, a & -2


@case(*INTS)
def low_bit(a):
    return a & -a, a & (a - 1)


@case("int64", "int32", "int8")
def sign_bit(a):
    return (a >> 63) & 1


@case("uint32", "uint8", "int64", "int8")
def population(a):
    count = 0
    while a != 0:
        a = a & (a - 1)
        count += 1
    return count


@case("uint64", "uint32", "uint8")
def parity(a):
    a = a ^ (a >> 32)
    a = a ^ (a >> 16)
    a = a ^ (a >> 8)
    a = a ^ (a >> 4)
    a = a ^ (a >> 2)
    a = a ^ (a >> 1)
    return a & 1


@case("uint64", "uint16", "uint8", b=between(1, 63))
def rotated(a, b):
    return (a << b) | (a >> (64 - b))


@case("uint64", "int64", "uint32")
def xorshift(x):
    x = x ^ (x << 13)
    x = x ^ (x >> 7)
    x = x ^ (x << 17)
    return x


@case("uint8", "uint32", "uint64")
def reversed_bits(a):
    result = 0
    for i in range(8):
        if (a >> i) & 1:
            result = result | (1 << (7 - i))
    return result


@case("int64", "int8", "int16", size=101)
def crc(a):
    for _ in range(8):
        if a & 1:
            a = (a >> 1) ^ 0x6DB88320
        else:
            a = a >> 1
    return a


@case("int64", "uint64", "int16")
def gray_code_and_back(a):
    g = a ^ (a >> 1)
    b = g
    shift = 1
    while shift < 64:
        b = b ^ (b >> shift)
        shift = shift * 2
    return g, b


@case("int64", "uint8", "bool")
def de_morgan(a, b):
    return ~(a & b) == (~a | ~b), ~(a | b) == (~a & ~b)


@case(*UNSIGNED)
def highest_bit(a):
    position = -1
    for i in range(64):
        if (a >> i) & 1:
            position = i
    return position


@case("int64", "uint64", "int32")
def swapped_by_exclusive_or(a, b):
    a ^= b
    b ^= a
    a ^= b
    return a, b


@case("int64", "uint8", "int16", "bool,bool")
def assigned_with_operators(a, b):
    c = a
    c &= b
    d = a
    d |= b
    e = a
    e ^= b
    return c, d, e


@case("int64", "uint64", "int8")
def shifts_assigned(a, b):
    c = a
    c <<= 3
    d = b
    d >>= 2
    return c, d, c ^ d


@case("int64", "uint32", "int8")
def bit_tests(a, n):
    bit = 1 << (n & 31)
    return (a & bit) != 0, a | bit, a & ~bit, a ^ bit


@case(*[t for t in REALS if t.startswith(("int", "uint"))])
def is_power_of_two(a):
    return a != 0 and (a & (a - 1)) == 0


@case("uint64", "int64")
def mixed_bits(x):
    x ^= x >> 30
    x *= 0x3F58476D1CE4E5B9
    x ^= x >> 27
    x *= 0x14D049BB133111EB
    x ^= x >> 31
    return x
