# A column inside a lambda, not at its start: the innermost there.
# line: 4
# column: 45
h = lambda x: compose(lambda y: y + 1, lambda z: z * 2)(x)
