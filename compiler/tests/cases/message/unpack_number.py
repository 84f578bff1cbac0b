# args: float64
def f(x):
    a, b = x
    return a
