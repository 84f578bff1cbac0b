"""`while` and `for`, with everything that ends a lap or a loop."""

import math

from declare import between, case

COUNT = between(0, 20)
SIGNED_COUNT = between(-6, 20)


@case("int64", "uint8", "int32", n=COUNT)
def sum_below(n):
    s = 0
    for i in range(n):
        s += i
    return s


@case("int64", "int8", "int16", a=SIGNED_COUNT, b=SIGNED_COUNT)
def range_of_two(a, b):
    s = 0
    for i in range(a, b):
        s = s * 3 + i
    return s


@case("int64", "int32", a=SIGNED_COUNT, b=SIGNED_COUNT, c=between(1, 5))
def range_with_positive_step(a, b, c):
    s = 0
    for i in range(a, b, c):
        s = s * 3 + i
    return s


@case("int64", "int32", a=SIGNED_COUNT, b=SIGNED_COUNT, c=between(-5, -1))
def range_with_negative_step(a, b, c):
    s = 0
    for i in range(a, b, c):
        s = s * 3 + i
    return s


@case("int64", a=SIGNED_COUNT, b=SIGNED_COUNT, c=between(-4, 4))
def range_with_any_step(a, b, c):
    s = 0
    for i in range(a, b, c if c != 0 else 1):
        s = s * 3 + i
    return s


@case("int64", "int16", n=COUNT)
def downwards(n):
    s = 0
    for i in range(n, 0, -1):
        s = s * 2 + i
    return s


@case("int64", "uint8", n=COUNT)
def by_threes(n):
    s = 0
    for i in range(1, n, 3):
        s = s * 2 + i
    return s


@case("int64", n=between(1, 9))
def range_at_the_ends_of_int64(n):
    count = 0
    for i in range(9223372036854775807 - 10, 9223372036854775807, n):
        count += 1
    for i in range(-9223372036854775807, -9223372036854775807 - 1, -1):
        count += 100
    return count


@case("int64", a=between(-40, 40))
def step_larger_than_the_range(a):
    last = -1
    for i in range(a, 9223372036854775807, 9223372036854775807):
        last = i
    return last


@case("int64", "uint8", n=COUNT)
def variable_after_the_loop(n):
    i = -1
    for i in range(n):
        pass
    return i


@case("int64", n=COUNT)
def body_changes_the_variable(n):
    s = 0
    for i in range(n):
        i = i * 2
        s += i
    return s


@case("int64", n=COUNT)
def body_changes_the_end(n):
    s = 0
    for i in range(n):
        n = n - 1
        s += n
    return s, n


@case("int64", "uint8", "float64", n=COUNT)
def while_counting(n):
    s = 0
    i = 0
    while i < n:
        s = s + i * i
        i = i + 1
    return s


@case("int64", "uint16", n=between(1, 1000))
def collatz_steps(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


@case("int64", "int8", n=COUNT, k=COUNT)
def break_at(n, k):
    s = 0
    for i in range(n):
        if i == k:
            break
        s += i + 1
    return s


@case("int64", "uint8", n=COUNT, k=between(1, 5))
def continue_at(n, k):
    s = 0
    for i in range(n):
        if i % k == 0:
            continue
        s = s * 2 + i
    return s


@case("int64", n=COUNT, k=COUNT)
def return_from(n, k):
    s = 0
    for i in range(n):
        if i == k:
            return -s
        s += i
    return s


@case("int64", n=COUNT, k=COUNT, m=between(1, 4))
def break_continue_and_return(n, k, m):
    s = 0
    for i in range(n):
        if i % m == 1:
            continue
        if i > k:
            break
        if s > 40:
            return s * 1000
        s += i
    return s


@case("int64", n=COUNT, k=COUNT)
def for_else(n, k):
    for i in range(n):
        if i == k:
            r = 100 + i
            break
    else:
        r = -1
    return r


@case("int64", n=COUNT, k=COUNT)
def while_else(n, k):
    i = 0
    while i < n:
        if i == k:
            r = i
            break
        i += 1
    else:
        r = 1000 + i
    return r


@case("int64", n=COUNT)
def else_without_break(n):
    s = 0
    for i in range(n):
        s += i
    else:
        s += 1000
    return s


@case("int64", n=between(0, 8), m=between(0, 8))
def nested(n, m):
    s = 0
    for i in range(n):
        for j in range(m):
            s += i * j + 1
    return s


@case("int64", n=between(0, 8))
def triangular(n):
    s = 0
    for i in range(n):
        for j in range(i):
            for k in range(j):
                s += i + j * k
    return s


@case("int64", n=between(0, 8), m=between(0, 8), k=between(0, 12))
def inner_break(n, m, k):
    s = 0
    for i in range(n):
        for j in range(m):
            if i + j == k:
                break
            s += 1
        s += 10
    return s


@case("int64", n=between(0, 8), m=between(0, 8), k=between(0, 12))
def inner_else_breaks_the_outer(n, m, k):
    s = 0
    for i in range(n):
        for j in range(m):
            if i * j == k:
                s += 100
                break
            s += 1
        else:
            continue
        break
    return s


@case("int64", n=between(0, 8), m=between(0, 8), k=between(0, 12))
def return_from_the_inner(n, m, k):
    for i in range(n):
        for j in range(m):
            if i * m + j == k:
                return i * 100 + j
    return -1


@case("int64", n=between(0, 8), k=between(0, 30))
def continue_in_both(n, k):
    s = 0
    for i in range(n):
        if i % 2 == 1:
            continue
        for j in range(n):
            if (i + j) % 3 == k % 3:
                continue
            s += i * 10 + j
        s += 1000
    return s


@case("int64", n=COUNT)
def while_true(n):
    i = 0
    while True:
        if i * i > n:
            break
        i += 1
    return i


@case("int64", "float64", a=between(0, 50), b=between(0, 50))
def while_true_with_return(a, b):
    steps = 0
    while True:
        if a > b:
            a -= b + 1
        elif b > a:
            b -= a + 1
        else:
            return steps
        steps += 1
        if steps > 30:
            return -1


@case("int64", n=COUNT, k=COUNT)
def condition_with_side_conditions(n, k):
    i = 0
    while i < n and not (i * 2 == k or i * 3 == k):
        i += 1
    return i


@case("int64", "uint64", a=between(0, 10000), b=between(0, 10000))
def euclid(a, b):
    while b:
        a, b = b, a % b
    return a


@case("float64", "float32", a=between(0, 1000))
def newton_root(a):
    x = a
    n = 0
    while abs(x * x - a) > 1e-3 * a and n < 60:
        x = 0.5 * (x + a / x)
        n += 1
    return x, n


@case("float64", "float32", x=between(-5, 5))
def exponential_series(x):
    term = 1.0
    total = 1.0
    for n in range(1, 25):
        term = term * x / n
        total += term
        if abs(term) < 1e-6:
            break
    return total


@case("float64", "float32", re=between(-2, 1), im=between(-1, 1), size=165)
def escape_time(re, im):
    x = 0.0
    y = 0.0
    for i in range(30):
        if x * x + y * y > 4.0:
            return i
        x, y = x * x - y * y + re, 2.0 * x * y + im
    return 30


@case("int64", n=between(0, 30))
def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case("int64", n=between(2, 120))
def is_prime(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return True


@case("int64", n=between(0, 60))
def count_primes(n):
    count = 0
    for candidate in range(2, n):
        for d in range(2, candidate):
            if d * d > candidate:
                count += 1
                break
            if candidate % d == 0:
                break
        else:
            count += 1
    return count


@case("int64", "uint8", "int16", a=between(0, 100))
def digits(a):
    total = 0
    count = 0
    while a > 0:
        total = total * 10 + a % 10
        a //= 10
        count += 1
    return total, count


@case("int64", n=COUNT)
def variable_becomes_float(n):
    x = 1
    for i in range(n):
        x = x * 1.5
    return x


@case("int64", n=COUNT, k=COUNT)
def variable_of_the_last_lap(n, k):
    last = -1
    square = 0
    for i in range(n):
        if i > k:
            break
        last = i
        square = last * last
    return last, square


@case("int64", uniform="n", n=between(0, 12))
def uniform_count(a, n):
    s = a
    for i in range(n):
        s = s * 3 + i
    return s


@case("int64", uniform="n", n=between(5, 12), k=between(0, 15))
def uniform_count_with_varying_break(n, k):
    s = 0
    for i in range(n):
        s += i
        if s > k * 3:
            break
        n += 1
    return s, n


@case("int64", uniform="n", n=between(3, 12), k=between(-2, 15))
def uniform_variable_in_a_varying_loop(n, k):
    total = 0
    count = 0
    while count < k:
        total += n
        count += 1
        n = 7
    return total, n, count


@case("int64", n=between(0, 9), k=between(0, 9))
def loop_inside_a_varying_branch(n, k):
    s = 0
    if k > 4:
        for i in range(n):
            s += i * k
    else:
        while n > 0:
            n -= 2
            s -= n
    return s, n


@case("int64", n=between(0, 9), k=between(0, 9))
def branch_with_break_deep_inside(n, k):
    s = 0
    for i in range(n):
        if i > 1:
            if k > 3:
                if i == k - 1:
                    break
                s += 1
            else:
                if i == 4:
                    continue
                s += 10
        s += 100
    return s


@case("int64", n=between(0, 9), k=between(0, 9))
def several_loops(n, k):
    s = 0
    for i in range(n):
        s += i
    for j in range(k):
        s = s * 2 + j
    while s > 100:
        s -= 37
    return s


@case("int64", n=between(0, 6))
def loop_that_runs_never_or_always_once(n):
    s = n
    for _ in range(0):
        s += 100
    for _ in range(1):
        s += 1
    while False:
        s += 1000
    while True:
        s += 3
        break
    return s


@case("int64", a=between(-50, 50), b=between(1, 9))
def division_in_a_loop(a, b):
    s = 0
    while b > -3:
        if b != 0:
            s += a // b + a % b
        b -= 1
    return s


@case("float64", "float32", x=between(0, 3))
def calls_in_a_divergent_loop(x):
    n = 0
    while x < 10.0 and n < 20:
        x = x + math.exp(-x) + math.sqrt(x)
        n += 1
    return x, n


@case("int64", a=between(0, 100), b=between(0, 100))
def binary_search(a, b):
    low, high = 0, 101
    steps = 0
    while low < high:
        middle = (low + high) // 2
        steps += 1
        if middle * middle < a * b:
            low = middle + 1
        else:
            high = middle
    return low, steps


@case("int64", n=between(0, 7), k=between(0, 7))
def three_levels_of_exits(n, k):
    s = 0
    for a in range(n):
        for b in range(n):
            if b == k:
                break
            c = 0
            while True:
                c += 1
                if c + b == k:
                    s += 1
                    break
                if c > n:
                    if a == k:
                        return s * 7
                    break
                if c % 2 == 0:
                    continue
                s += c
        else:
            s += 50
            if s > 300:
                break
    return s


@case("uint64", "uint8", n=COUNT)
def unsigned_countdown(n):
    s = 0
    while n > 0:
        n = n - 1
        s = s + 2
    return s


@case("int64", "int8,float64", n=between(1, 10))
def sum_of_items_of_a_tuple(n, x):
    s = 0.0
    for item in (n, x, 3, 2.5):
        if item > 5:
            continue
        s += item
    return s


@case("int64", n=between(0, 8))
def tuple_of_pairs_looped_over(n):
    s = 0
    for a, b in ((1, n), (n, 3), (n, n)):
        s = s * 10 + a * b
    return s


@case("int64", n=between(0, 8), k=between(0, 4))
def break_and_continue_over_a_tuple(n, k):
    s = 0
    for item in (1, 5, 2, 8):
        if item == n:
            break
        if item % 2 == k % 2:
            continue
        s += item
    else:
        s += 100
    return s
