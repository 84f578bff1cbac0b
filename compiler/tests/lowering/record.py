"""Records what CPython computes for the functions of cases/values: run `python record.py`, from anywhere.

Each function is preceded by a comment with the types of its arguments. A line of the record is
`name|types|arguments|results`: arguments as bits in hexadecimal, results as `i` integer, `f` bits of a float, or `b` bool,
complex numbers as two floats, tuples flattened. Calls that raise in CPython, or have an integer of more than 64 bits in their
result, are left out; `unassigned` stands for UnboundLocalError.
"""

import math
import random
import struct
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np

CASES = Path(__file__).parent.parent / "cases" / "values"
INTS = [0, 1, -1, 2, 3, 5, 7, -7, 10, 63, 64, 100, -100, 1000, 2**31, -(2**31), 12345]
UINTS = [0, 1, 5, 2**63, 2**64 - 1, 2**63 - 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 3.5, 1e10, -1e-10, 7.3, -7.3, math.inf, -math.inf, math.nan, 1e300, 0.1]
CALLS = 30


def value(ty):
    match ty:
        case "int64":
            return random.choice(INTS) if random.random() < 0.6 else random.randrange(-10_000, 10_000)
        case "uint64":
            return random.choice(UINTS)
        case "float64":
            return random.choice(FLOATS) if random.random() < 0.6 else random.uniform(-10, 10)
        case "bool":
            return random.random() < 0.5
        case "complex128":
            return complex(value("float64"), value("float64"))


def flat(v):
    if isinstance(v, tuple):
        return [part for item in v for part in flat(item)]
    if isinstance(v, complex):
        return [v.real, v.imag]
    return [v.item() if isinstance(v, (np.ndarray, np.generic)) else v]


def bits(v):
    if isinstance(v, float):
        return f"{struct.unpack('<Q', struct.pack('<d', v))[0]:x}"
    return f"{int(v) % 2**64:x}"


def shown(v):
    match v:
        case bool():
            return f"b{int(v)}"
        case float():
            return f"f{bits(float(v))}"
        case _:
            return f"i{int(v)}"


def record(path):
    namespace, lines = {}, path.read_text().splitlines()
    exec(compile(path.read_text(), path.name, "exec"), namespace)
    for mark, line in pairwise(lines):
        if not (mark.startswith("# (") and line.startswith("def ")):
            continue
        name, types = line[4 : line.index("(")], mark[3:-1]
        for _ in range(CALLS):
            args = [value(t.strip()) for t in types.split(",")]
            try:
                results = flat(namespace[name](*args))
            except UnboundLocalError:
                results = None
            except (ArithmeticError, ValueError):
                continue
            if results is not None and any(isinstance(r, int) and not -(2**63) <= r < 2**63 for r in results):
                continue
            text = "unassigned" if results is None else ",".join(map(shown, results))
            yield f"{name}|{types}|{','.join(bits(p) for p in flat(tuple(args)))}|{text}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for path in sorted(CASES.glob("*.py")):
        random.seed(1)
        path.with_suffix(".txt").write_text("\n".join(record(path)) + "\n")
