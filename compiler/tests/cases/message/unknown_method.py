# args: array(float64, 1d, C)
def f(a):
    return a.sum()
