# name: A.g
def outer():
    def g(a):
        return a


class A:
    def g(self, a):
        return a + 1
