# kind: kernel
# args: array(float64, 1d, C, readonly)
def f(a):
    a[0] = 1.0
