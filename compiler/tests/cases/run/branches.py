"""`if` in all its forms, early returns, and what short circuits leave out."""

from declare import REALS, between, case


@case(*REALS)
def if_else(a, b):
    if a < b:
        r = a
    else:
        r = b
    return r


@case("int64", "float64", "uint8")
def if_alone(a, b):
    r = a
    if a > b:
        r = b
    return r


@case("int64", "float32", "int8")
def elif_chain(a):
    if a < -10:
        r = 1
    elif a < 0:
        r = 2
    elif a == 0:
        r = 3
    elif a < 10:
        r = 4
    else:
        r = 5
    return r


@case("int64", "float64", "uint16")
def early_returns(a, b):
    if a == 0:
        return b
    if b == 0:
        return a
    if a < b:
        return b - a
    return a - b


@case("int64", "float64")
def early_return_after_work(a, b):
    s = a + b
    if s > 10:
        return s
    s = s * 2
    if s < -10:
        return -s
    s = s + 1
    return s


@case("int64", "float64", "uint8")
def nested_ifs(a, b, c):
    if a > b:
        if b > c:
            r = 1
        else:
            if a > c:
                r = 2
            else:
                r = 3
    else:
        if a > c:
            r = 4
        elif b > c:
            r = 5
        else:
            r = 6
    return r


@case("int64", "float32")
def return_in_each_arm(a):
    if a > 0:
        if a > 100:
            return 3
        return 2
    else:
        if a < -100:
            return -3
        return -2


@case("int64", "float64")
def assigned_in_both_arms(a, b):
    if a < b:
        x = a
        y = b
    else:
        x = b
        y = a
    return y - x, x


@case("int64,float64", "uint8,float64", "int32,float64")
def types_meet(a, b):
    if a > 3:
        r = a
    else:
        r = b
    return r + 0.25


@case("int64", "int8", "bool")
def integer_becomes_float(a):
    r = 1
    if a:
        r = 0.5
    return r


@case("int64", "float64")
def several_variables(a, b):
    x, y, z = 1, 2, 3
    if a > 0:
        x = 10
        if b > 0:
            y = 20
        else:
            z = 30
    elif b > 0:
        x, y = y, x
    return x * 10000 + y * 100 + z


@case("int64", "float64", "uint8")
def parameter_reassigned(a, b):
    if a > b:
        a = b
    b = a + 1
    return a, b


@case("int64", "float64")
def condition_reused(a, b):
    below = a < b
    r = 0
    if below:
        r = r + 1
    if not below:
        r = r + 2
    if below or a == b:
        r = r + 4
    if below and b > 5:
        r = r + 8
    return r


@case("int64", "int32", "uint8")
def division_behind_a_test(a, b):
    if b != 0:
        return a // b
    return -1


@case("int64", "int8", "uint64")
def division_behind_and(a, b):
    return b != 0 and a // b > 2


@case("int64", "int8", "uint64")
def division_behind_or(a, b):
    return b == 0 or a % b == 1


@case("float64", "float32")
def division_in_a_conditional(a, b):
    return a / b if b != 0.0 else 0.0


@case("int64", "uint8", "int16")
def division_behind_two_tests(a, b):
    if a > 3 and b > 3 and a // b > 1 and b // (a - 3) == 0:
        return 1
    return 0


@case("int64", "float64")
def three_way_and_or(a, b, c):
    if (a < b and b < c) or (c < b and b < a):
        return 1
    if a < b or b < c:
        return 2
    return 3


@case("bool", "int64")
def truth_table(a, b, c):
    r = 0
    if a and b:
        r += 1
    if a or b:
        r += 2
    if a and (b or c):
        r += 4
    if not a and not b:
        r += 8
    if (a and not b) or (not a and b):
        r += 16
    return r


@case("int64", "float64", "uint8")
def pass_and_empty_arms(a):
    if a > 1:
        pass
    else:
        a = a + 1
    if a > 2:
        a = a + 2
    else:
        pass
    return a


@case("int64", "float64")
def constant_conditions(a):
    if True:
        r = a
    else:
        r = a + 1
    if False:
        r = r * 2
    if 1 > 2 or 3 == 3:
        r = r + 1
    return r


@case("int64", "float64", "uint8")
def dead_code_after_return(a):
    if a > 0:
        return a + 1
        a = a * 2
    return a


@case("int64", "float64")
def uniform_condition(a, n):
    if n > 2:
        r = a + n
    else:
        r = a - n
    return r


@case("int64", "float64", "uint8", uniform="n")
def uniform_parameter(a, n):
    if n > 2:
        r = a + n
    else:
        r = a - n
    return r


@case("int64", "int8", "uint64", uniform="n", n=between(0, 1))
def uniform_division_behind_a_varying_test(a, n):
    r = 5
    if a > 3:
        r = 100 // n
    return r


@case("int64", "float64", uniform=("m", "n"))
def all_but_one_uniform(m, n, a):
    s = m + n
    if a > s:
        return s * 2
    return m * n


@case("int64", "float64", uniform=("m", "n"))
def everything_uniform(m, n):
    if m > n:
        return m - n
    return n * m


@case("int64", "float64", uniform="n", n=between(0, 5))
def varying_inside_uniform(a, n):
    r = 0
    if n > 2:
        if a > 0:
            r = 1
        else:
            r = 2
    elif a > 5:
        r = 3
    return r


@case("int64", "float64", uniform="n", n=between(0, 5))
def uniform_inside_varying(a, n):
    r = 0
    if a > 0:
        if n > 2:
            r = 1
        else:
            r = 2
        n = n + 1
    return r, n


@case("uint8", "int16", "float32")
def in_place_operators(a, b):
    r = 0.5
    r += a
    r -= b
    r *= 2
    r /= 4
    return r


@case("int64", "uint8", "int32")
def in_place_integer_operators(a, b):
    r = 1000
    r += a
    r -= b
    r *= 3
    r //= 7
    r %= 50
    r **= 2
    return r


@case("int64", "float64")
def chained_assignment(a, b):
    x = y = a + b
    x += 1
    return x, y


@case("int64", "float64", "uint8")
def walk_of_a_state_machine(a, b, c):
    state = 0
    if a > 0:
        state = 1
    if state == 1 and b > 0:
        state = 2
    elif state == 0 and b <= 0:
        state = 3
    if state >= 2:
        if c > 0:
            state = state * 10
        else:
            state = state + 100
    return state


@case("float64", "float32")
def piecewise(x):
    if x < -1.0:
        return -1.0
    elif x > 1.0:
        return 1.0
    return x * (1.5 - 0.5 * x * x)


@case("int64", "uint8")
def leap_year(year):
    return (year % 4 == 0 and year % 100 != 0) or year % 400 == 0


@case("int64", "uint8", "float64", month=between(1, 12))
def days_before_month(month):
    if month == 2:
        return 31
    elif month in (4, 6, 9, 11):
        return 30
    else:
        return -1


@case("int64", "float64")
def default_argument(a, b=3, c=0.5):
    return a * b + c
