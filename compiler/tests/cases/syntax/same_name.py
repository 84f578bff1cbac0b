# line: 7
def f(a):
    return a


class A:
    def f(self, a):
        return a + 1

    if True:
        def f(self, b):
            return b + 2
