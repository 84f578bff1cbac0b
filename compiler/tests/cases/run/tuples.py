"""Tuples: made, taken apart, indexed, compared, passed and returned."""

from declare import between, case, device, moderate

TABLE = (3, 1, 4, 1, 5, 9, 2, 6)
PAIRS = ((1, 2.5), (3, 4.5), (5, 6.5))


@case("int64", "float64", "int8,float32")
def pair(a, b):
    return a, b


@case("int64", "float64", "uint8")
def swap(a, b):
    a, b = b, a
    return a, b


@case("int64", "float64", "int16")
def rotation_of_three(a, b, c):
    a, b, c = b, c, a
    return a, b, c


@case("int64", "float64")
def unpacked(a, b):
    t = (a, b, a + b)
    x, y, z = t
    return x * y - z


@case("int64", "float64")
def indexed_by_constants(a, b):
    t = (a, b, 7)
    return t[0], t[-1], t[1], t[-3], len(t)


@case("int64", i=between(-3, 2))
def indexed_by_a_variable(a, i):
    t = (a, a + 1, a * 2)
    return t[i]


@case("int64", "uint8", "int8", i=between(0, 7))
def constant_tuple_indexed(i):
    return TABLE[i]


@case("int64", i=between(-8, 7), j=between(0, 7))
def constant_tuple_indexed_twice(i, j):
    return TABLE[i] * 10 + TABLE[TABLE[j] % 8]


@case("int64", i=between(0, 2))
def tuple_of_tuples_indexed(i):
    return PAIRS[i][0] + PAIRS[i][1]


@case("int64", "float64")
def nested(a, b):
    t = ((a, b), (b, 3))
    (p, q), r = t
    return p, q, r[0], r[1], t[0][1]


@case("int64", "float64", "int8,float64")
def concatenated(a, b):
    t = (a, b) + (1, 2.5)
    return t[0], t[1], t[2], t[3]


@case("int64", "float64", a=moderate, b=moderate)
def equality(a, b):
    return (a, b) == (b, a), (a, b) != (a, b), (a,) == (b,), (a, b) == (a, b, 1)


@case("int64", "float64", "int64,float64")
def chosen(a, b):
    x, y = (a, b) if a < b else (b, a)
    return x, y


@case("int64", "float64")
def joined_by_branches(a, b):
    if a < b:
        t = (a, b)
    else:
        t = (b, a)
    return t[1] - t[0]


@case("int64", n=between(0, 15))
def changed_in_a_loop(n):
    t = (0, 1)
    for _ in range(n):
        t = (t[1], t[0] + t[1])
    return t


@case("int64", n=between(0, 9))
def sums(n):
    return sum((n, 2, 3)), sum((n, n), 10)


@case("int64", n=between(0, 9), k=between(0, 9))
def items_in(n, k):
    return n in TABLE, k not in TABLE, n in (k, 3)


@case("int64", "uint8", n=between(0, 9))
def looped_over(n):
    s = 0
    for x in TABLE:
        s = s * 2 + (x > n)
    return s


@case("int64", n=between(0, 9))
def pairs_looped_over(n):
    s = 0.0
    for a, b in PAIRS:
        if a > n:
            break
        s += a * b
    return s


@case("int64", "float64")
def result_of_an_early_return(a, b):
    if a == b:
        return 0, 0, 0
    if a < b:
        return 1, a, b
    return 2, b, a


@device
def ordered(t):
    if t[0] < t[1]:
        return t
    return (t[1], t[0])


@case("int64", "float64", "uint8")
def passed_and_returned(a, b):
    t = ordered((a, b))
    return t[0], t[1]


@case("int64", "float64")
def insertion_of_a_third(a, b, c):
    low, high = ordered((a, b))
    low, c = ordered((low, c))
    high, c = ordered((c, high))
    return low, high, c


@case("int64", "float64")
def truth(a):
    empty = ()
    full = (a,)
    r = 0
    if empty:
        r += 1
    if full:
        r += 2
    return r
