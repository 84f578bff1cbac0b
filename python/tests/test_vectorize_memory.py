"""What a call allocates: its output, and nothing else that grows."""

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from verdigris import vectorize

n, target, text = int(sys.argv[1]), sys.argv[2], sys.argv[3]

@vectorize(target=target)
def f(x, y):
    return x * x + y

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

operands = {
    "alike": lambda: (np.ones(n), np.ones(1)),
    "a cast": lambda: (np.ones(n, np.float32), np.float64(1)),
    "backwards": lambda: (np.ones(n)[::-1], np.ones(1)),
    "swapped": lambda: (np.ones(n, ">f8"), np.ones(1)),
    "a transpose": lambda: (np.ones((n // 1000, 1000)), np.ones((1000, n // 1000)).T),
}[text]()
# Whatever is compiled and kept is compiled and kept now.
f(*(x[:3] if np.ndim(x) else x for x in operands))
f(*(x[:3000] if np.ndim(x) else x for x in operands))
before = peak()
result = f(*operands)
grown = peak() - before
assert result.shape == operands[0].shape and (result.ravel()[:: n // 7] == 2).all()
print(grown, result.nbytes)
"""


@pytest.mark.parametrize("target", ["cpu", "parallel"])
@pytest.mark.parametrize("operands", ["alike", "a cast", "backwards", "swapped", "a transpose"])
@pytest.mark.parametrize("size", [10_000_000, pytest.param(100_000_000, marks=pytest.mark.slow)])
def test_a_call_allocates_its_output_and_nothing_that_grows(python, size, operands, target):
    out = python("-c", _known(PROGRAM), str(size), target, operands)
    assert out.returncode == 0, out.stderr
    grown, output = map(int, out.stdout.split())
    # Threads and buffers take a few megabytes, whatever the size.
    assert grown < output + (12 << 20)


def _known(program):
    """A program whose text can be found, though it stands in no file."""
    return (
        f"import linecache\ntext = {program!r}\n"
        "linecache.cache['<program>'] = (len(text), None, text.splitlines(True), '<program>')\n"
        "exec(compile(text, '<program>', 'exec'))\n"
    )
