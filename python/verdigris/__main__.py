"""`python -m verdigris`: what verdigris found on this machine, and the environment variables it obeys."""

from __future__ import annotations

import sys

from ._info import info, variables


def main() -> int:
    if sys.argv[1:]:
        print("usage: python -m verdigris", file=sys.stderr)
        return 2
    print(info())
    print("\nenvironment variables:")
    for name, meaning in variables():
        print(f"  {name:<22} {meaning}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
