"""docs/semantics.md's table, line by line: what it says of CPython by CPython, of us by a compiled function."""

import importlib.util
import math
import pathlib
import re

import numpy as np
import pytest

import verdigris

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "semantics.md"
MAX, MIN = 2**63 - 1, -(2**63)
WORDS = {"MAX": MAX, "MIN": MIN, "inf": math.inf, "nan": math.nan, "math": math}


def table():
    cell = r"\s*`([^`]+)`\s*"
    arguments = r"\s*((?:`\w+\([^`]*\)`(?:, )?)+)\s*"
    line = re.compile(rf"^\|{cell}\|{arguments}\|{cell}\|{cell}\|")
    for text in DOCUMENT.read_text().splitlines():
        if found := line.match(text):
            expression, given, cpython, here = found.groups()
            yield expression, re.findall(r"`(\w+)\(([^`]*)\)`", given), cpython, here


ROWS = list(table())


def test_every_line_of_the_table_is_read():
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert len(ROWS) == len(lines) > 20


def same(got, expected):
    return got == expected or (got != got and expected != expected)


@pytest.mark.parametrize(("expression", "given", "cpython", "here"), ROWS, ids=[f"{r[0]} {r[1]}" for r in ROWS])
def test_line(expression, given, cpython, here, tmp_path):
    names = "ab"[: len(given)]
    values = [eval(value, WORDS) for _, value in given]

    plain = eval(f"lambda {', '.join(names)}: {expression}", WORDS)
    error = next((e for e in (ZeroDivisionError, OverflowError, ValueError) if e.__name__ == cpython), None)
    if error is None:
        assert same(plain(*values), eval(cpython, WORDS))
    else:
        with pytest.raises(error):
            plain(*values)

    path = tmp_path / "line.py"
    path.write_text(f"import math\n\n\ndef function({', '.join(names)}):\n    return {expression}\n")
    spec = importlib.util.spec_from_file_location("line", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # 33 elements: a whole warp and a masked one.
    arrays = [np.full(33, value, dtype=kind) for (kind, _), value in zip(given, values, strict=True)]
    with np.errstate(all="ignore"):
        got = verdigris.vectorize(module.function)(*arrays)
    expected = eval(here, WORDS)
    assert got.dtype.kind in ("f" if isinstance(expected, float) else "iu")
    assert all(same(one, expected) for one in got.tolist())
