# name: g
# line: 3
def f(x):
    return x
