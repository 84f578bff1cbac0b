"""Packs Joe and Kuo's direction numbers (new-joe-kuo-6, as SciPy carries them) into `rand/data/joe-kuo.bin`.

Bits, lowest first in each byte.  For every dimension from the second on: the degree s of the primitive polynomial in 5 bits,
its s - 1 inner coefficients (the highest power in the highest bit), then m_1 .. m_s, which are odd and below 2^i, as (m_i -
1) / 2 in i - 1 bits.

"""

import pathlib
import sys

import numpy as np
import scipy.stats

DIMENSIONS = 20000


def main() -> None:
    table = np.load(pathlib.Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz")
    packed, width = 0, 0
    pieces = bytearray()
    for polynomial, initial in zip(table["poly"][1:DIMENSIONS].tolist(), table["vinit"][1:DIMENSIONS].tolist(), strict=True):
        degree = polynomial.bit_length() - 1
        fields = [(degree, 5), (polynomial >> 1 & ((1 << degree - 1) - 1), degree - 1)]
        for i, m in enumerate(initial[:degree], 1):
            assert m % 2 == 1 and m < 1 << i
            fields.append((m >> 1, i - 1))
        for value, bits in fields:
            packed |= value << width
            width += bits
        whole = width // 8
        pieces += (packed & (1 << 8 * whole) - 1).to_bytes(whole, "little")
        packed >>= 8 * whole
        width -= 8 * whole
    pieces += packed.to_bytes((width + 7) // 8, "little")
    pathlib.Path(sys.argv[1]).write_bytes(pieces)


main()
