# args: int64
def f(n):
    y = 1
    for i in range(n):
        y = (y, i)
    return y
