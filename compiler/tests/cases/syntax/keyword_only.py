def f(a, *, scale=1, shift):
    return g(a, *(b := scale), shift=shift) + (lambda x, *, y=2: x + y)(a, y=b)
