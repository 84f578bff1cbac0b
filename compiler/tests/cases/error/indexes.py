TABLE = np.array([1.0, 2.0])


# kernel (array(float64, 1d, C), float64)
def float_index(a, x):
    a[x * 2] = 1.0


# kernel (array(float64, 1d, C))
def true_division(a):
    a[cuda.grid(1) / 2] = 1.0


# kernel (array(float64, 2d, C))
def too_many(a):
    a[0, 1, 2] = 1.0


# kernel (array(float64, 2d, C))
def too_many_of_a_row(a):
    a[0][0, 1] = 1.0


# kernel (array(float64, 1d, C))
def slice(a):
    a[1:2:0] = 1.0


# kernel (array(float64, 1d, C))
def complex_store(a):
    a[0] = 1.0 + 2.0j


# kernel (array(float64, 1d, C, readonly))
def readonly(a):
    a[0] = 1.0


# kernel (array(float64, 1d, C))
def constant_array(a):
    TABLE[0] = a[0]


# kernel (array(float64, 1d, C))
def tuple_item(a):
    t = (1, 2)
    t[0] = 3


# (int64)
def tuple_range(n):
    t = (1, 2)
    return t[2] + n


# (int64)
def index_number(n):
    return n[0]


# kernel (array(float64, 1d, C))
def unknown_attribute(a):
    a[0] = a.base[0]


# kernel (array(float64, 1d, C))
def returns_a_value(a):
    return a[0]


# kernel (array(float64, 1d, C))
def grid_of_variable(a):
    n = a.size
    i = cuda.grid(n)
    a[i] = 0
