# args: array(float64, 1d, C), int64
def f(a, n):
    return a[n / 2]
