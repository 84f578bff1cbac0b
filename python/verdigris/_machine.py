"""The device and the threads, as users set them."""

from __future__ import annotations

from types import TracebackType

from . import _verdigris
from .errors import BadValueError


class use_device:
    """Says which device to use: `use_device("cpu")`, `"auto"`, `"cuda"` or `"cuda:1"`; also a context manager.

    Asking for a GPU that cannot be had is a `DeviceError` that says what is missing. The device is one for the whole process
    and chosen at its first use: asking for another after that is a `DeviceError` too, and leaving the `with` block puts
    nothing back.
    """

    def __init__(self, name: str) -> None:
        _verdigris.set_device(str(name))
        self.name = name

    def __enter__(self) -> use_device:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def __repr__(self) -> str:
        return f"use_device({self.name!r})"


def set_num_threads(threads: int) -> None:
    """Sets how many threads the pool has, for the whole process. Results never depend on it."""
    _verdigris.set_num_threads(_count(threads))


def get_num_threads() -> int:
    """How many threads work started here may use."""
    return _verdigris.get_num_threads()


class num_threads:
    """Within `with num_threads(n):` work that this thread starts uses at most `n` threads."""

    def __init__(self, threads: int) -> None:
        self._threads = _count(threads)
        self._before: list[int | None] = []

    def __enter__(self) -> num_threads:
        self._before.append(_verdigris.set_thread_limit(self._threads))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _verdigris.set_thread_limit(self._before.pop())


def _count(threads: int) -> int:
    if not isinstance(threads, int) or threads < 1:
        raise BadValueError(f"a number of threads is a whole number of at least 1, not {threads!r}", code="threads")
    return threads
