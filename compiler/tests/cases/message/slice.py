# kind: kernel
# args: array(float64, 1d, C)
def f(a):
    a[1:3:0] = 0
