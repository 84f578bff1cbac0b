# args: float64
def f(x):
    y = x + total
    total = y
    return total
