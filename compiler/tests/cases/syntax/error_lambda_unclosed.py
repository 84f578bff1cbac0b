# line: 2
foo(lambda x: bar(x, 1
