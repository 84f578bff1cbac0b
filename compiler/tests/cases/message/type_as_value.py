# args: float64
def f(x):
    t = np.float32
    return t(x) + t
