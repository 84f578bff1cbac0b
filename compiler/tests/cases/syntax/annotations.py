# name: f
# Annotations, type parameters and defaults say nothing to the compiler.
def f[T](a: int, b: "list[T]" = some.default(), /, c=3, d: complex = 1j) -> np.ndarray:
    e: unknown.type = a
    return e
