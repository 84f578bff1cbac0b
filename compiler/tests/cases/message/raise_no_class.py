# args: float64
def f(x):
    assert x != 1, "one"
    if x < 0:
        raise "negative"
    return x
