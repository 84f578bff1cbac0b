# args: float64
# default: name = 'text'
def f(x, name="text"):
    return x + name
