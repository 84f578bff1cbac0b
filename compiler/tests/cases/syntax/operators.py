# Every binary and unary operator, with precedence as Python's.
def f(a, b, c):
    a + b - c * a / b // c % a ** b
    a << b >> c & a | b ^ c @ a
    -a ** -b
    ~a + (+b)
    not a == b
    a and b or c and not a
    (a + b) * c
    return a - b - c, a ** b ** c, -1, - - 1
