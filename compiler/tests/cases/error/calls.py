def callee(a, b):
    return a + b


def inner(a):
    return a.shape


def outer(a):
    return inner(a) + 1


def defaulted(a, b=2):
    return a + b


def repeats(n):
    return repeats(n - 1)


# (float64)
def too_many(x):
    return callee(x, x, x)


# (float64)
def too_few(x):
    return callee(x)


# (float64)
def wrong_keyword(x):
    return callee(x, c=2)


# (float64)
def twice(x):
    return callee(x, a=2)


# (float64)
def fault_inside(x):
    return outer(x)


# (int64)
def recursion(n):
    return repeats(n)


# (float64)
def builtin_count(x):
    return math.sin(x, x)


# (float64)
def builtin_keyword(x):
    return math.sin(x=x)


# (float64)
def call_a_number(x):
    return x(3)


# (float64)
def list_comprehension(x):
    return sum([i * x for i in range(3)])


# (float64)
def with_statement(x):
    with x:
        pass
    return x


# (float64)
def pass_a_string(x):
    return defaulted(x, "a")


# (float64)
def range_as_value(x):
    r = range(3)
    return x


# (float64)
def nested_recursion(x):
    def again(y):
        return again(y - 1)

    return again(x)


def gives_its_own(x):
    def own(y):
        return y + x

    return (own, x)


# (float64)
def outlives(x):
    own, y = gives_its_own(x)
    return own(y)


# (float64)
def returned_function(x):
    return lambda y: y + x


# (float64)
def nested_unassigned(x):
    def early(y):
        return y + late

    early(x)
    late = 2.0
    return late


# (float64)
def nested_wrong_type(x):
    def broken(y):
        return y + "a"

    return broken(x)
