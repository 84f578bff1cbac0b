# kind: kernel
# args: array(float64, 1d, C), complex128
def f(a, z):
    a[0] = z
