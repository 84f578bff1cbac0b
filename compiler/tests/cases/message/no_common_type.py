# args: float64, array(float64, 1d, C)
def f(x, a):
    if x > 0:
        y = x
    else:
        y = a
    return y
