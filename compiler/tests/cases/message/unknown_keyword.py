# args: float64
def discount(rate, years):
    return 1 / (1 + rate) ** years


def f(x):
    return discount(x, year=3)
