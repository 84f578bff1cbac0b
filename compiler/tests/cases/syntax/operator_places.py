# What stands between operands: brackets, comments with operators in them, line joins.
def f(a, b):
    x = ((a)  # * not this one
         * (  # + nor this
             (b)))
    y = a \
        // b
    z = (a)+((b))
    return (x /  # // /
            y) - z
