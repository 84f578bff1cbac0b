# args: int64
def f(n):
    return n + 100_000_000_000_000_000_000
