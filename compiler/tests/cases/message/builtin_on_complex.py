# args: complex128
def f(z):
    return math.floor(z)
