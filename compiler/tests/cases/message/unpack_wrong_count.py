# args: float64
def f(x):
    a, b = x, 1, 2
    return a
