import math

NAME = "x"


# (float64)
def undefined(x):
    return x + undefind_name


# (float64)
def near_a_variable(spot):
    price = spot * 2
    return prise


# (float64)
def near_a_builtin(x):
    return rouund(x)


# (float64)
def unsupported_function(x):
    return np.zeros(3)[0] + x


# (float64)
def unsupported_call(x):
    print(x)
    return x


# (float64)
def function_as_value(x):
    f = math.sin + x
    return x


# (float64)
def type_as_value(x):
    return x + np.float32


# (float64)
def unassigned(x):
    y = z
    z = x
    return y


# (float64)
def unassigned_in_loop(x):
    for i in range(3):
        total += x
    return total


# (float64)
def string_constant(x):
    return x + NAME


# (float64)
def whole_coordinate(x):
    return cuda.threadIdx


# (float64)
def geometry_outside_a_kernel(x):
    return x + cuda.grid(1)
