# kind: kernel
# args: array(float64, 1d, C)
def f(a):
    pair = (1, 2)
    pair[0] = 3
    a[0] = pair[0]
