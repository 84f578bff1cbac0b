# name: f
limit = 3


def f(x, n):
    total = 0
    for i in range(0, n, 2):
        if i == 3:
            continue
        elif i > limit:
            break
        elif not x:
            pass
        else:
            total += i
    else:
        total = -1
    while total < 10:
        total *= 2
        if total:
            break
    else:
        total = 0
    for a, (b, c) in x:
        for d in a:
            break
        continue
    if x: return
    ...
    return total


pick = sorted(map(lambda x: x + limit, range(3)))
