# args: float64
def f(spot):
    strike = 1.0
    return spot - stirke
