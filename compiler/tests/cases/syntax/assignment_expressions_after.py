def f(a, n, out):
    out[0] = a[n] + (y := a[n] * 2) + y
    if n > 0 and (m := g(n)) > 2 or (k := n):
        out[1] = n + (n := 3) * n
    elif not (0 < n and (j := n)):
        pass
    while n < 9 and (c := a[n]) != 0:
        n += 1
    out[2] = (p := 1) if n else (q := 2)
    out[3] = g(n, a.b, (r := g(n)), key=r)
    a < n < (s := 3)
    n and (t := 4)
    for i in (u := a):
        n += (v := i)
