def f(a, b, c):
    a < b
    a < b <= c > a >= b == c != a
    a is None, a is not None, a in (1, 2), a not in c
    a < b < c if a else b
    return a if b else c if a else b
