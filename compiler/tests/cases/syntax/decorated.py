# line: 4
# first_line: 100
# indent: 4
@vectorize(["float64(float64)"], target="cpu")
@wrapped(lambda x: x)
def f(a):
    return a
