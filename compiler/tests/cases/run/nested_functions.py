"""Functions inside functions: what they see of the variables around them, and when."""

from declare import REALS, between, case, device


@case("int64", "float64", "uint8")
def square_of(a):
    def square(x):
        return x * x

    return square(a) + square(2)


@case(*REALS)
def sees_the_variable_around(a, b):
    def add(x):
        return x + b

    return add(a)


@case("int64", "float64")
def sees_it_as_it_is_at_the_call(a):
    b = 1

    def add(x):
        return x + b

    first = add(a)
    b = 10
    second = add(a)
    b = 2.5
    return first, second, add(a)


@case("int64", "float64")
def own_variables_are_its_own(a):
    b = 1

    def change(x):
        b = x * 2
        return b

    return change(a) + b


@case("float64", "float32")
def lambdas(a, b):
    scaled = lambda x: x * b  # noqa: E731
    shifted = lambda x: scaled(x) + 3  # noqa: E731
    return shifted(a) - (lambda x: x - b)(a)


@case("int64", "int8")
def defined_in_a_loop(a):
    total = 0
    for i in range(5):

        def step(x):
            return x * i

        total += step(a)
    return total


@case("int64", n=between(0, 20))
def in_a_loop_that_changes_what_it_sees(n):
    step = 1

    def advance(x):
        return x + step

    total = 0
    while total < n:
        total = advance(total)
        step += 1
    return total, step


@case("int64", "float64", n=between(1, 9))
def with_loops_and_early_returns(a, n):

    def first(x):
        for i in range(10):
            if i * i >= x:
                return i
            if i > n:
                break
        return -1

    return first(a) + first(n)


@case("int64", "float64")
def chosen_by_a_test(a):
    low = 0
    if a > 3:
        low = 2

    def pick(x):
        if x > low:
            return x - low
        return low

    if pick(a) > 1:
        low = 7
    return pick(a)


@case("float64")
def within_each_other(a):
    b = 2.0

    def outer(x):
        c = x + b

        def inner(y):
            return y * c + b

        return inner(x) + inner(b)

    return outer(a)


@device
def applied(f, x):
    return f(x) + 1


@case("float64", "int64")
def passed_on(a, b):
    def scaled(x):
        return x * b

    return applied(scaled, a)


@case("float64")
def kept_in_a_tuple(a):
    both = (lambda x: x + 1, lambda x: x * 2)  # noqa: E731
    return both[0](a) + both[1](a)


@case("float64", "int64")
def with_defaults(a, b):
    def scaled(x, n=3, shift=-0.5, twice=True):
        return (x + x if twice else x) * n + shift

    half = lambda x, by=2: x / by  # noqa: E731
    return scaled(a) + scaled(a, b) + scaled(a, shift=b, twice=False) + half(a) + half(a, by=4)
