# args: float64, array(bool, 1d, C)
def f(spot, alive):
    return spot + alive
