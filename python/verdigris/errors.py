"""Every exception and warning that verdigris raises.

Three kinds. A fault of your function (`TypingError`, `UnsupportedError`) has a code, a place and the rendered source as
its text. A fault of a call or of the machine (`ShapeError`, `DeviceError`, ...) names the shapes, types or devices
concerned. An `InternalError` is ours: please report it. All derive from `VerdigrisError` and all pickle.
"""

from __future__ import annotations

__all__ = [
    "AlreadyLoaded",
    "ArgumentError",
    "BadValueError",
    "DeadlockError",
    "DeviceError",
    "DeviceWarning",
    "DivergentBarrier",
    "InternalError",
    "KernelError",
    "KernelIndexError",
    "KernelRecursionError",
    "KernelUnboundLocalError",
    "KernelValueError",
    "LaunchError",
    "LayoutWarning",
    "LibraryNotFound",
    "LoweringError",
    "NumbaError",
    "NumbaPerformanceWarning",
    "PerformanceWarning",
    "ShapeError",
    "SourceChanged",
    "SourceNotFound",
    "TypingError",
    "UnsupportedError",
    "VerdigrisError",
]


class VerdigrisError(Exception):
    """Base of everything verdigris raises.

    `code` is a stable word for the fault (`"type-mismatch"`); `filename`, `lineno` and `offset` (both 1-based) are the
    place in your source, and None where the fault has no place.
    """

    code: str | None = None
    filename: str | None = None
    lineno: int | None = None
    offset: int | None = None

    def __init__(self, message: str = "", /, **details: object) -> None:
        super().__init__(message)
        for name, value in details.items():
            setattr(self, name, value)


class TypingError(VerdigrisError, TypeError):
    """A name or a type in your function does not fit."""


class UnsupportedError(VerdigrisError):
    """Your function uses Python that the kernel language does not have."""


class LoweringError(VerdigrisError):
    """A function could not be turned into code. Kept for code that catches Numba's exception of this name."""


class SourceChanged(VerdigrisError):
    """The file no longer holds the text that the function was made from."""


class SourceNotFound(VerdigrisError, OSError):
    """The text of a function cannot be found."""


class ArgumentError(VerdigrisError, TypeError):
    """A call with the wrong number of arguments or with one of a type that cannot be passed."""


class BadValueError(VerdigrisError, ValueError):
    """A value outside what a call takes."""


class ShapeError(VerdigrisError, ValueError):
    """Shapes, strides or lengths do not fit each other."""


class DeviceError(VerdigrisError, RuntimeError):
    """A device, a stream or a copy failed, or arrays of two devices were mixed."""


class LaunchError(DeviceError, ValueError):
    """A launch configuration that no device takes."""


class LibraryNotFound(DeviceError, OSError):
    """A shared library that the call needs is not on this machine."""


class AlreadyLoaded(VerdigrisError, ImportError):
    """A module that `verdigris.compat` should stand in for is loaded already."""


class InternalError(VerdigrisError):
    """A fault of verdigris itself. Please report it with the text shown."""


class KernelError(VerdigrisError):
    """A thread of a kernel failed. `block` and `thread` are its coordinates (x, y, z); of all failed threads the first
    is reported.
    """

    block: tuple[int, int, int] | None = None
    thread: tuple[int, int, int] | None = None


class KernelIndexError(KernelError, IndexError):
    """An index out of bounds: `array` is the array's name, `axis`, `index` and `extent` say what was asked for and what
    there is.
    """

    array: str | None = None
    axis: int | None = None
    index: int | None = None
    extent: int | None = None


class KernelValueError(KernelError, ValueError):
    """A value that Python refuses too, such as a `range()` step of zero."""


class KernelUnboundLocalError(KernelError, UnboundLocalError):
    """A variable was read before anything was assigned to it; `variable` is its name."""

    variable: str | None = None


class KernelRecursionError(KernelError, RecursionError):
    """Calls of a recursive function were too deep for the stack; `function` is its name."""

    function: str | None = None


class DivergentBarrier(KernelError, RuntimeError):
    """A thread waits at a barrier that not all threads of its block come to. `lineno` is that barrier's line,
    `other_lineno` the line at which others met without it.
    """

    other_lineno: int | None = None


class DeadlockError(KernelError, RuntimeError):
    """All threads that run wait in loops for others, and nobody is left to go on. `lineno` is the line of such a loop,
    `other_lineno` that of another one, if there is one.
    """

    other_lineno: int | None = None


class DeviceWarning(UserWarning):
    """A GPU is there but cannot be used."""


class LayoutWarning(UserWarning):
    """A matrix in C order is read column after column."""


class PerformanceWarning(UserWarning):
    """Something works, but slowly."""


NumbaError = VerdigrisError
NumbaPerformanceWarning = PerformanceWarning
