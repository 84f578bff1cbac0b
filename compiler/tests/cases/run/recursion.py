"""Device functions that call themselves and each other."""

from declare import array, between, case, counting, cuda, device, kernel_case, zeros


@device
def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


@device
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@device
def is_even(n):
    return n == 0 or is_odd(n - 1)


@device
def is_odd(n):
    return n != 0 and is_even(n - 1)


@device
def halves(n, steps):
    if n <= 1.0:
        return n, steps
    return halves(n / 2, steps + 1)


@device
def total(a, first, last):
    if last - first == 1:
        return a[first]
    middle = (first + last) // 2
    return total(a, first, middle) + total(a, middle, last)


@device
def mark(a, row, i, depth):
    if depth == 0 or i >= a.shape[1]:
        return
    a[row, i] += depth
    mark(a, row, 2 * i + 1, depth - 1)
    mark(a, row, 2 * i + 2, depth - 1)


@case("int64", n=between(0, 20))
def factorials(n):
    return factorial(n)


@case("int64", n=between(0, 12))
def branching(n):
    if n % 3 == 0:
        return fibonacci(n)
    return fibonacci(n // 2) * 2


@case("int64", n=between(0, 40))
def mutual(n):
    return is_even(n), is_odd(n)


@case("float64", x=between(0, 1000))
def several_results(x):
    return halves(x, 0)


@kernel_case(2, 32, out=zeros("float64", 60), x=array("float64", 60))
def sums(out, x):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = total(x, 0, i + 1)


@kernel_case(1, 7, out=zeros("int64", 7, 20), n=counting("int64", 7))
def trees(out, n):
    i = cuda.grid(1)
    mark(out, i, 0, 1 + n[i] % 4)
