# line: 2
foo(lambda x: x + ), y
