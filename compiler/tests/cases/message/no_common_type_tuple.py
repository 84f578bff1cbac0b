# args: float64
def f(x):
    if x > 0:
        y = (x, 1)
    else:
        y = 1
    return y
