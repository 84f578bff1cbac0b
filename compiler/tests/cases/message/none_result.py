# args: float64
def f(x):
    x + 1
