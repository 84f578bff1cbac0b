def f(p, out):
    a = 1
    b = c = a
    d, e = a, b
    (g, [h, i]), j = p
    out[d, e] = a
    out[0].x = b
    out.y.z = c
    k: int = 3
    m: float
    a += 1; b -= 2; c **= 3; d //= 4; e @= 5; out[i] >>= j
    a, *b = p
