# args: int64
def f(i):
    pair = (1, (2, 3))
    return pair[i]
