"""`python -m verdigris`: what verdigris found on this machine, and the environment variables it obeys.

`python -m verdigris cache` tells of the compiled code kept in files; `cache clear` removes it.
"""

from __future__ import annotations

import sys

from ._info import info, variables
from ._verdigris import clear_cache, facts


def main() -> int:
    match sys.argv[1:]:
        case []:
            pass
        case ["cache"]:
            print(facts()["cache"])
            return 0
        case ["cache", "clear"]:
            print(f"{clear_cache()} objects removed")
            return 0
        case _:
            print("usage: python -m verdigris [cache [clear]]", file=sys.stderr)
            return 2
    print(info())
    print("\nenvironment variables:")
    for name, meaning in variables():
        print(f"  {name:<22} {meaning}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
