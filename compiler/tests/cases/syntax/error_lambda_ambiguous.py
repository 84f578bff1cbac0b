# line: 2
a, b = lambda x: x + 1, lambda x: x + 2
