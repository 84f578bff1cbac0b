def f(x):
    x + (y := x)
    lambda z: z
    {1: 2}, {**x}
    {1, 2}
    [1, 2]
    [i for i in x]
    {i for i in x}
    {i: i for i in x}
    sum(i for i in x)
    yield
    yield from x
    f"{x} and {x!r:>{x}}"
    t"{x}"
    b"bytes"
    x[...]
    x[1:2], x[::2], x[:, 1], x[:]
    print(*x)
    *x, 1
