# args: float64, array(int64, 1d, C)
def f(x, a):
    return x + a[0]
