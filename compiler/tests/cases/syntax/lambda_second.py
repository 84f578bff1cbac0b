# line: 3
# column: 25
a, b = [lambda x: x + 1, lambda x: x + 2]
