# Identifiers are those after normalisation (NFKC), as in Python.
def f(ﬁ):
    return fi ** 2 + Å
