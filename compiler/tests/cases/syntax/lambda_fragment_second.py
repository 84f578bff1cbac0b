# line: 3
# column: 35
pick(vectorize(lambda x: x + 1), (lambda a, b: a[b]), {
