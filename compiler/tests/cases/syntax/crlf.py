# line ends of another system
def f(x):
    if x:
        y = (x +
             1)
    return y
