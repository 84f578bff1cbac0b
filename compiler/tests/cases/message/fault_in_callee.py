# args: array(float64, 1d, C)
def half(x):
    return x / 2


def f(a):
    return half(a) + 1
