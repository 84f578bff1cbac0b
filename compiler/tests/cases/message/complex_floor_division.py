# args: complex128
def f(z):
    return z // 2
