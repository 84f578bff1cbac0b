# name: <lambda>
# line: 5
x = 1
