"""Threads that fail: which one is reported, and that all others go on."""

from declare import array, between, case, counting, cuda, device, kernel_case, zeros

TABLE = (10, 20, 30)


@kernel_case(launches=((1, 40), (2, 32), (1, 100)), out=zeros("int64", 37), fails=True)
def store_past_the_end(out):
    i = cuda.grid(1)
    out[i] = i + 1


@kernel_case(2, 32, out=zeros("int64", 64), x=array("int64", 50), fails=True)
def load_past_the_end(out, x):
    i = cuda.grid(1)
    out[i] = 1
    out[i] = x[i]


@kernel_case(2, 32, layouts=("C", "A", "reversed"), out=zeros("int64", 64), index=array("int64", 64, fill=between(-12, 11)), x=array("int64", 10), fails=True)
def some_indexes_too_large_or_too_small(out, index, x):
    i = cuda.grid(1)
    out[i] = 7
    out[i] = x[index[i]]


@kernel_case(2, 32, out=zeros("int64", 64), index=array("uint64", 64, fill=between(0, 11)), x=array("int64", 10), fails=True)
def unsigned_indexes_too_large(out, index, x):
    i = cuda.grid(1)
    out[i] = x[index[i]]


@kernel_case(2, 32, out=zeros("int64", 64), x=array("int64", 10), n=10, fails=True)
def uniform_index_out_of_bounds(out, x, n):
    i = cuda.grid(1)
    out[i] = 1
    if i > 40:
        out[i] = x[n]


@kernel_case(2, 32, out=zeros("int64", 64), x=zeros("int64", 0), fails=True)
def element_of_an_empty_array(out, x):
    i = cuda.grid(1)
    out[i] = 1
    if i % 5 == 4:
        out[i] = x[0]


@kernel_case((2, 2), (16, 16), layouts=("C", "F", "A"), out=zeros("int64", 30, 20), fails=True)
def second_axis_out_of_bounds(out):
    i, j = cuda.grid(2)
    if i < 30 and i > 4:
        out[i, j] = i * 100 + j


@kernel_case((2, 2), (16, 16), out=zeros("int64", 30, 20), fails=True)
def both_axes_out_of_bounds(out):
    i, j = cuda.grid(2)
    out[i + 3, j + 5] = 1


@kernel_case(2, 32, out=zeros("int64", 64), fails=True)
def fault_in_a_loop(out):
    i = cuda.grid(1)
    k = i
    while True:
        out[k] += 1
        k += 7
        if i % 3 == 0 and k > 50:
            break


@kernel_case(2, 32, out=zeros("int64", 64), x=counting("int64", 40), fails=True)
def fault_after_a_store(out, x):
    i = cuda.grid(1)
    out[i] = 5
    y = x[i]
    out[i] = y + 10


@kernel_case(2, 32, out=zeros("int64", 64), x=counting("int64", 40), fails=True)
def two_faulty_places(out, x):
    i = cuda.grid(1)
    if i % 2 == 0:
        out[i] = x[i]
    else:
        out[i] = x[i + 1]
    out[i + 1 if i == 3 else i] = x[0] + x[i - 41 if i == 20 else 0]


@device
def element(x, i):
    return x[i]


@kernel_case(2, 32, out=zeros("int64", 64), x=counting("int64", 40), fails=True)
def fault_in_a_call(out, x):
    i = cuda.grid(1)
    out[i] = element(x, i)


@kernel_case(2, 32, out=zeros("int64", 64), step=array("int64", 64, fill=between(0, 3)), fails=True)
def step_of_zero(out, step):
    i = cuda.grid(1)
    out[i] = 1
    for k in range(0, 9, step[i]):
        out[i] += k


@kernel_case(2, 32, out=zeros("int64", 64), n=array("int64", 64, fill=between(0, 3)), fails=True)
def variable_of_a_loop_that_never_ran(out, n):
    i = cuda.grid(1)
    out[i] = 1
    for k in range(n[i]):
        last = k * 10
    out[i] = last


@kernel_case(2, 32, out=zeros("int64", 64), index=array("int64", 64, fill=between(-4, 3)), fails=True)
def tuple_index_out_of_range(out, index):
    i = cuda.grid(1)
    out[i] = 1
    out[i] = TABLE[index[i]]


@case("int64", n=between(-3, 6))
def unassigned_in_a_function(n):
    if n > 0:
        r = n * 2
    return r


@case("int64", a=between(-3, 3))
def zero_step_in_a_function(a):
    s = 0
    for i in range(0, 10 * a, a):
        s += i
    return s


@case("int64", a=between(-5, 5))
def tuple_index_in_a_function(a):
    return TABLE[a]
