# args: float64
def f(x):
    return np.linalg.solve(x, 1)
