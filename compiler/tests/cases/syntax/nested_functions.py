def f(x, n):
    scale = limit * 2

    def g(y):
        z = y + scale
        for i in range(n):
            if z > i:
                break
        return z * outside

    h = lambda y: g(y) + y
    for i in range(n):

        def inside(y):
            return y + i

        x = inside(x)
    return h(x)
