# args: float64, array(float64, 1d, C)
def f(x, a):
    return (x if x > 0 else a) + 1
