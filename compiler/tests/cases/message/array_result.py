# args: float64
# table: weights = 4
def f(x):
    return weights
