def f(x):
    def g(y=x.size):
        return y
    @cached
    def g(y):
        return y
    async def h():
        pass
    class A:
        pass
    del x
    type T = int
    with x as y:
        pass
    match x:
        case 1:
            pass
    raise ValueError("no")
    try:
        pass
    except ValueError:
        pass
    assert x > 0
    import math
    from math import sin
    global limit
    nonlocal x
    if x:
        raise
