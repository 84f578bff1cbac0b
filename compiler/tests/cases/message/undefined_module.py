# args: float64
def f(x):
    return scipy.special.erf(x)
