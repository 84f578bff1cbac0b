"""What verdigris found on this machine: `verdigris.info()`."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np

from . import _verdigris


class Info(dict[str, Any]):
    """The facts by name; printed, a table for people."""

    def __str__(self) -> str:
        simd = f"{self['simd_bits']}-bit SIMD" if self["simd_bits"] else "no SIMD width known"
        rows = [
            ("verdigris", f"{self['verdigris']} (Python {self['python']}, NumPy {self['numpy']}, LLVM {self['llvm']})"),
            ("device", f"{self['device']} ({self['device_reason']})"),
            ("GPU", self["gpu"]),
            ("processor", f"{self['cpu']}, {simd}"),
            ("threads", f"{self['threads']} ({self['threads_reason']})"),
            ("code kept in", self["cache"]),
        ]
        rows += [(name, told) for name, told in self["libraries"].items()]
        rows += [(name, value) for name, value in self["environment"].items()]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def info() -> Info:
    """The device and why it was chosen, the processor, the threads and where their number comes from, versions, and the
    environment variables that are set. Starts no thread and compiles nothing. Where a GPU is used, NVIDIA's libraries are
    opened to ask for their versions."""
    from . import __version__, _libraries

    _libraries.announce()
    facts = _verdigris.facts()
    variables = facts.pop("variables")
    return Info(
        verdigris=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        environment={name: os.environ[name] for name, _ in variables if os.environ.get(name)},
        **facts,
    )


def variables() -> list[tuple[str, str]]:
    """Every environment variable that verdigris obeys, with what it does."""
    return list(_verdigris.facts()["variables"])
