# args: float64
def half(x):
    return x / 2


def f(x):
    g = half
    return g(x) + g
