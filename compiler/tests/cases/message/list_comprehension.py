# args: int64
def f(n):
    squares = [i * i for i in range(n)]
    return squares[0]
