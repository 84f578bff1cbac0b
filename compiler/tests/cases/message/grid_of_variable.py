# kind: kernel
# args: array(float64, 1d, C), int64
def f(a, n):
    a[cuda.grid(n)] = 0
