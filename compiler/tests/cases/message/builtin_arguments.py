# args: float64
def f(x):
    return math.sin(x, 2)
