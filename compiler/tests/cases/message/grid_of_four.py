# kind: kernel
# args: array(float64, 1d, C)
def f(a):
    a[cuda.grid(4)] = 0
