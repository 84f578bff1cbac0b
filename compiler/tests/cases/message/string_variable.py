# args: float64
def f(x):
    name = "x"
    return x
