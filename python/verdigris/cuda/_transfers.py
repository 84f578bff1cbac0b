"""`In`, `Out` and `InOut`: which way a NumPy argument of a launch is copied."""

from __future__ import annotations

from typing import Any


class _Transfer:
    """An argument with its direction. `__verdigris_transfer__` says whether what the kernel writes comes back."""

    __slots__ = ("array",)
    __verdigris_transfer__ = True

    def __init__(self, array: Any) -> None:
        self.array = array

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.array!r})"


class In(_Transfer):
    """The kernel reads the array; what it writes there is lost."""

    __slots__ = ()
    __verdigris_transfer__ = False


class Out(_Transfer):
    """The kernel writes the array. Elements it does not write keep their values."""

    __slots__ = ()


class InOut(_Transfer):
    """The kernel reads and writes the array, as for an array passed plainly."""

    __slots__ = ()
