# args: int64
def f(n):
    r = range(n)
    return r
