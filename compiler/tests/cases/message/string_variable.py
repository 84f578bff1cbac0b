# args: float64
def f(x):
    name = "x"
    if x > 0:
        name = "y"
    return 1.0 if name == "x" else 2.0
