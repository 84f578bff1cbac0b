# args: int64
def f(n):
    total = 0
    for i in range(0, n, 0):
        total += i
    return total
