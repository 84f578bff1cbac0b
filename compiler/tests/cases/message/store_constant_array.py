# kind: kernel
# table: weights = 4
# args: array(float64, 1d, C)
def f(a):
    weights[0] += a[0]
