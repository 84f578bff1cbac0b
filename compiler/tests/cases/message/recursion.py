# args: int64
def f(n):
    return n * f(n - 1)
