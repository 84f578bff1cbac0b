# args: complex128
# returns: float64
def f(z):
    return z * 2
