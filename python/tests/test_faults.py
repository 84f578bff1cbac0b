"""Faults of users' functions, from decorator to exception: `cases/faults.py` holds each function with the text it must raise."""

import importlib.util
import os
import re
from pathlib import Path

import numpy as np
import pytest

from verdigris import errors

CASES = Path(__file__).parent / "cases" / "faults.py"


def expectations(text):
    """The comment below each function of the file, by the function's name."""
    found = {}
    for block in re.split(r"(?m)^(?=@)", text)[1:]:
        name = re.search(r"^def (\w+)", block, re.M)[1]
        found[name] = "\n".join(line[2:] for line in block.splitlines() if line.startswith("# ") or line == "#")
    return found


EXPECTED = {name: text for name, text in expectations(CASES.read_text()).items() if text or os.environ.get("SHOW_FAULTS")}


@pytest.fixture(scope="module")
def cases():
    spec = importlib.util.spec_from_file_location("faults", CASES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", EXPECTED)
def test_the_text_of_a_fault(cases, name):
    function = getattr(cases, name)
    array = np.zeros(4)
    with pytest.raises(errors.VerdigrisError) as caught:
        if hasattr(function, "nin"):
            function(array)
        else:
            function[1, 1](array)
    error = caught.value
    text = f"{type(error).__name__}\n{error}".replace(str(CASES), "faults.py")
    if os.environ.get("SHOW_FAULTS"):
        print(f"@@ {name}\n" + "\n".join(f"# {line}".rstrip() for line in text.splitlines()))
        return
    assert text == EXPECTED[name]
    assert error.filename == str(CASES)
    place = re.search(r"faults\.py:(\d+):(\d+)", text)
    assert (error.lineno, error.offset) == (int(place[1]), int(place[2]))
    printed = re.search(r"^error\[([\w-]+)\]", text, re.M)
    assert error.code == (printed[1] if printed else error.code)
    assert error.code
