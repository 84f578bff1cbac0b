# args: float64
def f(x):
    print(x)
    return x
