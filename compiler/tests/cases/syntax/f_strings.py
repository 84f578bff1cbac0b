def f(x, i):
    print(f"i={i}, x={x!r}", f"", f'{"text"}')
    print("a" f"{ x + 1 = }" "b{}" f"{{{i!s}}}")
    raise ValueError(f"{i:5d} {x!a}")
