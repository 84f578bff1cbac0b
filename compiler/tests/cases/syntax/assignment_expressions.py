def f(a, out):
    if (n := a[0]) > 1 and n < 5:
        out[0] = (m := n * 2) + m
    elif 3 < (k := (j := n) + 1):
        out[k] = j
    while (n := n - 1) > 0:
        g(1, x := n, n)
    assert (w := n) == 0, "text"
    return (r := w, r)
