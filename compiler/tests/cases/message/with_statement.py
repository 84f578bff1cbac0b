# args: float64
def f(x):
    with open("log.txt") as log:
        log.write(x)
    return x
