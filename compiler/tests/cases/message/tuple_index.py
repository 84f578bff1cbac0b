# args: int64
def f(i):
    pair = (1, 2.5)
    return pair[2]
