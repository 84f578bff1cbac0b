# args: float64
def f(x):
    return max(x, 1, key=abs)
