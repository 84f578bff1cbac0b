def f(a, *, scale=1):
    return a * scale
