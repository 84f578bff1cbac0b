# args: array(float64, 1d, C)
def f(a):
    if a:
        return 1
    return 0
