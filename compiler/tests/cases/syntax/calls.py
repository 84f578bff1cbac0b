from math import sin


def f(x, y):
    sin(x)
    math.sin(x + 1)
    cuda.threadIdx.x
    g(x, y=2, z=math.pi)
    g(*x)
    g(x, **y)
    g()(x)[0].a.b
    x.real
    y.shape[0]
    out[cuda.grid(1)] = limit
    limit.attribute
    (a.b).c
    "text".upper()
    return cuda.threadIdx.x + limit + sin(y)
