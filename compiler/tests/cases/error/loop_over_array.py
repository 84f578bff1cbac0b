# args: array(float64, 1d, C)
def f(a):
    total = 0
    for x in a:
        total += x
    return total
