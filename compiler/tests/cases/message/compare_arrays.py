# args: array(int64, 1d, C), int64
def f(a, x):
    return a < x
