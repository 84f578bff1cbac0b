def f(a, *rest):
    return a
