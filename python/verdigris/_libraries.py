"""Where NVIDIA's packages from PyPI have their libraries.

Owns the two layouts of those packages: one folder for all of CUDA 13, a folder a library for CUDA 12. What is in the folders
is judged where it is opened.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import _verdigris


def directories() -> list[str]:
    """Every folder with libraries of NVIDIA's packages on `sys.path`, the newest CUDA's first."""
    found: list[Path] = []
    for entry in dict.fromkeys(sys.path):
        packages = Path(entry or ".") / "nvidia"
        if packages.is_dir():
            newest = sorted(packages.glob("cu[0-9]*"), key=lambda folder: folder.name, reverse=True)
            found += [folder / "lib" for folder in newest]
            found += [folder / "lib" for folder in sorted(packages.iterdir()) if folder not in newest]
    return [str(folder.resolve()) for folder in found if folder.is_dir()]


def announce() -> None:
    """Has them looked at when a library is next needed."""
    _verdigris.set_library_directories(directories())
