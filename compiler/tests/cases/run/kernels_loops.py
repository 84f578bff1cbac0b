"""Loops in kernels that lanes leave at different laps, with stores inside."""

from declare import array, between, counting, cuda, device, kernel_case, zeros

COUNTS = array("int64", 77, fill=between(0, 12))
OTHERS = array("int64", 77, fill=between(0, 12))
LAUNCHES = ((1, 77), (3, 32), (2, 50))


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS)
def sum_of_own_length(out, n):
    i = cuda.grid(1)
    if i < out.size:
        s = 0
        for k in range(n[i]):
            s += k * k
        out[i] = s


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS)
def element_as_accumulator(out, n):
    i = cuda.grid(1)
    if i < out.size:
        for k in range(n[i]):
            out[i] += k


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS, m=OTHERS)
def break_between_stores(out, n, m):
    i = cuda.grid(1)
    if i >= out.size:
        return
    for k in range(n[i]):
        out[i] += 1
        if k == m[i]:
            out[i] += 100
            break
        out[i] += 10


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS, m=OTHERS)
def continue_between_stores(out, n, m):
    i = cuda.grid(1)
    if i >= out.size:
        return
    for k in range(n[i]):
        if (k + m[i]) % 3 == 0:
            continue
        out[i] += k
        if out[i] % 2 == 0:
            continue
        out[i] += 1


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS, m=OTHERS)
def return_between_stores(out, n, m):
    i = cuda.grid(1)
    if i >= out.size:
        return
    for k in range(n[i]):
        out[i] += 1
        if k == m[i]:
            return
    out[i] = -out[i]


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS, m=OTHERS)
def return_from_nested_loops(out, n, m):
    i = cuda.grid(1)
    if i >= out.size:
        return
    for a in range(n[i]):
        for b in range(m[i]):
            if a * b == 20:
                return
            if b > a:
                break
            out[i] += 1
        else:
            out[i] += 100
        if out[i] > 500:
            return
    out[i] += 1000


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS, m=OTHERS)
def everything_at_once(out, n, m):
    i = cuda.grid(1)
    if i < out.size:
        k = 0
        while k < n[i]:
            k += 1
            if k == 3:
                continue
            if m[i] % 4 == 0 and k > 5:
                break
            j = 0
            while True:
                j += 1
                if j * k > m[i]:
                    break
                if (j + k) % 5 == 0:
                    out[i] += 7
                    continue
                if j > 6:
                    if m[i] == 11:
                        out[i] = -1
                        return
                    break
                out[i] += j
        else:
            out[i] += 10000


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS)
def while_else(out, n):
    i = cuda.grid(1)
    if i < out.size:
        k = 0
        while k < n[i]:
            if k == 7:
                break
            k += 1
        else:
            out[i] = 1
        out[i] += k * 10


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS)
def uniform_loop_with_varying_body(out, n):
    i = cuda.grid(1)
    for k in range(10):
        if i < out.size and k < n[i]:
            out[i] += k


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), n=COUNTS)
def varying_loop_with_uniform_stores(out, n):
    i = cuda.grid(1)
    last = 0
    if i < out.size:
        for k in range(n[i]):
            last = k
        out[i] = last
    out[76] = 5


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), total=zeros("int64", 1), n=9)
def uniform_loop_with_uniform_stores(out, total, n):
    i = cuda.grid(1)
    for k in range(n):
        total[0] = k
    if i < out.size:
        out[i] = total[0]


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), x=array("int64", 77, fill=between(1, 500)))
def collatz(out, x):
    i = cuda.grid(1)
    if i < x.size:
        n = x[i]
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        out[i] = steps


@kernel_case(launches=((4, 32), (2, 37)), out=zeros("int64", 60), x=array("int64", 60, fill=between(0, 1000)), y=array("int64", 60, fill=between(0, 1000)))
def greatest_common_divisors(out, x, y):
    i = cuda.grid(1)
    if i < out.size:
        a, b = x[i], y[i]
        while b:
            a, b = b, a % b
        out[i] = a


@kernel_case(launches=LAUNCHES, out=zeros("int64", 77), keys=array("int64", 77, fill=between(-5, 250)), table=counting("int64", 101))
def bisection(out, keys, table):
    i = cuda.grid(1)
    if i >= keys.size:
        return
    low, high = 0, table.size
    while low < high:
        middle = (low + high) // 2
        if table[middle] * 2 < keys[i]:
            low = middle + 1
        else:
            high = middle
    out[i] = low


@kernel_case(1, 20, types=("int64", "float64", "uint8"), rows=array("T", 20, 9))
def rows_sorted(rows):
    r = cuda.grid(1)
    for i in range(1, rows.shape[1]):
        key = rows[r, i]
        k = i - 1
        while k >= 0 and rows[r, k] > key:
            rows[r, k + 1] = rows[r, k]
            k -= 1
        rows[r, k + 1] = key


@kernel_case(2, 32, out=zeros("int64", 64), following=array("int64", 64, fill=between(0, 63)))
def chase_of_pointers(out, following):
    i = cuda.grid(1)
    at = i
    for _ in range(20):
        at = following[at]
        if at == i:
            out[i] = -1
            return
    out[i] = at


@device
def first_above(x, start, limit):
    for k in range(start, x.size):
        if x[k] > limit:
            return k
        if k - start > 9:
            break
    return -1


@kernel_case(2, 50, out=zeros("int64", 100), x=array("float64", 100), limit=2.0)
def call_that_returns_from_a_loop(out, x, limit):
    i = cuda.grid(1)
    found = first_above(x, i, limit)
    if found < 0:
        return
    out[i] = found
    again = first_above(x, found + 1, limit)
    if again >= 0:
        out[i] += again * 1000


@kernel_case(2, 50, out=zeros("int64", 100), x=array("float64", 100), limit=1.0)
def calls_in_a_loop(out, x, limit):
    i = cuda.grid(1)
    at = i
    count = 0
    while at >= 0 and count < 5:
        at = first_above(x, at + 1, limit)
        count += 1
        out[i] = out[i] * 100 + at


@kernel_case(2, 32, out=zeros("int64", 64), n=array("uint8", 64, fill=between(0, 200)))
def loop_over_a_narrow_count(out, n):
    i = cuda.grid(1)
    s = 0
    for k in range(0, n[i], 7):
        s += k
    out[i] = s


@kernel_case(2, 32, out=zeros("int64", 64), start=array("int64", 64, fill=between(-20, 20)), step=array("int64", 64, fill=between(-4, 4)))
def varying_steps(out, start, step):
    i = cuda.grid(1)
    if step[i] != 0:
        for k in range(start[i], 5, step[i]):
            out[i] = out[i] * 3 + k


@kernel_case(2, 32, out=zeros("float64", 64), x=array("float64", 64, fill=between(0, 50)))
def variables_born_in_loops(out, x):
    i = cuda.grid(1)
    k = 0
    while k < 10:
        half = x[i] / (k + 1)
        if half < 3.0:
            break
        k += 1
    out[i] = half + k


@kernel_case(2, 32, out=zeros("int64", 64), x=array("int64", 64, fill=between(0, 6)))
def dead_lanes_keep_their_values(out, x):
    i = cuda.grid(1)
    a, b, c = 1, 2, 3
    k = 0
    while True:
        if k == x[i]:
            break
        a, b, c = b, c, a + b
        k += 1
        if c > 20:
            a = 0
            continue
        b += 1
    out[i] = a * 10000 + b * 100 + c


@kernel_case(2, 32, out=zeros("int64", 64), x=array("int64", 64, fill=between(0, 6)), n=4)
def uniform_variable_kept_by_a_finished_lane(out, x, n):
    i = cuda.grid(1)
    m = n
    while m > x[i]:
        m -= 1
    out[i] = m


@kernel_case(3, 32, out=zeros("int64", 96), limit=40)
def some_warps_never_enter(out, limit):
    i = cuda.grid(1)
    if i > limit:
        k = i
        while k > 0:
            out[i] += k % 3
            k //= 2


@kernel_case(2, 32, out=zeros("int64", 64), divisor=array("int64", 64, fill=between(-2, 3)))
def division_only_where_it_is_defined(out, divisor):
    i = cuda.grid(1)
    if divisor[i] != 0:
        for k in range(5):
            out[i] += (100 + k) // divisor[i]
            if out[i] % divisor[i] == 1:
                break


@kernel_case(2, 32, out=zeros("int64", 64), index=array("int64", 64, fill=between(0, 200)), x=counting("int64", 50))
def loads_only_where_they_are_in_bounds(out, index, x):
    i = cuda.grid(1)
    k = index[i]
    while k >= x.size:
        k -= 13
    if k < x.size and x[k] > 10:
        out[i] = x[k]
    out[i] += x[k - 3] if k >= 3 else 1000
