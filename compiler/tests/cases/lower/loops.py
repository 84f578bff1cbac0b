# (int64)
def sometimes_assigned(n):
    for i in range(n):
        last = i * 2
    return last


# (int64)
def widened(n):
    x = 0
    for i in range(n):
        x = x + 0.5
    return x


# (int64, int64, int64)
def any_step(a, b, step):
    s = 0
    for i in range(a, b, step):
        s += i
    return s


# (int64, int64)
def step_of_three(a, b):
    s = 0
    for i in range(a, b, 3):
        if i == 5:
            continue
        s += i
    else:
        s = -s
    return s


# (int32)
def downwards(n):
    s = 0
    for i in range(n, 0, -1):
        s ^= i
    return s


# (int64)
def exits_of_two_types(n):
    x = 0
    while True:
        n -= 1
        if n < 5:
            x = 2.5
            break
        if n % 7 == 0:
            break
    return x


# (float64)
def unrolled(x):
    s = 0.0
    for weight, power in ((1, x), (2.5, x * x)):
        if power < 0:
            continue
        s += weight * power
    return s


# kernel (array(complex64, 1d, A), array(float32, 2d, F))
def over_an_array(z, out):
    i = 0
    for item in z:
        out[i, -1] = item.real * item.imag
        i += 1


# kernel (array(int64, 1d, C))
def endless(a):
    while True:
        a[0] += 1
