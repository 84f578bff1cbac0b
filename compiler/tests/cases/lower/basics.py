# (float64, float64)
def add(a, b):
    return a + b


# (int32, uint8)
def mixed(a, b):
    c = a * b
    return c / 2


# (float64)
def clamp(x):
    if x < 0:
        return 0
    if x > 1.0:
        return 1
    return x


# (complex128, complex128, int64)
def mandel(z, c, limit):
    for i in range(limit):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag >= 4:
            return i
    return limit


# (int64)
def collatz(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


# kernel (array(float64, 1d, C), array(float64, 1d, A), float64)
def saxpy(x, y, a):
    i = cuda.grid(1)
    if i < x.size:
        y[i] += a * x[i]
