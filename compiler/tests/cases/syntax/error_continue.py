def f(a):
    if a:
        continue
