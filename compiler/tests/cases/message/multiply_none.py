# args: float64
def g(x):
    x + 1

def f(x):
    return g(x) * 2
