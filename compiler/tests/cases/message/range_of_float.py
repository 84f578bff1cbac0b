# args: float64
def f(x):
    total = 0
    for i in range(x):
        total += i
    return total
