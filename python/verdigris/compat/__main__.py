"""`python -m verdigris.compat [--numba] script.py [args]`: runs a script with the stand-ins installed."""

from __future__ import annotations

import os
import runpy
import sys

from . import install

USAGE = "usage: python -m verdigris.compat [--numba] (script.py | -m module) [args]"


def main(arguments: list[str]) -> int:
    numba = arguments[:1] == ["--numba"]
    arguments = arguments[numba:]
    module = arguments[:1] == ["-m"]
    arguments = arguments[module:]
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    install(numba=numba)
    sys.argv = arguments
    if module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
        runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
