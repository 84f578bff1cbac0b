# args: complex128, complex128
def f(a, b):
    return a < b
