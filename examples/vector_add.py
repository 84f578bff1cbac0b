"""Adds two arrays by a function of one element: one line of Python becomes a NumPy ufunc."""

import numpy as np

from verdigris import vectorize


@vectorize(["float32(float32, float32)"], target="cuda")
def add(a, b):
    return a + b


def main():
    n = 100000
    a = np.ones(n, dtype=np.float32)
    b = np.ones(a.shape, dtype=a.dtype)

    c = add(a, b)

    print(c)


if __name__ == "__main__":
    main()
