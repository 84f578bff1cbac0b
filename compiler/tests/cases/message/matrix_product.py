# args: float64, float64
def f(a, b):
    return a @ b
