"""Functions with a fault, each with the exception it raises: the class, then the text, in the comment below it."""

import numpy as np

from verdigris import cuda, vectorize


def not_jitted(x):
    return x


@cuda.jit
def undefined_name(a):
    a[0] = nowhere + 1


@cuda.jit
def misspelt_name(a):
    limit = a.size
    a[0] = limt


@cuda.jit
def plain_python_function(a):
    a[0] = not_jitted(a[1])


@cuda.jit
def function_of_numpy(a):
    a[0] = np.linalg.norm(a)


@cuda.jit
def missing_attribute(a):
    a[0] = np.sinn(a[1])


@cuda.jit
def number_and_text(a):
    a[0] = 1.5 + "a"


@cuda.jit
def list_comprehension(a):
    a[0] = sum([x for x in a])


@cuda.jit
def types_that_do_not_unify(a):
    if a[0] > 0:
        x = a
    else:
        x = 1.0
    a[1] = x


@cuda.jit
def float_index(a):
    a[1.5] = 2


@cuda.jit
def kernel_returns(a):
    return a[0]


@cuda.jit(device=True)
def loops(a):
    return loops(a)


@cuda.jit
def recursion(a):
    a[0] = loops(a[0])


@cuda.jit(device=True)
def wrong_inside(x):
    return x[0]


@cuda.jit
def fault_in_a_called_function(a):
    a[0] = wrong_inside(a[1])


@cuda.jit
def out_of_bounds(a):
    a[a.size] = 1


@cuda.jit
def maybe_unassigned(a):
    if a[0] > 5:
        t = 1.0
    a[0] = t


@cuda.jit
def step_of_zero(a):
    for i in range(0, 3, int(a[0])):
        a[0] = i


@vectorize
def ufunc_of_a_plain_function(x):
    return not_jitted(x)


@vectorize
def ufunc_with_text(x):
    if x > 0:
        return x
    return "negative"
