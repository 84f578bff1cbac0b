# args: float64
def f(x):
    if x < 0:
        raise ValueError("negative", x)
    return x
