# args: float64
def f(x):
    if x > 0:
        y = 1
    return y
