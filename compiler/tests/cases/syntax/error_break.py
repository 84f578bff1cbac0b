def f(a):
    while a:
        pass
    else:
        break
