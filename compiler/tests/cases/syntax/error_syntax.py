# first_line: 20
# indent: 8
def f(x):
    y = (x + 1
    return y
