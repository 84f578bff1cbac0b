"""Functions with a fault, each with the exception it raises: the class, then the text, in the comment below it."""

import numpy as np

from verdigris import cuda, vectorize


def not_jitted(x):
    return x


@cuda.jit
def undefined_name(a):
    a[0] = nowhere + 1
# TypingError
# error[undefined-name]: `nowhere` is not defined
#   --> faults.py:14:12
#    |
# 14 |     a[0] = nowhere + 1
#    |            ^^^^^^^


@cuda.jit
def misspelt_name(a):
    limit = a.size
    a[0] = limt
# TypingError
# error[undefined-name]: `limt` is not defined
#   --> faults.py:26:12
#    |
# 26 |     a[0] = limt
#    |            ^^^^
#    = help: did you mean `limit`?


@cuda.jit
def plain_python_function(a):
    a[0] = not_jitted(a[1])
# UnsupportedError
# error[unsupported-name]: the Python function `not_jitted` cannot be used in compiled code
#   --> faults.py:38:12
#    |
# 38 |     a[0] = not_jitted(a[1])
#    |            ^^^^^^^^^^
#    = help: decorate it with `@cuda.jit(device=True)`


@cuda.jit
def function_of_numpy(a):
    a[0] = np.linalg.solve(a)
# UnsupportedError
# error[unsupported-name]: the function `numpy.linalg.solve` cannot be used in compiled code
#   --> faults.py:50:12
#    |
# 50 |     a[0] = np.linalg.solve(a)
#    |            ^^^^^^^^^^^^^^^


@cuda.jit
def missing_attribute(a):
    a[0] = np.sinn(a[1])
# UnsupportedError
# error[unsupported-name]: the missing attribute `sinn` of the module `numpy` cannot be used in compiled code
#   --> faults.py:61:12
#    |
# 61 |     a[0] = np.sinn(a[1])
#    |            ^^^^^^^


@cuda.jit
def number_and_text(a):
    a[0] = 1.5 + "a"
# TypingError
# error[type-mismatch]: `+` is not defined for float64 and str
#   --> faults.py:72:18
#    |
# 72 |     a[0] = 1.5 + "a"
#    |            ---   ^^^ str


@cuda.jit
def list_comprehension(a):
    a[0] = sum([x for x in a])
# UnsupportedError
# error[unsupported-syntax]: a list comprehension is not supported in compiled code
#   --> faults.py:83:16
#    |
# 83 |     a[0] = sum([x for x in a])
#    |                ^^^^^^^^^^^^^^
#    = help: write a `for` loop over `range(...)`


@cuda.jit
def types_that_do_not_unify(a):
    if a[0] > 0:
        x = a
    else:
        x = 1.0
    a[1] = x
# TypingError
# error[no-common-type]: `x` is array(float64, 1d, C) on one path and float64 on another
#   --> faults.py:99:12
#    |
# 96 |         x = a
#    |         - array(float64, 1d, C) here
# ...
# 98 |         x = 1.0
#    |         - float64 here
# 99 |     a[1] = x
#    |            ^


@cuda.jit
def float_index(a):
    a[1.5] = 2
# TypingError
# error[bad-index]: an index must be an integer, not float64
#    --> faults.py:115:7
#     |
# 115 |     a[1.5] = 2
#     |       ^^^ float64
#     = help: convert it: `int(1.5)`


@cuda.jit
def kernel_returns(a):
    return a[0]
# TypingError
# error[kernel-returns]: a kernel cannot return a value
#    --> faults.py:127:12
#     |
# 127 |     return a[0]
#     |            ^^^^ float64
#     = help: store it into an array that is passed to the kernel


@cuda.jit(device=True)
def loops(a):
    return loops(a)


@cuda.jit
def recursion(a):
    a[0] = loops(a[0])
    a[1] = 1
    a[2] = 2
    a[3] = 3
    a[4] = 4
# UnsupportedError
# error[recursion]: `loops` calls itself on every path, and so never returns
#    --> faults.py:139:12
#     |
# 139 |     return loops(a)
#     |            ^^^^^^^^
#     = help: let it return without a call of itself on some path


@cuda.jit(device=True)
def wrong_inside(x):
    return x[0]


@cuda.jit
def fault_in_a_called_function(a):
    a[0] = wrong_inside(a[1])
# TypingError
# error[type-mismatch]: float64 cannot be indexed
#    --> faults.py:160:12
#     |
# 160 |     return x[0]
#     |            ^ float64
#    ::: faults.py:165:12
#     |
# 165 |     a[0] = wrong_inside(a[1])
#     |            ------------------ called here with (float64)


@cuda.jit
def out_of_bounds(a):
    a[a.size] = 1
# KernelIndexError
# index 4 is out of bounds for axis 0 of `a`, which has size 4
#   --> faults.py:180:5, block (0, 0, 0), thread (0, 0, 0)


@cuda.jit
def maybe_unassigned(a):
    if a[0] > 5:
        t = 1.0
    a[0] = t
# KernelUnboundLocalError
# `t` is read before it is assigned
#   --> faults.py:190:12, block (0, 0, 0), thread (0, 0, 0)


@cuda.jit
def step_of_zero(a):
    for i in range(0, 3, int(a[0])):
        a[0] = i
# KernelValueError
# range() step must not be zero
#   --> faults.py:198:14, block (0, 0, 0), thread (0, 0, 0)


@vectorize
def ufunc_of_a_plain_function(x):
    return not_jitted(x)
# UnsupportedError
# error[unsupported-name]: the Python function `not_jitted` cannot be used in compiled code
#    --> faults.py:207:12
#     |
# 207 |     return not_jitted(x)
#     |            ^^^^^^^^^^
#     = help: decorate it with `@cuda.jit(device=True)`


@vectorize
def ufunc_with_text(x):
    if x > 0:
        return x
    return "negative"
# UnsupportedError
# error[unsupported-type]: a compiled function cannot return a string
#    --> faults.py:221:12
#     |
# 221 |     return "negative"
#     |            ^^^^^^^^^^
