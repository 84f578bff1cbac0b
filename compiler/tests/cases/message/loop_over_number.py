# args: int64
def f(n):
    total = 0
    for i in n:
        total += i
    return total
