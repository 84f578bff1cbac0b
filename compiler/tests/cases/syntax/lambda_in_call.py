# A piece of a call, as the lines of a multi-line call are.
# line: 3
foo(lambda x: x + 1,
