"""Fills an array with uniform random numbers by cuRAND's default generator, XORWOW."""

import numpy as np

from verdigris import rand as curand


def main():
    prng = curand.PRNG(rndtype=curand.PRNG.XORWOW)
    rand = np.empty(1000000)
    prng.uniform(rand)

    print(rand[:10])


if __name__ == "__main__":
    main()
