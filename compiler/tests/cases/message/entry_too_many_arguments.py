# args: float64, float64
def f(x):
    return x
